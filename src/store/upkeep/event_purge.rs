//! The purge of old events. It is told to the audit trail: the leaves stay, what proves their
//! personal fields goes, and an entry of the log, in the same transaction, says how many
//! events went and up to which number, by which a verification knows a purge from a deletion.

use crate::domain::audit::removal::{Removal, RemovalKind};
use crate::domain::event::EventKind;
use crate::domain::maintenance::TaskProgress;
use crate::domain::policy::Retention;
use crate::domain::time::millis_of;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::TaskBatch;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::locks::SEAL_LOCK;
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
    /// The newest event is never purged, so that no number is given twice; what a purge
    /// writes into the log makes no other event an older one.
    OLD {
        "SELECT " now " - $3 AS oldest_kept, COUNT(*) AS old_rows, MAX(few.id) AS last_old \
         FROM (SELECT id, at FROM core_event \
         WHERE id > $1 AND id < COALESCE((SELECT MAX(hit.id) FROM (SELECT id, kind \
         FROM core_event WHERE id > $1 ORDER BY id DESC LIMIT 100) hit \
         WHERE hit.kind <> 'events_purged'), (SELECT MAX(id) FROM core_event)) \
         ORDER BY id LIMIT $2) few \
         WHERE few.at < " now " - $3"
    }
    NEWEST {
        "SELECT at - " now " AS ahead FROM core_event WHERE id = (SELECT MAX(id) FROM core_event)"
    }
    PURGE { "DELETE FROM core_event WHERE id > $1 AND id <= $2 AND at < $3" }
    /// The salts of the events that are purged.
    FORGET_SALTS {
        (each
            ("UPDATE core_audit_leaf SET salt = NULL WHERE event_id IN (SELECT id FROM core_event \
              WHERE id > $1 AND id <= $2 AND at < $3)")
            ("UPDATE core_audit_leaf SET salt = NULL WHERE event_id = ANY (ARRAY(SELECT id \
              FROM core_event WHERE id > $1 AND id <= $2 AND at < $3))")
            ("UPDATE core_event e STRAIGHT_JOIN core_audit_leaf l ON l.event_id = e.id \
              SET l.salt = NULL WHERE e.id > $1 AND e.id <= $2 AND e.at < $3"))
    }
    PURGED {
        "SELECT purged_up_to, purged, erased, purged_before FROM core_audit_tree WHERE id = 1"
    }
    TELL {
        "UPDATE core_audit_tree SET purged_up_to = $1, purged = $2, purged_before = $3 \
         WHERE id = 1"
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
    // What is being sealed is sealed first.
    tx.lock(SEAL_LOCK).await?;
    let Some(found) = Found::read(&tx.one(purge.find, arguments).await?)? else {
        return Ok(TaskProgress::default());
    };
    let these = args![batch.from, found.last, found.before];
    tx.write(&FORGET_SALTS, these).await?;
    let done = tx.write(purge.delete, these).await?;
    let before = tx.one(&PURGED, args![]).await?;
    let up_to = before.int("purged_up_to")?.max(found.last);
    let total = u64::try_from(before.int("purged")?).unwrap_or(0) + done;
    let erased = u64::try_from(before.int("erased")?).unwrap_or(0);
    let removal = Removal { kind: RemovalKind::Purge, count: done, total, up_to, erased };
    let detail = removal.text(batch.removal_key);
    let event = NewEvent::of_office(EventKind::EventsPurged, detail, batch.actor);
    events::write(&mut tx, &event).await?;
    // What the stats have counted until then is not counted anew.
    let purged_before = before.int("purged_before")?.max(found.before);
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    tx.write(&TELL, args![up_to, total, purged_before]).await?;
    tx.commit().await?;
    Ok(TaskProgress { done, next: Some(found.last) })
}

async fn refuse_if_ahead(tx: &mut Tx) -> Result<(), StoreError> {
    let newest = tx.maybe(&NEWEST, args![]).await?;
    let ahead = newest.map_or(Ok(0), |row| row.int("ahead"))?;
    if ahead > CLOCK_TOLERANCE { Err(StoreError::Refused(AHEAD.into())) } else { Ok(()) }
}
