//! Working the outbox: every terminal does what has come due and nobody does.
//!
//! An interface keeps at it beside its clerk, `countersign deliver --watch` does
//! nothing else. Nothing is asked of the store but when a message is due or
//! something was written, so that an idle office costs nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::delivery::SendReport;
use crate::service::delivery::send::RunOutcome;
use crate::service::delivery::work_queue::{
    CLAIM_ROUNDS, ClaimResult, ClaimedMessage, EndedMessage, MIN_POLL_INTERVAL, WorkQueue,
    WorkerEvent,
};
use crate::service::ports::outbox::OutboxMessage;
use crate::service::{Desk, DeskError};

/// A desk that works the outbox, beside an interface or on its own.
#[derive(Clone)]
pub struct OutboxWorker(Desk);

impl OutboxWorker {
    /// A worker of a desk's outbox.
    pub const fn new(desk: Desk) -> Self {
        Self(desk)
    }

    /// Does what comes due, messages with codes up to `concurrent` at once, until
    /// `end`; what has begun by then is brought to its end. `told` hears of each
    /// message that was done and written down.
    pub async fn run(
        &self,
        concurrent: usize,
        end: CancellationToken,
        told: impl Fn(&OutboxMessage, &SendReport),
    ) {
        self.0.keep_outbox(concurrent, end, told).await;
    }
}

impl Desk {
    /// Does what comes due, up to `most` messages at once, until the end is asked
    /// for; what has begun by then is brought to its end. `told` hears of each
    /// that was done and written down.
    pub(in crate::service) async fn keep_messages(
        &self,
        most: usize,
        end: CancellationToken,
        told: impl Fn(&OutboxMessage, &SendReport),
    ) {
        let tell = |written: Vec<EndedMessage>| {
            for (message, end) in &written {
                told(message, &end.step.report);
            }
        };
        let mut changes = self.store.changes();
        let mut bench = WorkQueue::new(most);
        while !end.is_cancelled() {
            self.fill(&mut bench);
            let next_look = bench.next_look();
            tokio::select! {
                () = end.cancelled() => {}
                Some(progress) = bench.progress() => match progress {
                    WorkerEvent::Done => {}
                    WorkerEvent::Written(written) => tell(written),
                    WorkerEvent::Failed(error) => {
                        tracing::warn!(%error, "the outbox is left alone for a while");
                    }
                },
                () = at(next_look) => {}
                () = written(&mut changes) => bench.hear_of_news(),
            }
        }
        self.finish(&mut bench, tell).await;
    }

    /// Does everything that is due now, and what follows from it at once; gives
    /// how many messages that were.
    pub(in crate::service) async fn work_off_messages(
        &self,
        most: usize,
    ) -> Result<u64, DeskError> {
        let mut bench = WorkQueue::new(most);
        loop {
            self.fill(&mut bench);
            match bench.progress().await {
                Some(WorkerEvent::Done | WorkerEvent::Written(_)) => {}
                Some(WorkerEvent::Failed(error)) => {
                    self.finish(&mut bench, drop).await;
                    return Err(error);
                }
                None => return Ok(bench.done),
            }
        }
    }

    /// How long until there is something to do for this terminal; none where there
    /// is nothing.
    pub async fn next_due(&self) -> Result<Option<Duration>, DeskError> {
        Ok(self.store.next_due(&self.holder, &self.senders.providers()).await?)
    }

    /// What has begun is brought to its end, or nobody knows how it went. What was
    /// taken and not begun is left to others.
    async fn finish(&self, bench: &mut WorkQueue, tell: impl Fn(Vec<EndedMessage>)) {
        loop {
            let untouched = bench.waiting.drain(..).map(|taken| taken.message).collect();
            self.leave(bench, untouched);
            self.conclude_ended(bench);
            match bench.progress().await {
                Some(WorkerEvent::Written(written)) => tell(written),
                Some(WorkerEvent::Done | WorkerEvent::Failed(_)) => {}
                None => return,
            }
        }
    }

