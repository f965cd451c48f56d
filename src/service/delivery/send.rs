//! Working on one outbox message: sending it, or asking its provider about it, and writing
//! what came of it.
//!
//! Several terminals may connect and log in for the same message; right before the step
//! that cannot be undone, the store grants the send claim to one of them.

use std::time::{Duration, Instant};

use crate::domain::circuit_breaker::{ProviderSlot, SendExperience};
use crate::domain::contact::{Contact, EmailAddress, PhoneNumber};
use crate::domain::delivery::{
    DeliveryId, DeliveryState, FailureClass, MessageTrace, SendReport, TRAY,
};
use crate::domain::delivery_retry::{self, MessageStanding, NextStep, OutboxTask};
use crate::domain::event::without_terminal;
use crate::domain::explanation::Explanation;
use crate::domain::message::{MessageFacts, Outgoing};
use crate::domain::message_id;
use crate::domain::timing::MIN_USEFUL_VALIDITY;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::delivery::routing::Choice;
use crate::service::delivery::send_claim::{ClaimAnswer, SendClaim};
use crate::service::ports::outbox::{MessageOutcome, OutboxMessage};
use crate::service::{Desk, DeskError};

/// How often a message is tried at once where another provider is available.
const IMMEDIATE_ATTEMPTS: usize = 2;

/// What came of working on a message.
pub(in crate::service) enum RunOutcome {
    /// It is still to be written.
    Ended(Completion),
    /// It was rescheduled.
    Rescheduled(NextStep),
    /// This terminal does not own it, or cannot work on it.
    Released,
}

/// What is to be written about a message.
pub(in crate::service) struct Completion {
    slot: ProviderSlot,
    pub(in crate::service) step: NextStep,
    has_claim: bool,
    experience: Option<SendExperience>,
}

impl Desk {
    /// Sends the message of a code that this terminal has just asked for, where it still
    /// owns the lease; returns its state. A message that must wait is retried by whichever
    /// terminal is there.
    pub async fn deliver(&self, delivery: DeliveryId) -> Result<Option<SendReport>, DeskError> {
        let mut last = None;
        for _ in 0..IMMEDIATE_ATTEMPTS {
            let message =
                self.retry(|| self.store.claimed_message(delivery, &self.lease_owner)).await?;
            let Some(message) = message else { break };
            let breakers = self.breakers_with_retry().await?;
            let step = match self.run(&message, &breakers).await? {
                RunOutcome::Ended(completion) => {
                    self.complete(&[(&message, &completion)]).await?;
                    completion.step
                }
                RunOutcome::Rescheduled(step) => step,
                RunOutcome::Released => break,
            };
            let again = matches!(step.next, Some((OutboxTask::Send, Duration::ZERO)));
            last = Some(step.report);
            if !again {
                break;
            }
        }
        Ok(last)
    }

