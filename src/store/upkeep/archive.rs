//! The archive: old closed requests with the state of their last delivery, without their
//! contacts.

use crate::domain::maintenance::TaskProgress;
use crate::domain::policy::Retention;
use crate::domain::request::{Request, RequestId};
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::TaskBatch;
use crate::store::database::columns::requests::{self, ArchivedColumns};
use crate::store::database::engine::{Arg, Database, Row, Tx, args};
use crate::store::database::statement::statements;
use crate::store::upkeep::maintenance::{self, PurgeStatements};
use crate::store::upkeep::partitions;
use crate::store::verification::expiry;

/// After an hour a request cannot be open any more, in milliseconds: its customer's guard
/// was last used by then.
const MAX_OPEN_TIME: i64 = 3_600_000;

statements! {
    BY_ID { (select ArchivedColumns) "WHERE a.public_id = $1" }
    /// The newest request is never moved, so that no number is given twice.
    OLDEST {
        "SELECT " now " AS read_at, COUNT(*) AS requests, MAX(few.id) AS last_id, \
         MIN(few.created_at) AS first_created_at \
         FROM (SELECT id, created_at, expires_at, status FROM core_otp \
         WHERE id > $1 AND id < (SELECT MAX(id) FROM core_otp) ORDER BY id LIMIT $2) few \
         WHERE few.created_at < " now " - $3 \
         AND (few.status <> 'open' OR few.expires_at <= " now ")"
    }
    /// Those of them that nobody closed.
    LEFT_OPEN {
        "SELECT id FROM core_otp WHERE id > $1 AND id <= $2 AND created_at < $3 \
         AND status = 'open' AND expires_at <= $4 ORDER BY id"
    }
    FILL {
        (insert "core_otp_archive" {
            id: "o.id",
            public_id: "o.public_id",
            customer_id: "o.customer_id",
            masked: "o.masked",
            otp_type: "o.otp_type",
            is_verified: "o.is_verified",
            created_at: "o.created_at",
            expires_at: "o.expires_at",
            closed_at: "COALESCE(o.closed_at, o.expires_at)",
            attempts: "o.attempts",
            max_attempts: "o.max_attempts",
            purpose: "o.purpose",
            reference: "o.reference",
            generation: "o.generation",
            status: "o.status",
            clerk: "o.clerk",
            counter: "o.counter",
            policy_version: "o.policy_version",
            provider: "d.provider",
            delivery_state: "d.state",
            provider_id: "d.provider_id",
            detail: "d.detail",
        } select "FROM core_otp o \
            LEFT JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
            AND d.otp_id > $1 AND d.otp_id <= $2 \
            WHERE o.id > $1 AND o.id <= $2 AND o.created_at < $3 \
            AND (o.status <> 'open' OR o.expires_at <= $4)")
    }
    /// Guards that were not used since: there is nothing left that they would count.
    DELETE_GUARDS {
        (each
            ("DELETE FROM core_guard WHERE failures = 0 AND updated_at < $5 \
              AND customer_id IN (SELECT customer_id FROM core_otp \
              WHERE id > $1 AND id <= $2 AND created_at < $3 \
              AND (status <> 'open' OR expires_at <= $4))")
            ("DELETE FROM core_guard WHERE failures = 0 AND updated_at < $5 \
              AND customer_id = ANY (ARRAY(SELECT customer_id FROM core_otp \
              WHERE id > $1 AND id <= $2 AND created_at < $3 \
              AND (status <> 'open' OR expires_at <= $4)))")
            ("DELETE g FROM core_otp o STRAIGHT_JOIN core_guard g \
              ON g.customer_id = o.customer_id \
              WHERE g.failures = 0 AND g.updated_at < $5 \
              AND o.id > $1 AND o.id <= $2 AND o.created_at < $3 \
              AND (o.status <> 'open' OR o.expires_at <= $4)"))
    }
    /// Deliveries are deleted with their request.
    DELETE_MOVED {
        "DELETE FROM core_otp WHERE id > $1 AND id <= $2 AND created_at < $3 \
         AND (status <> 'open' OR expires_at <= $4)"
    }
    OLD {
        "SELECT " now " - $3 AS oldest_kept, COUNT(*) AS old_rows, MAX(few.created_at) AS last_old \
         FROM (SELECT created_at \
         FROM core_otp_archive WHERE created_at > $1 AND created_at < " now " - $3 \
         ORDER BY created_at LIMIT $2) few"
    }
    PURGE {
        "DELETE FROM core_otp_archive WHERE created_at > $1 AND created_at <= $2 \
         AND created_at < $3"
    }
}

/// The oldest requests after a position that can be moved.
struct Oldest {
    now: i64,
    count: u64,
    last: i64,
    /// When the oldest of them was created.
    created_at: i64,
}

impl Oldest {
    fn read(row: &Row) -> Result<Option<Self>, StoreError> {
        let ends = (row.maybe_int("last_id")?, row.maybe_int("first_created_at")?);
        let (Some(last), Some(created_at)) = ends else { return Ok(None) };
        let count = row.count("requests")?.into();
        Ok(Some(Self { now: row.int("read_at")?, count, last, created_at }))
    }
}

/// A request in the archive.
pub(in crate::store) async fn request(
    db: &Database,
    id: &RequestId,
) -> Result<Option<Request>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.as_str()]).await?;
    row.map(|row| requests::read_archived(&row)).transpose()
}

