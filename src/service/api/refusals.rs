//! Refused calls in the log: each kind of call of each clerk once a minute, with how many
//! there were since, so that nobody fills the log with them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often one clerk's refusals of one call are written down.
const EVERY: Duration = Duration::from_mins(1);

/// Clerks and calls that are remembered; with more of them all are forgotten.
const REMEMBERED: usize = 10_000;

/// What was written down, and what was not.
#[derive(Debug, Default)]
pub(in crate::service) struct Refusals(Mutex<HashMap<(String, &'static str), RefusalCount>>);

#[derive(Debug)]
struct RefusalCount {
    at: Instant,
    unwritten: u64,
}

impl Refusals {
    /// How many refusals are to be written down as one entry now; none where it was done a
    /// short while ago.
    pub(in crate::service) fn due(
        &self,
        clerk: &str,
        call: &'static str,
        now: Instant,
    ) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        let key = (clerk.to_owned(), call);
        match all.get_mut(&key) {
            Some(written) if now.saturating_duration_since(written.at) < EVERY => {
                written.unwritten += 1;
                None
            }
            Some(written) => {
                let count = written.unwritten + 1;
                *written = RefusalCount { at: now, unwritten: 0 };
                Some(count)
            }
            None => {
                all.insert(key, RefusalCount { at: now, unwritten: 0 });
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_and_written_once_a_minute() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        let due =
            |clerk, call, seconds| refusals.due(clerk, call, start + Duration::from_secs(seconds));
        assert_eq!(due("dana", "ListStaff", 0), Some(1));
        assert_eq!(due("dana", "ListStaff", 1), None);
        assert_eq!(due("dana", "ListStaff", 59), None);
        assert_eq!(due("dana", "UnlockCustomer", 1), Some(1), "another call");
        assert_eq!(due("bo", "ListStaff", 1), Some(1), "another clerk");
        assert_eq!(due("dana", "ListStaff", 60), Some(3));
        assert_eq!(due("dana", "ListStaff", 121), Some(1));
    }
}
