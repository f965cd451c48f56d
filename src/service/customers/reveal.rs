//! Showing a contact in full. Everywhere else contacts are masked before they leave the desk.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::contact::{ContactKind, mask};
use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::service::ports::NewEvent;
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// A contact in full.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealedContact {
    /// What it is.
    pub kind: ContactKind,
    /// The address or the number as recorded.
    pub contact: String,
}

/// It never prints in full by accident.
impl fmt::Debug for RevealedContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(self.kind.channel(), &self.contact))
    }
}

impl Desk {
    /// A customer's contact in full, once the log says who saw it and why.
    pub async fn reveal_contact(
        &self,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
    ) -> Result<Option<RevealedContact>, DeskError> {
        let reason = cleaned_reason(reason);
        if reason.is_empty() {
            return Err(DeskError::NoReason);
        }
        let channel = kind.channel();
        let Some(record) = self.customer(customer).await? else { return Ok(None) };
        let Some(contact) = record.recorded(channel).map(str::to_owned) else { return Ok(None) };
        let event = NewEvent {
            customer: Some(customer),
            channel: Some(channel),
            contact: record.masked(channel),
            ..NewEvent::of_office(EventKind::ContactRevealed, reason, &self.actor)
        };
        self.record(event).await?;
        Ok(Some(RevealedContact { kind, contact }))
    }
}
