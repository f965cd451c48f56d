//! Working the outbox: every terminal does what has come due and nobody does.
//!
//! An interface keeps at it beside its clerk, `countersign deliver --watch` does
//! nothing else. Nothing is asked of the store but when an errand is due or
//! something was written, so that an idle office costs nothing.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Desk, DeskError};

/// However much is written, the outbox is looked into this seldom at most.
const LEAST: Duration = Duration::from_millis(500);

/// How long the outbox is left alone after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

impl Desk {
    /// Does what comes due, up to `most` errands at once, until the end is asked
    /// for; what has begun by then is brought to its end.
    pub async fn keep_outbox(&self, most: usize, end: CancellationToken) {
        let mut changes = self.store.changes();
        let mut running = JoinSet::new();
        while !end.is_cancelled() {
            let wait = match self.fill(&mut running, most).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "the outbox is left alone for a while");
                    Some(AFTER_FAILURE)
                }
            };
            let looked = Instant::now();
            tokio::select! {
                () = end.cancelled() => {}
                Some(_) = running.join_next(), if !running.is_empty() => {}
                () = until(wait) => {}
                () = written(&mut changes) => {
                    // One errand brings several entries.
                    tokio::time::sleep_until(looked + LEAST).await;
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Does everything that is due now, and what follows from it at once; gives
    /// how many errands that were.
    pub async fn work_off_outbox(&self, most: usize) -> Result<u64, DeskError> {
        let mut running = JoinSet::new();
        let mut done = 0;
        loop {
            self.fill(&mut running, most).await?;
            match running.join_next().await {
                Some(_) => done += 1,
                None => return Ok(done),
            }
        }
    }

    /// Begins errands until there are `most`; says how long there will be none,
    /// where there is room for more.
    async fn fill(
        &self,
        running: &mut JoinSet<()>,
        most: usize,
    ) -> Result<Option<Duration>, DeskError> {
        while running.try_join_next().is_some() {}
        loop {
            let room = u32::try_from(most.saturating_sub(running.len())).unwrap_or(u32::MAX);
            if room == 0 {
                return Ok(None);
            }
            match self.store.next_errand(&self.holder).await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(wait),
            }
            let errands = self.store.take(&self.holder, room).await?;
            if errands.is_empty() {
                // Somebody else was faster.
                return Ok(Some(LEAST));
            }
            for errand in errands {
                let desk = self.clone();
                running.spawn(async move {
                    if let Err(error) = desk.run(&errand).await {
                        tracing::warn!(%error, "an errand of the outbox was not done");
                    }
                });
            }
        }
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
