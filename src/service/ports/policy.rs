//! The policies that held, and the messages by which another one is tried.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::policy_text::PolicyText;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The office's policies.
#[async_trait]
pub trait PolicyStore: Send + Sync {
    /// Keeps the policy that holds now. Where another one held before, the log says what
    /// was and what is; once, however many hosts say the same.
    async fn record_policy(&self, policy: &PolicyText, actor: &Actor) -> Result<(), StoreError>;
    /// A policy by its version, or the one that holds; none where there is none.
    async fn policy(&self, version: Option<&str>) -> Result<Option<StoredPolicy>, StoreError>;
    /// Up to `limit` messages from a moment on that are no older than `within`, oldest first.
    async fn past_deliveries(
        &self,
        from: Timestamp,
        within: Duration,
        limit: u32,
    ) -> Result<Vec<PastDelivery>, StoreError>;
}

/// A policy that held.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoredPolicy {
    /// Its version.
    pub version: String,
    /// Its text.
    pub policy: PolicyText,
    /// When it was first kept.
    pub since: Timestamp,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct PastDelivery {
    /// Its number.
    pub id: i64,
    /// When it was queued.
    pub at: Timestamp,
    /// Where to.
    pub contact: String,
    /// Its number prefix; none for email.
    pub prefix: Option<String>,
    /// For whom.
    pub customer: CustomerId,
    /// By whom, and from where.
    pub actor: Actor,
}
