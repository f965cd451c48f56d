//! The lease of an outbox message: a worker claims what is due, and nobody else takes it before
//! the lease has run out. How long each lease is stands in [`crate::domain::timing`].

use crate::domain::time::millis_of;
use crate::domain::timing::{CLAIM_LEASE, CONNECT_LEASE, TAKEOVER_GRACE};
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::OutboxMessage;
use crate::store::database::engine::{Database, Row, args, list};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox::{MessageColumns, read};

statements! {
    /// Only messages that are meant for providers that this terminal has: another terminal may
    /// have other providers, or the tray. What nobody sent in time is anybody's to give up.
    DUE {
        "SELECT b.delivery_id AS delivery_id FROM core_outbox b WHERE b.due_at <= " now " \
         AND (b.holder = $1 OR b.due_at <= " now " - $2) \
         AND ((SELECT COALESCE(d.fingerprint, d.provider) FROM core_delivery d \
         WHERE d.id = b.delivery_id) " (among_texts "$4") " \
         OR (b.useful_until <= " now " AND b.task = 'send' AND b.begun_at IS NULL)) \
         ORDER BY b.due_at LIMIT $3" skip_locked
    }
    CLAIM {
        "UPDATE core_outbox SET holder = $2, due_at = " now " + $3 \
         WHERE delivery_id " (among "$1")
    }
    CLAIMED { (select MessageColumns) "WHERE b.delivery_id " (among "$1") }
    /// While a sender connects, logs in and claims the send.
    EXTEND_LEASE {
        "UPDATE core_outbox SET due_at = " now " + $4 WHERE delivery_id = $1 AND holder = $2 \
         AND tries = $3 AND task = 'send' AND begun_at IS NULL"
    }
    /// Only as it was claimed: with a newer send claim it is being sent.
    RELEASE_LEASE {
        "UPDATE core_outbox SET holder = '', due_at = " now " WHERE delivery_id = $1 \
         AND holder = $2 AND tries = $3 AND task = $4 \
         AND CASE WHEN begun_at IS NULL THEN 0 ELSE 1 END = $5"
    }
}

/// Claims messages that are due.
pub(in crate::store) async fn claim(
    db: &Database,
    owner: &str,
    providers: &[&str],
    most: u32,
) -> Result<Vec<OutboxMessage>, StoreError> {
    let providers = list(providers.iter().copied());
    let mut tx = db.begin().await?;
    let due = tx.all(&DUE, args![owner, millis_of(TAKEOVER_GRACE), most, &providers]).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = due.iter().map(|row| row.int("delivery_id")).collect::<Result<Vec<_>, _>>()?;
    let ids = list(ids);
    let rows = tx.all(&CLAIMED, args![&ids]).await?;
    // One that cannot be read must not keep the others from being sent.
    let readable = |row: &Row| {
        read(row)
            .inspect_err(|error| tracing::warn!(%error, "a message that cannot be read is skipped"))
            .ok()
    };
    let messages = rows.iter().filter_map(readable).collect();
    tx.write(&CLAIM, args![&ids, owner, millis_of(CLAIM_LEASE)]).await?;
    tx.commit_quietly().await?;
    Ok(messages)
}

/// Extends the lease while a sender connects; false where the terminal does not own it any
/// more.
pub(in crate::store) async fn extend_lease(
    db: &Database,
    message: &OutboxMessage,
    owner: &str,
) -> Result<bool, StoreError> {
    let arguments = args![message.delivery.0, owner, message.tries, millis_of(CONNECT_LEASE)];
    Ok(db.write_alone(&EXTEND_LEASE, arguments).await? == 1)
}

/// Ends the lease.
pub(in crate::store) async fn release_lease(
    db: &Database,
    message: &OutboxMessage,
    owner: &str,
) -> Result<(), StoreError> {
    let (task, begun) = (message.task.word(), i64::from(message.begun_at.is_some()));
    let arguments = args![message.delivery.0, owner, message.tries, task, begun];
    db.write_alone(&RELEASE_LEASE, arguments).await.map(drop)
}
