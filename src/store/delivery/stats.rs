//! What the delivery stats are made from.

use std::time::Duration;

use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, Row, args};
use crate::store::database::statement::statements;

statements! {
    /// Without messages that were withdrawn before they were sent.
    SAMPLES {
        "SELECT d.provider, d.fallback, d.state, d.created_at, d.accepted_at, d.delivered_at \
         FROM core_delivery d WHERE d.created_at > " now " - $1 AND (d.state <> 'queued' \
         OR EXISTS (SELECT 1 FROM core_outbox b WHERE b.delivery_id = d.id)) \
         ORDER BY d.created_at DESC LIMIT $2"
    }
    /// Codes, and notices to replaced contacts. Both tables are small.
    QUEUE {
        "SELECT COUNT(*), " now " - MIN(few.created_at) FROM (\
         SELECT (SELECT d.created_at FROM core_delivery d WHERE d.id = b.delivery_id) AS created_at \
         FROM core_outbox b WHERE b.task = 'send' \
         UNION ALL SELECT n.created_at FROM core_notice n) few"
    }
}

/// The newest messages of the last `within`, at most `most`.
pub(in crate::store) async fn samples(
    db: &Database,
    within: Duration,
    most: u32,
) -> Result<Vec<DeliverySample>, StoreError> {
    let rows = db.all(&SAMPLES, args![millis_of(within), most]).await?;
    rows.iter().map(sample).collect()
}

fn sample(row: &Row) -> Result<DeliverySample, StoreError> {
    Ok(DeliverySample {
        provider: row.text(0)?,
        fallback: row.int(1)? != 0,
        state: row.word(2)?,
        asked_at: row.time(3)?,
        accepted_at: row.maybe_int(4)?.map(Timestamp::from_millis),
        delivered_at: row.maybe_int(5)?.map(Timestamp::from_millis),
    })
}

/// The messages that wait to be sent.
pub(in crate::store) async fn queue(db: &Database) -> Result<QueueStats, StoreError> {
    let Some(row) = db.maybe(&QUEUE, args![]).await? else { return Ok(QueueStats::default()) };
    let oldest = row.maybe_int(1)?.map(|it| Duration::from_millis(u64::try_from(it).unwrap_or(0)));
    Ok(QueueStats { length: u64::from(row.count(0)?), oldest })
}
