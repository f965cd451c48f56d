//! JSON of `deliveries` and `deliver`.

use std::time::Duration;

use serde::Serialize;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::ProviderHealth;
use crate::domain::delivery::{DeliveryState, SendReport};
use crate::domain::delivery_stats::{DeliveryStats, Percentiles};
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::messages;
use crate::service::ports::outbox::OutboxMessage;

/// `deliveries`: delivery stats and provider health.
#[derive(Debug, Serialize)]
pub struct DeliveriesReply {
    outcome: &'static str,
    /// The period in hours, back from now.
    hours: u32,
    /// Number of messages in the period, and whether the count was cut off.
    messages: usize,
    more: bool,
    /// Messages still queued; `oldest_ms` is the age of the oldest in milliseconds.
    waiting: u64,
    /// How many of those wait for a provider that this desk does not have.
    waiting_elsewhere: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<SendTimesLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<SendTimesLine>,
    providers: Vec<ProviderLine>,
    by_hour: Vec<HourLine>,
    lines: Vec<HealthLine>,
}

#[derive(Debug, Serialize)]
struct SendTimesLine {
    count: usize,
    p50_ms: u64,
    p95_ms: u64,
}

#[derive(Debug, Serialize)]
struct ProviderLine {
    provider: String,
    fallback: bool,
    state: DeliveryState,
    count: usize,
}

#[derive(Debug, Serialize)]
struct HourLine {
    began_at: Timestamp,
    asked: usize,
    accepted: usize,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct HealthLine {
    line: String,
    condition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl DeliveriesReply {
    /// Builds the reply from the stats of the last `hours` and the state of the circuit breakers.
    pub fn new(hours: u32, stats: &DeliveryStats, breakers: &BreakerSnapshot) -> Self {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let spread = |it: Percentiles| SendTimesLine {
            count: it.count,
            p50_ms: millis(it.p50),
            p95_ms: millis(it.p95),
        };
        Self {
            outcome: "counted",
            hours,
            messages: stats.messages,
            more: stats.more,
            waiting: stats.queue.length,
            waiting_elsewhere: stats.elsewhere,
            oldest_ms: stats.queue.oldest.map(millis),
            accepted: stats.accepted.map(spread),
            delivered: stats.delivered.map(spread),
            providers: stats
                .shares
                .iter()
                .map(|it| ProviderLine {
                    provider: it.provider.clone(),
                    fallback: it.fallback,
                    state: it.state,
                    count: it.count,
                })
                .collect(),
            by_hour: stats
                .hours
                .iter()
                .map(|it| HourLine {
                    began_at: it.began_at,
                    asked: it.asked,
                    accepted: it.accepted,
                    failed: it.failed,
                })
                .collect(),
            lines: breakers
                .all
                .iter()
                .map(|it| HealthLine {
                    line: it.slot.to_string(),
                    condition: it.at(breakers.read_at).word(),
                    detail: it
                        .detail
                        .as_ref()
                        .filter(|_| it.at(breakers.read_at) != ProviderHealth::Ok)
                        .map(|it| it.for_admin.clone()),
                })
                .collect(),
        }
    }
}

/// `deliver`: the result of one run.
#[derive(Debug, Serialize)]
pub struct DeliverReply {
    pub outcome: &'static str,
    pub message: String,
    /// Messages completed.
    pub done: u64,
    /// Messages still queued.
    pub waiting: u64,
}

/// The result for one message, as `deliver --watch` prints it.
#[derive(Debug, Serialize)]
pub struct DeliverLine {
    /// When the worker claimed it, by the store's clock.
    pub at: Timestamp,
    pub request: RequestId,
    pub channel: Channel,
    /// The masked contact.
    pub contact: String,
    pub delivery: DeliveryState,
    pub message: String,
}

impl DeliverLine {
    pub fn new(message: &OutboxMessage, report: &SendReport) -> Self {
        let (channel, contact) = (message.slot.channel, message.contact.masked());
        let (at, request) = (message.now, message.request.clone());
        let detail = report.detail.as_ref().map(|it| &*it.for_admin);
        let message = messages::delivery(report.state, channel, &contact, detail);
        Self { at, request, channel, contact, delivery: report.state, message }
    }
}
