//! The messages of some hours, for figures.

use std::time::Duration;

use super::db::{Db, Row, args};
use super::sql::statements;
use crate::domain::figures::{Queue, Sample};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::StoreError;

statements! {
    /// Without those that were taken back before they were handed over.
    SAMPLES {
        "SELECT d.provider, d.fallback, d.state, d.created_at, d.accepted_at, d.delivered_at \
         FROM core_delivery d WHERE d.created_at > " now " - $1 AND (d.state <> 'queued' \
         OR EXISTS (SELECT 1 FROM core_outbox b WHERE b.delivery_id = d.id)) \
         ORDER BY d.created_at DESC LIMIT $2"
    }
    /// Codes, and notices to the contacts that were changed. Both tables are small.
    QUEUE {
        "SELECT COUNT(*), " now " - MIN(few.created_at) FROM (\
         SELECT (SELECT d.created_at FROM core_delivery d WHERE d.id = b.delivery_id) AS created_at \
         FROM core_outbox b WHERE b.task = 'send' \
         UNION ALL SELECT n.created_at FROM core_notice n) few"
    }
}

/// The newest messages of so long, at most so many of them.
pub(super) async fn samples(
    db: &Db,
    within: Duration,
    most: u32,
) -> Result<Vec<Sample>, StoreError> {
    let rows = db.all(&SAMPLES, args![millis_of(within), most]).await?;
    rows.iter().map(sample).collect()
}

fn sample(row: &Row) -> Result<Sample, StoreError> {
    Ok(Sample {
        provider: row.text(0)?,
        fallback: row.int(1)? != 0,
        state: row.word(2)?,
        asked_at: row.time(3)?,
        accepted_at: row.maybe_int(4)?.map(Timestamp::from_millis),
        delivered_at: row.maybe_int(5)?.map(Timestamp::from_millis),
    })
}

/// What waits to be handed over.
pub(super) async fn queue(db: &Db) -> Result<Queue, StoreError> {
    let Some(row) = db.maybe(&QUEUE, args![]).await? else { return Ok(Queue::default()) };
    let oldest = row.maybe_int(1)?.map(|it| Duration::from_millis(u64::try_from(it).unwrap_or(0)));
    Ok(Queue { length: u64::from(row.count(0)?), oldest })
}
