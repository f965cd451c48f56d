//! What can be asked about the store itself: its clock, whether it works, and
//! its maintenance.

use std::time::Duration;

use chrono::Local;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::service::reason::cleaned_reason;
use crate::service::upkeep::maintenance::{MaintenanceRun, MaintenanceTotals};
use crate::service::{Desk, DeskError};

/// Reads the store's clock, and retries until the store answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadClock;

/// The store's clock beside that of the host on which the desk runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreClockReading {
    /// What the store's clock says.
    pub store: Timestamp,
    /// What the host's clock said when that was read.
    pub own: Timestamp,
}

impl ReadClock {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<StoreClockReading, DeskError> {
        let store = desk.now().await?;
        let own = Timestamp::from_millis(Local::now().timestamp_millis());
        Ok(StoreClockReading { store, own })
    }
}

/// Makes sure that the store can be worked with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckStore;

impl CheckStore {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        desk.store.check().await?;
        Ok(())
    }
}

/// Counts what a maintenance run would do now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountDueMaintenance;

impl CountDueMaintenance {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<MaintenanceTotals, DeskError> {
        desk.due().await
    }
}

/// Does the next batch of a maintenance run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunMaintenanceStep {
    /// The run, as far as it is.
    pub run: MaintenanceRun,
    /// Why, for the log.
    pub reason: String,
    /// The idempotency key of the whole run.
    pub key: String,
}

/// A maintenance run after a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MaintenanceProgress {
    /// The run, as far as it is now.
    pub run: MaintenanceRun,
    /// How long the store is to be left to the counters; none where nothing is
    /// left to do.
    pub rest: Option<Duration>,
}

impl RunMaintenanceStep {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<MaintenanceProgress, DeskError> {
        let mut run = self.run;
        let rest = desk.run_maintenance(&mut run).await?;
        Ok(MaintenanceProgress { run, rest })
    }
}

/// Writes into the log what a maintenance run did, if it did anything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FinishMaintenance {
    /// What was done.
    pub totals: MaintenanceTotals,
    /// Why, for the log, where somebody said so.
    pub reason: Option<String>,
}

impl FinishMaintenance {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        let reason = self.reason.as_deref().map(cleaned_reason);
        desk.finish_maintenance(self.totals, reason.as_deref()).await
    }
}
