//! The port of the log.

use async_trait::async_trait;

use crate::domain::event::{Event, EventFilter, EventPage};
use crate::service::ports::audit::{AuditStore, NewEvent};
use crate::service::ports::error::StoreError;
use crate::store::SqlStore;
use crate::store::audit::events;

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
