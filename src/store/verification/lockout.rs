//! Lifting a lockout. Locking somebody out is also a way to harm a customer, so staff can
//! lift it, and the log says who did and why. The event carries the idempotency key. It is
//! written even where the failure count is zero, and then rolled back: so a call that is
//! repeated after its answer was lost is recognised.

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFacts, EventKind};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::error::StoreError;
use crate::store::audit::events;
use crate::store::database::engine::{Database, args};
use crate::store::database::statement::statements;

statements! {
    UNLOCK {
        "UPDATE core_guard SET failures = 0, updated_at = " now
        " WHERE customer_id = $1 AND failures > 0"
    }
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
