//! Lifting a customer's lock. A lock is also a lever against the customer, so
//! staff can lift it, and the log says who did and why.

use super::db::{Db, args};
use super::events;
use super::sql::statements;
use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventKind};
use crate::service::ports::{NewEvent, StoreError};

statements! {
    UNLOCK {
        "UPDATE core_guard SET failures = 0, updated_at = " now
        " WHERE customer_id = $1 AND failures > 0"
    }
}

/// Forgives the wrong codes in a row; whether there were any.
pub(super) async fn unlock(
    db: &Db,
    customer: CustomerId,
    reason: &str,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    if tx.write(&UNLOCK, args![customer.0]).await? == 0 {
        return Ok(false);
    }
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
    events::write(&mut tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}
