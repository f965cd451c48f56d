//! The outbox: messages that are still to be sent or asked about, shared by all
//! terminals.
//!
//! One terminal owns the lease of an outbox message. The terminal that asked for the
//! code has it first; afterwards whoever claims the message when it is due. A lease
//! ends by itself, so that the messages of a terminal that died become free.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::circuit_breaker::{ProviderSlot, SendExperience};
use crate::domain::code_binding::{BindingVersion, CodeBinding};
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::DeliveryId;
use crate::domain::delivery_retry::{NextStep, OutboxTask};
use crate::domain::event::Actor;
use crate::domain::explanation::Explanation;
use crate::domain::representative::StandsHere;
use crate::domain::request::{Reference, RequestId};
use crate::domain::seal::Sealed;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The outbox of the office. `owner` names the terminal that owns the lease or asks for it.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// The outbox message of a delivery whose lease this terminal owns, where nobody
    /// has claimed the send yet.
    async fn claimed_message(
        &self,
        delivery: DeliveryId,
        owner: &str,
    ) -> Result<Option<OutboxMessage>, StoreError>;
    /// Claims up to `most` messages that are due and meant for one of these providers, by
    /// their fingerprints; also ones for others whose codes have expired, to be given up.
    async fn claim_due(
        &self,
        owner: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError>;
    /// How long until the next message is due; `None` where the outbox has none for
    /// these providers.
    async fn next_due(
        &self,
        owner: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError>;
    /// Ends this terminal's lease, so that any other can claim the message.
    async fn release_lease(&self, message: &OutboxMessage, owner: &str) -> Result<(), StoreError>;
    /// Extends the lease by as long as a send may take to begin; false where this
    /// terminal does not own it any more.
    async fn extend_lease(&self, message: &OutboxMessage, owner: &str) -> Result<bool, StoreError>;
    /// Claims the sends of messages by these provider slots; tells for each whether
    /// this terminal may send. It may not where another one owns the lease by now, or
    /// the code is no longer wanted.
    async fn claim_send(
        &self,
        messages: &[(&OutboxMessage, ProviderSlot)],
        owner: &str,
    ) -> Result<Vec<bool>, StoreError>;
    /// Gives a send claim back that was not used, since the sender stopped waiting for
    /// it.
    async fn release_send_claim(
        &self,
        message: &OutboxMessage,
        owner: &str,
    ) -> Result<(), StoreError>;
    /// Makes a message due after `wait`, with the reason, without counting an attempt.
    async fn reschedule(
        &self,
        message: &OutboxMessage,
        owner: &str,
        wait: Duration,
        reason: &Explanation,
        actor: &Actor,
    ) -> Result<(), StoreError>;
    /// Writes what came of messages and what is next; repeated, it is written once.
    async fn complete(&self, outcomes: &[MessageOutcome<'_>]) -> Result<(), StoreError>;
}

/// An outbox message with all that is needed to send it or to ask about it.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// The delivery it belongs to.
    pub delivery: DeliveryId,
    /// What is to be done.
    pub task: OutboxTask,
    /// The request it belongs to.
    pub request: RequestId,
    /// Which code of the request; the first is 1.
    pub generation: u32,
    /// What the verification is for.
    pub purpose: String,
    /// The reference in the message.
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
    /// The contact of the customer's record of now, as it is written there.
    pub contact_on_file: Option<String>,
    /// Through which provider it goes or went last.
    pub provider: String,
    /// The fingerprint of the provider that it is meant for.
    pub fingerprint: String,
    /// The provider slot it goes or went last by.
    pub slot: ProviderSlot,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    /// The code, as long as it may have to be sent.
    pub sealed: Option<Sealed>,
    /// The form of the binding of its seal.
    pub binding_version: BindingVersion,
    /// The customer's account number.
    pub account_no: String,
    /// Who gets it in the place of the holder.
    pub representative: Option<StandsHere>,
    /// Whether the message and its request say the same of the code, and the form of its
    /// binding is one that still counts.
    pub is_consistent: bool,
    /// Whether the store is marked as one of real customers.
    pub is_production: bool,
    /// The name of the key it is sealed with.
    pub key_id: String,
    /// Attempts to send it so far.
    pub tries: u32,
    /// When the last attempt began, where its outcome is not known.
    pub begun_at: Option<Timestamp>,
    /// When the message was queued.
    pub asked_at: Timestamp,
    /// Until when the code works.
    pub useful_until: Timestamp,
    /// Whether a later code of the request supersedes it.
    pub is_superseded: bool,
    /// How long until it is due.
    pub wait: Duration,
    /// The store's clock when this was read.
    pub now: Timestamp,
}

impl OutboxMessage {
    /// What the sealed code is bound to.
    pub fn binding(&self) -> CodeBinding {
        CodeBinding {
            customer: self.customer,
            account_no: self.account_no.clone(),
            purpose: self.purpose.clone(),
            request: self.request.clone(),
            generation: self.generation,
            channel: self.slot.channel,
            contact: self.contact.as_str().to_owned(),
            expires_at: self.useful_until,
            representative: self.representative.as_ref().map(|it| it.id.clone()),
        }
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
    /// The lease owner.
    pub owner: &'a str,
    /// The provider slot it went by.
    pub slot: ProviderSlot,
    /// Through which provider.
    pub provider: &'a str,
    /// What is known now, and what comes next.
    pub step: &'a NextStep,
    /// Whether this terminal has the send claim. Without it, it must not undo what
    /// another terminal began meanwhile.
    pub has_claim: bool,
    /// What it says about the provider's health; `None` where nothing was sent.
    pub experience: Option<SendExperience>,
    /// Who acts, and where.
    pub actor: &'a Actor,
}
