//! The table of notices that are still to be sent to contacts. A notice is claimed
//! by setting it due later and counting an attempt: where the owner died it becomes due
//! again, and an owner who comes back too late finds another number of attempts.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::contact_notice::{NOTICE_MAX_AGE, NoticeAbout, NoticeStep};
use crate::domain::customer::CustomerId;
use crate::domain::delivery::DeliveryState;
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::key::Keyring;
use crate::domain::notice_proof::{NoticeFields, NoticeOrigin, NoticeProof};
use crate::domain::outcome::Outcome;
use crate::domain::request::Reference;
use crate::domain::time::{Timestamp, millis_of};
use crate::domain::timing::NOTICE_LEASE;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::contact_notices::{Notice, NoticeOutcome, NoticeProviders};
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, Row, Tx, args, list};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::statements;

row_type! {
    /// A notice with its customer. The external table may hold texts that cannot be read.
    struct NoticeColumns from "core_notice n \
        LEFT JOIN core_customer_view c ON c.id = n.customer_id" {
        id: i64 = int "n.id",
        customer_id: i64 = int "n.customer_id",
        channel: Channel = word "n.channel",
        contact: String = text "n.contact",
        provider: String = text "n.provider",
        tries: u32 = count "n.tries",
        about: Option<NoticeAbout> = maybe_word "n.about",
        purpose: Option<String> = maybe_text "n.purpose",
        reference: Option<String> = maybe_text "n.reference",
        created_at: Timestamp = time "n.created_at",
        key_id: Option<String> = maybe_text "n.key_id",
        mac: Option<String> = maybe_text "n.mac",
        proven_since: Option<Timestamp> = maybe_time notices_proven_since,
        customer_name: Option<String> = readable_text "c.name",
        locale: Option<String> = readable_text "c.locale",
        is_production: bool = flag is_production,
        read_at: Timestamp = time now,
    }
}

statements! {
    QUEUE {
        (insert_rows "core_notice" {
            customer_id: int,
            channel: text,
            contact: text,
            provider: text,
            about: text,
            purpose: text,
            reference: text,
            created_at: int,
            key_id: text,
            mac: text,
            due_at: now,
            tries: "0",
        })
    }
    /// What is queued in the same transaction is queued at one time.
    NOW { "SELECT " now " AS read_at FROM core_lock WHERE name = 'issue'" }
    /// A notice that is too old may be claimed by any terminal, to be given up.
    DUE {
        "SELECT id FROM core_notice WHERE due_at <= " now " \
         AND (provider " (among_texts "$1") " OR created_at <= " now " - $3) ORDER BY due_at LIMIT $2" skip_locked
    }
    CLAIM {
        "UPDATE core_notice SET due_at = " now " + $2, tries = tries + 1 WHERE id " (among "$1")
    }
    CLAIMED {
        (select NoticeColumns) "WHERE n.id " (among "$1")
    }
    NEXT_DUE {
        "SELECT MIN(CASE WHEN provider " (among_texts "$1") " OR due_at > created_at + $2 \
         THEN due_at ELSE created_at + $2 END) - " now " AS due_in FROM core_notice"
    }
    RETRY { "UPDATE core_notice SET due_at = " now " + $3 WHERE id = $1 AND tries = $2" }
    DONE { "DELETE FROM core_notice WHERE id = $1 AND tries = $2" }
    SIGNED_BEFORE {
        (select NoticeColumns) "WHERE n.id > $1 AND n.key_id <> $2 ORDER BY n.id LIMIT $3"
    }
    /// Unless it was changed since it was read.
    SIGN { "UPDATE core_notice SET key_id = $3, mac = $4 WHERE id = $1 AND mac = $2" }
}

/// How many are signed anew at a time.
const SIGN_BATCH: u32 = 500;

/// What contacts are told of.
#[derive(Clone, Copy)]
pub(in crate::store) struct NewNotice<'a> {
    pub(in crate::store) about: NoticeAbout,
    pub(in crate::store) purpose: Option<&'a str>,
    pub(in crate::store) reference: Option<&'a Reference>,
}

impl NewNotice<'_> {
    /// Of a change, which has neither purpose nor reference.
    pub(in crate::store) const fn of(about: NoticeAbout) -> Self {
        Self { about, purpose: None, reference: None }
    }
}

/// Queues notices in the transaction of what they tell. A channel that the office does not have
/// gets none.
pub(in crate::store) async fn queue<'a>(
    tx: &mut Tx,
    told: impl Iterator<Item = (i64, &'a Contact)>,
    notice: NewNotice<'_>,
    providers: NoticeProviders<'_>,
) -> Result<(), StoreError> {
    let NewNotice { about, purpose, reference } = notice;
    let mut told = told.filter_map(|(customer, contact)| {
        providers.of(contact.kind()).map(|provider| (customer, contact, provider))
    });
    let Some(first) = told.next() else { return Ok(()) };
    let created_at = tx.one(&NOW, args![]).await?.time("read_at")?;
    let rows = std::iter::once(first).chain(told).map(|(customer, contact, provider)| {
        let customer = CustomerId(customer);
        let fields =
            NoticeFields { customer, contact, provider, about, purpose, reference, created_at };
        let NoticeProof { key_id, mac } = NoticeProof::of(&fields, providers.keyring);
        serde_json::json!([
            customer.0,
            contact.kind().channel().word(),
            contact.as_str(),
            provider,
            about.word(),
            purpose,
            reference.map(Reference::as_str),
            created_at.millis(),
            key_id,
            mac,
        ])
    });
    let rows = list(rows);
    tx.write(&QUEUE, args![&rows]).await.map(drop)
}

