//! The word to hand a message over.
//!
//! A hand-over begins with one guarded statement, which succeeds once, however many
//! terminals try: a message that two of them sent would be two messages.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::OutboxMessage;
use crate::store::database::engine::{Database, Engine, args, list};
use crate::store::database::statement::statements;

/// How long a hand-over may take before its terminal counts as dead; longer than
/// any sender's own limits.
const SEND_LEASE: Duration = Duration::from_mins(1);

statements! {
    BEGIN {
        "UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $3 \
         WHERE delivery_id = $1 AND holder = $2 AND task = 'send' AND begun_at IS NULL \
         AND useful_until > " now " AND tries = $4"
    }
    /// As [`BEGIN`] for several, none of which was tried before: tells which begin,
    /// which MySQL cannot.
    BEGIN_FIRST {
        "UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $3 \
         WHERE delivery_id " (among "$1") " AND holder = $2 AND task = 'send' \
         AND begun_at IS NULL AND useful_until > " now " AND tries = 0"
        (each (" RETURNING delivery_id") (" RETURNING delivery_id") (""))
    }
    /// The same in two steps: those that can begin, then that they do.
    UNBEGUN {
        "SELECT delivery_id, tries FROM "
        (rows_among "core_outbox" "delivery_id" "$1")
        " AND holder = $2 AND task = 'send' AND begun_at IS NULL AND useful_until > " now "
         ORDER BY delivery_id" for_update
    }
    BEGIN_THESE {
        (each
            ("UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $2 \
              WHERE delivery_id " (among "$1"))
            ("UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $2 \
              WHERE delivery_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_outbox ON delivery_id = value \
              SET begun_at = " now ", due_at = " now " + $2"))
    }
    BY_LINE { "UPDATE core_delivery SET fallback = $2 WHERE id = $1" }
    TAKE_BACK {
        "UPDATE core_outbox SET begun_at = NULL, due_at = " now " WHERE delivery_id = $1 \
         AND holder = $2 AND tries = $3 AND task = 'send' AND begun_at IS NOT NULL"
    }
}

/// Begins hand-overs, each once. Who asks later what became of one has to ask the
/// provider that it went to.
pub(in crate::store) async fn begin(
    db: &Database,
    messages: &[(&OutboxMessage, ProviderSlot)],
    holder: &str,
) -> Result<Vec<bool>, StoreError> {
    let is_first = messages.iter().all(|(message, line)| !is_by_another_line(message, *line));
    match messages {
        [(message, _)] if is_first => {
            let arguments = args![message.delivery.0, holder, millis_of(SEND_LEASE), message.tries];
            Ok(vec![db.write_alone(&BEGIN, arguments).await? == 1])
        }
        _ if is_first && db.kind() != Engine::Mysql => begin_first(db, messages, holder).await,
        _ => begin_any(db, messages, holder).await,
    }
}

async fn begin_first(
    db: &Database,
    messages: &[(&OutboxMessage, ProviderSlot)],
    holder: &str,
) -> Result<Vec<bool>, StoreError> {
    let ids = list(messages.iter().map(|(message, _)| message.delivery.0));
    let rows = db.write_returning(&BEGIN_FIRST, args![&ids, holder, millis_of(SEND_LEASE)]).await?;
    let begun = rows.iter().map(|row| Ok((row.int(0)?, 0))).collect::<Result<_, StoreError>>()?;
    Ok(words(messages, begun))
}

async fn begin_any(
    db: &Database,
    messages: &[(&OutboxMessage, ProviderSlot)],
    holder: &str,
) -> Result<Vec<bool>, StoreError> {
    // Each once, since a row is told as often as its number stands in the list.
    let ids = |of: &[(&OutboxMessage, ProviderSlot)]| {
        list(of.iter().map(|(message, _)| message.delivery.0).collect::<BTreeSet<_>>())
    };
    let mut tx = db.begin().await?;
    let rows = tx.all(&UNBEGUN, args![&ids(messages), holder]).await?;
    let unbegun = rows
        .iter()
        .map(|row| Ok((row.int(0)?, row.count(1)?)))
        .collect::<Result<_, StoreError>>()?;
    let words = words(messages, unbegun);
    let begun = messages.iter().zip(&words).filter(|(_, word)| **word);
    let begun: Vec<_> = begun.map(|(asked, _)| *asked).collect();
    if !begun.is_empty() {
        tx.write(&BEGIN_THESE, args![&ids(&begun), millis_of(SEND_LEASE)]).await?;
        for (message, line) in &begun {
            if is_by_another_line(message, *line) {
                let id = message.delivery.0;
                tx.write(&BY_LINE, args![id, i64::from(line.fallback)]).await?;
            }
        }
        tx.commit_quietly().await?;
    }
    Ok(words)
}

/// To which messages the word is given: to those with a number and a count of tries
/// that can begin. A terminal may be at one message twice; the word is given once.
fn words(messages: &[(&OutboxMessage, ProviderSlot)], mut can: Vec<(i64, u32)>) -> Vec<bool> {
    let mut begins = |message: &OutboxMessage| {
        let found = can.iter().position(|it| *it == (message.delivery.0, message.tries));
        found.map(|at| can.swap_remove(at)).is_some()
    };
    messages.iter().map(|(message, _)| begins(message)).collect()
}

/// Takes back that a hand-over began, which nobody makes.
pub(in crate::store) async fn take_back(
    db: &Database,
    message: &OutboxMessage,
    holder: &str,
) -> Result<(), StoreError> {
    let arguments = args![message.delivery.0, holder, message.tries];
    db.write_alone(&TAKE_BACK, arguments).await.map(drop)
}

/// By another line than last, or than a run of it that was overtaken knew.
fn is_by_another_line(message: &OutboxMessage, line: ProviderSlot) -> bool {
    line != message.line || message.tries > 0
}
