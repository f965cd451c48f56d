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
pub(in crate::service) mod refusals;
mod table;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
pub use crate::service::api::client::{DeskClient, Door, EmbeddedDesk};
pub use crate::service::api::table::{Answer, Call};
pub use crate::service::caller::{Authentication, Caller, Permission, Role};
use crate::service::ports::{IndexProgress, NewEvent, StoreError};
pub use crate::service::profile::{DeskProfile, SignInState};
use crate::service::retry::RetryPolicy;
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
        table::dispatch(&desk, call).await
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
        let detail = format!("{role} may not {}: {call}{times}", permission.allows());
        let event = NewEvent::of_office(EventKind::Refused, detail, &self.actor);
        self.record(NewEvent { outcome: Some(Outcome::Forbidden), ..event }).await
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
