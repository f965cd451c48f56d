//! Asking for a code: the first one, another one, and taking it back.

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, RequestId, Status};
use crate::domain::time::millis_of;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{
    Dispatch, IssueOutcome, NewDelivery, NewRequest, Reissue,
};
use crate::store::audit::events;
use crate::store::customers::contact_binding::{self, BindingState, ContactUse};
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::rows::RequestRow;
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;
use crate::store::verification::rate_limits;

/// The lock under which codes are asked for, one after the other over the whole
/// office.
pub(in crate::store) const ISSUE: &str = "issue";

/// Expired digests that go with each new code: it brings fewer than it takes away.
const FORGOTTEN: u32 = 20;

statements! {
    BY_ID { "SELECT " request_columns "WHERE o.public_id = $1" }
    /// What a customer may have a code for at this moment, the newest of it.
    OPEN_OF {
        "SELECT " request_columns "WHERE o.customer_id = $1 AND o.open_purpose IS NOT NULL \
         AND o.expires_at > " now " ORDER BY o.id DESC LIMIT 1"
    }
    BY_ROW { "SELECT " request_columns "WHERE o.id = $1" }
    /// The act that was told before.
    SAME_ACT { "SELECT " request_columns "WHERE o.customer_id = $1 AND o.idempotency = $2" }
    /// The request that a new one of the same customer and purpose follows.
    LATEST {
        "SELECT " request_columns "WHERE o.customer_id = $1 AND o.purpose = $2 \
         ORDER BY o.id DESC LIMIT 1"
    }
    CREATE {
        "INSERT INTO core_otp (public_id, customer_id, email, phone, otp_code, otp_type, \
         created_at, sent_at, expires_at, resend_at, attempts, max_attempts, purpose, key_id, \
         reference, generation, status, idempotency, clerk, counter, masked) \
         VALUES ($1, $2, $3, $4, $5, $6, " now ", " now ", " now " + $7, " now " + $8, $9, $10, \
         $11, $12, $13, 1, 'open', $14, $15, $16, $17)" returning_id
    }
    REPLACE_CODE {
        "UPDATE core_otp SET email = $2, phone = $3, otp_code = $4, otp_type = $5, \
         sent_at = " now ", expires_at = " now " + $6, resend_at = " now " + $7, key_id = $8, \
         reference = $9, masked = $10, generation = generation + 1 WHERE id = $1"
    }
    /// Keeps a code that is about to be replaced, as long as it would have worked.
    RETIRE {
        "INSERT INTO core_otp_retired (customer_id, purpose, public_id, generation, otp_code, \
         key_id, reference, sent_at, expires_at) \
         SELECT customer_id, purpose, public_id, generation, otp_code, key_id, reference, \
         sent_at, expires_at FROM core_otp \
         WHERE id = $1 AND status = 'open' AND expires_at > " now
    }
    /// Retired codes whose time is over. A counter may delete them and has no right
    /// to lock them first.
    FORGET_RETIRED {
        (each
            ("DELETE FROM core_otp_retired WHERE id IN (SELECT id FROM core_otp_retired \
              WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1)")
            ("DELETE FROM core_otp_retired WHERE id = ANY (ARRAY(SELECT id FROM core_otp_retired \
              WHERE expires_at <= " now " ORDER BY expires_at LIMIT $1))")
            ("DELETE FROM core_otp_retired WHERE expires_at <= " now
             " ORDER BY expires_at LIMIT $1"))
    }
    /// What has expired needs no digest any more, and is not open.
    FORGET_EXPIRED {
        (each
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' \
              WHERE id IN (SELECT id FROM core_otp \
              WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1)")
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' \
              WHERE id = ANY (ARRAY(SELECT id FROM core_otp \
              WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1" skip_locked "))")
            ("UPDATE core_otp SET status = CASE WHEN status = 'open' THEN 'expired' ELSE status END, \
              closed_at = COALESCE(closed_at, expires_at), otp_code = '' \
              WHERE digest_until <= " now " ORDER BY digest_until LIMIT $1"))
    }
    /// Takes the customer's guard: who has it, has the customer's requests.
    GUARD { "UPDATE core_guard SET updated_at = " now " WHERE customer_id = $1" }
    GUARD_NEW {
        "INSERT INTO core_guard (customer_id, failures, updated_at) VALUES ($1, 0, " now ")"
        (or_leave "customer_id")
    }
    /// The same for several customers, of whom some may have none yet.
    GUARDS {
        (each
            ("UPDATE core_guard SET updated_at = " now " WHERE customer_id " (among "$1"))
            ("UPDATE core_guard SET updated_at = " now " WHERE customer_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_guard g ON g.customer_id = list.value SET g.updated_at = " now))
    }
    GUARDS_NEW {
        "INSERT INTO core_guard (customer_id, failures, updated_at) "
        (each
            ("SELECT value, 0, " now " FROM json_each($1) WHERE true")
            ("SELECT CAST(value AS BIGINT), 0, " now " \
              FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS list (value)")
            ("SELECT value, 0, " now " FROM " (numbers "$1")))
        (or_leave "customer_id")
    }
    /// The code goes with the request: what cannot be entered need not be kept.
    CLOSE {
        "UPDATE core_otp SET status = $2, otp_code = '', closed_at = " now
        " WHERE id = $1 AND status = 'open'"
    }
    /// Its time is the code's own, so that the cooldown and the limits count from
    /// the moment the clerk sees.
    QUEUE {
        "INSERT INTO core_delivery (otp_id, generation, customer_id, channel, contact, provider, \
         state, progress, clerk, counter, created_at, updated_at) \
         SELECT id, $2, $3, $4, $5, $6, 'queued', 0, $7, $8, sent_at, sent_at \
         FROM core_otp WHERE id = $1"
    }
}

