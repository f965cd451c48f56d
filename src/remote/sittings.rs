//! Who sits at a connection, from the sign-in to the sign-out, the idle lock or the end of
//! the connection.

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
use crate::service::staff::calls::SignIn;
use crate::service::staff::sign_in::SignInOutcome;
use crate::service::staff::sittings::{Seat, Visitor};

/// When somebody at each sitting of this service did something last, since it was told.
#[derive(Debug, Default)]
pub(super) struct Sittings(Mutex<HashMap<SittingId, Instant>>);

impl Sittings {
    fn note(&self, sitting: &SittingId, now: Instant) {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        active.insert(sitting.clone(), now);
    }

    /// The sittings with something to tell, and how long ago it was.
    pub(super) fn take_active(&self, now: Instant) -> Vec<(SittingId, Duration)> {
        let active = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let ago = |(id, at): (SittingId, Instant)| (id, now.saturating_duration_since(at));
        active.into_iter().map(ago).collect()
    }
}

/// What a connection knows of who sits there.
enum Occupant {
    /// Nobody has signed in.
    Nobody,
    /// A program that runs once under an account of the host.
    Program(Caller),
    /// Somebody who sits there.
    Seated(Seat),
}

/// The place at one connection.
pub(super) struct Place {
    server: Arc<Server>,
    visitor: Visitor,
    occupant: Occupant,
    active_at: Instant,
}

impl Place {
    /// The place of somebody whom the kernel names: of a program that runs once.
    pub(super) fn of_program(server: &Arc<Server>, visitor: Visitor, caller: Caller) -> Self {
        Self::new(server, visitor, Occupant::Program(caller))
    }

    /// The place of somebody who sits there.
    pub(super) fn of_seat(server: &Arc<Server>, visitor: Visitor, seat: Seat) -> Self {
        Self::new(server, visitor, Occupant::Seated(seat))
    }

    /// The place where somebody has yet to sign in.
    pub(super) fn empty(server: &Arc<Server>, visitor: Visitor) -> Self {
        Self::new(server, visitor, Occupant::Nobody)
    }

    fn new(server: &Arc<Server>, visitor: Visitor, occupant: Occupant) -> Self {
        Self { server: Arc::clone(server), visitor, occupant, active_at: Instant::now() }
    }

    /// To go on with the sitting after the connection broke.
    pub(super) fn ticket(&self) -> Option<SittingTicket> {
        match &self.occupant {
            Occupant::Seated(seat) => Some(self.server.desk.ticket(&self.visitor, seat)),
            _ => None,
        }
    }

    /// Who is at the other end.
    pub(super) const fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Who calls; none where nobody has signed in.
    pub(super) const fn caller(&self) -> Option<&Caller> {
        match &self.occupant {
            Occupant::Nobody => None,
            Occupant::Program(caller) => Some(caller),
            Occupant::Seated(seat) => Some(&seat.caller),
        }
    }

    /// When the terminal is locked unless somebody does something; never where the account of
    /// the host is all that there is to ask for.
    pub(super) fn locks_at(&self) -> Option<Instant> {
        let policy = self.server.desk.sign_in_policy();
        let is_seated = matches!(self.occupant, Occupant::Seated(_));
        (is_seated && policy.mode == SignInMode::Password)
            .then(|| self.active_at + policy.idle_lock)
    }

    /// Somebody does something.
    fn keep(&mut self) {
        self.active_at = Instant::now();
        if let Occupant::Seated(seat) = &self.occupant {
            self.server.sittings.note(&seat.sitting, self.active_at);
        }
    }

    /// Ends the sitting, if somebody sits there. Nobody sits there from then on.
    pub(super) async fn leave(&mut self, how: SittingEnd) -> Result<(), DeskError> {
        if let Occupant::Seated(seat) = mem::replace(&mut self.occupant, Occupant::Nobody) {
            self.server.desk.stand_up(&seat.sitting, how).await?;
        }
        Ok(())
    }

    /// Whether whoever sits there may still; what they may do is looked up anew.
    pub(super) async fn is_still_staff(&mut self) -> Result<bool, DeskError> {
        let desk = &self.server.desk;
        let (caller, sitting) = match &mut self.occupant {
            Occupant::Nobody => return Ok(true),
            Occupant::Program(caller) => (caller, None),
            Occupant::Seated(seat) => (&mut seat.caller, Some(&seat.sitting)),
        };
        let Ok(account) = caller.actor.clerk.parse::<AccountName>() else { return Ok(false) };
        let Some(member) = desk.staff_member(&account).await? else { return Ok(false) };
        caller.role = member.role;
        match sitting {
            Some(sitting) => desk.is_sitting(sitting).await,
            None => Ok(true),
        }
    }

    /// Answers what is about the place itself; any other call is given back.
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

    /// Locks the terminal. Where nobody could sign in again, it is the terminal's own matter.
    pub(super) async fn lock(&mut self) -> Result<(), DeskError> {
        match self.server.desk.sign_in_policy().mode {
            SignInMode::Password => self.leave(SittingEnd::Locked).await,
            SignInMode::OsUser => Ok(()),
        }
    }
}

/// Whoever sits at a connection that ends does not sit there any more.
impl Drop for Place {
    fn drop(&mut self) {
        let Occupant::Seated(seat) = mem::replace(&mut self.occupant, Occupant::Nobody) else {
            return;
        };
        if self.server.is_ending() {
            // The terminal goes on at the next service.
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
