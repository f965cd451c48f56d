//! Flags of customers, and incidents: what the staff notices, and what it makes of it.

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::domain::flag::{CustomerFlag, Flag, FlagRefusal, Flags, Standing};
use crate::domain::outcome::Outcome;
use crate::domain::text::in_words;
use crate::service::customers::calls::{FileIncident, FlagCustomer};
use crate::service::ports::flags::{FlaggedCustomer, NewFlag};
use crate::service::ports::{NewEvent, StoreError};
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// Refuses what a flag of a customer refuses.
pub(in crate::service) fn refused_by(
    customer: CustomerId,
    flag: Option<&CustomerFlag>,
) -> Result<(), DeskError> {
    let Some(flag) = flag.cloned() else { return Ok(()) };
    Err(StoreError::Flagged(Box::new(FlagRefusal { customer, flag, account_no: None })).into())
}

impl Desk {
    /// Sets a flag; whether it holds, for its end may have passed before.
    pub async fn flag_customer(&self, it: &FlagCustomer) -> Result<bool, DeskError> {
        let reason = cleaned_reason(&it.reason);
        if reason.is_empty() {
            return Err(DeskError::NoReason);
        }
        if let Some(until) = it.until
            && until <= self.now().await?
        {
            return Ok(false);
        }
        let act = self.customer_act(&format!("flag {}", it.flag), &it.key, it.customer);
        let (customer, flag, until) = (it.customer, it.flag, it.until);
        let new = NewFlag { customer, flag, reason: &reason, until, actor: &self.actor };
        self.retry(|| self.store.set_flag(&act, new)).await?;
        Ok(true)
    }

    /// Lifts a flag; whether it was set.
    pub async fn unflag_customer(
        &self,
        key: &str,
        customer: CustomerId,
        flag: Flag,
        reason: &str,
    ) -> Result<bool, DeskError> {
        let reason = cleaned_reason(reason);
        if reason.is_empty() {
            return Err(DeskError::NoReason);
        }
        let act = self.customer_act(&format!("unflag {flag}"), key, customer);
        let lift = || self.store.lift_flag(&act, customer, flag, &reason, &self.actor);
        Ok(self.retry(lift).await?)
    }

    /// The flags of all customers.
    pub async fn flagged(&self, limit: u32) -> Result<Vec<FlaggedCustomer>, DeskError> {
        Ok(self.reading(|| self.store.flagged(limit)).await?)
    }

    /// The flags of a customer, unless one of them refuses this factor.
    pub(in crate::service) async fn flags_for(
        &self,
        customer: CustomerId,
        (who, factor): (Standing, Factor),
    ) -> Result<Flags, DeskError> {
        let flags = self.reading(|| self.store.flags(customer)).await?;
        refused_by(customer, flags.refusal_of(who, factor))?;
        Ok(flags)
    }

    /// Writes down what somebody of the staff saw.
    pub async fn file_incident(&self, it: &FileIncident) -> Result<(), DeskError> {
        let seen = cleaned_reason(&it.seen);
        if seen.is_empty() {
            return Err(DeskError::NoReason);
        }
        let about = it.customer.map_or_else(String::new, |it| it.0.to_string());
        let act = self.bound_key(&["incident", &about, it.kind.word(), &it.key]);
        let detail = format!("{}: {seen}", it.kind.label());
        let event = NewEvent {
            customer: it.customer,
            ..NewEvent::of_office(EventKind::IncidentFiled, detail, &self.actor)
        };
        Ok(self.retry(|| self.store.record(&act, event.clone())).await?)
    }

    /// The account number of a customer; none where it cannot be read now.
    pub(in crate::service) async fn account_no(&self, customer: CustomerId) -> Option<String> {
        let found = self.customer(customer).await.ok().flatten();
        found.map(|it| it.account_no)
    }

    /// Writes into the log that a flag refused a call.
    pub(in crate::service) async fn record_flagged(&self, call: &str, refusal: &FlagRefusal) {
        let detail =
            format!("the customer is marked \"{}\": {}", refusal.flag.flag.label(), in_words(call));
        let event = NewEvent {
            customer: Some(refusal.customer),
            outcome: Some(Outcome::Forbidden),
            ..NewEvent::of_office(EventKind::Refused, detail, &self.actor)
        };
        // A refusal that cannot be written down is a refusal all the same.
        if let Err(error) = self.record(event).await {
            tracing::warn!(%error, "a refusal is not in the log");
        }
    }
}
