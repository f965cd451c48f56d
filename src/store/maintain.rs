//! Tidying up, one short transaction at a time.
//!
//! What is old lies at the beginning of a table's own order, so that a batch
//! looks at its first rows only, from where the batch before it ended, and a run
//! that finds nothing costs a few reads. One maintainer at a time does a batch;
//! what it does it finds by its own transaction, so that two of them do nothing
//! twice, and a batch that was cut off has never been.

use super::db::{Db, Row, Tx, args};
use super::sql::{Sql, statements};
use super::{archive, request};
use crate::domain::chore::{Chore, Tidied};
use crate::domain::policy::Retention;
use crate::domain::time::millis_of;
use crate::service::ports::{Batch, StoreError};

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
pub(super) struct Purge<'a> {
    pub(super) find: &'a Sql,
    pub(super) delete: &'a Sql,
    /// In milliseconds.
    pub(super) age: i64,
}

/// The rows that a statement of [`Purge`] found.
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
fn purge_of(chore: Chore, retention: &Retention) -> Option<Purge<'static>> {
    let of = |find, delete, age| Some(Purge { find, delete, age: millis_of(age) });
    match chore {
        Chore::PurgeEvents => of(&OLD_EVENTS, &PURGE_EVENTS, retention.purge_events_after),
        Chore::PurgeSessions => of(&OLD_SESSIONS, &PURGE_SESSIONS, retention.purge_sessions_after),
        Chore::PurgeArchive => Some(archive::purge_of(retention)),
        Chore::EraseCodes | Chore::ArchiveRequests => None,
    }
}

/// How many things a chore would do, counted up to a number.
pub(super) async fn due(
    db: &Db,
    chore: Chore,
    retention: &Retention,
    most: u32,
) -> Result<u64, StoreError> {
    if let Some(purge) = purge_of(chore, retention) {
        let row = db.maybe(purge.find, args![Batch::START, most, purge.age]).await?;
        let found = row.map_or(Ok(None), |row| Found::read(&row))?;
        return Ok(found.map_or(0, |it| it.count));
    }
    if chore == Chore::ArchiveRequests {
        return archive::due(db, retention, most).await;
    }
    let counted = db.maybe(&EXPIRED, args![most]).await?;
    Ok(counted.map_or(Ok(0), |row| row.count(0))?.min(most).into())
}

/// Does one batch.
pub(super) async fn tidy(db: &Db, batch: Batch<'_>) -> Result<Tidied, StoreError> {
    match batch.chore {
        Chore::EraseCodes => erase(db, batch).await,
        Chore::ArchiveRequests => archive::fill(db, batch).await,
        Chore::PurgeArchive => archive::purge(db, batch).await,
        Chore::PurgeEvents | Chore::PurgeSessions => match purge_of(batch.chore, batch.retention) {
            Some(it) => purge(db, batch, &it).await,
            None => Ok(Tidied::default()),
        },
    }
}

/// Begins a batch that nobody else does.
pub(super) async fn begin(db: &Db) -> Result<Tx, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(MAINTAIN).await?;
    Ok(tx)
}

async fn erase(db: &Db, batch: Batch<'_>) -> Result<Tidied, StoreError> {
    if due(db, batch.chore, batch.retention, 1).await? == 0 {
        return Ok(Tidied::default());
    }
    let mut tx = begin(db).await?;
    let done = request::forget(&mut tx, batch.most).await?;
    tx.commit().await?;
    // What others hold at this moment they bring to an end themselves.
    Ok(Tidied { done, next: (done > 0).then_some(Batch::START) })
}

/// Deletes what is too old.
pub(super) async fn purge(
    db: &Db,
    batch: Batch<'_>,
    purge: &Purge<'_>,
) -> Result<Tidied, StoreError> {
    let arguments = args![batch.from, batch.most, purge.age];
    // What finds nothing to do only reads.
    match db.maybe(purge.find, arguments).await? {
        Some(row) if Found::read(&row)?.is_some() => {}
        _ => return Ok(Tidied::default()),
    }
    let mut tx = begin(db).await?;
    let Some(found) = Found::read(&tx.one(purge.find, arguments).await?)? else {
        return Ok(Tidied::default());
    };
    let done = tx.write(purge.delete, args![batch.from, found.last, found.before]).await?;
    tx.commit().await?;
    Ok(Tidied { done, next: Some(found.last) })
}
