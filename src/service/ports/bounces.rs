//! Mail that came back, as the store keeps it.

use async_trait::async_trait;

use crate::domain::contact_state::ContactFailure;
use crate::domain::event::Actor;
use crate::domain::explanation::Explanation;
use crate::domain::request::RequestId;
use crate::service::ports::error::StoreError;

/// Messages that came back after a provider had taken them.
#[async_trait]
pub trait BounceStore: Send + Sync {
    /// Marks the email with this code of a request as undeliverable, with its event and what it
    /// says of the contact, where a provider had taken it; repeated, it is written once.
    async fn record_bounce(&self, bounce: StoredBounce<'_>) -> Result<BounceFound, StoreError>;
}

/// An email that came back.
#[derive(Clone, Copy, Debug)]
pub struct StoredBounce<'a> {
    pub request: &'a RequestId,
    /// Which code of the request.
    pub generation: u32,
    /// What it means for the contact.
    pub failure: ContactFailure,
    pub detail: &'a Explanation,
    /// Who tells, and where.
    pub actor: &'a Actor,
}

/// What the store found of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BounceFound {
    /// It is marked now.
    Recorded,
    /// It was marked, or has arrived, or no provider took it.
    Known,
    /// There is no such email, or its customer was erased.
    Nothing,
}
