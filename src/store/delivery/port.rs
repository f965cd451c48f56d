//! The outbox, notices, circuit breakers, test messages and delivery stats, as the desk
//! asks for them.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::delivery::DeliveryId;
use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;
use crate::service::ports::circuit_breaker::BreakerStore;
use crate::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeStore};
use crate::service::ports::delivery_stats::DeliveryStatsStore;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::{MessageOutcome, OutboxMessage, OutboxStore};
use crate::service::ports::test_message::{TestMessageStore, TestSend, TestSendRefusal};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::delivery::{
    circuit_breaker, contact_notices, outbox, send_claim, stats, test_message,
};

#[async_trait]
impl OutboxStore for SqlStore {
    async fn claimed_message(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        outbox::message(&self.db, delivery, holder).await
    }

    async fn claim_due(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        retry_on_conflict(|| outbox::take(&self.db, holder, providers, most)).await
    }

    async fn next_due(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError> {
        outbox::next(&self.db, holder, providers).await
    }

    async fn release_lease(&self, message: &OutboxMessage, holder: &str) -> Result<(), StoreError> {
        retry_on_conflict(|| outbox::release(&self.db, message, holder)).await
    }

    async fn extend_lease(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| outbox::hold(&self.db, message, holder)).await
    }

    async fn claim_send(
        &self,
        messages: &[(&OutboxMessage, ProviderSlot)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError> {
        retry_on_conflict(|| send_claim::begin(&self.db, messages, holder)).await
    }

    async fn release_send_claim(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| send_claim::take_back(&self.db, message, holder)).await
    }

    async fn reschedule(
        &self,
        message: &OutboxMessage,
        holder: &str,
        wait: Duration,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| outbox::postpone(&self.db, message, holder, wait, reason, actor)).await
    }

    async fn complete(&self, outcomes: &[MessageOutcome<'_>]) -> Result<(), StoreError> {
        retry_on_conflict(|| outbox::conclude(&self.db, outcomes)).await
    }
}

#[async_trait]
impl NoticeStore for SqlStore {
    async fn claim_notices(
        &self,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        retry_on_conflict(|| contact_notices::take(&self.db, providers, most)).await
    }

    async fn next_notice_due(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError> {
        contact_notices::next(&self.db, providers).await
    }

    async fn complete_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError> {
        retry_on_conflict(|| contact_notices::conclude(&self.db, &outcome)).await
    }
}

#[async_trait]
impl BreakerStore for SqlStore {
    async fn circuit_breakers(&self) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError> {
        circuit_breaker::all(&self.db.as_it_is()).await
    }

    async fn try_probe(&self, line: ProviderSlot) -> Result<bool, StoreError> {
        retry_on_conflict(|| circuit_breaker::try_one(&self.db, line)).await
    }
}

#[async_trait]
impl TestMessageStore for SqlStore {
    async fn record_test_send(
        &self,
        trial: TestSend<'_>,
    ) -> Result<Option<TestSendRefusal>, StoreError> {
        retry_on_conflict(|| test_message::begin(&self.db, &trial)).await
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
}
