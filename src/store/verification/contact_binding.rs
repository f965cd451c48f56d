//! The contacts to which a customer's codes go, and what a change of one means (NIST SP
//! 800-63B-4, 4.6): pending codes are revoked, a notice goes to the old contact, and the
//! new one is quarantined.
//!
//! Others may write the customers, so that a change is noticed when a code is asked for. An
//! import into our own table is compared at once: that also protects a customer who was
//! never sent a code.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactKind, PhoneNumber};
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::contact_verification::VerifiedContact;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::request::Request;
use crate::domain::text::clean_optional;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::contact_binding::{Quarantine, WaitingContact};
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::customers::Replaced;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::rows::{RequestColumns, RequestRow};
use crate::store::database::statement::statements;
use crate::store::delivery::{contact_notices, contact_state};
use crate::store::verification::{customer_guard, request};

row_type! {
    /// A bound contact, as one text.
    struct BoundColumns from "core_contact" {
        customer_id: i64 = int "customer_id",
        kind: ContactKind = word "kind",
        contact: String = text "contact",
        bound_at: Timestamp = time "bound_at",
        changed: bool = flag "changed",
        verified_at: Option<Timestamp> = maybe_time "verified_at",
        verified_over: Option<String> = maybe_text "verified_over",
        read_at: Timestamp = time now,
    }
}

statements! {
    BOUND {
        (select BoundColumns) "WHERE customer_id = $1"
    }
    BOUND_OF {
        (select BoundColumns) "WHERE customer_id " (among "$1")
    }
    /// Those in quarantine, or once in it.
    CHANGED_OF {
        (select BoundColumns) "WHERE customer_id " (among "$1") " AND changed = 1"
    }
    /// Those that were verified at a sign-up.
    VERIFIED_OF {
        (select BoundColumns) "WHERE customer_id " (among "$1") " AND verified_at IS NOT NULL"
    }
    /// A contact is verified as long as it is the one that was bound when its code went out.
    VERIFY {
        "UPDATE core_contact SET verified_at = " now ", verified_over = $4 \
         WHERE customer_id = $1 AND kind = $2 AND LOWER(contact) = LOWER($3)"
    }
    BIND {
        (insert_rows "core_contact" {
            customer_id: int,
            kind: text,
            contact: text,
            bound_at: now,
            changed: int,
        })
        (each
            (" ON CONFLICT (customer_id, kind) DO UPDATE SET contact = excluded.contact, \
              bound_at = excluded.bound_at, changed = excluded.changed, \
              verified_at = NULL, verified_over = NULL")
            (" ON CONFLICT (customer_id, kind) DO UPDATE SET contact = excluded.contact, \
              bound_at = excluded.bound_at, changed = excluded.changed, \
              verified_at = NULL, verified_over = NULL")
            (" ON DUPLICATE KEY UPDATE contact = VALUES(contact), bound_at = VALUES(bound_at), \
              changed = VALUES(changed), verified_at = NULL, verified_over = NULL"))
    }
    ON_FILE { "SELECT c.email, c.phone FROM core_customer_view c WHERE c.id = $1" }
    /// The requests whose codes can be entered.
    OPEN {
        (select RequestColumns) "WHERE o.customer_id " (among "$1")
        " AND o.open_purpose IS NOT NULL AND o.expires_at > " now " ORDER BY d.id"
    }
    CONFIRM {
        "UPDATE core_contact SET changed = 0 WHERE customer_id = $1 AND kind = $2 \
         AND contact = $3 AND changed = 1"
    }
}

/// The contact that a code is asked for.
pub(in crate::store) struct ContactUse<'a> {
    pub(in crate::store) customer: CustomerId,
    pub(in crate::store) contact: &'a Contact,
    pub(in crate::store) quarantine: Duration,
    /// The country of phone numbers that are written without one.
    pub(in crate::store) country: &'a str,
    pub(in crate::store) notices: NoticeProviders<'a>,
    pub(in crate::store) actor: &'a Actor,
}

/// The binding of the contact that a code is asked for.
pub(in crate::store) enum BindingState {
    /// It is bound to the customer. `changed` tells whether it replaced another one just
    /// now.
    Bound { changed: bool, quarantine: Option<Quarantine> },
    /// The customer's record names another contact by now.
    Outdated,
}

