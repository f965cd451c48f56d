//! The customer's guard: the row that every act on a customer's requests changes first, so
//! that one act at a time decides about them. It also holds the failure count.

use crate::domain::customer::CustomerId;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Tx, args};
use crate::store::database::statement::statements;

statements! {
    /// Locks the row until the transaction ends.
    TAKE { "UPDATE core_guard SET updated_at = " now " WHERE customer_id = $1" }
    CREATE {
        "INSERT INTO core_guard (customer_id, failures, updated_at) VALUES ($1, 0, " now ")"
        (or_leave "customer_id")
    }
    /// The same for several customers.
    TAKE_MANY {
        (each
            ("UPDATE core_guard SET updated_at = " now " WHERE customer_id " (among "$1"))
            ("UPDATE core_guard SET updated_at = " now " WHERE customer_id " (among "$1"))
            ("UPDATE " (numbers "$1") " STRAIGHT_JOIN core_guard g ON g.customer_id = list.value SET g.updated_at = " now))
    }
    CREATE_MANY {
        "INSERT INTO core_guard (customer_id, failures, updated_at) "
        (each
            ("SELECT value, 0, " now " FROM json_each($1) WHERE true")
            ("SELECT CAST(value AS BIGINT), 0, " now " \
              FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS list (value)")
            ("SELECT value, 0, " now " FROM " (numbers "$1")))
        (or_leave "customer_id")
    }
}

pub(in crate::store) async fn take(tx: &mut Tx, customer: CustomerId) -> Result<(), StoreError> {
    if tx.write(&TAKE, args![customer.0]).await? == 0 {
        tx.write(&CREATE, args![customer.0]).await?;
    }
    Ok(())
}

/// Takes the guards of several customers, a list for `among`. Missing rows are created
/// first, which waits for whoever creates one at the same moment.
pub(in crate::store) async fn take_all(tx: &mut Tx, customers: &str) -> Result<(), StoreError> {
    tx.write(&CREATE_MANY, args![customers]).await?;
    tx.write(&TAKE_MANY, args![customers]).await.map(drop)
}
