//! Rows of acts that wait for a second admin. There are few: each goes a day after its time.

use std::time::Duration;

use crate::domain::approval::{
    Approval, ApprovalId, ApprovalProof, AskedAct, GuardedAct, SignedAct,
};
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::domain::key::KeyId;
use crate::domain::text;
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::approvals::{NewApproval, StoredApproval};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

/// The row of `core_lock` under which acts are stored, so that one told twice is stored once.
const APPROVAL_LOCK: &str = "approval";

/// How many acts of one clerk may wait at once: each tells admins of a customer.
const MOST_OF_CLERK: usize = 5;

/// The answer to whoever asks again under the key of an act that was refused.
const REFUSED: &str = "The second person refused it. Nothing was done.";

const TOO_MANY: &str = "\
    Several acts that you asked for wait for approval already. Wait until they are decided.";

/// How long a row stays after its time.
const KEPT: Duration = Duration::from_hours(24);

row_type! {
    struct ApprovalColumns from "core_approval" {
        public_id: ApprovalId = word "public_id",
        act: GuardedAct = word "act",
        customer_id: Option<i64> = maybe_int "customer_id",
        target: String = text "target",
        reason: String = text "reason",
        call_json: String = text "call_json",
        clerk: String = text "clerk",
        counter: String = text "counter",
        created_at: Timestamp = time "created_at",
        expires_at: Timestamp = time "expires_at",
        refused_at: Option<Timestamp> = maybe_time "refused_at",
        approved_by: Option<String> = maybe_text "approved_by",
        approved_key_id: Option<String> = maybe_text "approved_key_id",
        approved_mac: Option<String> = maybe_text "approved_mac",
        key_id: String = text "key_id",
        mac: String = text "mac",
        read_at: Timestamp = time now,
    }
}

statements! {
    BY_ID { (select ApprovalColumns) "WHERE public_id = $1" }
    SAME {
        (select ApprovalColumns) "WHERE idempotency = $1 AND (expires_at > " now
        " OR refused_at IS NOT NULL) ORDER BY id DESC LIMIT 1"
    }
    WAITING {
        (select ApprovalColumns) "WHERE approved_by IS NULL AND refused_at IS NULL \
         AND expires_at > " now " ORDER BY id"
    }
    CREATE {
        (insert "core_approval" {
            public_id: "$1",
            idempotency: "$2",
            act: "$3",
            customer_id: "$4",
            target: "$5",
            reason: "$6",
            call_json: "$7",
            clerk: "$8",
            counter: "$9",
            created_at: now,
            expires_at: "$10",
            key_id: "$11",
            mac: "$12",
        })
    }
    APPROVE {
        "UPDATE core_approval SET approved_by = $2, approved_at = " now ", \
         approved_key_id = $3, approved_mac = $4 WHERE public_id = $1 \
         AND approved_by IS NULL AND refused_at IS NULL AND clerk <> $2 AND expires_at > " clock
    }
    REFUSE {
        "UPDATE core_approval SET refused_at = " clock " WHERE public_id = $1 \
         AND approved_by IS NULL AND refused_at IS NULL AND expires_at > " clock
    }
    DELETE_OLD { "DELETE FROM core_approval WHERE expires_at < " now " - $1" }
}

/// Stores an act that waits.
pub(in crate::store) async fn ask(
    db: &Database,
    new: &NewApproval<'_>,
) -> Result<StoredApproval, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(APPROVAL_LOCK).await?;
    if let Some(row) = tx.maybe(&SAME, args![new.key]).await? {
        let before = read(&row)?;
        if before.is_over {
            return Err(StoreError::refused(REFUSED));
        }
        return Ok(before);
    }
    let (signed, asked) = (new.signed, &new.signed.asked);
    let waiting = tx.all(&WAITING, args![]).await?;
    let waiting = waiting.iter().map(ApprovalColumns::read).collect::<Result<Vec<_>, _>>()?;
    let of_clerk = waiting.iter().filter(|it| it.clerk == asked.asked_by.clerk).count();
    if of_clerk >= MOST_OF_CLERK {
        return Err(StoreError::refused(TOO_MANY));
    }
    tx.write(&DELETE_OLD, args![millis_of(KEPT)]).await?;
    let arguments = args![
        asked.id.as_str(),
        new.key,
        asked.act.word(),
        asked.customer.map(|it| it.0),
        &asked.target,
        &asked.reason,
        &asked.call,
        &asked.asked_by.clerk,
        &asked.asked_by.counter,
        asked.expires_at.millis(),
        signed.key_id.as_str(),
        &signed.mac,
    ];
    tx.write(&CREATE, arguments).await?;
    let detail = format!("{}, as {}: {}", asked.target, asked.id, asked.reason);
    let event = NewEvent {
        customer: asked.customer,
        ..NewEvent::of_office(EventKind::ApprovalAsked, detail, &asked.asked_by)
    };
    events::write(&mut tx, &event).await?;
    let stored = read(&tx.one(&BY_ID, args![asked.id.as_str()]).await?)?;
    tx.commit().await?;
    Ok(stored)
}

