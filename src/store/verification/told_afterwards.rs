//! Who is told afterwards that somebody was verified, or that the customer is locked: the contacts
//! of the customer that played no part in it. The notices are queued in the transaction of what
//! they tell, so that neither is there without the other.
//!
//! Bound contacts count before the record: whoever can write there could otherwise empty it for a
//! second, so that nobody is told.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::channel::Factor;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::contact_notice::{NOTICE_REPEAT, NoticeAbout, TELLINGS_MAX, TELLINGS_WITHIN};
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::purpose::Purpose;
use crate::domain::request::Reference;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Tx, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;
use crate::store::delivery::contact_notices::NewNotice;
use crate::store::delivery::{contact_notices, contact_state};
use crate::store::verification::contact_binding::{self, Tellable};
use crate::store::verification::contacts_on_file;

row_type! {
    /// What a customer's contacts were told of last.
    struct LastColumns from "core_guard g" {
        told_of: Option<String> = maybe_text "g.told_of",
        told_at: Option<Timestamp> = maybe_time "g.told_at",
        told_since: Option<Timestamp> = maybe_time "g.told_since",
        told_times: Option<i64> = maybe_int "g.told_times",
        read_at: Timestamp = time now,
    }
}

row_type! {
    /// The contact to which the code of a verification went.
    struct ProvenColumns from "core_otp o" {
        email: Option<String> = maybe_text "o.email",
        phone: Option<String> = maybe_text "o.phone",
    }
}

statements! {
    LAST { (select LastColumns) "WHERE g.customer_id = $1" }
    /// The guard of the customer is taken.
    NOTE {
        "UPDATE core_guard SET told_of = $2, told_at = " now ", told_since = $3, told_times = $4 \
         WHERE customer_id = $1"
    }
    /// A customer has few requests.
    PROVEN {
        (select ProvenColumns) "WHERE o.customer_id = $1 AND o.created_at < $2 \
         AND o.status = 'verified' AND o.representative IS NULL ORDER BY o.created_at DESC LIMIT 50"
    }
}

/// What the log says where nobody can be told.
const NOBODY: &str = "nobody is told: there is no other contact";

/// What the log says where they were told of the same a short time ago.
const AGAIN: &str = "the other contact heard of the same a short time ago";

/// By whom contacts are told, and which of them.
#[derive(Clone, Copy)]
pub(in crate::store) struct Telling<'a> {
    pub(in crate::store) notices: NoticeProviders<'a>,
    /// How long a changed contact is in quarantine.
    pub(in crate::store) quarantine: Duration,
    /// The country of phone numbers that are written without one.
    pub(in crate::store) country: &'a str,
    /// Who verifies, and where.
    pub(in crate::store) actor: &'a Actor,
}

/// Whether the contacts of a customer hear of a session that now serves for a purpose.
fn is_told(session: &Session, purpose: &Purpose) -> bool {
    let by_staff = [Factor::Document, Factor::SecondPerson];
    session.serves(&purpose.name)
        && (purpose.tell || by_staff.into_iter().any(|it| session.factors.has(it)))
}

/// Tells of a session that now serves for a purpose and did not before, as it was and as it is. The
/// customer's guard is taken. Returns what the log says of it.
pub(in crate::store) async fn of_session(
    tx: &mut Tx,
    with: Telling<'_>,
    (before, session): (Option<&Session>, &Session),
    purpose: &Purpose,
    reference: Option<&Reference>,
) -> Result<Option<String>, StoreError> {
    if before.is_some_and(|it| it.serves(&purpose.name)) || !is_told(session, purpose) {
        return Ok(None);
    }
    let is_represented = session.representative.is_some();
    // What a representative proves is proven by a contact of their own.
    let is_other = |it: &Contact| is_represented || !session.factors.has_contact(it.kind());
    let mut told = usable(tx, with, session.customer).await?;
    told.retain(is_other);
    if told.is_empty() {
        return Ok(Some(NOBODY.to_owned()));
    }
    let about = if is_represented { NoticeAbout::Represented } else { NoticeAbout::Verified };
    let factors = session.factors.to_string();
    // Whoever hides behind a real visit is another clerk, or at another counter.
    let Actor { clerk, counter } = with.actor;
    let what = [about.word(), &purpose.name, &factors, clerk, counter];
    if let Some(why_not) = note(tx, session.customer, &what, &told).await? {
        return Ok(Some(why_not));
    }
    let notice = NewNotice { about, purpose: Some(&purpose.name), reference };
    queue(tx, with, session.customer, &told, notice).await?;
    let masked: Vec<String> = told.iter().map(Contact::masked).collect();
    Ok(Some(format!("told: {}", masked.join(", "))))
}

