//! What is still to be done for messages, shared by all terminals.
//!
//! Each thing to do is an errand. A terminal holds the one of the code that it
//! asked for itself, and takes others when their time has come and nobody else
//! has them. An errand is held for a while only: of a terminal that died it is
//! free again by itself.

use std::time::Duration;

use async_trait::async_trait;

use super::{NewEvent, StoreError};
use crate::domain::code::Binding;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::DeliveryId;
use crate::domain::event::Actor;
use crate::domain::figures::{Queue, Sample};
use crate::domain::line::{Experience, Health, Line};
use crate::domain::outbox::{Step, Task};
use crate::domain::policy::{Limit, SendLimits};
use crate::domain::request::{Reference, RequestId};
use crate::domain::seal::Sealed;
use crate::domain::time::Timestamp;

/// Something to be done for a message, with all that is needed for it.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The message.
    pub delivery: DeliveryId,
    /// What is to be done.
    pub task: Task,
    /// The request it belongs to.
    pub request: RequestId,
    /// Which code of the request; the first is 1.
    pub generation: u32,
    /// What the verification is for.
    pub purpose: String,
    /// The word in the message.
    pub reference: Reference,
    /// Whom it is for.
    pub customer: CustomerId,
    /// The customer's name.
    pub customer_name: String,
    /// The customer's language.
    pub locale: Option<String>,
    /// The counter at which the customer stands.
    pub counter: String,
    /// Where it goes.
    pub contact: Contact,
    /// By which line it goes or went last.
    pub line: Line,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    /// The code, as long as it may have to be sent.
    pub sealed: Option<Sealed>,
    /// The name of the key it is sealed with.
    pub key_id: String,
    /// Hand-overs begun so far.
    pub tries: u32,
    /// When the last of them began, where nobody has said what came of it.
    pub begun_at: Option<Timestamp>,
    /// When the message was first handed over.
    pub asked_at: Timestamp,
    /// Until when the code works.
    pub useful_until: Timestamp,
    /// A later code of the request took its place.
    pub is_outdated: bool,
    /// How long before it is this terminal's turn, or anybody's.
    pub wait: Duration,
    /// The store's clock when this was read.
    pub now: Timestamp,
}

impl Errand {
    /// What the sealed code is bound to.
    pub fn binding(&self) -> Binding<'_> {
        Binding { purpose: &self.purpose, request: &self.request, generation: self.generation }
    }

    /// How long the code still works.
    pub fn left(&self) -> Duration {
        self.useful_until.since(self.now)
    }
}

/// What came of an errand.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The errand as it was taken.
    pub errand: &'a Errand,
    /// Who did it.
    pub holder: &'a str,
    /// By which line.
    pub line: Line,
    /// Through which provider.
    pub provider: &'a str,
    /// What is known now, and what comes next.
    pub step: &'a Step,
    /// Whether this terminal began the hand-over. Who did not must not undo what
    /// was begun meanwhile.
    pub begun: bool,
    /// What it tells of the line; none where nothing was handed over.
    pub experience: Option<Experience>,
    /// Who acts, and where.
    pub actor: &'a Actor,
}

/// A message without a code that is about to be sent.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    /// The name of this very act.
    pub act: &'a str,
    /// Where it goes.
    pub contact: &'a Contact,
    /// How many messages an hour there may be.
    pub limits: &'a SendLimits,
    /// Its entry in the log.
    pub event: NewEvent<'a>,
}

/// Why none may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialRefusal {
    /// The limit that is reached.
    pub limit: Limit,
    /// When there is room again.
    pub retry_at: Timestamp,
}

/// The outbox of the office.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The errand of a message that this terminal holds and has not begun.
    async fn errand(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<Errand>, StoreError>;
    /// Takes up to `most` errands whose time has come and that go through one of
    /// these providers, for a while.
    async fn take(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Errand>, StoreError>;
    /// How long until there is one to take; none where there is nothing to do.
    async fn next_errand(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError>;
    /// Leaves an errand to the other terminals, since this one cannot do it.
    async fn release(&self, errand: &Errand, holder: &str) -> Result<(), StoreError>;
    /// Holds an errand for as long as handing it over may take to begin; false
    /// where it is not this terminal's any more.
    async fn hold(&self, errand: &Errand, holder: &str) -> Result<bool, StoreError>;
    /// Writes down that hand-overs begin, and by which lines; gives for each
    /// whether it does. Where somebody else has the errand by now, or nobody wants
    /// it any more, it does not.
    async fn begin(
        &self,
        errands: &[(&Errand, Line)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError>;
    /// Takes back that a hand-over began, since who asked for the word did not wait
    /// for it and makes none.
    async fn take_back(&self, errand: &Errand, holder: &str) -> Result<(), StoreError>;
    /// Leaves a message waiting for so long without a try, with the reason.
    async fn postpone(
        &self,
        errand: &Errand,
        holder: &str,
        wait: Duration,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), StoreError>;
    /// Writes down what came of errands and what is next; told again, once.
    async fn conclude(&self, outcomes: &[Outcome<'_>]) -> Result<(), StoreError>;
    /// How the providers do, and the store's clock.
    async fn lines(&self) -> Result<(Timestamp, Vec<Health>), StoreError>;
    /// Lets one message find out whether a line works again whose pause is over;
    /// for the others it stays down meanwhile. False where another one does.
    async fn try_line(&self, line: Line) -> Result<bool, StoreError>;
    /// Counts a test message and writes its entry, before it is sent; says why it
    /// may not be.
    async fn begin_trial(&self, trial: Trial<'_>) -> Result<Option<TrialRefusal>, StoreError>;
    /// The newest messages of so long, at most so many of them.
    async fn samples(&self, within: Duration, most: u32) -> Result<Vec<Sample>, StoreError>;
    /// What waits to be handed over.
    async fn queue(&self) -> Result<Queue, StoreError>;
}
