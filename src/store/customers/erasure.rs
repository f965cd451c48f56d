//! Erasing what is personal of a customer, and legal holds, which keep it.
//!
//! Rows that figures are made of stay, with the number of nobody in the place of the
//! customer's; everything else goes. Of sealed events the commitments stay, so that their
//! leaves are proven as before, and an event says how many they were.

use crate::domain::audit::leaf::{Proving, SealedEntry};
use crate::domain::audit::removal::{Announcement, Removal, RemovalKey};
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, PhoneNumber};
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventId, EventKind};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::personal_data::ErasureOutcome;
use crate::store::audit::{events, removals, trail};
use crate::store::database::columns::events::read_stored;
use crate::store::database::engine::{Database, Tx, args, list};
use crate::store::database::locks::SEAL_LOCK;
use crate::store::database::statement::{Sql, statements};
use crate::store::delivery::contact_state;
use crate::store::search_index::index;
use crate::store::verification::customer_guard;

/// How many leaves are written at a time. A customer has few events: all are read at once.
const LEAF_BATCH: usize = 1_000;

statements! {
    HELD { "SELECT reason, clerk, held_at FROM core_hold WHERE customer_id = $1" }
    PUT_ON_HOLD {
        (insert "core_hold" { customer_id: "$1", reason: "$2", clerk: "$3", held_at: now, })
    }
    RELEASE { "DELETE FROM core_hold WHERE customer_id = $1" }
    /// What an act wrote into the log.
    WRITTEN { "SELECT kind, detail FROM core_event WHERE act = $1" }
    /// Open requests, and messages that are still to be sent.
    UNFINISHED {
        "SELECT (SELECT COUNT(*) FROM core_otp WHERE customer_id = $1 \
         AND open_purpose IS NOT NULL AND expires_at > " now ") + (SELECT COUNT(*) \
         FROM core_delivery d JOIN core_outbox b ON b.delivery_id = d.id \
         WHERE d.customer_id = $1 AND b.task <> 'follow') AS unfinished"
    }
    SEALED_EVENTS {
        "SELECT " stored_event_columns ", l.leaf_index, l.salt, l.commitments \
         FROM core_event e LEFT JOIN core_audit_leaf l ON l.event_id = e.id \
         WHERE e.customer_id = $1"
    }
    KEEP_COMMITMENTS {
        (each
            ("UPDATE core_audit_leaf SET salt = NULL, commitments = few.commitments \
              FROM (SELECT value ->> 0 AS event_id, value ->> 1 AS commitments \
              FROM json_each($1)) few WHERE core_audit_leaf.event_id = few.event_id")
            ("UPDATE core_audit_leaf l SET salt = NULL, commitments = value ->> 1 \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              WHERE l.event_id = CAST(value ->> 0 AS BIGINT) \
              AND l.event_id = ANY (ARRAY(SELECT CAST(few.it ->> 0 AS BIGINT) \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS few (it)))")
            ("UPDATE JSON_TABLE($1, '$[*]' COLUMNS (event_id BIGINT PATH '$[0]', "
             (cell "commitments" "1") ")) list \
              STRAIGHT_JOIN core_audit_leaf l ON l.event_id = list.event_id \
              SET l.salt = NULL, l.commitments = list.commitments"))
    }
    FORGET_EVENTS {
        "UPDATE core_event SET customer_id = NULL, contact = NULL, detail = NULL \
         WHERE customer_id = $1"
    }
    COUNT_ERASED { "UPDATE core_audit_tree SET erased = $1 WHERE id = 1" }
    FORGET_OUTBOX {
        (each
            ("DELETE FROM core_outbox WHERE delivery_id IN (SELECT id FROM core_delivery \
              WHERE customer_id = $1)")
            ("DELETE FROM core_outbox WHERE delivery_id = ANY (ARRAY(SELECT id \
              FROM core_delivery WHERE customer_id = $1))")
            ("DELETE b FROM core_delivery d STRAIGHT_JOIN core_outbox b \
              ON b.delivery_id = d.id WHERE d.customer_id = $1"))
    }
    /// The numbers of nobody lie far below those of customers.
    FORGET_MESSAGES {
        "UPDATE core_delivery SET customer_id = -4611686018427387904 - otp_id, contact = '', \
         provider_id = NULL, detail = NULL, clerk_detail = NULL WHERE customer_id = $1"
    }
    FORGET_REQUESTS {
        "UPDATE core_otp SET customer_id = -4611686018427387904 - id, \
         email = CASE WHEN email IS NOT NULL THEN '' END, \
         phone = CASE WHEN phone IS NOT NULL THEN '' END, \
         otp_code = '', idempotency = '', masked = '' WHERE customer_id = $1"
    }
    FORGET_ARCHIVED {
        "UPDATE core_otp_archive SET customer_id = -4611686018427387904 - id, masked = '', \
         provider_id = NULL, detail = NULL WHERE customer_id = $1"
    }
    CONTACTS_OF {
        "SELECT c.email AS contact FROM core_customer_view c WHERE c.id = $1 \
         UNION SELECT c.phone FROM core_customer_view c WHERE c.id = $1 \
         UNION SELECT t.contact FROM core_contact t WHERE t.customer_id = $1"
    }
    /// What a provider answered last can name a contact.
    FORGET_ANSWERS {
        "UPDATE core_line SET detail = NULL, clerk_detail = NULL \
         WHERE " place "(detail, $1) > 0 OR " place "(clerk_detail, $1) > 0"
    }
    FORGET_SUPERSEDED { "DELETE FROM core_otp_retired WHERE customer_id = $1" }
    FORGET_SESSIONS { "DELETE FROM core_session WHERE customer_id = $1" }
    FORGET_CONTACTS { "DELETE FROM core_contact WHERE customer_id = $1" }
    FORGET_NOTICES { "DELETE FROM core_notice WHERE customer_id = $1" }
    FORGET_BACKUP_CODES { "DELETE FROM core_backup_code WHERE customer_id = $1" }
    FORGET_REPRESENTATIVES { "DELETE FROM core_representative WHERE customer_id = $1" }
    FORGET_FLAGS { "DELETE FROM core_flag WHERE customer_id = $1" }
    FORGET_FACTORS { "DELETE FROM core_customer_factor WHERE customer_id = $1" }
    /// Acts that wait for a second person, or did within the day, name the customer.
    FORGET_APPROVALS { "DELETE FROM core_approval WHERE customer_id = $1" }
    FORGET_GUARD { "DELETE FROM core_guard WHERE customer_id = $1" }
    FORGET_INVOICES { "DELETE FROM core_invoice WHERE customer_id = $1" }
    FORGET_FEEDBACK { "DELETE FROM core_feedback WHERE customer_id = $1" }
    FORGET_CUSTOMER { "DELETE FROM core_customer WHERE id = $1" }
}

