//! The stats.

use async_trait::async_trait;

use crate::domain::event::Actor;
use crate::domain::stats::query::{SpanStats, StatsDimension, StatsFilter, StatsSpan};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// Roll-ups of the log. The sealer makes them ([`crate::service::ports::trail::TrailStore`]).
#[async_trait]
pub trait StatsStore: Send + Sync {
    /// The figures of spans.
    async fn stats(&self, query: &StatsQuery) -> Result<StatsFound, StoreError>;
    /// Goes on making the stats anew from the log, or begins to. The last step writes an
    /// event.
    async fn rebuild_stats(&self, most: u32, actor: &Actor) -> Result<RebuildStep, StoreError>;
}

/// What is read of the stats.
#[derive(Clone, Debug)]
pub struct StatsQuery {
    /// Of when.
    pub spans: Vec<StatsSpan>,
    /// By what.
    pub by: Option<StatsDimension>,
    /// Of which events.
    pub only: StatsFilter,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct StatsFound {
    /// The store's clock.
    pub read_at: Timestamp,
    /// For each span its groups.
    pub spans: Vec<SpanStats>,
    /// So many of the first sealed entries are not counted.
    pub uncounted: u64,
    /// Whether something was left out.
    pub more: bool,
}

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RebuildStep {
    /// How many sealed entries were gone over.
    pub done: u64,
    /// Of how many.
    pub of: u64,
    /// Whether it has ended.
    pub is_over: bool,
}
