//! The cursors of shipping. A lease makes processes take turns; each move is guarded by who
//! holds it and by the place from which it moves, so that nothing is passed over.

use crate::domain::audit::shipping::{CursorId, ShippingFailure};
use crate::domain::event::EventKind;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::shipping::{CursorClaim, StoredCursor};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

row_type! {
    struct CursorColumns from "core_audit_shipping" {
        next_index: i64 = int "next_index",
        shipped_at: Option<Timestamp> = maybe_time "shipped_at",
        failures: u32 = count "failures",
        failed_at: Option<Timestamp> = maybe_time "failed_at",
        detail: Option<String> = maybe_text "detail",
        read_at: Timestamp = time now,
    }
}

statements! {
    CURSOR { (select CursorColumns) "WHERE name = $1 AND target = $2" }
    CREATE {
        (insert "core_audit_shipping" {
            name: "$1",
            target: "$2",
            next_index: "0",
            lease_until: "0",
            failures: "0",
        })
    }
    CLAIM {
        "UPDATE core_audit_shipping SET lease_owner = $3, lease_until = " clock " + $4 \
         WHERE name = $1 AND target = $2 \
         AND (lease_owner = $3 OR lease_owner IS NULL OR lease_until <= " clock ")"
    }
    ADVANCE {
        "UPDATE core_audit_shipping SET next_index = $5, shipped_at = " now ", failures = 0, \
         failed_at = NULL, detail = NULL \
         WHERE name = $1 AND target = $2 AND lease_owner = $3 AND next_index = $4"
    }
    FAIL {
        "UPDATE core_audit_shipping SET failures = failures + 1, failed_at = " now ", \
         detail = $4, lease_owner = NULL \
         WHERE name = $1 AND target = $2 AND lease_owner = $3"
    }
    RELEASE {
        "UPDATE core_audit_shipping SET lease_owner = NULL \
         WHERE name = $1 AND target = $2 AND lease_owner = $3"
    }
}

/// How far a cursor has come.
pub(in crate::store) async fn cursor(
    db: &Database,
    cursor: &CursorId,
) -> Result<Option<StoredCursor>, StoreError> {
    let Some(row) = db.maybe(&CURSOR, args![&cursor.name, &cursor.target]).await? else {
        return Ok(None);
    };
    let it = CursorColumns::read(&row)?;
    let failure = it.failed_at.filter(|_| it.failures > 0).map(|at| ShippingFailure {
        count: it.failures,
        at,
        why: it.detail.unwrap_or_default(),
    });
    Ok(Some(StoredCursor {
        next: place(it.next_index)?,
        shipped_at: it.shipped_at,
        failure,
        now: it.read_at,
    }))
}

fn place(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number)
        .map_err(|_| StoreError::Failed(format!("{number} is no place in the audit trail")))
}

fn number(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

/// Takes or prolongs the lease of a cursor; where it stands.
pub(in crate::store) async fn claim(
    db: &Database,
    claim: &CursorClaim<'_>,
) -> Result<Option<u64>, StoreError> {
    let CursorId { name, target } = claim.cursor;
    let mut tx = db.begin().await?;
    let is_new = tx.maybe(&CURSOR, args![name, target]).await?.is_none();
    if is_new {
        match create(&mut tx, claim).await {
            // Another process made it just now.
            Err(StoreError::Taken(_)) => return Ok(None),
            created => created?,
        }
    }
    let lease = millis_of(claim.lease);
    if tx.write(&CLAIM, args![name, target, claim.owner, lease]).await? == 0 {
        return Ok(None);
    }
    let row = tx.one(&CURSOR, args![name, target]).await?;
    let next = place(CursorColumns::read(&row)?.next_index)?;
    // No screen shows who holds it.
    if is_new { tx.commit().await } else { tx.commit_quietly().await }?;
    Ok(Some(next))
}

/// Makes a cursor, and writes into the log that it goes out from now on.
async fn create(tx: &mut Tx, claim: &CursorClaim<'_>) -> Result<(), StoreError> {
    let CursorId { name, target } = claim.cursor;
    tx.write(&CREATE, args![name, target]).await?;
    let detail = format!("sealed entries are shipped to {target} from now on, as {name}");
    let event = NewEvent::of_office(EventKind::Exported, detail, claim.actor);
    events::write(tx, &event).await
}

/// Moves a cursor.
pub(in crate::store) async fn advance(
    db: &Database,
    cursor: &CursorId,
    owner: &str,
    (from, to): (u64, u64),
) -> Result<bool, StoreError> {
    let arguments = args![&cursor.name, &cursor.target, owner, number(from), number(to)];
    Ok(db.write_alone(&ADVANCE, arguments).await? == 1)
}

/// Writes down why a collector took nothing.
pub(in crate::store) async fn fail(
    db: &Database,
    cursor: &CursorId,
    owner: &str,
    why: &str,
) -> Result<(), StoreError> {
    db.write_alone(&FAIL, args![&cursor.name, &cursor.target, owner, why]).await.map(drop)
}

/// Gives the lease of a cursor back.
pub(in crate::store) async fn release(
    db: &Database,
    cursor: &CursorId,
    owner: &str,
) -> Result<(), StoreError> {
    db.write_alone(&RELEASE, args![&cursor.name, &cursor.target, owner]).await.map(drop)
}
