//! What a worker of the outbox has before it: messages that were taken, those under
//! way, what is to be written down, and when to look for more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::service::DeskError;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::delivery::send::Completion;
use crate::service::delivery::worker::at;
use crate::service::ports::outbox::OutboxMessage;

/// However much is written, the outbox is looked into this seldom at most.
pub(in crate::service) const MIN_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long the outbox is left alone after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long what was taken may lie here before it is begun. Its lease is longer:
/// what is left lying is taken by whoever has the time.
const FRESH: Duration = Duration::from_secs(5);

/// Messages that take less than this are taken before there is room for them, so
/// that nobody waits for the store. What takes longer may be another's meanwhile.
const QUICK: Duration = Duration::from_millis(500);

/// As many rounds of quick messages are taken in one look.
pub(in crate::service) const CLAIM_ROUNDS: usize = 4;

/// How long what ended waits for more to be written down with.
const LINGER: Duration = Duration::from_millis(5);

/// How often in a row what ended is told again where it could not be written, and
/// half of the first pause before that, which doubles.
const TELLINGS: u32 = 8;
const AGAIN: Duration = Duration::from_millis(50);

/// A message with what came of it.
pub(in crate::service) type EndedMessage = (OutboxMessage, Completion);

/// What was taken, what is under way and what is to be written down.
pub(in crate::service) struct WorkQueue {
    /// Messages at once.
    pub(in crate::service) most: usize,
    pub(in crate::service) waiting: VecDeque<ClaimedMessage>,
    pub(in crate::service) running: JoinSet<(Option<EndedMessage>, Duration)>,
    pub(in crate::service) ended: Vec<EndedMessage>,
    /// When the first of those ended.
    pub(in crate::service) ended_at: Instant,
    /// What is being written down, at most one lot at a time: what ends meanwhile
    /// makes up the next, so that at a busy hour one transaction does for several.
    pub(in crate::service) concluding: JoinSet<Result<Vec<EndedMessage>, Vec<EndedMessage>>>,
    /// How often in a row that failed.
    failures: u32,
    /// What is being left to others.
    pub(in crate::service) releasing: JoinSet<()>,
    /// The look into the outbox that is under way.
    pub(in crate::service) looking: JoinSet<Result<ClaimResult, DeskError>>,
    pub(in crate::service) looked_at: Instant,
    /// When to look again; none until something is written.
    pub(in crate::service) look_at: Option<Instant>,
    /// Messages have been quick of late.
    pub(in crate::service) is_quick: bool,
    /// The last look gave as many as it asked for, so that there is nearly always
    /// more behind them.
    pub(in crate::service) has_queue: bool,
    pub(in crate::service) done: u64,
}

/// A message with how the providers did when it was taken.
pub(in crate::service) struct ClaimedMessage {
    pub(in crate::service) at: Instant,
    pub(in crate::service) message: OutboxMessage,
    pub(in crate::service) lines: Arc<BreakerSnapshot>,
}

/// What a look into the outbox gave.
pub(in crate::service) enum ClaimResult {
    Claimed {
        messages: Vec<ClaimedMessage>,
        has_queue: bool,
    },
    /// Nothing for so long, or until something is written.
    Nothing(Option<Duration>),
}

