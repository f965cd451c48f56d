//! Doing one errand of the outbox: handing a message to its provider, or asking
//! the provider about it, and writing down what came of it.
//!
//! Everything before the hand-over (the connection, the login) several terminals
//! may do for one message; right before the step that cannot be taken back, the
//! store gives its word to one of them.

use std::time::{Duration, Instant};

use super::ports::outbox::{Errand, Outcome};
use super::providers::Lines;
use super::routing::Choice;
use super::turn::{Turn, Word};
use super::{Desk, DeskError};
use crate::domain::delivery::{DeliveryId, DeliveryState, Fault, Report, Trace};
use crate::domain::line::{Experience, Line};
use crate::domain::message::{MessageFacts, Outgoing};
use crate::domain::outbox::{self, Standing, Step, Task, USEFUL};

/// How often a message is tried at one go where another provider stands ready.
const AT_ONCE: usize = 2;

/// What came of an errand.
pub(super) enum Run {
    /// It has to be written down.
    Ended(Conclusion),
    /// It waits, and that is written down.
    PutOff(Step),
    /// It is not this terminal's any more, or never was.
    Left,
}

/// What is to be written down of an errand.
pub(super) struct Conclusion {
    line: Line,
    pub(super) step: Step,
    begun: bool,
    experience: Option<Experience>,
}

impl Desk {
    /// Sends the message of a code that this terminal has just asked for, where
    /// it is still its to send; gives how far it has come. What has to wait is
    /// tried again by whichever terminal is there.
    pub async fn deliver(&self, delivery: DeliveryId) -> Result<Option<Report>, DeskError> {
        let mut last = None;
        for _ in 0..AT_ONCE {
            let errand = self.insist(|| self.store.errand(delivery, &self.holder)).await?;
            let Some(errand) = errand else { break };
            let lines = self.insist_on_lines().await?;
            let step = match self.run(&errand, &lines).await? {
                Run::Ended(conclusion) => {
                    self.conclude(&[(&errand, &conclusion)]).await?;
                    conclusion.step
                }
                Run::PutOff(step) => step,
                Run::Left => break,
            };
            let again = matches!(step.next, Some((Task::Send, Duration::ZERO)));
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
    ) -> Result<Option<Report>, DeskError> {
        let begun = Instant::now();
        loop {
            let report = self.deliver(delivery).await?;
            let waits = report.as_ref().is_some_and(|it| it.state == DeliveryState::Queued);
            if !waits {
                return Ok(report);
            }
            let errand = self.insist(|| self.store.errand(delivery, &self.holder)).await?;
            let wait = errand.map(|errand| errand.wait);
            match wait.filter(|wait| begun.elapsed() + *wait < patience) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(report),
            }
        }
    }

    /// Does an errand.
    pub(super) async fn run(&self, errand: &Errand, lines: &Lines) -> Result<Run, DeskError> {
        match errand.task {
            // Only who has its provider can find out what became of it.
            Task::Send if errand.begun_at.is_some() => {
                if self.senders.behind(errand.line).is_none() {
                    return self.left(errand).await;
                }
                let step = outbox::after_vanishing(self.standing(errand, errand.line));
                Ok(self.ended(errand, step))
            }
            Task::Send => self.send(errand, lines).await,
            Task::Settle | Task::Follow => self.ask_about(errand).await,
        }
    }

