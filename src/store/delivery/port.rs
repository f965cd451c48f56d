//! The ports of the outbox, notices, circuit breakers, test messages and delivery stats.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::contact_state::ContactState;
use crate::domain::delivery::DeliveryId;
use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::domain::event::Actor;
use crate::domain::explanation::Explanation;
use crate::domain::key::Keyring;
use crate::domain::time::Timestamp;
use crate::service::ports::bounces::{BounceFound, BounceStore, StoredBounce};
use crate::service::ports::circuit_breaker::BreakerStore;
use crate::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeStore};
use crate::service::ports::contact_state::{BadContactPlace, BadContactRow, ContactStateStore};
use crate::service::ports::delivery_stats::DeliveryStatsStore;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::{MessageOutcome, OutboxMessage, OutboxStore};
use crate::service::ports::test_message::{TestMessageStore, TestSend, TestSendRefusal};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::delivery::{
    bounces, circuit_breaker, completion, contact_notices, contact_state, lease, outbox,
    send_claim, stats, test_message,
};

#[async_trait]
impl OutboxStore for SqlStore {
    async fn claimed_message(
        &self,
        delivery: DeliveryId,
        owner: &str,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        outbox::message(&self.db, delivery, owner).await
    }

    async fn claim_due(
        &self,
        owner: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        retry_on_conflict(|| lease::claim(&self.db, owner, providers, most)).await
    }

    async fn next_due(
        &self,
        owner: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError> {
        outbox::next_due(&self.db, owner, providers).await
    }

    async fn release_lease(&self, message: &OutboxMessage, owner: &str) -> Result<(), StoreError> {
        retry_on_conflict(|| lease::release_lease(&self.db, message, owner)).await
    }

    async fn extend_lease(&self, message: &OutboxMessage, owner: &str) -> Result<bool, StoreError> {
        retry_on_conflict(|| lease::extend_lease(&self.db, message, owner)).await
    }

    async fn claim_send(
        &self,
        messages: &[(&OutboxMessage, ProviderSlot)],
        owner: &str,
    ) -> Result<Vec<bool>, StoreError> {
        retry_on_conflict(|| send_claim::claim(&self.db, messages, owner)).await
    }

    async fn release_send_claim(
        &self,
        message: &OutboxMessage,
        owner: &str,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| send_claim::release(&self.db, message, owner)).await
    }

    async fn reschedule(
        &self,
        message: &OutboxMessage,
        owner: &str,
        wait: Duration,
        reason: &Explanation,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| outbox::reschedule(&self.db, message, owner, wait, reason, actor))
            .await
    }

    async fn complete(&self, outcomes: &[MessageOutcome<'_>]) -> Result<(), StoreError> {
        retry_on_conflict(|| completion::complete(&self.db, outcomes)).await
    }
}

#[async_trait]
impl BounceStore for SqlStore {
    async fn record_bounce(&self, bounce: StoredBounce<'_>) -> Result<BounceFound, StoreError> {
        retry_on_conflict(|| bounces::record(&self.db, bounce)).await
    }
}

#[async_trait]
impl NoticeStore for SqlStore {
    async fn claim_notices(
        &self,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        retry_on_conflict(|| contact_notices::claim(&self.db, providers, most)).await
    }

    async fn next_notice_due(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError> {
        contact_notices::next_due(&self.db, providers).await
    }

    async fn complete_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError> {
        retry_on_conflict(|| contact_notices::complete(&self.db, &outcome)).await
    }

    async fn sign_notices_anew(&self, keyring: &Keyring) -> Result<(), StoreError> {
        retry_on_conflict(|| contact_notices::sign_anew(&self.db, keyring)).await
    }
}

#[async_trait]
impl ContactStateStore for SqlStore {
    async fn contact_states(
        &self,
        names: &[&str],
    ) -> Result<Vec<(String, ContactState)>, StoreError> {
        contact_state::states(&self.db, names).await
    }

    async fn bad_contacts(
        &self,
        after: Option<&BadContactPlace>,
        most: u32,
    ) -> Result<Vec<BadContactRow>, StoreError> {
        contact_state::bad(&self.db, after, most).await
    }
}

#[async_trait]
impl BreakerStore for SqlStore {
    async fn circuit_breakers(&self) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError> {
        circuit_breaker::all(&self.db.as_it_is()).await
    }

    async fn try_probe(&self, slot: ProviderSlot) -> Result<bool, StoreError> {
        retry_on_conflict(|| circuit_breaker::claim_probe(&self.db, slot)).await
    }
}

#[async_trait]
impl TestMessageStore for SqlStore {
    async fn record_test_send(
        &self,
        test: TestSend<'_>,
    ) -> Result<Option<TestSendRefusal>, StoreError> {
        retry_on_conflict(|| test_message::record(&self.db, &test)).await
    }
}

#[async_trait]
impl DeliveryStatsStore for SqlStore {
    async fn delivery_samples(
        &self,
        within: Duration,
        most: u32,
    ) -> Result<Vec<DeliverySample>, StoreError> {
        stats::samples(&self.db, within, most).await
    }

    async fn queue_stats(&self) -> Result<QueueStats, StoreError> {
        stats::queue(&self.db).await
    }

    async fn waiting_elsewhere(&self, fingerprints: &[&str]) -> Result<u64, StoreError> {
        stats::elsewhere(&self.db, fingerprints).await
    }
}
