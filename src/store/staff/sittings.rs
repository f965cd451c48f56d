//! Who sits where. A sitting lives as long as its service prolongs its lease, so that those
//! of a service that was killed end by themselves.

use std::time::Duration;

use crate::domain::event::{Actor, EventKind};
use crate::domain::pad::PairingEnd;
use crate::domain::sign_in::sitting::{SignInMethod, Sitting, SittingEnd, SittingId};
use crate::domain::staff::AccountName;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::sign_in::{NewSitting, SITTING_LEASE};
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::pads::pairings;
use crate::store::staff::credentials;

/// How long a sitting is kept after its beginning.
const KEPT: Duration = Duration::from_hours(90 * 24);

row_type! {
    struct SittingColumns from "core_sitting" {
        id: SittingId = word "id",
        account: String = text "account",
        counter: String = text "counter",
        method: SignInMethod = word "method",
        since: Timestamp = time "since",
        active_at: Timestamp = time "active_at",
    }
}

row_type! {
    struct OpenSittingColumns from "core_sitting" {
        id: SittingId = word "id",
    }
}

statements! {
    BEGIN {
        (insert "core_sitting" {
            id: "$1",
            account: "$2",
            counter: "$3",
            method: "$4",
            service: "$5",
            since: now,
            active_at: now,
            lease_until: (sql now " + $6"),
        })
    }
    FORGET { "DELETE FROM core_sitting WHERE account = $1 AND since < " now " - $2" }
    END {
        "UPDATE core_sitting SET ended_at = " now ", ended_how = $2 \
         WHERE id = $1 AND ended_at IS NULL"
    }
    END_ALL_OF {
        "UPDATE core_sitting SET ended_at = " now ", ended_how = $2 \
         WHERE account = $1 AND ended_at IS NULL"
    }
    ONE { (select SittingColumns) "WHERE id = $1" }
    OPEN_ONE {
        (select SittingColumns) "WHERE id = $1 AND ended_at IS NULL"
    }
    OPEN_IDS { (select OpenSittingColumns) "WHERE ended_at IS NULL" }
    OPEN {
        (select SittingColumns)
        "WHERE ended_at IS NULL AND lease_until > " now " ORDER BY since, id"
    }
    ONLINE {
        (select SittingColumns)
        "WHERE ended_at IS NULL AND lease_until > " now " ORDER BY since, id LIMIT $1"
    }
    RENEW {
        "UPDATE core_sitting SET lease_until = " now " + $2 \
         WHERE ended_at IS NULL AND service = $1"
    }
    ACTIVE {
        "UPDATE core_sitting SET active_at = " now " - $2 WHERE id = $1 AND ended_at IS NULL"
    }
    END_LOST {
        "UPDATE core_sitting SET ended_at = lease_until, ended_how = 'lost' \
         WHERE ended_at IS NULL AND lease_until <= " now
    }
    RESUME {
        "UPDATE core_sitting SET service = $2, lease_until = " now " + $3 \
         WHERE id = $1 AND ended_at IS NULL AND lease_until > " now
    }
}

/// Begins a sitting; whether its credentials are still as they were judged.
pub(in crate::store) async fn begin(
    db: &Database,
    sitting: &NewSitting<'_>,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if !credentials::accept(&mut tx, sitting).await? {
        return Ok(false);
    }
    let Actor { clerk, counter } = sitting.actor;
    let begin = args![
        sitting.id.as_str(),
        clerk,
        counter,
        sitting.method.word(),
        sitting.service,
        millis_of(SITTING_LEASE),
    ];
    let writes = vec![
        Write { sql: &FORGET, args: args![clerk, millis_of(KEPT)].to_vec() },
        Write { sql: &BEGIN, args: begin.to_vec() },
    ];
    let detail = format!("sitting {} ({})", sitting.id, sitting.method.word());
    let event = NewEvent::of_office(EventKind::SignedIn, detail, sitting.actor);
    events::write_with(&mut tx, writes, &event, None).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends a sitting; none where it goes on no more. `by` is who ends it; else who sat there.
