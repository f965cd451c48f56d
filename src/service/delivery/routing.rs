//! Routing: the provider slot by which a message goes.

use std::time::Duration;

use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::explanation::Explanation;
use crate::service::delivery::provider_status::{self, BreakerSnapshot};
use crate::service::ports::outbox::OutboxMessage;
use crate::service::{Desk, DeskError};

/// The least time that a message waits for an open circuit breaker.
const MIN_BREAKER_WAIT: Duration = Duration::from_secs(1);

/// Why a message waits for providers that have said nothing.
const NOT_NOW: &str = "No provider takes it at the moment.";

pub(in crate::service) enum Choice {
    Slot {
        slot: ProviderSlot,
        /// Whether this message is the probe of a half-open circuit breaker.
        is_probe: bool,
    },
    /// All circuit breakers are open: for how long, and the last error.
    Wait(Duration, Explanation),
    /// The office does not have the channel.
    Nobody,
}

impl Desk {
    /// The provider slots of a message that holds no code, with their circuit breakers, in the
    /// order in which attempt number `tries` asks them: the other provider may be able to send
    /// what this one cannot.
    pub(in crate::service) fn in_turn(
        &self,
        channel: Channel,
        tries: u32,
        is_production: bool,
        breakers: &[BreakerRecord],
    ) -> Vec<BreakerRecord> {
        let mut order = [ProviderSlot::main(channel), ProviderSlot::fallback(channel)];
        if tries.is_multiple_of(2) {
            order.reverse();
        }
        let there = order.into_iter().filter(|slot| self.may_serve(*slot, is_production));
        let of = |slot| breakers.iter().find(|it| it.slot == slot).cloned();
        there.map(|slot| of(slot).unwrap_or(BreakerRecord::new(slot))).collect()
    }

    /// The provider slot of a message: the main one, unless its circuit breaker is open or
    /// it has just failed with this message, and the other one is available.
    pub(in crate::service) async fn choose(
        &self,
        message: &OutboxMessage,
        breakers: &BreakerSnapshot,
    ) -> Result<Choice, DeskError> {
        let Some(route) = self.senders.of(message.slot.channel) else { return Ok(Choice::Nobody) };
        let mut order = vec![ProviderSlot::main(message.slot.channel)];
        order
            .extend(route.fallback.is_some().then(|| ProviderSlot::fallback(message.slot.channel)));
        if message.tries % 2 == 1 {
            order.reverse();
        }
        order.retain(|slot| self.may_serve(*slot, message.is_production));
        let now = breakers.read_at;
        let breaker = |slot: ProviderSlot| breakers.all.iter().find(|it| it.slot == slot);
        for slot in &order {
            let (slot, breaker) = (*slot, breaker(*slot));
            if breaker.is_some_and(|it| it.is_open(now)) {
                continue;
            }
            let is_probe = breaker.is_some_and(|it| it.is_half_open(now));
            if !is_probe || self.retry(|| self.store.try_probe(slot)).await? {
                return Ok(Choice::Slot { slot, is_probe });
            }
        }
        let down = order.iter().filter_map(|slot| breaker(*slot));
        let (wait, why) = provider_status::first_back(down, now, MIN_BREAKER_WAIT);
        Ok(Choice::Wait(self.jittered(wait), why.unwrap_or_else(|| NOT_NOW.into())))
    }
}