/// One request.
pub(in crate::store) async fn request(
    db: &Database,
    id: &RequestId,
) -> Result<Option<Request>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.as_str()]).await?;
    Ok(row.map(|row| RequestRow::read(&row)).transpose()?.map(|held| held.request))
}

/// The newest request of a customer whose code can be entered.
pub(in crate::store) async fn open_of(
    db: &Database,
    customer: CustomerId,
) -> Result<Option<Request>, StoreError> {
    let row = db.maybe(&OPEN_OF, args![customer.0]).await?;
    Ok(row.map(|row| RequestRow::read(&row)).transpose()?.map(|held| held.request))
}

/// One request inside a transaction, as it is now.
pub(in crate::store) async fn held(
    tx: &mut Tx,
    id: &RequestId,
) -> Result<Option<RequestRow>, StoreError> {
    let row = tx.maybe(&BY_ID, args![id.as_str()]).await?;
    row.map(|row| RequestRow::read(&row)).transpose()
}

/// As [`held`], with the customer's guard taken: it stays as it is.
async fn guarded(tx: &mut Tx, id: &RequestId) -> Result<Option<RequestRow>, StoreError> {
    let Some(before) = held(tx, id).await? else { return Ok(None) };
    guard(tx, before.request.customer).await?;
    held(tx, id).await
}

async fn guard(tx: &mut Tx, customer: CustomerId) -> Result<(), StoreError> {
    if tx.write(&GUARD, args![customer.0]).await? == 0 {
        tx.write(&GUARD_NEW, args![customer.0]).await?;
    }
    Ok(())
}

/// Takes the guards of several customers, a list for `among`: those that are new
/// first, so that whoever makes one at this moment is waited for.
pub(in crate::store) async fn guard_all(tx: &mut Tx, customers: &str) -> Result<(), StoreError> {
    tx.write(&GUARDS_NEW, args![customers]).await?;
    tx.write(&GUARDS, args![customers]).await.map(drop)
}

/// What came of asking whether a message may go out.
enum Admission {
    /// It may; whether its contact was found to be another one than before.
    Granted { tx: Tx, changed: bool },
    /// It may not. What was written of a changed contact is committed.
    Refused(IssueOutcome),
}

/// Whether a message may go out now, to this contact.
async fn admit(
    mut tx: Tx,
    customer: CustomerId,
    dispatch: &Dispatch<'_>,
    country: &str,
) -> Result<Admission, StoreError> {
    let used = ContactUse {
        customer,
        contact: &dispatch.delivery.contact,
        quarantine: dispatch.policy.contact_quarantine,
        country,
        notices: dispatch.notices,
        actor: dispatch.actor,
    };
    let BindingState::Bound { changed, quarantine } = contact_binding::bind(&mut tx, &used).await?
    else {
        return Ok(Admission::Refused(IssueOutcome::Outdated));
    };
    let refusal = match quarantine {
        Some(quarantine) => Some(IssueOutcome::Quarantined(quarantine)),
        None => rate_limits::refusal(&mut tx, customer, dispatch).await?,
    };
    let Some(refusal) = refusal else { return Ok(Admission::Granted { tx, changed }) };
    if changed {
        tx.commit().await?;
    }
    Ok(Admission::Refused(refusal))
}

