//! Giving a locked customer another chance, and a changed contact its place at
//! once.

use crate::domain::contact::ContactKind;
use crate::domain::customer::CustomerId;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Forgives a customer's wrong codes in a row; whether there were any. The
    /// reason goes into the log with the name of who did it. `key` is the act's
    /// idempotency key.
    pub async fn unlock(
        &self,
        key: &str,
        customer: CustomerId,
        reason: &str,
    ) -> Result<bool, DeskError> {
        Ok(self.retry(|| self.store.unlock(key, customer, reason, &self.actor)).await?)
    }

    /// Lets a contact that took another one's place be the only proof at once;
    /// whether it was not. The reason goes into the log.
    pub async fn confirm_contact(
        &self,
        key: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
    ) -> Result<bool, DeskError> {
        let confirm = || self.store.confirm_contact(key, customer, kind, reason, &self.actor);
        Ok(self.retry(confirm).await?)
    }
}
