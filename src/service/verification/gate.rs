//! The gate: what the billing program asks before it opens an account.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::level::{FactorSet, Level};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::service::ports::CustomerKey;
use crate::service::{Desk, DeskError, typed};

/// That a customer is verified now: neither the session's name and token, nor anything else of
/// the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedNow {
    /// The customer's number in the store.
    pub customer: CustomerId,
    /// The customer's account number.
    pub account_no: String,
    /// What the verification was for.
    pub purpose: String,
    /// The level that was reached.
    pub level: Level,
    /// What was proven.
    pub factors: FactorSet,
    /// What was proven first.
    pub factor: Factor,
    /// Who stands at the counter in the place of the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<String>,
    /// The clerk who serves.
    pub clerk: String,
    /// The counter where.
    pub counter: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, if nobody touches the session.
    pub until: Timestamp,
}

impl From<Session> for VerifiedNow {
    fn from(session: Session) -> Self {
        Self {
            until: session.ends_at(),
            customer: session.customer,
            account_no: session.account_no,
            purpose: session.purpose,
            level: session.level,
            factors: session.factors,
            factor: session.factor,
            representative: session.representative.map(|it| it.name),
            clerk: session.clerk,
            counter: session.counter,
            since: session.created_at,
        }
    }
}

impl Desk {
    /// Whether the customer of an account number is verified now for a purpose: by the newest
    /// session that the desk opened and nobody ended.
    pub async fn verified_now(
        &self,
        account_no: &str,
        purpose: &str,
    ) -> Result<Option<VerifiedNow>, DeskError> {
        let key = CustomerKey::Account(typed(account_no.trim()));
        let mut found = self.reading(|| self.store.identify(key)).await?;
        let (Some(customer), true) = (found.pop(), found.is_empty()) else { return Ok(None) };
        if customer.flags.stop().is_some() {
            return Ok(None);
        }
        let purpose = purpose.trim();
        let sessions = self.reading(|| self.store.alive_of(customer.id)).await?;
        let mut sessions = sessions.into_iter().filter_map(|it| self.genuine(it));
        let is_for = |it: &Session| it.serves(purpose) && it.account_no == customer.account_no;
        let verified = sessions.find(is_for).map(VerifiedNow::from);
        Ok(verified.map(|it| VerifiedNow { purpose: purpose.to_owned(), ..it }))
    }
}