/// What is erased beside the log and the index, in this order.
const FORGET: [&Sql; 14] = [
    &FORGET_OUTBOX,
    &FORGET_MESSAGES,
    &FORGET_REQUESTS,
    &FORGET_ARCHIVED,
    &FORGET_SUPERSEDED,
    &FORGET_SESSIONS,
    &FORGET_CONTACTS,
    &FORGET_NOTICES,
    &FORGET_BACKUP_CODES,
    &FORGET_FACTORS,
    &FORGET_APPROVALS,
    &FORGET_FLAGS,
    &FORGET_REPRESENTATIVES,
    &FORGET_GUARD,
];

/// Our own tables of customers.
const FORGET_OURS: [&Sql; 3] = [&FORGET_INVOICES, &FORGET_FEEDBACK, &FORGET_CUSTOMER];

/// An act on what is held of a customer.
#[derive(Clone, Copy)]
pub(in crate::store) struct PersonalDataAct<'a> {
    pub(in crate::store) act: &'a str,
    pub(in crate::store) customer: CustomerId,
    pub(in crate::store) reason: &'a str,
    pub(in crate::store) actor: &'a Actor,
}

/// Erases what is personal of a customer.
pub(in crate::store) async fn erase(
    db: &Database,
    it: PersonalDataAct<'_>,
    key: Option<&RemovalKey>,
    country: &str,
    is_external: bool,
) -> Result<ErasureOutcome, StoreError> {
    let erased = |entries| ErasureOutcome::Erased { entries, in_external_table: is_external };
    let mut tx = db.begin().await?;
    tx.lock(index::INDEX_LOCK).await?;
    customer_guard::take(&mut tx, it.customer).await?;
    if let Some(row) = tx.maybe(&WRITTEN, args![it.act]).await? {
        let detail = row.maybe_text("detail")?;
        let said = Announcement::read(&row.text("kind")?, detail.as_deref(), &[]);
        return Ok(erased(said.map_or(0, |it| it.removal.count)));
    }
    if let Some(row) = tx.maybe(&HELD, args![it.customer.0]).await? {
        let (reason, clerk) = (row.text("reason")?, row.text("clerk")?);
        return Ok(ErasureOutcome::Held { reason, clerk, since: row.time("held_at")? });
    }
    if tx.one(&UNFINISHED, args![it.customer.0]).await?.int("unfinished")? > 0 {
        return Ok(ErasureOutcome::Busy);
    }
    let mut contacts = Vec::new();
    for row in tx.all(&CONTACTS_OF, args![it.customer.0]).await? {
        if let Some(contact) = row.maybe_raw("contact")?.filter(|it| !it.is_empty()) {
            tx.write(&FORGET_ANSWERS, args![&contact]).await?;
            contacts.extend(parsed(&contact, country));
        }
    }
    contact_state::erase(&mut tx, it.customer, &contacts).await?;
    for sql in FORGET {
        tx.write(sql, args![it.customer.0]).await?;
    }
    let entries = index::read(&mut tx, [it.customer.0].iter()).await?;
    index::delete(&mut tx, &entries).await?;
    if !is_external {
        for sql in FORGET_OURS {
            tx.write(sql, args![it.customer.0]).await?;
        }
    }
    // What is being sealed is sealed first.
    tx.lock(SEAL_LOCK).await?;
    let sealed = keep_commitments(&mut tx, it.customer).await?;
    tx.write(&FORGET_EVENTS, args![it.customer.0]).await?;
    let total = removals::totals(&mut tx, key).await?.erased + sealed;
    tx.write(&COUNT_ERASED, args![i64::try_from(total).unwrap_or(i64::MAX)]).await?;
    let detail = format!("{}. {}", Removal::erasure(sealed, total).text(key), it.reason);
    let event = NewEvent::of_office(EventKind::Erased, detail, it.actor);
    events::write_once(&mut tx, &event, Some(it.act)).await?;
    tx.changed_session();
    tx.commit().await?;
    Ok(erased(sealed))
}

