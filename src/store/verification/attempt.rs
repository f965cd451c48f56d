//! Judging an attempt.
//!
//! One guarded statement counts the attempt before anything is compared: against the
//! customer and the request, or against neither. Its row count decides whether there is
//! anything to compare (security requirements 4 and 6), so that a locked request never
//! tells whether the code was right. The code was read before; the count holds only for the
//! generation that was read, which never changes. A right code resets the customer's
//! failure count. The count also locks the rows against every other act on the customer.
//!
//! Everything is one transaction with the event: without the event there is no session. The
//! event carries the idempotency key: a repeated attempt fails at its event, is rolled
//! back, and is answered with what the first one found.

use crate::domain::contact_verification::is_sign_up;
use crate::domain::delivery::TRAY;
use crate::domain::event::EventKind;
use crate::domain::flag::Standing;
use crate::domain::level::Level;
use crate::domain::outcome::Outcome;
use crate::domain::purpose::Purpose;
use crate::domain::request::{Request, Status};
use crate::domain::time::millis_of;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Attempt, AttemptOutcome};
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::columns::requests::RequestRow;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;
use crate::store::pads::pairings;
use crate::store::verification::clerk_guard::{self, ClerkState};
use crate::store::verification::session::{Proven, Proving};
use crate::store::verification::told_afterwards::{self, Telling};
use crate::store::verification::{
    contact_binding, flags, lockout, representatives, request, session, superseded_code,
};

