//! The purge of old events. It is told to the audit trail: the leaves stay, what proves their
//! personal fields goes, and an entry of the log, in the same transaction, says how many
//! events went and up to which number, by which a verification knows a purge from a deletion.
//!
//! The desk proves that entry, so it looks first: an event that is not as it was sealed is not
//! purged, however old it says it is. It stays, where a verification names it, and the purge goes
//! on after it.

use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::SealedEntry;
use crate::domain::audit::removal::{Removal, RemovalKind};
use crate::domain::event::EventKind;
use crate::domain::maintenance::TaskProgress;
use crate::domain::policy::Retention;
use crate::domain::time::millis_of;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::TaskBatch;
use crate::store::audit::removals::{self, Totals};
use crate::store::audit::{events, trail};
use crate::store::database::columns::events::read_stored;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::locks::SEAL_LOCK;
use crate::store::database::statement::statements;
use crate::store::upkeep::maintenance::{self, PurgeRange, PurgeStatements};

/// How far the newest event may lie ahead of the clock, in milliseconds: the clocks of the
/// nodes of a cluster agree no better.
const CLOCK_TOLERANCE: i64 = 60_000;

/// The clock was set back, or the events were written by one that was ahead.
const AHEAD: &str = "\
    The newest entry of the log lies ahead of the store's clock, so that it cannot be told which \
    entries are old: nothing is purged. Set the clock of the store's machine right.";

/// An event changed while its batch was purged.
const CHANGING: &str = "an old event was changed while the log was purged: nothing is purged";

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
    /// The events of a batch, with what was sealed of them.
    AS_SEALED {
        "SELECT " stored_event_columns ", \
         (SELECT l.leaf_index FROM core_audit_leaf l WHERE l.event_id = e.id) AS leaf_index, \
         (SELECT l.hash FROM core_audit_leaf l WHERE l.event_id = e.id) AS hash, \
         (SELECT l.salt FROM core_audit_leaf l WHERE l.event_id = e.id) AS salt, \
         (SELECT l.commitments FROM core_audit_leaf l WHERE l.event_id = e.id) AS commitments \
         FROM core_event e \
         WHERE e.id > $1 AND e.id <= $2 AND e.at < $3 ORDER BY e.id"
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
        Some(row) if PurgeRange::read(&row)?.is_some() => {}
        _ => return Ok(TaskProgress::default()),
    }
    let mut tx = maintenance::begin(db).await?;
    refuse_if_ahead(&mut tx).await?;
    // What is being sealed is sealed first.
    tx.lock(SEAL_LOCK).await?;
    let Some(found) = PurgeRange::read(&tx.one(purge.find, arguments).await?)? else {
        return Ok(TaskProgress::default());
    };
    let totals = removals::totals(&mut tx, batch.removal_key).await?;
    let these = args![batch.from, found.last, found.before];
    let rows = tx.all(&AS_SEALED, these).await?;
    let run = Unchanged::of(&rows, &totals, found.last)?;
    if run.count == 0 {
        return Ok(TaskProgress { done: 0, kept: run.kept, next: run.next });
    }
    let these = args![batch.from, run.last, found.before];
    tx.write(&FORGET_SALTS, these).await?;
    if tx.write(purge.delete, these).await? != run.count {
        return Err(StoreError::Failed(CHANGING.into()));
    }
    tell(&mut tx, &batch, &totals, &run, found.before).await?;
    tx.commit().await?;
    Ok(TaskProgress { done: run.count, kept: run.kept, next: run.next })
}

/// The first events of a batch, up to one that is not as it was sealed.
struct Unchanged {
    count: u64,
    /// The number up to which the batch goes.
    last: i64,
    kept: u64,
    /// Where the next batch begins; none where what follows is not sealed yet.
    next: Option<i64>,
}

impl Unchanged {
    fn of(rows: &[Row], totals: &Totals, last: i64) -> Result<Self, StoreError> {
        let mut run = Self { count: 0, last, kept: 0, next: Some(last) };
        // A log that no desk seals has nothing to compare with.
        for row in rows {
            let id = row.int("id")?;
            if totals.is_sealed && !is_as_sealed(row)? {
                run.last = id - 1;
                let is_due = id <= totals.last;
                (run.kept, run.next) = (u64::from(is_due), is_due.then_some(id));
                if is_due {
                    tracing::error!(event = id, "an old event is kept: it is not as it was sealed");
                }
                break;
            }
            run.count += 1;
        }
        Ok(run)
    }
}

/// Whether an event has the leaf that was sealed.
fn is_as_sealed(row: &Row) -> Result<bool, StoreError> {
    let sealed: Option<TreeHash> = row.maybe_raw("hash")?.and_then(|it| it.parse().ok());
    let index = row.maybe_int("leaf_index")?.and_then(|it| u64::try_from(it).ok());
    let (Some(sealed), Some(index)) = (sealed, index) else { return Ok(false) };
    let proving = trail::proving(row)?;
    Ok(SealedEntry::proven(index, read_stored(row)?, &proving).leaf == sealed)
}

/// Writes what was purged into the log, and into the row of the tree.
async fn tell(
    tx: &mut Tx,
    batch: &TaskBatch<'_>,
    before: &Totals,
    run: &Unchanged,
    purged_before: i64,
) -> Result<(), StoreError> {
    let up_to = before.purged_up_to.max(run.last);
    let (count, total, erased) = (run.count, before.purged + run.count, before.erased);
    let removal = Removal { kind: RemovalKind::Purge, count, total, up_to, erased };
    let detail = removal.text(batch.removal_key);
    let event = NewEvent::of_office(EventKind::EventsPurged, detail, batch.actor);
    events::write(tx, &event).await?;
    // What the stats have counted until then is not counted anew.
    let purged_before = before.purged_before.max(purged_before);
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    tx.write(&TELL, args![up_to, total, purged_before]).await.map(drop)
}

async fn refuse_if_ahead(tx: &mut Tx) -> Result<(), StoreError> {
    let newest = tx.maybe(&NEWEST, args![]).await?;
    let ahead = newest.map_or(Ok(0), |row| row.int("ahead"))?;
    if ahead > CLOCK_TOLERANCE { Err(StoreError::Refused(AHEAD.into())) } else { Ok(()) }
}
