//! The log of events.

use async_trait::async_trait;

use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, Event, EventFacts, EventFilter, EventKind, EventPage};
use crate::domain::outcome::Outcome;
use crate::domain::request::RequestId;
use crate::service::ports::error::StoreError;

/// The log. Each act writes its event in its own transaction; what is written here
/// belongs to no other act.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Up to `limit` events of a page.
    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;
    /// Writes an event. `act` is the idempotency key: repeated, it is written once.
    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError>;
}

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// What happened.
    pub kind: EventKind,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The request it belongs to.
    pub request: Option<&'a RequestId>,
    /// The customer it is about.
    pub customer: Option<CustomerId>,
    /// The channel.
    pub channel: Option<Channel>,
    /// The contact, masked.
    pub contact: Option<String>,
    /// One more sentence.
    pub detail: Option<String>,
    /// Who and where.
    pub actor: &'a Actor,
    /// What it knows of its request.
    pub facts: EventFacts<'a>,
}

impl<'a> NewEvent<'a> {
    /// An event about no customer and no request.
    pub const fn of_office(kind: EventKind, detail: String, actor: &'a Actor) -> Self {
        Self {
            kind,
            outcome: None,
            request: None,
            customer: None,
            channel: None,
            contact: None,
            detail: Some(detail),
            actor,
            facts: EventFacts { purpose: None, provider: None, asked_at: None },
        }
    }
}
