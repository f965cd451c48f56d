//! Rows of those who may act for a customer. Ending one takes the customer's guard, as everybody
//! does who proves something for the customer: no code or session of theirs outlives it.

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::domain::representative::{Representative, RepresentativeId, RepresentativeRecord};
use crate::domain::session::SessionEnd;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::verification::{contact_changes, customer_guard, session};

/// Why their code is not judged any more.
const NO_MORE: &str = "\
    The representative may not act for the customer now: it was ended, or its time is over. Serve \
    the holder alone.";

row_type! {
    struct RepresentativeColumns from "core_representative r" {
        public_id: RepresentativeId = word "r.public_id",
        customer_id: i64 = int "r.customer_id",
        name: String = text "r.name",
        email: Option<String> = maybe_text "r.email",
        phone: Option<String> = maybe_text "r.phone",
        purposes: String = text "r.purposes",
        from_at: Timestamp = time "r.from_at",
        until_at: Option<Timestamp> = maybe_time "r.until_at",
        document: String = text "r.document",
        clerk: String = text "r.clerk",
        counter: String = text "r.counter",
        approved_by: String = text "r.approved_by",
        key_id: String = text "r.key_id",
        mac: String = text "r.mac",
    }
}

/// The answer to whoever adds somebody again by the act that added them.
const ENDED_SINCE: &str = "\
    This representative was added by the same act before, and was ended since. Add them anew.";

statements! {
    OF {
        (select RepresentativeColumns) "WHERE r.customer_id = $1 AND r.ended_at IS NULL \
         ORDER BY r.added_at, r.public_id"
    }
    AFTER {
        (select RepresentativeColumns) "WHERE r.public_id > $1 AND r.ended_at IS NULL \
         ORDER BY r.public_id LIMIT $2"
    }
    SIGN {
        "UPDATE core_representative SET key_id = $3, mac = $4 WHERE public_id = $1 AND mac = $2 \
         AND ended_at IS NULL"
    }
    ACTIVE {
        "SELECT COUNT(*) AS active FROM core_representative r WHERE r.public_id = $1 \
         AND r.customer_id = $2 AND r.ended_at IS NULL AND r.from_at <= " clock " \
         AND (r.until_at IS NULL OR r.until_at > " clock ")"
    }
    UNTIL { "SELECT until_at FROM core_representative WHERE public_id = $1" }
    WAS_ENDED {
        "SELECT ended_at FROM core_representative WHERE public_id = $1 AND ended_at IS NOT NULL"
    }
    ADD {
        (insert "core_representative" {
            public_id: "$1",
            customer_id: "$2",
            name: "$3",
            email: "$4",
            phone: "$5",
            purposes: "$6",
            from_at: "$7",
            until_at: "$8",
            document: "$9",
            clerk: "$10",
            counter: "$11",
            approved_by: "$12",
            added_at: now,
            key_id: "$13",
            mac: "$14",
        })
    }
    /// Its proof goes, so that it is none any more if its end is taken back.
    END {
        "UPDATE core_representative SET ended_at = " now ", mac = '' WHERE public_id = $1 \
         AND customer_id = $2 AND ended_at IS NULL"
    }
}

fn read(row: &Row) -> Result<RepresentativeRecord, StoreError> {
    let it = RepresentativeColumns::read(row)?;
    let scope = serde_json::from_str(&it.purposes)
        .map_err(|_| StoreError::Failed("the scope of a representative cannot be read".into()))?;
    let representative = Representative {
        id: it.public_id,
        customer: CustomerId(it.customer_id),
        name: it.name,
        email: it.email,
        phone: it.phone,
        scope,
        from: it.from_at,
        until: it.until_at,
        document: it.document,
        added_by: Actor { clerk: it.clerk, counter: it.counter },
        approved_by: it.approved_by,
    };
    Ok(RepresentativeRecord { representative, key_id: it.key_id, mac: it.mac })
}

/// Those of a customer who were not ended.
pub(in crate::store) async fn of(
    db: &Database,
    customer: CustomerId,
) -> Result<Vec<RepresentativeRecord>, StoreError> {
    db.all(&OF, args![customer.0]).await?.iter().map(read).collect()
}