/// Stores a request, or says why not.
pub(in crate::store) async fn issue(
    db: &Database,
    country: &str,
    new: NewRequest<'_>,
) -> Result<IssueOutcome, StoreError> {
    let mut tx = db.begin().await?;
    // The limits count over all counters, so that they judge one at a time.
    tx.lock(ISSUE).await?;
    guard(&mut tx, new.customer).await?;
    let same = tx.maybe(&SAME_ACT, args![new.customer.0, new.idempotency]).await?;
    if let Some(row) = same {
        return Ok(IssueOutcome::Already(RequestRow::read(&row)?.request));
    }
    let Dispatch { code, delivery, policy, actor, .. } = &new.dispatch;
    let mut tx = match admit(tx, new.customer, &new.dispatch, country).await? {
        Admission::Granted { tx, .. } => tx,
        Admission::Refused(refusal) => return Ok(refusal),
    };
    forget(&mut tx, FORGOTTEN).await?;
    let attempts = take_over(&mut tx, &new).await?;
    let (email, phone) = addresses(delivery);
    let row = tx
        .insert(
            &CREATE,
            args![
                new.id.as_str(),
                new.customer.0,
                email,
                phone,
                &code.digest.to_hex(),
                delivery.channel.word(),
                millis_of(policy.expiry),
                millis_of(policy.resend_cooldown),
                attempts,
                policy.max_attempts,
                new.purpose,
                code.key_id.as_str(),
                code.reference.as_str(),
                new.idempotency,
                &actor.clerk,
                &actor.counter,
                &delivery.contact.masked(),
            ],
        )
        .await?;
    let sending = Sending {
        row,
        generation: 1,
        kind: EventKind::Requested,
        id: &new.id,
        customer: new.customer,
        dispatch: &new.dispatch,
    };
    finish(tx, &sending).await
}

/// Replaces the code of an open request.
pub(in crate::store) async fn reissue(
    db: &Database,
    country: &str,
    new: Reissue<'_>,
) -> Result<IssueOutcome, StoreError> {
    let mut tx = db.begin().await?;
    tx.lock(ISSUE).await?;
    let Some(held) = guarded(&mut tx, new.id).await? else {
        return Ok(IssueOutcome::NotFound);
    };
    if held.request.status != Status::Open {
        return Ok(IssueOutcome::Closed(held.request));
    }
    if held.request.generation != new.after {
        return Ok(IssueOutcome::Already(held.request));
    }
    let mut tx = match admit(tx, held.request.customer, &new.dispatch, country).await? {
        // The request went with the contact.
        Admission::Granted { tx, changed: true } => {
            tx.commit().await?;
            return Ok(IssueOutcome::Closed(Request { status: Status::Cancelled, ..held.request }));
        }
        Admission::Granted { tx, .. } => tx,
        Admission::Refused(refusal) => return Ok(refusal),
    };
    forget(&mut tx, FORGOTTEN).await?;
    retire(&mut tx, held.row).await?;
    outbox::withdraw(&mut tx, &held.request).await?;
    replace_code(&mut tx, held.row, &new.dispatch).await?;
    let sending = Sending {
        row: held.row,
        generation: new.after + 1,
        kind: EventKind::Resent,
        id: new.id,
        customer: held.request.customer,
        dispatch: &new.dispatch,
    };
    finish(tx, &sending).await
}

/// Withdraws an open request.
pub(in crate::store) async fn cancel(
    db: &Database,
    id: &RequestId,
    actor: &Actor,
) -> Result<Option<Request>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(held) = guarded(&mut tx, id).await? else { return Ok(None) };
    if held.request.status != Status::Open {
        return Ok(Some(held.request));
    }
    revoke(&mut tx, &held, None, actor).await?;
    tx.commit().await?;
    Ok(Some(Request { status: Status::Cancelled, ..held.request }))
}

/// Withdraws a request whose customer's guard is taken; why, where it was not a
/// clerk who wanted it.
pub(in crate::store) async fn revoke(
    tx: &mut Tx,
    held: &RequestRow,
    why: Option<String>,
    actor: &Actor,
) -> Result<(), StoreError> {
    // A later request for the same purpose may meet this code: it is recognised then.
    retire(tx, held.row).await?;
    outbox::withdraw(tx, &held.request).await?;
    tx.write(&CLOSE, args![held.row, Status::Cancelled.word()]).await?;
    let event = NewEvent { detail: why, ..about(&held.request, EventKind::Cancelled, actor) };
    events::write(tx, &event).await
}

/// An event about a request, without an outcome.
pub(in crate::store) fn about<'a>(
    request: &'a Request,
    kind: EventKind,
    actor: &'a Actor,
) -> NewEvent<'a> {
    NewEvent {
        kind,
        outcome: None,
        request: Some(&request.id),
        customer: Some(request.customer),
        channel: Some(request.channel),
        contact: Some(request.contact.clone()),
        detail: None,
        actor,
    }
}

