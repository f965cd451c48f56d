//! The port of maintenance and of the archive.

use async_trait::async_trait;

use crate::domain::maintenance::{MaintenanceTask, TaskProgress};
use crate::domain::policy::Retention;
use crate::domain::request::{Request, RequestId};
use crate::service::ports::error::StoreError;
use crate::service::ports::upkeep::{MaintenanceStore, TaskBatch};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::upkeep::{archive, maintenance};

#[async_trait]
impl MaintenanceStore for SqlStore {
    async fn maintenance_due(
        &self,
        task: MaintenanceTask,
        retention: &Retention,
        most: u32,
    ) -> Result<u64, StoreError> {
        maintenance::due(&self.db, task, retention, most).await
    }

    async fn run_maintenance_batch(
        &self,
        batch: TaskBatch<'_>,
    ) -> Result<TaskProgress, StoreError> {
        retry_on_conflict(|| maintenance::run_batch(&self.db, batch)).await
    }

    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        archive::request(&self.db, id).await
    }
}
