//! Lifting a customer's lock. A lock is also a lever against the customer, so
//! staff can lift it, and the log says who did and why. The entry bears the name
//! of the act and is written even where there is nothing to forgive, then undone:
//! so an act told again after its answer was lost is known for done.

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
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

/// Forgives the wrong codes in a row; whether there were any.
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