    /// Begins as many messages as there is room for, to write down what ended, and
    /// to look for more.
    fn fill(&self, bench: &mut WorkQueue) {
        let leftovers = bench.leftovers();
        self.leave(bench, leftovers);
        while bench.running.len() < bench.most
            && let Some(taken) = bench.waiting.pop_front()
        {
            self.start(bench, taken);
        }
        self.conclude_ended(bench);
        if bench.next_look().is_some_and(|at| at <= Instant::now()) {
            bench.look_at = None;
            let (desk, has_queue) = (self.clone(), bench.has_queue);
            let most = if bench.is_quick { bench.most * CLAIM_ROUNDS } else { bench.most };
            bench.looking.spawn(async move { desk.look(most, has_queue).await });
        }
    }

    /// Leaves messages to the others, and to this terminal's next look.
    fn leave(&self, bench: &mut WorkQueue, messages: Vec<OutboxMessage>) {
        if messages.is_empty() {
            return;
        }
        let desk = self.clone();
        bench.releasing.spawn(async move {
            for message in &messages {
                if let Err(error) = desk.left(message).await {
                    tracing::warn!(%error, "a message is left lying until its lease ends");
                }
            }
        });
    }

    fn start(&self, bench: &mut WorkQueue, taken: ClaimedMessage) {
        let desk = self.clone();
        bench.running.spawn(async move {
            let (ClaimedMessage { message, lines, .. }, since) = (taken, Instant::now());
            let ended = match desk.run(&message, &lines).await {
                Ok(RunOutcome::Ended(conclusion)) => Some((message, conclusion)),
                Ok(RunOutcome::PutOff(_) | RunOutcome::Left) => None,
                Err(error) => {
                    tracing::warn!(%error, "a message of the outbox was not done");
                    None
                }
            };
            (ended, since.elapsed())
        });
    }

    /// Begins to write down what ended since the last time, where it is time to.
    fn conclude_ended(&self, bench: &mut WorkQueue) {
        if bench.conclude_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        let (desk, ended) = (self.clone(), std::mem::take(&mut bench.ended));
        bench.concluding.spawn(async move {
            let outcomes: Vec<_> = ended.iter().map(|(message, end)| (message, end)).collect();
            match desk.conclude(&outcomes).await {
                Ok(()) => Ok(ended),
                // A store that is gone was told for as long as it is worth.
                Err(DeskError::Store(error)) if error.is_break() && !error.is_wait() => {
                    tracing::warn!(%error, "what came of messages is not written down");
                    Ok(Vec::new())
                }
                Err(error) => {
                    tracing::warn!(%error, "what came of messages is told again");
                    Err(ended)
                }
            }
        });
    }

    /// Takes so many messages, so that a long queue does not cost a look into the
    /// store for each.
    async fn look(&self, most: usize, has_queue: bool) -> Result<ClaimResult, DeskError> {
        let providers = self.senders.providers();
        if !has_queue {
            match self.store.next_due(&self.holder, &providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(ClaimResult::Nothing(wait)),
            }
        }
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let messages = self.store.claim_due(&self.holder, &providers, limit).await?;
        if messages.is_empty() {
            // Somebody else was faster, or that was all.
            return Ok(ClaimResult::Nothing(Some(if has_queue {
                Duration::ZERO
            } else {
                MIN_POLL_INTERVAL
            })));
        }
        let lines = Arc::new(self.breakers_with_retry().await?);
        let at = Instant::now();
        let taken = |message| ClaimedMessage { at, message, lines: Arc::clone(&lines) };
        let messages: Vec<_> = messages.into_iter().map(taken).collect();
        Ok(ClaimResult::Claimed { has_queue: messages.len() == most, messages })
    }
}

/// Until a moment; for ever where there is none.
pub(in crate::service) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

pub(in crate::service) async fn written(changes: &mut watch::Receiver<u64>) {
    // A store that is gone says nothing any more.
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
