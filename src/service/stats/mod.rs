//! The stats: what the log comes to, for admins and auditors.

pub mod alarm_mail;
pub mod alarms;
pub mod calls;
mod oversight;
mod readers;

use std::time::Instant;

use crate::domain::event::EventKind;
use crate::domain::stats::query::{Stats, StatsDimension, StatsFilter, StatsSpan};
use crate::service::ports::audit::NewEvent;
use crate::service::ports::stats::{RebuildStep, StatsQuery};
use crate::service::{Desk, DeskError};

pub(in crate::service) use crate::service::stats::readers::Readers;

/// How many spans one call reads at most: a year of days.
pub const SPANS_MAX: usize = 400;

/// How far entries that are not sealed yet are counted.
const UNSEALED_MAX: u32 = 10_000;

/// How many sealed entries one step of a rebuild counts: some 20 ms.
const REBUILD_BATCH: u32 = 2_000;

impl Desk {
    /// The figures of spans. That somebody looked is an entry of the log, once an hour for
    /// each of the staff.
    pub async fn stats(
        &self,
        spans: Vec<StatsSpan>,
        by: Option<StatsDimension>,
        only: StatsFilter,
    ) -> Result<Stats, DeskError> {
        self.record_reader().await?;
        let query = StatsQuery { spans, by, only };
        let found = self.reading(|| self.store.stats(&query)).await?;
        let unsealed = self.reading(|| self.store.unsealed(UNSEALED_MAX)).await?;
        Ok(Stats {
            read_at: found.read_at,
            spans: found.spans,
            uncounted: found.uncounted,
            unsealed,
            more: found.more,
        })
    }

    async fn record_reader(&self) -> Result<(), DeskError> {
        if !self.stats_readers.is_due(&self.actor.clerk, Instant::now()) {
            return Ok(());
        }
        let detail = "the office's figures".to_owned();
        let event = NewEvent::of_office(EventKind::StatsRead, detail, &self.actor);
        let written = self.record(event).await;
        if written.is_err() {
            self.stats_readers.forget(&self.actor.clerk);
        }
        written
    }

    /// Goes on making the stats anew from the log.
    pub async fn rebuild_stats(&self) -> Result<RebuildStep, DeskError> {
        Ok(self.retry(|| self.store.rebuild_stats(REBUILD_BATCH, &self.actor)).await?)
    }
}