/// A contact of the record, or one to which codes went.
fn parsed(raw: &str, country: &str) -> Option<Contact> {
    if raw.contains('@') {
        return Contact::parse(Channel::Email, raw).ok();
    }
    PhoneNumber::parse(raw, country).map(Contact::Phone).ok()
}

/// Puts the commitments in the place of the salts of a customer's events; gives how many
/// are sealed.
async fn keep_commitments(tx: &mut Tx, customer: CustomerId) -> Result<u64, StoreError> {
    let rows = tx.all(&SEALED_EVENTS, args![customer.0]).await?;
    let mut kept = Vec::new();
    for row in &rows {
        let event = read_stored(row)?;
        let Proving::Salt(salt) = trail::proving(row)? else { continue };
        let EventId(number) = event.id;
        let commitments = SealedEntry::new(0, event, &salt).commitments();
        kept.push(serde_json::json!([number, commitments.text()]));
    }
    for batch in kept.chunks(LEAF_BATCH) {
        tx.write(&KEEP_COMMITMENTS, args![&list(batch.iter().cloned())]).await?;
    }
    Ok(u64::try_from(kept.len()).unwrap_or(u64::MAX))
}

/// Puts a customer on hold, or ends a hold; whether that changed anything. The event is
/// written first, so that a call that is repeated is recognised.
pub(in crate::store) async fn set_hold(
    db: &Database,
    it: PersonalDataAct<'_>,
    hold: bool,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    customer_guard::take(&mut tx, it.customer).await?;
    let kind = if hold { EventKind::Held } else { EventKind::Released };
    let event = NewEvent {
        customer: Some(it.customer),
        ..NewEvent::of_office(kind, it.reason.to_owned(), it.actor)
    };
    match events::write_once(&mut tx, &event, Some(it.act)).await {
        Err(StoreError::Taken(_)) => return Ok(true),
        written => written?,
    }
    let is_held = tx.maybe(&HELD, args![it.customer.0]).await?.is_some();
    if is_held == hold {
        return Ok(false);
    }
    if hold {
        let args = args![it.customer.0, it.reason, &it.actor.clerk];
        tx.write(&PUT_ON_HOLD, args).await?;
    } else {
        tx.write(&RELEASE, args![it.customer.0]).await?;
    }
    tx.commit().await?;
    Ok(true)
}
