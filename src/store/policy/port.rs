//! The port of the office's policies.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::Actor;
use crate::domain::policy_text::PolicyText;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::policy::{PastDelivery, PolicyStore, StoredPolicy};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::policy::records;

#[async_trait]
impl PolicyStore for SqlStore {
    async fn record_policy(&self, policy: &PolicyText, actor: &Actor) -> Result<(), StoreError> {
        retry_on_conflict(|| records::record(&self.db, policy, actor)).await
    }

    async fn policy(&self, version: Option<&str>) -> Result<Option<StoredPolicy>, StoreError> {
        records::policy(&self.db, version).await
    }

    async fn past_deliveries(
        &self,
        from: Timestamp,
        within: Duration,
        limit: u32,
    ) -> Result<Vec<PastDelivery>, StoreError> {
        records::past_deliveries(&self.db, from, within, limit).await
    }
}
