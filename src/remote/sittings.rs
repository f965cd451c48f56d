//! The sitting at a connection, from the sign-in to the sign-out, the idle lock or the end of the
//! connection.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::sign_in::policy::SignInMode;
use crate::domain::sign_in::sitting::{SittingEnd, SittingId, SittingTicket};
use crate::domain::staff::AccountName;
use crate::remote::server::Server;
use crate::service::DeskError;
use crate::service::api::{Answer, Call, Caller};
use crate::service::ports::StoreError;
use crate::service::staff::calls::SignIn;
use crate::service::staff::sign_in::SignInOutcome;
use crate::service::staff::sittings::{OpenSitting, Visitor};

/// The last activity at each sitting of this server since the previous report.
#[derive(Debug, Default)]
pub(super) struct Sittings(Mutex<HashMap<SittingId, Instant>>);

impl Sittings {
    fn note(&self, sitting: &SittingId, now: Instant) {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        active.insert(sitting.clone(), now);
    }

    /// Takes the sittings with activity, and how long ago it was.
    pub(super) fn take_active(&self, now: Instant) -> Vec<(SittingId, Duration)> {
        let active = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let ago = |(id, at): (SittingId, Instant)| (id, now.saturating_duration_since(at));
        active.into_iter().map(ago).collect()
    }
}

/// The occupant of a connection.
enum Occupant {
    /// Nobody has signed in.
    Nobody,
    /// A command that runs once under an account of the host.
    Program(Caller),
    /// A clerk in a sitting.
    Seated(OpenSitting),
}

/// The place of one connection.
pub(super) struct Place {
    server: Arc<Server>,
    visitor: Visitor,
    occupant: Occupant,
    active_at: Instant,
}

impl Place {
    /// The place of a command, whose account the kernel reports.
    pub(super) fn of_program(server: &Arc<Server>, visitor: Visitor, caller: Caller) -> Self {
        Self::new(server, visitor, Occupant::Program(caller))
    }

    /// The place of a clerk in a sitting.
    pub(super) fn of_sitting(server: &Arc<Server>, visitor: Visitor, seat: OpenSitting) -> Self {
        Self::new(server, visitor, Occupant::Seated(seat))
    }

    /// The place of somebody who has yet to sign in.
    pub(super) fn empty(server: &Arc<Server>, visitor: Visitor) -> Self {
        Self::new(server, visitor, Occupant::Nobody)
    }

    fn new(server: &Arc<Server>, visitor: Visitor, occupant: Occupant) -> Self {
        Self { server: Arc::clone(server), visitor, occupant, active_at: Instant::now() }
    }

    /// The ticket for resuming the sitting after a reconnect.
    pub(super) fn ticket(&self) -> Option<SittingTicket> {
        match &self.occupant {
            Occupant::Seated(seat) => Some(self.server.desk.ticket(&self.visitor, seat)),
            _ => None,
        }
    }

    pub(super) const fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// The caller; `None` before the sign-in.
    pub(super) const fn caller(&self) -> Option<&Caller> {
        match &self.occupant {
            Occupant::Nobody => None,
            Occupant::Program(caller) => Some(caller),
            Occupant::Seated(seat) => Some(&seat.caller),
        }
    }

    /// When the idle lock is due; `None` if the staff signs in by the host's accounts.
    pub(super) fn locks_at(&self) -> Option<Instant> {
        let policy = self.server.desk.sign_in_policy();
        let is_seated = matches!(self.occupant, Occupant::Seated(_));
        (is_seated && policy.mode == SignInMode::Password)
            .then(|| self.active_at + policy.idle_lock)
    }

    /// Records activity.
    fn keep(&mut self) {
        self.active_at = Instant::now();
        if let Occupant::Seated(seat) = &self.occupant {
            self.server.sittings.note(&seat.sitting, self.active_at);
        }
    }

    /// Ends the sitting, if there is one; the place is empty from then on.
    pub(super) async fn leave(&mut self, how: SittingEnd) -> Result<(), DeskError> {
        if let Occupant::Seated(seat) = mem::replace(&mut self.occupant, Occupant::Nobody) {
            self.server.desk.stand_up(&seat.sitting, how).await?;
        }
        Ok(())
    }

    /// Whether the occupant is still on the staff; refreshes the role.
    pub(super) async fn is_still_staff(&mut self) -> Result<bool, StoreError> {
        let (caller, sitting) = match &mut self.occupant {
            Occupant::Nobody => return Ok(true),
            Occupant::Program(caller) => (caller, None),
            Occupant::Seated(seat) => (&mut seat.caller, Some(&seat.sitting)),
        };
        let Ok(account) = caller.actor.clerk.parse::<AccountName>() else { return Ok(false) };
        let roster = self.server.roster.get().await?;
        let Some(role) = roster.role(&account) else { return Ok(false) };
        caller.role = role;
        Ok(sitting.is_none_or(|it| roster.goes_on(it)))
    }

    /// Answers calls about the place itself; returns any other call.
    pub(super) async fn answer(&mut self, call: Call) -> Result<Answer, Call> {
        let answer = match call {
            Call::SignIn(attempt) => Answer::SignIn(self.sign_in(&attempt).await),
            Call::SignOut(_) => Answer::SignOut(self.leave(SittingEnd::SignedOut).await),
            Call::LockTerminal(_) => Answer::LockTerminal(self.lock().await),
            Call::KeepSitting(_) => {
                self.keep();
                Answer::KeepSitting(Ok(()))
            }
            other if self.caller().is_none() => other.refused(DeskError::SignInNeeded),
            other => {
                if other.is_until_answered() && !matches!(other, Call::ReadClock(_)) {
                    self.keep();
                }
                return Err(other);
            }
        };
        Ok(answer)
    }

    async fn sign_in(&mut self, attempt: &SignIn) -> Result<SignInOutcome, DeskError> {
        let (outcome, seat) = self.server.desk.sign_in(&self.visitor, attempt).await?;
        if let Some(seat) = seat {
            self.leave(SittingEnd::Replaced).await?;
            self.occupant = Occupant::Seated(seat);
            self.keep();
        }
        Ok(outcome)
    }

    /// Locks the terminal. If there is no sign-in, locking is up to the terminal.
    pub(super) async fn lock(&mut self) -> Result<(), DeskError> {
        match self.server.desk.sign_in_policy().mode {
            SignInMode::Password => self.leave(SittingEnd::Locked).await,
            SignInMode::OsUser => Ok(()),
        }
    }
}

/// Ends the sitting of a closed connection.
impl Drop for Place {
    fn drop(&mut self) {
        let Occupant::Seated(seat) = mem::replace(&mut self.occupant, Occupant::Nobody) else {
            return;
        };
        if self.server.is_ending() {
            // The sitting is resumed at the next service.
            return;
        }
        let server = Arc::clone(&self.server);
        self.server.calls.spawn(async move {
            let how = SittingEnd::Disconnected;
            if let Err(error) = server.desk.stand_up(&seat.sitting, how).await {
                tracing::warn!(%error, "the end of a sitting is not in the store");
            }
        });
    }
}
