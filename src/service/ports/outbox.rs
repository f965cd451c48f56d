//! What is still to be done for messages, shared by all terminals.
//!
//! Each thing to do is a message. A terminal holds the one of the code that it
//! asked for itself, and takes others when their time has come and nobody else
//! has them. A message is held for a while only: of a terminal that died it is
//! free again by itself.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot, SendExperience};
use crate::domain::code::CodeBinding;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::DeliveryId;
use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::domain::event::Actor;
use crate::domain::outbox::{NextStep, OutboxTask};
use crate::domain::policy::{RateLimit, RateLimits};
use crate::domain::request::{Reference, RequestId};
use crate::domain::seal::Sealed;
use crate::domain::time::Timestamp;
use crate::service::ports::{NewEvent, StoreError};

/// Something to be done for a message, with all that is needed for it.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// The message.
    pub delivery: DeliveryId,
    /// What is to be done.
    pub task: OutboxTask,
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
    pub line: ProviderSlot,
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

impl OutboxMessage {
    /// What the sealed code is bound to.
    pub fn binding(&self) -> CodeBinding<'_> {
        CodeBinding { purpose: &self.purpose, request: &self.request, generation: self.generation }
    }

    /// How long the code still works.
    pub fn left(&self) -> Duration {
        self.useful_until.since(self.now)
    }
}

/// What came of a message.
#[derive(Clone, Copy, Debug)]
pub struct MessageOutcome<'a> {
    /// The message as it was taken.
    pub message: &'a OutboxMessage,
    /// Who did it.
    pub holder: &'a str,
    /// By which line.
    pub line: ProviderSlot,
    /// Through which provider.
    pub provider: &'a str,
    /// What is known now, and what comes next.
    pub step: &'a NextStep,
    /// Whether this terminal began the hand-over. Who did not must not undo what
    /// was begun meanwhile.
    pub begun: bool,
    /// What it tells of the line; none where nothing was handed over.
    pub experience: Option<SendExperience>,
    /// Who acts, and where.
    pub actor: &'a Actor,
}

/// A message without a code that is about to be sent.
#[derive(Clone, Debug)]
pub struct TestSend<'a> {
    /// The name of this very act.
    pub act: &'a str,
    /// Where it goes.
    pub contact: &'a Contact,
    /// How many messages an hour there may be.
    pub limits: &'a RateLimits,
    /// Its entry in the log.
    pub event: NewEvent<'a>,
}

/// Why none may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestSendRefusal {
    /// The limit that is reached.
    pub limit: RateLimit,
    /// When there is room again.
    pub retry_at: Timestamp,
}

/// The outbox of the office.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The message of a message that this terminal holds and has not begun.
    async fn claimed_message(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<OutboxMessage>, StoreError>;
    /// Takes up to `most` messages whose time has come and that go through one of
    /// these providers, for a while.
    async fn claim_due(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError>;
    /// How long until there is one to take; none where there is nothing to do.
    async fn next_due(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError>;
    /// Leaves a message to the other terminals, since this one cannot do it.
    async fn release_lease(&self, message: &OutboxMessage, holder: &str) -> Result<(), StoreError>;
    /// Holds a message for as long as handing it over may take to begin; false
    /// where it is not this terminal's any more.
    async fn extend_lease(&self, message: &OutboxMessage, holder: &str)
    -> Result<bool, StoreError>;
    /// Writes down that hand-overs begin, and by which lines; gives for each
    /// whether it does. Where somebody else has the message by now, or nobody wants
    /// it any more, it does not.
    async fn claim_send(
        &self,
        messages: &[(&OutboxMessage, ProviderSlot)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError>;
    /// Takes back that a hand-over began, since who asked for the word did not wait
    /// for it and makes none.
    async fn release_send_claim(
        &self,
        message: &OutboxMessage,
        holder: &str,
    ) -> Result<(), StoreError>;
    /// Leaves a message waiting for so long without a try, with the reason.
    async fn reschedule(
        &self,
        message: &OutboxMessage,
        holder: &str,
        wait: Duration,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), StoreError>;
    /// Writes down what came of messages and what is next; told again, once.
    async fn complete(&self, outcomes: &[MessageOutcome<'_>]) -> Result<(), StoreError>;
    /// How the providers do, and the store's clock.
    async fn circuit_breakers(&self) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError>;
    /// Lets one message find out whether a line works again whose pause is over;
    /// for the others it stays down meanwhile. False where another one does.
    async fn try_probe(&self, line: ProviderSlot) -> Result<bool, StoreError>;
    /// Counts a test message and writes its entry, before it is sent; says why it
    /// may not be.
    async fn record_test_send(
        &self,
        trial: TestSend<'_>,
    ) -> Result<Option<TestSendRefusal>, StoreError>;
    /// The newest messages of so long, at most so many of them.
    async fn delivery_samples(
        &self,
        within: Duration,
        most: u32,
    ) -> Result<Vec<DeliverySample>, StoreError>;
    /// What waits to be handed over.
    async fn queue_stats(&self) -> Result<QueueStats, StoreError>;
}
