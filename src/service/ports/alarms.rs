//! Alarms.

use async_trait::async_trait;

use crate::domain::event::{Actor, EventId};
use crate::domain::request::RequestId;
use crate::domain::stats::alarms::{Alarm, Finding, PrefixStats};
use crate::domain::stats::query::StatsSpan;
use crate::service::ports::error::StoreError;

/// The alarms that were raised, and what they are found by.
#[async_trait]
pub trait AlarmStore: Send + Sync {
    /// What the rules are given beside the stats.
    async fn alarm_material(&self, of_day: StatsSpan) -> Result<AlarmMaterial, StoreError>;
    /// Raises what was found, each once while it is open and once a day; gives how many are
    /// new.
    async fn raise_alarms(&self, new: &NewAlarms<'_>) -> Result<u32, StoreError>;
    /// The open alarms, newest first, at most so many.
    async fn open_alarms(&self, most: u32) -> Result<Vec<Alarm>, StoreError>;
    /// How many are open, counted no further than `most`.
    async fn count_open_alarms(&self, most: u32) -> Result<u32, StoreError>;
    /// Acknowledges an alarm; gives it as it was, none where there is none of this number.
    async fn acknowledge_alarm(
        &self,
        acknowledgement: &Acknowledgement<'_>,
    ) -> Result<Option<Alarm>, StoreError>;
}

/// What the rules are given beside the stats.
#[derive(Clone, Debug)]
pub struct AlarmMaterial {
    /// How many codes of whose customers were entered within seconds, in a day.
    pub quick: Vec<(String, u64)>,
    /// Who verified a customer whom they had unlocked, and by which request.
    pub unlocked: Vec<(String, Option<RequestId>)>,
    /// Requests to a contact that so many customers have.
    pub shared: Vec<(RequestId, u64)>,
    /// How many notices were refused, since the desk did not queue them.
    pub forged_notices: u64,
    /// Prefixes that may have had a burst.
    pub prefixes: Vec<PrefixStats>,
    /// All messages to phones, of the last day and of the last hour.
    pub sent: (u64, u64),
    /// Up to which entry it was looked.
    pub up_to: EventId,
}

/// What is to be raised.
#[derive(Clone, Debug)]
pub struct NewAlarms<'a> {
    /// What was found.
    pub findings: &'a [Finding],
    /// Up to which entry it was looked.
    pub up_to: EventId,
    /// Who looked.
    pub actor: &'a Actor,
}

/// That somebody has seen to an alarm.
#[derive(Clone, Debug)]
pub struct Acknowledgement<'a> {
    /// The number of the alarm.
    pub alarm: i64,
    /// What it was.
    pub reason: &'a str,
    /// The idempotency key.
    pub act: &'a str,
    /// Who says so.
    pub actor: &'a Actor,
}