/// A contact that was replaced or removed.
struct ContactChange {
    customer: i64,
    kind: ContactKind,
    old: Contact,
    was_bound: bool,
    new: Option<Contact>,
}

/// A bound contact.
struct Bound {
    kind: ContactKind,
    contact: Contact,
    since: Timestamp,
    changed: bool,
    now: Timestamp,
}

impl Bound {
    /// Until when it is in quarantine; `None` where it is not.
    fn quarantined_until(&self, quarantine: Duration) -> Option<Timestamp> {
        let until = self.since.plus(quarantine);
        (self.changed && until > self.now).then_some(until)
    }
}

/// Binds a contact to its customer, unless it is bound already. The customer's guard must
/// be taken.
pub(in crate::store) async fn bind(
    tx: &mut Tx,
    used: &ContactUse<'_>,
) -> Result<BindingState, StoreError> {
    let kind = used.contact.kind();
    let bound = read(tx, used.customer).await?;
    let mut changed = false;
    match bound.iter().find(|it| it.kind == kind) {
        None => write(tx, [(used.customer.0, used.contact, false)]).await?,
        Some(it) if it.contact.is_same(used.contact) => {}
        Some(it) => {
            if !is_on_file(tx, used).await? {
                return Ok(BindingState::Outdated);
            }
            let change = ContactChange {
                customer: used.customer.0,
                kind,
                old: it.contact.clone(),
                was_bound: true,
                new: Some(used.contact.clone()),
            };
            apply_changes(tx, &[change], used.notices, used.actor).await?;
            changed = true;
        }
    }
    let bound = if changed { read(tx, used.customer).await? } else { bound };
    let quarantined_until = |kind: ContactKind| {
        let it = bound.iter().find(|it| it.kind == kind)?;
        Some((it.since, it.quarantined_until(used.quarantine)?))
    };
    let quarantine = quarantined_until(kind).map(|(changed_at, until)| Quarantine {
        kind,
        changed_at,
        until,
        other_until: quarantined_until(kind.other()).map(|(_, until)| until),
    });
    Ok(BindingState::Bound { changed, quarantine })
}

/// The contacts of these customers that are in quarantine.
pub(in crate::store) async fn waiting(
    db: &Database,
    customers: &[CustomerId],
    quarantine: Duration,
) -> Result<Vec<WaitingContact>, StoreError> {
    let ids = list(customers.iter().map(|it| it.0));
    let mut waiting = Vec::new();
    for row in db.all(&CHANGED_OF, args![&ids]).await? {
        let it = BoundColumns::read(&row)?;
        // One that cannot be read must not keep the customer from being shown.
        let contact = stored(it.kind, &it.contact).inspect_err(|error| {
            tracing::warn!(%error, "a changed contact is not shown as one");
        });
        let Ok(contact) = contact else { continue };
        let until = it.bound_at.plus(quarantine);
        if until > it.read_at {
            waiting.push(WaitingContact { customer: CustomerId(it.customer_id), contact, until });
        }
    }
    Ok(waiting)
}

/// The contacts of these customers that were verified at a sign-up.
pub(in crate::store) async fn verified(
    db: &Database,
    customers: &[CustomerId],
) -> Result<Vec<VerifiedContact>, StoreError> {
    let ids = list(customers.iter().map(|it| it.0));
    let mut verified = Vec::new();
    for row in db.all(&VERIFIED_OF, args![&ids]).await? {
        let it = BoundColumns::read(&row)?;
        let over = it.verified_over.and_then(|it| it.parse().ok());
        // One that cannot be read counts as not verified.
        let (Some((at, channel)), Ok(contact)) =
            (it.verified_at.zip(over), stored(it.kind, &it.contact))
        else {
            continue;
        };
        verified.push(VerifiedContact {
            customer: CustomerId(it.customer_id),
            contact,
            at,
            channel,
        });
    }
    Ok(verified)
}

/// The write that a contact was verified over a channel.
pub(in crate::store) fn verify(customer: CustomerId, channel: Channel, contact: &str) -> Write<'_> {
    let kind = channel.contact_kind().word();
    Write { sql: &VERIFY, args: args![customer.0, kind, contact, channel.word()].to_vec() }
}

