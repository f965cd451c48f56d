//! What can be asked about the log.

use serde::{Deserialize, Serialize};

use crate::domain::event::{Event, EventFilter, EventPage};
use crate::domain::request::RequestId;
use crate::service::{Desk, DeskError, PAGE_MAX, typed};

/// Reads a page of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadLog {
    /// Which events.
    pub filter: EventFilter,
    /// Which page.
    pub page: EventPage,
    /// How many at most.
    pub limit: u32,
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Which page was asked for.
    pub page: EventPage,
    /// Its events, in the page's order.
    pub events: Vec<Event>,
}

impl ReadLog {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<LogPage, DeskError> {
        let text = self.filter.text.as_deref().map(|it| typed(it).to_owned());
        let filter = EventFilter { text, ..self.filter };
        let events = desk.log(&filter, self.page, self.limit.min(PAGE_MAX)).await?;
        Ok(LogPage { page: self.page, events })
    }
}

/// Reads a request's timeline: everything the log has on it, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadTimeline {
    /// Of which request.
    pub request: RequestId,
}

impl ReadTimeline {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<Event>, DeskError> {
        desk.story(&self.request).await
    }
}
