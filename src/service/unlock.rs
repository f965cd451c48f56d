//! Giving a locked customer another chance.

use super::{Desk, DeskError};
use crate::domain::customer::CustomerId;

impl Desk {
    /// Forgives a customer's wrong codes in a row; whether there were any. The
    /// reason goes into the log with the name of who did it.
    pub async fn unlock(&self, customer: CustomerId, reason: &str) -> Result<bool, DeskError> {
        // Drawn once: told again after a break, it is the same act.
        let act = self.new_act()?;
        Ok(self.insist(|| self.store.unlock(&act, customer, reason, &self.actor)).await?)
    }
}
