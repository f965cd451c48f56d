//! Judging a code.
//!
//! The attempt is counted by one guarded statement before anything is compared:
//! against the customer and against the request, or against neither. Its row count
//! decides whether there is anything to compare (security requirements 4 and 6), so
//! that nobody learns from a locked request whether the code was right. What is
//! compared was read before; the count holds only for the very code that was read,
//! which never changes. A right code takes its own count against the customer back.
//! The count also holds every other act on the customer up until this one has
//! ended. All of it is one transaction with the event: without the event there is
//! no session. The event bears the name of the act, so that one told again fails at
//! its event, undoes what it has done so far and is answered by the first.

use crate::domain::code::{Digest, StoredCode};
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, Request, Status};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Attempt, AttemptOutcome, SupersededCode};
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::rows::RequestRow;
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;
use crate::store::verification::{request, session};

statements! {
    /// Counts the attempt against the customer and the request, or against neither:
    /// $1 and $2 are their numbers, $3 the code that it is for, $4 the customer's
    /// cap. The customer's guard comes first, as in every other act. Each row is
    /// tested as it is once it is held, and the time is that of this moment.
    ADMIT {
        (each
            ("UPDATE core_otp SET attempts = attempts + 1 \
              WHERE id = $1 AND generation = $3 AND status = 'open' \
              AND attempts < max_attempts AND expires_at > " clock " \
              AND EXISTS (SELECT 1 FROM core_guard WHERE customer_id = $2 AND failures < $4); \
              UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
              WHERE customer_id = $2 AND changes() = 1")
            ("WITH held AS (SELECT customer_id FROM core_guard \
              WHERE customer_id = $2 AND failures < $4 FOR UPDATE), \
              counted AS (UPDATE core_otp SET attempts = attempts + 1 \
              WHERE id = $1 AND generation = $3 AND status = 'open' \
              AND attempts < max_attempts AND expires_at > " clock " \
              AND EXISTS (SELECT 1 FROM held) RETURNING customer_id) \
              UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
              WHERE customer_id = (SELECT customer_id FROM counted)")
            ("UPDATE core_guard g STRAIGHT_JOIN core_otp o \
              SET g.failures = g.failures + 1, g.updated_at = " now ", \
              o.attempts = o.attempts + 1 \
              WHERE g.customer_id = $2 AND g.failures < $4 \
              AND o.id = $1 AND o.generation = $3 AND o.status = 'open' \
              AND o.attempts < o.max_attempts AND o.expires_at > " clock))
    }
    VERIFY {
        "UPDATE core_otp SET status = 'verified', is_verified = 1, otp_code = '', \
         closed_at = " now " WHERE id = $1"
    }
    LOCK {
        "UPDATE core_otp SET status = 'locked', otp_code = '', closed_at = " now
        " WHERE id = $1"
    }
    /// Ends what is pending; what had expired before stays expired.
    LOCK_CUSTOMER {
        "UPDATE core_otp SET status = 'locked', otp_code = '', closed_at = " now
        " WHERE customer_id = $1 AND status = 'open' AND expires_at > " now
    }
    FORGIVE { "UPDATE core_guard SET failures = 0, updated_at = " now " WHERE customer_id = $1" }
    /// What an act was answered that was told before.
    ANSWERED { "SELECT outcome, detail FROM core_event WHERE act = $1" }
    RETIRED {
        "SELECT public_id, generation, otp_code, key_id, reference, sent_at \
         FROM core_otp_retired WHERE customer_id = $1 AND purpose = $2 AND expires_at > " now
        " ORDER BY id DESC"
    }
}

/// What the event says where it is the customer who is locked.
const CUSTOMER_LOCKED: &str = "the customer is locked";

/// What it says where it is the request.
const REQUEST_LOCKED: &str = "it was the last try: the code is locked";

/// Counts an attempt, then judges it; or says again what came of it.
pub(in crate::store) async fn attempt(
    db: &Database,
    attempt: Attempt<'_>,
) -> Result<AttemptOutcome, StoreError> {
    match judge(db, &attempt).await {
        Err(StoreError::Taken(why)) => answered(db, &attempt).await?.ok_or(StoreError::Failed(why)),
        judged => judged,
    }
}

async fn judge(db: &Database, attempt: &Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
    let mut tx = db.begin().await?;
    let Some(held) = request::held(&mut tx, attempt.request).await? else {
        return Ok(AttemptOutcome::NotFound);
    };
    let (request, cap) = (&held.request, attempt.policy.failure_cap);
    let these = args![held.row, request.customer.0, request.generation, cap];
    if tx.write(&ADMIT, these).await? == 0 {
        return refuse(tx, attempt).await;
    }
    // Where the key is missing this returns, and the count is taken back.
    if attempt.guess.matches(&held.code())? {
        accept(tx, attempt, held).await
    } else {
        reject(tx, attempt).await
    }
}

async fn accept(
    mut tx: Tx,
    attempt: &Attempt<'_>,
    held: RequestRow,
) -> Result<AttemptOutcome, StoreError> {
    outbox::withdraw(&mut tx, &held.request).await?;
    let session = session::new(attempt, &held);
    let writes = vec![
        Write { sql: &VERIFY, args: args![held.row].to_vec() },
        Write { sql: &FORGIVE, args: args![session.customer.0].to_vec() },
        session::open(&session, &attempt.session.token_digest),
    ];
    let attempts = held.request.attempts + 1;
    let request = Request { status: Status::Verified, attempts, ..held.request };
    let event = event(attempt, &request, Outcome::Verified, None);
    events::write_with(&mut tx, writes, &event, Some(attempt.act)).await?;
    tx.commit().await?;
    Ok(AttemptOutcome::Verified { request, session })
}

async fn reject(mut tx: Tx, attempt: &Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
    let held = counted(&mut tx, attempt).await?;
    let customer = held.request.customer;
    let retired = retired(&mut tx, attempt, &held.request).await?;
    let customer_locked = held.failures >= attempt.policy.failure_cap;
    let mut request = held.request;
    if customer_locked {
        outbox::withdraw_all(&mut tx, customer).await?;
        tx.write(&LOCK_CUSTOMER, args![customer.0]).await?;
    } else if request.attempts_left() == 0 {
        outbox::withdraw(&mut tx, &request).await?;
        tx.write(&LOCK, args![held.row]).await?;
    }
    if customer_locked || request.attempts_left() == 0 {
        request.status = Status::Locked;
    }
    let outcome = if retired.is_some() { Outcome::Superseded } else { Outcome::Wrong };
    let detail = match (customer_locked, request.status) {
        (true, _) => Some(CUSTOMER_LOCKED),
        (false, Status::Locked) => Some(REQUEST_LOCKED),
        _ => None,
    };
    let event = event(attempt, &request, outcome, detail);
    events::write_once(&mut tx, &event, Some(attempt.act)).await?;
    tx.commit().await?;
    Ok(AttemptOutcome::Refused { outcome, request, retired, customer_locked })
}

/// The request as the count has left it.
async fn counted(tx: &mut Tx, attempt: &Attempt<'_>) -> Result<RequestRow, StoreError> {
    let held = request::held(tx, attempt.request).await?;
    held.ok_or_else(|| StoreError::Conflict("the request went to the archive".into()))
}

async fn refuse(mut tx: Tx, attempt: &Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
    let cap = attempt.policy.failure_cap;
    let held = counted(&mut tx, attempt).await?;
    let Some(outcome) = held.refusal(cap) else {
        // It was replaced or unlocked at this moment, so it is to be looked at anew.
        return Err(StoreError::Conflict("the request changed meanwhile".into()));
    };
    let customer_locked = outcome == Outcome::Locked && held.failures >= cap;
    let request = held.request;
    let detail = customer_locked.then_some(CUSTOMER_LOCKED);
    let event = event(attempt, &request, outcome, detail);
    events::write_once(&mut tx, &event, Some(attempt.act)).await?;
    tx.commit().await?;
    Ok(AttemptOutcome::Refused { outcome, request, retired: None, customer_locked })
}

/// What the same act was answered when it was told before.
async fn answered(
    db: &Database,
    attempt: &Attempt<'_>,
) -> Result<Option<AttemptOutcome>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(row) = tx.maybe(&ANSWERED, args![attempt.act]).await? else { return Ok(None) };
    let Some(RequestRow { request, .. }) = request::held(&mut tx, attempt.request).await? else {
        return Ok(None);
    };
    let outcome: Outcome = row.word(0)?;
    if outcome == Outcome::Verified {
        let session = session::held(&mut tx, &attempt.session.token_digest).await?;
        return Ok(session.map(|session| AttemptOutcome::Verified { request, session }));
    }
    let retired = match outcome {
        Outcome::Superseded => retired(&mut tx, attempt, &request).await?,
        _ => None,
    };
    let customer_locked = row.maybe_text(1)?.as_deref() == Some(CUSTOMER_LOCKED);
    Ok(Some(AttemptOutcome::Refused { outcome, request, retired, customer_locked }))
}

/// The replaced code that was typed, if it is one. It is never accepted; it
/// only lets the customer be told which message to look for.
async fn retired(
    tx: &mut Tx,
    attempt: &Attempt<'_>,
    request: &Request,
) -> Result<Option<SupersededCode>, StoreError> {
    for row in tx.all(&RETIRED, args![request.customer.0, &request.purpose]).await? {
        let code = StoredCode {
            key_id: row.text(3)?,
            digest: Digest::from_hex(&row.text(2)?),
            purpose: request.purpose.clone(),
            request: row.word(0)?,
            generation: row.count(1)?,
        };
        // Without its key an old code cannot be recognised; it stays wrong.
        if let Ok(true) = attempt.guess.matches(&code) {
            let reference = Reference::from_store(&row.text(4)?);
            return Ok(Some(SupersededCode { reference, sent_at: row.time(5)? }));
        }
    }
    Ok(None)
}

fn event<'a>(
    attempt: &Attempt<'a>,
    request: &'a Request,
    outcome: Outcome,
    detail: Option<&str>,
) -> NewEvent<'a> {
    let about = request::about(request, EventKind::Attempt, attempt.actor);
    NewEvent { outcome: Some(outcome), detail: detail.map(str::to_owned), ..about }
}
