//! Noticing what other terminals have written.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::db::Db;

/// How often the store is asked. The question costs some microseconds.
const INTERVAL: Duration = Duration::from_millis(300);

/// The task that asks; it begins when somebody wants to know and ends with the
/// store.
pub(super) struct Watch {
    runtime: Handle,
    task: OnceLock<AbortHandle>,
}

impl Watch {
    /// A watch on the runtime that the store was opened on.
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, task: OnceLock::new() }
    }

    /// The count of changes, here and elsewhere.
    pub(super) fn changes(&self, db: &Db) -> watch::Receiver<u64> {
        self.task.get_or_init(|| self.runtime.spawn(poll(db.clone())).abort_handle());
        db.changes().subscribe()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// A store that does not answer is no change; whoever acts next will be told.
async fn poll(db: Db) {
    let mut seen = None;
    loop {
        if let Ok(version) = db.version_elsewhere().await {
            if seen.is_some_and(|seen| seen != version) {
                db.changes().send_modify(|count| *count += 1);
            }
            seen = Some(version);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
