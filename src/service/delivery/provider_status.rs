//! The state of the providers and the delivery stats, for clerks who choose a channel and
//! for admins who look for a lost message.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::{BreakerRecord, ProviderHealth};
use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::domain::delivery_stats::DeliveryStats;
use crate::domain::explanation::Explanation;
use crate::domain::time::Timestamp;
use crate::service::{Desk, DeskError};

/// The most messages that the stats are made from: some days of a busy office.
const MAX_SAMPLES: u32 = 20_000;

/// The circuit breakers of the provider slots that the office has.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BreakerSnapshot {
    pub all: Vec<BreakerRecord>,
    /// The store's clock when they were read.
    pub read_at: Timestamp,
}

impl BreakerSnapshot {
    /// The state of a channel at a moment: that of its healthiest provider.
    pub fn health(&self, channel: Channel, now: Timestamp) -> ProviderHealth {
        let of_channel = self.all.iter().filter(|it| it.slot.channel == channel);
        let best = of_channel.clone().map(|it| it.at(now)).min().unwrap_or(ProviderHealth::Ok);
        let is_out = |it: &BreakerRecord| it.is_open(now) || it.is_half_open(now);
        let mut first = of_channel.filter(|it| !it.slot.fallback);
        if best == ProviderHealth::Ok && first.any(is_out) {
            ProviderHealth::Fallback
        } else {
            best
        }
    }

    /// The next moment at which a state changes by itself.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.all.iter().flat_map(|it| [it.open_until, it.slow_until]);
        ends.filter(|end| *end > now).min()
    }
}

/// How long until the first of these circuit breakers may be probed, at least `least`; and
/// the last error of its provider.
pub(in crate::service) fn first_back<'a>(
    down: impl Iterator<Item = &'a BreakerRecord>,
    now: Timestamp,
    least: Duration,
) -> (Duration, Option<Explanation>) {
    let first = down.min_by_key(|it| it.open_until);
    let wait = first.map_or(least, |it| it.open_until.since(now)).max(least);
    (wait, first.and_then(|it| it.detail.clone()))
}

/// The report of a message without a code, all of whose providers have open circuit breakers; and
/// how long it waits.
pub(in crate::service) fn waits<'a>(
    down: impl Iterator<Item = &'a BreakerRecord>,
    now: Timestamp,
    least: Duration,
) -> (Duration, SendReport) {
    let (wait, detail) = first_back(down, now, least);
    let fault = Some(FailureClass::Provider { retry_after: Some(wait) });
    (wait, SendReport { state: DeliveryState::Failed, provider_id: None, detail, fault })
}

impl Desk {
    /// The circuit breakers.
    pub async fn circuit_breakers(&self) -> Result<BreakerSnapshot, DeskError> {
        Ok(self.own(self.reading(|| self.store.circuit_breakers()).await?))
    }

    /// The same, retried until the store answers.
    pub(in crate::service) async fn breakers_with_retry(
        &self,
    ) -> Result<BreakerSnapshot, DeskError> {
        Ok(self.own(self.retry(|| self.store.circuit_breakers()).await?))
    }

    fn own(&self, (read_at, all): (Timestamp, Vec<BreakerRecord>)) -> BreakerSnapshot {
        let has = |health: &BreakerRecord| self.senders.behind(health.slot).is_some();
        BreakerSnapshot { all: all.into_iter().filter(has).collect(), read_at }
    }

    /// The delivery stats of the last `within`.
    pub async fn delivery_stats(&self, within: Duration) -> Result<DeliveryStats, DeskError> {
        let mut samples =
            self.reading(|| self.store.delivery_samples(within, MAX_SAMPLES + 1)).await?;
        let more = samples.len() > MAX_SAMPLES as usize;
        samples.truncate(MAX_SAMPLES as usize);
        let queue = self.reading(|| self.store.queue_stats()).await?;
        let own = self.fingerprints.all();
        let elsewhere = self.reading(|| self.store.waiting_elsewhere(&own)).await?;
        Ok(DeliveryStats { elsewhere, ..DeliveryStats::of(&samples, more, queue) })
    }
}
