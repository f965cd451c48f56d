//! The contacts to which a customer's codes go, and what a change of one means (NIST SP
//! 800-63B-4, 4.6): pending codes are revoked, a notice goes to the old contact, and the
//! new one is quarantined. So is one that is added beside another, where there was none.
//!
//! Others may write the customers, so that a change is noticed when a code is asked for. An
//! import into our own table is compared at once: that also protects a customer who was
//! never sent a code.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_verification::VerifiedContact;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
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
use crate::store::database::statement::statements;
use crate::store::verification::contact_changes::{
    Binding, ContactAddition, ContactChange, apply_additions, apply_changes, write,
};
use crate::store::verification::{contacts_on_file, customer_guard};

row_type! {
    /// A bound contact, as one text.
    struct BoundColumns from "core_contact" {
        customer_id: i64 = int "customer_id",
        kind: ContactKind = word "kind",
        contact: String = text "contact",
        bound_at: Timestamp = time "bound_at",
        changed: bool = flag "changed",
        alone: Option<i64> = maybe_int "alone",
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
    /// For one that was bound when nobody looked.
    NOTE_ALONE { "UPDATE core_contact SET alone = $3 WHERE customer_id = $1 AND kind = $2" }
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
    /// It is bound to the customer. `replaced` tells whether it replaced another one just now, so
    /// that pending codes were revoked; `noticed` whether that, or an addition, was written.
    Bound { replaced: bool, noticed: bool, quarantine: Option<Quarantine> },
    /// The customer's record names another contact by now.
    Outdated,
}

/// A bound contact.
struct Bound {
    kind: ContactKind,
    contact: Contact,
    since: Timestamp,
    changed: bool,
    /// Whether the customer was known without a contact of the other kind; none where nobody
    /// looked.
    alone: Option<bool>,
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
    let (own, other) = (of_kind(&bound, kind), of_kind(&bound, kind.other()));
    let (mut replaced, mut noticed) = (false, false);
    match (own, other) {
        (Some(it), _) if it.contact.is_same(used.contact) => {}
        (Some(it), _) => {
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
            (replaced, noticed) = (true, true);
        }
        (None, Some(other)) if other.alone == Some(true) => {
            if !is_on_file(tx, used).await? {
                return Ok(BindingState::Outdated);
            }
            let addition = ContactAddition {
                customer: used.customer.0,
                new: used.contact.clone(),
                tell: other.contact.clone(),
            };
            apply_additions(tx, &[addition], used.notices, used.actor).await?;
            noticed = true;
        }
        (None, _) => {
            let alone = match other {
                Some(_) => None,
                None => Some(is_alone(tx, used).await?),
            };
            let (customer, contact) = (used.customer.0, used.contact);
            write(tx, [Binding { customer, contact, changed: false, alone }]).await?;
        }
    }
    if other.is_none() && own.is_some_and(|it| it.alone.is_none()) {
        let alone = i64::from(is_alone(tx, used).await?);
        tx.write(&NOTE_ALONE, args![used.customer.0, kind.word(), alone]).await?;
    }
    let bound = if noticed { read(tx, used.customer).await? } else { bound };
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
    Ok(BindingState::Bound { replaced, noticed, quarantine })
}

fn of_kind(bound: &[Bound], kind: ContactKind) -> Option<&Bound> {
    bound.iter().find(|it| it.kind == kind)
}

/// The contacts of a customer that are bound.
pub(in crate::store) struct BoundContacts {
    bound: Vec<Bound>,
    quarantine: Duration,
}

/// Which contact of a kind can be told of what was done for its customer.
pub(in crate::store) enum Tellable<'a> {
    /// The bound one, whatever the record has by now.
    Bound(&'a Contact),
    /// The bound one is in quarantine: the one that was there before this time.
    BoundBefore(Timestamp),
    /// None is bound: the one on file.
    OnFile,
    /// One on file was added beside another contact, and nobody has noticed yet.
    Nobody,
}

impl BoundContacts {
    pub(in crate::store) fn tellable(&self, kind: ContactKind) -> Tellable<'_> {
        let other = of_kind(&self.bound, kind.other());
        match of_kind(&self.bound, kind) {
            Some(it) if it.quarantined_until(self.quarantine).is_some() => {
                Tellable::BoundBefore(it.since)
            }
            Some(it) => Tellable::Bound(&it.contact),
            None if other.is_some_and(|it| it.alone == Some(true)) => Tellable::Nobody,
            None => Tellable::OnFile,
        }
    }
}

/// What is bound to a customer.
pub(in crate::store) async fn bound(
    tx: &mut Tx,
    customer: CustomerId,
    quarantine: Duration,
) -> Result<BoundContacts, StoreError> {
    Ok(BoundContacts { bound: read(tx, customer).await?, quarantine })
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

/// Whether the record has no contact of the other kind.
async fn is_alone(tx: &mut Tx, used: &ContactUse<'_>) -> Result<bool, StoreError> {
    let recorded = contacts_on_file::recorded(tx, used.customer).await?;
    Ok(!recorded.has(used.contact.kind().other()))
}

/// Whether the contact is the one on record: the caller may have read the record before it
/// was changed.
async fn is_on_file(tx: &mut Tx, used: &ContactUse<'_>) -> Result<bool, StoreError> {
    let recorded = contacts_on_file::recorded(tx, used.customer).await?;
    let recorded = recorded.contact(used.contact.kind(), used.country);
    Ok(recorded.is_some_and(|it| it.is_same(used.contact)))
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
            alone: it.alone.map(|it| it == 1),
            now: it.read_at,
        })
    };
    rows.iter().map(bound).collect()
}

fn stored(kind: ContactKind, raw: &str) -> Result<Contact, StoreError> {
    Contact::parse(kind.channel(), raw)
        .map_err(|error| StoreError::Failed(format!("a bound contact: {error}")))
}

/// A contact of a customer in our own table, before and after an import.
pub(in crate::store) struct ImportedContact {
    pub(in crate::store) customer: i64,
    pub(in crate::store) account_no: String,
    pub(in crate::store) kind: ContactKind,
    pub(in crate::store) old: Option<String>,
    pub(in crate::store) new: Option<String>,
    /// The contact of the other kind before.
    pub(in crate::store) other: Option<String>,
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
    let (mut changes, mut additions, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
    for (it, old, new) in touched {
        let before = bound.get(&(it.customer, it.kind));
        let was_bound = before.is_some();
        let old = before.cloned().or(old);
        if let (Some(old), Some(new)) = (&old, &new)
            && new.is_same(old)
        {
            continue;
        }
        let other = || {
            let other = it.kind.other();
            bound.get(&(it.customer, other)).cloned().or_else(|| parse(other, &it.other))
        };
        let customer = it.customer;
        if new.is_some() {
            if old.is_none() && other().is_none() {
                continue;
            }
            let (account_no, is_added) = (it.account_no.clone(), old.is_none());
            replaced.push(Replaced { account_no, kind: it.kind, is_added });
        }
        match (old, new) {
            (Some(old), new) => {
                changes.push(ContactChange { customer, kind: it.kind, old, was_bound, new });
            }
            (None, Some(new)) => {
                let tell = other();
                additions.extend(tell.map(|tell| ContactAddition { customer, new, tell }));
            }
            (None, None) => {}
        }
    }
    apply_changes(tx, &changes, notices, actor).await?;
    apply_additions(tx, &additions, notices, actor).await?;
    Ok(replaced)
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
