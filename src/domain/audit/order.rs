//! The order in which events are sealed, and when.
//!
//! An event gets its number before it is committed, so a higher number can become visible first. A
//! missing number belongs to a transaction that is still running or was rolled back: nobody can
//! tell which. Sealing waits a moment for it, so that the order of sealing is that of the numbers.
//! An event that appears later is still sealed, out of order; after a minute no transaction can
//! still be running, and the number is skipped for good.

use std::time::Duration;

use crate::domain::event::EventId;
use crate::domain::time::Timestamp;

/// How long sealing waits for a missing number; nothing is sealed meanwhile.
pub const GAP_WAIT: Duration = Duration::from_secs(1);

/// After this time a missing number never appears: each database aborts a transaction that is idle
/// for six seconds, and a statement has a timeout of ten.
pub const LATE_MAX: Duration = Duration::from_mins(1);

/// An event's number and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    pub id: EventId,
    /// When the number was assigned.
    pub at: Timestamp,
}

/// The age of an event. One in the future counts as old too, since then the clock was set back.
fn age(at: Timestamp, now: Timestamp) -> Duration {
    now.since(at).max(at.since(now))
}

/// How many of these events, sorted by number and following `last`, can be sealed now.
pub fn sealable(last: EventId, events: &[Numbered], now: Timestamp) -> usize {
    let mut before = last;
    for (count, event) in events.iter().enumerate() {
        if event.id.0 != before.0 + 1 && age(event.at, now) < GAP_WAIT {
            return count;
        }
        before = event.id;
    }
    events.len()
}

/// The number up to which all events are known, given these, which follow `settled`.
pub fn settled(settled: EventId, events: &[Numbered], now: Timestamp) -> EventId {
    let mut before = settled;
    for event in events {
        if event.id.0 != before.0 + 1 && age(event.at, now) < LATE_MAX {
            return before;
        }
        before = event.id;
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    /// Events by number and age in milliseconds.
    fn events(of: &[(i64, i64)]) -> Vec<Numbered> {
        let event =
            |&(id, age)| Numbered { id: EventId(id), at: Timestamp::from_millis(NOW - age) };
        of.iter().map(event).collect()
    }

    fn count(last: i64, of: &[(i64, i64)]) -> usize {
        sealable(EventId(last), &events(of), Timestamp::from_millis(NOW))
    }

    #[test]
    fn numbers_in_a_row_are_sealed_at_once_and_a_gap_is_waited_for() {
        assert_eq!(count(4, &[(5, 0), (6, 0)]), 2);
        assert_eq!(count(4, &[(6, 0)]), 0, "5 may still be committed");
        assert_eq!(count(4, &[(5, 10), (7, 5), (8, 0)]), 1);
        assert_eq!(count(4, &[(6, 999)]), 0);
        assert_eq!(count(4, &[(6, 1_000), (7, 0)]), 2, "5 was rolled back, it seems");
        assert_eq!(count(0, &[(6_000, 5_000)]), 1, "the beginning of a log that was purged");
        assert_eq!(count(4, &[]), 0);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_the_sealing() {
        assert_eq!(count(4, &[(6, -3_600_000)]), 1);
    }

    #[test]
    fn a_gap_is_given_up_after_a_minute() {
        let settled = |from, of: &[(i64, i64)]| {
            settled(EventId(from), &events(of), Timestamp::from_millis(NOW)).0
        };
        assert_eq!(settled(4, &[(5, 0), (6, 0)]), 6);
        assert_eq!(settled(4, &[(5, 59_000), (7, 59_000), (8, 0)]), 5);
        assert_eq!(settled(4, &[(5, 61_000), (7, 60_000), (8, 0)]), 8);
        assert_eq!(settled(4, &[(6, 60_000), (8, 0)]), 6);
        assert_eq!(settled(4, &[]), 4);
    }
}
