//! Who looks at the stats: in the log once an hour, since a dashboard reads them all day.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often it is written down that somebody looks.
const EVERY: Duration = Duration::from_hours(1);

/// So many are remembered; with more of them all are forgotten.
const REMEMBERED: usize = 10_000;

/// When it was last written down of whom.
#[derive(Debug, Default)]
pub(in crate::service) struct Readers(Mutex<HashMap<String, Instant>>);

impl Readers {
    /// Whether it is to be written down now.
    pub(in crate::service) fn is_due(&self, clerk: &str, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(clerk).is_some_and(|at| now.saturating_duration_since(*at) < EVERY) {
            return false;
        }
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(clerk.to_owned(), now);
        true
    }

    /// It could not be written down.
    pub(in crate::service) fn forget(&self, clerk: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(clerk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_staff_is_due_once_an_hour() {
        let (readers, start) = (Readers::default(), Instant::now());
        let due = |clerk, minutes| readers.is_due(clerk, start + Duration::from_mins(minutes));
        assert!(due("dana", 0) && due("bo", 1));
        assert!(!due("dana", 59) && due("dana", 60) && !due("bo", 60));
        readers.forget("bo");
        assert!(due("bo", 60));
    }
}
