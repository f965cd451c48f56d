//! Doing one message of the outbox: handing a message to its provider, or asking
//! the provider about it, and writing down what came of it.
//!
//! Everything before the hand-over (the connection, the login) several terminals
//! may do for one message; right before the step that cannot be taken back, the
//! store gives its word to one of them.

use std::time::{Duration, Instant};

use crate::domain::circuit_breaker::{ProviderSlot, SendExperience};
use crate::domain::delivery::{DeliveryId, DeliveryState, FailureClass, MessageTrace, SendReport};
use crate::domain::message::{MessageFacts, Outgoing};
use crate::domain::outbox::{self, MIN_USEFUL_VALIDITY, MessageStanding, NextStep, OutboxTask};
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::delivery::routing::Choice;
use crate::service::delivery::send_claim::{ClaimAnswer, SendClaim};
use crate::service::ports::outbox::{MessageOutcome, OutboxMessage};
use crate::service::{Desk, DeskError};

/// How often a message is tried at one go where another provider stands ready.
const IMMEDIATE_ATTEMPTS: usize = 2;

/// What came of a message.
pub(in crate::service) enum RunOutcome {
    /// It has to be written down.
    Ended(Completion),
    /// It waits, and that is written down.
    PutOff(NextStep),
    /// It is not this terminal's any more, or never was.
    Left,
}

/// What is to be written down of a message.
pub(in crate::service) struct Completion {
    line: ProviderSlot,
    pub(in crate::service) step: NextStep,
    begun: bool,
    experience: Option<SendExperience>,
}

impl Desk {
    /// Sends the message of a code that this terminal has just asked for, where
    /// it is still its to send; gives how far it has come. What has to wait is
    /// tried again by whichever terminal is there.
    pub async fn deliver(&self, delivery: DeliveryId) -> Result<Option<SendReport>, DeskError> {
        let mut last = None;
        for _ in 0..IMMEDIATE_ATTEMPTS {
            let message = self.retry(|| self.store.claimed_message(delivery, &self.holder)).await?;
            let Some(message) = message else { break };
            let lines = self.breakers_with_retry().await?;
            let step = match self.run(&message, &lines).await? {
                RunOutcome::Ended(conclusion) => {
                    self.conclude(&[(&message, &conclusion)]).await?;
                    conclusion.step
                }
                RunOutcome::PutOff(step) => step,
                RunOutcome::Left => break,
            };
            let again = matches!(step.next, Some((OutboxTask::Send, Duration::ZERO)));
            last = Some(step.report);
            if !again {
                break;
            }
        }
        Ok(last)
    }

