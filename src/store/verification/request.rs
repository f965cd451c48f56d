//! Requests: asking for a code, for another one, and cancelling.

use crate::domain::channel::Channel;
use crate::domain::code::Digest;
use crate::domain::code_binding::CodeBinding;
use crate::domain::contact::Contact;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::outcome::Outcome;
use crate::domain::representative::StandsHere;
use crate::domain::request::{Request, RequestId, Status};
use crate::domain::seal::Sealed;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{
    Dispatch, IssueOutcome, NewDelivery, NewRequest, Reissue,
};
use crate::store::audit::events;
use crate::store::database::columns::requests::{RequestColumns, RequestRow};
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::cooldown_and_rate_limits::{self, Admitted, ISSUE_LOCK, RateDecision};
use crate::store::delivery::outbox;
use crate::store::verification::contact_binding::{self, BindingState, ContactUse};
use crate::store::verification::{customer_guard, expiry, superseded_code};

/// How many expired requests are closed with each new code; more than it adds.
const EXPIRED_PER_CODE: u32 = 20;

statements! {
    BY_ID { (select RequestColumns) "WHERE o.public_id = $1" }
    /// The newest request of a customer whose code can be entered now.
    OPEN_OF {
        (select RequestColumns) "WHERE o.customer_id = $1 AND o.open_purpose IS NOT NULL \
         AND o.expires_at > " now " ORDER BY o.id DESC LIMIT 1"
    }
    BY_ROW { (select RequestColumns) "WHERE o.id = $1" }
    /// The request with this idempotency key.
    BY_IDEMPOTENCY_KEY { (select RequestColumns) "WHERE o.customer_id = $1 AND o.idempotency = $2" }
    /// The newest request of a customer for a purpose.
    LATEST {
        (select RequestColumns) "WHERE o.customer_id = $1 AND o.purpose = $2 \
         ORDER BY o.id DESC LIMIT 1"
    }
    CREATE {
        (insert "core_otp" {
            public_id: "$1",
            customer_id: "$2",
            email: "$3",
            phone: "$4",
            otp_code: "$5",
            otp_type: "$6",
            created_at: "$18",
            sent_at: "$18",
            expires_at: "$7",
            resend_at: "$8",
            attempts: "$9",
            max_attempts: "$10",
            purpose: "$11",
            key_id: "$12",
            reference: "$13",
            generation: "1",
            status: "'open'",
            idempotency: "$14",
            clerk: "$15",
            counter: "$16",
            masked: "$17",
            policy_version: "$19",
            binding: "2",
            representative: "$20",
        }) returning_id
    }
    REPLACE_CODE {
        "UPDATE core_otp SET email = $2, phone = $3, otp_code = $4, otp_type = $5, \
         sent_at = $11, expires_at = $6, resend_at = $7, key_id = $8, reference = $9, \
         masked = $10, policy_version = $12, binding = 2, generation = generation + 1 \
         WHERE id = $1"
    }
    /// Erases the digest too: what cannot be entered need not be kept.
    CLOSE {
        "UPDATE core_otp SET status = $2, otp_code = '', closed_at = " now
        " WHERE id = $1 AND status = 'open'"
    }
    /// With the time at which the code was made, so that cooldown and limits count from the
    /// moment that the clerk sees.
    QUEUE_DELIVERY {
        (insert "core_delivery" {
            otp_id: "id",
            generation: "$2",
            customer_id: "$3",
            channel: "$4",
            contact: "$5",
            provider: "$6",
            fingerprint: "$9",
            state: "'queued'",
            progress: "0",
            clerk: "$7",
            counter: "$8",
            number_prefix: "$10",
            reference: "reference",
            created_at: "sent_at",
            updated_at: "sent_at",
        } select "FROM core_otp WHERE id = $1")
    }
}

pub(in crate::store) async fn request(
    db: &Database,
    id: &RequestId,
) -> Result<Option<Request>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.as_str()]).await?;
    Ok(row.map(|row| RequestRow::read(&row)).transpose()?.map(|held| held.request))
}

/// The newest request of a customer whose code can be entered.
pub(in crate::store) async fn newest_open(
    db: &Database,
    customer: CustomerId,
) -> Result<Option<Request>, StoreError> {
    let row = db.maybe(&OPEN_OF, args![customer.0]).await?;
    Ok(row.map(|row| RequestRow::read(&row)).transpose()?.map(|held| held.request))
}

