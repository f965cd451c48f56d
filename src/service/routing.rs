//! By which line a message goes.

use std::time::Duration;

use super::ports::outbox::Errand;
use super::providers::{self, Lines};
use super::{Desk, DeskError};
use crate::domain::line::Line;

/// How long a message waits at least for a provider that is down.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// By which line a message goes, if any.
pub(super) enum Choice {
    Line {
        line: Line,
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
    pub(super) async fn choose(&self, errand: &Errand, lines: &Lines) -> Result<Choice, DeskError> {
        let Some(route) = self.senders.of(errand.line.channel) else { return Ok(Choice::Nobody) };
        let mut order = vec![Line::main(errand.line.channel)];
        order.extend(route.fallback.is_some().then(|| Line::fallback(errand.line.channel)));
        if errand.tries % 2 == 1 {
            order.reverse();
        }
        let now = lines.read_at;
        let health = |line: Line| lines.all.iter().find(|it| it.line == line);
        for line in &order {
            let (line, health) = (*line, health(*line));
            if health.is_some_and(|it| it.is_down(now)) {
                continue;
            }
            let is_trial = health.is_some_and(|it| it.is_on_trial(now));
            if !is_trial || self.insist(|| self.store.try_line(line)).await? {
                return Ok(Choice::Line { line, is_trial });
            }
        }
        let down = order.iter().filter_map(|line| health(*line));
        let (wait, why) = providers::first_back(down, now, LEAST_WAIT);
        Ok(Choice::Wait(self.later(wait), why.unwrap_or_default()))
    }
}