/// How many requests would be moved, counted no further than `most`.
pub(in crate::store) async fn due(
    db: &Database,
    retention: &Retention,
    most: u32,
) -> Result<u64, StoreError> {
    let age = millis_of(retention.archive_after);
    let row = db.maybe(&OLDEST, args![TaskBatch::START, most, age]).await?;
    Ok(row.map_or(Ok(None), |row| Oldest::read(&row))?.map_or(0, |it| it.count))
}

/// Moves the oldest requests; where the archive is partitioned by month, those of one
/// month.
pub(in crate::store) async fn fill(
    db: &Database,
    batch: TaskBatch<'_>,
) -> Result<TaskProgress, StoreError> {
    let age = millis_of(batch.retention.archive_after);
    let arguments = args![batch.from, batch.most, age];
    let row = db.maybe(&OLDEST, arguments).await?;
    let Some(oldest) = row.map_or(Ok(None), |row| Oldest::read(&row))? else {
        return Ok(TaskProgress::default());
    };
    let month_ends = partitions::prepare(db, oldest.created_at).await?;
    let mut tx = maintenance::begin(db).await?;
    let Some(found) = Oldest::read(&tx.one(&OLDEST, arguments).await?)? else {
        return Ok(TaskProgress::default());
    };
    let before = (found.now - age).min(month_ends);
    let unused = (found.now - age + MAX_OPEN_TIME).min(found.now - MAX_OPEN_TIME);
    let these = args![batch.from, found.last, before, found.now, unused];
    // Guards are locked before requests, as in every other act.
    tx.write(&DELETE_GUARDS, these).await?;
    close_left_open(&mut tx, &these[..4]).await?;
    let moved = tx.write(&FILL, &these[..4]).await?;
    if tx.write(&DELETE_MOVED, &these[..4]).await? != moved {
        return Err(StoreError::Conflict("requests changed while they were archived".into()));
    }
    tx.commit().await?;
    // The requests of the next month are still to be moved.
    let next = if moved == found.count { found.last } else { batch.from };
    Ok(TaskProgress { done: moved, kept: 0, next: Some(next) })
}

/// Closes the requests that are to be moved and still open.
async fn close_left_open(tx: &mut Tx, these: &[Arg<'_>]) -> Result<(), StoreError> {
    let rows = tx.all(&LEFT_OPEN, these).await?;
    let rows = rows.iter().map(|row| row.int("id")).collect::<Result<Vec<_>, _>>()?;
    expiry::close(tx, &rows).await
}

/// How archived requests are purged.
pub(in crate::store) fn purge_of(retention: &Retention) -> PurgeStatements<'static> {
    PurgeStatements { find: &OLD, delete: &PURGE, age: millis_of(retention.purge_archive_after) }
}

/// Drops the partition of a whole month where all of it is too old, or else deletes the
/// oldest requests.
pub(in crate::store) async fn purge(
    db: &Database,
    batch: TaskBatch<'_>,
) -> Result<TaskProgress, StoreError> {
    let purge = purge_of(batch.retention);
    let done = partitions::drop_oldest(db, purge.age).await?;
    if done > 0 {
        return Ok(TaskProgress { done, kept: 0, next: Some(batch.from) });
    }
    maintenance::purge(db, batch, &purge).await
}
