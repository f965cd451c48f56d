//! Maintenance tasks, and the archive that one of them fills.

use async_trait::async_trait;

use crate::domain::audit::removal::RemovalKey;
use crate::domain::event::Actor;
use crate::domain::maintenance::{MaintenanceTask, TaskProgress};
use crate::domain::policy::Retention;
use crate::domain::request::{Request, RequestId};
use crate::service::ports::error::StoreError;

/// The upkeep of the store.
#[async_trait]
pub trait MaintenanceStore: Send + Sync {
    /// How many rows a task would change now, counted no further than `most`.
    async fn maintenance_due(
        &self,
        task: MaintenanceTask,
        retention: &Retention,
        most: u32,
    ) -> Result<u64, StoreError>;
    /// Does one batch of a task in one short transaction; repeated, it goes on with
    /// what is left. The event is written for the whole run, by the caller; that of a purge
    /// of the log with each batch.
    async fn run_maintenance_batch(&self, batch: TaskBatch<'_>)
    -> Result<TaskProgress, StoreError>;
    /// A request that was moved to the archive. Of its times the archive keeps only
    /// when it was asked for and until when its code worked.
    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError>;
}

/// A batch of a maintenance task.
#[derive(Clone, Copy, Debug)]
pub struct TaskBatch<'a> {
    /// The task.
    pub task: MaintenanceTask,
    /// How long old rows are kept.
    pub retention: &'a Retention,
    /// Where the batch before ended; [`TaskBatch::START`] for the first.
    pub from: i64,
    /// About how many rows.
    pub most: u32,
    /// Who does it: a purge of the log is an entry of the log.
    pub actor: &'a Actor,
    /// What the entry of a purge is proven with.
    pub removal_key: Option<&'a RemovalKey>,
}

impl TaskBatch<'_> {
    /// Before the first row.
    pub const START: i64 = i64::MIN;
}
