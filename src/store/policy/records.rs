//! Rows of the policies that held. There are few: one for each that an office ever had. Which
//! of them holds is a row of `core_setting`. The keys and values lie in JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::domain::policy_text::{PolicyChange, PolicyText};
use crate::domain::time::{Timestamp, millis_of};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::policy::{PastDelivery, StoredPolicy};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

/// The row of `core_lock` under which the policy changes.
const POLICY_LOCK: &str = "policy";

row_type! {
    struct PolicyColumns from "core_policy p" {
        version: String = text "p.version",
        policy: String = text "p.policy",
        since: Timestamp = time "p.created_at",
    }
}

row_type! {
    struct PastColumns from "core_delivery d" {
        id: i64 = int "d.id",
        at: Timestamp = time "d.created_at",
        contact: String = text "d.contact",
        prefix: Option<String> = maybe_text "d.number_prefix",
        customer: i64 = int "d.customer_id",
        clerk: String = text "d.clerk",
        counter: String = text "d.counter",
    }
}

statements! {
    BY_VERSION { (select PolicyColumns) "WHERE p.version = $1" }
    CURRENT {
        (select PolicyColumns) "WHERE p.version = \
         (SELECT value FROM core_setting WHERE name = 'policy')"
    }
    CREATE {
        "INSERT INTO core_policy (version, policy, created_at) VALUES ($1, $2, " now ")"
        (or_leave "version")
    }
    HOLDS { "UPDATE core_setting SET value = $1 WHERE name = 'policy'" }
    HOLDS_FIRST { "INSERT INTO core_setting (name, value) VALUES ('policy', $1)" }
    PAST {
        (select PastColumns) "WHERE d.created_at >= $1 AND d.created_at > " now " - $2 \
         ORDER BY d.created_at LIMIT $3"
    }
}

/// A policy by its version, or the one that holds.
pub(in crate::store) async fn policy(
    db: &Database,
    version: Option<&str>,
) -> Result<Option<StoredPolicy>, StoreError> {
    let row = match version {
        Some(version) => db.maybe(&BY_VERSION, args![version]).await?,
        None => db.maybe(&CURRENT, args![]).await?,
    };
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<StoredPolicy, StoreError> {
    let it = PolicyColumns::read(row)?;
    let values: BTreeMap<String, String> =
        serde_json::from_str(&it.policy).map_err(|error| unreadable_policy(&error))?;
    let policy = PolicyText::of(values.iter().map(|(key, value)| (&**key, value.clone())));
    Ok(StoredPolicy { version: it.version, policy, since: it.since })
}

fn unreadable_policy(error: &serde_json::Error) -> StoreError {
    StoreError::Failed(format!("a policy is not as it was kept: {error}"))
}

/// Keeps the policy that holds now.
pub(in crate::store) async fn record(
    db: &Database,
    policy: &PolicyText,
    actor: &Actor,
) -> Result<(), StoreError> {
    let version = policy.version();
    if self::policy(db, None).await?.is_some_and(|it| it.version == version) {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    tx.lock(POLICY_LOCK).await?;
    let before = tx.maybe(&CURRENT, args![]).await?.map(|row| read(&row)).transpose()?;
    if before.as_ref().is_some_and(|it| it.version == version) {
        return Ok(());
    }
    let values =
        serde_json::to_string(&policy.values()).map_err(|error| unreadable_policy(&error))?;
    tx.write(&CREATE, args![&version, &values]).await?;
    if tx.write(&HOLDS, args![&version]).await? == 0 {
        tx.write(&HOLDS_FIRST, args![&version]).await?;
    }
    let Some(before) = before else { return tx.commit_quietly().await };
    let changes = before.policy.changes_to(policy);
    let changes: Vec<_> = changes.iter().map(PolicyChange::to_string).collect();
    let detail = format!("{} to {version}: {}", before.version, changes.join("; "));
    let event = NewEvent::of_office(EventKind::PolicyChanged, detail, actor);
    events::write(&mut tx, &event).await?;
    tx.commit().await
}

/// Messages from a moment on, oldest first.
pub(in crate::store) async fn past_deliveries(
    db: &Database,
    from: Timestamp,
    within: Duration,
    limit: u32,
) -> Result<Vec<PastDelivery>, StoreError> {
    let rows = db.all(&PAST, args![from.millis(), millis_of(within), limit]).await?;
    rows.iter().map(past_delivery).collect()
}

fn past_delivery(row: &Row) -> Result<PastDelivery, StoreError> {
    let it = PastColumns::read(row)?;
    Ok(PastDelivery {
        id: it.id,
        at: it.at,
        contact: it.contact,
        prefix: it.prefix,
        customer: CustomerId(it.customer),
        actor: Actor { clerk: it.clerk, counter: it.counter },
    })
}