/// Closes the request that this one follows. Gives the attempts to go on
/// counting from: neither a new request nor a withdrawn one wins guesses back
/// (NIST SP 800-63B-4, 3.1.3.2).
async fn take_over(tx: &mut Tx, new: &NewRequest<'_>) -> Result<u32, StoreError> {
    let Some(row) = tx.maybe(&LATEST, args![new.customer.0, new.purpose]).await? else {
        return Ok(0);
    };
    let RequestRow { row, request, now, .. } = RequestRow::read(&row)?;
    match request.status {
        Status::Open => {
            retire(tx, row).await?;
            outbox::withdraw(tx, &request).await?;
            tx.write(&CLOSE, args![row, Status::Superseded.word()]).await?;
            let mut event = about(&request, EventKind::Superseded, new.dispatch.actor);
            event.outcome = Some(Outcome::Superseded);
            events::write(tx, &event).await?;
            Ok(request.attempts)
        }
        Status::Expired => {
            outbox::withdraw(tx, &request).await?;
            tx.write(&CLOSE, args![row, Status::Expired.word()]).await?;
            Ok(0)
        }
        Status::Cancelled if request.expires_at > now => Ok(request.attempts),
        Status::Cancelled | Status::Verified | Status::Superseded | Status::Locked => Ok(0),
    }
}

/// Erases up to so many digests each of requests and of retired codes that can
/// no longer be entered, and what of them still waits to be sent (ASVS 14.2.6);
/// gives how many digests.
pub(in crate::store) async fn forget(tx: &mut Tx, most: u32) -> Result<u64, StoreError> {
    let retired = tx.write(&FORGET_RETIRED, args![most]).await?;
    let expired = tx.write(&FORGET_EXPIRED, args![most]).await?;
    // In the order of a verification: the request, then its message.
    outbox::forget(tx).await?;
    Ok(retired + expired)
}

async fn retire(tx: &mut Tx, row: i64) -> Result<(), StoreError> {
    tx.write(&RETIRE, args![row]).await?;
    Ok(())
}

async fn replace_code(tx: &mut Tx, row: i64, dispatch: &Dispatch<'_>) -> Result<(), StoreError> {
    let Dispatch { code, delivery, policy, .. } = dispatch;
    let (email, phone) = addresses(delivery);
    tx.write(
        &REPLACE_CODE,
        args![
            row,
            email,
            phone,
            &code.digest.to_hex(),
            delivery.channel.word(),
            millis_of(policy.expiry),
            millis_of(policy.resend_cooldown),
            code.key_id.as_str(),
            code.reference.as_str(),
            &delivery.contact.masked(),
        ],
    )
    .await?;
    Ok(())
}

/// A code that has just been stored and is to be sent.
struct Sending<'a> {
    row: i64,
    generation: u32,
    kind: EventKind,
    id: &'a RequestId,
    customer: CustomerId,
    dispatch: &'a Dispatch<'a>,
}

/// Queues the message, writes the event and commits.
async fn finish(mut tx: Tx, sending: &Sending<'_>) -> Result<IssueOutcome, StoreError> {
    let Sending { row, generation, kind, id, customer, dispatch } = *sending;
    let Dispatch { code, delivery, actor, .. } = dispatch;
    tx.write(
        &QUEUE,
        args![
            row,
            generation,
            customer.0,
            delivery.channel.word(),
            delivery.contact.as_str(),
            delivery.provider,
            &actor.clerk,
            &actor.counter,
        ],
    )
    .await?;
    outbox::enqueue(&mut tx, row, generation, code, &delivery.holder).await?;
    let event = NewEvent {
        kind,
        outcome: None,
        request: Some(id),
        customer: Some(customer),
        channel: Some(delivery.channel),
        contact: Some(delivery.contact.masked()),
        detail: None,
        actor,
    };
    events::write(&mut tx, &event).await?;
    let request = RequestRow::read(&tx.one(&BY_ROW, args![row]).await?)?.request;
    tx.commit().await?;
    Ok(IssueOutcome::Fresh(request))
}

/// The columns of the address: an email or a phone, as the channel is.
fn addresses(delivery: &NewDelivery) -> (Option<&str>, Option<&str>) {
    let address = match &delivery.contact {
        Contact::Email(address) => address.as_str(),
        Contact::Phone(number) => number.as_str(),
    };
    match delivery.channel {
        Channel::Email => (Some(address), None),
        Channel::Sms | Channel::Whatsapp => (None, Some(address)),
    }
}
