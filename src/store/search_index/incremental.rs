//! The incremental reindex: finding customers whom others have written to the external
//! table.
//!
//! Somebody who registered on the office's website a minute ago may stand at the counter
//! now. A background task looks for new customers while the store is open, and the first
//! search waits for its first pass. Where the index was never complete, that pass compares
//! all customers: a search then waits one second at most, and finds those who are indexed
//! by then. Every terminal looks; one at a time repairs.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::IndexProgress;
use crate::store::search_index::reindex::{Reindexer, RepairMode};

/// The interval between two passes, each of which is three short reads.
const UPDATE_INTERVAL: Duration = Duration::from_secs(10);

/// How long a search waits for the first comparison of all customers.
const MAX_SEARCH_WAIT: Duration = Duration::from_secs(1);

/// The background task. It starts with the first search or subscriber of changes, and ends
/// with the store.
pub(in crate::store) struct IncrementalReindex {
    runtime: Handle,
    progress: Progress,
    task: OnceLock<(AbortHandle, Instant)>,
}

/// What the task publishes.
#[derive(Clone)]
struct Progress {
    /// The number of passes.
    passes: watch::Sender<u64>,
    /// The progress of the first comparison of all customers; `None` where the index is
    /// complete.
    preparing: watch::Sender<Option<IndexProgress>>,
}

impl IncrementalReindex {
    /// A task that will run on `runtime`.
    pub(in crate::store) fn new(runtime: Handle) -> Self {
        let progress =
            Progress { passes: watch::Sender::new(0), preparing: watch::Sender::new(None) };
        Self { runtime, progress, task: OnceLock::new() }
    }

    /// Starts the task, if it does not run yet; returns when it was started.
    pub(in crate::store) fn start(&self, reindexer: &Reindexer) -> Instant {
        let (_, started) = self.task.get_or_init(|| {
            let task = run(reindexer.clone(), self.progress.clone());
            (self.runtime.spawn(task).abort_handle(), Instant::now())
        });
        *started
    }

    /// The progress of the first comparison.
    pub(in crate::store) fn progress(&self) -> watch::Receiver<Option<IndexProgress>> {
        self.progress.preparing.subscribe()
    }

    /// Waits for the first pass. One that failed ends the wait too: the search then meets
    /// the same error and reports it.
    pub(in crate::store) async fn wait_for_first_pass(&self, reindexer: &Reindexer) {
        self.start(reindexer);
        // The sender lives as long as `self`.
        let _ = self.progress.passes.subscribe().wait_for(|passes| *passes > 0).await;
    }

    /// Waits for the first pass, but only [`MAX_SEARCH_WAIT`] where it compares all
    /// customers.
    pub(in crate::store) async fn wait_for_search(&self, reindexer: &Reindexer) {
        let end = self.start(reindexer) + MAX_SEARCH_WAIT;
        let mut preparing = self.progress.preparing.subscribe();
        let unfilled = async {
            drop(preparing.wait_for(Option::is_some).await);
            sleep_until(end).await;
        };
        tokio::select! {
            () = self.wait_for_first_pass(reindexer) => {}
            () = unfilled => {}
        }
    }
}

impl Drop for IncrementalReindex {
    fn drop(&mut self) {
        if let Some((task, _)) = self.task.get() {
            task.abort();
        }
    }
}

async fn run(reindexer: Reindexer, progress: Progress) {
    let (mut whole, mut repair) = (false, RepairMode::WaitForLock);
    loop {
        let passed = pass(&reindexer, &mut whole, repair, &progress.preparing).await;
        progress.preparing.send_if_modified(|preparing| preparing.take().is_some());
        progress.passes.send_modify(|passes| *passes += 1);
        match passed {
            Ok(()) if !reindexer.is_external() => return,
            Ok(()) => repair = RepairMode::IfFree,
            Err(error) => tracing::warn!(%error, "looking for new customers failed"),
        }
        tokio::time::sleep(UPDATE_INTERVAL).await;
    }
}

async fn pass(
    reindexer: &Reindexer,
    whole: &mut bool,
    repair: RepairMode,
    preparing: &watch::Sender<Option<IndexProgress>>,
) -> Result<(), StoreError> {
    if !*whole && !reindexer.is_complete().await? {
        let tell = |so_far| preparing.send_modify(|preparing| *preparing = Some(so_far));
        reindexer.compare_all(tell).await?;
    } else if reindexer.is_external() {
        reindexer.compare_newest(repair).await?;
    }
    *whole = true;
    Ok(())
}
