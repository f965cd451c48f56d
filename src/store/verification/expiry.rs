//! Expiry: closing requests whose time is over, each with one event, and erasing digests
//! that cannot be entered any more.
//!
//! The event is written in the transaction that closes the request, while its row is
//! locked, so that it is written once however many terminals look. It bears the time at
//! which it was written, as every event does: the log is numbered in the order of time. When
//! the code ran out is in its detail. Looking for expired requests waits for no lock, so
//! that whoever holds one cannot make a deadlock of it.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Tx, args, list};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;

statements! {
    /// Superseded codes that have expired. A counter's account may delete them, but not
    /// lock them first.
    DELETE_SUPERSEDED {
        (each
            ("DELETE FROM core_otp_retired WHERE id IN (SELECT id FROM core_otp_retired \
              WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1)")
            ("DELETE FROM core_otp_retired WHERE id = ANY (ARRAY(SELECT id FROM core_otp_retired \
              WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1))")
            ("DELETE FROM core_otp_retired WHERE expires_at <= " now
             " ORDER BY expires_at LIMIT $1"))
    }
    /// Requests whose digest has to go. Those that others hold are closed by them.
    DUE {
        "SELECT id FROM core_otp WHERE digest_until <= " now
        " ORDER BY digest_until LIMIT $1" skip_locked
    }
    /// Locks those that nobody closed.
    HELD {
        "SELECT id, expires_at FROM " (rows_among "core_otp" "id" "$1")
        " AND status = 'open' ORDER BY id" for_update
    }
    NEXT {
        "SELECT digest_until - " now " AS due_in FROM core_otp WHERE digest_until > 0 \
         ORDER BY digest_until LIMIT 1"
    }
    /// One that was opened again behind the store's back has its event already.
    WRITE_EVENTS {
        (insert "core_event" {
            at: now,
            kind: "'expired'",
            outcome: "'expired'",
            request: "o.public_id",
            customer_id: "o.customer_id",
            channel: "o.otp_type",
            contact: "o.masked",
            clerk: "o.clerk",
            counter: "o.counter",
            detail: (each ("value ->> 1") ("value ->> 1") ("list.detail")),
            act: "'expired:' || o.public_id",
            purpose: "o.purpose",
            provider: "(SELECT d.provider FROM core_delivery d \
                WHERE d.otp_id = o.id AND d.generation = o.generation)",
            asked_at: "o.created_at",
        } select (each
            ("FROM json_each($1) JOIN core_otp o ON o.id = value ->> 0")
            ("FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              JOIN core_otp o ON o.id = CAST(value ->> 0 AS BIGINT)")
            ("FROM JSON_TABLE($1, '$[*]' COLUMNS (otp_id BIGINT PATH '$[0]', " (cell "detail" "1")
             ")) list STRAIGHT_JOIN core_otp o ON o.id = list.otp_id")))
        " WHERE NOT EXISTS (SELECT 1 FROM core_event e \
         WHERE e.act = 'expired:' || o.public_id)"
    }
    CLOSE {
        (each
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' WHERE id " (among "$1"))
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' WHERE id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_otp ON id = value \
              SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = ''"))
    }
}

/// Closes up to `most` requests that have expired, erases as many superseded codes, and the
/// codes of both in the outbox (ASVS 14.2.6); returns how many digests were erased.
pub(in crate::store) async fn expire(tx: &mut Tx, most: u32) -> Result<u64, StoreError> {
    let superseded = tx.write(&DELETE_SUPERSEDED, args![most]).await?;
    let due = tx.all(&DUE, args![most]).await?;
    let due = due.iter().map(|row| row.int("id")).collect::<Result<Vec<_>, _>>()?;
    close(tx, &due).await?;
    // In the order of a verification: the request, then its message.
    outbox::erase_expired(tx).await?;
    Ok(superseded + due.len() as u64)
}

/// Closes requests that have expired, by their rows, and erases their digests. Of those that
/// somebody else closed first, nothing but the digest changes.
pub(in crate::store) async fn close(tx: &mut Tx, rows: &[i64]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids = list(rows.iter().copied());
    let mut details = Vec::new();
    for row in tx.all(&HELD, args![&ids]).await? {
        details.push(serde_json::json!([row.int("id")?, detail(row.time("expires_at")?)]));
    }
    let close = Write { sql: &CLOSE, args: args![&ids].to_vec() };
    if details.is_empty() {
        return tx.write_all(&[close]).await;
    }
    let details = list(details);
    tx.write_all(&[Write { sql: &WRITE_EVENTS, args: args![&details].to_vec() }, close]).await?;
    tx.wrote_event();
    Ok(())
}

/// As [`expire`], in a transaction of its own.
pub(in crate::store) async fn expire_due(db: &Database, most: u32) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let done = expire(&mut tx, most).await?;
    if done > 0 {
        tx.commit().await?;
    }
    Ok(done)
}

/// How long until a request expires; `None` where there is none.
pub(in crate::store) async fn next(db: &Database) -> Result<Option<Duration>, StoreError> {
    db.maybe(&NEXT, args![]).await?.map_or(Ok(None), |row| row.maybe_wait("due_in"))
}

fn detail(at: Timestamp) -> String {
    format!(
        "The code ran out at {}; it was not entered.",
        at.to_utc().format("%Y-%m-%d %H:%M:%S UTC")
    )
}
