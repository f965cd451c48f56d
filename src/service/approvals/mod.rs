//! A second admin for an act: the first one's call is stored and waits, the second one's
//! approval carries it out. The door asks `Desk::second_person` before it hands a call to
//! its handler, so that no handler has to think of it.

pub mod calls;
mod represent;
pub mod vouch;

use crate::domain::approval::{
    APPROVAL_TIME, Approval, ApprovalId, ApprovalProof, AskedAct, GuardedAct, SignedAct,
};
use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::domain::flag::Standing;
use crate::domain::outcome::Outcome;
use crate::domain::staff::AccountName;
use crate::domain::text;
use crate::service::approvals::calls::VouchFor;
use crate::service::approvals::vouch::may_vouch;
use crate::service::caller::Permission;
use crate::service::customers::calls::{AddRepresentative, ConfirmContact, UnlockCustomer};
use crate::service::ports::approvals::{NewApproval, StoredApproval};
use crate::service::ports::{NewEvent, StoreError};
use crate::service::reason::cleaned_reason;
use crate::service::upkeep::calls::RunMaintenanceStep;
use crate::service::upkeep::maintenance::MaintenanceRun;
use crate::service::{Desk, DeskError};

/// What came of an approval.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ApprovalOutcome {
    /// The act was carried out.
    CarriedOut {
        approval: Approval,
        /// Whether there was anything to do.
        changed: bool,
    },
    /// There is no act of this name.
    NotFound,
    /// Its time was over.
    Expired(Approval),
    /// Nobody approves what they asked for.
    Yourself(Approval),
    /// Another admin approved it before.
    ByAnother(Approval),
    /// Whoever asked for it is no admin any more.
    AskerMayNot(Approval),
}

/// What came of refusing an act that waits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RefusalOutcome {
    /// It waits no more, and is not done.
    Refused(Approval),
    /// There is no act of this name.
    NotFound,
    /// It was approved before.
    Approved(Approval),
}

/// A guarded act as it waits: the call itself.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum WaitingAct {
    Unlock(UnlockCustomer),
    Confirm(ConfirmContact),
    /// The first step stands for the whole run.
    Purge(RunMaintenanceStep),
    /// Without the secret of the session: whoever asked for it tells it again.
    Vouch(VouchFor),
    Represent(AddRepresentative),
}

impl WaitingAct {
    /// Which act it is.
    pub const fn act(&self) -> GuardedAct {
        match self {
            Self::Unlock(_) => GuardedAct::Unlock,
            Self::Confirm(_) => GuardedAct::Confirm,
            Self::Purge(_) => GuardedAct::Purge,
            Self::Vouch(_) => GuardedAct::Vouch,
            Self::Represent(_) => GuardedAct::Represent,
        }
    }

    const fn customer(&self) -> Option<CustomerId> {
        match self {
            Self::Unlock(it) => Some(it.customer),
            Self::Confirm(it) => Some(it.customer),
            Self::Vouch(it) => Some(it.customer),
            Self::Represent(it) => Some(it.customer),
            Self::Purge(_) => None,
        }
    }

    /// The reason, and the idempotency key.
    fn reason_and_key(&self) -> (&str, &str) {
        match self {
            Self::Unlock(it) => (&it.reason, &it.key),
            Self::Confirm(it) => (&it.reason, &it.key),
            Self::Purge(it) => (&it.reason, &it.key),
            Self::Vouch(it) => (&it.reason, &it.key),
            Self::Represent(it) => (&it.reason, &it.key),
        }
    }
}

impl Desk {
    /// Whether a guarded act may be carried out now: it has a reason and, where the office
    /// asks for a second admin, one has approved it. Otherwise it waits from now on.
    pub(in crate::service) async fn second_person(
        &self,
        waiting: &WaitingAct,
    ) -> Result<(), DeskError> {
        if cleaned_reason(waiting.reason_and_key().0).is_empty() {
            return Err(DeskError::NoReason);
        }
        if let WaitingAct::Vouch(it) = waiting {
            // What the office does not verify for is told by the call; nobody is asked.
            let Ok(purpose) = self.provable(&it.purpose) else { return Ok(()) };
            may_vouch(&purpose)?;
            self.flags_for(it.customer, (Standing::Holder, Factor::SecondPerson)).await?;
        } else if let WaitingAct::Represent(it) = waiting {
            // What cannot be is refused before anybody is asked.
            self.judged_representative(it).await?;
        } else if !self.office.four_eyes.contains(&waiting.act()) {
            return Ok(());
        }
        let approval = self.asked_approval(waiting).await?;
        if approval.approved_by.is_some() {
            // The answer to the first telling was lost, or the second admin was faster.
            return Ok(());
        }
        Err(DeskError::AwaitsApproval(Box::new(approval)))
    }

