//! Adding events up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::audit::leaf::StoredEvent;
use crate::domain::event::EventKind;
use crate::domain::outcome::Outcome;
use crate::domain::stats::histogram::Bucket;
use crate::domain::stats::quarter::Quarter;
use crate::domain::stats::series::StatsSeries;

/// A code that was entered sooner after it was asked for was read by nobody who had to open a
/// message first. Of these it is kept whose customers they were.
pub const QUICK_CODE: Duration = Duration::from_secs(8);

/// What some events add to the stats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollUp {
    /// How many events of each series each quarter had.
    pub events: BTreeMap<(Quarter, StatsSeries), u64>,
    /// How many of them took how long, from when the code was asked for; at all counters, and
    /// of quick codes by clerk too.
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
            let time = event.at.since(asked_at);
            let bucket = Bucket::of(time);
            *self.times.entry((quarter, series.of_office(), bucket)).or_default() += 1;
            if time < QUICK_CODE && event.kind == EventKind::Attempt.word() {
                *self.times.entry((quarter, series.of_clerk(), bucket)).or_default() += 1;
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventId;
    use crate::domain::time::Timestamp;

    fn event(kind: EventKind, outcome: Option<Outcome>, seconds: i64) -> StoredEvent {
        let at = Timestamp::from_millis(1_764_000_000_000);
        StoredEvent {
            id: EventId(1),
            at,
            kind: kind.word().into(),
            outcome: outcome.map(|it| it.word().into()),
            request: Some("7K3M9QX2TB".into()),
            customer: Some(17),
            channel: Some("sms".into()),
            contact: Some("+4*******12".into()),
            clerk: "dana".into(),
            counter: "1".into(),
            detail: Some("Dana Rivera".into()),
            purpose: Some("pay a bill".into()),
            provider: Some("twilio".into()),
            asked_at: Some(at.minus(Duration::from_secs(seconds.unsigned_abs()))),
        }
    }

    #[test]
    fn events_of_one_series_are_one_row_and_hold_nothing_about_a_customer() {
        let wrong = event(EventKind::Attempt, Some(Outcome::Wrong), 20);
        let other = StoredEvent { customer: Some(18), request: None, ..wrong.clone() };
        let roll_up = RollUp::of([&wrong, &other]);
        assert_eq!(roll_up.events.values().collect::<Vec<_>>(), [&2]);
        assert!(roll_up.times.is_empty(), "a wrong code has no time");
        let told = format!("{roll_up:?}");
        for secret in ["17", "+4", "Rivera", "7K3M"] {
            assert!(!told.replace("1764", "").contains(secret), "{secret}: {told}");
        }
    }

    #[test]
    fn a_quick_code_is_kept_by_clerk_too() {
        let verified = |seconds| event(EventKind::Attempt, Some(Outcome::Verified), seconds);
        let clerks = |roll_up: &RollUp| {
            roll_up.times.keys().map(|(_, series, _)| series.clerk.clone()).collect::<Vec<_>>()
        };
        assert_eq!(clerks(&RollUp::of([&verified(8)])), [""]);
        assert_eq!(clerks(&RollUp::of([&verified(7)])), ["", "dana"]);
        let sent = event(EventKind::Sent, None, 1);
        assert_eq!(clerks(&RollUp::of([&sent])), [""]);
    }
}
