//! The contacts to which a customer's codes go, and their quarantine.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_verification::VerifiedContact;
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The quarantine of changed contacts. A change is noticed by the store, when a code is
/// asked for or customers are imported.
#[async_trait]
pub trait ContactBindingStore: Send + Sync {
    /// Ends the quarantine of a changed contact at once, with a reason for the log;
    /// whether it was in one. `act` is the idempotency key.
    async fn confirm_contact(
        &self,
        act: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// The contacts of these customers that are in quarantine: changed within
    /// `quarantine`, and not confirmed since.
    async fn waiting_contacts(
        &self,
        customers: &[CustomerId],
        quarantine: Duration,
    ) -> Result<Vec<WaitingContact>, StoreError>;
    /// The contacts of these customers that were verified at a sign-up. A right code of a sign-up
    /// verifies the contact to which it went; one that takes its place is not verified.
    async fn verified_contacts(
        &self,
        customers: &[CustomerId],
    ) -> Result<Vec<VerifiedContact>, StoreError>;
}

/// Why a contact cannot be the only proof yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Quarantine {
    /// What was changed.
    pub kind: ContactKind,
    /// When that was noticed.
    pub changed_at: Timestamp,
    /// Until when it cannot be the only proof.
    pub until: Timestamp,
    /// The same for the other kind of contact, where that was changed too.
    pub other_until: Option<Timestamp>,
}

/// A changed contact in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingContact {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub contact: Contact,
    /// Until when.
    pub until: Timestamp,
}
