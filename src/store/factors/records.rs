//! Rows of what customers have enrolled. A row is written anew and never deleted, so that its
//! generation, to which seals and digests are bound, never comes twice.

use crate::domain::contact_notice::NoticeAbout;
use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::{BackupCodesLeft, CustomerFactors, FactorKind, StoredFactor};
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::factors::{FactorChange, FactorPage, Resealed};
use crate::store::audit::events;
use crate::store::database::columns::customers::CustomerOnFile;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::delivery::contact_notices::{self, NewNotice};
use crate::store::verification::customer_guard;

row_type! {
    struct FactorColumns from "core_customer_factor f \
        LEFT JOIN core_customer_view c ON c.id = f.customer_id \
        LEFT JOIN core_guard g ON g.customer_id = f.customer_id"
        with (customer: CustomerOnFile)
    {
        customer_id: i64 = int "f.customer_id",
        kind: FactorKind = word "f.kind",
        generation: u32 = count "f.generation",
        sealed: Option<String> = maybe_text "f.sealed",
        key_id: String = text "f.key_id",
        last_step: i64 = int "f.last_step",
        early_step: i64 = int "f.early_step",
        made_at: Timestamp = time "f.made_at",
        failures: u32 = count "COALESCE(g.failures, 0)",
        read_at: Timestamp = time now,
    }
}

statements! {
    OF_CUSTOMER { (select FactorColumns) "WHERE f.customer_id = $1 ORDER BY f.kind" }
    OF_KIND { (select FactorColumns) "WHERE f.customer_id = $1 AND f.kind = $2" }
    /// Without the customer: a planner would read as many customers beside them.
    AFTER {
        "SELECT customer_id, kind, key_id FROM core_customer_factor WHERE customer_id > $1 \
         ORDER BY customer_id, kind LIMIT $2"
    }
    CODES_LEFT {
        "SELECT number FROM core_backup_code WHERE customer_id = $1 AND used_at IS NULL \
         ORDER BY number"
    }
    CREATE {
        (insert "core_customer_factor" {
            customer_id: "$1",
            kind: "$2",
            generation: "1",
            sealed: "$3",
            key_id: "$4",
            last_step: "$5",
            early_step: "0",
            made_at: now,
            clerk: "$6",
            counter: "$7",
        })
    }
    REPLACE {
        "UPDATE core_customer_factor SET generation = generation + 1, sealed = $4, key_id = $5, \
         last_step = $6, early_step = 0, made_at = " now ", clerk = $7, counter = $8 \
         WHERE customer_id = $1 AND kind = $2 AND generation = $3"
    }
    FORGET_CODES { "DELETE FROM core_backup_code WHERE customer_id = $1" }
    ADD_CODES {
        (insert_rows "core_backup_code" { customer_id: int, number: int, digest: text })
    }
    RESEAL {
        "UPDATE core_customer_factor SET sealed = $4, key_id = $5 \
         WHERE customer_id = $1 AND kind = $2 AND generation = $3 AND key_id = $6"
    }
    WAS_WRITTEN { "SELECT id FROM core_event WHERE act = $1" }
}

/// A factor as it is in a transaction, with what an attempt is judged by.
pub(super) struct HeldFactor {
    pub(super) stored: StoredFactor,
    pub(super) customer_name: String,
    pub(super) failures: u32,
    pub(super) now: Timestamp,
    made_at: Timestamp,
}

fn read(row: &Row) -> Result<HeldFactor, StoreError> {
    let it = FactorColumns::read(row)?;
    let (account_no, customer_name) = it.customer.shown();
    let step = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(HeldFactor {
        stored: StoredFactor {
            customer: CustomerId(it.customer_id),
            account_no,
            kind: it.kind,
            generation: it.generation,
            sealed: it.sealed,
            key_id: it.key_id,
            last_step: step(it.last_step),
            early_step: step(it.early_step),
        },
        customer_name,
        failures: it.failures,
        now: it.read_at,
        made_at: it.made_at,
    })
}

