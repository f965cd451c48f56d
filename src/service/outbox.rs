//! Working the outbox: every terminal does what has come due and nobody does.
//!
//! An interface keeps at it beside its clerk, `countersign deliver --watch` does
//! nothing else. Nothing is asked of the store but when an errand is due or
//! something was written, so that an idle office costs nothing.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ports::outbox::Errand;
use super::{Desk, DeskError};

/// However much is written, the outbox is looked into this seldom at most.
const LEAST: Duration = Duration::from_millis(500);

/// How long the outbox is left alone after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How long what was taken may lie here before it is begun. Its lease is longer:
/// what is left lying is taken by whoever has the time.
const FRESH: Duration = Duration::from_secs(5);

/// Errands that are done, and those that were taken and come next.
#[derive(Default)]
struct Bench {
    running: JoinSet<()>,
    waiting: VecDeque<(Instant, Errand)>,
    done: u64,
}

impl Bench {
    /// Waits until one more is done; false where nothing is under way.
    async fn one_done(&mut self) -> bool {
        let one = self.running.join_next().await.is_some();
        self.done += u64::from(one);
        one
    }

    /// How many are under way.
    fn busy(&mut self) -> usize {
        while self.running.try_join_next().is_some() {
            self.done += 1;
        }
        self.running.len()
    }
}

impl Desk {
    /// Does what comes due, up to `most` errands at once, until the end is asked
    /// for; what has begun by then is brought to its end.
    pub async fn keep_outbox(&self, most: usize, end: CancellationToken) {
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
                true = bench.one_done() => {}
                () = until(wait) => {}
                () = news => {}
            }
        }
        while bench.one_done().await {}
    }

    /// Does everything that is due now, and what follows from it at once; gives
    /// how many errands that were.
    pub async fn work_off_outbox(&self, most: usize) -> Result<u64, DeskError> {
        let mut bench = Bench::default();
        loop {
            if let Err(error) = self.fill(&mut bench, most).await {
                // What has begun is brought to its end, or nobody knows how it went.
                while bench.one_done().await {}
                return Err(error);
            }
            if !bench.one_done().await {
                return Ok(bench.done);
            }
        }
    }

    /// Begins errands until there are `most`; says how long there will be none,
    /// where there is room for more. As many are taken at a time, so that a long
    /// queue does not cost a look into the store for each.
    async fn fill(&self, bench: &mut Bench, most: usize) -> Result<Option<Duration>, DeskError> {
        let batch = u32::try_from(most).unwrap_or(u32::MAX);
        let providers = self.senders.providers();
        while bench.busy() < most {
            if let Some((taken, errand)) = bench.waiting.pop_front() {
                if taken.elapsed() < FRESH {
                    self.start(bench, errand);
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
            let taken = Instant::now();
            bench.waiting.extend(errands.into_iter().map(|errand| (taken, errand)));
        }
        Ok(None)
    }

    fn start(&self, bench: &mut Bench, errand: Errand) {
        let desk = self.clone();
        bench.running.spawn(async move {
            if let Err(error) = desk.run(&errand).await {
                tracing::warn!(%error, "an errand of the outbox was not done");
            }
        });
    }
}

async fn until(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

async fn written(changes: &mut watch::Receiver<u64>) {
    // A store that is gone says nothing any more.
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
