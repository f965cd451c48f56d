//! Look-ups of each clerk: searches and opened accounts, counted in this desk's memory in an
//! hour from the first of them. Their limit keeps a clerk from copying the office's customers
//! one by one; it is far above what a counter needs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time over which look-ups count.
const WINDOW: Duration = Duration::from_hours(1);

/// Clerks that are remembered. Those whose hour is over are forgotten first; with more
/// clerks at once than this, the one who came first.
const REMEMBERED: usize = 10_000;

/// How many look-ups each clerk has made.
#[derive(Debug, Default)]
pub(in crate::service) struct Lookups(Mutex<HashMap<String, Counted>>);

#[derive(Debug)]
struct Counted {
    since: Instant,
    count: u32,
}

/// A look-up that is one too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    /// How long until the clerk may look up again.
    pub(super) wait: Duration,
    /// Whether it is the first one refused in this hour.
    pub(super) is_first: bool,
}

impl Lookups {
    /// Counts a look-up, of which there may be `most` in an hour.
    pub(super) fn count(&self, clerk: &str, most: u32, now: Instant) -> Result<(), TooMany> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED && !all.contains_key(clerk) {
            make_room(&mut all, now);
        }
        let counted =
            all.entry(clerk.to_owned()).or_insert(Counted { since: now, count: 0 });
        let passed = now.saturating_duration_since(counted.since);
        if passed >= WINDOW {
            *counted = Counted { since: now, count: 0 };
        }
        counted.count = counted.count.saturating_add(1);
        if counted.count <= most {
            return Ok(());
        }
        let is_first = counted.count == most.saturating_add(1);
        Err(TooMany { wait: WINDOW.saturating_sub(passed), is_first })
    }
}

fn make_room(all: &mut HashMap<String, Counted>, now: Instant) {
    all.retain(|_, it| now.saturating_duration_since(it.since) < WINDOW);
    if all.len() < REMEMBERED {
        return;
    }
    let first = all.iter().min_by_key(|(_, it)| it.since).map(|(clerk, _)| clerk.clone());
    if let Some(first) = first {
        all.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_are_counted_for_each_clerk_and_hour() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        let count = |clerk, minutes| {
            lookups.count(clerk, 3, start + Duration::from_mins(minutes))
        };
        for minute in [0, 1, 2] {
            assert_eq!(count("dana", minute), Ok(()));
        }
        let refused = |minutes, is_first| {
            Err(TooMany { wait: Duration::from_mins(minutes), is_first })
        };
        assert_eq!(count("dana", 10), refused(50, true));
        assert_eq!(count("dana", 11), refused(49, false));
        assert_eq!(count("bo", 11), Ok(()), "another clerk");
        assert_eq!(count("dana", 60), Ok(()), "another hour");
    }

    #[test]
    fn a_crowd_of_names_makes_nobody_free_whose_hour_is_not_over() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(lookups.count("first", 1, at(0)), Ok(()));
        assert_eq!(lookups.count("dana", 1, at(1)), Ok(()));
        for other in 0..REMEMBERED - 1 {
            assert_eq!(lookups.count(&format!("clerk {other}"), 1, at(2)), Ok(()));
        }
        assert!(lookups.count("dana", 1, at(3)).is_err());
        assert_eq!(lookups.count("first", 1, at(3)), Ok(()), "the oldest of too many");
    }
}