statements! {
    /// Counts the attempt against the customer and the request, or against neither. $1 and
    /// $2 are the request's row and the customer, $3 is the generation, $4 the cap of the
    /// failure count, $5 the clerk with $6 as the most wrong codes in $7 milliseconds. The
    /// customer's guard is locked first, as in every other act, and the clerk's last. The
    /// conditions are tested again after the locks are taken, with the time of that moment.
    COUNT {
        (each
            ("UPDATE core_otp SET attempts = attempts + 1 \
              WHERE id = $1 AND generation = $3 AND status = 'open' \
              AND attempts < max_attempts AND expires_at > " clock " \
              AND EXISTS (SELECT 1 FROM core_guard WHERE customer_id = $2 AND failures < $4) \
              AND EXISTS (SELECT 1 FROM core_clerk_guard WHERE clerk = $5 \
              AND (failures < $6 OR since <= " clock " - $7)); \
              UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
              WHERE customer_id = $2 AND changes() = 1")
            ("WITH held AS (SELECT customer_id FROM core_guard \
              WHERE customer_id = $2 AND failures < $4 FOR UPDATE), \
              clerk AS (SELECT clerk FROM core_clerk_guard \
              WHERE clerk = $5 AND (failures < $6 OR since <= " clock " - $7) \
              AND EXISTS (SELECT 1 FROM held) FOR UPDATE), \
              counted AS (UPDATE core_otp SET attempts = attempts + 1 \
              WHERE id = $1 AND generation = $3 AND status = 'open' \
              AND attempts < max_attempts AND expires_at > " clock " \
              AND EXISTS (SELECT 1 FROM clerk) RETURNING customer_id) \
              UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
              WHERE customer_id = (SELECT customer_id FROM counted)")
            ("UPDATE core_guard g STRAIGHT_JOIN core_otp o STRAIGHT_JOIN core_clerk_guard c \
              SET g.failures = g.failures + 1, g.updated_at = " now ", \
              o.attempts = o.attempts + 1, c.held = c.held + 1 \
              WHERE g.customer_id = $2 AND g.failures < $4 \
              AND o.id = $1 AND o.generation = $3 AND o.status = 'open' \
              AND o.attempts < o.max_attempts AND o.expires_at > " clock " \
              AND c.clerk = $5 AND (c.failures < $6 OR c.since <= " clock " - $7)"))
    }
    VERIFY {
        "UPDATE core_otp SET status = 'verified', is_verified = 1, otp_code = '', \
         closed_at = " now " WHERE id = $1"
    }
    LOCK {
        "UPDATE core_otp SET status = 'locked', otp_code = '', closed_at = " now
        " WHERE id = $1"
    }
}

/// The customer never got the code, but whoever can read the tray.
const SENT_TO_A_TRAY: &str = "\
    The message of this code went to a tray, and this store is marked as one of real customers. \
    Ask for another code.";

/// The detail of the event of a sign-up's right code.
const CONTACT_VERIFIED_DETAIL: &str = "it verified the contact, and opened no session";

/// The detail of the event where the request is locked.
const REQUEST_LOCKED_DETAIL: &str = "it was the last try: the code is locked";

/// Counts an attempt and judges it, or repeats the answer to it.
pub(in crate::store) async fn attempt(
    db: &Database,
    country: &str,
    attempt: Attempt<'_>,
) -> Result<AttemptOutcome, StoreError> {
    match judge(db, country, &attempt).await {
        Err(StoreError::Taken(why)) => {
            earlier_answer(db, &attempt).await?.ok_or(StoreError::Failed(why))
        }
        judged => judged,
    }
}

async fn judge(
    db: &Database,
    country: &str,
    attempt: &Attempt<'_>,
) -> Result<AttemptOutcome, StoreError> {
    let mut tx = db.begin().await?;
    if let Some(it) = attempt.at_pad
        && !pairings::take(&mut tx, it.token_digest, attempt.request).await?
    {
        return Ok(AttemptOutcome::NotAtPad);
    }
    let Some(held) = request::held(&mut tx, attempt.request).await? else {
        return Ok(AttemptOutcome::NotFound);
    };
    let (request, cap) = (&held.request, attempt.policy.failure_cap);
    // Whoever types at a pad while a new code is sent has typed the one before.
    if attempt.at_pad.is_some_and(|it| it.generation != request.generation) {
        return Ok(AttemptOutcome::NotAtPad);
    }
    if held.is_production && request.delivery.provider == TRAY {
        return Err(StoreError::Refused(SENT_TO_A_TRAY.into()));
    }
    // Before anything is compared or counted.
    let who = Standing::of(request.representative.as_ref());
    flags::of_proof(&mut tx, request.customer, (who, request.channel.factor())).await?;
    if let Some(it) = &request.representative {
        representatives::ensure_active(&mut tx, request.customer, &it.id).await?;
    }
    let arguments = args![
        held.row,
        request.customer.0,
        request.generation,
        cap,
        &attempt.actor.clerk,
        attempt.limits.wrong_codes_per_clerk,
        millis_of(clerk_guard::WINDOW),
    ];
    if tx.write(&COUNT, arguments).await? == 0 {
        return refuse(tx, attempt).await;
    }
    // Without the key this returns, and the count is rolled back.
    let quarantine = attempt.policy.contact_quarantine;
    let telling = Telling { notices: attempt.notices, quarantine, country, actor: attempt.actor };
    if attempt.guess.matches(&held.code())? {
        accept(tx, attempt, held, telling).await
    } else {
        reject(tx, attempt, telling).await
    }
}

async fn accept(
    mut tx: Tx,
    attempt: &Attempt<'_>,
    held: RequestRow,
    telling: Telling<'_>,
) -> Result<AttemptOutcome, StoreError> {
    outbox::withdraw(&mut tx, &held.request).await?;
    if is_sign_up(&held.request.purpose) {
        return verify_contact(tx, attempt, held).await;
    }
    let proving = Proving {
        new: &attempt.session,
        policy: attempt.policy,
        policy_version: attempt.policy_version,
        keyring: attempt.guess.keyring,
        telling,
        actor: attempt.actor,
    };
    let name = &held.request.purpose;
    let unknown = Purpose { level: Level::Document, ..Purpose::from(name.as_str()) };
    let purpose = attempt.purposes.iter().find(|it| it.name == *name).unwrap_or(&unknown);
    let proven = Proven {
        customer: held.request.customer,
        account_no: &held.account_no,
        customer_name: &held.customer_name,
        request: Some(&held.request.id),
        reference: Some(&held.request.reference),
        representative: held.request.representative.as_ref(),
        factor: held.request.channel.factor(),
        purpose,
        at: held.now,
    };
    let result = session::prove(&mut tx, &proving, &proven).await?;
    let mut writes = vec![
        Write { sql: &VERIFY, args: args![held.row].to_vec() },
        lockout::reset_failures(held.request.customer),
    ];
    writes.extend(result.write(&proving));
    let attempts = held.request.attempts + 1;
    let request = Request { status: Status::Verified, attempts, ..held.request };
    let event = event(attempt, &request, Outcome::Verified, None);
    let said =
        event.detail.iter().map(String::as_str).chain(result.told.as_deref()).collect::<Vec<_>>();
    let detail = (!said.is_empty()).then(|| said.join("; "));
    let event = NewEvent { detail, ..event };
    events::write_with(&mut tx, writes, &event, Some(attempt.act)).await?;
    commit(tx, attempt, Outcome::Verified).await?;
    Ok(AttemptOutcome::Verified { request, session: result.session })
}

/// The right code of a sign-up: it verifies the contact to which it went, and opens no session.
async fn verify_contact(
    mut tx: Tx,
    attempt: &Attempt<'_>,
    held: RequestRow,
) -> Result<AttemptOutcome, StoreError> {
    let (customer, channel) = (held.request.customer, held.request.channel);
    let writes = vec![
        Write { sql: &VERIFY, args: args![held.row].to_vec() },
        lockout::uncount_failure(customer),
        contact_binding::verify(customer, channel, held.contact()),
    ];
    let event = event(attempt, &held.request, Outcome::Verified, Some(CONTACT_VERIFIED_DETAIL));
    events::write_with(&mut tx, writes, &event, Some(attempt.act)).await?;
    commit(tx, attempt, Outcome::Verified).await?;
    let attempts = held.request.attempts + 1;
    let request = Request { status: Status::Verified, attempts, ..held.request };
    Ok(AttemptOutcome::ContactVerified { request })
}

async fn reject(
    mut tx: Tx,
    attempt: &Attempt<'_>,
    telling: Telling<'_>,
) -> Result<AttemptOutcome, StoreError> {
    let held = counted(&mut tx, attempt).await?;
    let customer = held.request.customer;
    let superseded = superseded_code::entered(&mut tx, attempt, &held).await?;
    let customer_locked = held.failures >= attempt.policy.failure_cap;
    let mut request = held.request;
    if customer_locked {
        lockout::close_requests(&mut tx, customer).await?;
        let reference = Some(&request.reference);
        told_afterwards::of_lockout(&mut tx, telling, customer, reference).await?;
    } else if request.attempts_left() == 0 {
        outbox::withdraw(&mut tx, &request).await?;
        tx.write(&LOCK, args![held.row]).await?;
    }
    if customer_locked || request.attempts_left() == 0 {
        request.status = Status::Locked;
    }
    let outcome = if superseded.is_some() { Outcome::Superseded } else { Outcome::Wrong };
    let detail = match (customer_locked, request.status) {
        (true, _) => Some(lockout::CUSTOMER_LOCKED_DETAIL),
        (false, Status::Locked) => Some(REQUEST_LOCKED_DETAIL),
        _ => None,
    };
    let event = event(attempt, &request, outcome, detail);
    let counted = vec![clerk_guard::count(attempt.actor)];
    events::write_with(&mut tx, counted, &event, Some(attempt.act)).await?;
    commit(tx, attempt, outcome).await?;
    Ok(AttemptOutcome::Refused {
        outcome,
        request,
        superseded,
        customer_locked,
        clerk_waits_until: None,
    })
}

/// Commits, with the outcome for the counter whose pad it was typed at.
async fn commit(mut tx: Tx, attempt: &Attempt<'_>, outcome: Outcome) -> Result<(), StoreError> {
    if let Some(it) = attempt.at_pad {
        pairings::say_outcome(&mut tx, it.token_digest, outcome).await?;
    }
    tx.commit().await
}

/// The request after the attempt was counted.
async fn counted(tx: &mut Tx, attempt: &Attempt<'_>) -> Result<RequestRow, StoreError> {
    let held = request::held(tx, attempt.request).await?;
    held.ok_or_else(|| StoreError::Conflict("the request went to the archive".into()))
}

async fn refuse(mut tx: Tx, attempt: &Attempt<'_>) -> Result<AttemptOutcome, StoreError> {
    let cap = attempt.policy.failure_cap;
    let held = counted(&mut tx, attempt).await?;
    let Some(outcome) = held.refusal(cap) else { return refuse_clerk(tx, attempt, held).await };
    let customer_locked = outcome == Outcome::Locked && held.failures >= cap;
    let request = held.request;
    let detail = customer_locked.then_some(lockout::CUSTOMER_LOCKED_DETAIL);
    let event = event(attempt, &request, outcome, detail);
    events::write_once(&mut tx, &event, Some(attempt.act)).await?;
    commit(tx, attempt, outcome).await?;
    Ok(AttemptOutcome::Refused {
        outcome,
        request,
        superseded: None,
        customer_locked,
        clerk_waits_until: None,
    })
}

/// Refuses an attempt that nothing but the clerk's guard can have held back. It was neither
/// compared nor counted.
async fn refuse_clerk(
    mut tx: Tx,
    attempt: &Attempt<'_>,
    held: RequestRow,
) -> Result<AttemptOutcome, StoreError> {
    let until = match clerk_guard::state(&mut tx, attempt.actor, attempt.limits).await? {
        ClerkState::WaitsUntil(until) => until,
        ClerkState::New => {
            tx.commit_quietly().await?;
            return Err(StoreError::Conflict("the clerk had no guard yet".into()));
        }
        // The request was replaced, or its customer unlocked, between the statements.
        ClerkState::Free => {
            return Err(StoreError::Conflict("the request changed meanwhile".into()));
        }
    };
    let (request, outcome) = (held.request, Outcome::Limited);
    let event = event(attempt, &request, outcome, Some(clerk_guard::LIMITED_DETAIL));
    events::write_once(&mut tx, &event, Some(attempt.act)).await?;
    commit(tx, attempt, outcome).await?;
    Ok(AttemptOutcome::Refused {
        outcome,
        request,
        superseded: None,
        customer_locked: false,
        clerk_waits_until: Some(until),
    })
}

/// The answer that the same attempt was given before.
async fn earlier_answer(
    db: &Database,
    attempt: &Attempt<'_>,
) -> Result<Option<AttemptOutcome>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(outcome) = lockout::earlier_outcome(&mut tx, attempt.act).await? else {
        return Ok(None);
    };
    let Some(held) = request::held(&mut tx, attempt.request).await? else { return Ok(None) };
    if outcome == Outcome::Verified && is_sign_up(&held.request.purpose) {
        return Ok(Some(AttemptOutcome::ContactVerified { request: held.request }));
    }
    if outcome == Outcome::Verified {
        let (new, keyring) = (&attempt.session, attempt.guess.keyring);
        let opened = session::proved_before(&mut tx, held.request.customer, new, keyring).await?;
        return Ok(
            opened.map(|session| AttemptOutcome::Verified { request: held.request, session })
        );
    }
    let superseded = match outcome {
        Outcome::Superseded => superseded_code::entered(&mut tx, attempt, &held).await?,
        _ => None,
    };
    let RequestRow { request, failures, .. } = held;
    // The failure count only grows until the lock is lifted, so that it still says whether
    // the customer is locked.
    let is_by_lockout = match outcome {
        Outcome::Wrong | Outcome::Locked => true,
        Outcome::Superseded => superseded.is_some(),
        _ => false,
    };
    let customer_locked = is_by_lockout && failures >= attempt.policy.failure_cap;
    let clerk_waits_until = match outcome {
        Outcome::Limited => match clerk_guard::state(&mut tx, attempt.actor, attempt.limits).await?
        {
            ClerkState::WaitsUntil(until) => Some(until),
            ClerkState::New | ClerkState::Free => None,
        },
        _ => None,
    };
    Ok(Some(AttemptOutcome::Refused {
        outcome,
        request,
        superseded,
        customer_locked,
        clerk_waits_until,
    }))
}

fn event<'a>(
    attempt: &Attempt<'a>,
    request: &'a Request,
    outcome: Outcome,
    detail: Option<&str>,
) -> NewEvent<'a> {
    let about = request::event_about(request, EventKind::Attempt, attempt.actor);
    let detail = detail.map(str::to_owned);
    let detail = detail.or_else(|| request::asked_elsewhere(request, attempt.actor));
    let detail = match &attempt.at_pad {
        Some(it) => {
            let typed_at = pairings::typed_at(it.pad, attempt.actor);
            Some(detail.into_iter().chain([typed_at]).collect::<Vec<_>>().join("; "))
        }
        None => detail,
    };
    let parts: Vec<String> = about.detail.into_iter().chain(detail).collect();
    let detail = (!parts.is_empty()).then(|| parts.join(": "));
    let about = NewEvent { detail: None, ..about };
    NewEvent { outcome: Some(outcome), detail, ..about }
}
