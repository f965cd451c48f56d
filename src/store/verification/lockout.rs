//! The lockout of a customer: what it closes, what ends it, and lifting it. Locking somebody out is also a way to harm a customer, so staff can
//! lift it, and the log says who did and why. The event carries the idempotency key. It is
//! written even where the failure count is zero, and then rolled back: so a call that is
//! repeated after its answer was lost is recognised.

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::domain::outcome::Outcome;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::batch::Write;
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;
use crate::store::delivery::outbox;

/// The detail of the event where the customer is locked.
pub(in crate::store) const CUSTOMER_LOCKED_DETAIL: &str = "the customer is locked";

statements! {
    /// Closes the open requests; expired ones stay expired.
    CLOSE_REQUESTS {
        "UPDATE core_otp SET status = 'locked', otp_code = '', closed_at = " now
        " WHERE customer_id = $1 AND status = 'open' AND expires_at > " now
    }
    RESET_FAILURES { "UPDATE core_guard SET failures = 0, updated_at = " now " WHERE customer_id = $1" }
    UNCOUNT_FAILURE {
        "UPDATE core_guard SET failures = failures - 1, updated_at = " now
        " WHERE customer_id = $1 AND failures > 0"
    }
    /// How an attempt with the same idempotency key ended.
    EARLIER_OUTCOME { "SELECT outcome FROM core_event WHERE act = $1" }
    UNLOCK {
        "UPDATE core_guard SET failures = 0, updated_at = " now
        " WHERE customer_id = $1 AND failures > 0"
    }
}

/// Ends the codes that a customer who is locked could still enter.
pub(in crate::store) async fn close_requests(
    tx: &mut Tx,
    customer: CustomerId,
) -> Result<(), StoreError> {
    outbox::withdraw_all(tx, customer).await?;
    tx.write(&CLOSE_REQUESTS, args![customer.0]).await.map(drop)
}

/// The write that follows a right code.
pub(in crate::store) fn reset_failures<'a>(customer: CustomerId) -> Write<'a> {
    Write { sql: &RESET_FAILURES, args: args![customer.0].to_vec() }
}

/// The write that follows the right code of a sign-up: each attempt is counted before it is
/// judged. The failures before stay, since this code proves a contact and not the customer.
pub(in crate::store) fn uncount_failure<'a>(customer: CustomerId) -> Write<'a> {
    Write { sql: &UNCOUNT_FAILURE, args: args![customer.0].to_vec() }
}

/// How the attempt of this idempotency key ended; none where it is not in the log.
pub(in crate::store) async fn earlier_outcome(
    tx: &mut Tx,
    act: &str,
) -> Result<Option<Outcome>, StoreError> {
    let row = tx.maybe(&EARLIER_OUTCOME, args![act]).await?;
    row.map(|row| row.word("outcome")).transpose()
}

/// Sets the failure count to zero; whether it was over zero.
pub(in crate::store) async fn unlock(
    db: &Database,
    act: &str,
    customer: CustomerId,
    reason: &str,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let forgiven = tx.write(&UNLOCK, args![customer.0]).await? > 0;
    let event = NewEvent {
        kind: EventKind::Unlocked,
        outcome: None,
        request: None,
        customer: Some(customer),
        channel: None,
        contact: None,
        detail: Some(reason.to_owned()),
        actor,
        facts: EventFacts::default(),
    };
    match events::write_once(&mut tx, &event, Some(act)).await {
        Err(StoreError::Taken(_)) => return Ok(true),
        written => written?,
    }
    if forgiven {
        tx.commit().await?;
    }
    Ok(forgiven)
}
