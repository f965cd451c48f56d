//! By which line a message goes.

use std::time::Duration;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::service::delivery::provider_status::{self, BreakerSnapshot};
use crate::service::ports::outbox::OutboxMessage;
use crate::service::{Desk, DeskError};

/// How long a message waits at least for a provider that is down.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// By which line a message goes, if any.
pub(in crate::service) enum Choice {
    Slot {
        line: ProviderSlot,
        /// It is the one message that finds out whether the line works again.
        is_trial: bool,
    },
    /// All that there are are down, for so long, and why.
    Wait(Duration, String),
    /// The office does not have the channel.
    Nobody,
}

impl Desk {
    /// By which line a message goes now: the first one, unless it is down or has
    /// just failed this message and the other one is not down.
    pub(in crate::service) async fn choose(
        &self,
        message: &OutboxMessage,
        lines: &BreakerSnapshot,
    ) -> Result<Choice, DeskError> {
        let Some(route) = self.senders.of(message.line.channel) else { return Ok(Choice::Nobody) };
        let mut order = vec![ProviderSlot::main(message.line.channel)];
        order
            .extend(route.fallback.is_some().then(|| ProviderSlot::fallback(message.line.channel)));
        if message.tries % 2 == 1 {
            order.reverse();
        }
        let now = lines.read_at;
        let health = |line: ProviderSlot| lines.all.iter().find(|it| it.line == line);
        for line in &order {
            let (line, health) = (*line, health(*line));
            if health.is_some_and(|it| it.is_down(now)) {
                continue;
            }
            let is_trial = health.is_some_and(|it| it.is_on_trial(now));
            if !is_trial || self.retry(|| self.store.try_probe(line)).await? {
                return Ok(Choice::Slot { line, is_trial });
            }
        }
        let down = order.iter().filter_map(|line| health(*line));
        let (wait, why) = provider_status::first_back(down, now, LEAST_WAIT);
        Ok(Choice::Wait(self.later(wait), why.unwrap_or_default()))
    }
}
