//! The send claim: the right to do the one step of a send that cannot be undone.
//!
//! It is granted by one guarded statement, which succeeds once however many terminals try.
//! Two terminals that both sent a message would send it twice.

use std::collections::BTreeSet;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::time::millis_of;
use crate::domain::timing::SEND_LEASE;
use crate::service::ports::error::StoreError;
use crate::service::ports::outbox::OutboxMessage;
use crate::store::database::engine::{Database, Engine, args, list};
use crate::store::database::statement::statements;

statements! {
    CLAIM {
        "UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $3 \
         WHERE delivery_id = $1 AND holder = $2 AND task = 'send' AND begun_at IS NULL \
         AND useful_until > " now " AND tries = $4"
    }
    /// As [`CLAIM`] for several messages that were never tried before. MySQL cannot return
    /// which ones it changed.
    CLAIM_FIRST {
        "UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $3 \
         WHERE delivery_id " (among "$1") " AND holder = $2 AND task = 'send' \
         AND begun_at IS NULL AND useful_until > " now " AND tries = 0"
        (each (" RETURNING delivery_id") (" RETURNING delivery_id") (""))
    }
    /// The same in two statements: lock those that can be claimed, then claim them.
    CLAIMABLE {
        "SELECT delivery_id, tries FROM "
        (rows_among "core_outbox" "delivery_id" "$1")
        " AND holder = $2 AND task = 'send' AND begun_at IS NULL AND useful_until > " now "
         ORDER BY delivery_id" for_update
    }
    CLAIM_THESE {
        (each
            ("UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $2 \
              WHERE delivery_id " (among "$1"))
            ("UPDATE core_outbox SET begun_at = " now ", due_at = " now " + $2 \
              WHERE delivery_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_outbox ON delivery_id = value \
              SET begun_at = " now ", due_at = " now " + $2"))
    }
    SET_SLOT { "UPDATE core_delivery SET fallback = $2 WHERE id = $1" }
    RELEASE {
        "UPDATE core_outbox SET begun_at = NULL, due_at = " now " WHERE delivery_id = $1 \
         AND holder = $2 AND tries = $3 AND task = 'send' AND begun_at IS NOT NULL"
    }
}

/// Claims sends, each once. The provider slot is recorded, so that the right provider is
/// asked later what became of the message.
pub(in crate::store) async fn claim(
    db: &Database,
    messages: &[(&OutboxMessage, ProviderSlot)],
    owner: &str,
) -> Result<Vec<bool>, StoreError> {
    let is_first = messages.iter().all(|(message, slot)| !needs_slot(message, *slot));
    match messages {
        [(message, _)] if is_first => {
            let arguments = args![message.delivery.0, owner, millis_of(SEND_LEASE), message.tries];
            Ok(vec![db.write_alone(&CLAIM, arguments).await? == 1])
        }
        _ if is_first && db.kind() != Engine::Mysql => claim_first(db, messages, owner).await,
        _ => claim_any(db, messages, owner).await,
    }
}

async fn claim_first(
    db: &Database,
    messages: &[(&OutboxMessage, ProviderSlot)],
    owner: &str,
) -> Result<Vec<bool>, StoreError> {
    let ids = list(messages.iter().map(|(message, _)| message.delivery.0));
    let rows = db.write_returning(&CLAIM_FIRST, args![&ids, owner, millis_of(SEND_LEASE)]).await?;
    let claimed = rows.iter().map(|row| Ok((row.int(0)?, 0))).collect::<Result<_, StoreError>>()?;
    Ok(granted(messages, claimed))
}

async fn claim_any(
    db: &Database,
    messages: &[(&OutboxMessage, ProviderSlot)],
    owner: &str,
) -> Result<Vec<bool>, StoreError> {
    // Without duplicates, since a join returns a row for each number in the list.
    let ids = |of: &[(&OutboxMessage, ProviderSlot)]| {
        list(of.iter().map(|(message, _)| message.delivery.0).collect::<BTreeSet<_>>())
    };
    let mut tx = db.begin().await?;
    let rows = tx.all(&CLAIMABLE, args![&ids(messages), owner]).await?;
    let claimable = rows
        .iter()
        .map(|row| Ok((row.int(0)?, row.count(1)?)))
        .collect::<Result<_, StoreError>>()?;
    let granted = granted(messages, claimable);
    let claimed = messages.iter().zip(&granted).filter(|(_, is_granted)| **is_granted);
    let claimed: Vec<_> = claimed.map(|(asked, _)| *asked).collect();
    if !claimed.is_empty() {
        tx.write(&CLAIM_THESE, args![&ids(&claimed), millis_of(SEND_LEASE)]).await?;
        for (message, slot) in &claimed {
            if needs_slot(message, *slot) {
                let id = message.delivery.0;
                tx.write(&SET_SLOT, args![id, i64::from(slot.fallback)]).await?;
            }
        }
        tx.commit_quietly().await?;
    }
    Ok(granted)
}

/// Which messages are granted: those whose number and attempts are in `can`. A terminal may
/// work on one message twice; it is granted once.
fn granted(messages: &[(&OutboxMessage, ProviderSlot)], mut can: Vec<(i64, u32)>) -> Vec<bool> {
    let mut grant = |message: &OutboxMessage| {
        let found = can.iter().position(|it| *it == (message.delivery.0, message.tries));
        found.map(|at| can.swap_remove(at)).is_some()
    };
    messages.iter().map(|(message, _)| grant(message)).collect()
}

/// Gives back a send claim that was not used.
pub(in crate::store) async fn release(
    db: &Database,
    message: &OutboxMessage,
    owner: &str,
) -> Result<(), StoreError> {
    let arguments = args![message.delivery.0, owner, message.tries];
    db.write_alone(&RELEASE, arguments).await.map(drop)
}

/// Whether the slot must be recorded: it is another one than the last, or an earlier
/// attempt, taken over meanwhile, may have recorded another one.
fn needs_slot(message: &OutboxMessage, slot: ProviderSlot) -> bool {
    slot != message.slot || message.tries > 0
}
