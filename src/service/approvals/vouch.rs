//! A second person: a colleague who approves from another terminal that the customer is who they
//! say, where nothing else is left. The door lets the call through once it was approved
//! (`Desk::second_person`); what is written here names who did.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Factor;
use crate::domain::event::EventKind;
use crate::domain::purpose::Purpose;
use crate::domain::session::SessionToken;
use crate::service::approvals::WaitingAct;
use crate::service::approvals::calls::VouchFor;
use crate::service::factors::document::AttestedCustomer;
use crate::service::reason::cleaned_reason;
use crate::service::verification::request::Refusal;
use crate::service::{Desk, DeskError};

/// What came of a colleague's approval.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Vouched {
    Approved(Box<AttestedCustomer>),
    /// There is no such customer any more.
    NoSuchCustomer,
    /// The office does not verify for that.
    NoSuchPurpose(Box<Refusal>),
}

/// Refuses to ask a colleague where the purpose takes none.
pub(in crate::service) const fn may_vouch(purpose: &Purpose) -> Result<(), DeskError> {
    if purpose.takes_second_person() { Ok(()) } else { Err(DeskError::NoSecondPerson) }
}

impl Desk {
    /// Adds a colleague's approval to the customer's session, or opens one by it.
    pub async fn vouch(&self, it: VouchFor) -> Result<Vouched, DeskError> {
        let purpose = match self.provable(&it.purpose) {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(Vouched::NoSuchPurpose(refusal)),
        };
        may_vouch(&purpose)?;
        let approval = self.asked_approval(&WaitingAct::Vouch(it.stored())).await?;
        let Some(by) = &approval.approved_by else {
            return Err(DeskError::AwaitsApproval(Box::new(approval)));
        };
        let detail = format!("approved by {by} as {}: {}", approval.id, cleaned_reason(&it.reason));
        let named = (it.customer, &purpose);
        let act = self.bound_key(&["vouched", approval.id.as_str()]);
        let what = (Factor::SecondPerson, EventKind::Vouched, detail.as_str());
        let attested = self.attest(named, what, &act, it.session.as_ref()).await?;
        Ok(attested.map_or(Vouched::NoSuchCustomer, |it| Vouched::Approved(Box::new(it))))
    }

    /// Ends the wait for a colleague's approval that the caller asked for; whether it waited.
    pub async fn leave_vouch(&self, it: &VouchFor) -> Result<bool, DeskError> {
        let (key, _) = self.approval_key(&WaitingAct::Vouch(it.stored()))?;
        let stored = self.reading(|| self.store.approval_asked(&key)).await?;
        let Some(waiting) = stored.and_then(|it| self.genuine_act(it)) else { return Ok(false) };
        let refuse = || self.store.refuse_approval(&waiting.approval, &self.actor);
        Ok(self.retry(refuse).await?)
    }
}

impl VouchFor {
    /// As it is stored while it waits: without the secret of the session.
    pub(in crate::service) fn stored(&self) -> Self {
        Self { session: None::<SessionToken>, ..self.clone() }
    }
}
