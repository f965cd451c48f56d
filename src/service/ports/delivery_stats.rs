//! Figures about deliveries.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::delivery_stats::{DeliverySample, QueueStats};
use crate::service::ports::error::StoreError;

/// What the delivery stats are made from.
#[async_trait]
pub trait DeliveryStatsStore: Send + Sync {
    /// The newest messages of the last `within`, at most `most` of them.
    async fn delivery_samples(
        &self,
        within: Duration,
        most: u32,
    ) -> Result<Vec<DeliverySample>, StoreError>;
    /// The outbox messages that wait to be sent.
    async fn queue_stats(&self) -> Result<QueueStats, StoreError>;
    /// How many of them are meant for other providers than these, by their fingerprints.
    async fn waiting_elsewhere(&self, fingerprints: &[&str]) -> Result<u64, StoreError>;
}
