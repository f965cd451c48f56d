//! Rows of the staff table. One lock serialises all changes, so that of two admins who
//! demote each other at the same moment one remains.

use crate::domain::event::EventKind;
use crate::domain::key::KeyId;
use crate::domain::pad::PairingEnd;
use crate::domain::staff::{AccountName, Role, StaffMember, StaffRecord};
use crate::service::api::Permission;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::staff::{StaffChange, StaffWrite};
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Row, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::pads::pairings;
use crate::store::staff::sittings;

/// The row of `core_lock` that every change of the staff holds.
const STAFF_LOCK: &str = "staff";

row_type! {
    struct StaffColumns from "core_staff" {
        account: AccountName = word "account",
        role: Role = word "role",
        enabled: bool = flag "enabled",
        version: u32 = count "version",
        key_id: String = text "key_id",
        mac: String = text "mac",
    }
}

statements! {
    ONE {
        (select StaffColumns) "WHERE account = $1"
    }
    /// An office has some hundred at most.
    ALL {
        (select StaffColumns) "ORDER BY account"
    }
    INSERT {
        (insert "core_staff" {
            account: "$1",
            role: "$2",
            enabled: "$3",
            version: "$4",
            key_id: "$5",
            mac: "$6",
            changed_at: now,
        })
    }
    UPDATE {
        "UPDATE core_staff SET role = $2, enabled = $3, version = $4, key_id = $5, mac = $6, \
         changed_at = " now " WHERE account = $1 AND version = $4 - 1"
    }
}

/// The row of an account.
pub(in crate::store) async fn record(
    db: &Database,
    account: &AccountName,
) -> Result<Option<StaffRecord>, StoreError> {
    db.maybe(&ONE, args![account.as_str()]).await?.map(|row| read(&row)).transpose()
}

/// All rows, by account.
pub(in crate::store) async fn records(db: &Database) -> Result<Vec<StaffRecord>, StoreError> {
    db.all(&ALL, args![]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StaffRecord, StoreError> {
    let it = StaffColumns::read(row)?;
    Ok(StaffRecord {
        member: StaffMember { account: it.account, role: it.role, enabled: it.enabled },
        version: it.version,
        key_id: KeyId::new(&it.key_id)
            .ok_or_else(|| StoreError::Failed(format!("\"{}\" names no key", it.key_id)))?,
        mac: it.mac,
    })
}

/// Writes a row in place of the one before it.
pub(in crate::store) async fn write(
    db: &Database,
    change: &StaffChange<'_>,
) -> Result<StaffWrite, StoreError> {
    let record = change.record;
    let mut tx = db.begin().await?;
    tx.lock(STAFF_LOCK).await?;
    let mut rows = Vec::new();
    for row in tx.all(&ALL, args![]).await? {
        rows.push(read(&row)?);
    }
    let before = rows.iter().find(|it| it.member.account == record.member.account);
    if before.map_or(0, |it| it.version) + 1 != record.version {
        return Ok(StaffWrite::Outdated);
    }
    let is_admin = |it: &StaffMember| it.role == Role::Admin && it.enabled;
    let loses_admin = before.is_some_and(|it| is_admin(&it.member)) && !is_admin(&record.member);
    let others = rows.iter().filter(|it| it.member.account != record.member.account);
    if loses_admin && !others.map(|it| &it.member).any(is_admin) {
        return Ok(StaffWrite::LastAdmin);
    }
    let values = args![
        record.member.account.as_str(),
        record.member.role.word(),
        i64::from(record.member.enabled),
        record.version,
        record.key_id.as_str(),
        &record.mac,
    ];
    let sql = if before.is_some() { &UPDATE } else { &INSERT };
    let event =
        NewEvent::of_office(EventKind::StaffChanged, change.detail.to_owned(), change.actor);
    let writes = vec![Write { sql, args: values.to_vec() }];
    if !record.member.enabled {
        sittings::end_all_of(&mut tx, &record.member.account).await?;
    } else if !Permission::Verify.is_of(record.member.role) {
        let account = record.member.account.as_str();
        pairings::end_all_of(&mut tx, account, PairingEnd::RoleChanged).await?;
    }
    events::write_with(&mut tx, writes, &event, None).await?;
    tx.commit().await?;
    Ok(StaffWrite::Written)
}
