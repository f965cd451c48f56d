//! The amount that is due, for a purpose for which nothing has to be proven: whoever brings an
//! account's number may pay what is due on it, and learns nothing else.

use serde::{Deserialize, Serialize};

use crate::domain::event::{EventFacts, EventKind};
use crate::domain::flag::Flag;
use crate::domain::level::Level;
use crate::domain::money::Money;
use crate::service::customers::flags::refused_by;
use crate::service::ports::CustomerKey;
use crate::service::ports::audit::NewEvent;
use crate::service::verification::request::Refusal;
use crate::service::{Desk, DeskError, typed};

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AmountDue {
    /// What is due; none where it is not known here.
    Due(Option<Money>),
    /// There is no such account.
    NoSuchAccount,
    /// The purpose takes a proof.
    TakesProof(Level),
    /// The office does not verify for that.
    NoSuchPurpose(Box<Refusal>),
}

impl Desk {
    /// The amount that is due on an account. Neither a name nor a search finds it.
    pub async fn amount_due(
        &self,
        account_no: &str,
        purpose: &str,
    ) -> Result<AmountDue, DeskError> {
        let purpose = match self.purpose(purpose) {
            Ok(purpose) if purpose.level == Level::None => purpose,
            Ok(purpose) => return Ok(AmountDue::TakesProof(purpose.level)),
            Err(refusal) => return Ok(AmountDue::NoSuchPurpose(refusal)),
        };
        let key = CustomerKey::Account(typed(account_no.trim()));
        let mut found = self.reading(|| self.store.identify(key)).await?;
        let (Some(customer), true) = (found.pop(), found.is_empty()) else {
            return Ok(AmountDue::NoSuchAccount);
        };
        // Whoever brings the number may be anybody.
        let flags = &customer.flags;
        refused_by(customer.id, flags.stop().or_else(|| flags.get(Flag::DoNotDisclose)))?;
        let event = NewEvent {
            customer: Some(customer.id),
            facts: EventFacts { purpose: Some(&purpose.name), ..EventFacts::default() },
            ..NewEvent::of_office(EventKind::AccountOpened, "the amount due".into(), &self.actor)
        };
        self.record(event).await?;
        Ok(AmountDue::Due(self.account(customer.id).await?.balance))
    }
}
