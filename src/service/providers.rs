//! How the providers do and what the messages come to, for clerks who choose a
//! channel and admins who look why nothing came.

use std::time::Duration;

use super::{Desk, DeskError};
use crate::domain::channel::Channel;
use crate::domain::figures::Figures;
use crate::domain::line::{Condition, Health};
use crate::domain::time::Timestamp;

/// Messages looked at for figures: some days of a busy office.
const MOST: u32 = 20_000;

/// How the lines that the office has do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Each line.
    pub all: Vec<Health>,
    /// The store's clock when this was read.
    pub read_at: Timestamp,
}

impl Lines {
    /// How a channel does at a moment: as well as the better of its lines.
    pub fn condition(&self, channel: Channel, now: Timestamp) -> Condition {
        let of_channel = self.all.iter().filter(|it| it.line.channel == channel);
        let best = of_channel.clone().map(|it| it.at(now)).min().unwrap_or(Condition::Ok);
        let is_out = |it: &Health| it.is_down(now) || it.is_on_trial(now);
        let mut first = of_channel.filter(|it| !it.line.fallback);
        if best == Condition::Ok && first.any(is_out) { Condition::Fallback } else { best }
    }

    /// The next moment at which a condition changes by itself.
    pub fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.all.iter().flat_map(|it| [it.down_until, it.slow_until]);
        ends.filter(|end| *end > now).min()
    }
}

/// How long until the first of these lines is to be tried again, and no less than
/// `least`; and what it said last.
pub(super) fn first_back<'a>(
    down: impl Iterator<Item = &'a Health>,
    now: Timestamp,
    least: Duration,
) -> (Duration, Option<String>) {
    let first = down.min_by_key(|it| it.down_until);
    let wait = first.map_or(least, |it| it.down_until.since(now)).max(least);
    (wait, first.and_then(|it| it.detail.clone()))
}

impl Desk {
    /// How the providers do, as all terminals have met them.
    pub async fn lines(&self) -> Result<Lines, DeskError> {
        Ok(self.own(self.reading(|| self.store.lines()).await?))
    }

    /// As [`Self::lines`], asked until the store answers.
    pub(super) async fn insist_on_lines(&self) -> Result<Lines, DeskError> {
        Ok(self.own(self.insist(|| self.store.lines()).await?))
    }

    fn own(&self, (read_at, all): (Timestamp, Vec<Health>)) -> Lines {
        let has = |health: &Health| self.senders.behind(health.line).is_some();
        Lines { all: all.into_iter().filter(has).collect(), read_at }
    }

    /// What the messages of the last hours come to.
    pub async fn figures(&self, within: Duration) -> Result<Figures, DeskError> {
        let mut samples = self.reading(|| self.store.samples(within, MOST + 1)).await?;
        let more = samples.len() > MOST as usize;
        samples.truncate(MOST as usize);
        let queue = self.reading(|| self.store.queue()).await?;
        Ok(Figures::of(&samples, more, queue))
    }
}
