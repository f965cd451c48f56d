//! The port of the search index.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::customer::CustomerId;
use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::{IndexProgress, IndexStep, SearchIndex};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::search_index::reindex::RepairMode;

#[async_trait]
impl SearchIndex for SqlStore {
    fn index_progress(&self) -> watch::Receiver<Option<IndexProgress>> {
        self.incremental.progress()
    }

    async fn index_ready(&self) {
        self.incremental.wait_for_first_pass(&self.reindexer).await;
    }

    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError> {
        let mode = if dry { RepairMode::Never } else { RepairMode::WaitForLock };
        let step = retry_on_conflict(|| self.reindexer.step(after, limit, mode)).await?;
        if step.next.is_none() && !dry {
            self.reindexer.mark_complete().await?;
        }
        Ok(step)
    }
}