/// One thing that has come about.
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
            concluding: JoinSet::new(),
            failures: 0,
            releasing: JoinSet::new(),
            looking: JoinSet::new(),
            looked_at: now,
            look_at: Some(now),
            is_quick: false,
            has_queue: false,
            done: 0,
        }
    }

    /// Waits until something has come about; none where nothing is under way.
    pub(in crate::service) async fn progress(&mut self) -> Option<WorkerEvent> {
        let conclude_at = self.conclude_at();
        tokio::select! {
            Some(done) = self.running.join_next() => {
                self.count(done.unwrap_or_default());
                Some(WorkerEvent::Done)
            }
            Some(written) = self.concluding.join_next() => {
                Some(self.concluded(written.unwrap_or_else(|_| Ok(Vec::new()))))
            }
            Some(_) = self.releasing.join_next() => {
                self.look_at = Some(Instant::now());
                Some(WorkerEvent::Done)
            }
            Some(look) = self.looking.join_next() => Some(self.take_in(look.ok())),
            () = at(conclude_at), if conclude_at.is_some() => Some(WorkerEvent::Done),
            else => None,
        }
    }

    pub(in crate::service) fn count(&mut self, (ended, took): (Option<EndedMessage>, Duration)) {
        self.is_quick = took < QUICK;
        if ended.is_none() {
            // It waits, or is another's: the outbox knows.
            self.look_at = Some(Instant::now());
        }
        if self.ended.is_empty() {
            self.ended_at = Instant::now();
        }
        self.ended.extend(ended);
        self.done += 1;
    }

    /// When to write down what ended; none where that is nothing, or others are
    /// being written down. Nothing waits where there is no more to come.
    pub(in crate::service) fn conclude_at(&self) -> Option<Instant> {
        if self.ended.is_empty() || !self.concluding.is_empty() {
            return None;
        }
        let waits_for_more = !self.running.is_empty() && self.failures == 0;
        Some(if waits_for_more { self.ended_at + LINGER } else { self.ended_at })
    }

    /// What could not be written is told again; what of it was written is taken.
    fn concluded(&mut self, written: Result<Vec<EndedMessage>, Vec<EndedMessage>>) -> WorkerEvent {
        let now = Instant::now();
        match written {
            Ok(ended) => {
                self.failures = 0;
                self.look_at = Some(now);
                return WorkerEvent::Written(ended);
            }
            Err(lot) if self.failures < TELLINGS => {
                self.failures += 1;
                self.ended.extend(lot);
                self.ended_at = now + AGAIN * 2_u32.saturating_pow(self.failures);
            }
            Err(lot) => {
                self.failures = 0;
                tracing::error!(messages = lot.len(), "what came of messages is not written down");
            }
        }
        WorkerEvent::Done
    }

    fn take_in(&mut self, look: Option<Result<ClaimResult, DeskError>>) -> WorkerEvent {
        let now = Instant::now();
        self.looked_at = now;
        self.has_queue = false;
        let next = match look {
            Some(Ok(ClaimResult::Claimed { messages, has_queue })) => {
                self.waiting.extend(messages);
                self.has_queue = has_queue;
                Some(now)
            }
            Some(Ok(ClaimResult::Nothing(wait))) => wait.map(|wait| now + wait),
            Some(Err(error)) => {
                self.look_at = Some(now + AFTER_FAILURE);
                return WorkerEvent::Failed(error);
            }
            None => Some(now + AFTER_FAILURE),
        };
        // What was heard of meanwhile the look may have missed.
        self.look_at = self.look_at.into_iter().chain(next).min();
        WorkerEvent::Done
    }

    /// Something was written that may concern the outbox. One message brings
    /// several entries.
    pub(in crate::service) fn hear_of_news(&mut self) {
        let soon = self.looked_at + MIN_POLL_INTERVAL;
        self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
    }

    /// The messages that were taken and are not to be done here: what lay too long, and
    /// all but one round where messages have turned out to be slow.
    pub(in crate::service) fn leftovers(&mut self) -> Vec<OutboxMessage> {
        let most = if self.is_quick { usize::MAX } else { self.most };
        let mut kept = VecDeque::new();
        let mut left = Vec::new();
        for taken in self.waiting.drain(..) {
            if kept.len() < most && taken.at.elapsed() < FRESH {
                kept.push_back(taken);
            } else {
                left.push(taken.message);
            }
        }
        self.waiting = kept;
        left
    }

    /// Whether another message could be begun, now or soon.
    fn has_room(&self) -> bool {
        let is_free = self.running.len() < self.most || self.is_quick;
        self.waiting.is_empty() && self.looking.is_empty() && is_free
    }

    /// When to look into the outbox; none where there is no need to.
    pub(in crate::service) fn next_look(&self) -> Option<Instant> {
        self.look_at.filter(|_| self.has_room())
    }
}
