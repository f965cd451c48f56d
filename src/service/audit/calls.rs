//! What can be asked about the log, and about the tree over it.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::CheckpointVerifier;
use crate::domain::audit::export::ExportedEntry;
use crate::domain::audit::receipt::{Consistency, Inclusion};
use crate::domain::audit::shipping::ShippingStatus;
use crate::domain::event::{Event, EventFilter, EventPage};
use crate::domain::request::RequestId;
use crate::service::audit::export::{Export, ExportRange};
use crate::service::audit::seal::SealProgress;
use crate::service::audit::ship::ShippingProgress;
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
        let bounded = |name: Option<String>| name.map(|it| typed(&it).to_owned());
        let EventFilter { clerk, counter, provider, purpose, .. } = self.filter;
        let filter = EventFilter {
            text,
            clerk: bounded(clerk),
            counter: bounded(counter),
            provider: bounded(provider),
            purpose: bounded(purpose),
            ..self.filter
        };
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

/// Ships the next sealed entries to the collector, one batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShipTrail;

impl ShipTrail {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<ShippingProgress, DeskError> {
        desk.ship_trail().await
    }
}

/// Reads how far the log was shipped; none where the desk ships nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadShipping;

impl ReadShipping {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Box<ShippingStatus>>, DeskError> {
        Ok(desk.shipping_status().await?.map(Box::new))
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

/// Begins an export of the trail, which is an entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BeginExport {
    /// What is exported.
    pub range: ExportRange,
    /// Why what is personal is to be in it; none where it is not.
    pub personal: Option<String>,
    /// The idempotency key of this act.
    pub key: String,
}

impl BeginExport {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Export, DeskError> {
        desk.begin_export(&self.key, &self.range, self.personal.as_deref()).await
    }
}

/// Reads the next entries of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadExport {
    /// The place of the first one.
    pub from: u64,
    /// The place after the last one.
    pub to: u64,
    /// Whether what is personal is in them.
    pub personal: bool,
}

impl ReadExport {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<ExportedEntry>, DeskError> {
        desk.export_page(self.from, self.to, self.personal).await
    }
}

/// Proves that an entry is in the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProveEntry {
    /// The number of the entry, its request, or the reference of that.
    pub name: String,
    /// Why what is personal is to be in it; none where it is not.
    pub personal: Option<String>,
    /// The idempotency key of this act.
    pub key: String,
}

impl ProveEntry {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Box<Inclusion>, DeskError> {
        let event = desk.entry_named(typed(&self.name)).await?;
        desk.prove_entry(&self.key, event, self.personal.as_deref()).await.map(Box::new)
    }
}

/// Proves that the log goes on from an older checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProveConsistency {
    /// The older checkpoint.
    pub old: String,
}

impl ProveConsistency {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Consistency, DeskError> {
        desk.prove_consistency(&self.old).await
    }
}