/// Whether the contact is the one on record: the caller may have read the record before it
/// was changed.
async fn is_on_file(tx: &mut Tx, used: &ContactUse<'_>) -> Result<bool, StoreError> {
    let rows = tx.all(&ON_FILE, args![used.customer.0]).await?;
    let [row] = rows.as_slice() else { return Ok(false) };
    let kind = used.contact.kind();
    let column = match kind {
        ContactKind::Email => "email",
        ContactKind::Phone => "phone",
    };
    let recorded = row.maybe_text(column)?.as_deref().and_then(clean_optional);
    let recorded = recorded.and_then(|raw| parsed(kind, &raw, used.country));
    Ok(recorded.is_some_and(|it| it.is_same(used.contact)))
}

fn parsed(kind: ContactKind, raw: &str, country: &str) -> Option<Contact> {
    match kind {
        ContactKind::Email => Contact::parse(Channel::Email, raw).ok(),
        ContactKind::Phone => PhoneNumber::parse(raw, country).map(Contact::Phone).ok(),
    }
}

async fn read(tx: &mut Tx, customer: CustomerId) -> Result<Vec<Bound>, StoreError> {
    let rows = tx.all(&BOUND, args![customer.0]).await?;
    let bound = |row: &Row| {
        let it = BoundColumns::read(row)?;
        Ok(Bound {
            kind: it.kind,
            contact: stored(it.kind, &it.contact)?,
            since: it.bound_at,
            changed: it.changed,
            now: it.read_at,
        })
    };
    rows.iter().map(bound).collect()
}

fn stored(kind: ContactKind, raw: &str) -> Result<Contact, StoreError> {
    Contact::parse(kind.channel(), raw)
        .map_err(|error| StoreError::Failed(format!("a bound contact: {error}")))
}

/// Binds contacts; the flag tells whether each replaced another one.
async fn write<'a>(
    tx: &mut Tx,
    bound: impl IntoIterator<Item = (i64, &'a Contact, bool)>,
) -> Result<(), StoreError> {
    let rows = bound.into_iter().map(|(customer, contact, changed)| {
        let changed = i64::from(changed);
        serde_json::json!([customer, contact.kind().word(), contact.as_str(), changed])
    });
    tx.write(&BIND, args![&list(rows)]).await.map(drop)
}

/// A contact of a customer in our own table, before and after an import.
pub(in crate::store) struct ImportedContact {
    pub(in crate::store) customer: i64,
    pub(in crate::store) account_no: String,
    pub(in crate::store) kind: ContactKind,
    pub(in crate::store) old: Option<String>,
    pub(in crate::store) new: Option<String>,
}

/// Handles the contacts that an import changed. A bound contact counts before the one on
/// record; a removed contact stays bound, so that the next one is a change too. Returns the
/// replaced contacts.
pub(in crate::store) async fn apply_import(
    tx: &mut Tx,
    contacts: &[ImportedContact],
    notices: NoticeProviders<'_>,
    actor: &Actor,
) -> Result<Vec<Replaced>, StoreError> {
    // Our own table has phone numbers in E.164.
    let parse = |kind: ContactKind, raw: &Option<String>| {
        raw.as_deref().and_then(|raw| Contact::parse(kind.channel(), raw).ok())
    };
    let touched: Vec<_> = contacts
        .iter()
        .map(|it| (it, parse(it.kind, &it.old), parse(it.kind, &it.new)))
        .filter(|(_, old, new)| match (old, new) {
            (Some(old), Some(new)) => !old.is_same(new),
            (old, new) => old.is_some() || new.is_some(),
        })
        .collect();
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let ids = list(touched.iter().map(|(it, ..)| it.customer));
    customer_guard::take_all(tx, &ids).await?;
    let mut bound = HashMap::new();
    for row in tx.all(&BOUND_OF, args![&ids]).await? {
        let it = BoundColumns::read(&row)?;
        bound.insert((it.customer_id, it.kind), stored(it.kind, &it.contact)?);
    }
    let (mut changes, mut replaced) = (Vec::new(), Vec::new());
    for (it, old, new) in touched {
        let bound = bound.remove(&(it.customer, it.kind));
        let was_bound = bound.is_some();
        let Some(old) = bound.or(old) else { continue };
        if new.as_ref().is_none_or(|new| !new.is_same(&old)) {
            if new.is_some() {
                let account_no = it.account_no.clone();
                replaced.push(Replaced { account_no, kind: it.kind });
            }
            changes.push(ContactChange {
                customer: it.customer,
                kind: it.kind,
                old,
                was_bound,
                new,
            });
        }
    }
    apply_changes(tx, &changes, notices, actor).await?;
    Ok(replaced)
}