    async fn send(&self, errand: &Errand, lines: &Lines) -> Result<Run, DeskError> {
        if is_too_late(errand) {
            return Ok(self.given_up(errand, TOO_LATE));
        }
        if errand.sealed.is_none() {
            return Ok(self.given_up(errand, WITHDRAWN));
        }
        let (line, is_trial) = match self.choose(errand, lines).await? {
            Choice::Line { line, is_trial } => (line, is_trial),
            Choice::Wait(wait, why) => return self.put_off(errand, wait, &why).await,
            Choice::Nobody => return self.left(errand).await,
        };
        let Some(sender) = self.senders.behind(line) else { return self.left(errand).await };
        let message = match self.outgoing(errand) {
            Ok(message) => message,
            Err(Unopened::Elsewhere) => return self.left(errand).await,
            Err(Unopened::Broken) => return Ok(self.given_up(errand, BROKEN)),
        };
        let turn = Turn::new(self, errand, line);
        let since = Instant::now();
        let report = turn.during(sender.hand_over(&message, &turn)).await;
        let took = since.elapsed();
        let (report, begun, experience) = match turn.word() {
            Some(Word::Given) => {
                let experience = experience(&report, took, is_trial);
                (report, true, experience)
            }
            // Nothing was sent; where the word was given all the same, it is taken back.
            Some(Word::Unheard) => (waits_for_the_store(), true, None),
            // The sender failed before it came to ask: that is about the message and
            // not about whose turn it is.
            None if report.fault.is_some() => {
                let experience = experience(&report, took, is_trial);
                (report, false, experience)
            }
            Some(Word::Refused) | None => return Ok(Run::Left),
        };
        let mut standing = self.standing(errand, line);
        standing.tries += 1;
        standing.left = standing.left.saturating_sub(took);
        let step = self.spread_out(outbox::after_sending(report, standing));
        Ok(Run::Ended(Conclusion { line, step, begun, experience }))
    }

    async fn ask_about(&self, errand: &Errand) -> Result<Run, DeskError> {
        let standing = self.standing(errand, errand.line);
        let Some(sender) = self.senders.behind(errand.line) else {
            return self.left(errand).await;
        };
        if errand.is_outdated && errand.task == Task::Settle {
            // What it would be found by is the later message's word by now.
            let report = Report { state: DeliveryState::Unknown, ..Report::not_sent(REPLACED) };
            return Ok(self.ended(errand, Step { report, next: None }));
        }
        let told = sender
            .ask(&Trace {
                provider_id: errand.provider_id.clone(),
                to: errand.contact.clone(),
                reference: errand.reference.clone(),
                begun_at: errand.begun_at.unwrap_or(errand.asked_at),
            })
            .await;
        let step = match errand.task {
            Task::Settle => outbox::after_settling(told, standing),
            Task::Send | Task::Follow => outbox::after_asking(told, standing),
        };
        let step = match (step.next, &errand.sealed) {
            // The code was withdrawn meanwhile.
            (Some((Task::Send, _)), None) => {
                Step { report: Report::not_sent(WITHDRAWN), next: None }
            }
            _ => step,
        };
        Ok(self.ended(errand, step))
    }

    async fn put_off(&self, errand: &Errand, wait: Duration, why: &str) -> Result<Run, DeskError> {
        if wait + USEFUL >= errand.left() {
            return Ok(self.given_up(errand, why));
        }
        let (holder, actor) = (&*self.holder, &self.actor);
        self.insist(|| self.store.postpone(errand, holder, wait, why, actor)).await?;
        let report = Report { state: DeliveryState::Queued, ..Report::not_sent(why) };
        Ok(Run::PutOff(Step { report, next: Some((Task::Send, wait)) }))
    }

    /// Another terminal may be able to do it.
    pub(super) async fn left(&self, errand: &Errand) -> Result<Run, DeskError> {
        self.insist(|| self.store.release(errand, &self.holder)).await?;
        Ok(Run::Left)
    }

    fn given_up(&self, errand: &Errand, why: &str) -> Run {
        self.ended(errand, Step { report: Report::not_sent(why), next: None })
    }

    /// It came to this without a hand-over.
    fn ended(&self, errand: &Errand, step: Step) -> Run {
        let step = self.spread_out(step);
        Run::Ended(Conclusion { line: errand.line, step, begun: false, experience: None })
    }

    /// Writes down what came of errands.
    pub(super) async fn conclude(&self, ended: &[(&Errand, &Conclusion)]) -> Result<(), DeskError> {
        let outcomes = ended.iter().map(|(errand, conclusion)| Outcome {
            errand,
            holder: &self.holder,
            line: conclusion.line,
            provider: self.senders.behind(conclusion.line).map_or("none", |it| it.provider()),
            step: &conclusion.step,
            begun: conclusion.begun,
            experience: conclusion.experience,
            actor: &self.actor,
        });
        let outcomes: Vec<_> = outcomes.collect();
        Ok(self.insist(|| self.store.conclude(&outcomes)).await?)
    }

    fn spread_out(&self, mut step: Step) -> Step {
        step.next = step.next.map(|(task, wait)| (task, self.later(wait)));
        step
    }

