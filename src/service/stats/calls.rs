//! What can be asked about the stats.

use serde::{Deserialize, Serialize};

use crate::domain::oversight::Oversight;
use crate::domain::stats::alarms::Alarm;
use crate::domain::stats::query::{Stats, StatsDimension, StatsFilter, StatsSpan};
use crate::service::ports::stats::RebuildStep;
use crate::service::reason::cleaned_reason;
use crate::service::stats::SPANS_MAX;
use crate::service::{Desk, DeskError, typed};

/// Reads the figures of spans: of each day of a month, of each quarter of an hour of today, of
/// this hour of the weeks before. Whoever asks cuts the time, by the time zone of the office.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadStats {
    /// The spans, at most 400 of them; more are left out.
    pub spans: Vec<StatsSpan>,
    /// By what the figures are told apart; one group without.
    pub by: Option<StatsDimension>,
    /// Only of these.
    pub only: StatsFilter,
}

impl ReadStats {
    pub(in crate::service) async fn handle(mut self, desk: &Desk) -> Result<Stats, DeskError> {
        self.spans.truncate(SPANS_MAX);
        let only = StatsFilter {
            counter: bounded(self.only.counter),
            clerk: bounded(self.only.clerk),
            channel: bounded(self.only.channel),
            provider: bounded(self.only.provider),
            purpose: bounded(self.only.purpose),
        };
        desk.stats(self.spans, self.by, only).await
    }
}

fn bounded(name: Option<String>) -> Option<String> {
    name.map(|it| typed(&it).to_owned())
}

/// Says that figures are written into a file: the entry comes first, the file after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordStatsExport {
    /// What of them, as it is headed.
    pub part: String,
    /// How many lines.
    pub lines: u32,
    /// The idempotency key of this act.
    pub key: String,
}

impl RecordStatsExport {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        let part = cleaned_reason(&self.part);
        let what = format!("figures ({part}) into a CSV file, lines: {}", self.lines);
        desk.record_export(&self.key, &what, None).await
    }
}

/// Goes on making the stats anew from the log, a batch; the first one begins it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RebuildStats;

impl RebuildStats {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<RebuildStep, DeskError> {
        desk.rebuild_stats().await
    }
}

/// Reads what goes on right now: lockouts, who works where with which customer, what waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadOversight;

impl ReadOversight {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Box<Oversight>, DeskError> {
        desk.oversight().await.map(Box::new)
    }
}

/// Looks for alarms, and reads those that are open, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadAlarms;

impl ReadAlarms {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<Alarm>, DeskError> {
        desk.open_alarms().await
    }
}

/// Counts the open alarms, without looking for new ones: for a line that is always shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountAlarms;

impl CountAlarms {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<u32, DeskError> {
        desk.count_open_alarms().await
    }
}

/// Says of an alarm that it was seen to; the alarm as it was before, none where there is none
/// of this number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AcknowledgeAlarm {
    /// Its number.
    pub alarm: i64,
    /// What it was, for the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
}

impl AcknowledgeAlarm {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Option<Alarm>, DeskError> {
        desk.acknowledge_alarm(&self.key, self.alarm, &self.reason).await
    }
}
