//! Maintenance tasks, in batches of one short transaction each.
//!
//! Old rows are at the beginning of a table's key, so that a batch reads the first rows
//! after the position where the batch before it ended, and a run that finds nothing costs a
//! few reads. One process at a time does a batch. It selects its rows in its own
//! transaction, so that two processes do nothing twice, and an interrupted batch is rolled
//! back.

use crate::domain::maintenance::{MaintenanceTask, TaskProgress};
use crate::domain::policy::Retention;
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::TaskBatch;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::statement::{Sql, statements};
use crate::store::delivery::test_message;
use crate::store::upkeep::{archive, event_purge};
use crate::store::verification::expiry;

/// The lock under which a batch is done.
const MAINTENANCE_LOCK: &str = "maintain";

statements! {
    /// Expired codes, and test messages that no limit counts any more: each has a contact
    /// unmasked. Counted no further than a limit.
    EXPIRED {
        "SELECT (SELECT COUNT(*) FROM (SELECT id FROM core_otp_retired \
         WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1) few) + (SELECT COUNT(*) FROM (SELECT id \
         FROM core_otp WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1) few) + (SELECT COUNT(*) FROM \
         (SELECT id FROM core_trial WHERE created_at <= " now " - $2 ORDER BY created_at LIMIT $1) few) \
         AS codes"
    }
    OLD_SESSIONS {
        "SELECT " now " - $3 AS oldest_kept, COUNT(*) AS old_rows, MAX(few.id) AS last_old \
         FROM (SELECT id, expires_at \
         FROM core_session WHERE id > $1 ORDER BY id LIMIT $2) few \
         WHERE few.expires_at < " now " - $3"
    }
    PURGE_SESSIONS { "DELETE FROM core_session WHERE id > $1 AND id <= $2 AND expires_at < $3" }
}

/// How the old rows of a table are purged: a statement that finds the first of them after a
/// position, and one that deletes up to the last one found.
pub(in crate::store) struct PurgeStatements<'a> {
    pub(in crate::store) find: &'a Sql,
    pub(in crate::store) delete: &'a Sql,
    /// In milliseconds.
    pub(in crate::store) age: i64,
}

/// The rows that a statement of [`PurgeStatements`] found.
pub(in crate::store) struct PurgeRange {
    pub(in crate::store) before: i64,
    pub(in crate::store) last: i64,
    count: u64,
}

impl PurgeRange {
    pub(in crate::store) fn read(row: &Row) -> Result<Option<Self>, StoreError> {
        let Some(last) = row.maybe_int("last_old")? else { return Ok(None) };
        let count = row.count("old_rows")?.into();
        Ok(Some(Self { before: row.int("oldest_kept")?, count, last }))
    }
}

/// The purge of a task; `None` for the tasks that are done in another way.
fn purge_of(task: MaintenanceTask, retention: &Retention) -> Option<PurgeStatements<'static>> {
    let of = |find, delete, age| Some(PurgeStatements { find, delete, age: millis_of(age) });
    match task {
        MaintenanceTask::PurgeEvents => Some(event_purge::purge_of(retention)),
        MaintenanceTask::PurgeSessions => {
            of(&OLD_SESSIONS, &PURGE_SESSIONS, retention.purge_sessions_after)
        }
        MaintenanceTask::PurgeArchive => Some(archive::purge_of(retention)),
        MaintenanceTask::EraseCodes | MaintenanceTask::ArchiveRequests => None,
    }
}

/// How many rows a task would change, counted no further than `most`.
pub(in crate::store) async fn due(
    db: &Database,
    task: MaintenanceTask,
    retention: &Retention,
    most: u32,
) -> Result<u64, StoreError> {
    if let Some(purge) = purge_of(task, retention) {
        let row = db.maybe(purge.find, args![TaskBatch::START, most, purge.age]).await?;
        let found = row.map_or(Ok(None), |row| PurgeRange::read(&row))?;
        return Ok(found.map_or(0, |it| it.count));
    }
    if task == MaintenanceTask::ArchiveRequests {
        return archive::due(db, retention, most).await;
    }
    let counted = db.maybe(&EXPIRED, args![most, millis_of(test_message::KEPT)]).await?;
    Ok(counted.map_or(Ok(0), |row| row.count("codes"))?.min(most).into())
}

/// Does one batch.
pub(in crate::store) async fn run_batch(
    db: &Database,
    batch: TaskBatch<'_>,
) -> Result<TaskProgress, StoreError> {
    match batch.task {
        MaintenanceTask::EraseCodes => erase(db, batch).await,
        MaintenanceTask::ArchiveRequests => archive::fill(db, batch).await,
        MaintenanceTask::PurgeArchive => archive::purge(db, batch).await,
        MaintenanceTask::PurgeEvents => event_purge::purge(db, batch).await,
        MaintenanceTask::PurgeSessions => match purge_of(batch.task, batch.retention) {
            Some(it) => purge(db, batch, &it).await,
            None => Ok(TaskProgress::default()),
        },
    }
}

/// Begins a batch, under the lock.
pub(in crate::store) async fn begin(db: &Database) -> Result<Tx, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(MAINTENANCE_LOCK).await?;
    Ok(tx)
}

async fn erase(db: &Database, batch: TaskBatch<'_>) -> Result<TaskProgress, StoreError> {
    if due(db, batch.task, batch.retention, 1).await? == 0 {
        return Ok(TaskProgress::default());
    }
    let mut tx = begin(db).await?;
    let done = expiry::expire(&mut tx, batch.most).await? + test_message::erase(&mut tx).await?;
    tx.commit().await?;
    // Rows that others hold at this moment are closed by them.
    Ok(TaskProgress { done, kept: 0, next: (done > 0).then_some(TaskBatch::START) })
}

/// Deletes rows that are too old.
pub(in crate::store) async fn purge(
    db: &Database,
    batch: TaskBatch<'_>,
    purge: &PurgeStatements<'_>,
) -> Result<TaskProgress, StoreError> {
    let arguments = args![batch.from, batch.most, purge.age];
    // Where there is nothing to do, nothing is written.
    match db.maybe(purge.find, arguments).await? {
        Some(row) if PurgeRange::read(&row)?.is_some() => {}
        _ => return Ok(TaskProgress::default()),
    }
    let mut tx = begin(db).await?;
    let Some(found) = PurgeRange::read(&tx.one(purge.find, arguments).await?)? else {
        return Ok(TaskProgress::default());
    };
    let done = tx.write(purge.delete, args![batch.from, found.last, found.before]).await?;
    tx.commit().await?;
    Ok(TaskProgress { done, kept: 0, next: Some(found.last) })
}
