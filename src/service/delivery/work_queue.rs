//! The queue of an outbox worker: claimed messages, messages being sent, outcomes to be
//! written, and when to poll the outbox.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::domain::timing::{
    MAX_QUEUE_TIME, OUTCOME_BACKOFF, OUTCOME_RETRIES, WORKER_PAUSE_AFTER_FAILURE,
};
use crate::service::DeskError;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::delivery::send::Completion;
use crate::service::delivery::worker::at;
use crate::service::ports::outbox::OutboxMessage;

/// The shortest interval between two polls, however much is written.
pub(in crate::service) const MIN_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// While messages take less than this, more are claimed than can be started at once, so
/// that nobody waits for the store. Messages that take longer are left to other terminals.
const FAST_SEND: Duration = Duration::from_millis(500);

/// How many rounds of fast messages one poll claims.
pub(in crate::service) const CLAIM_ROUNDS: usize = 4;

/// How long an outcome waits for others, to be written in one transaction.
const WRITE_DELAY: Duration = Duration::from_millis(5);

/// A message with what came of it.
pub(in crate::service) type EndedMessage = (OutboxMessage, Completion);

/// The queue.
pub(in crate::service) struct WorkQueue {
    /// How many messages are sent at once.
    pub(in crate::service) most: usize,
    pub(in crate::service) waiting: VecDeque<ClaimedMessage>,
    pub(in crate::service) running: JoinSet<(Option<EndedMessage>, Duration)>,
    pub(in crate::service) ended: Vec<EndedMessage>,
    /// When the first of the ended messages ended.
    pub(in crate::service) ended_at: Instant,
    /// The outcomes that are being written, one batch at a time: those that come meanwhile
    /// make up the next, so that one transaction serves several messages when the office is
    /// busy.
    pub(in crate::service) writing: JoinSet<Result<Vec<EndedMessage>, Vec<EndedMessage>>>,
    /// How often in a row writing failed.
    failures: u32,
    /// Messages that are being released.
    pub(in crate::service) releasing: JoinSet<()>,
    /// The poll that is running.
    pub(in crate::service) polling: JoinSet<Result<ClaimResult, DeskError>>,
    pub(in crate::service) polled_at: Instant,
    /// When to poll again; `None` until something is written.
    pub(in crate::service) poll_at: Option<Instant>,
    /// Whether the last message was fast.
    pub(in crate::service) is_fast: bool,
    /// Whether the last poll claimed as many as it asked for, so that there are probably
    /// more.
    pub(in crate::service) has_queue: bool,
    pub(in crate::service) done: u64,
}

/// A claimed message with the circuit breakers at that time.
pub(in crate::service) struct ClaimedMessage {
    pub(in crate::service) at: Instant,
    pub(in crate::service) message: OutboxMessage,
    pub(in crate::service) breakers: Arc<BreakerSnapshot>,
}

/// What a poll found.
pub(in crate::service) enum ClaimResult {
    Claimed {
        messages: Vec<ClaimedMessage>,
        has_queue: bool,
    },
    /// Nothing for so long, or until something is written.
    Nothing(Option<Duration>),
}

/// Something that happened in the queue.
pub(in crate::service) enum WorkerEvent {
    Done,
    Written(Vec<EndedMessage>),
    Failed(DeskError),
}

impl WorkQueue {
    pub(in crate::service) fn new(most: usize) -> Self {
        let now = Instant::now();
        Self {
            most,
            waiting: VecDeque::new(),
            running: JoinSet::new(),
            ended: Vec::new(),
            ended_at: now,
            writing: JoinSet::new(),
            failures: 0,
            releasing: JoinSet::new(),
            polling: JoinSet::new(),
            polled_at: now,
            poll_at: Some(now),
            is_fast: false,
            has_queue: false,
            done: 0,
        }
    }

    /// Waits for the next event; `None` where nothing is running.
    pub(in crate::service) async fn progress(&mut self) -> Option<WorkerEvent> {
        let write_at = self.write_at();
        tokio::select! {
            Some(done) = self.running.join_next() => {
                self.count(done.unwrap_or_default());
                Some(WorkerEvent::Done)
            }
            Some(written) = self.writing.join_next() => {
                Some(self.written_or_retried(written.unwrap_or_else(|_| Ok(Vec::new()))))
            }
            Some(_) = self.releasing.join_next() => {
                self.poll_at = Some(Instant::now());
                Some(WorkerEvent::Done)
            }
            Some(poll) = self.polling.join_next() => Some(self.take_claimed(poll.ok())),
            () = at(write_at), if write_at.is_some() => Some(WorkerEvent::Done),
            else => None,
        }
    }

