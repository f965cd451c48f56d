//! The screens of the work, each with what it needs.

use crate::domain::customer::{Account, Customer};
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, Status};
use crate::domain::session::{Session, SessionToken};
use crate::domain::time::Timestamp;
use crate::service::lookup::ChannelChoice;
use crate::service::ports::Preparing;
use crate::tui::clock::Now;
use crate::tui::effect::{EffectId, TypedCode};
use tui_input::Input;

/// The four steps.
#[derive(Debug)]
pub enum Screen {
    /// Find the customer.
    Find(Find),
    /// Choose how to send the code.
    Send(Box<Send>),
    /// Enter the code.
    Entry(Box<Entry>),
    /// Serve the verified customer.
    Verified(Box<Verified>),
}

/// Step one.
#[derive(Debug, Default)]
pub struct Find {
    /// The search field.
    pub input: Input,
    /// Its text is from before: the first letter typed takes its place.
    pub kept: bool,
    /// The last answer; none before the first.
    pub found: Option<Box<Hits>>,
    /// The line that is selected.
    pub selected: usize,
    /// The search under way.
    pub searching: Option<EffectId>,
    /// The customer being opened.
    pub opening: Option<EffectId>,
    /// Enter was pressed before the answer: the first hit is chosen when it comes,
    /// unless the store keeps the clerk waiting.
    pub chooses: bool,
    /// When it is searched again by itself, since not all customers can be found
    /// yet.
    pub again: Option<Now>,
    /// The store was lost, so that the search is made when it is back.
    pub waits: bool,
}

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct Hits {
    /// What was searched for.
    pub typed: String,
    /// Customers, the likeliest first.
    pub customers: Vec<Customer>,
    /// Whether there are more.
    pub more: bool,
    /// How far customers have been made ready to be found; none where all are.
    pub preparing: Option<Preparing>,
}

/// Step two.
#[derive(Debug)]
pub struct Send {
    /// For whom.
    pub customer: Customer,
    /// The channels, usable ones first.
    pub choices: Vec<ChannelChoice>,
    /// The channel that is selected.
    pub selected: usize,
    /// The purpose that is selected, among [`Place::purposes`](super::Place::purposes).
    pub purpose: usize,
    /// The act under way; its key is dead until it is answered.
    pub sending: Option<EffectId>,
    /// The customer's code that is still open, when the clerk came back from it.
    pub open: Option<Box<Request>>,
    /// The clerk only looks for another contact: going back leads to that code.
    pub aside: bool,
    /// The customer is being read again.
    pub reading: Option<EffectId>,
    /// They may have changed since that was asked for.
    pub stale: bool,
}

/// Step three.
#[derive(Debug)]
pub struct Entry {
    /// Of whom.
    pub customer: Customer,
    /// The channels, for another contact.
    pub choices: Vec<ChannelChoice>,
    /// The purpose, among [`Place::purposes`](super::Place::purposes).
    pub purpose: usize,
    /// The request as last seen.
    pub request: Request,
    /// The digits typed so far: never more than a code has.
    pub typed: TypedCode,
    /// The verification under way; the boxes are dead until it is answered.
    pub verifying: Option<EffectId>,
    /// The resend or the cancellation under way.
    pub acting: Option<EffectId>,
    /// The hand-over of the message under way.
    pub delivering: Option<EffectId>,
    /// The re-reading of the request under way.
    pub reading: Option<EffectId>,
    /// Something changed while it could not be read: read again.
    pub stale: bool,
    /// The last code that was wrong, or the last request that was refused, said that the
    /// customer is locked.
    pub customer_locked: bool,
    /// How the last code ended; none while there was none since the last send.
    pub last: Option<Outcome>,
}

impl Entry {
    /// Whether it is the customer who is locked: then every request is, whatever tries
    /// it has left.
    pub fn is_customer_locked(&self) -> bool {
        let is_locked = self.request.status == Status::Locked;
        is_locked && (self.customer_locked || self.request.attempts_left() > 0)
    }

    /// The place of the first choice by which a code can be sent to another contact.
    pub fn other_choice(&self, now: Timestamp) -> Option<usize> {
        let current = self.request.channel;
        self.choices.iter().position(|it| it.is_usable(now) && it.channel != current)
    }

    /// Until when another code has to wait, as far as this request tells. One that was
    /// replaced or withdrawn does not: another message counts, or another contact.
    pub fn waits_until(&self) -> Option<Timestamp> {
        let tells = match self.request.status {
            Status::Open | Status::Expired | Status::Verified => true,
            Status::Locked => !self.is_customer_locked(),
            Status::Superseded | Status::Cancelled => false,
        };
        tells.then_some(self.request.resend_at)
    }
}

/// Step four.
#[derive(Debug)]
pub struct Verified {
    /// Who was verified.
    pub customer: Customer,
    /// The session as last seen.
    pub session: Session,
    /// Its secret.
    pub token: SessionToken,
    /// What the office has on the customer; none until it was read.
    pub account: Option<Account>,
    /// Lines scrolled down.
    pub scroll: u16,
    /// The reading of the account under way.
    pub reading: Option<EffectId>,
    /// The prolonging or the re-reading of the session under way.
    pub touching: Option<EffectId>,
    /// Something changed while the session was being asked about: ask again.
    pub stale: bool,
    /// When the session was last prolonged.
    pub touched: Now,
    /// When it was last asked about.
    pub checked: Now,
    /// The logout under way.
    pub leaving: Option<EffectId>,
}