/// Tells of a lockout in the transaction of the attempt that locks the customer, of which there is
/// one for each lockout. Whoever typed may have had either contact at hand: both are told.
pub(in crate::store) async fn of_lockout(
    tx: &mut Tx,
    with: Telling<'_>,
    customer: CustomerId,
    reference: Option<&Reference>,
) -> Result<(), StoreError> {
    let told = usable(tx, with, customer).await?;
    let notice = NewNotice { about: NoticeAbout::Lockout, purpose: None, reference };
    queue(tx, with, customer, &told, notice).await
}

async fn queue(
    tx: &mut Tx,
    with: Telling<'_>,
    customer: CustomerId,
    told: &[Contact],
    notice: NewNotice<'_>,
) -> Result<(), StoreError> {
    let told = told.iter().map(|contact| (customer.0, contact));
    contact_notices::queue(tx, told, notice, with.notices).await
}

/// The contacts that can be told: the office sends there, they are in no quarantine, and the last
/// message arrived. In the place of one in quarantine the one before is told.
async fn usable(
    tx: &mut Tx,
    with: Telling<'_>,
    customer: CustomerId,
) -> Result<Vec<Contact>, StoreError> {
    let on_file = contacts_on_file::recorded(tx, customer).await?;
    let bound = contact_binding::bound(tx, customer, with.quarantine).await?;
    let mut contacts = Vec::new();
    for kind in [ContactKind::Email, ContactKind::Phone] {
        let contact = match bound.tellable(kind) {
            Tellable::Bound(contact) => Some(contact.clone()),
            Tellable::BoundBefore(since) => proven_before(tx, customer, kind, since).await?,
            Tellable::OnFile => on_file.contact(kind, with.country),
            Tellable::Nobody => None,
        };
        contacts.extend(contact.filter(|it| with.notices.reach(it)));
    }
    if contacts.is_empty() {
        return Ok(contacts);
    }
    let bad = contact_state::bad_among(tx, &contacts).await?;
    contacts.retain(|it| !bad.iter().any(|bad| bad.is_same(it)));
    Ok(contacts)
}

/// The contact by which the holder was last verified before it was changed. No code goes to one
/// in quarantine, so that this is none that was on file for a moment.
async fn proven_before(
    tx: &mut Tx,
    customer: CustomerId,
    kind: ContactKind,
    since: Timestamp,
) -> Result<Option<Contact>, StoreError> {
    for row in tx.all(&PROVEN, args![customer.0, since.millis()]).await? {
        let it = ProvenColumns::read(&row)?;
        let raw = match kind {
            ContactKind::Email => it.email,
            ContactKind::Phone => it.phone,
        };
        // What was erased cannot be read.
        if let Some(contact) = raw.and_then(|it| Contact::parse(kind.channel(), &it).ok()) {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// Notes what these contacts are told of. Returns what the log says where they are not: they heard
/// of the same a short time ago, or of too much.
async fn note(
    tx: &mut Tx,
    customer: CustomerId,
    what: &[&str],
    told: &[Contact],
) -> Result<Option<String>, StoreError> {
    let contacts = told.iter().map(Contact::as_str);
    let parts: Vec<&str> = what.iter().copied().chain(contacts).collect();
    let told_of = hex::encode(Sha256::digest(parts.join("\n")));
    let Some(row) = tx.maybe(&LAST, args![customer.0]).await? else { return Ok(None) };
    let last = LastColumns::read(&row)?;
    let now = last.read_at;
    let is_recent = last.told_at.is_some_and(|it| now.since(it) < NOTICE_REPEAT);
    if is_recent && last.told_of.as_ref() == Some(&told_of) {
        return Ok(Some(AGAIN.to_owned()));
    }
    let since = last.told_since.filter(|it| now.since(*it) < TELLINGS_WITHIN);
    let times = since.and(last.told_times).unwrap_or(0);
    if times >= TELLINGS_MAX {
        return Ok(Some(format!("the other contact heard of {times} already in this hour")));
    }
    let since = since.unwrap_or(now).millis();
    tx.write(&NOTE, args![customer.0, &told_of, since, times + 1]).await?;
    Ok(None)
}
