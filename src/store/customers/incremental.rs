//! Looking for customers that others have written.
//!
//! Who has registered on the office's website a minute ago stands at the counter
//! now. A task looks for new numbers as long as the store is open; the first
//! search waits for its first look. Where that has to fill an index that nobody
//! has filled yet, a search at a counter waits a second and finds who can be found
//! by then. Of many terminals each looks, and one at a time writes what it found.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::IndexProgress;
use crate::store::customers::reindex::{Reindexer, RepairMode};

/// How often the office's table is asked for new customers: three short reads.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long after the beginning a search waits for an index that is being filled.
const PATIENCE: Duration = Duration::from_secs(1);

/// The task that looks; it begins when somebody searches or watches, and ends
/// with the store.
pub(in crate::store) struct IncrementalReindex {
    runtime: Handle,
    progress: Progress,
    task: OnceLock<(AbortHandle, Instant)>,
}

/// What others are told of the task.
#[derive(Clone)]
struct Progress {
    /// How often it has looked.
    looks: watch::Sender<u64>,
    /// How far an index that was never filled is filled; none where it is whole.
    preparing: watch::Sender<Option<IndexProgress>>,
}

impl IncrementalReindex {
    /// A task on the runtime that the store was opened on.
    pub(in crate::store) fn new(runtime: Handle) -> Self {
        let progress =
            Progress { looks: watch::Sender::new(0), preparing: watch::Sender::new(None) };
        Self { runtime, progress, task: OnceLock::new() }
    }

    /// Begins to look; says when that was.
    pub(in crate::store) fn begin(&self, indexing: &Reindexer) -> Instant {
        let (_, begun) = self.task.get_or_init(|| {
            let task = look_out(indexing.clone(), self.progress.clone());
            (self.runtime.spawn(task).abort_handle(), Instant::now())
        });
        *begun
    }

    /// How far the index is filled.
    pub(in crate::store) fn preparing(&self) -> watch::Receiver<Option<IndexProgress>> {
        self.progress.preparing.subscribe()
    }

    /// Waits for the first look. One that failed keeps nobody waiting: a search
    /// meets the same fault, and tells of it.
    pub(in crate::store) async fn first(&self, indexing: &Reindexer) {
        self.begin(indexing);
        // The sender lives as long as this does.
        let _ = self.progress.looks.subscribe().wait_for(|looks| *looks > 0).await;
    }

    /// Waits for it, but not long for an index that is being filled: whoever can
    /// be found by then is.
    pub(in crate::store) async fn soon(&self, indexing: &Reindexer) {
        let end = self.begin(indexing) + PATIENCE;
        let mut preparing = self.progress.preparing.subscribe();
        let unfilled = async {
            drop(preparing.wait_for(Option::is_some).await);
            sleep_until(end).await;
        };
        tokio::select! {
            () = self.first(indexing) => {}
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

async fn look_out(indexing: Reindexer, progress: Progress) {
    let (mut whole, mut mend) = (false, RepairMode::InTurn);
    loop {
        let looked = look(&indexing, &mut whole, mend, &progress.preparing).await;
        progress.preparing.send_if_modified(|preparing| preparing.take().is_some());
        progress.looks.send_modify(|looks| *looks += 1);
        match looked {
            Ok(()) if !indexing.goes_on() => return,
            Ok(()) => mend = RepairMode::IfFree,
            Err(error) => tracing::warn!(%error, "looking for new customers failed"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn look(
    indexing: &Reindexer,
    whole: &mut bool,
    mend: RepairMode,
    preparing: &watch::Sender<Option<IndexProgress>>,
) -> Result<(), StoreError> {
    if !*whole && !indexing.is_whole().await? {
        let tell = |so_far| preparing.send_modify(|preparing| *preparing = Some(so_far));
        indexing.make_whole(tell).await?;
    } else if indexing.goes_on() {
        indexing.catch_up(mend).await?;
    }
    *whole = true;
    Ok(())
}