    /// An act as it waits, or as it was approved. What is told again under the same key and is
    /// another act waits by itself: an approval is for what was read by whoever gave it.
    pub(in crate::service) async fn asked_approval(
        &self,
        waiting: &WaitingAct,
    ) -> Result<Approval, DeskError> {
        let (reason, act) = (cleaned_reason(waiting.reason_and_key().0), waiting.act());
        let target = self.target(waiting).await?;
        let (key, written) = self.approval_key(waiting)?;
        let id = ApprovalId::from_bits(self.random.below(1 << 50)?);
        let asked = AskedAct {
            id,
            act,
            call: written,
            customer: waiting.customer(),
            target,
            reason,
            asked_by: self.actor.clone(),
            expires_at: self.now().await?.plus(APPROVAL_TIME),
        };
        let signed = SignedAct::new(asked, &self.keyring());
        let new = NewApproval { key: &key, signed: &signed };
        let stored = self.retry(|| self.store.ask_approval(new.clone())).await?;
        Ok(self.as_approved(stored).approval)
    }

    /// The idempotency key under which an act waits, bound to the caller, and the act as it is
    /// written down.
    fn approval_key(&self, waiting: &WaitingAct) -> Result<(String, String), DeskError> {
        let written = serde_json::to_string(waiting).map_err(|error| unreadable_act(&error))?;
        let content = match waiting {
            // Each of its steps is another call.
            WaitingAct::Purge(_) => "",
            _ => &written,
        };
        let key = waiting.reason_and_key().1;
        let key = self.bound_key(&["approval", waiting.act().word(), key, content]);
        Ok((key, written))
    }

    /// What an act does to whom, in words.
    async fn target(&self, waiting: &WaitingAct) -> Result<String, DeskError> {
        let whom = match waiting.customer() {
            None => String::new(),
            Some(id) => match self.customer(id).await? {
                Some(customer) => format!("{} ({})", customer.name, customer.account_no),
                None => format!("customer {}", id.0),
            },
        };
        Ok(match waiting {
            WaitingAct::Unlock(_) => format!("unlock {whom}"),
            WaitingAct::Confirm(it) => format!("confirm the {} of {whom}", it.kind.label()),
            WaitingAct::Purge(_) => "purge what is past".to_owned(),
            WaitingAct::Represent(it) => format!(
                "let {} act for {whom}, for: {}",
                text::clean(&it.name),
                text::clean(&it.scope.join(", "))
            ),
            WaitingAct::Vouch(it) => format!("vouch for {whom}, for \"{}\"", it.purpose),
        })
    }

    /// The acts that wait, as the desk wrote them: what somebody else wrote is read by nobody.
    pub async fn approvals(&self) -> Result<Vec<Approval>, DeskError> {
        let stored = self.reading(|| self.store.approvals()).await?;
        let genuine = stored.into_iter().filter_map(|it| self.genuine_act(it));
        genuine.map(Self::with_all_of_it).collect()
    }

    /// Approves an act and carries it out. The same approval told again, after its answer
    /// was lost, carries the act out under the same idempotency key, so that it is done once.
    pub async fn approve(&self, id: &ApprovalId) -> Result<ApprovalOutcome, DeskError> {
        let Some(stored) = self.stored_approval(id).await? else {
            return Ok(ApprovalOutcome::NotFound);
        };
        let StoredApproval { approval, signed, is_over, .. } = stored;
        let by = &self.actor.clerk;
        if approval.asked_by.clerk == *by {
            self.record_refused(&approval, "nobody approves what they asked for").await?;
            return Ok(ApprovalOutcome::Yourself(approval));
        }
        if is_over {
            return Ok(ApprovalOutcome::Expired(approval));
        }
        if !self.may_still_ask(&approval).await? {
            self.record_refused(&approval, "whoever asked for it may not any more").await?;
            return Ok(ApprovalOutcome::AskerMayNot(approval));
        }
        if approval.approved_by.is_none() {
            let proof = ApprovalProof::of(&signed, by, &self.keyring());
            let approve = || self.store.approve(&approval, &proof, &self.actor);
            let is_now = self.retry(approve).await?;
            if !is_now {
                return self.approved_meanwhile(id, &signed).await;
            }
        } else if approval.approved_by.as_ref() != Some(by) {
            return Ok(ApprovalOutcome::ByAnother(approval));
        }
        self.carry_out(approval, &signed).await
    }

    /// Ends the wait of an act. Any admin may, whoever asked for it too: nothing is done by
    /// it. An act whose time was over before is answered alike.
    pub async fn refuse_approval(&self, id: &ApprovalId) -> Result<RefusalOutcome, DeskError> {
        let Some(stored) = self.stored_approval(id).await? else {
            return Ok(RefusalOutcome::NotFound);
        };
        let approval = stored.approval;
        if self.retry(|| self.store.refuse_approval(&approval, &self.actor)).await? {
            return Ok(RefusalOutcome::Refused(approval));
        }
        Ok(match self.stored_approval(id).await? {
            None => RefusalOutcome::NotFound,
            Some(now) if now.approval.approved_by.is_some() => {
                RefusalOutcome::Approved(now.approval)
            }
            Some(now) => RefusalOutcome::Refused(now.approval),
        })
    }