    /// Up to a quarter later: what failed together shall not come back together.
    pub(super) fn later(&self, wait: Duration) -> Duration {
        let quarter = u64::try_from(wait.as_millis() / 4).unwrap_or(u64::MAX);
        let more = if quarter == 0 { Ok(0) } else { self.random.below(quarter) };
        wait + Duration::from_millis(more.unwrap_or(0))
    }

    fn standing(&self, errand: &Errand, line: Line) -> Standing {
        let route = self.senders.of(errand.line.channel);
        let age = errand.now.since(errand.begun_at.unwrap_or(errand.now));
        Standing {
            tries: errand.tries,
            age,
            left: errand.left(),
            can_tell: self.senders.behind(line).is_some_and(|sender| sender.can_tell()),
            has_other: route.is_some_and(|route| route.fallback.is_some()),
        }
    }

    /// The message with its code.
    fn outgoing(&self, errand: &Errand) -> Result<Outgoing, Unopened> {
        let sealed = errand.sealed.as_ref().ok_or(Unopened::Broken)?;
        let keyring = self.keyring_with(&errand.key_id);
        // Another terminal has the key: it takes the errand when this one lets it go.
        let key = keyring.get(&errand.key_id).map_err(|error| {
            tracing::warn!(%error, "a message is left to another terminal");
            Unopened::Elsewhere
        })?;
        let code = sealed.open(errand.binding(), key).map_err(|error| {
            tracing::error!(%error, request = %errand.request, "a message cannot be sent");
            Unopened::Broken
        })?;
        Ok(Outgoing {
            to: errand.contact.clone(),
            idempotency: format!("{}-{}", errand.request, errand.generation),
            at: errand.asked_at,
            facts: MessageFacts {
                office: self.office.name.clone(),
                counter: errand.counter.clone(),
                customer: errand.customer_name.clone(),
                purpose: errand.purpose.clone(),
                reference: errand.reference.clone(),
                code,
                minutes: minutes(errand.left()),
                locale: errand.locale.clone(),
            },
        })
    }
}

const TOO_LATE: &str = "The message could not be sent while its code was of use.";
const WITHDRAWN: &str = "The code was taken back before its message could be sent.";
const REPLACED: &str = "A later code took its place; nobody asks about this one any more.";
const BROKEN: &str = "The stored code could not be read. Ask for a new one.";

/// Why a message cannot be written.
enum Unopened {
    /// Its key is not in this terminal's file.
    Elsewhere,
    /// Nobody can open it.
    Broken,
}

/// What a report tells about the provider. A message or a recipient that it refuses shows
/// that it works; a recipient who gets nothing now may be the only one. An account that it
/// takes nothing from is as good as a provider that is down: the messages go by the fallback
/// until it takes them again, and admins see it among the providers.
const fn experience(report: &Report, took: Duration, is_trial: bool) -> Option<Experience> {
    match report.fault {
        None
        | Some(
            Fault::Recipient
            | Fault::Message
            | Fault::Unclassified
            | Fault::Office { every: false },
        ) => Some(Experience::Answered(took)),
        Some(Fault::Passing) => None,
        Some(Fault::Office { every: true } | Fault::Provider { .. } | Fault::Unknown)
            if is_trial =>
        {
            Some(Experience::FailedAgain)
        }
        Some(Fault::Office { every: true } | Fault::Provider { .. } | Fault::Unknown) => {
            Some(Experience::Failed)
        }
    }
}

/// Whether the customer could not use the code any more; one that is meant to
/// work for a moment only is sent at once or not at all.
fn is_too_late(errand: &Errand) -> bool {
    let whole = errand.useful_until.since(errand.asked_at);
    errand.left().is_zero() || errand.left() < USEFUL && whole > USEFUL * 2
}

fn waits_for_the_store() -> Report {
    Report {
        state: DeliveryState::Failed,
        fault: Some(Fault::Provider { retry_after: None }),
        ..Report::not_sent("The store gave no answer; the message was not sent yet.")
    }
}

/// Whole minutes for the message, to the nearest, and never none.
fn minutes(left: Duration) -> u64 {
    ((left.as_secs() + 30) / 60).max(1)
}
