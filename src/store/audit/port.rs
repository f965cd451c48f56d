//! The ports of the log and of the tree over it.

use async_trait::async_trait;

use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::StoredEvent;
use crate::domain::audit::shipping::CursorId;
use crate::domain::audit::tree::Subtree;
use crate::domain::event::{Event, EventFilter, EventId, EventPage};
use crate::domain::time::Timestamp;
use crate::service::ports::audit::{AuditStore, NewEvent};
use crate::service::ports::error::StoreError;
use crate::service::ports::shipping::{CursorClaim, ShippingStore, StoredCursor};
use crate::service::ports::trail::{SealOutcome, Sealer, StoredLeaf, TrailHead, TrailStore};
use crate::store::SqlStore;
use crate::store::audit::{events, shipping, trail};
use crate::store::database::conflict::retry_on_conflict;

#[async_trait]
impl AuditStore for SqlStore {
    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        events::events(&self.db, filter, page, limit).await
    }

    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError> {
        events::record(&self.db, act, &event).await
    }
}

#[async_trait]
impl TrailStore for SqlStore {
    async fn trail_head(&self) -> Result<TrailHead, StoreError> {
        trail::head(&self.db).await
    }

    async fn seal(&self, sealer: &dyn Sealer, most: u32) -> Result<SealOutcome, StoreError> {
        retry_on_conflict(|| trail::seal(&self.db, sealer, most)).await
    }

    async fn unsealed(&self, most: u32) -> Result<u32, StoreError> {
        trail::unsealed(&self.db, most).await
    }

    async fn leaves(&self, from: u64, most: u32) -> Result<Vec<StoredLeaf>, StoreError> {
        trail::leaves(&self.db, from, most).await
    }

    async fn stored_events(
        &self,
        after: EventId,
        up_to: EventId,
        most: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        trail::stored_events(&self.db, after, up_to, most).await
    }

    async fn stored_events_of(&self, events: &[EventId]) -> Result<Vec<StoredEvent>, StoreError> {
        trail::stored_events_of(&self.db, events).await
    }

    async fn nodes(&self, from: Subtree, most: u32) -> Result<Vec<TreeHash>, StoreError> {
        trail::nodes(&self.db, from, most).await
    }

    async fn leaf_from(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        trail::leaf_from(&self.db, event).await
    }

    async fn event_at(&self, moment: Timestamp) -> Result<EventId, StoreError> {
        events::number_at(&self.db, moment).await.map(EventId)
    }

    async fn checkpoints(&self, over: u64, most: u32) -> Result<Vec<String>, StoreError> {
        trail::checkpoints(&self.db, over, most).await
    }
}

#[async_trait]
impl ShippingStore for SqlStore {
    async fn cursor(&self, cursor: &CursorId) -> Result<Option<StoredCursor>, StoreError> {
        shipping::cursor(&self.db, cursor).await
    }

    async fn claim_cursor(&self, claim: &CursorClaim<'_>) -> Result<Option<u64>, StoreError> {
        retry_on_conflict(|| shipping::claim(&self.db, claim)).await
    }

    async fn advance_cursor(
        &self,
        cursor: &CursorId,
        owner: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| shipping::advance(&self.db, cursor, owner, (from, to))).await
    }

    async fn cursor_failed(
        &self,
        cursor: &CursorId,
        owner: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| shipping::fail(&self.db, cursor, owner, why)).await
    }

    async fn release_cursor(&self, cursor: &CursorId, owner: &str) -> Result<(), StoreError> {
        retry_on_conflict(|| shipping::release(&self.db, cursor, owner)).await
    }
}