/// A step as the store keeps it.
pub(super) fn stored_step(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

/// What a customer has.
pub(in crate::store) async fn of_customer(
    db: &Database,
    customer: CustomerId,
) -> Result<CustomerFactors, StoreError> {
    let mut factors = CustomerFactors::default();
    for row in db.all(&OF_CUSTOMER, args![customer.0]).await? {
        let held = read(&row)?;
        if held.stored.sealed.is_none() {
            continue;
        }
        match held.stored.kind {
            FactorKind::Totp => factors.totp_since = Some(held.made_at),
            FactorKind::BackupCodes => {
                let rows = db.all(&CODES_LEFT, args![customer.0]).await?;
                let left = rows.iter().map(number).collect::<Result<_, _>>()?;
                factors.backup_codes = Some(BackupCodesLeft { made_at: held.made_at, left });
            }
        }
    }
    Ok(factors)
}

fn number(row: &Row) -> Result<u8, StoreError> {
    let number = row.int("number")?;
    u8::try_from(number).map_err(|_| StoreError::Failed(format!("a backup code number {number}")))
}

/// How many backup codes a customer has left.
pub(super) async fn codes_left(tx: &mut Tx, customer: CustomerId) -> Result<usize, StoreError> {
    Ok(tx.all(&CODES_LEFT, args![customer.0]).await?.len())
}

/// One factor.
pub(in crate::store) async fn stored(
    db: &Database,
    customer: CustomerId,
    kind: FactorKind,
) -> Result<Option<StoredFactor>, StoreError> {
    let row = db.maybe(&OF_KIND, args![customer.0, kind.word()]).await?;
    row.map(|row| read(&row).map(|it| it.stored)).transpose()
}

/// One factor in a transaction.
pub(super) async fn held(
    tx: &mut Tx,
    customer: CustomerId,
    kind: FactorKind,
) -> Result<Option<HeldFactor>, StoreError> {
    let row = tx.maybe(&OF_KIND, args![customer.0, kind.word()]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The factors of customers with higher numbers that are sealed under another key.
pub(in crate::store) async fn after(
    db: &Database,
    after: CustomerId,
    most: u32,
    key_id: &str,
) -> Result<FactorPage, StoreError> {
    let rows = db.all(&AFTER, args![after.0, most]).await?;
    let customers = rows.iter().map(|row| row.int("customer_id"));
    let customers = customers.collect::<Result<Vec<i64>, _>>()?;
    let Some(&newest) = customers.last() else { return Ok(FactorPage::default()) };
    // The last customer of a full page may have more: the next page begins with them.
    let is_full = customers.len() >= most as usize;
    let before = customers.iter().copied().filter(|it| *it < newest).max();
    let last = if is_full { before.unwrap_or(newest) } else { newest };
    let mut page = FactorPage { last: Some(CustomerId(last)), factors: Vec::new() };
    for (row, customer) in rows.iter().zip(customers).filter(|(_, customer)| *customer <= last) {
        if row.text("key_id")? != key_id {
            page.factors.extend(stored(db, CustomerId(customer), row.word("kind")?).await?);
        }
    }
    Ok(page)
}

/// Whether the act of this idempotency key was done.
pub(in crate::store) async fn was_done(db: &Database, act: &str) -> Result<bool, StoreError> {
    Ok(db.maybe(&WAS_WRITTEN, args![act]).await?.is_some())
}

/// Enrols, replaces or removes a factor.
pub(in crate::store) async fn change(
    db: &Database,
    change: &FactorChange<'_>,
) -> Result<bool, StoreError> {
    let FactorChange { customer, kind, actor, .. } = *change;
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, customer).await?;
    if tx.maybe(&WAS_WRITTEN, args![change.act]).await?.is_some() {
        return Ok(true);
    }
    let step = stored_step(change.last_step);
    let (clerk, counter) = (&actor.clerk, &actor.counter);
    let (sealed, key_id) = (change.sealed, change.key_id);
    if change.after == 0 {
        if held(&mut tx, customer, kind).await?.is_some() {
            return Ok(false);
        }
        let row = args![customer.0, kind.word(), sealed, key_id, step, clerk, counter];
        tx.write(&CREATE, row).await?;
    } else {
        let row =
            args![customer.0, kind.word(), change.after, sealed, key_id, step, clerk, counter];
        if tx.write(&REPLACE, row).await? == 0 {
            return Ok(false);
        }
    }
    if kind == FactorKind::BackupCodes {
        tx.write(&FORGET_CODES, args![customer.0]).await?;
        let digests = change.digests.iter();
        let rows = digests.map(|(number, digest)| serde_json::json!([customer.0, number, digest]));
        tx.write(&ADD_CODES, args![&list(rows)]).await?;
    }
    let told = change.tell.iter().map(|contact| (customer.0, contact));
    contact_notices::queue(&mut tx, told, NewNotice::of(NoticeAbout::Factor), change.notices)
        .await?;
    let event = NewEvent {
        customer: Some(customer),
        ..NewEvent::of_office(change.event, change.detail.to_owned(), actor)
    };
    events::write_once(&mut tx, &event, Some(change.act)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Writes what was sealed anew. It is no act on a customer, and has no event.
pub(in crate::store) async fn reseal(db: &Database, anew: &[Resealed]) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    for Resealed { read, sealed, key_id } in anew {
        let (customer, kind) = (read.customer.0, read.kind.word());
        let row = args![customer, kind, read.generation, sealed, key_id, &read.key_id];
        tx.write(&RESEAL, row).await?;
    }
    tx.commit_quietly().await
}
