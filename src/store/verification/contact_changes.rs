//! What a changed contact means, and one that is added beside another: it is bound and waits, the
//! one before is told, events are written, and pending codes are revoked.

use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::request::Request;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::columns::requests::{RequestColumns, RequestRow};
use crate::store::database::engine::{Tx, args, list};
use crate::store::database::statement::statements;
use crate::store::delivery::contact_notices::NewNotice;
use crate::store::delivery::{contact_notices, contact_state};
use crate::store::verification::request;

statements! {
    BIND {
        (insert_rows "core_contact" {
            customer_id: int,
            kind: text,
            contact: text,
            bound_at: now,
            changed: int,
            alone: int,
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
    /// The requests whose codes can be entered.
    OPEN {
        (select RequestColumns) "WHERE o.customer_id " (among "$1")
        " AND o.open_purpose IS NOT NULL AND o.expires_at > " now " ORDER BY d.id"
    }
}

/// A contact that was replaced or removed.
pub(super) struct ContactChange {
    pub(super) customer: i64,
    pub(super) kind: ContactKind,
    pub(super) old: Contact,
    pub(super) was_bound: bool,
    pub(super) new: Option<Contact>,
}

/// A contact of a kind of which a customer who had another contact had none.
pub(super) struct ContactAddition {
    pub(super) customer: i64,
    pub(super) new: Contact,
    /// The contact that was there before.
    pub(super) tell: Contact,
}

/// A contact about to be bound.
#[derive(Clone, Copy)]
pub(super) struct Binding<'a> {
    pub(super) customer: i64,
    pub(super) contact: &'a Contact,
    /// Whether it replaced another one, or was added beside another.
    pub(super) changed: bool,
    /// Whether the record had no contact of the other kind; none where nobody looked. A binding
    /// that takes another one's place does not change it.
    pub(super) alone: Option<bool>,
}

/// Binds contacts.
pub(super) async fn write<'a>(
    tx: &mut Tx,
    bound: impl IntoIterator<Item = Binding<'a>>,
) -> Result<(), StoreError> {
    let rows = bound.into_iter().map(|it| {
        let (kind, contact) = (it.contact.kind().word(), it.contact.as_str());
        let (changed, alone) = (i64::from(it.changed), it.alone.map(i64::from));
        serde_json::json!([it.customer, kind, contact, changed, alone])
    });
    tx.write(&BIND, args![&list(rows)]).await.map(drop)
}

/// Handles changes in the transaction that noticed them: binds the new contacts, queues
/// notices, writes events and revokes pending codes.
pub(super) async fn apply_changes(
    tx: &mut Tx,
    changes: &[ContactChange],
    notices: NoticeProviders<'_>,
    actor: &Actor,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    // A removed contact stays bound: entered again, its quarantine is what it was.
    let binding = |it: &ContactChange, contact, changed| Binding {
        customer: it.customer,
        contact,
        changed,
        alone: None,
    };
    let bound = changes.iter().filter_map(|it| match &it.new {
        Some(new) => Some(binding(it, new, true)),
        None => (!it.was_bound).then(|| binding(it, &it.old, false)),
    });
    write(tx, bound).await?;
    let ids = list(changes.iter().map(|it| it.customer));
    contact_state::forget_changed(tx, changes.iter().map(|it| (it.customer, &it.old))).await?;
    let told = changes.iter().map(|it| (it.customer, &it.old));
    contact_notices::queue(tx, told, NewNotice::of(NoticeAbout::Contact), notices).await?;
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

/// Revokes the codes that can be entered for a customer whose guard is taken, and are meant;
/// returns how many.
pub(in crate::store) async fn revoke_all(
    tx: &mut Tx,
    customer: CustomerId,
    why: &str,
    actor: &Actor,
    is_meant: impl Fn(&Request) -> bool + Send,
) -> Result<u64, StoreError> {
    let mut revoked = 0;
    for row in tx.all(&OPEN, args![&list([customer.0])]).await? {
        let open = RequestRow::read(&row)?;
        if is_meant(&open.request) {
            request::revoke(tx, &open, Some(why.to_owned()), actor).await?;
            revoked += 1;
        }
    }
    Ok(revoked)
}

/// Handles contacts that were added in the transaction that noticed them, as changed ones: binds
/// them, tells the contact that was there before, and writes events. Before, no code went there.
pub(super) async fn apply_additions(
    tx: &mut Tx,
    additions: &[ContactAddition],
    notices: NoticeProviders<'_>,
    actor: &Actor,
) -> Result<(), StoreError> {
    if additions.is_empty() {
        return Ok(());
    }
    let bound = additions.iter().map(|it| Binding {
        customer: it.customer,
        contact: &it.new,
        changed: true,
        alone: None,
    });
    write(tx, bound).await?;
    let told = additions.iter().map(|it| (it.customer, &it.tell));
    contact_notices::queue(tx, told, NewNotice::of(NoticeAbout::Addition), notices).await?;
    let entry = |it: &ContactAddition| NewEvent {
        kind: EventKind::ContactChanged,
        outcome: None,
        request: None,
        customer: Some(CustomerId(it.customer)),
        channel: Some(it.new.kind().channel()),
        contact: Some(it.new.masked()),
        detail: Some(format!("There was no {} before.", it.new.kind().label())),
        actor,
        facts: EventFacts::default(),
    };
    let entries: Vec<NewEvent<'_>> = additions.iter().map(entry).collect();
    events::write_many(tx, &entries).await
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
