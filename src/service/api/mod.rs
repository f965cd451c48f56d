//! The one door of the desk.
//!
//! Whatever a clerk, a script or another program wants is one value of
//! [`Call`], told by a [`Caller`] to [`Desk::handle`], which checks the
//! permission in one table and gives one [`Answer`]. There is no second path:
//! the interface and the command line see nothing of the desk but this module
//! and the types that cross it (`tests/architecture.rs`).
//!
//! A call is declared in its task's folder (`service/<task>/calls.rs`), as a
//! struct with a method `handle`, which only the table's dispatch calls, once the
//! permission was checked. It gets one line in the table of permissions
//! (`table.rs`). Calls and answers are values that serde writes and reads, so
//! that they can cross a socket.

mod client;
pub(in crate::service) mod lookups;
pub(in crate::service) mod refusals;
mod table;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::domain::customer::CustomerId;
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::text::in_words;
pub use crate::service::api::client::{DeskClient, Door, EmbeddedDesk};
use crate::service::api::lookups::Counting;
pub use crate::service::api::table::{Answer, Call, Guard};
use crate::service::approvals::WaitingAct;
pub use crate::service::caller::{Authentication, Caller, Permission, Role};
use crate::service::ports::{IndexProgress, NewEvent, StoreError};
pub use crate::service::profile::{DeskProfile, SignInState};
use crate::service::store_call_retry::RetryPolicy;
use crate::service::{Desk, DeskError};

/// One call with the type of its answer.
pub trait TypedCall: Into<Call> + Send {
    /// What it is answered with.
    type Answer;

    /// Takes the answer to this call out of any answer; none where it is the
    /// answer to another call.
    fn typed(answer: Answer) -> Option<Result<Self::Answer, DeskError>>;
}

/// What can be watched without asking: each receiver wakes its reader when
/// there is something new.
#[derive(Clone, Debug)]
pub struct Signals {
    /// Counts up whenever something may have changed, at any counter.
    pub changes: watch::Receiver<u64>,
    /// Why the store cannot be reached; none while it can.
    pub connection: watch::Receiver<Option<Arc<StoreError>>>,
    /// How far the customers' index is being built; none where it is whole.
    pub index: watch::Receiver<Option<IndexProgress>>,
}

impl Call {
    /// The act that takes a reason, and perhaps a second admin.
    fn waiting_act(&self) -> Option<WaitingAct> {
        match self {
            Self::UnlockCustomer(it) => Some(WaitingAct::Unlock(it.clone())),
            Self::ConfirmContact(it) => Some(WaitingAct::Confirm(it.clone())),
            Self::VouchFor(it) => Some(WaitingAct::Vouch(it.stored())),
            Self::AddRepresentative(it) => Some(WaitingAct::Represent(it.clone())),
            Self::RunMaintenanceStep(it) => Some(WaitingAct::Purge(it.clone())),
            _ => None,
        }
    }

    /// The customer whose account it opens.
    const fn account(&self) -> Option<CustomerId> {
        match self {
            Self::OpenCustomer(it) => Some(it.customer),
            Self::ReadAccount(it) => Some(it.customer),
            Self::ListRepresentatives(it) => Some(it.customer),
            _ => None,
        }
    }
}

impl Desk {
    /// Carries out what a caller asks for. What breaks is retried by `retry`;
    /// each act carries its idempotency key or is one by its nature, so that the
    /// same call told twice is done once.
    pub async fn handle(&self, caller: &Caller, call: Call, retry: RetryPolicy) -> Answer {
        let permission = call.permission();
        let desk = self.for_caller(caller, retry);
        if !caller.may(permission) {
            let role = caller.role;
            // A refusal that cannot be written down is a refusal all the same.
            if let Err(error) = desk.record_forbidden(call.name(), role, permission).await {
                tracing::warn!(%error, "a refusal is not in the log");
            }
            return call.refused(DeskError::Forbidden { role, permission });
        }
        let allowed = match call.guard() {
            Guard::None => Ok(()),
            Guard::Lookup => desk.count_lookup(&call).await,
            Guard::Act => match call.waiting_act() {
                Some(waiting) => desk.second_person(&waiting).await,
                None => Err(DeskError::NoReason),
            },
        };
        let name = call.name();
        let mut answer = match allowed {
            Ok(()) => table::dispatch(&desk, call).await,
            Err(error) => call.refused(error),
        };
        if let Some(DeskError::Store(StoreError::Flagged(refusal))) = answer.error_mut() {
            desk.record_flagged(name, refusal).await;
            refusal.account_no = desk.account_no(refusal.customer).await;
        }
        answer
    }

    /// Writes into the log that a role was not enough for a call.
    async fn record_forbidden(
        &self,
        call: &'static str,
        role: Role,
        permission: Permission,
    ) -> Result<(), DeskError> {
        let Some(count) = self.refusals.due(&self.actor.clerk, call, Instant::now()) else {
            return Ok(());
        };
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        let detail = format!("{role} may not {}: {}{times}", permission.allows(), in_words(call));
        let event = NewEvent::of_office(EventKind::Refused, detail, &self.actor);
        self.record(NewEvent { outcome: Some(Outcome::Forbidden), ..event }).await
    }

    /// Counts a look-up of the caller. An account that is opened is in the log before
    /// anything of it is told, and so is the first look-up that is refused.
    async fn count_lookup(&self, call: &Call) -> Result<(), DeskError> {
        let most = self.office.limits.lookups_per_clerk;
        let account = call.account();
        match self.lookups.count(&self.actor.clerk, account, most, Instant::now()) {
            Counting::IsOpen => Ok(()),
            Counting::Allowed => self.record_opened(account).await,
            Counting::TooMany { wait, is_first } => {
                if is_first {
                    let detail =
                        format!("more than {most} searches and opened accounts in an hour");
                    let event = NewEvent::of_office(EventKind::Refused, detail, &self.actor);
                    let event = NewEvent { outcome: Some(Outcome::Limited), ..event };
                    if let Err(error) = self.record(event).await {
                        tracing::warn!(%error, "a refusal is not in the log");
                    }
                }
                let minutes = wait.as_secs().div_ceil(60);
                Err(DeskError::TooManyLookups { minutes })
            }
        }
    }

    /// Writes into the log that an account is opened; without its entry it is not.
    async fn record_opened(&self, account: Option<CustomerId>) -> Result<(), DeskError> {
        let Some(customer) = account else { return Ok(()) };
        let event = NewEvent {
            customer: Some(customer),
            detail: None,
            ..NewEvent::of_office(EventKind::AccountOpened, String::new(), &self.actor)
        };
        let written = self.record(event).await;
        if written.is_err() {
            self.lookups.close(&self.actor.clerk, customer);
        }
        written
    }

    /// This desk, acting for a caller.
    fn for_caller(&self, caller: &Caller, retry_policy: RetryPolicy) -> Self {
        let is_owner = caller.authentication == Authentication::OwnProcess;
        Self { actor: caller.actor.clone(), retry_policy, is_owner, ..self.clone() }
    }

    /// What can be watched.
    pub fn signals(&self) -> Signals {
        Signals {
            changes: self.store.changes(),
            connection: self.store.connection_state(),
            index: self.store.index_progress(),
        }
    }
}
