//! What can be asked about the log, and about the tree over it.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::CheckpointVerifier;
use crate::domain::event::{Event, EventFilter, EventPage};
use crate::domain::request::RequestId;
use crate::service::audit::seal::SealProgress;
use crate::service::audit::trail::TrailStatus;
use crate::service::audit::verify::VerifyRun;
use crate::service::{Desk, DeskError, PAGE_MAX, typed};

/// Reads a page of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadLog {
    /// Which events.
    pub filter: EventFilter,
    /// Which page.
    pub page: EventPage,
    /// How many at most.
    pub limit: u32,
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Which page was asked for.
    pub page: EventPage,
    /// Its events, in the page's order.
    pub events: Vec<Event>,
}

impl ReadLog {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<LogPage, DeskError> {
        let text = self.filter.text.as_deref().map(|it| typed(it).to_owned());
        let filter = EventFilter { text, ..self.filter };
        let events = desk.log(&filter, self.page, self.limit.min(PAGE_MAX)).await?;
        Ok(LogPage { page: self.page, events })
    }
}

/// Reads a request's timeline: everything the log has on it, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadTimeline {
    /// Of which request.
    pub request: RequestId,
}

impl ReadTimeline {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<Event>, DeskError> {
        desk.timeline(&self.request).await
    }
}

/// Seals the next events of the log, one batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealTrail;

impl SealTrail {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<SealProgress, DeskError> {
        desk.seal_trail().await
    }
}

/// Reads how far the log is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadTrail;

impl ReadTrail {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<TrailStatus, DeskError> {
        desk.trail_status().await
    }
}

/// Reads the public keys of the trail, the current one first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadTrailKeys;

impl ReadTrailKeys {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<CheckpointVerifier>, DeskError> {
        desk.trail_keys().await
    }
}

/// Begins to verify the trail in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BeginVerification {
    /// Checkpoints that were kept elsewhere.
    pub kept: Vec<String>,
    /// The public keys; without any, those of the desk.
    pub keys: Vec<CheckpointVerifier>,
}

impl BeginVerification {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Box<VerifyRun>, DeskError> {
        desk.begin_verification(&self.kept, self.keys).await.map(Box::new)
    }
}

/// Goes over the next leaves of the trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyTrail {
    /// How far it has come.
    pub run: Box<VerifyRun>,
}

impl VerifyTrail {
    pub(in crate::service) async fn handle(
        mut self,
        desk: &Desk,
    ) -> Result<Box<VerifyRun>, DeskError> {
        desk.verify_step(&mut self.run).await?;
        Ok(self.run)
    }
}
