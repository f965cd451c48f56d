//! Noticing what other terminals have written.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::db::{Db, Pools, args};
use super::fault::failed;
use super::sql::statements;
use crate::service::ports::StoreError;

/// How often the store is asked. The question costs some microseconds.
const INTERVAL: Duration = Duration::from_millis(300);

statements! {
    NEWEST { "SELECT MAX(id) FROM core_event" }
}

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

/// A number that changes when somebody else has written. SQLite counts per
/// connection and leaves the connection's own writes out: those of this store
/// all go through its one writer, and tell of themselves.
async fn version(db: &Db) -> Result<i64, StoreError> {
    if let Pools::Sqlite { write, .. } = db.pools() {
        return sqlx::query_scalar("PRAGMA data_version").fetch_one(write).await.map_err(failed);
    }
    let row = db.maybe(&NEWEST, args![]).await?;
    Ok(row.map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0))
}

/// A store that does not answer is no change; whoever acts next will be told.
async fn poll(db: Db) {
    let mut seen = None;
    loop {
        if let Ok(version) = version(&db).await {
            if seen.is_some_and(|seen| seen != version) {
                db.changes().send_modify(|count| *count += 1);
            }
            seen = Some(version);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
