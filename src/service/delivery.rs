//! Doing one errand of the outbox: handing a message to its provider, or asking
//! the provider about it, and writing down what came of it.
//!
//! Everything before the hand-over (the connection, the login) several terminals
//! may do for one message; right before the step that cannot be taken back, the
//! store gives its word to one of them.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::ports::outbox::{Errand, Outcome};
use super::ports::{Consent, StoreError};
use super::{Desk, DeskError};
use crate::domain::delivery::{DeliveryId, DeliveryState, Fault, Report, Trace};
use crate::domain::line::{Experience, Health, Line};
use crate::domain::message::{MessageFacts, Outgoing};
use crate::domain::outbox::{self, Standing, Step, Task, USEFUL};
use crate::domain::time::Timestamp;

/// How long the store has to give its word; the provider waits meanwhile.
const WORD: Duration = Duration::from_secs(5);

/// How often a message is tried at one go where another provider stands ready.
const AT_ONCE: usize = 2;

/// How long a message waits at least for a provider that is down.
const LEAST_WAIT: Duration = Duration::from_secs(1);

impl Desk {
    /// Sends the message of a code that this terminal has just asked for, where
    /// it is still its to send; gives how far it has come. What has to wait is
    /// tried again by whichever terminal is there.
    pub async fn deliver(&self, delivery: DeliveryId) -> Result<Option<Report>, DeskError> {
        let mut last = None;
        for _ in 0..AT_ONCE {
            let errand = self.insist(|| self.store.errand(delivery, &self.holder)).await?;
            let Some(errand) = errand else { break };
            let Some(step) = self.run(&errand).await? else { break };
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

    /// Does an errand; gives what came of it, or nothing where it was not this
    /// terminal's any more, or has to wait.
    pub(super) async fn run(&self, errand: &Errand) -> Result<Option<Step>, DeskError> {
        match errand.task {
            Task::Send if errand.begun_at.is_some() => {
                let step = outbox::after_vanishing(self.standing(errand, errand.line));
                self.conclude(errand, errand.line, step, Attempt::NONE).await.map(Some)
            }
            Task::Send => self.send(errand).await,
            Task::Settle | Task::Follow => self.ask_about(errand).await,
        }
    }

    async fn send(&self, errand: &Errand) -> Result<Option<Step>, DeskError> {
        if is_too_late(errand) {
            return self.give_up(errand, TOO_LATE).await.map(Some);
        }
        if errand.sealed.is_none() {
            return self.give_up(errand, WITHDRAWN).await.map(Some);
        }
        let (now, lines) = self.insist(|| self.store.lines()).await?;
        let line = match self.choose(errand, &lines, now) {
            Choice::Line(line) => line,
            Choice::Wait(wait, why) => return self.wait(errand, wait, &why).await,
            // Another terminal may have it.
            Choice::Nobody => return Ok(None),
        };
        let Some(sender) = self.senders.behind(line) else { return Ok(None) };
        let message = match self.outgoing(errand) {
            Ok(message) => message,
            Err(Unopened::Elsewhere) => return Ok(None),
            Err(Unopened::Broken) => return self.give_up(errand, BROKEN).await.map(Some),
        };
        if !self.insist(|| self.store.hold(errand, &self.holder)).await? {
            return Ok(None);
        }
        let turn = Turn { desk: self, errand, line, word: OnceLock::new() };
        let since = Instant::now();
        let report = sender.hand_over(&message, &turn).await;
        let took = since.elapsed();
        let (report, attempt) = match turn.word.get() {
            Some(Word::Given) => {
                let experience = experience(&report, took);
                (report, Attempt { begun: true, experience })
            }
            // Nothing was sent; where the word was given all the same, it is taken back.
            Some(Word::Unheard) => {
                (waits_for_the_store(), Attempt { begun: true, experience: None })
            }
            // The sender failed before it came to ask: that is about the message and
            // not about whose turn it is.
            None if report.fault.is_some() => {
                let experience = experience(&report, took);
                (report, Attempt { begun: false, experience })
            }
            Some(Word::Refused) | None => return Ok(None),
        };
        let mut standing = self.standing(errand, line);
        standing.tries += 1;
        standing.left = standing.left.saturating_sub(took);
        let step = outbox::after_sending(report, standing);
        self.conclude(errand, line, step, attempt).await.map(Some)
    }

    async fn ask_about(&self, errand: &Errand) -> Result<Option<Step>, DeskError> {
        let standing = self.standing(errand, errand.line);
        // Another terminal may have it.
        let Some(sender) = self.senders.behind(errand.line) else { return Ok(None) };
        if errand.is_outdated && errand.task == Task::Settle {
            // What it would be found by is the later message's word by now.
            let report = Report { state: DeliveryState::Unknown, ..not_sent(REPLACED) };
            let step = Step { report, next: None };
            return self.conclude(errand, errand.line, step, Attempt::NONE).await.map(Some);
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
            (Some((Task::Send, _)), None) => Step { report: not_sent(WITHDRAWN), next: None },
            _ => step,
        };
        self.conclude(errand, errand.line, step, Attempt::NONE).await.map(Some)
    }

    /// By which line a message goes now: the first one, unless it is down or has
    /// just failed this message and the other one is not down.
    fn choose(&self, errand: &Errand, lines: &[Health], now: Timestamp) -> Choice {
        let Some(route) = self.senders.of(errand.line.channel) else { return Choice::Nobody };
        let main = Line::main(errand.line.channel);
        let other = route.fallback.is_some().then(|| Line::fallback(errand.line.channel));
        let health = |line: Line| lines.iter().find(|it| it.line == line);
        let is_down = |line: Line| health(line).is_some_and(|it| it.is_down(now));
        let prefers_other = errand.tries % 2 == 1;
        let (first, second) = match other {
            Some(other) if prefers_other => (other, Some(main)),
            other => (main, other),
        };
        if !is_down(first) {
            return Choice::Line(first);
        }
        if let Some(second) = second.filter(|line| !is_down(*line)) {
            return Choice::Line(second);
        }
        let soonest = [Some(first), second].into_iter().flatten().filter_map(health);
        let soonest = soonest.min_by_key(|it| it.down_until);
        let wait = soonest.map_or(LEAST_WAIT, |it| it.down_until.since(now)).max(LEAST_WAIT);
        let why = soonest.and_then(|it| it.detail.clone()).unwrap_or_default();
        Choice::Wait(wait, why)
    }

    async fn wait(
        &self,
        errand: &Errand,
        wait: Duration,
        why: &str,
    ) -> Result<Option<Step>, DeskError> {
        if wait + USEFUL >= errand.left() {
            return self.give_up(errand, why).await.map(Some);
        }
        let (id, holder) = (errand.delivery, &*self.holder);
        self.insist(|| self.store.postpone(id, holder, wait, why)).await?;
        let report = Report { state: DeliveryState::Queued, ..not_sent(why) };
        Ok(Some(Step { report, next: Some((Task::Send, wait)) }))
    }

    async fn give_up(&self, errand: &Errand, why: &str) -> Result<Step, DeskError> {
        let step = Step { report: not_sent(why), next: None };
        self.conclude(errand, errand.line, step, Attempt::NONE).await
    }

    async fn conclude(
        &self,
        errand: &Errand,
        line: Line,
        mut step: Step,
        attempt: Attempt,
    ) -> Result<Step, DeskError> {
        step.next = step.next.map(|(task, wait)| (task, self.later(wait)));
        let provider = self.senders.behind(line).map_or("none", |sender| sender.provider());
        let outcome = Outcome {
            errand,
            holder: &self.holder,
            line,
            provider,
            step: &step,
            begun: attempt.begun,
            experience: attempt.experience,
            actor: &self.actor,
        };
        self.insist(|| self.store.conclude(outcome)).await?;
        Ok(step)
    }

    /// Up to a quarter later: what failed together shall not come back together.
    fn later(&self, wait: Duration) -> Duration {
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

/// What was tried to hand a message over.
struct Attempt {
    begun: bool,
    experience: Option<Experience>,
}

impl Attempt {
    const NONE: Self = Self { begun: false, experience: None };
}

/// By which line a message goes.
enum Choice {
    Line(Line),
    /// All that there are are down, for so long, and why.
    Wait(Duration, String),
    /// The office does not have the channel.
    Nobody,
}

/// Why a message cannot be written.
enum Unopened {
    /// Its key is not in this terminal's file.
    Elsewhere,
    /// Nobody can open it.
    Broken,
}

/// This terminal's turn to hand a message over, which the store gives once.
struct Turn<'a> {
    desk: &'a Desk,
    errand: &'a Errand,
    line: Line,
    /// None until the sender has asked.
    word: OnceLock<Word>,
}

/// What the store said to a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Given,
    Refused,
    /// It gave no answer, so that the word may have been given.
    Unheard,
}

impl Turn<'_> {
    async fn ask(&self) -> Result<bool, StoreError> {
        let begin = self.desk.store.begin(self.errand, self.line, &self.desk.holder);
        match tokio::time::timeout(WORD, begin).await {
            Ok(word) => word,
            Err(_) => Err(StoreError::Unreachable("it gave no answer in time".into())),
        }
    }
}

#[async_trait]
impl Consent for Turn<'_> {
    async fn given(&self) -> bool {
        let word = match self.ask().await {
            Ok(true) => Word::Given,
            Ok(false) => Word::Refused,
            Err(error) => {
                tracing::warn!(%error, "no word from the store; the message is not sent now");
                Word::Unheard
            }
        };
        // A sender asks once; were it to ask again, what it was told first stands.
        *self.word.get_or_init(|| word) == Word::Given
    }
}

/// What a report tells about the provider: a message that it refuses shows that
/// it works, and what is set up wrong here may be right at the other terminals.
const fn experience(report: &Report, took: Duration) -> Option<Experience> {
    match (report.fault, report.state) {
        (None, _) | (Some(Fault::Permanent), DeliveryState::Undeliverable) => {
            Some(Experience::Answered(took))
        }
        (Some(Fault::Permanent), _) => None,
        (Some(_), _) => Some(Experience::Failed),
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
        fault: Some(Fault::Transient { retry_after: None }),
        ..not_sent("The store gave no answer; the message was not sent yet.")
    }
}

fn not_sent(why: &str) -> Report {
    Report {
        state: DeliveryState::Failed,
        provider_id: None,
        detail: Some(why.to_owned()),
        fault: Some(Fault::Permanent),
    }
}

/// Whole minutes for the message, to the nearest, and never none.
fn minutes(left: Duration) -> u64 {
    ((left.as_secs() + 30) / 60).max(1)
}
