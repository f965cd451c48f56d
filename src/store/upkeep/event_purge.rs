//! The purge of the log. What is purged leaves a stub, in the transaction that purges it: a row
//! that says up to which number no old event is left, when and by whom, so that a purge can be
//! told from a log that somebody cut. The event of the whole run is written by the caller.

use crate::domain::maintenance::TaskProgress;
use crate::domain::policy::Retention;
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::TaskBatch;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::upkeep::maintenance::{self, Found, PurgeStatements};

/// How far the newest event may lie ahead of the clock, in milliseconds: the clocks of the
/// nodes of a cluster agree no better.
const CLOCK_TOLERANCE: i64 = 60_000;

/// The clock was set back, or the events were written by one that was ahead.
const AHEAD: &str = "\
    The newest entry of the log lies ahead of the store's clock, so that it cannot be told which \
    entries are old: nothing is purged. Set the clock of the store's machine right.";

statements! {
    /// The newest event is never purged, so that no number is given twice.
    OLD {
        "SELECT " now " - $3 AS oldest_kept, COUNT(*) AS old_rows, MAX(few.id) AS last_old \
         FROM (SELECT id, at FROM core_event \
         WHERE id > $1 AND id < (SELECT MAX(id) FROM core_event) ORDER BY id LIMIT $2) few \
         WHERE few.at < " now " - $3"
    }
    NEWEST {
        "SELECT at - " now " AS ahead FROM core_event WHERE id = (SELECT MAX(id) FROM core_event)"
    }
    PURGE { "DELETE FROM core_event WHERE id > $1 AND id <= $2 AND at < $3" }
    LEAVE_STUB {
        (insert "core_purge" {
            up_to: "$1",
            events: "$2",
            purged_at: now,
            clerk: "$3",
            counter: "$4",
        })
    }
}

/// How old events are found and purged.
pub(in crate::store) fn purge_of(retention: &Retention) -> PurgeStatements<'static> {
    PurgeStatements { find: &OLD, delete: &PURGE, age: millis_of(retention.purge_events_after) }
}

/// Purges a batch of events that are too old.
pub(in crate::store) async fn purge(
    db: &Database,
    batch: TaskBatch<'_>,
) -> Result<TaskProgress, StoreError> {
    let purge = purge_of(batch.retention);
    let arguments = args![batch.from, batch.most, purge.age];
    // Where there is nothing to do, nothing is written.
    match db.maybe(purge.find, arguments).await? {
        Some(row) if Found::read(&row)?.is_some() => {}
        _ => return Ok(TaskProgress::default()),
    }
    let mut tx = maintenance::begin(db).await?;
    refuse_if_ahead(&mut tx).await?;
    let Some(found) = Found::read(&tx.one(purge.find, arguments).await?)? else {
        return Ok(TaskProgress::default());
    };
    let done = tx.write(purge.delete, args![batch.from, found.last, found.before]).await?;
    let count = i64::try_from(done).unwrap_or(i64::MAX);
    let stub = args![found.last, count, &batch.actor.clerk, &batch.actor.counter];
    tx.write(&LEAVE_STUB, stub).await?;
    tx.commit().await?;
    Ok(TaskProgress { done, next: Some(found.last) })
}

async fn refuse_if_ahead(tx: &mut Tx) -> Result<(), StoreError> {
    let newest = tx.maybe(&NEWEST, args![]).await?;
    let ahead = newest.map_or(Ok(0), |row| row.int("ahead"))?;
    if ahead > CLOCK_TOLERANCE { Err(StoreError::Refused(AHEAD.into())) } else { Ok(()) }
}