    /// As [`Self::deliver`]; a message that must wait is retried here for up to
    /// `max_elapsed`.
    pub async fn deliver_within(
        &self,
        delivery: DeliveryId,
        max_elapsed: Duration,
    ) -> Result<Option<SendReport>, DeskError> {
        let started = Instant::now();
        loop {
            let report = self.deliver(delivery).await?;
            let waits = report.as_ref().is_some_and(|it| it.state == DeliveryState::Queued);
            if !waits {
                return Ok(report);
            }
            let message =
                self.retry(|| self.store.claimed_message(delivery, &self.lease_owner)).await?;
            let wait = message.map(|message| message.wait);
            match wait.filter(|wait| started.elapsed() + *wait < max_elapsed) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(report),
            }
        }
    }

    /// Works on a message.
    pub(in crate::service) async fn run(
        &self,
        message: &OutboxMessage,
        breakers: &BreakerSnapshot,
    ) -> Result<RunOutcome, DeskError> {
        match message.task {
            // Only a terminal with the same provider can find out what became of it.
            OutboxTask::Send if message.begun_at.is_some() => {
                if self.senders.behind(message.slot).is_none() {
                    return self.release(message).await;
                }
                let step = delivery_retry::after_vanishing(self.standing(message, message.slot));
                Ok(self.unsent(message, step))
            }
            // Nobody who has its provider was there in time.
            OutboxTask::Send if !self.fingerprints.has(&message.fingerprint) => {
                if message.left().is_zero() {
                    return Ok(self.given_up(message, &ELSEWHERE.into()));
                }
                self.release(message).await
            }
            OutboxTask::Send => self.send(message, breakers).await,
            OutboxTask::Settle | OutboxTask::Follow => self.ask_about(message).await,
        }
    }

    async fn send(
        &self,
        message: &OutboxMessage,
        breakers: &BreakerSnapshot,
    ) -> Result<RunOutcome, DeskError> {
        if is_too_late(message) {
            return Ok(self.given_up(message, &TOO_LATE.into()));
        }
        if message.sealed.is_none() {
            return Ok(self.given_up(message, &CANCELLED.into()));
        }
        if let Some(why) = self.why_not_sent(message) {
            return Ok(self.given_up(message, &why.into()));
        }
        let (slot, is_probe) = match self.choose(message, breakers).await? {
            Choice::Slot { slot, is_probe } => (slot, is_probe),
            Choice::Wait(wait, why) => return self.reschedule(message, wait, &why).await,
            Choice::Nobody => return self.release(message).await,
        };
        let Some(sender) = self.senders.behind(slot) else { return self.release(message).await };
        let outgoing = match self.outgoing(message) {
            Ok(message) => message,
            Err(UnsealError::Elsewhere) => return self.release(message).await,
            Err(UnsealError::Broken) => return Ok(self.given_up(message, &BROKEN.into())),
        };
        let claim = SendClaim::new(self, message, slot);
        let since = Instant::now();
        let report = claim.extending_lease(sender.send_guarded(&outgoing, &claim)).await;
        let took = since.elapsed();
        let (report, has_claim, experience) = match claim.answer() {
            Some(ClaimAnswer::Granted) => {
                let experience = experience(&report, took, is_probe);
                (report, true, experience)
            }
            // Nothing was sent; if the claim was granted all the same, it is undone.
            Some(ClaimAnswer::Unanswered) => (store_gave_no_answer(), true, None),
            // The sender failed before it asked for the claim, for a reason of its own.
            None if report.fault.is_some() => {
                let experience = experience(&report, took, is_probe);
                (report, false, experience)
            }
            Some(ClaimAnswer::Refused) | None => return Ok(RunOutcome::Released),
        };
        let mut standing = self.standing(message, slot);
        standing.tries += 1;
        standing.left = standing.left.saturating_sub(took);
        let step = self.with_jitter(delivery_retry::after_sending(report, standing));
        Ok(RunOutcome::Ended(Completion { slot, step, has_claim, experience }))
    }

    /// Why a message is not sent as it is: the contact and its country are checked again, since
    /// the record and the office's rules may have changed after the code was asked for.
    fn why_not_sent(&self, message: &OutboxMessage) -> Option<&'static str> {
        let phones = &self.office.phones;
        let raw = message.contact_on_file.as_deref().unwrap_or_default();
        let on_file = match &message.contact {
            Contact::Email(_) => EmailAddress::parse(raw).map(Contact::Email).ok(),
            Contact::Phone(_) => {
                PhoneNumber::parse(raw, &phones.default_country).map(Contact::Phone).ok()
            }
        };
        let channel = message.slot.channel;
        let slots = [ProviderSlot::main(channel), ProviderSlot::fallback(channel)];
        match &message.contact {
            _ if !message.is_consistent => Some(BROKEN),
            Contact::Phone(number) if phones.check(number, channel).is_err() => Some(COUNTRY),
            // It went to the contact of its own record, which the code is bound to.
            _ if message.representative.is_some() => None,
            contact if on_file.is_none_or(|it| !it.is_same(contact)) => Some(CONTACT_CHANGED),
            _ if slots.iter().all(|slot| !self.may_serve(*slot, message.is_production)) => {
                Some(TRAY_IN_PRODUCTION)
            }
            _ => None,
        }
    }

    /// Whether the office has a provider in this slot that may serve: in a store of real
    /// customers a tray may not.
    pub(in crate::service) fn may_serve(&self, slot: ProviderSlot, is_production: bool) -> bool {
        let sender = self.senders.behind(slot);
        sender.is_some_and(|it| !is_production || it.provider() != TRAY)
    }

    async fn ask_about(&self, message: &OutboxMessage) -> Result<RunOutcome, DeskError> {
        let standing = self.standing(message, message.slot);
        let Some(sender) = self.senders.behind(message.slot) else {
            return self.release(message).await;
        };
        if message.is_superseded && message.task == OutboxTask::Settle {
            // The provider would be asked by a reference that now belongs to the later
            // message.
            let report =
                SendReport { state: DeliveryState::Unknown, ..SendReport::not_sent(REPLACED) };
            return Ok(self.unsent(message, NextStep { report, next: None }));
        }
        let answer = sender
            .ask(&MessageTrace {
                provider_id: message.provider_id.clone(),
                to: message.contact.clone(),
                reference: message.reference.clone(),
                begun_at: message.begun_at.unwrap_or(message.asked_at),
            })
            .await;
        let step = match message.task {
            OutboxTask::Settle => delivery_retry::after_settling(answer, standing),
            OutboxTask::Send | OutboxTask::Follow => delivery_retry::after_asking(answer, standing),
        };
        let step = match (step.next, &message.sealed) {
            // The code was withdrawn meanwhile.
            (Some((OutboxTask::Send, _)), None) => {
                NextStep { report: SendReport::not_sent(CANCELLED), next: None }
            }
            _ => step,
        };
        let experience = late_experience(&step.report, standing.age);
        let step = self.with_jitter(step);
        let slot = message.slot;
        Ok(RunOutcome::Ended(Completion { slot, step, has_claim: false, experience }))
    }

    async fn reschedule(
        &self,
        message: &OutboxMessage,
        wait: Duration,
        why: &Explanation,
    ) -> Result<RunOutcome, DeskError> {
        if wait + MIN_USEFUL_VALIDITY >= message.left() {
            return Ok(self.given_up(message, why));
        }
        let (owner, actor) = (&*self.lease_owner, &self.actor);
        self.retry(|| self.store.reschedule(message, owner, wait, why, actor)).await?;
        let report =
            SendReport { state: DeliveryState::Queued, ..SendReport::not_sent(why.clone()) };
        Ok(RunOutcome::Rescheduled(NextStep { report, next: Some((OutboxTask::Send, wait)) }))
    }

    /// Leaves a message to other terminals.
    pub(in crate::service) async fn release(
        &self,
        message: &OutboxMessage,
    ) -> Result<RunOutcome, DeskError> {
        self.retry(|| self.store.release_lease(message, &self.lease_owner)).await?;
        Ok(RunOutcome::Released)
    }

    fn given_up(&self, message: &OutboxMessage, why: &Explanation) -> RunOutcome {
        self.unsent(message, NextStep { report: SendReport::not_sent(why.clone()), next: None })
    }

    /// The completion of a message that was not sent.
    fn unsent(&self, message: &OutboxMessage, step: NextStep) -> RunOutcome {
        let step = self.with_jitter(step);
        RunOutcome::Ended(Completion {
            slot: message.slot,
            step,
            has_claim: false,
            experience: None,
        })
    }

    /// Writes what came of messages.
    pub(in crate::service) async fn complete(
        &self,
        unsent: &[(&OutboxMessage, &Completion)],
    ) -> Result<(), DeskError> {
        let outcomes = unsent.iter().map(|(message, completion)| MessageOutcome {
            message,
            owner: &self.lease_owner,
            slot: completion.slot,
            provider: self.provider_of(message, completion.slot),
            step: &completion.step,
            has_claim: completion.has_claim,
            experience: completion.experience,
            actor: &self.actor,
        });
        let outcomes: Vec<_> = outcomes.collect();
        Ok(self.retry(|| self.store.complete(&outcomes)).await?)
    }

    fn provider_of<'a>(&self, message: &'a OutboxMessage, slot: ProviderSlot) -> &'a str {
        if !self.fingerprints.has(&message.fingerprint) {
            return &message.provider;
        }
        self.senders.behind(slot).map_or("none", |it| it.provider())
    }

    fn with_jitter(&self, mut step: NextStep) -> NextStep {
        step.next = step.next.map(|(task, wait)| (task, self.jittered(wait)));
        step
    }

    /// Jitter: up to a quarter longer. What failed at the same moment should not come back
    /// all at once.
    pub(in crate::service) fn jittered(&self, wait: Duration) -> Duration {
        let quarter = u64::try_from(wait.as_millis() / 4).unwrap_or(u64::MAX);
        let more = if quarter == 0 { Ok(0) } else { self.random.below(quarter) };
        wait + Duration::from_millis(more.unwrap_or(0))
    }

    fn standing(&self, message: &OutboxMessage, slot: ProviderSlot) -> MessageStanding {
        let route = self.senders.of(message.slot.channel);
        let age = message.now.since(message.begun_at.unwrap_or(message.now));
        MessageStanding {
            tries: message.tries,
            age,
            left: message.left(),
            can_tell: self.senders.behind(slot).is_some_and(|sender| sender.can_tell()),
            has_other: route.is_some_and(|route| route.fallback.is_some()),
        }
    }

    /// The message with its code in clear.
    fn outgoing(&self, message: &OutboxMessage) -> Result<Outgoing, UnsealError> {
        let sealed = message.sealed.as_ref().ok_or(UnsealError::Broken)?;
        let keyring = self.keyring_with(&message.key_id);
        // A terminal that has the key claims the message when this one lets it go.
        let key = keyring.get(&message.key_id).map_err(|error| {
            tracing::warn!(%error, "a message is left to another terminal");
            UnsealError::Elsewhere
        })?;
        let code =
            sealed.open(message.binding_version, &message.binding(), key).map_err(|error| {
                tracing::error!(%error, request = %message.request, "a message cannot be sent");
                UnsealError::Broken
            })?;
        let holder = &message.customer_name;
        let (customer, purpose) = match &message.representative {
            None => (holder.clone(), message.purpose.clone()),
            Some(it) => (it.name.clone(), format!("{}, for {holder}", message.purpose)),
        };
        Ok(Outgoing {
            to: message.contact.clone(),
            idempotency: format!("{}-{}", message.request, message.generation),
            message_id: message_id::local_part(key, &message.request, message.generation),
            generation: message.generation,
            at: message.asked_at,
            facts: MessageFacts {
                office: self.office.name.clone(),
                counter: without_terminal(&message.counter).to_owned(),
                customer,
                purpose,
                reference: message.reference.clone(),
                code,
                minutes: minutes(message.left()),
                locale: message.locale.clone(),
            },
        })
    }
}

