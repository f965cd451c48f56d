//! Working the outbox: every terminal does what has come due and nobody does.
//!
//! An interface keeps at it beside its clerk, `countersign deliver --watch` does
//! nothing else. Nothing is asked of the store but when an errand is due or
//! something was written, so that an idle office costs nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::delivery::{Conclusion, Run};
use super::ports::outbox::Errand;
use super::providers::Lines;
use super::{Desk, DeskError};
use crate::domain::delivery::Report;

/// However much is written, the outbox is looked into this seldom at most.
const LEAST: Duration = Duration::from_millis(500);

/// How long the outbox is left alone after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long what was taken may lie here before it is begun. Its lease is longer:
/// what is left lying is taken by whoever has the time.
const FRESH: Duration = Duration::from_secs(5);

/// Errands that take less than this are taken before there is room for them, so
/// that nobody waits for the store. What takes longer may be another's meanwhile.
const QUICK: Duration = Duration::from_millis(500);

/// As many rounds of quick errands are taken in one look.
const ROUNDS: usize = 4;

/// How long what ended waits for more to be written down with.
const LINGER: Duration = Duration::from_millis(5);

/// An errand with what came of it.
type Ended = (Errand, Conclusion);

/// What was taken, what is under way and what is to be written down.
struct Bench {
    /// Errands at once.
    most: usize,
    waiting: VecDeque<Taken>,
    running: JoinSet<(Option<Ended>, Duration)>,
    ended: Vec<Ended>,
    /// When the first of those ended.
    ended_at: Instant,
    /// What is being written down, at most one lot at a time: what ends meanwhile
    /// makes up the next, so that at a busy hour one transaction does for several.
    concluding: JoinSet<Vec<Ended>>,
    /// The look into the outbox that is under way.
    looking: JoinSet<Result<Look, DeskError>>,
    looked_at: Instant,
    /// When to look again; none until something is written.
    look_at: Option<Instant>,
    /// Errands have been quick of late.
    is_quick: bool,
    /// The last look gave as many as it asked for, so that there is nearly always
    /// more behind them.
    has_queue: bool,
    done: u64,
}

/// An errand with how the providers did when it was taken.
struct Taken {
    at: Instant,
    errand: Errand,
    lines: Arc<Lines>,
}

/// What a look into the outbox gave.
enum Look {
    Taken {
        errands: Vec<Taken>,
        has_queue: bool,
    },
    /// Nothing for so long, or until something is written.
    Nothing(Option<Duration>),
}

/// One thing that has come about.
enum Progress {
    Done,
    Written(Vec<Ended>),
    Failed(DeskError),
}

impl Bench {
    fn new(most: usize) -> Self {
        let now = Instant::now();
        Self {
            most,
            waiting: VecDeque::new(),
            running: JoinSet::new(),
            ended: Vec::new(),
            ended_at: now,
            concluding: JoinSet::new(),
            looking: JoinSet::new(),
            looked_at: now,
            look_at: Some(now),
            is_quick: false,
            has_queue: false,
            done: 0,
        }
    }

    /// Waits until something has come about; none where nothing is under way.
    async fn progress(&mut self) -> Option<Progress> {
        let conclude_at = self.conclude_at();
        tokio::select! {
            Some(done) = self.running.join_next() => {
                self.count(done.unwrap_or_default());
                Some(Progress::Done)
            }
            Some(written) = self.concluding.join_next() => {
                self.look_at = Some(Instant::now());
                Some(Progress::Written(written.unwrap_or_default()))
            }
            Some(look) = self.looking.join_next() => Some(self.take_in(look.ok())),
            () = at(conclude_at), if conclude_at.is_some() => Some(Progress::Done),
            else => None,
        }
    }

