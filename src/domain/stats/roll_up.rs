//! Adding events up.

use std::collections::BTreeMap;

use crate::domain::audit::leaf::StoredEvent;
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::stats::histogram::Bucket;
use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::series::StatsSeries;

/// What some events add to the stats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollUp {
    /// How many events of each series each quarter had.
    pub events: BTreeMap<(Quarter, StatsSeries), u64>,
    /// How many of them took how long, from when the code was asked for; at all counters.
    pub times: BTreeMap<(Quarter, StatsSeries, Bucket), u64>,
}

impl RollUp {
    /// What these events add.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a StoredEvent>) -> Self {
        let mut roll_up = Self::default();
        for event in events {
            roll_up.add(event);
        }
        roll_up
    }

    fn add(&mut self, event: &StoredEvent) {
        let (quarter, series) = (Quarter::of(event.at), StatsSeries::of(event));
        if let Some(asked_at) = event.asked_at.filter(|_| is_timed(event)) {
            let bucket = Bucket::of(event.at.since(asked_at));
            *self.times.entry((quarter, series.of_office(), bucket)).or_default() += 1;
        }
        *self.events.entry((quarter, series)).or_default() += 1;
    }

    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// Whether the time that led to an event is kept: until a provider took the message, until it
/// was delivered, and until the code was verified.
fn is_timed(event: &StoredEvent) -> bool {
    let kind: Result<EventKind, _> = event.kind.parse();
    match kind {
        Ok(EventKind::Sent | EventKind::Delivered) => true,
        Ok(EventKind::Attempt) => event.outcome.as_deref() == Some(Outcome::Verified.word()),
        _ => false,
    }
}