/// Those of all customers who were not ended, above an id.
pub(in crate::store) async fn after(
    db: &Database,
    after: &str,
    most: u32,
) -> Result<Vec<RepresentativeRecord>, StoreError> {
    db.all(&AFTER, args![after, most]).await?.iter().map(read).collect()
}

/// Puts another proof in the place of the one that was read.
pub(in crate::store) async fn sign(
    db: &Database,
    read: &RepresentativeRecord,
    anew: &RepresentativeRecord,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let id = read.representative.id.as_str();
    tx.write(&SIGN, args![id, &read.mac, &anew.key_id, &anew.mac]).await?;
    tx.commit_quietly().await
}

/// Refuses whoever may not act for the customer now.
pub(in crate::store) async fn ensure_active(
    tx: &mut Tx,
    customer: CustomerId,
    id: &RepresentativeId,
) -> Result<(), StoreError> {
    let active = tx.one(&ACTIVE, args![id.as_str(), customer.0]).await?.int("active")?;
    if active == 1 { Ok(()) } else { Err(StoreError::refused(NO_MORE)) }
}

/// When the time of one ends; none where it has to be ended.
pub(in crate::store) async fn until(
    tx: &mut Tx,
    id: &RepresentativeId,
) -> Result<Option<Timestamp>, StoreError> {
    let row = tx.maybe(&UNTIL, args![id.as_str()]).await?;
    Ok(row.map(|row| row.maybe_time("until_at")).transpose()?.flatten())
}

/// Writes one.
pub(in crate::store) async fn add(
    db: &Database,
    act: &str,
    record: &RepresentativeRecord,
    actor: &Actor,
) -> Result<(), StoreError> {
    let it = &record.representative;
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, it.customer).await?;
    let detail = format!(
        "{} ({}), for: {}; showed: {}; approved by {}",
        it.name,
        it.id,
        it.scope.join(", "),
        it.document,
        it.approved_by
    );
    let event = NewEvent {
        customer: Some(it.customer),
        ..NewEvent::of_office(EventKind::RepresentativeAdded, detail, actor)
    };
    match events::write_once(&mut tx, &event, Some(act)).await {
        Err(StoreError::Taken(_)) => {
            drop(tx);
            let ended = db.maybe(&WAS_ENDED, args![it.id.as_str()]).await?;
            return if ended.is_some() { Err(StoreError::refused(ENDED_SINCE)) } else { Ok(()) };
        }
        written => written?,
    }
    let scope = serde_json::json!(it.scope).to_string();
    let arguments = args![
        it.id.as_str(),
        it.customer.0,
        &it.name,
        it.email.as_deref(),
        it.phone.as_deref(),
        &scope,
        it.from.millis(),
        it.until.map(Timestamp::millis),
        &it.document,
        &it.added_by.clerk,
        &it.added_by.counter,
        &it.approved_by,
        &record.key_id,
        &record.mac,
    ];
    tx.write(&ADD, arguments).await?;
    tx.commit().await
}

/// Ends one; whether it was there.
pub(in crate::store) async fn end(
    db: &Database,
    act: &str,
    (customer, id): (CustomerId, &RepresentativeId),
    reason: &str,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, customer).await?;
    let detail = format!("{id}: {reason}");
    let event = NewEvent {
        customer: Some(customer),
        ..NewEvent::of_office(EventKind::RepresentativeEnded, detail, actor)
    };
    match events::write_once(&mut tx, &event, Some(act)).await {
        Err(StoreError::Taken(_)) => return Ok(true),
        written => written?,
    }
    if tx.write(&END, args![id.as_str(), customer.0]).await? == 0 {
        return Ok(false);
    }
    let why = "The representative was ended.";
    contact_changes::revoke_all(&mut tx, customer, why, actor, |it| {
        it.representative.as_ref().is_some_and(|it| it.id == *id)
    })
    .await?;
    session::end_all(&mut tx, customer, SessionEnd::Revoked, actor, |it| {
        it.representative.as_ref().is_some_and(|it| it.id == *id)
    })
    .await?;
    tx.commit().await?;
    Ok(true)
}
