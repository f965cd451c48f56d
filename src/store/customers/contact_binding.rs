//! To which contacts a customer's codes go, and what a change of one brings
//! (NIST SP 800-63B-4, 4.6): pending codes are revoked, the contact before is
//! told, and the new one has to wait before it is proof enough.
//!
//! The customers may be in a table that others write, so that a change is
//! noticed when a code is asked for. What is imported into our own table is
//! compared there and then: it also protects who was never sent a code.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactKind, PhoneNumber};
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::domain::text::clean_optional;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::contact_binding::{Quarantine, WaitingContact};
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::customers::Replaced;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::rows::RequestRow;
use crate::store::database::statement::statements;
use crate::store::delivery::contact_notices;
use crate::store::verification::request;

statements! {
    BOUND {
        "SELECT kind, contact, bound_at, changed, " now " FROM core_contact \
         WHERE customer_id = $1"
    }
    BOUND_OF {
        "SELECT customer_id, kind, contact FROM core_contact WHERE customer_id " (among "$1")
    }
    /// Those of them that are changed ones.
    CHANGED_OF {
        "SELECT customer_id, kind, contact, bound_at, " now " FROM core_contact \
         WHERE customer_id " (among "$1") " AND changed = 1"
    }
    BIND {
        "INSERT INTO core_contact (customer_id, kind, contact, bound_at, changed) "
        (each
            ("SELECT value ->> 0, value ->> 1, value ->> 2, " now ", value ->> 3 \
              FROM json_each($1) WHERE true \
              ON CONFLICT (customer_id, kind) DO UPDATE SET contact = excluded.contact, \
              bound_at = excluded.bound_at, changed = excluded.changed")
            ("SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, " now ", \
              CAST(value ->> 3 AS BIGINT) \
              FROM jsonb_array_elements(CAST($1 AS JSONB)) AS list (value) \
              ON CONFLICT (customer_id, kind) DO UPDATE SET contact = excluded.contact, \
              bound_at = excluded.bound_at, changed = excluded.changed")
            ("SELECT a, b, c, " now ", d FROM JSON_TABLE($1, '$[*]' COLUMNS (a BIGINT PATH '$[0]', "
              (cell "b" "1") ", " (cell "c" "2") ", d BIGINT PATH '$[3]')) list \
              ON DUPLICATE KEY UPDATE contact = VALUES(contact), bound_at = VALUES(bound_at), \
              changed = VALUES(changed)"))
    }
    ON_FILE { "SELECT c.email, c.phone FROM core_customer_view c WHERE c.id = $1" }
    /// The requests whose codes can be entered.
    OPEN {
        "SELECT " request_columns "WHERE o.customer_id " (among "$1")
        " AND o.open_purpose IS NOT NULL AND o.expires_at > " now " ORDER BY d.id"
    }
    CONFIRM {
        "UPDATE core_contact SET changed = 0 WHERE customer_id = $1 AND kind = $2 \
         AND contact = $3 AND changed = 1"
    }
}

/// Whose code is asked for, over which contact.
pub(in crate::store) struct ContactUse<'a> {
    pub(in crate::store) customer: CustomerId,
    pub(in crate::store) contact: &'a Contact,
    /// How long a changed contact waits.
    pub(in crate::store) quarantine: Duration,
    /// The country of phone numbers written without one.
    pub(in crate::store) country: &'a str,
    pub(in crate::store) notices: NoticeProviders,
    pub(in crate::store) actor: &'a Actor,
}

/// How a contact stands that a code is asked for over.
pub(in crate::store) enum BindingState {
    /// It is the customer's; whether that was noticed as a change just now, and
    /// why it is not proof enough yet.
    Bound { changed: bool, quarantine: Option<Quarantine> },
    /// The customer's record names another one by now.
    Outdated,
}

/// A contact that became another one, or went.
struct Change {
    customer: i64,
    kind: ContactKind,
    old: Contact,
    /// Whether the old one was bound.
    was_bound: bool,
    new: Option<Contact>,
}

/// What was bound, as it is read.
struct Bound {
    kind: ContactKind,
    contact: Contact,
    since: Timestamp,
    changed: bool,
    now: Timestamp,
}

impl Bound {
    /// Until when it waits; none where it does not.
    fn waits(&self, quarantine: Duration) -> Option<Timestamp> {
        let until = self.since.plus(quarantine);
        (self.changed && until > self.now).then_some(until)
    }
}

/// Binds a contact to its customer, whose guard is taken, where it is not bound.
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
            let change = Change {
                customer: used.customer.0,
                kind,
                old: it.contact.clone(),
                was_bound: true,
                new: Some(used.contact.clone()),
            };
            settle(tx, &[change], used.notices, used.actor).await?;
            changed = true;
        }
    }
    let bound = if changed { read(tx, used.customer).await? } else { bound };
    let waits = |kind: ContactKind| {
        let it = bound.iter().find(|it| it.kind == kind)?;
        Some((it.since, it.waits(used.quarantine)?))
    };
    let quarantine = waits(kind).map(|(changed_at, until)| Quarantine {
        kind,
        changed_at,
        until,
        other_until: waits(kind.other()).map(|(_, until)| until),
    });
    Ok(BindingState::Bound { changed, quarantine })
}