/// Claims notices that are due.
pub(in crate::store) async fn claim(
    db: &Database,
    providers: &[&str],
    most: u32,
) -> Result<Vec<Notice>, StoreError> {
    let providers = list(providers.iter().copied());
    let mut tx = db.begin().await?;
    let due = tx.all(&DUE, args![&providers, most, millis_of(NOTICE_MAX_AGE)]).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids = due.iter().map(|row| row.int("id")).collect::<Result<Vec<_>, _>>()?;
    let ids = list(ids);
    tx.write(&CLAIM, args![&ids, millis_of(NOTICE_LEASE)]).await?;
    let rows = tx.all(&CLAIMED, args![&ids]).await?;
    tx.commit_quietly().await?;
    // One that cannot be read must not keep the others from being sent.
    let readable = |row: &Row| {
        read(row)
            .inspect_err(|error| tracing::error!(%error, "a notice that cannot be read is skipped"))
            .ok()
    };
    Ok(rows.iter().filter_map(readable).collect())
}

/// How long until the next notice is due.
pub(in crate::store) async fn next_due(
    db: &Database,
    providers: &[&str],
) -> Result<Option<Duration>, StoreError> {
    let providers = list(providers.iter().copied());
    let Some(row) = db.maybe(&NEXT_DUE, args![&providers, millis_of(NOTICE_MAX_AGE)]).await? else {
        return Ok(None);
    };
    row.maybe_wait("due_in")
}

/// Writes what came of an attempt.
pub(in crate::store) async fn complete(
    db: &Database,
    outcome: &NoticeOutcome<'_>,
) -> Result<(), StoreError> {
    let NoticeOutcome { notice, provider, report, next, actor } = *outcome;
    let (id, tries) = (notice.id, notice.tries);
    let mut tx = db.begin().await?;
    let (kind, ended) = match next {
        NoticeStep::Again(wait) => {
            tx.write(&RETRY, args![id, tries, millis_of(wait)]).await?;
            return tx.commit_quietly().await;
        }
        NoticeStep::Told => (EventKind::NoticeSent, None),
        NoticeStep::GivenUp if report.state == DeliveryState::Undeliverable => {
            (EventKind::NoticeNotSent, Some(Outcome::Undeliverable))
        }
        NoticeStep::GivenUp => (EventKind::NoticeNotSent, Some(Outcome::Unavailable)),
        NoticeStep::Refused => (EventKind::NoticeNotSent, Some(Outcome::Forbidden)),
    };
    if tx.write(&DONE, args![id, tries]).await? == 0 {
        return Ok(());
    }
    let what = notice.about.label().map(|about| match &notice.purpose {
        Some(purpose) => format!("About {about} for {purpose}."),
        None => format!("About {about}."),
    });
    let by = provider.map(|provider| format!("By {provider}."));
    let why = report.detail.as_ref().map(|it| &*it.for_admin);
    let said: Vec<&str> = what.as_deref().into_iter().chain(by.as_deref()).chain(why).collect();
    let event = NewEvent {
        kind,
        outcome: ended,
        request: None,
        customer: Some(notice.customer),
        channel: Some(notice.contact.kind().channel()),
        contact: Some(notice.contact.masked()),
        detail: (!said.is_empty()).then(|| said.join(" ")),
        actor,
        facts: EventFacts::default(),
    };
    events::write(&mut tx, &event).await?;
    tx.commit().await
}

/// Signs with the current key what an older one signed: a retired key is kept for an hour, a notice
/// may wait for days. What the desk did not queue stays what it is.
pub(in crate::store) async fn sign_anew(
    db: &Database,
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let current = keyring.current().0.as_str();
    let mut after = 0;
    loop {
        let mut tx = db.begin().await?;
        let rows = tx.all(&SIGNED_BEFORE, args![after, current, SIGN_BATCH]).await?;
        for row in &rows {
            after = row.int("id")?;
            let Ok(notice) = read(row) else { continue };
            let Some(before) = &notice.proof else { continue };
            if notice.origin(keyring) == NoticeOrigin::Desk {
                let NoticeProof { key_id, mac } = NoticeProof::of(&notice.fields(), keyring);
                tx.write(&SIGN, args![notice.id, &before.mac, &key_id, &mac]).await?;
            }
        }
        tx.commit_quietly().await?;
        if u32::try_from(rows.len()) != Ok(SIGN_BATCH) {
            return Ok(());
        }
    }
}

/// Reads [`NoticeColumns`].
fn read(row: &Row) -> Result<Notice, StoreError> {
    let it = NoticeColumns::read(row)?;
    let contact = Contact::parse(it.channel, &it.contact)
        .map_err(|error| StoreError::Failed(format!("a notice: {error}")))?;
    // Any desk gives up what is older than that, so that a row put back later is none of those.
    let is_older_than_proofs = it
        .proven_since
        .is_some_and(|since| it.created_at <= since && it.read_at <= since.plus(NOTICE_MAX_AGE));
    Ok(Notice {
        id: it.id,
        customer: CustomerId(it.customer_id),
        contact,
        provider: it.provider,
        is_production: it.is_production,
        tries: it.tries,
        about: it.about.unwrap_or_default(),
        purpose: it.purpose,
        reference: it.reference.as_deref().map(Reference::from_store),
        created_at: it.created_at,
        proof: it.key_id.zip(it.mac).map(|(key_id, mac)| NoticeProof { key_id, mac }),
        is_older_than_proofs,
        customer_name: it.customer_name.unwrap_or_default(),
        locale: it.locale,
        now: it.read_at,
    })
}