    /// As [`Self::deliver`], and what has to wait is tried again here for so long.
    pub async fn deliver_within(
        &self,
        delivery: DeliveryId,
        patience: Duration,
    ) -> Result<Option<SendReport>, DeskError> {
        let begun = Instant::now();
        loop {
            let report = self.deliver(delivery).await?;
            let waits = report.as_ref().is_some_and(|it| it.state == DeliveryState::Queued);
            if !waits {
                return Ok(report);
            }
            let message = self.retry(|| self.store.claimed_message(delivery, &self.holder)).await?;
            let wait = message.map(|message| message.wait);
            match wait.filter(|wait| begun.elapsed() + *wait < patience) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(report),
            }
        }
    }

    /// Does a message.
    pub(in crate::service) async fn run(
        &self,
        message: &OutboxMessage,
        lines: &BreakerSnapshot,
    ) -> Result<RunOutcome, DeskError> {
        match message.task {
            // Only who has its provider can find out what became of it.
            OutboxTask::Send if message.begun_at.is_some() => {
                if self.senders.behind(message.line).is_none() {
                    return self.left(message).await;
                }
                let step = outbox::after_vanishing(self.standing(message, message.line));
                Ok(self.ended(message, step))
            }
            OutboxTask::Send => self.send(message, lines).await,
            OutboxTask::Settle | OutboxTask::Follow => self.ask_about(message).await,
        }
    }

    async fn send(
        &self,
        message: &OutboxMessage,
        lines: &BreakerSnapshot,
    ) -> Result<RunOutcome, DeskError> {
        if is_too_late(message) {
            return Ok(self.given_up(message, TOO_LATE));
        }
        if message.sealed.is_none() {
            return Ok(self.given_up(message, WITHDRAWN));
        }
        let (line, is_trial) = match self.choose(message, lines).await? {
            Choice::Slot { line, is_trial } => (line, is_trial),
            Choice::Wait(wait, why) => return self.put_off(message, wait, &why).await,
            Choice::Nobody => return self.left(message).await,
        };
        let Some(sender) = self.senders.behind(line) else { return self.left(message).await };
        let outgoing = match self.outgoing(message) {
            Ok(message) => message,
            Err(UnsealError::Elsewhere) => return self.left(message).await,
            Err(UnsealError::Broken) => return Ok(self.given_up(message, BROKEN)),
        };
        let turn = SendClaim::new(self, message, line);
        let since = Instant::now();
        let report = turn.during(sender.send_guarded(&outgoing, &turn)).await;
        let took = since.elapsed();
        let (report, begun, experience) = match turn.word() {
            Some(ClaimAnswer::Given) => {
                let experience = experience(&report, took, is_trial);
                (report, true, experience)
            }
            // Nothing was sent; where the word was given all the same, it is taken back.
            Some(ClaimAnswer::Unheard) => (waits_for_the_store(), true, None),
            // The sender failed before it came to ask: that is about the message and
            // not about whose turn it is.
            None if report.fault.is_some() => {
                let experience = experience(&report, took, is_trial);
                (report, false, experience)
            }
            Some(ClaimAnswer::Refused) | None => return Ok(RunOutcome::Left),
        };
        let mut standing = self.standing(message, line);
        standing.tries += 1;
        standing.left = standing.left.saturating_sub(took);
        let step = self.spread_out(outbox::after_sending(report, standing));
        Ok(RunOutcome::Ended(Completion { line, step, begun, experience }))
    }

    async fn ask_about(&self, message: &OutboxMessage) -> Result<RunOutcome, DeskError> {
        let standing = self.standing(message, message.line);
        let Some(sender) = self.senders.behind(message.line) else {
            return self.left(message).await;
        };
        if message.is_outdated && message.task == OutboxTask::Settle {
            // What it would be found by is the later message's word by now.
            let report =
                SendReport { state: DeliveryState::Unknown, ..SendReport::not_sent(REPLACED) };
            return Ok(self.ended(message, NextStep { report, next: None }));
        }
        let told = sender
            .ask(&MessageTrace {
                provider_id: message.provider_id.clone(),
                to: message.contact.clone(),
                reference: message.reference.clone(),
                begun_at: message.begun_at.unwrap_or(message.asked_at),
            })
            .await;
        let step = match message.task {
            OutboxTask::Settle => outbox::after_settling(told, standing),
            OutboxTask::Send | OutboxTask::Follow => outbox::after_asking(told, standing),
        };
        let step = match (step.next, &message.sealed) {
            // The code was withdrawn meanwhile.
            (Some((OutboxTask::Send, _)), None) => {
                NextStep { report: SendReport::not_sent(WITHDRAWN), next: None }
            }
            _ => step,
        };
        Ok(self.ended(message, step))
    }

    async fn put_off(
        &self,
        message: &OutboxMessage,
        wait: Duration,
        why: &str,
    ) -> Result<RunOutcome, DeskError> {
        if wait + MIN_USEFUL_VALIDITY >= message.left() {
            return Ok(self.given_up(message, why));
        }
        let (holder, actor) = (&*self.holder, &self.actor);
        self.retry(|| self.store.reschedule(message, holder, wait, why, actor)).await?;
        let report = SendReport { state: DeliveryState::Queued, ..SendReport::not_sent(why) };
        Ok(RunOutcome::PutOff(NextStep { report, next: Some((OutboxTask::Send, wait)) }))
    }

    /// Another terminal may be able to do it.
    pub(in crate::service) async fn left(
        &self,
        message: &OutboxMessage,
    ) -> Result<RunOutcome, DeskError> {
        self.retry(|| self.store.release_lease(message, &self.holder)).await?;
        Ok(RunOutcome::Left)
    }

    fn given_up(&self, message: &OutboxMessage, why: &str) -> RunOutcome {
        self.ended(message, NextStep { report: SendReport::not_sent(why), next: None })
    }

    /// It came to this without a hand-over.
    fn ended(&self, message: &OutboxMessage, step: NextStep) -> RunOutcome {
        let step = self.spread_out(step);
        RunOutcome::Ended(Completion { line: message.line, step, begun: false, experience: None })
    }

    /// Writes down what came of messages.
    pub(in crate::service) async fn conclude(
        &self,
        ended: &[(&OutboxMessage, &Completion)],
    ) -> Result<(), DeskError> {
        let outcomes = ended.iter().map(|(message, conclusion)| MessageOutcome {
            message,
            holder: &self.holder,
            line: conclusion.line,
            provider: self.senders.behind(conclusion.line).map_or("none", |it| it.provider()),
            step: &conclusion.step,
            begun: conclusion.begun,
            experience: conclusion.experience,
            actor: &self.actor,
        });
        let outcomes: Vec<_> = outcomes.collect();
        Ok(self.retry(|| self.store.complete(&outcomes)).await?)
    }

    fn spread_out(&self, mut step: NextStep) -> NextStep {
        step.next = step.next.map(|(task, wait)| (task, self.later(wait)));
        step
    }

    /// Up to a quarter later: what failed together shall not come back together.
    pub(in crate::service) fn later(&self, wait: Duration) -> Duration {
        let quarter = u64::try_from(wait.as_millis() / 4).unwrap_or(u64::MAX);
        let more = if quarter == 0 { Ok(0) } else { self.random.below(quarter) };
        wait + Duration::from_millis(more.unwrap_or(0))
    }

    fn standing(&self, message: &OutboxMessage, line: ProviderSlot) -> MessageStanding {
        let route = self.senders.of(message.line.channel);
        let age = message.now.since(message.begun_at.unwrap_or(message.now));
        MessageStanding {
            tries: message.tries,
            age,
            left: message.left(),
            can_tell: self.senders.behind(line).is_some_and(|sender| sender.can_tell()),
            has_other: route.is_some_and(|route| route.fallback.is_some()),
        }
    }

    /// The message with its code.
    fn outgoing(&self, message: &OutboxMessage) -> Result<Outgoing, UnsealError> {
        let sealed = message.sealed.as_ref().ok_or(UnsealError::Broken)?;
        let keyring = self.keyring_with(&message.key_id);
        // Another terminal has the key: it takes the message when this one lets it go.
        let key = keyring.get(&message.key_id).map_err(|error| {
            tracing::warn!(%error, "a message is left to another terminal");
            UnsealError::Elsewhere
        })?;
        let code = sealed.open(message.binding(), key).map_err(|error| {
            tracing::error!(%error, request = %message.request, "a message cannot be sent");
            UnsealError::Broken
        })?;
        Ok(Outgoing {
            to: message.contact.clone(),
            idempotency: format!("{}-{}", message.request, message.generation),
            at: message.asked_at,
            facts: MessageFacts {
                office: self.office.name.clone(),
                counter: message.counter.clone(),
                customer: message.customer_name.clone(),
                purpose: message.purpose.clone(),
                reference: message.reference.clone(),
                code,
                minutes: minutes(message.left()),
                locale: message.locale.clone(),
            },
        })
    }
}

