//! Delivery stats of some hours: counts by provider and state and by hour, latency percentiles, and
//! the queue.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::delivery::DeliveryState;
use crate::domain::time::Timestamp;

/// A message as the stats need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySample {
    pub provider: String,
    /// Whether that was the fallback.
    pub fallback: bool,
    pub state: DeliveryState,
    /// When the code was asked for.
    pub asked_at: Timestamp,
    /// When the provider accepted it.
    pub accepted_at: Option<Timestamp>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
}

/// The outbox messages still to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QueueStats {
    /// Number of messages.
    pub length: u64,
    /// Age of the oldest.
    pub oldest: Option<Duration>,
}

/// Percentiles of a latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Percentiles {
    /// Number of samples.
    pub count: usize,
    /// The median.
    pub p50: Duration,
    /// The 95th percentile.
    pub p95: Duration,
}

/// The number of a provider's messages in one state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProviderShare {
    pub provider: String,
    pub fallback: bool,
    pub state: DeliveryState,
    pub count: usize,
}

/// The messages of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HourStats {
    pub began_at: Timestamp,
    pub asked: usize,
    /// How many of them a provider accepted.
    pub accepted: usize,
    /// How many are known not to have been sent or delivered.
    pub failed: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeliveryStats {
    /// Messages counted.
    pub messages: usize,
    /// Whether there were older ones that were not counted.
    pub more: bool,
    pub shares: Vec<ProviderShare>,
    /// By hour, newest first, without empty hours.
    pub hours: Vec<HourStats>,
    /// Latency from the request until the provider accepted the message.
    pub accepted: Option<Percentiles>,
    /// Latency from the request until delivery, where the provider reports it.
    pub delivered: Option<Percentiles>,
    pub queue: QueueStats,
    /// How many queued messages wait for a provider that this desk does not have.
    pub elsewhere: u64,
}

/// In milliseconds.
const HOUR: i64 = 3_600_000;

impl DeliveryStats {
    /// Aggregates samples; `more` if these are not all.
    pub fn of(samples: &[DeliverySample], more: bool, queue: QueueStats) -> Self {
        let mut shares: BTreeMap<(&str, bool, usize), usize> = BTreeMap::new();
        let mut hours: BTreeMap<i64, HourStats> = BTreeMap::new();
        for sample in samples {
            let place = place(sample.state);
            *shares.entry((&sample.provider, sample.fallback, place)).or_default() += 1;
            let began = sample.asked_at.millis().div_euclid(HOUR) * HOUR;
            let began_at = Timestamp::from_millis(began);
            let none = HourStats { began_at, asked: 0, accepted: 0, failed: 0 };
            let hour = hours.entry(began).or_insert(none);
            hour.asked += 1;
            hour.accepted += usize::from(sample.accepted_at.is_some());
            hour.failed += usize::from(has_failed(sample.state));
        }
        let took = |end: fn(&DeliverySample) -> Option<Timestamp>| {
            Percentiles::of(
                samples.iter().filter_map(|it| Some(end(it)?.since(it.asked_at))).collect(),
            )
        };
        let share =
            |((provider, fallback, place), count): ((&str, bool, usize), usize)| ProviderShare {
                provider: provider.to_owned(),
                fallback,
                state: DeliveryState::ALL[place],
                count,
            };
        Self {
            messages: samples.len(),
            more,
            shares: shares.into_iter().map(share).collect(),
            hours: hours.into_values().rev().collect(),
            accepted: took(|it| it.accepted_at),
            delivered: took(|it| it.delivered_at),
            queue,
            elsewhere: 0,
        }
    }
}

impl Percentiles {
    fn of(mut spans: Vec<Duration>) -> Option<Self> {
        spans.sort_unstable();
        // Nearest-rank method.
        let rank = |percent: usize| {
            let place = (spans.len() * percent).div_ceil(100).saturating_sub(1);
            spans.get(place).copied()
        };
        Some(Self { count: spans.len(), p50: rank(50)?, p95: rank(95)? })
    }
}

fn place(state: DeliveryState) -> usize {
    DeliveryState::ALL.iter().position(|it| *it == state).unwrap_or_default()
}

const fn has_failed(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Failed | DeliveryState::Undeliverable | DeliveryState::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(state: DeliveryState, asked: i64, accepted: Option<i64>) -> DeliverySample {
        DeliverySample {
            provider: "smtp".into(),
            fallback: false,
            state,
            asked_at: Timestamp::from_millis(asked),
            accepted_at: accepted.map(|it| Timestamp::from_millis(asked + it)),
            delivered_at: None,
        }
    }

    #[test]
    fn messages_are_counted_by_provider_state_and_hour() {
        let mut by_fallback = sample(DeliveryState::Sent, HOUR + 5, Some(20));
        by_fallback.fallback = true;
        let samples = [
            sample(DeliveryState::Sent, 1, Some(10)),
            sample(DeliveryState::Sent, 2, Some(30)),
            sample(DeliveryState::Failed, 3, None),
            by_fallback,
        ];
        let figures = DeliveryStats::of(&samples, false, QueueStats::default());
        let shares: Vec<_> =
            figures.shares.iter().map(|it| (it.fallback, it.state.word(), it.count)).collect();
        assert_eq!(shares, [(false, "sent", 2), (false, "failed", 1), (true, "sent", 1)]);
        let hour = |it: &HourStats| (it.began_at.millis(), it.asked, it.accepted, it.failed);
        let hours: Vec<_> = figures.hours.iter().map(hour).collect();
        assert_eq!(hours, [(HOUR, 1, 1, 0), (0, 3, 2, 1)]);
        let accepted =
            figures.accepted.map(|it| (it.count, it.p50.as_millis(), it.p95.as_millis()));
        assert_eq!((accepted, figures.delivered), (Some((3, 20, 30)), None));
    }

    #[test]
    fn the_spread_is_by_nearest_rank() {
        let spans: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        let spread = Percentiles::of(spans).map(|it| (it.p50.as_millis(), it.p95.as_millis()));
        assert_eq!(spread, Some((50, 95)));
        assert_eq!(Percentiles::of(vec![]), None);
    }
}
