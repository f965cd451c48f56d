//! What the code entry screen knows.

use crate::domain::code::TypedCode;
use crate::domain::customer::Customer;
use crate::domain::customer_factor::CustomerFactors;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::domain::time::Timestamp;
use crate::service::customers::lookup::ChannelChoice;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::navigation::OpenSession;

/// Step three.
#[derive(Debug)]
pub struct EnterCode {
    /// Of whom.
    pub customer: Customer,
    /// The channels, for another contact.
    pub choices: Vec<ChannelChoice>,
    /// The purpose, among
    /// [`CounterInfo::purposes`](crate::tui::machine::counter_info::CounterInfo::purposes).
    pub purpose: usize,
    /// What the customer has enrolled.
    pub factors: CustomerFactors,
    /// The request as last seen.
    pub request: Request,
    /// The digits typed so far: never more than a code has.
    pub typed: TypedCode,
    /// The verification under way; the boxes are dead until it is answered.
    pub verifying: Option<EffectId>,
    /// The resend or the cancellation under way.
    pub acting: Option<EffectId>,
    /// The sending of the message under way.
    pub delivering: Option<EffectId>,
    /// The read of the request, which may have changed.
    pub reading: Reading,
    /// The last code that was wrong, or the last request that was refused, said that the
    /// customer is locked.
    pub customer_locked: bool,
    /// An admin lifted that since, here.
    pub unlocked: bool,
    /// The session to which a further factor is added.
    pub session: Option<Box<OpenSession>>,
    /// How the last code ended; none while there was none since the last send.
    pub last: Option<Outcome>,
}

impl EnterCode {
    /// Whether the request still takes a code.
    pub fn is_open(&self) -> bool {
        self.request.status == Status::Open
    }

    /// Whether something is done that changes the request: it is not read meanwhile.
    pub const fn is_busy(&self) -> bool {
        self.verifying.is_some() || self.acting.is_some()
    }

    /// Whether something would be lost by leaving.
    pub fn is_at_stake(&self) -> bool {
        self.is_open() || self.is_busy()
    }

    /// Whether it is the customer who is locked: then every request is, whatever tries
    /// it has left.
    pub fn is_customer_locked(&self) -> bool {
        let is_locked = self.request.status == Status::Locked;
        is_locked && !self.unlocked && (self.customer_locked || self.request.attempts_left() > 0)
    }

    /// The place of the first choice by which a code can be sent to another contact.
    pub fn other_choice(&self, now: Timestamp) -> Option<usize> {
        let current = self.request.channel;
        self.choices.iter().position(|it| it.is_usable(now) && it.channel != current)
    }

    /// Until when another code has to wait, as far as this request decides. One that was
    /// replaced or cancelled does not: another message counts, or another contact.
    pub fn waits_until(&self) -> Option<Timestamp> {
        let counts = match self.request.status {
            Status::Open | Status::Expired | Status::Verified => true,
            Status::Locked => !self.is_customer_locked(),
            Status::Superseded | Status::Cancelled => false,
        };
        counts.then_some(self.request.resend_at)
    }
}
