//! What customers prove who they are with beside a code to a contact: an authenticator and
//! backup codes. They are enrolled in a session, and open one.

mod backup_codes;
pub mod calls;
pub mod document;
mod enrolment;
mod reseal;
pub(in crate::service) mod verify;

use serde::{Deserialize, Serialize};

use crate::domain::channel::{Channel, Factor};
use crate::domain::code::TypedCode;
use crate::domain::contact::Contact;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::flag::Standing;
use crate::domain::level::Level;
use crate::domain::outcome::Outcome;
use crate::domain::purpose::{Purpose, SharedContact};
use crate::domain::session::{Session, SessionToken};
use crate::domain::time::Timestamp;
use crate::domain::totp::TotpOffer;
use crate::service::ports::factors::ClockFault;
use crate::service::verification::request::Refusal;
use crate::service::{Desk, DeskError};

/// What came of proving who somebody is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum FactorVerification {
    Verified(Box<VerifiedByFactor>),
    Refused(RefusedFactor),
    /// It cannot be one; no attempt was counted.
    Malformed(FactorKind),
    /// The customer has none of this kind.
    NotEnrolled(FactorKind),
    /// The office does not verify for that.
    NoSuchPurpose(Box<Refusal>),
}

/// A right one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifiedByFactor {
    /// The session that it opened.
    pub session: Session,
    /// The session's secret, which is stored nowhere.
    pub token: SessionToken,
    /// The backup codes that are left, where it was one.
    pub codes_left: Option<usize>,
}

/// One that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFactor {
    pub kind: FactorKind,
    /// Wrong, used, locked or limited.
    pub outcome: Outcome,
    /// Whether the customer is locked.
    pub customer_locked: bool,
    /// When this clerk may enter a code again, where they entered too many wrong ones.
    pub clerk_waits_until: Option<Timestamp>,
    /// The clock of the authenticator, where that is the reason.
    pub clock: Option<ClockFault>,
}

/// Why nothing of a customer's factors is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactorRefusal {
    /// The session is over, or there is none.
    SessionOver,
    /// The session proves less than what is enrolled would.
    TooWeak,
    /// The customer has one: it is replaced by an act of its own.
    Enrolled(FactorKind),
    /// The customer has none.
    NotEnrolled(FactorKind),
    /// Another counter changed it at the same moment.
    Meanwhile,
}

/// What came of enrolling an authenticator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TotpEnrolment {
    /// It is to be read by the authenticator, and confirmed by its first code.
    Offer {
        offer: TotpOffer,
        /// What was wrong with the first code; none where none was given.
        wrong: Option<WrongFirstCode>,
    },
    Enrolled,
    Refused(FactorRefusal),
}

/// A first code that is not the one that the authenticator shows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongFirstCode {
    /// The clock of the authenticator, where that is the reason.
    pub clock: Option<ClockFault>,
}

/// What came of removing an authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactorRemoval {
    Removed,
    Refused(FactorRefusal),
}

/// What came of making backup codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum BackupCodes {
    /// They are shown this once.
    Made(Vec<NumberedCode>),
    Refused(FactorRefusal),
}

/// A backup code, to be printed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NumberedCode {
    pub number: u8,
    pub code: TypedCode,
}

/// A session in which the customer's factors may be changed.
struct Enrolling {
    session: Session,
    customer: Customer,
}

impl Desk {
    /// What a customer has.
    pub async fn customer_factors(
        &self,
        customer: CustomerId,
    ) -> Result<CustomerFactors, DeskError> {
        Ok(self.reading(|| self.store.customer_factors(customer)).await?)
    }

    /// The level to which a new factor can help: with another proof to that of two, where any
    /// purpose takes two.
    fn level_of_factor(&self) -> Level {
        let takes_two =
            |it: &Purpose| it.level == Level::Two || it.shared_contact == SharedContact::Second;
        if self.office.purposes.iter().any(takes_two) { Level::Two } else { Level::Nist }
    }

    /// The session of a token, if what it proves is at least what an enrolled factor would help
    /// to prove (security requirement 68): by codes, or by a second person who approved it for a
    /// purpose of that level. What one clerk attests alone enrols nothing.
    async fn enrolling(
        &self,
        token: &SessionToken,
    ) -> Result<Result<Enrolling, FactorRefusal>, DeskError> {
        let session = self.touch(token).await?.filter(|it| it.ended.is_none());
        let Some(session) = session else { return Ok(Err(FactorRefusal::SessionOver)) };
        // What is enrolled is the holder's.
        if session.representative.is_some() {
            return Ok(Err(FactorRefusal::TooWeak));
        }
        // A colleague's word opens a session under a flag under which nothing enrolled would count.
        self.flags_for(session.customer, (Standing::Holder, Factor::Totp)).await?;
        let needed = self.level_of_factor();
        let is_approved = session.is_reached
            && session.factors.has(Factor::SecondPerson)
            && self.purpose(&session.purpose).is_ok_and(|it| it.level >= needed);
        if session.factors.level() < needed && !is_approved {
            return Ok(Err(FactorRefusal::TooWeak));
        }
        let Some(customer) = self.customer(session.customer).await? else {
            return Ok(Err(FactorRefusal::SessionOver));
        };
        Ok(Ok(Enrolling { session, customer }))
    }

    /// The contacts that are told of a change: those that played no part in the verification,
    /// or all of them where there is no other one.
    fn contacts_to_tell(&self, enrolling: &Enrolling) -> Vec<Contact> {
        let factors = &enrolling.session.factors;
        let is_used = |it: &Contact| factors.has_contact(it.kind());
        let all: Vec<Contact> = [Channel::Email, Channel::Sms]
            .into_iter()
            .filter_map(|it| enrolling.customer.contact(it, &self.office.phones).ok())
            .collect();
        let others: Vec<Contact> = all.iter().filter(|it| !is_used(it)).cloned().collect();
        if others.is_empty() { all } else { others }
    }
}
