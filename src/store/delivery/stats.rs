//! What the delivery stats are made from.

use std::time::Duration;

use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, Row, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

row_type! {
    struct SampleColumns from "core_delivery d" {
        provider: String = text "d.provider",
        fallback: bool = flag "d.fallback",
        state: DeliveryState = word "d.state",
        created_at: Timestamp = time "d.created_at",
        accepted_at: Option<Timestamp> = maybe_time "d.accepted_at",
        delivered_at: Option<Timestamp> = maybe_time "d.delivered_at",
    }
}

statements! {
    /// Without messages that were withdrawn before they were sent.
    SAMPLES {
        (select SampleColumns) "WHERE d.created_at > " now " - $1 AND (d.state <> 'queued' \
         OR EXISTS (SELECT 1 FROM core_outbox b WHERE b.delivery_id = d.id)) \
         ORDER BY d.created_at DESC LIMIT $2"
    }
    /// Codes, and notices to replaced contacts. Both tables are small.
    QUEUE {
        "SELECT COUNT(*) AS messages, " now " - MIN(few.created_at) AS oldest FROM (\
         SELECT (SELECT d.created_at FROM core_delivery d WHERE d.id = b.delivery_id) AS created_at \
         FROM core_outbox b WHERE b.task = 'send' \
         UNION ALL SELECT n.created_at FROM core_notice n) few"
    }
    ELSEWHERE {
        "SELECT COUNT(*) AS messages FROM core_outbox b WHERE b.task = 'send' \
         AND b.begun_at IS NULL AND NOT ((SELECT COALESCE(d.fingerprint, d.provider) \
         FROM core_delivery d WHERE d.id = b.delivery_id) " (among_texts "$1") ")"
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
    let it = SampleColumns::read(row)?;
    Ok(DeliverySample {
        provider: it.provider,
        fallback: it.fallback,
        state: it.state,
        asked_at: it.created_at,
        accepted_at: it.accepted_at,
        delivered_at: it.delivered_at,
    })
}

/// How many messages wait for other providers than these.
pub(in crate::store) async fn elsewhere(
    db: &Database,
    fingerprints: &[&str],
) -> Result<u64, StoreError> {
    let row = db.maybe(&ELSEWHERE, args![&list(fingerprints.iter().copied())]).await?;
    row.map_or(Ok(0), |row| row.count("messages").map(u64::from))
}

/// The messages that wait to be sent.
pub(in crate::store) async fn queue(db: &Database) -> Result<QueueStats, StoreError> {
    let Some(row) = db.maybe(&QUEUE, args![]).await? else { return Ok(QueueStats::default()) };
    Ok(QueueStats { length: row.count("messages")?.into(), oldest: row.maybe_wait("oldest")? })
}