/// The contacts of customers that wait.
pub(in crate::store) async fn waiting(
    db: &Database,
    customers: &[CustomerId],
    quarantine: Duration,
) -> Result<Vec<WaitingContact>, StoreError> {
    let ids = list(customers.iter().map(|it| it.0));
    let mut waiting = Vec::new();
    for row in db.all(&CHANGED_OF, args![&ids]).await? {
        // One that cannot be read shall not keep the customer from being opened.
        let contact = stored(row.word(1)?, &row.text(2)?).inspect_err(|error| {
            tracing::warn!(%error, "a changed contact is not shown as one");
        });
        let Ok(contact) = contact else { continue };
        let (until, now) = (row.time(3)?.plus(quarantine), row.time(4)?);
        if until > now {
            waiting.push(WaitingContact { customer: CustomerId(row.int(0)?), contact, until });
        }
    }
    Ok(waiting)
}

/// Whether a contact is what the customer's record says: who asked may have read
/// the record before it was changed.
async fn is_on_file(tx: &mut Tx, used: &ContactUse<'_>) -> Result<bool, StoreError> {
    let rows = tx.all(&ON_FILE, args![used.customer.0]).await?;
    let [row] = rows.as_slice() else { return Ok(false) };
    let kind = used.contact.kind();
    let at = match kind {
        ContactKind::Email => 0,
        ContactKind::Phone => 1,
    };
    let recorded = row.maybe_text(at)?.as_deref().and_then(clean_optional);
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
        let kind: ContactKind = row.word(0)?;
        Ok(Bound {
            kind,
            contact: stored(kind, &row.text(1)?)?,
            since: row.time(2)?,
            changed: row.int(3)? != 0,
            now: row.time(4)?,
        })
    };
    rows.iter().map(bound).collect()
}

fn stored(kind: ContactKind, raw: &str) -> Result<Contact, StoreError> {
    Contact::parse(kind.channel(), raw)
        .map_err(|error| StoreError::Failed(format!("a bound contact: {error}")))
}

/// Binds contacts, each to its customer; whether each took another one's place.
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

/// A contact of a customer in our own table, before an import and after it.
pub(in crate::store) struct ImportedContact {
    pub(in crate::store) customer: i64,
    pub(in crate::store) account_no: String,
    pub(in crate::store) kind: ContactKind,
    pub(in crate::store) old: Option<String>,
    pub(in crate::store) new: Option<String>,
}

/// Sees to the contacts that an import changed. What was bound counts before
/// what was on file; a contact that only went stays bound, so that another one
/// after it is a change as well. Gives those that took another one's place.
pub(in crate::store) async fn imported(
    tx: &mut Tx,
    contacts: &[ImportedContact],
    notices: NoticeProviders,
    actor: &Actor,
) -> Result<Vec<Replaced>, StoreError> {
    // Our own table has its phone numbers with their countries.
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
    request::guard_all(tx, &ids).await?;
    let mut bound = HashMap::new();
    for row in tx.all(&BOUND_OF, args![&ids]).await? {
        let kind: ContactKind = row.word(1)?;
        bound.insert((row.int(0)?, kind), stored(kind, &row.text(2)?)?);
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
            changes.push(Change { customer: it.customer, kind: it.kind, old, was_bound, new });
        }
    }
    settle(tx, &changes, notices, actor).await?;
    Ok(replaced)
}

/// What a change brings, in the transaction that notices it.
async fn settle(
    tx: &mut Tx,
    changes: &[Change],
    notices: NoticeProviders,
    actor: &Actor,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    // One that went stays as it is bound: put in anew it waits as long as before.
    let bound = changes.iter().filter_map(|it| match &it.new {
        Some(new) => Some((it.customer, new, true)),
        None => (!it.was_bound).then_some((it.customer, &it.old, false)),
    });
    write(tx, bound).await?;
    contact_notices::queue(tx, changes.iter().map(|it| (it.customer, &it.old)), notices).await?;
    let entries: Vec<NewEvent<'_>> = changes.iter().map(|it| entry(it, actor)).collect();
    events::write_many(tx, &entries).await?;
    let ids = list(changes.iter().map(|it| it.customer));
    for row in tx.all(&OPEN, args![&ids]).await? {
        let held = RequestRow::read(&row)?;
        let (customer, kind) = (held.request.customer.0, held.request.channel.contact_kind());
        // Every code went to what was bound then: the contact that was changed.
        if changes.iter().any(|it| (it.customer, it.kind) == (customer, kind)) {
            let why = format!("The {} was changed.", kind.label());
            request::revoke(tx, &held, Some(why), actor).await?;
        }
    }
    Ok(())
}

/// An entry of the log: what it is now, and what it was.
fn entry<'a>(change: &Change, actor: &'a Actor) -> NewEvent<'a> {
    let Change { customer, kind, old, new, .. } = change;
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
    }
}

/// Lets a changed contact be the only proof at once; whether it was not.
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
    // What the log names, and no other that took its place meanwhile.
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
