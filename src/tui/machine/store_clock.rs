//! The store's clock as this terminal knows it.
//!
//! A terminal's own clock may be an hour off. The interface asks the store
//! once, remembers how far its own steady clock had come then, and counts on
//! from there.

use std::time::{Duration, Instant};

use crate::domain::time::Timestamp;
use crate::service::upkeep::calls::StoreClockReading;

/// The present, as the runtime hands it in. Steady: it never jumps.
pub type Now = Instant;

/// This terminal's own clock may be off by so many milliseconds before that is said: people
/// read the clock in a terminal's corner.
const MAX_CLOCK_OFFSET_MILLIS: u64 = 30_000;

/// By how many milliseconds this terminal's own clock is ahead of the store's
/// (or behind, under zero); none where it is near enough.
pub fn offset(reading: StoreClockReading) -> Option<i64> {
    let offset = reading.own.millis().saturating_sub(reading.store.millis());
    (offset.unsigned_abs() > MAX_CLOCK_OFFSET_MILLIS).then_some(offset)
}

/// This terminal's own clock beside the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnClock {
    /// It is right, or nobody has looked yet.
    #[default]
    Right,
    /// It is ahead by so many milliseconds, which the message line has not said yet.
    Off(i64),
    /// It is off, and the message line has said so.
    Reported,
}

/// What the store's clock said, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreClock {
    read: Timestamp,
    at: Instant,
}

impl StoreClock {
    /// A clock that read `read` at `at`.
    pub const fn new(read: Timestamp, at: Instant) -> Self {
        Self { read, at }
    }

    /// What the store's clock says now.
    pub fn time(&self, now: Now) -> Timestamp {
        self.read.plus(now.saturating_duration_since(self.at))
    }

    /// How long until `moment`; zero once it is past.
    pub fn until(&self, moment: Timestamp, now: Now) -> Duration {
        moment.since(self.time(now))
    }

    /// Whole seconds until `moment`, rounded up: zero means that it is over.
    pub fn seconds_until(&self, moment: Timestamp, now: Now) -> u64 {
        u64::try_from(self.until(moment, now).as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
    }

    /// The next moment at which the whole seconds left until `moment` change; none
    /// where it has passed.
    pub fn next_second(&self, moment: Timestamp, now: Now) -> Option<Now> {
        let left = self.until(moment, now).as_millis();
        if left == 0 {
            return None;
        }
        let part = u64::try_from((left - 1) % 1_000 + 1).unwrap_or(1_000);
        Some(now + Duration::from_millis(part))
    }

    /// When, by this terminal's steady clock, the store's will say `moment`.
    pub fn instant_of(&self, moment: Timestamp) -> Instant {
        self.at + moment.since(self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_on_from_what_the_store_said() {
        let start = Instant::now();
        let clock = StoreClock::new(Timestamp::from_millis(1_000_000), start);
        let later = start + Duration::from_secs(5);
        assert_eq!(clock.time(later), Timestamp::from_millis(1_005_000));
        let expiry = Timestamp::from_millis(1_060_000);
        assert_eq!(clock.until(expiry, later), Duration::from_secs(55));
        assert_eq!(clock.seconds_until(expiry, later + Duration::from_millis(1)), 55);
        assert_eq!(clock.instant_of(expiry), start + Duration::from_mins(1));
        assert_eq!(clock.until(Timestamp::from_millis(0), later), Duration::ZERO);
    }
}