/// One request as it is in a transaction.
pub(in crate::store) async fn held(
    tx: &mut Tx,
    id: &RequestId,
) -> Result<Option<RequestRow>, StoreError> {
    let row = tx.maybe(&BY_ID, args![id.as_str()]).await?;
    row.map(|row| RequestRow::read(&row)).transpose()
}

/// The same with the customer's guard taken, so that nobody else changes it.
async fn guarded(tx: &mut Tx, id: &RequestId) -> Result<Option<RequestRow>, StoreError> {
    let Some(before) = held(tx, id).await? else { return Ok(None) };
    customer_guard::take(tx, before.request.customer).await?;
    held(tx, id).await
}

/// Whether a message may be sent.
enum Admission {
    /// It may. `replaced` tells whether its contact replaced another one just now.
    Granted { tx: Tx, replaced: bool, admitted: Admitted },
    /// It may not. What was written about a changed contact is committed.
    Refused(Box<IssueOutcome>),
}

/// Whether a message may be sent now to this contact.
async fn admit(
    mut tx: Tx,
    customer: CustomerId,
    (dispatch, representative): (&Dispatch<'_>, Option<&StandsHere>),
    country: &str,
) -> Result<Admission, StoreError> {
    // The contact of a representative is bound by their own record.
    if representative.is_some() {
        return Ok(match cooldown_and_rate_limits::decide(&mut tx, customer, dispatch).await? {
            RateDecision::Admitted(admitted) => {
                Admission::Granted { tx, replaced: false, admitted }
            }
            RateDecision::Refused(refusal) => Admission::Refused(refusal),
        });
    }
    let used = ContactUse {
        customer,
        contact: &dispatch.delivery.contact,
        quarantine: dispatch.policy.contact_quarantine,
        country,
        notices: dispatch.notices,
        actor: dispatch.actor,
    };
    let BindingState::Bound { replaced, noticed, quarantine } =
        contact_binding::bind(&mut tx, &used).await?
    else {
        return Ok(Admission::Refused(Box::new(IssueOutcome::Outdated)));
    };
    let decision = match quarantine {
        Some(quarantine) => RateDecision::Refused(Box::new(IssueOutcome::Quarantined(quarantine))),
        None => cooldown_and_rate_limits::decide(&mut tx, customer, dispatch).await?,
    };
    let refusal = match decision {
        RateDecision::Admitted(admitted) => {
            return Ok(Admission::Granted { tx, replaced, admitted });
        }
        RateDecision::Refused(refusal) => refusal,
    };
    if noticed {
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
    // The rate limits count over all counters, so that one request at a time is judged.
    tx.lock(ISSUE_LOCK).await?;
    customer_guard::take(&mut tx, new.customer).await?;
    let same = tx.maybe(&BY_IDEMPOTENCY_KEY, args![new.customer.0, new.idempotency]).await?;
    if let Some(row) = same {
        return Ok(IssueOutcome::Already(RequestRow::read(&row)?.request));
    }
    let Dispatch { code, delivery, policy, actor, .. } = &new.dispatch;
    let to = (&new.dispatch, new.representative);
    let (mut tx, admitted) = match admit(tx, new.customer, to, country).await? {
        Admission::Granted { tx, admitted, .. } => (tx, admitted),
        Admission::Refused(refusal) => return Ok(*refusal),
    };
    let about = About {
        customer: new.customer,
        purpose: new.purpose,
        id: &new.id,
        generation: 1,
        representative: new.representative,
    };
    let bound = bind(&about, &new.dispatch, admitted);
    expiry::expire(&mut tx, EXPIRED_PER_CODE).await?;
    let attempts = supersede(&mut tx, &new).await?;
    let (email, phone) = addresses(delivery);
    let row = tx
        .insert(
            &CREATE,
            args![
                new.id.as_str(),
                new.customer.0,
                email,
                phone,
                &bound.digest.to_hex(),
                delivery.channel.word(),
                bound.expires_at.millis(),
                bound.sent_at.plus(policy.resend_cooldown).millis(),
                attempts,
                policy.max_attempts,
                new.purpose,
                code.key_id.as_str(),
                code.reference.as_str(),
                new.idempotency,
                &actor.clerk,
                &actor.counter,
                &delivery.contact.masked(),
                bound.sent_at.millis(),
                new.dispatch.policy_version,
                new.representative.map(|it| it.id.as_str()),
            ],
        )
        .await?;
    let sending = Sending {
        row,
        generation: 1,
        kind: EventKind::Requested,
        id: &new.id,
        customer: new.customer,
        purpose: new.purpose,
        representative: new.representative,
        dispatch: &new.dispatch,
        sealed: &bound.sealed,
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
    tx.lock(ISSUE_LOCK).await?;
    let Some(held) = guarded(&mut tx, new.id).await? else {
        return Ok(IssueOutcome::NotFound);
    };
    if held.request.status != Status::Open {
        return Ok(IssueOutcome::Closed(held.request));
    }
    if held.request.generation != new.after {
        return Ok(IssueOutcome::Already(held.request));
    }
    let representative = held.request.representative.as_ref();
    let to = (&new.dispatch, representative);
    let (mut tx, admitted) = match admit(tx, held.request.customer, to, country).await? {
        // The change of the contact has revoked the request.
        Admission::Granted { tx, replaced: true, .. } => {
            tx.commit().await?;
            return Ok(IssueOutcome::Closed(Request { status: Status::Cancelled, ..held.request }));
        }
        Admission::Granted { tx, admitted, .. } => (tx, admitted),
        Admission::Refused(refusal) => return Ok(*refusal),
    };
    let (customer, generation) = (held.request.customer, new.after + 1);
    let purpose = &held.request.purpose;
    let about = About { customer, purpose, id: new.id, generation, representative };
    let bound = bind(&about, &new.dispatch, admitted);
    expiry::expire(&mut tx, EXPIRED_PER_CODE).await?;
    superseded_code::keep(&mut tx, held.row).await?;
    outbox::withdraw(&mut tx, &held.request).await?;
    replace_code(&mut tx, held.row, &new.dispatch, &bound).await?;
    let sending = Sending {
        row: held.row,
        generation,
        kind: EventKind::Resent,
        id: new.id,
        customer,
        purpose: &held.request.purpose,
        representative,
        dispatch: &new.dispatch,
        sealed: &bound.sealed,
    };
    finish(tx, &sending).await
}

/// Cancels an open request.
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

/// Cancels a request whose customer's guard is taken; `why` where no clerk asked for it.
pub(in crate::store) async fn revoke(
    tx: &mut Tx,
    held: &RequestRow,
    why: Option<String>,
    actor: &Actor,
) -> Result<(), StoreError> {
    // Its code may be entered for a later request of the same purpose, and is recognised
    // then.
    superseded_code::keep(tx, held.row).await?;
    outbox::withdraw(tx, &held.request).await?;
    tx.write(&CLOSE, args![held.row, Status::Cancelled.word()]).await?;
    let about = event_about(&held.request, EventKind::Cancelled, actor);
    let event = NewEvent { detail: why.or(about.detail), ..about };
    events::write(tx, &event).await
}

/// Says of an act on another counter's request whose it is; `None` at the counter that asked.
pub(in crate::store) fn asked_elsewhere(request: &Request, actor: &Actor) -> Option<String> {
    let Actor { clerk, counter } = &request.asked_by;
    (request.asked_by != *actor).then(|| format!("asked for by {clerk} at {counter}"))
}

/// Names who stands here in the place of the holder.
fn represented_by(representative: Option<&StandsHere>) -> Option<String> {
    representative.map(|it| format!("by {}, a representative ({})", it.name, it.id))
}

/// An event about a request, without an outcome.
pub(in crate::store) fn event_about<'a>(
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
        detail: represented_by(request.representative.as_ref()),
        actor,
        facts: EventFacts {
            purpose: Some(&request.purpose),
            provider: Some(&request.delivery.provider),
            asked_at: Some(request.created_at),
        },
    }
}

/// Closes the request that this one supersedes. Returns the attempts from which to go on
/// counting: neither a new request nor a cancelled one wins guesses back (NIST SP
/// 800-63B-4, 3.1.3.2).
async fn supersede(tx: &mut Tx, new: &NewRequest<'_>) -> Result<u32, StoreError> {
    let Some(row) = tx.maybe(&LATEST, args![new.customer.0, new.purpose]).await? else {
        return Ok(0);
    };
    let RequestRow { row, request, now, .. } = RequestRow::read(&row)?;
    match request.status {
        Status::Open => {
            superseded_code::keep(tx, row).await?;
            outbox::withdraw(tx, &request).await?;
            tx.write(&CLOSE, args![row, Status::Superseded.word()]).await?;
            let mut event = event_about(&request, EventKind::Superseded, new.dispatch.actor);
            event.outcome = Some(Outcome::Superseded);
            event.detail = asked_elsewhere(&request, new.dispatch.actor);
            events::write(tx, &event).await?;
            Ok(request.attempts)
        }
        Status::Expired => {
            outbox::withdraw(tx, &request).await?;
            expiry::close(tx, &[row]).await?;
            Ok(0)
        }
        Status::Cancelled if request.expires_at > now => Ok(request.attempts),
        Status::Cancelled | Status::Verified | Status::Superseded | Status::Locked => Ok(0),
    }
}

/// The request to which a code belongs.
struct About<'a> {
    customer: CustomerId,
    purpose: &'a str,
    id: &'a RequestId,
    generation: u32,
    representative: Option<&'a StandsHere>,
}