const TOO_LATE: &str = "The message could not be sent while its code was of use.";
const CANCELLED: &str = "The code was cancelled before its message could be sent.";
const REPLACED: &str = "A later code took its place; nobody asks about this one any more.";
const BROKEN: &str = "The stored code could not be read. Ask for a new one.";
const COUNTRY: &str = "The office does not send to numbers of that country or type.";
const CONTACT_CHANGED: &str = "\
    The contact on file is not the one for which the code was asked. Ask for a new one.";
const ELSEWHERE: &str = "\
    No desk was there whose provider is the one for which the message waited: the provider, its \
    server or its account was changed in the configuration. Ask for a new code.";
/// What the owner of the store said of it.
pub(in crate::service) const TRAY_IN_PRODUCTION: &str = "\
    The store is marked as one of real customers, and this desk has nothing but a tray.";

/// Why a message cannot be composed.
enum UnsealError {
    /// Its key is not in this terminal's key file.
    Elsewhere,
    /// The sealed code cannot be opened.
    Broken,
}

/// What a report says about the provider. A provider that refuses a message or a recipient
/// works; a recipient who gets nothing now may be the only one. An office account that the
/// provider refuses is as bad as an outage: messages go by the fallback until it is
/// accepted again, and admins see it among the providers.
const fn experience(report: &SendReport, took: Duration, is_probe: bool) -> Option<SendExperience> {
    match report.fault {
        None
        | Some(
            FailureClass::Recipient(_)
            | FailureClass::Message
            | FailureClass::Unclassified
            | FailureClass::Office { every: false },
        ) if is_probe => Some(SendExperience::ProbeAnswered(took)),
        None
        | Some(
            FailureClass::Recipient(_)
            | FailureClass::Message
            | FailureClass::Unclassified
            | FailureClass::Office { every: false },
        ) => Some(SendExperience::Answered(took)),
        Some(FailureClass::Passing) => None,
        Some(
            FailureClass::Office { every: true }
            | FailureClass::Provider { .. }
            | FailureClass::Unknown,
        ) if is_probe => Some(SendExperience::ProbeFailed),
        Some(
            FailureClass::Office { every: true }
            | FailureClass::Provider { .. }
            | FailureClass::Unknown,
        ) => Some(SendExperience::Failed),
    }
}

