//! What is held of one customer: told, erased, or kept by a legal hold.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::audit::removal::RemovalKey;
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The personal data of the store.
#[async_trait]
pub trait PersonalDataStore: Send + Sync {
    /// All that is held of a customer, without codes and tokens.
    async fn personal_data(&self, customer: CustomerId) -> Result<Vec<DataSection>, StoreError>;
    /// Erases what is personal of a customer, in one transaction. `act` is the idempotency
    /// key.
    async fn erase_customer(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
        key: Option<&RemovalKey>,
    ) -> Result<ErasureOutcome, StoreError>;
    /// Puts a customer under a legal hold, or ends it; whether that changed anything.
    async fn set_hold(
        &self,
        act: &str,
        customer: CustomerId,
        hold: bool,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
}

/// What one part of the store holds of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSection {
    /// What it is about.
    pub name: String,
    /// Its entries, each an object.
    pub entries: Vec<serde_json::Value>,
    /// Whether there are more than are told.
    pub more: bool,
}

/// What came of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ErasureOutcome {
    /// It was erased.
    Erased {
        /// How many entries of the log had something personal.
        entries: u64,
        /// Whether the customer is still in a table of the office's own.
        in_external_table: bool,
    },
    /// A legal hold keeps it.
    #[expect(missing_docs, reason = "said above")]
    Held { reason: String, clerk: String, since: Timestamp },
    /// A code is open, or a message is still to be sent.
    Busy,
}
