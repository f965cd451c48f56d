//! The flags of customers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::flag::{CustomerFlag, Flag, Flags};
use crate::domain::request::{Reference, RequestId};
use crate::domain::session::Session;
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
    /// Ends all that was proven for a customer, puts them on hold and files an incident; nothing
    /// where all of that was done before. `act` is the idempotency key.
    async fn disown(&self, act: &str, it: Disowning<'_>) -> Result<EndedByDisowning, StoreError>;
    /// Up to `most` requests of a customer of which a message has this reference, the newest
    /// first: those of the last days.
    async fn requests_named(
        &self,
        customer: CustomerId,
        reference: &Reference,
        most: u32,
    ) -> Result<Vec<RequestId>, StoreError>;
    /// The newest session that the code of a request of a customer opened.
    async fn session_of_request(
        &self,
        customer: CustomerId,
        request: &RequestId,
    ) -> Result<Option<Session>, StoreError>;
}

/// A verification that the customer says was not them.
#[derive(Clone, Copy, Debug)]
pub struct Disowning<'a> {
    pub customer: CustomerId,
    /// The request or the session that is named.
    pub named: &'a str,
    pub request: Option<&'a RequestId>,
    pub purpose: Option<&'a str>,
    /// What it was, in words, for the log.
    pub was: &'a str,
    /// Why it is disowned.
    pub reason: &'a str,
    /// Who disowns it, and where.
    pub actor: &'a Actor,
}

/// What ended with a verification that was disowned.
#[derive(Clone, Debug)]
pub struct EndedByDisowning {
    pub sessions: Vec<Session>,
    /// How many codes were cancelled.
    pub codes: u64,
    /// Whether all of it was done before.
    pub is_repeated: bool,
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