    /// The act was approved, or its time ended, since it was read.
    async fn approved_meanwhile(
        &self,
        id: &ApprovalId,
        signed: &SignedAct,
    ) -> Result<ApprovalOutcome, DeskError> {
        let Some(StoredApproval { approval, .. }) = self.stored_approval(id).await? else {
            return Ok(ApprovalOutcome::NotFound);
        };
        match &approval.approved_by {
            None => Ok(ApprovalOutcome::Expired(approval)),
            Some(by) if *by == self.actor.clerk => self.carry_out(approval, signed).await,
            Some(_) => Ok(ApprovalOutcome::ByAnother(approval)),
        }
    }

    /// An act that the desk itself stored; one that somebody else wrote counts for nothing.
    async fn stored_approval(&self, id: &ApprovalId) -> Result<Option<StoredApproval>, DeskError> {
        let stored = self.reading(|| self.store.approval(id)).await?;
        Ok(stored.and_then(|it| self.genuine_act(it)).map(|it| self.as_approved(it)))
    }

    fn genuine_act(&self, stored: StoredApproval) -> Option<StoredApproval> {
        if stored.signed.is_genuine(&self.keyring_with(stored.signed.key_id.as_str())) {
            return Some(stored);
        }
        let approval = stored.approval.id.as_str();
        tracing::error!(approval, "an act that waits was not written here");
        None
    }

    /// An act with the approval that the desk itself wrote; one that somebody else wrote is none.
    fn as_approved(&self, mut stored: StoredApproval) -> StoredApproval {
        let is_genuine = stored
            .proof
            .as_ref()
            .is_some_and(|it| it.is_genuine(&stored.signed, &self.keyring_with(&it.key_id)));
        if stored.approval.approved_by.is_some() && !is_genuine {
            let approval = stored.approval.id.as_str();
            tracing::error!(approval, "an approval was not written here");
            stored.approval.approved_by = None;
        }
        stored
    }

    /// Whether somebody may still ask for it: a clerk for the word of a colleague, else an admin.
    /// Who is not on the staff list works in the desk's own process, as its owner.
    async fn may_still_ask(&self, approval: &Approval) -> Result<bool, DeskError> {
        let needed = match approval.act {
            GuardedAct::Vouch | GuardedAct::Represent => Permission::Verify,
            GuardedAct::Unlock | GuardedAct::Confirm | GuardedAct::Purge => Permission::Administer,
        };
        let Ok(account) = approval.asked_by.clerk.parse::<AccountName>() else { return Ok(true) };
        let record = self.reading(|| self.store.staff_record(&account)).await?;
        if record.is_none() {
            return Ok(true);
        }
        Ok(self.staff_member(&account).await?.is_some_and(|it| needed.is_of(it.role)))
    }

    /// Does what was approved, in the name of who asked for it.
    async fn carry_out(
        &self,
        approval: Approval,
        signed: &SignedAct,
    ) -> Result<ApprovalOutcome, DeskError> {
        let waiting: WaitingAct =
            serde_json::from_str(&signed.asked.call).map_err(|error| unreadable_act(&error))?;
        let by = &self.actor.clerk;
        let desk = Self { actor: signed.asked.asked_by.clone(), ..self.clone() };
        let (reason, key) = waiting.reason_and_key();
        let reason = format!("{}; approved by {by}", cleaned_reason(reason));
        let changed = match &waiting {
            WaitingAct::Unlock(it) => desk.unlock(key, it.customer, &reason).await?,
            WaitingAct::Confirm(it) => {
                desk.confirm_contact(key, it.customer, it.kind, &reason).await?
            }
            WaitingAct::Purge(_) => desk.maintain(&reason).await?,
            WaitingAct::Represent(it) => desk.write_representative(it, by).await.map(|_| true)?,
            // The counter that asked goes on with it: it alone holds the session.
            WaitingAct::Vouch(_) => true,
        };
        let approved_by = Some(self.actor.clerk.clone());
        let approval = Approval { approved_by, ..approval };
        Ok(ApprovalOutcome::CarriedOut { approval, changed })
    }

    /// Runs the whole maintenance; whether there was anything to do.
    async fn maintain(&self, reason: &str) -> Result<bool, DeskError> {
        let mut run = MaintenanceRun::default();
        let worked = loop {
            match self.run_maintenance(&mut run).await {
                Ok(Some(rest)) => tokio::time::sleep(rest).await,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // What was done before an error is in the log all the same.
        let recorded = self.finish_maintenance(run.totals(), Some(reason)).await;
        worked.and(recorded)?;
        Ok(!run.totals().is_empty())
    }

    async fn record_refused(&self, approval: &Approval, why: &str) -> Result<(), DeskError> {
        let detail = format!("{}, {}: {why}", approval.id, approval.target);
        let event = NewEvent::of_office(EventKind::Refused, detail, &self.actor);
        let outcome = Some(Outcome::Forbidden);
        self.record(NewEvent { outcome, customer: approval.customer, ..event }).await
    }
}

fn unreadable_act(error: &serde_json::Error) -> StoreError {
    StoreError::Failed(format!(
        "an act that waits cannot be read: {}",
        text::clean(&error.to_string())
    ))
}
