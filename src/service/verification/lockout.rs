//! Lifting a lockout, and ending the quarantine of a contact.

use crate::domain::contact::ContactKind;
use crate::domain::customer::CustomerId;
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// Why no code is sent or accepted, where the customer is locked and not only the request.
pub const CUSTOMER_LOCKED: &str = "This customer is locked after too many wrong codes.";

impl Desk {
    /// Sets a customer's failure count to zero; whether it was over zero. The reason is
    /// written to the log with the name of who did it. `key` is the idempotency key.
    pub async fn unlock(
        &self,
        key: &str,
        customer: CustomerId,
        reason: &str,
    ) -> Result<bool, DeskError> {
        let (act, reason) = (self.customer_act("unlock", key, customer), cleaned_reason(reason));
        Ok(self.retry(|| self.store.unlock(&act, customer, &reason, &self.actor)).await?)
    }

    /// Ends the quarantine of a changed contact; whether it was in one. The reason is
    /// written to the log.
    pub async fn confirm_contact(
        &self,
        key: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
    ) -> Result<bool, DeskError> {
        let (act, reason) = (self.customer_act("confirm", key, customer), cleaned_reason(reason));
        let confirm = || self.store.confirm_contact(&act, customer, kind, &reason, &self.actor);
        Ok(self.retry(confirm).await?)
    }
}
