//! Tidying up, one short transaction at a time.
//!
//! What is old lies at the beginning of a table's own order, so that a batch
//! looks at its first rows only, from where the batch before it ended, and a run
//! that finds nothing costs a few reads. One maintainer at a time does a batch;
//! what it does it finds by its own transaction, so that two of them do nothing
//! twice, and a batch that was cut off has never been.

use crate::domain::maintenance::{MaintenanceTask, TaskProgress};
use crate::domain::policy::Retention;
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::TaskBatch;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::statement::{Sql, statements};
use crate::store::upkeep::archive;
use crate::store::verification::request;

/// The lock under which a batch is done.
const MAINTAIN: &str = "maintain";

statements! {
    /// Codes that can no longer be entered, counted up to a number.
    EXPIRED {
        "SELECT (SELECT COUNT(*) FROM (SELECT id FROM core_otp_retired \
         WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1) few) + (SELECT COUNT(*) FROM (SELECT id \
         FROM core_otp WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1) few)"
    }
    /// The newest event stays, so that no number is given a second time.
    OLD_EVENTS {
        "SELECT " now " - $3, COUNT(*), MAX(few.id) FROM (SELECT id, at FROM core_event \
         WHERE id > $1 AND id < (SELECT MAX(id) FROM core_event) ORDER BY id LIMIT $2) few \
         WHERE few.at < " now " - $3"
    }
    PURGE_EVENTS { "DELETE FROM core_event WHERE id > $1 AND id <= $2 AND at < $3" }
    OLD_SESSIONS {
        "SELECT " now " - $3, COUNT(*), MAX(few.id) FROM (SELECT id, expires_at \
         FROM core_session WHERE id > $1 ORDER BY id LIMIT $2) few \
         WHERE few.expires_at < " now " - $3"
    }
    PURGE_SESSIONS { "DELETE FROM core_session WHERE id > $1 AND id <= $2 AND expires_at < $3" }
}

/// How rows of a table go that are older than a time: a statement that finds the
/// first of them behind a place, and one that deletes up to the last one found.
pub(in crate::store) struct PurgeStatements<'a> {
    pub(in crate::store) find: &'a Sql,
    pub(in crate::store) delete: &'a Sql,
    /// In milliseconds.
    pub(in crate::store) age: i64,
}

/// The rows that a statement of [`PurgeStatements`] found.
struct Found {
    before: i64,
    count: u64,
    last: i64,
}

impl Found {
    fn read(row: &Row) -> Result<Option<Self>, StoreError> {
        let Some(last) = row.maybe_int(2)? else { return Ok(None) };
        Ok(Some(Self { before: row.int(0)?, count: row.count(1)?.into(), last }))
    }
}

/// How to purge; none for the chores that are done in another way.
fn purge_of(chore: MaintenanceTask, retention: &Retention) -> Option<PurgeStatements<'static>> {
    let of = |find, delete, age| Some(PurgeStatements { find, delete, age: millis_of(age) });
    match chore {
        MaintenanceTask::PurgeEvents => {
            of(&OLD_EVENTS, &PURGE_EVENTS, retention.purge_events_after)
        }
        MaintenanceTask::PurgeSessions => {
            of(&OLD_SESSIONS, &PURGE_SESSIONS, retention.purge_sessions_after)
        }
        MaintenanceTask::PurgeArchive => Some(archive::purge_of(retention)),
        MaintenanceTask::EraseCodes | MaintenanceTask::ArchiveRequests => None,
    }
}

/// How many things a chore would do, counted up to a number.
pub(in crate::store) async fn due(
    db: &Database,
    chore: MaintenanceTask,
    retention: &Retention,
    most: u32,
) -> Result<u64, StoreError> {
    if let Some(purge) = purge_of(chore, retention) {
        let row = db.maybe(purge.find, args![TaskBatch::START, most, purge.age]).await?;
        let found = row.map_or(Ok(None), |row| Found::read(&row))?;
        return Ok(found.map_or(0, |it| it.count));
    }
    if chore == MaintenanceTask::ArchiveRequests {
        return archive::due(db, retention, most).await;
    }
    let counted = db.maybe(&EXPIRED, args![most]).await?;
    Ok(counted.map_or(Ok(0), |row| row.count(0))?.min(most).into())
}

/// Does one batch.
pub(in crate::store) async fn tidy(
    db: &Database,
    batch: TaskBatch<'_>,
) -> Result<TaskProgress, StoreError> {
    match batch.chore {
        MaintenanceTask::EraseCodes => erase(db, batch).await,
        MaintenanceTask::ArchiveRequests => archive::fill(db, batch).await,
        MaintenanceTask::PurgeArchive => archive::purge(db, batch).await,
        MaintenanceTask::PurgeEvents | MaintenanceTask::PurgeSessions => {
            match purge_of(batch.chore, batch.retention) {
                Some(it) => purge(db, batch, &it).await,
                None => Ok(TaskProgress::default()),
            }
        }
    }
}

/// Begins a batch that nobody else does.
pub(in crate::store) async fn begin(db: &Database) -> Result<Tx, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(MAINTAIN).await?;
    Ok(tx)
}

async fn erase(db: &Database, batch: TaskBatch<'_>) -> Result<TaskProgress, StoreError> {
    if due(db, batch.chore, batch.retention, 1).await? == 0 {
        return Ok(TaskProgress::default());
    }
    let mut tx = begin(db).await?;
    let done = request::forget(&mut tx, batch.most).await?;
    tx.commit().await?;
    // What others hold at this moment they bring to an end themselves.
    Ok(TaskProgress { done, next: (done > 0).then_some(TaskBatch::START) })
}

/// Deletes what is too old.
pub(in crate::store) async fn purge(
    db: &Database,
    batch: TaskBatch<'_>,
    purge: &PurgeStatements<'_>,
) -> Result<TaskProgress, StoreError> {
    let arguments = args![batch.from, batch.most, purge.age];
    // What finds nothing to do only reads.
    match db.maybe(purge.find, arguments).await? {
        Some(row) if Found::read(&row)?.is_some() => {}
        _ => return Ok(TaskProgress::default()),
    }
    let mut tx = begin(db).await?;
    let Some(found) = Found::read(&tx.one(purge.find, arguments).await?)? else {
        return Ok(TaskProgress::default());
    };
    let done = tx.write(purge.delete, args![batch.from, found.last, found.before]).await?;
    tx.commit().await?;
    Ok(TaskProgress { done, next: Some(found.last) })
}
