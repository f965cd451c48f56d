//! What is asked of the stats, and the answer.

use serde::{Deserialize, Serialize};

use crate::domain::delivery_stats::Percentiles;
use crate::domain::stats::figures::StatsCounts;
use crate::domain::stats::quarter::Quarter;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// By what figures are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum StatsDimension {
    /// By the counter at which it was done.
    Counter,
    /// By who did it.
    Clerk,
    /// By the channel.
    Channel,
    /// By the provider of the message.
    Provider,
    /// By what the verification was for.
    Purpose,
}

words!(StatsDimension, "what stats are told by; use counter, clerk, channel, provider or purpose");

impl StatsDimension {
    /// Whether times are kept by it: how long a message takes is no clerk's doing.
    pub const fn is_timed(self) -> bool {
        matches!(self, Self::Channel | Self::Provider | Self::Purpose)
    }
}

/// Some quarters of an hour in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatsSpan {
    /// The first one.
    pub from: Quarter,
    /// The one after the last.
    pub before: Quarter,
}

impl StatsSpan {
    /// The quarters that a time touches.
    pub const fn touched(from: Timestamp, before: Timestamp) -> Self {
        Self { from: Quarter::of(from), before: Quarter::from(before) }
    }
}

/// Only of these; empty where of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the dimensions, as `StatsDimension` names them")]
pub struct StatsFilter {
    pub counter: Option<String>,
    pub clerk: Option<String>,
    pub channel: Option<String>,
    pub provider: Option<String>,
    pub purpose: Option<String>,
}

impl StatsFilter {
    /// Whether times are kept for what it lets through.
    pub const fn is_timed(&self) -> bool {
        self.counter.is_none() && self.clerk.is_none()
    }
}

/// The figures of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupStats {
    /// The name of the counter, clerk, channel, provider or purpose; empty where all are one
    /// group, and for events that have none.
    pub name: String,
    /// How many of what.
    pub counts: StatsCounts,
    /// From when a message was asked for until a provider took it.
    pub accepted: Option<Percentiles>,
    /// From then until it arrived.
    pub delivered: Option<Percentiles>,
    /// From when a code was first asked for until the customer was verified.
    pub verified: Option<Percentiles>,
}

/// The figures of one span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanStats {
    /// Which one.
    pub span: StatsSpan,
    /// Its groups, by name.
    pub groups: Vec<GroupStats>,
}

impl SpanStats {
    /// All its groups as one.
    pub fn counts(&self) -> StatsCounts {
        let mut counts = StatsCounts::default();
        for group in &self.groups {
            counts.merge(&group.counts);
        }
        counts
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// When they were read, by the store's clock.
    pub read_at: Timestamp,
    /// For each span that was asked about, in the same order.
    pub spans: Vec<SpanStats>,
    /// So many of the first sealed entries are not counted, since they were sealed before
    /// there were stats; a rebuild counts them.
    pub uncounted: u64,
    /// So many entries are not sealed yet, and counted when they are.
    pub unsealed: u32,
    /// Whether there were more groups than an answer takes.
    pub more: bool,
}