/// Handles changes in the transaction that noticed them: binds the new contacts, queues
/// notices, writes events and revokes pending codes.
async fn apply_changes(
    tx: &mut Tx,
    changes: &[ContactChange],
    notices: NoticeProviders<'_>,
    actor: &Actor,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    // A removed contact stays bound: entered again, its quarantine is what it was.
    let bound = changes.iter().filter_map(|it| match &it.new {
        Some(new) => Some((it.customer, new, true)),
        None => (!it.was_bound).then_some((it.customer, &it.old, false)),
    });
    write(tx, bound).await?;
    let ids = list(changes.iter().map(|it| it.customer));
    contact_state::forget_changed(tx, changes.iter().map(|it| (it.customer, &it.old))).await?;
    let told = changes.iter().map(|it| (it.customer, &it.old));
    contact_notices::queue(tx, told, NoticeAbout::Contact, notices).await?;
    let entries: Vec<NewEvent<'_>> = changes.iter().map(|it| entry(it, actor)).collect();
    events::write_many(tx, &entries).await?;
    for row in tx.all(&OPEN, args![&ids]).await? {
        let open = RequestRow::read(&row)?;
        let (customer, kind) = (open.request.customer.0, open.request.channel.contact_kind());
        // Every code went to the contact that was bound at the time: the old one.
        let is_holders = open.request.representative.is_none();
        if is_holders && changes.iter().any(|it| (it.customer, it.kind) == (customer, kind)) {
            let why = format!("The {} was changed.", kind.label());
            request::revoke(tx, &open, Some(why), actor).await?;
        }
    }
    Ok(())
}

/// Revokes the codes that can be entered for a customer whose guard is taken, and are meant.
pub(in crate::store) async fn revoke_all(
    tx: &mut Tx,
    customer: CustomerId,
    why: &str,
    actor: &Actor,
    is_meant: impl Fn(&Request) -> bool + Send,
) -> Result<(), StoreError> {
    for row in tx.all(&OPEN, args![&list([customer.0])]).await? {
        let open = RequestRow::read(&row)?;
        if is_meant(&open.request) {
            request::revoke(tx, &open, Some(why.to_owned()), actor).await?;
        }
    }
    Ok(())
}

/// The event of a change: what the contact is now, and what it was.
fn entry<'a>(change: &ContactChange, actor: &'a Actor) -> NewEvent<'a> {
    let ContactChange { customer, kind, old, new, .. } = change;
    let (label, old) = (kind.label(), old.masked());
    let (contact, detail) = match new {
        Some(new) if new.masked() == old => {
            (old, format!("The {label} before is another one that looks the same when masked."))
        }
        Some(new) => (new.masked(), format!("The {label} was {old} before.")),
        None => (old, format!("The {label} was taken out of the record.")),
    };
    NewEvent {
        kind: EventKind::ContactChanged,
        outcome: None,
        request: None,
        customer: Some(CustomerId(*customer)),
        channel: Some(kind.channel()),
        contact: Some(contact),
        detail: Some(detail),
        actor,
        facts: EventFacts::default(),
    }
}

/// Ends the quarantine of a contact; whether it was in one.
pub(in crate::store) async fn confirm(
    db: &Database,
    act: &str,
    customer: CustomerId,
    kind: ContactKind,
    reason: &str,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let bound = read(&mut tx, customer).await?.into_iter().find(|it| it.kind == kind);
    let Some(Bound { contact, .. }) = bound else { return Ok(false) };
    // Only the contact that the event names, not one that replaced it meanwhile.
    let arguments = args![customer.0, kind.word(), contact.as_str()];
    let confirmed = tx.write(&CONFIRM, arguments).await? > 0;
    let event = NewEvent {
        kind: EventKind::ContactConfirmed,
        outcome: None,
        request: None,
        customer: Some(customer),
        channel: Some(kind.channel()),
        contact: Some(contact.masked()),
        detail: Some(reason.to_owned()),
        actor,
        facts: EventFacts::default(),
    };
    match events::write_once(&mut tx, &event, Some(act)).await {
        Err(StoreError::Taken(_)) => return Ok(true),
        written => written?,
    }
    if confirmed {
        tx.commit().await?;
    }
    Ok(confirmed)
}
