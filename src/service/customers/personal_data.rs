//! What is held of one customer: telling it, erasing it, and legal holds.

use serde::{Deserialize, Serialize};

use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::personal_data::{DataSection, ErasureOutcome};
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// All that is held of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerReport {
    /// What each part of the store holds.
    pub sections: Vec<DataSection>,
}

impl Desk {
    /// All that is held of a customer; that it was told is an entry of the log.
    pub async fn report_customer(
        &self,
        key: &str,
        customer: CustomerId,
        reason: &str,
    ) -> Result<CustomerReport, DeskError> {
        let act = self.customer_act("report", key, customer);
        let event = NewEvent {
            customer: Some(customer),
            ..NewEvent::of_office(EventKind::Reported, cleaned_reason(reason), &self.actor)
        };
        self.retry(|| self.store.record(&act, event.clone())).await?;
        let sections = self.reading(|| self.store.personal_data(customer)).await?;
        Ok(CustomerReport { sections })
    }

    /// Erases what is personal of a customer.
    pub async fn erase_customer(
        &self,
        key: &str,
        customer: CustomerId,
        reason: &str,
    ) -> Result<ErasureOutcome, DeskError> {
        let (act, reason) = (self.customer_act("erase", key, customer), cleaned_reason(reason));
        let removal_key = self.removal_key().await?;
        let key = removal_key.as_ref();
        let erase = || self.store.erase_customer(&act, customer, &reason, &self.actor, key);
        let outcome = self.retry(erase).await?;
        if matches!(outcome, ErasureOutcome::Erased { .. }) && self.trail_keys.is_some() {
            self.seal_removal().await;
        }
        Ok(outcome)
    }

    /// Puts a customer under a legal hold, or ends it; whether that changed anything.
    pub async fn set_hold(
        &self,
        key: &str,
        customer: CustomerId,
        hold: bool,
        reason: &str,
    ) -> Result<bool, DeskError> {
        let what = if hold { "hold" } else { "release" };
        let (act, reason) = (self.customer_act(what, key, customer), cleaned_reason(reason));
        let set = || self.store.set_hold(&act, customer, hold, &reason, &self.actor);
        Ok(self.retry(set).await?)
    }
}