/// The acts that wait.
pub(in crate::store) async fn waiting(db: &Database) -> Result<Vec<StoredApproval>, StoreError> {
    db.all(&WAITING, args![]).await?.iter().map(read).collect()
}

/// One act.
pub(in crate::store) async fn approval(
    db: &Database,
    id: &ApprovalId,
) -> Result<Option<StoredApproval>, StoreError> {
    db.maybe(&BY_ID, args![id.as_str()]).await?.map(|row| read(&row)).transpose()
}

/// The act under a key.
pub(in crate::store) async fn asked(
    db: &Database,
    key: &str,
) -> Result<Option<StoredApproval>, StoreError> {
    db.maybe(&SAME, args![key]).await?.map(|row| read(&row)).transpose()
}

/// Approves an act that waits.
pub(in crate::store) async fn approve(
    db: &Database,
    approval: &Approval,
    proof: &ApprovalProof,
    by: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let arguments = args![approval.id.as_str(), &proof.by, &proof.key_id, &proof.mac];
    if tx.write(&APPROVE, arguments).await? == 0 {
        return Ok(false);
    }
    let Approval { id, target, asked_by, .. } = approval;
    let detail = format!("{target}, which {} asked for as {id}", asked_by.clerk);
    let event = NewEvent {
        customer: approval.customer,
        ..NewEvent::of_office(EventKind::Approved, detail, by)
    };
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends the wait of an act: it waits no more.
pub(in crate::store) async fn refuse(
    db: &Database,
    approval: &Approval,
    by: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&REFUSE, args![approval.id.as_str()]).await? == 0 {
        return Ok(false);
    }
    let Approval { id, target, asked_by, .. } = approval;
    let detail = if asked_by.clerk == by.clerk {
        format!("{target}, withdrawn by {}, who asked for it as {id}", by.clerk)
    } else {
        format!("{target}, which {} asked for as {id}", asked_by.clerk)
    };
    let event = NewEvent {
        customer: approval.customer,
        ..NewEvent::of_office(EventKind::ApprovalRefused, detail, by)
    };
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}

fn read(row: &Row) -> Result<StoredApproval, StoreError> {
    let it = ApprovalColumns::read(row)?;
    let key_id = KeyId::new(&it.key_id)
        .ok_or_else(|| StoreError::Failed(format!("\"{}\" names no key", it.key_id)))?;
    let customer = it.customer_id.map(CustomerId);
    let asked_by = Actor { clerk: it.clerk, counter: it.counter };
    let proof = it.approved_by.as_ref().zip(it.approved_key_id).zip(it.approved_mac);
    let proof = proof.map(|((by, key_id), mac)| ApprovalProof { by: by.clone(), key_id, mac });
    Ok(StoredApproval {
        proof,
        is_over: it.refused_at.is_some() || it.expires_at <= it.read_at,
        signed: SignedAct {
            asked: AskedAct {
                id: it.public_id.clone(),
                act: it.act,
                call: it.call_json,
                customer,
                target: it.target.clone(),
                reason: it.reason.clone(),
                asked_by: asked_by.clone(),
                expires_at: it.expires_at,
            },
            key_id,
            mac: it.mac,
        },
        approval: Approval {
            id: it.public_id,
            act: it.act,
            customer,
            target: text::clean(&it.target),
            reason: text::clean(&it.reason),
            asked_by,
            asked_at: it.created_at,
            expires_at: it.expires_at,
            approved_by: it.approved_by,
        },
    })
}