/// A code that is bound to its row.
struct BoundCode {
    digest: Digest,
    sealed: Sealed,
    sent_at: Timestamp,
    expires_at: Timestamp,
}

/// Binds a code, from the moment at which its message was admitted by the store's clock.
fn bind(about: &About<'_>, dispatch: &Dispatch<'_>, admitted: Admitted) -> BoundCode {
    let Admitted { at: sent_at, account_no } = admitted;
    let expires_at = sent_at.plus(dispatch.policy.expiry);
    let binding = CodeBinding {
        customer: about.customer,
        account_no,
        purpose: about.purpose.to_owned(),
        request: about.id.clone(),
        generation: about.generation,
        channel: dispatch.delivery.channel,
        contact: dispatch.delivery.contact.as_str().to_owned(),
        expires_at,
        representative: about.representative.map(|it| it.id.clone()),
    };
    let (digest, sealed) = dispatch.code.bound(&binding);
    BoundCode { digest, sealed, sent_at, expires_at }
}

async fn replace_code(
    tx: &mut Tx,
    row: i64,
    dispatch: &Dispatch<'_>,
    bound: &BoundCode,
) -> Result<(), StoreError> {
    let Dispatch { code, delivery, policy, .. } = dispatch;
    let (email, phone) = addresses(delivery);
    tx.write(
        &REPLACE_CODE,
        args![
            row,
            email,
            phone,
            &bound.digest.to_hex(),
            delivery.channel.word(),
            bound.expires_at.millis(),
            bound.sent_at.plus(policy.resend_cooldown).millis(),
            code.key_id.as_str(),
            code.reference.as_str(),
            &delivery.contact.masked(),
            bound.sent_at.millis(),
            dispatch.policy_version,
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
    purpose: &'a str,
    representative: Option<&'a StandsHere>,
    dispatch: &'a Dispatch<'a>,
    sealed: &'a Sealed,
}

/// Queues the delivery, writes the event and commits.
async fn finish(mut tx: Tx, sending: &Sending<'_>) -> Result<IssueOutcome, StoreError> {
    let Sending { row, generation, kind, id, customer, dispatch, sealed, .. } = *sending;
    let Dispatch { code, delivery, actor, .. } = dispatch;
    tx.write(
        &QUEUE_DELIVERY,
        args![
            row,
            generation,
            customer.0,
            delivery.channel.word(),
            delivery.contact.as_str(),
            delivery.provider,
            &actor.clerk,
            &actor.counter,
            delivery.fingerprint.as_str(),
            delivery.contact.prefix(),
        ],
    )
    .await?;
    let key_id = code.key_id.as_str();
    outbox::enqueue(&mut tx, row, generation, (sealed, key_id), &delivery.owner).await?;
    let event = NewEvent {
        kind,
        outcome: None,
        request: Some(id),
        customer: Some(customer),
        channel: Some(delivery.channel),
        contact: Some(delivery.contact.masked()),
        detail: Some(asked_for(sending)),
        actor,
        facts: EventFacts {
            purpose: Some(sending.purpose),
            provider: Some(delivery.provider),
            asked_at: None,
        },
    };
    events::write(&mut tx, &event).await?;
    let request = RequestRow::read(&tx.one(&BY_ROW, args![row]).await?)?.request;
    tx.commit().await?;
    Ok(IssueOutcome::Fresh(request))
}

/// What a code was asked for, and the word by which its message is told from others.
fn asked_for(sending: &Sending<'_>) -> String {
    let about = format!("for {}, reference {}", sending.purpose, sending.dispatch.code.reference);
    let who = represented_by(sending.representative);
    std::iter::once(about).chain(who).collect::<Vec<_>>().join("; ")
}

/// The columns `email` and `phone`, of which the channel fills one.
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
