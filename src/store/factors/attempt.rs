//! Judging a code of an authenticator, or a backup code.
//!
//! As for a code to a contact, one guarded statement counts the attempt against the customer
//! before anything is compared, and its row count decides whether there is anything to
//! compare. The failure count is the one of all factors. A right one is spent by a guarded
//! statement too: of many that are right at the same moment one is taken (security
//! requirements 11 and 13).

use crate::domain::customer_factor::{FactorGuess, FactorKind, Judgement, Unusable};
use crate::domain::event::{EventFacts, EventKind, session_detail};
use crate::domain::flag::Standing;
use crate::domain::outcome::Outcome;
use crate::domain::time::millis_of;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::service::ports::factors::{ClockFault, FactorAttempt, FactorAttemptOutcome};
use crate::store::audit::events;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::factors::records::{self, HeldFactor, stored_step};
use crate::store::pads::pairings;
use crate::store::verification::clerk_guard::{self, ClerkState};
use crate::store::verification::session::{self, Proven, Proving};
use crate::store::verification::told_afterwards::{self, Telling};
use crate::store::verification::{customer_guard, flags, lockout};

statements! {
    /// Counts the attempt against the customer $1, whose guard is locked, with the cap $2;
    /// $3 is the clerk with $4 as the most wrong codes in $5 milliseconds.
    COUNT {
        (each
            ("UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
              WHERE customer_id = $1 AND failures < $2 \
              AND EXISTS (SELECT 1 FROM core_clerk_guard WHERE clerk = $3 \
              AND (failures < $4 OR since <= " clock " - $5))")
            ("WITH clerk AS (SELECT clerk FROM core_clerk_guard WHERE clerk = $3 \
              AND (failures < $4 OR since <= " clock " - $5) FOR UPDATE) \
              UPDATE core_guard SET failures = failures + 1, updated_at = " now " \
              WHERE customer_id = $1 AND failures < $2 AND EXISTS (SELECT 1 FROM clerk)")
            ("UPDATE core_guard g STRAIGHT_JOIN core_clerk_guard c \
              SET g.failures = g.failures + 1, g.updated_at = " now ", c.held = c.held + 1 \
              WHERE g.customer_id = $1 AND g.failures < $2 \
              AND c.clerk = $3 AND (c.failures < $4 OR c.since <= " clock " - $5)"))
    }
    /// Never the same step again, nor an older one.
    TAKE_STEP {
        "UPDATE core_customer_factor SET last_step = $3 WHERE customer_id = $1 \
         AND kind = 'totp' AND generation = $2 AND last_step < $3 AND early_step <> $3"
    }
    /// Whoever is told that a code is yet to come must not use it then.
    NOTE_EARLY {
        "UPDATE core_customer_factor SET early_step = $3 WHERE customer_id = $1 \
         AND kind = 'totp' AND generation = $2"
    }
    DIGEST {
        "SELECT digest, used_at FROM core_backup_code WHERE customer_id = $1 AND number = $2"
    }
    /// Erases the digest, so that whoever takes its use back cannot use it again.
    USE_CODE {
        "UPDATE core_backup_code SET used_at = " now ", digest = '' \
         WHERE customer_id = $1 AND number = $2 AND used_at IS NULL \
         AND EXISTS (SELECT 1 FROM core_customer_factor WHERE customer_id = $1 \
         AND kind = 'backup-codes' AND generation = $3)"
    }
}

/// Counts an attempt and judges it, or repeats the answer to it.
pub(in crate::store) async fn attempt(
    db: &Database,
    country: &str,
    attempt: &FactorAttempt<'_>,
) -> Result<FactorAttemptOutcome, StoreError> {
    match judge(db, country, attempt).await {
        Err(StoreError::Taken(why)) => {
            earlier_answer(db, attempt).await?.ok_or(StoreError::Failed(why))
        }
        judged => judged,
    }
}

/// How an attempt that was counted went.
struct Miss {
    outcome: Outcome,
    clock: Option<ClockFault>,
}

async fn judge(
    db: &Database,
    country: &str,
    attempt: &FactorAttempt<'_>,
) -> Result<FactorAttemptOutcome, StoreError> {
    let (customer, kind) = (attempt.customer, attempt.guess.kind());
    let mut tx = db.begin().await?;
    if let Some(it) = attempt.at_pad
        && !pairings::take_authenticator(&mut tx, it.token_digest, it.entry, customer).await?
    {
        return Ok(FactorAttemptOutcome::NotAtPad);
    }
    if records::held(&mut tx, customer, kind).await?.is_none() {
        return Ok(FactorAttemptOutcome::NotEnrolled);
    }
    customer_guard::take(&mut tx, customer).await?;
    let held = again(&mut tx, attempt).await?;
    if held.stored.sealed.is_none() {
        return Ok(FactorAttemptOutcome::NotEnrolled);
    }
    // Before anything is compared or counted.
    flags::of_proof(&mut tx, customer, (Standing::Holder, kind.factor())).await?;
    let arguments = args![
        customer.0,
        attempt.policy.failure_cap,
        &attempt.actor.clerk,
        attempt.limits.wrong_codes_per_clerk,
        millis_of(clerk_guard::WINDOW),
    ];
    if tx.write(&COUNT, arguments).await? == 0 {
        return refuse(tx, attempt, &held).await;
    }
    // Without the key this returns, and the count is rolled back.
    let quarantine = attempt.policy.contact_quarantine;
    let telling = Telling { notices: attempt.notices, quarantine, country, actor: attempt.actor };
    let Some(miss) = spend(&mut tx, attempt, &held).await? else {
        return accept(tx, attempt, &held, telling).await;
    };
    reject(tx, attempt, miss, telling).await
}

/// Compares what was given, and spends it; none where it was right.
async fn spend(
    tx: &mut Tx,
    attempt: &FactorAttempt<'_>,
    held: &HeldFactor,
) -> Result<Option<Miss>, StoreError> {
    let (customer, generation) = (attempt.customer.0, held.stored.generation);
    let mut is_used = false;
    let mut digest = None;
    if let FactorGuess::BackupCode(code) = attempt.guess {
        let row = tx.maybe(&DIGEST, args![customer, u32::from(code.number())]).await?;
        if let Some(row) = row {
            is_used = row.maybe_time("used_at")?.is_some();
            digest = Some(row.text("digest")?);
        }
    }
    let judged = attempt.guess.judge(&held.stored, digest.as_deref(), held.now, attempt.keyring);
    let spent = match judged.map_err(unusable)? {
        Judgement::Step(step) => {
            tx.write(&TAKE_STEP, args![customer, generation, stored_step(step)]).await?
        }
        Judgement::Number(number) => {
            tx.write(&USE_CODE, args![customer, u32::from(number), generation]).await?
        }
        Judgement::WrongClock(clock) => {
            let ahead = clock.ahead();
            if ahead > 0 {
                let step = stored_step(clock.shown);
                tx.write(&NOTE_EARLY, args![customer, generation, step]).await?;
            }
            let clock = Some(ClockFault { ahead, now: held.now });
            return Ok(Some(Miss { outcome: Outcome::Wrong, clock }));
        }
        Judgement::Wrong => {
            let outcome = if is_used { Outcome::Used } else { Outcome::Wrong };
            return Ok(Some(Miss { outcome, clock: None }));
        }
    };
    Ok((spent == 0).then_some(Miss { outcome: Outcome::Used, clock: None }))
}

/// Why what is stored cannot be compared with.
fn unusable(why: Unusable) -> StoreError {
    match why {
        Unusable::MissingKey(missing) => missing.into(),
        Unusable::Broken(_) | Unusable::Removed => StoreError::refused(
            "What this customer enrolled cannot be used: it was enrolled for another account \
             number, or its row was changed. Verify the customer another way, and enrol it again.",
        ),
    }
}

async fn accept(
    mut tx: Tx,
    attempt: &FactorAttempt<'_>,
    held: &HeldFactor,
    telling: Telling<'_>,
) -> Result<FactorAttemptOutcome, StoreError> {
    let kind = attempt.guess.kind();
    let codes_left = match kind {
        FactorKind::Totp => None,
        FactorKind::BackupCodes => Some(records::codes_left(&mut tx, attempt.customer).await?),
    };
    let proving = Proving {
        new: &attempt.session,
        policy: attempt.policy,
        policy_version: attempt.policy_version,
        keyring: attempt.keyring,
        telling,
        actor: attempt.actor,
    };
    let proven = Proven {
        customer: attempt.customer,
        account_no: &held.stored.account_no,
        customer_name: &held.customer_name,
        request: None,
        reference: None,
        representative: None,
        factor: kind.factor(),
        purpose: attempt.purpose,
        at: held.now,
    };
    let result = session::prove(&mut tx, &proving, &proven).await?;
    let mut writes = vec![lockout::reset_failures(attempt.customer)];
    writes.extend(result.write(&proving));
    let event = event(attempt, Outcome::Verified, result.told.as_deref().unwrap_or_default());
    let said = event.detail.as_deref().unwrap_or_default();
    let detail = Some(session_detail(&result.session.id, said));
    let event = NewEvent { detail, ..event };
    events::write_with(&mut tx, writes, &event, Some(attempt.act)).await?;
    commit(tx, attempt, Outcome::Verified).await?;
    Ok(FactorAttemptOutcome::Verified { session: result.session, codes_left })
}

async fn reject(
    mut tx: Tx,
    attempt: &FactorAttempt<'_>,
    miss: Miss,
    telling: Telling<'_>,
) -> Result<FactorAttemptOutcome, StoreError> {
    let held = again(&mut tx, attempt).await?;
    let customer_locked = held.failures >= attempt.policy.failure_cap;
    if customer_locked {
        lockout::close_requests(&mut tx, attempt.customer).await?;
        told_afterwards::of_lockout(&mut tx, telling, attempt.customer, None).await?;
    }
    let why = match (customer_locked, &miss.clock) {
        (true, _) => lockout::CUSTOMER_LOCKED_DETAIL,
        (false, Some(_)) => "its clock is wrong",
        (false, None) => "",
    };
    let event = event(attempt, miss.outcome, why);
    let counted = vec![clerk_guard::count(attempt.actor)];
    events::write_with(&mut tx, counted, &event, Some(attempt.act)).await?;
    // Of a wrong code that locked the customer the counter hears that they are.
    commit(tx, attempt, if customer_locked { Outcome::Locked } else { miss.outcome }).await?;
    Ok(FactorAttemptOutcome::Refused {
        outcome: miss.outcome,
        customer_locked,
        clerk_waits_until: None,
        clock: miss.clock,
    })
}

/// Commits, with the outcome for the counter whose pad it was typed at.
async fn commit(
    mut tx: Tx,
    attempt: &FactorAttempt<'_>,
    outcome: Outcome,
) -> Result<(), StoreError> {
    if let Some(it) = attempt.at_pad {
        pairings::say_outcome(&mut tx, it.token_digest, outcome).await?;
    }
    tx.commit().await
}

/// The factor after its row was locked or counted.
async fn again(tx: &mut Tx, attempt: &FactorAttempt<'_>) -> Result<HeldFactor, StoreError> {
    let held = records::held(tx, attempt.customer, attempt.guess.kind()).await?;
    held.ok_or_else(|| StoreError::Conflict("what was enrolled is gone".into()))
}

/// Refuses an attempt that was neither counted nor compared.
async fn refuse(
    mut tx: Tx,
    attempt: &FactorAttempt<'_>,
    held: &HeldFactor,
) -> Result<FactorAttemptOutcome, StoreError> {
    let customer_locked = held.failures >= attempt.policy.failure_cap;
    let (outcome, why, clerk_waits_until) = if customer_locked {
        (Outcome::Locked, lockout::CUSTOMER_LOCKED_DETAIL, None)
    } else {
        match clerk_guard::state(&mut tx, attempt.actor, attempt.limits).await? {
            ClerkState::WaitsUntil(until) => {
                (Outcome::Limited, clerk_guard::LIMITED_DETAIL, Some(until))
            }
            ClerkState::New => {
                tx.commit_quietly().await?;
                return Err(StoreError::Conflict("the clerk had no guard yet".into()));
            }
            ClerkState::Free => {
                return Err(StoreError::Conflict("the customer was unlocked meanwhile".into()));
            }
        }
    };
    let event = event(attempt, outcome, why);
    events::write_once(&mut tx, &event, Some(attempt.act)).await?;
    commit(tx, attempt, outcome).await?;
    Ok(FactorAttemptOutcome::Refused { outcome, customer_locked, clerk_waits_until, clock: None })
}

/// The answer that the same attempt was given before. What the clock of an authenticator was
/// is not told twice.
async fn earlier_answer(
    db: &Database,
    attempt: &FactorAttempt<'_>,
) -> Result<Option<FactorAttemptOutcome>, StoreError> {
    let mut tx = db.begin().await?;
    let Some(outcome) = lockout::earlier_outcome(&mut tx, attempt.act).await? else {
        return Ok(None);
    };
    let kind = attempt.guess.kind();
    if outcome == Outcome::Verified {
        let (new, keyring) = (&attempt.session, attempt.keyring);
        let opened = session::proved_before(&mut tx, attempt.customer, new, keyring).await?;
        let Some(session) = opened else { return Ok(None) };
        let codes_left = match kind {
            FactorKind::Totp => None,
            FactorKind::BackupCodes => Some(records::codes_left(&mut tx, attempt.customer).await?),
        };
        return Ok(Some(FactorAttemptOutcome::Verified { session, codes_left }));
    }
    let held = records::held(&mut tx, attempt.customer, kind).await?;
    let failures = held.map_or(0, |it| it.failures);
    let customer_locked = outcome != Outcome::Limited && failures >= attempt.policy.failure_cap;
    let clerk_waits_until = match outcome {
        Outcome::Limited => match clerk_guard::state(&mut tx, attempt.actor, attempt.limits).await?
        {
            ClerkState::WaitsUntil(until) => Some(until),
            ClerkState::New | ClerkState::Free => None,
        },
        _ => None,
    };
    let refused =
        FactorAttemptOutcome::Refused { outcome, customer_locked, clerk_waits_until, clock: None };
    Ok(Some(refused))
}

fn event<'a>(attempt: &FactorAttempt<'a>, outcome: Outcome, why: &str) -> NewEvent<'a> {
    let by = match attempt.guess {
        FactorGuess::Totp(_) => "by authenticator".to_owned(),
        FactorGuess::BackupCode(code) => format!("by backup code {}", code.number()),
    };
    let by = match attempt.at_pad {
        Some(it) => format!("{by}, {}", pairings::typed_at(it.pad, attempt.actor)),
        None => by,
    };
    let detail = if why.is_empty() { by } else { format!("{by}: {why}") };
    NewEvent {
        outcome: Some(outcome),
        customer: Some(attempt.customer),
        facts: EventFacts {
            purpose: Some(&attempt.purpose.name),
            provider: Some(attempt.guess.kind().factor().word()),
            asked_at: None,
        },
        ..NewEvent::of_office(EventKind::Attempt, detail, attempt.actor)
    }
}
