//! Looking for customers that others have written.
//!
//! Who has registered on the office's website a minute ago stands at the counter
//! now. A task looks for new numbers as long as the store is open; the first
//! search waits for its first look, which fills an index that nobody has filled
//! yet. Of many terminals each looks, and one at a time writes what it found.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::indexing::{Indexing, Mend};
use crate::service::ports::StoreError;

/// How often the office's table is asked for new customers: three short reads.
const INTERVAL: Duration = Duration::from_secs(10);

/// The task that looks; it begins when somebody searches or watches, and ends
/// with the store.
pub(super) struct CatchUp {
    runtime: Handle,
    /// How often it has looked.
    looks: watch::Sender<u64>,
    task: OnceLock<AbortHandle>,
}

impl CatchUp {
    /// A task on the runtime that the store was opened on.
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, looks: watch::Sender::new(0), task: OnceLock::new() }
    }

    /// Begins to look.
    pub(super) fn begin(&self, indexing: &Indexing) {
        self.task.get_or_init(|| {
            let task = look_out(indexing.clone(), self.looks.clone());
            self.runtime.spawn(task).abort_handle()
        });
    }

    /// Waits for the first look. One that failed keeps nobody waiting: a search
    /// meets the same fault, and tells of it.
    pub(super) async fn first(&self, indexing: &Indexing) {
        self.begin(indexing);
        // The sender lives as long as this does.
        let _ = self.looks.subscribe().wait_for(|looks| *looks > 0).await;
    }
}

impl Drop for CatchUp {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn look_out(indexing: Indexing, looks: watch::Sender<u64>) {
    let (mut whole, mut mend) = (false, Mend::InTurn);
    loop {
        let looked = look(&indexing, &mut whole, mend).await;
        looks.send_modify(|looks| *looks += 1);
        match looked {
            Ok(()) if !indexing.goes_on() => return,
            Ok(()) => mend = Mend::IfFree,
            Err(error) => tracing::warn!(%error, "looking for new customers failed"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn look(indexing: &Indexing, whole: &mut bool, mend: Mend) -> Result<(), StoreError> {
    if !*whole && !indexing.is_whole().await? {
        indexing.make_whole().await?;
    } else if indexing.goes_on() {
        indexing.catch_up(mend).await?;
    }
    *whole = true;
    Ok(())
}