const TOO_LATE: &str = "The message could not be sent while its code was of use.";
const WITHDRAWN: &str = "The code was taken back before its message could be sent.";
const REPLACED: &str = "A later code took its place; nobody asks about this one any more.";
const BROKEN: &str = "The stored code could not be read. Ask for a new one.";

/// Why a message cannot be written.
enum UnsealError {
    /// Its key is not in this terminal's file.
    Elsewhere,
    /// Nobody can open it.
    Broken,
}

/// What a report tells about the provider. A message or a recipient that it refuses shows
/// that it works; a recipient who gets nothing now may be the only one. An account that it
/// takes nothing from is as good as a provider that is down: the messages go by the fallback
/// until it takes them again, and admins see it among the providers.
const fn experience(report: &SendReport, took: Duration, is_trial: bool) -> Option<SendExperience> {
    match report.fault {
        None
        | Some(
            FailureClass::Recipient
            | FailureClass::Message
            | FailureClass::Unclassified
            | FailureClass::Office { every: false },
        ) => Some(SendExperience::Answered(took)),
        Some(FailureClass::Passing) => None,
        Some(
            FailureClass::Office { every: true }
            | FailureClass::Provider { .. }
            | FailureClass::Unknown,
        ) if is_trial => Some(SendExperience::FailedAgain),
        Some(
            FailureClass::Office { every: true }
            | FailureClass::Provider { .. }
            | FailureClass::Unknown,
        ) => Some(SendExperience::Failed),
    }
}

/// Whether the customer could not use the code any more; one that is meant to
/// work for a moment only is sent at once or not at all.
fn is_too_late(message: &OutboxMessage) -> bool {
    let whole = message.useful_until.since(message.asked_at);
    message.left().is_zero()
        || message.left() < MIN_USEFUL_VALIDITY && whole > MIN_USEFUL_VALIDITY * 2
}

fn waits_for_the_store() -> SendReport {
    SendReport {
        state: DeliveryState::Failed,
        fault: Some(FailureClass::Provider { retry_after: None }),
        ..SendReport::not_sent("The store gave no answer; the message was not sent yet.")
    }
}

/// Whole minutes for the message, to the nearest, and never none.
fn minutes(left: Duration) -> u64 {
    ((left.as_secs() + 30) / 60).max(1)
}