    pub(in crate::service) fn count(&mut self, (ended, took): (Option<EndedMessage>, Duration)) {
        self.is_fast = took < FAST_SEND;
        if ended.is_none() {
            // It was rescheduled or released: the outbox knows when it is due.
            self.poll_at = Some(Instant::now());
        }
        if self.ended.is_empty() {
            self.ended_at = Instant::now();
        }
        self.ended.extend(ended);
        self.done += 1;
    }

    /// When to write the outcomes; `None` where there are none, or others are being
    /// written. They do not wait where no more are to come.
    pub(in crate::service) fn write_at(&self) -> Option<Instant> {
        if self.ended.is_empty() || !self.writing.is_empty() {
            return None;
        }
        let waits_for_more = !self.running.is_empty() && self.failures == 0;
        Some(if waits_for_more { self.ended_at + WRITE_DELAY } else { self.ended_at })
    }

    /// Retries outcomes that could not be written; those that were written already are
    /// recognised.
    fn written_or_retried(
        &mut self,
        written: Result<Vec<EndedMessage>, Vec<EndedMessage>>,
    ) -> WorkerEvent {
        let now = Instant::now();
        match written {
            Ok(ended) => {
                self.failures = 0;
                self.poll_at = Some(now);
                return WorkerEvent::Written(ended);
            }
            Err(batch) if self.failures < OUTCOME_RETRIES => {
                self.ended.extend(batch);
                self.ended_at = now + OUTCOME_BACKOFF.wait(self.failures);
                self.failures += 1;
            }
            Err(batch) => {
                self.failures = 0;
                tracing::error!(messages = batch.len(), "outcomes of messages were not written");
            }
        }
        WorkerEvent::Done
    }

    fn take_claimed(&mut self, poll: Option<Result<ClaimResult, DeskError>>) -> WorkerEvent {
        let now = Instant::now();
        self.polled_at = now;
        self.has_queue = false;
        let next = match poll {
            Some(Ok(ClaimResult::Claimed { messages, has_queue })) => {
                self.waiting.extend(messages);
                self.has_queue = has_queue;
                Some(now)
            }
            Some(Ok(ClaimResult::Nothing(wait))) => wait.map(|wait| now + wait),
            Some(Err(error)) => {
                self.poll_at = Some(now + WORKER_PAUSE_AFTER_FAILURE);
                return WorkerEvent::Failed(error);
            }
            None => Some(now + WORKER_PAUSE_AFTER_FAILURE),
        };
        // The poll may have missed what was written meanwhile.
        self.poll_at = self.poll_at.into_iter().chain(next).min();
        WorkerEvent::Done
    }

    /// Something was written that may concern the outbox. One message causes several
    /// changes.
    pub(in crate::service) fn something_was_written(&mut self) {
        let soon = self.polled_at + MIN_POLL_INTERVAL;
        self.poll_at = Some(self.poll_at.map_or(soon, |at| at.min(soon)));
    }

    /// Takes out the claimed messages that are to be released: those that waited too long,
    /// and all but one round where messages are slow.
    pub(in crate::service) fn take_unstartable(&mut self) -> Vec<OutboxMessage> {
        let most = if self.is_fast { usize::MAX } else { self.most };
        let mut kept = VecDeque::new();
        let mut unstartable = Vec::new();
        for claimed in self.waiting.drain(..) {
            if kept.len() < most && claimed.at.elapsed() < MAX_QUEUE_TIME {
                kept.push_back(claimed);
            } else {
                unstartable.push(claimed.message);
            }
        }
        self.waiting = kept;
        unstartable
    }

    /// Whether another message could be started, now or soon.
    fn has_room(&self) -> bool {
        let is_free = self.running.len() < self.most || self.is_fast;
        self.waiting.is_empty() && self.polling.is_empty() && is_free
    }

    /// When to poll the outbox; `None` where it is not needed.
    pub(in crate::service) fn next_poll(&self) -> Option<Instant> {
        self.poll_at.filter(|_| self.has_room())
    }
}
