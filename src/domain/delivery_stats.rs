//! What the messages of some hours come to: how many by provider and state, how
//! many by the hour, how long they took, and what still waits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::delivery::DeliveryState;
use crate::domain::time::Timestamp;

/// One message, as far as the figures need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySample {
    /// Through which provider.
    pub provider: String,
    /// Whether that one stood in for the first.
    pub fallback: bool,
    /// How far it has come.
    pub state: DeliveryState,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When the provider took it.
    pub accepted_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
}

/// What waits in the outbox to be handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QueueStats {
    /// How many messages.
    pub length: u64,
    /// How long the oldest has waited.
    pub oldest: Option<Duration>,
}

/// How long something took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Percentiles {
    /// Of how many messages.
    pub count: usize,
    /// Half of them took no longer.
    pub p50: Duration,
    /// Of twenty, nineteen took no longer.
    pub p95: Duration,
}

/// One provider's messages in one state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProviderShare {
    /// The provider.
    pub provider: String,
    /// Whether it stood in for another.
    pub fallback: bool,
    /// The state.
    pub state: DeliveryState,
    /// How many.
    pub count: usize,
}

/// One hour's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HourStats {
    /// When it began.
    pub began_at: Timestamp,
    /// Messages asked for in it.
    pub asked: usize,
    /// How many of them a provider took.
    pub accepted: usize,
    /// How many are known not to have gone out or not to have arrived.
    pub failed: usize,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeliveryStats {
    /// Messages looked at.
    pub messages: usize,
    /// Whether there were more, older ones than were looked at.
    pub more: bool,
    /// By provider and state.
    pub shares: Vec<ProviderShare>,
    /// By the hour, the newest first, hours without any left out.
    pub hours: Vec<HourStats>,
    /// From the clerk's Enter until the provider had it.
    pub accepted: Option<Percentiles>,
    /// From the clerk's Enter until it arrived, where the provider says so.
    pub delivered: Option<Percentiles>,
    /// What still waits.
    pub queue: QueueStats,
    /// How many of those wait for a provider that this desk does not have.
    pub elsewhere: u64,
}

/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

impl DeliveryStats {
    /// Adds up messages; `more` where these are not all.
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
        // Nearest rank: the smallest span that so many percent do not exceed.
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
