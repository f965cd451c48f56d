//! Reading the log of events.

use crate::domain::event::{Event, EventFilter, EventPage};
use crate::domain::request::RequestId;
use crate::service::ports::audit::NewEvent;
use crate::service::{Desk, DeskError};

/// More events than one request can have: codes, attempts and messages are all limited.
const TIMELINE_MAX: u32 = 500;

impl Desk {
    /// Writes an event, once.
    pub(in crate::service) async fn record(&self, event: NewEvent<'_>) -> Result<(), DeskError> {
        let act = self.new_idempotency_key()?;
        Ok(self.retry(|| self.store.record(&act, event.clone())).await?)
    }

    /// A page of the log.
    pub async fn log(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, DeskError> {
        Ok(self.reading(|| self.store.events(filter, page, limit)).await?)
    }

    /// The request timeline: all events of one request, oldest first.
    pub async fn timeline(&self, request: &RequestId) -> Result<Vec<Event>, DeskError> {
        let filter = EventFilter { request: Some(request.clone()), ..EventFilter::default() };
        let mut events =
            self.reading(|| self.store.events(&filter, EventPage::Newest, TIMELINE_MAX)).await?;
        events.reverse();
        Ok(events)
    }
}