/// How long a network may take to refuse what a provider passed on to it.
const NETWORK_VERDICT: Duration = Duration::from_secs(20);

/// What a provider's later report about a message of this age says about it. An account that
/// it refuses is known only then for some reasons (an unregistered number, a suspension), and
/// each message would be lost that way. A network that does not confirm counts as one that
/// took the message after a while.
fn late_experience(report: &SendReport, age: Duration) -> Option<SendExperience> {
    match (report.state, report.fault) {
        (_, Some(FailureClass::Office { every: true })) => Some(SendExperience::FailedLate),
        (DeliveryState::Delivered | DeliveryState::Read, None) => Some(SendExperience::Confirmed),
        (DeliveryState::Forwarded, None) if age >= NETWORK_VERDICT => {
            Some(SendExperience::Confirmed)
        }
        _ => None,
    }
}

/// Whether the customer could no longer use the code. A code with a very short validity is
/// sent at once or not at all.
fn is_too_late(message: &OutboxMessage) -> bool {
    let whole = message.useful_until.since(message.asked_at);
    message.left().is_zero()
        || message.left() < MIN_USEFUL_VALIDITY && whole > MIN_USEFUL_VALIDITY * 2
}

fn store_gave_no_answer() -> SendReport {
    SendReport {
        state: DeliveryState::Failed,
        fault: Some(FailureClass::Provider { retry_after: None }),
        ..SendReport::not_sent("The store gave no answer; the message was not sent yet.")
    }
}

/// Whole minutes for the text of the message, rounded, at least one.
fn minutes(left: Duration) -> u64 {
    ((left.as_secs() + 30) / 60).max(1)
}
