//! The outbox worker: every terminal sends the messages that are due.
//!
//! An interface runs it beside its clerk; `countersign deliver --watch` does nothing else.
//! It polls the store only when a message is due or something was written, so that an idle
//! office costs nothing.

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
    /// `end`; what has begun by then is brought to its end. `on_completed` hears of each
    /// message that was done and written down.
    pub async fn run(
        &self,
        concurrent: usize,
        end: CancellationToken,
        on_completed: impl Fn(&OutboxMessage, &SendReport),
    ) {
        self.0.run_outbox(concurrent, end, on_completed).await;
    }
}

impl Desk {
    /// Sends the messages that are due, up to `most` at once, until `end`. What was started
    /// is completed. `on_completed` is called for each message that was completed.
    pub(in crate::service) async fn run_messages(
        &self,
        most: usize,
        end: CancellationToken,
        on_completed: impl Fn(&OutboxMessage, &SendReport),
    ) {
        let report = |written: Vec<EndedMessage>| {
            for (message, end) in &written {
                on_completed(message, &end.step.report);
            }
        };
        let mut changes = self.store.changes();
        let mut queue = WorkQueue::new(most);
        while !end.is_cancelled() {
            self.start_work(&mut queue);
            let next_poll = queue.next_poll();
            tokio::select! {
                () = end.cancelled() => {}
                Some(progress) = queue.progress() => match progress {
                    WorkerEvent::Done => {}
                    WorkerEvent::Written(written) => report(written),
                    WorkerEvent::Failed(error) => {
                        tracing::warn!(%error, "the outbox is polled again after a pause");
                    }
                },
                () = at(next_poll) => {}
                () = written(&mut changes) => queue.something_was_written(),
            }
        }
        self.finish(&mut queue, report).await;
    }

    /// Sends the messages that are due now, and what follows from them at once; returns how
    /// many.
    pub(in crate::service) async fn work_off_messages(
        &self,
        most: usize,
    ) -> Result<u64, DeskError> {
        let mut queue = WorkQueue::new(most);
        loop {
            self.start_work(&mut queue);
            match queue.progress().await {
                Some(WorkerEvent::Done | WorkerEvent::Written(_)) => {}
                Some(WorkerEvent::Failed(error)) => {
                    self.finish(&mut queue, drop).await;
                    return Err(error);
                }
                None => return Ok(queue.done),
            }
        }
    }

    /// How long until a message is due for this terminal; `None` where the outbox has none.
    pub async fn next_due(&self) -> Result<Option<Duration>, DeskError> {
        Ok(self.store.next_due(&self.lease_owner, &self.fingerprints.all()).await?)
    }

    /// Completes the messages that were started, and releases those that were only claimed.
    async fn finish(&self, queue: &mut WorkQueue, report: impl Fn(Vec<EndedMessage>)) {
        loop {
            let untouched = queue.waiting.drain(..).map(|claimed| claimed.message).collect();
            self.release_all(queue, untouched);
            self.write_ended(queue);
            match queue.progress().await {
                Some(WorkerEvent::Written(written)) => report(written),
                Some(WorkerEvent::Done | WorkerEvent::Failed(_)) => {}
                None => return,
            }
        }
    }

    /// Starts messages, writes outcomes and polls, as far as each is due.
    fn start_work(&self, queue: &mut WorkQueue) {
        let unstartable = queue.take_unstartable();
        self.release_all(queue, unstartable);
        while queue.running.len() < queue.most
            && let Some(claimed) = queue.waiting.pop_front()
        {
            self.start(queue, claimed);
        }
        self.write_ended(queue);
        if queue.next_poll().is_some_and(|at| at <= Instant::now()) {
            queue.poll_at = None;
            let (desk, has_queue) = (self.clone(), queue.has_queue);
            let most = if queue.is_fast { queue.most * CLAIM_ROUNDS } else { queue.most };
            queue.polling.spawn(async move { desk.poll_outbox(most, has_queue).await });
        }
    }

    /// Releases messages to other terminals, and to this one's next poll.
    fn release_all(&self, queue: &mut WorkQueue, messages: Vec<OutboxMessage>) {
        if messages.is_empty() {
            return;
        }
        let desk = self.clone();
        queue.releasing.spawn(async move {
            for message in &messages {
                if let Err(error) = desk.release(message).await {
                    tracing::warn!(%error, "a message is not released before its lease ends");
                }
            }
        });
    }

    fn start(&self, queue: &mut WorkQueue, claimed: ClaimedMessage) {
        let desk = self.clone();
        queue.running.spawn(async move {
            let (ClaimedMessage { message, breakers, .. }, since) = (claimed, Instant::now());
            let ended = match desk.run(&message, &breakers).await {
                Ok(RunOutcome::Ended(completion)) => Some((message, completion)),
                Ok(RunOutcome::Rescheduled(_) | RunOutcome::Released) => None,
                Err(error) => {
                    tracing::warn!(%error, "a message of the outbox could not be worked on");
                    None
                }
            };
            (ended, since.elapsed())
        });
    }

    /// Starts writing the outcomes, where it is time to.
    fn write_ended(&self, queue: &mut WorkQueue) {
        if queue.write_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        let (desk, ended) = (self.clone(), std::mem::take(&mut queue.ended));
        queue.writing.spawn(async move {
            let outcomes: Vec<_> = ended.iter().map(|(message, end)| (message, end)).collect();
            match desk.complete(&outcomes).await {
                Ok(()) => Ok(ended),
                // Retries are over, and the store cannot be reached: the outbox itself
                // knows what is to be done.
                Err(DeskError::Store(error)) if error.is_break() && !error.is_wait() => {
                    tracing::warn!(%error, "outcomes of messages were not written");
                    Ok(Vec::new())
                }
                Err(error) => {
                    tracing::warn!(%error, "writing the outcomes of messages is retried");
                    Err(ended)
                }
            }
        });
    }

    /// Claims up to `most` messages.
    async fn poll_outbox(&self, most: usize, has_queue: bool) -> Result<ClaimResult, DeskError> {
        let providers = self.fingerprints.all();
        if !has_queue {
            match self.store.next_due(&self.lease_owner, &providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(ClaimResult::Nothing(wait)),
            }
        }
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let messages = self.store.claim_due(&self.lease_owner, &providers, limit).await?;
        if messages.is_empty() {
            // Another terminal was faster, or there are no more.
            return Ok(ClaimResult::Nothing(Some(if has_queue {
                Duration::ZERO
            } else {
                MIN_POLL_INTERVAL
            })));
        }
        let breakers = Arc::new(self.breakers_with_retry().await?);
        let at = Instant::now();
        let claimed = |message| ClaimedMessage { at, message, breakers: Arc::clone(&breakers) };
        let messages: Vec<_> = messages.into_iter().map(claimed).collect();
        Ok(ClaimResult::Claimed { has_queue: messages.len() == most, messages })
    }
}

/// Waits until `moment`; for ever where there is none.
pub(in crate::service) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

pub(in crate::service) async fn written(changes: &mut watch::Receiver<u64>) {
    // The store was closed.
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