    fn count(&mut self, (ended, took): (Option<Ended>, Duration)) {
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
    fn conclude_at(&self) -> Option<Instant> {
        if self.ended.is_empty() || !self.concluding.is_empty() {
            return None;
        }
        Some(if self.running.is_empty() { self.ended_at } else { self.ended_at + LINGER })
    }

    fn take_in(&mut self, look: Option<Result<Look, DeskError>>) -> Progress {
        let now = Instant::now();
        self.looked_at = now;
        self.has_queue = false;
        self.look_at = match look {
            Some(Ok(Look::Taken { errands, has_queue })) => {
                self.waiting.extend(errands);
                self.has_queue = has_queue;
                Some(now)
            }
            Some(Ok(Look::Nothing(wait))) => wait.map(|wait| now + wait),
            Some(Err(error)) => {
                self.look_at = Some(now + AFTER_FAILURE);
                return Progress::Failed(error);
            }
            None => Some(now + AFTER_FAILURE),
        };
        Progress::Done
    }

    /// Something was written that may concern the outbox. One errand brings
    /// several entries.
    fn hear_of_news(&mut self) {
        let soon = self.looked_at + LEAST;
        self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
    }

    /// Whether another errand could be begun, now or soon.
    fn has_room(&self) -> bool {
        let is_free = self.running.len() < self.most || self.is_quick;
        self.waiting.is_empty() && self.looking.is_empty() && is_free
    }

    /// When to look into the outbox; none where there is no need to.
    fn next_look(&self) -> Option<Instant> {
        self.look_at.filter(|_| self.has_room())
    }
}

impl Desk {
    /// Does what comes due, up to `most` errands at once, until the end is asked
    /// for; what has begun by then is brought to its end. `told` hears of each
    /// that was done and written down.
    pub(super) async fn keep_errands(
        &self,
        most: usize,
        end: CancellationToken,
        told: impl Fn(&Errand, &Report),
    ) {
        let tell = |written: Vec<Ended>| {
            for (errand, end) in &written {
                told(errand, &end.step.report);
            }
        };
        let mut changes = self.store.changes();
        let mut bench = Bench::new(most);
        while !end.is_cancelled() {
            self.fill(&mut bench);
            let next_look = bench.next_look();
            tokio::select! {
                () = end.cancelled() => {}
                Some(progress) = bench.progress() => match progress {
                    Progress::Done => {}
                    Progress::Written(written) => tell(written),
                    Progress::Failed(error) => {
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
    /// how many errands that were.
    pub(super) async fn work_off_errands(&self, most: usize) -> Result<u64, DeskError> {
        let mut bench = Bench::new(most);
        loop {
            self.fill(&mut bench);
            match bench.progress().await {
                Some(Progress::Done | Progress::Written(_)) => {}
                Some(Progress::Failed(error)) => {
                    self.finish(&mut bench, drop).await;
                    return Err(error);
                }
                None => return Ok(bench.done),
            }
        }
    }

    /// How long until there is something to do for this terminal; none where there
    /// is nothing.
    pub async fn next_errand(&self) -> Result<Option<Duration>, DeskError> {
        Ok(self.store.next_errand(&self.holder, &self.senders.providers()).await?)
    }

    /// What has begun is brought to its end, or nobody knows how it went. What was
    /// taken and not begun is left to others.
    async fn finish(&self, bench: &mut Bench, tell: impl Fn(Vec<Ended>)) {
        loop {
            self.conclude_ended(bench);
            match bench.progress().await {
                Some(Progress::Written(written)) => tell(written),
                Some(Progress::Done | Progress::Failed(_)) => {}
                None => return,
            }
        }
    }

    /// Begins as many errands as there is room for, to write down what ended, and
    /// to look for more.
    fn fill(&self, bench: &mut Bench) {
        while bench.running.len() < bench.most
            && let Some(taken) = bench.waiting.pop_front()
        {
            if taken.at.elapsed() < FRESH {
                self.start(bench, taken);
            }
        }
        self.conclude_ended(bench);
        if bench.next_look().is_some_and(|at| at <= Instant::now()) {
            let (desk, has_queue) = (self.clone(), bench.has_queue);
            let most = if bench.is_quick { bench.most * ROUNDS } else { bench.most };
            bench.looking.spawn(async move { desk.look(most, has_queue).await });
        }
    }

    fn start(&self, bench: &mut Bench, taken: Taken) {
        let desk = self.clone();
        bench.running.spawn(async move {
            let (Taken { errand, lines, .. }, since) = (taken, Instant::now());
            let ended = match desk.run(&errand, &lines).await {
                Ok(Run::Ended(conclusion)) => Some((errand, conclusion)),
                Ok(Run::PutOff(_) | Run::Left) => None,
                Err(error) => {
                    tracing::warn!(%error, "an errand of the outbox was not done");
                    None
                }
            };
            (ended, since.elapsed())
        });
    }

    /// Begins to write down what ended since the last time, where it is time to.
    fn conclude_ended(&self, bench: &mut Bench) {
        if bench.conclude_at().is_none_or(|at| at > Instant::now()) {
            return;
        }
        let (desk, ended) = (self.clone(), std::mem::take(&mut bench.ended));
        bench.concluding.spawn(async move {
            let outcomes: Vec<_> = ended.iter().map(|(errand, end)| (errand, end)).collect();
            match desk.conclude(&outcomes).await {
                Ok(()) => ended,
                Err(error) => {
                    tracing::warn!(%error, "what came of errands is not written down");
                    Vec::new()
                }
            }
        });
    }

    /// Takes so many errands, so that a long queue does not cost a look into the
    /// store for each.
    async fn look(&self, most: usize, has_queue: bool) -> Result<Look, DeskError> {
        let providers = self.senders.providers();
        if !has_queue {
            match self.store.next_errand(&self.holder, &providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(Look::Nothing(wait)),
            }
        }
        let limit = u32::try_from(most).unwrap_or(u32::MAX);
        let errands = self.store.take(&self.holder, &providers, limit).await?;
        if errands.is_empty() {
            // Somebody else was faster, or that was all.
            return Ok(Look::Nothing(Some(if has_queue { Duration::ZERO } else { LEAST })));
        }
        let lines = Arc::new(self.insist_on_lines().await?);
        let at = Instant::now();
        let taken = |errand| Taken { at, errand, lines: Arc::clone(&lines) };
        let errands: Vec<_> = errands.into_iter().map(taken).collect();
        Ok(Look::Taken { has_queue: errands.len() == most, errands })
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

pub(super) async fn written(changes: &mut watch::Receiver<u64>) {
    // A store that is gone says nothing any more.
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
