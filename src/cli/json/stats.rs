//! The shapes of `stats`.

use std::time::Duration;

use serde::Serialize;

use crate::domain::delivery_stats::Percentiles;
use crate::domain::request::RequestId;
use crate::domain::stats::alarms::{Alarm, AlarmKind};
use crate::domain::stats::figures::StatsCounts;
use crate::domain::stats::query::{GroupStats, StatsDimension, StatsSpan};
use crate::domain::time::Timestamp;

/// The stats.
#[derive(Debug, Serialize)]
pub struct StatsReply<'a> {
    /// `read`
    pub outcome: &'static str,
    /// When they were read, by the store's clock.
    pub read_at: Timestamp,
    /// From when on.
    pub since: Timestamp,
    /// Until before when.
    pub until: Timestamp,
    /// By what; nothing where by time.
    pub by: Option<StatsDimension>,
    /// So many of the first sealed entries are not counted.
    pub uncounted: u64,
    /// So many entries are not sealed yet, and not counted either.
    pub unsealed: u32,
    /// Whether there were more groups than an answer takes.
    pub more: bool,
    /// What is usual for this part of this weekday, where today was asked for.
    pub usual: Option<UsualLine>,
    /// The figures of each hour or day, or of each group.
    pub rows: Vec<StatsLine<'a>>,
}

/// The median of the weeks before.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UsualLine {
    /// Codes that were asked for.
    pub asked: Option<u64>,
    /// Customers who were verified.
    pub verified: Option<u64>,
    /// What went wrong.
    pub failures: Option<u64>,
}

/// The figures of an hour, a day or a group.
#[derive(Debug, Serialize)]
pub struct StatsLine<'a> {
    /// From when on.
    pub since: Timestamp,
    /// Until before when.
    pub until: Timestamp,
    /// The counter, clerk, channel, provider or purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// How many of what.
    pub counts: &'a StatsCounts,
    /// How many of a hundred that were asked for were verified.
    pub success_percent: Option<u64>,
    /// Until a provider took the message.
    pub accepted: Option<TimesLine>,
    /// Until it arrived.
    pub delivered: Option<TimesLine>,
    /// Until the customer was verified.
    pub verified: Option<TimesLine>,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TimesLine {
    /// Of how many.
    pub count: usize,
    /// Half of them took no longer, in milliseconds.
    pub p50_ms: u64,
    /// Of twenty, nineteen took no longer.
    pub p95_ms: u64,
}

impl From<Percentiles> for TimesLine {
    fn from(times: Percentiles) -> Self {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self { count: times.count, p50_ms: millis(times.p50), p95_ms: millis(times.p95) }
    }
}

impl<'a> StatsLine<'a> {
    /// The figures of a group in a span.
    pub fn new(span: StatsSpan, name: Option<&'a str>, group: &'a GroupStats) -> Self {
        Self {
            since: span.from.began_at(),
            until: span.before.began_at(),
            name,
            counts: &group.counts,
            success_percent: group.counts.success_percent(),
            accepted: group.accepted.map(TimesLine::from),
            delivered: group.delivered.map(TimesLine::from),
            verified: group.verified.map(TimesLine::from),
        }
    }
}

/// What a rebuild did.
#[derive(Debug, Serialize)]
pub struct RebuildReply {
    /// `rebuilt`
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: String,
    /// From how many sealed entries.
    pub entries: u64,
}

/// The open alarms.
#[derive(Debug, Serialize)]
pub struct AlarmsReply<'a> {
    /// `alarms`, or `quiet` where there are none.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: String,
    /// Newest first.
    pub alarms: Vec<AlarmLine<'a>>,
}

/// An open alarm.
#[derive(Debug, Serialize)]
pub struct AlarmLine<'a> {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub kind: AlarmKind,
    /// A clerk, a provider, the beginning of phone numbers, or a request.
    pub subject: &'a str,
    /// The request that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<&'a RequestId>,
    /// What was found.
    pub detail: &'a str,
    /// When it was raised, by the store's clock.
    pub raised_at: Timestamp,
    /// The command that shows the entries behind it.
    pub log: String,
}

impl<'a> AlarmLine<'a> {
    /// The line of an alarm.
    pub fn new(alarm: &'a Alarm, log: String) -> Self {
        let finding = &alarm.finding;
        Self {
            id: alarm.id,
            kind: finding.kind,
            subject: &finding.subject,
            request: finding.request.as_ref(),
            detail: &finding.detail,
            raised_at: alarm.raised_at,
            log,
        }
    }
}
