//! Judging a code.
//!
//! The attempt is counted by two guarded statements before anything is compared:
//! against the customer, then against the request. Their row counts decide whether
//! there is anything to compare (security requirements 4 and 6), so that nobody
//! learns from a locked request whether the code was right. A right code takes its
//! own count against the customer back. The first of the two also holds every
//! other act on the customer up until this one has ended. All of it is one
//! transaction with the event: without the event there is no session. The event
//! bears the name of the act, so that one told again fails at its event, undoes
//! what it has done so far and is answered by the first.

use super::db::{Db, Tx, args};
use super::sql::statements;
use super::view::Held;
use super::{events, outbox, request, session};
use crate::domain::code::{Digest, StoredCode};
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, Request, Status};
use crate::service::ports::{Attempt, Attempted, RetiredCode, StoreError};

statements! {
    BLAME {
        "UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
         WHERE customer_id = (SELECT customer_id FROM core_otp WHERE public_id = $1) \
         AND failures < $2"
    }
    UNBLAME {
        "UPDATE core_guard SET failures = failures - 1 \
         WHERE customer_id = (SELECT customer_id FROM core_otp WHERE public_id = $1)"
    }
    COUNT {
        "UPDATE core_otp SET attempts = attempts + 1 \
         WHERE public_id = $1 AND status = 'open' AND attempts < max_attempts \
         AND expires_at > " now
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

/// Counts an attempt, then judges it; or says again what came of it.
pub(super) async fn attempt(db: &Db, attempt: Attempt<'_>) -> Result<Attempted, StoreError> {
    match judge(db, &attempt).await {
        Err(StoreError::Taken(why)) => answered(db, &attempt).await?.ok_or(StoreError::Failed(why)),
        judged => judged,
    }
}

async fn judge(db: &Db, attempt: &Attempt<'_>) -> Result<Attempted, StoreError> {
    let mut tx = db.begin().await?;
    let cap = attempt.policy.failure_cap;
    let id = attempt.request.as_str();
    let blamed = tx.write(&BLAME, args![id, cap]).await? == 1;
    let admitted = blamed && tx.write(&COUNT, args![id]).await? == 1;
    if blamed && !admitted {
        tx.write(&UNBLAME, args![id]).await?;
    }
    let Some(held) = request::held(&mut tx, attempt.request).await? else {
        return Ok(Attempted::NotFound);
    };
    if !admitted {
        return refuse(tx, attempt, held).await;
    }
    // Where the key is missing this returns, and the count is taken back.
    if attempt.guess.matches(&held.code())? {
        accept(tx, attempt, held).await
    } else {
        reject(tx, attempt, held).await
    }
}

async fn accept(mut tx: Tx, attempt: &Attempt<'_>, held: Held) -> Result<Attempted, StoreError> {
    tx.write(&VERIFY, args![held.row]).await?;
    outbox::withdraw(&mut tx, &held.request).await?;
    tx.write(&FORGIVE, args![held.request.customer.0]).await?;
    let session = session::open(&mut tx, attempt, &held).await?;
    let request = Request { status: Status::Verified, ..held.request };
    record(&mut tx, attempt, &request, Outcome::Verified, None).await?;
    tx.commit().await?;
    Ok(Attempted::Verified { request, session })
}

async fn reject(mut tx: Tx, attempt: &Attempt<'_>, held: Held) -> Result<Attempted, StoreError> {
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
    let detail = customer_locked.then_some(CUSTOMER_LOCKED);
    record(&mut tx, attempt, &request, outcome, detail).await?;
    tx.commit().await?;
    Ok(Attempted::Refused { outcome, request, retired, customer_locked })
}

async fn refuse(mut tx: Tx, attempt: &Attempt<'_>, held: Held) -> Result<Attempted, StoreError> {
    let cap = attempt.policy.failure_cap;
    let outcome = held.refusal(cap).unwrap_or(Outcome::Locked);
    let customer_locked = outcome == Outcome::Locked && held.failures >= cap;
    let request = held.request;
    let detail = customer_locked.then_some(CUSTOMER_LOCKED);
    record(&mut tx, attempt, &request, outcome, detail).await?;
    tx.commit().await?;
    Ok(Attempted::Refused { outcome, request, retired: None, customer_locked })
}

/// What the same act was answered when it was told before.
async fn answered(db: &Db, attempt: &Attempt<'_>) -> Result<Option<Attempted>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(row) = tx.maybe(&ANSWERED, args![attempt.act]).await? else { return Ok(None) };
    let Some(Held { request, .. }) = request::held(&mut tx, attempt.request).await? else {
        return Ok(None);
    };
    let outcome: Outcome = row.word(0)?;
    if outcome == Outcome::Verified {
        let session = session::held(&mut tx, &attempt.session.token_digest).await?;
        return Ok(session.map(|session| Attempted::Verified { request, session }));
    }
    let retired = match outcome {
        Outcome::Superseded => retired(&mut tx, attempt, &request).await?,
        _ => None,
    };
    let customer_locked = row.maybe_text(1)?.as_deref() == Some(CUSTOMER_LOCKED);
    Ok(Some(Attempted::Refused { outcome, request, retired, customer_locked }))
}

/// The replaced code that was typed, if it is one. It is never accepted; it
/// only lets the customer be told which message to look for.
async fn retired(
    tx: &mut Tx,
    attempt: &Attempt<'_>,
    request: &Request,
) -> Result<Option<RetiredCode>, StoreError> {
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
            return Ok(Some(RetiredCode { reference, sent_at: row.time(5)? }));
        }
    }
    Ok(None)
}

async fn record(
    tx: &mut Tx,
    attempt: &Attempt<'_>,
    request: &Request,
    outcome: Outcome,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    let mut event = request::about(request, EventKind::Attempt, attempt.actor);
    event.outcome = Some(outcome);
    event.detail = detail.map(str::to_owned);
    events::write_once(tx, &event, Some(attempt.act)).await
}