pub(in crate::store) async fn end(
    db: &Database,
    id: &SittingId,
    how: SittingEnd,
    by: Option<&Actor>,
) -> Result<Option<Sitting>, StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&END, args![id.as_str(), how.word()]).await? == 0 {
        return Ok(None);
    }
    let sitting = read(&tx.one(&ONE, args![id.as_str()]).await?)?;
    let own = Actor { clerk: sitting.clerk.clone(), counter: sitting.counter.clone() };
    pairings::end_others(&mut tx, &own, None, PairingEnd::SittingEnded).await?;
    let kind = match how {
        SittingEnd::SignedOut | SittingEnd::Replaced => EventKind::SignedOut,
        SittingEnd::Locked => EventKind::TerminalLocked,
        _ => EventKind::SittingEnded,
    };
    let of =
        by.map_or_else(String::new, |_| format!(" of {} at {}", sitting.clerk, sitting.counter));
    let detail = format!("sitting {id}{of}: {}", how.sentence());
    let event = NewEvent::of_office(kind, detail, by.unwrap_or(&own));
    events::write_once(&mut tx, &event, None).await?;
    tx.commit().await?;
    Ok(Some(sitting))
}

/// Ends all sittings of an account, in the transaction of the act that says why.
pub(super) async fn end_all_of(tx: &mut Tx, account: &AccountName) -> Result<(), StoreError> {
    let how = SittingEnd::Disabled.word();
    tx.write(&END_ALL_OF, args![account.as_str(), how]).await?;
    pairings::end_all_of(tx, account.as_str(), PairingEnd::SittingEnded).await
}

/// The sitting, if it goes on.
pub(in crate::store) async fn sitting(
    db: &Database,
    id: &SittingId,
) -> Result<Option<Sitting>, StoreError> {
    db.maybe(&OPEN_ONE, args![id.as_str()]).await?.map(|row| read(&row)).transpose()
}

/// The sittings that nobody ended.
pub(in crate::store) async fn open_ids(db: &Database) -> Result<Vec<SittingId>, StoreError> {
    let rows = db.all(&OPEN_IDS, args![]).await?;
    rows.iter().map(|row| Ok(OpenSittingColumns::read(row)?.id)).collect()
}

/// The sittings that go on.
pub(in crate::store) async fn sittings(db: &Database) -> Result<Vec<Sitting>, StoreError> {
    db.all(&OPEN, args![]).await?.iter().map(read).collect()
}

/// So many of the sittings that go on, the longest first.
pub(in crate::store) async fn online(db: &Database, most: u32) -> Result<Vec<Sitting>, StoreError> {
    db.all(&ONLINE, args![most]).await?.iter().map(read).collect()
}

/// Prolongs the sittings of a service, and ends those that nobody prolonged.
pub(in crate::store) async fn renew(
    db: &Database,
    service: &str,
    active: &[(SittingId, Duration)],
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.write(&RENEW, args![service, millis_of(SITTING_LEASE)]).await?;
    for (id, ago) in active {
        tx.write(&ACTIVE, args![id.as_str(), millis_of(*ago)]).await?;
    }
    tx.write(&END_LOST, args![]).await?;
    tx.commit_quietly().await
}

/// Gives a sitting to another service.
pub(in crate::store) async fn resume(
    db: &Database,
    id: &SittingId,
    service: &str,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let values = args![id.as_str(), service, millis_of(SITTING_LEASE)];
    let goes_on = tx.write(&RESUME, values).await? == 1;
    tx.commit_quietly().await?;
    Ok(goes_on)
}

fn read(row: &Row) -> Result<Sitting, StoreError> {
    let SittingColumns { id, account, counter, method, since, active_at } =
        SittingColumns::read(row)?;
    Ok(Sitting { id, clerk: account, counter, method, since, active_at })
}
