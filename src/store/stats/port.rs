//! The port of the stats.

use async_trait::async_trait;

use crate::domain::event::Actor;
use crate::service::ports::error::StoreError;
use crate::service::ports::stats::{RebuildStep, StatsFound, StatsQuery, StatsStore};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::stats::{read, rebuild};

#[async_trait]
impl StatsStore for SqlStore {
    async fn stats(&self, query: &StatsQuery) -> Result<StatsFound, StoreError> {
        read::stats(&self.db, query).await
    }

    async fn rebuild_stats(&self, most: u32, actor: &Actor) -> Result<RebuildStep, StoreError> {
        retry_on_conflict(|| rebuild::step(&self.db, most, actor)).await
    }
}
