//! Reading what happened.

use crate::domain::event::{Event, EventFilter, EventPage};
use crate::domain::request::RequestId;
use crate::service::{Desk, DeskError};

/// More entries than one request can have: codes, attempts and messages are
/// all capped.
const STORY: u32 = 500;

impl Desk {
    /// A page of the log.
    pub async fn log(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, DeskError> {
        Ok(self.reading(|| self.store.events(filter, page, limit)).await?)
    }

    /// Everything that happened to one request, oldest first.
    pub async fn story(&self, request: &RequestId) -> Result<Vec<Event>, DeskError> {
        let filter = EventFilter { request: Some(request.clone()), ..EventFilter::default() };
        let mut events =
            self.reading(|| self.store.events(&filter, EventPage::Newest, STORY)).await?;
        events.reverse();
        Ok(events)
    }
}
