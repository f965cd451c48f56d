//! Who sits where: the beginning of a sitting, its end, and going on after the connection
//! broke.

use std::time::Duration;

use crate::domain::event::Actor;
use crate::domain::sign_in::sitting::{
    SignInMethod, Sitting, SittingEnd, SittingId, SittingTicket, TicketBinding,
};
use crate::domain::staff::{AccountName, StaffMember};
use crate::service::caller::{Authentication, Caller};
use crate::service::ports::NewSitting;
use crate::service::ports::sign_in::JudgedCredentials;
use crate::service::{Desk, DeskError};

/// Who is at the other end of a connection, whoever may sit there.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The account of the host, by the kernel's word.
    pub peer: String,
    /// Where they are.
    pub counter: String,
}

impl Visitor {
    pub(super) fn actor(&self, account: &AccountName) -> Actor {
        Actor { clerk: account.as_str().to_owned(), counter: self.counter.clone() }
    }
}

/// A sitting at a terminal, and who it is of.
#[derive(Clone, Debug)]
pub struct OpenSitting {
    /// Who, and what they may do.
    pub caller: Caller,
    /// The sitting.
    pub sitting: SittingId,
}

impl Desk {
    /// Begins a sitting of somebody whom the kernel names.
    pub async fn sit_down(
        &self,
        visitor: &Visitor,
        member: &StaffMember,
    ) -> Result<OpenSitting, DeskError> {
        let seat = self.begin(visitor, member, SignInMethod::OsUser, None).await?;
        // Without credentials to judge there is nothing to refuse.
        seat.ok_or(DeskError::SignInNeeded)
    }

    pub(super) async fn begin(
        &self,
        visitor: &Visitor,
        member: &StaffMember,
        method: SignInMethod,
        judged: Option<JudgedCredentials>,
    ) -> Result<Option<OpenSitting>, DeskError> {
        let sitting = SittingId::from_bits(self.random.below(1 << 50)?);
        let actor = visitor.actor(&member.account);
        let new =
            NewSitting { id: &sitting, actor: &actor, method, service: &self.lease_owner, judged };
        let has_begun = self.store.begin_sitting(new).await?;
        Ok(has_begun.then(|| OpenSitting { caller: caller(actor, member, method), sitting }))
    }

    /// With what whoever sits there goes on after the connection broke.
    pub fn ticket(&self, visitor: &Visitor, seat: &OpenSitting) -> SittingTicket {
        let keyring = self.keyring();
        SittingTicket::new(binding(visitor, seat), keyring.current().1)
    }

    /// Goes on with a sitting whose connection broke, if it has not ended.
    pub async fn resume(
        &self,
        visitor: &Visitor,
        ticket: &SittingTicket,
    ) -> Result<Option<OpenSitting>, DeskError> {
        let id = &ticket.sitting;
        let Some(sitting) = self.reading(|| self.store.sitting(id)).await? else {
            return Ok(None);
        };
        let Ok(account) = sitting.clerk.parse::<AccountName>() else { return Ok(None) };
        let Some(member) = self.staff_member(&account).await? else { return Ok(None) };
        let actor = Actor { clerk: sitting.clerk, counter: sitting.counter };
        let caller = caller(actor, &member, sitting.method);
        let seat = OpenSitting { caller, sitting: id.clone() };
        if !ticket.is_genuine(binding(visitor, &seat), &self.keyring()) {
            return Ok(None);
        }
        let goes_on = self.retry(|| self.store.resume_sitting(id, &self.lease_owner)).await?;
        Ok(goes_on.then_some(seat))
    }

    /// Ends the sitting of whoever sits there.
    pub async fn stand_up(&self, id: &SittingId, how: SittingEnd) -> Result<(), DeskError> {
        self.retry(|| self.store.end_sitting(id, how, None)).await?;
        Ok(())
    }

    /// Ends the sitting of somebody; none where it goes on no more.
    pub async fn end_sitting(&self, id: &SittingId) -> Result<Option<Sitting>, DeskError> {
        let how = SittingEnd::Ended;
        Ok(self.retry(|| self.store.end_sitting(id, how, Some(&self.actor))).await?)
    }

    /// The sittings that go on.
    pub async fn sittings(&self) -> Result<Vec<Sitting>, DeskError> {
        Ok(self.reading(|| self.store.sittings()).await?)
    }

    /// Prolongs the sittings of this process, and notes who did something so long ago.
    pub async fn renew_sittings(&self, active: &[(SittingId, Duration)]) -> Result<(), DeskError> {
        Ok(self.store.renew_sittings(&self.lease_owner, active).await?)
    }
}

fn binding<'a>(visitor: &'a Visitor, seat: &'a OpenSitting) -> TicketBinding<'a> {
    TicketBinding { sitting: &seat.sitting, clerk: &seat.caller.actor.clerk, peer: &visitor.peer }
}

const fn caller(actor: Actor, member: &StaffMember, method: SignInMethod) -> Caller {
    let authentication = match method {
        SignInMethod::OsUser => Authentication::PeerCredentials,
        SignInMethod::Password | SignInMethod::PasswordTotp => Authentication::Password,
    };
    Caller { actor, role: member.role, authentication }
}
