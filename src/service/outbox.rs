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

/// An errand with what came of it.
type Ended = (Errand, Conclusion);

/// What was taken, what is under way and what is to be written down.
#[derive(Default)]
struct Bench {
    waiting: VecDeque<Taken>,
    running: JoinSet<Option<Ended>>,
    ended: Vec<Ended>,
    /// What is being written down, at most one lot at a time: what ends meanwhile
    /// makes up the next, so that at a busy hour one transaction does for several.
    concluding: JoinSet<Vec<Ended>>,
    done: u64,
}

/// An errand with how the providers did when it was taken.
struct Taken {
    at: Instant,
    errand: Errand,
    lines: Arc<Lines>,
}

impl Bench {
    /// Waits until something is done or written down, and gives what was written
    /// down; none where nothing is under way.
    async fn progress(&mut self) -> Option<Vec<Ended>> {
        tokio::select! {
            Some(done) = self.running.join_next() => {
                self.count(done.ok().flatten());
                Some(Vec::new())
            }
            Some(written) = self.concluding.join_next() => Some(written.unwrap_or_default()),
            else => None,
        }
    }

    /// How many are under way.
    fn busy(&mut self) -> usize {
        while let Some(done) = self.running.try_join_next() {
            self.count(done.ok().flatten());
        }
        self.running.len()
    }

    fn count(&mut self, ended: Option<Ended>) {
        self.ended.extend(ended);
        self.done += 1;
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
        let mut bench = Bench::default();
        while !end.is_cancelled() {
            let wait = match self.fill(&mut bench, most).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "the outbox is left alone for a while");
                    Some(AFTER_FAILURE)
                }
            };
            let looked = Instant::now();
            // One errand brings several entries.
            let news = async {
                written(&mut changes).await;
                tokio::time::sleep_until(looked + LEAST).await;
            };
            tokio::select! {
                () = end.cancelled() => {}
                Some(written) = bench.progress() => tell(written),
                () = until(wait) => {}
                () = news => {}
            }
        }
        self.finish(&mut bench, tell).await;
    }

    /// Does everything that is due now, and what follows from it at once; gives
    /// how many errands that were.
    pub(super) async fn work_off_errands(&self, most: usize) -> Result<u64, DeskError> {
        let mut bench = Bench::default();
        loop {
            if let Err(error) = self.fill(&mut bench, most).await {
                self.finish(&mut bench, drop).await;
                return Err(error);
            }
            if bench.progress().await.is_none() {
                return Ok(bench.done);
            }
        }
    }

    /// How long until there is something to do for this terminal; none where there
    /// is nothing.
    pub async fn next_errand(&self) -> Result<Option<Duration>, DeskError> {
        Ok(self.store.next_errand(&self.holder, &self.senders.providers()).await?)
    }

    /// What has begun is brought to its end, or nobody knows how it went.
    async fn finish(&self, bench: &mut Bench, tell: impl Fn(Vec<Ended>)) {
        loop {
            self.conclude_ended(bench);
            match bench.progress().await {
                Some(written) => tell(written),
                None => return,
            }
        }
    }

    /// Begins to write down what ended since the last time.
    fn conclude_ended(&self, bench: &mut Bench) {
        if bench.ended.is_empty() || !bench.concluding.is_empty() {
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

    /// Begins errands until there are `most`, and writes down what ended; says how
    /// long there will be none, where there is room for more. As many are taken at
    /// a time, so that a long queue does not cost a look into the store for each.
    async fn fill(&self, bench: &mut Bench, most: usize) -> Result<Option<Duration>, DeskError> {
        let batch = u32::try_from(most).unwrap_or(u32::MAX);
        let providers = self.senders.providers();
        loop {
            let busy = bench.busy();
            self.conclude_ended(bench);
            if busy >= most {
                return Ok(None);
            }
            if let Some(taken) = bench.waiting.pop_front() {
                if taken.at.elapsed() < FRESH {
                    self.start(bench, taken);
                }
                continue;
            }
            match self.store.next_errand(&self.holder, &providers).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(wait),
            }
            let errands = self.store.take(&self.holder, &providers, batch).await?;
            if errands.is_empty() {
                // Somebody else was faster.
                return Ok(Some(LEAST));
            }
            let lines = Arc::new(self.insist_on_lines().await?);
            let at = Instant::now();
            let taken = |errand| Taken { at, errand, lines: Arc::clone(&lines) };
            bench.waiting.extend(errands.into_iter().map(taken));
        }
    }

    fn start(&self, bench: &mut Bench, taken: Taken) {
        let desk = self.clone();
        bench.running.spawn(async move {
            let Taken { errand, lines, .. } = taken;
            match desk.run(&errand, &lines).await {
                Ok(Run::Ended(conclusion)) => Some((errand, conclusion)),
                Ok(Run::PutOff(_) | Run::Left) => None,
                Err(error) => {
                    tracing::warn!(%error, "an errand of the outbox was not done");
                    None
                }
            }
        });
    }
}

pub(super) async fn until(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

pub(super) async fn written(changes: &mut watch::Receiver<u64>) {
    // A store that is gone says nothing any more.
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
