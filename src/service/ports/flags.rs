//! The flags of customers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::flag::{CustomerFlag, Flag, Flags};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The flags that the staff has set. Those whose time is over are none.
#[async_trait]
pub trait FlagStore: Send + Sync {
    /// The flags of one customer.
    async fn flags(&self, customer: CustomerId) -> Result<Flags, StoreError>;
    /// Up to `limit` flags of all customers, by customer.
    async fn flagged(&self, limit: u32) -> Result<Vec<FlaggedCustomer>, StoreError>;
    /// Sets a flag, in the place of an earlier one of its kind, with its event, and ends what it
    /// makes worthless: sessions, and codes under way. `act` is the idempotency key.
    async fn set_flag(&self, act: &str, flag: NewFlag<'_>) -> Result<(), StoreError>;
    /// Lifts a flag, with its event; whether it was set.
    async fn lift_flag(
        &self,
        act: &str,
        customer: CustomerId,
        flag: Flag,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
}

/// A flag about to be set.
#[derive(Clone, Copy, Debug)]
pub struct NewFlag<'a> {
    pub customer: CustomerId,
    pub flag: Flag,
    /// Why.
    pub reason: &'a str,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Who sets it, and where.
    pub actor: &'a Actor,
}

/// A flag with its customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlaggedCustomer {
    pub customer: CustomerId,
    /// The account number.
    pub account_no: String,
    /// The customer's name.
    pub name: String,
    pub flag: CustomerFlag,
}
