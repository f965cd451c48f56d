//! Look-ups of each clerk: searches and opened accounts, counted in this desk's memory in an
//! hour from the first of them. Their limit keeps a clerk from copying the office's customers
//! one by one; it is far above what a counter needs. A customer who is open at a counter is
//! read again and again, which counts once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::customer::CustomerId;

/// The time over which look-ups count.
const WINDOW: Duration = Duration::from_hours(1);

/// How long an account stays open, so that reading it again is no other look-up.
const OPEN: Duration = Duration::from_mins(15);

/// Clerks that are remembered. Those whose hour is over are forgotten first; with more
/// clerks at once than this, the one who came first.
const REMEMBERED: usize = 10_000;

/// Accounts of one clerk that are remembered as open; with more of them all are forgotten.
const REMEMBERED_OPEN: usize = 256;

/// How many look-ups each clerk has made.
#[derive(Debug, Default)]
pub(in crate::service) struct Lookups(Mutex<HashMap<String, LookupCount>>);

#[derive(Debug)]
struct LookupCount {
    since: Instant,
    count: u32,
    open: HashMap<CustomerId, Instant>,
}

impl LookupCount {
    fn from(since: Instant) -> Self {
        Self { since, count: 0, open: HashMap::new() }
    }
}

/// A look-up that was counted, or one too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// It is one of those that the clerk may make.
    Allowed,
    /// The account is open already.
    IsOpen,
    /// It is one too many.
    TooMany {
        /// How long until the clerk may look up again.
        wait: Duration,
        /// Whether it is the first one refused in this hour.
        is_first: bool,
    },
}

impl Lookups {
    /// Counts a look-up, of which there may be `most` in an hour: a search, or the account
    /// of a customer.
    pub(super) fn count(
        &self,
        clerk: &str,
        account: Option<CustomerId>,
        most: u32,
        now: Instant,
    ) -> Counting {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED && !all.contains_key(clerk) {
            make_room(&mut all, now);
        }
        let counted = all.entry(clerk.to_owned()).or_insert_with(|| LookupCount::from(now));
        let is_open = |at: &Instant| now.saturating_duration_since(*at) < OPEN;
        if account.and_then(|it| counted.open.get(&it)).is_some_and(is_open) {
            return Counting::IsOpen;
        }
        if now.saturating_duration_since(counted.since) >= WINDOW {
            (counted.since, counted.count) = (now, 0);
        }
        counted.count = counted.count.saturating_add(1);
        if counted.count > most {
            let wait = WINDOW.saturating_sub(now.saturating_duration_since(counted.since));
            let is_first = counted.count == most.saturating_add(1);
            return Counting::TooMany { wait, is_first };
        }
        if let Some(account) = account {
            if counted.open.len() >= REMEMBERED_OPEN {
                counted.open.clear();
            }
            counted.open.insert(account, now);
        }
        Counting::Allowed
    }

    /// The account was not opened after all.
    pub(super) fn close(&self, clerk: &str, account: CustomerId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counted) = all.get_mut(clerk) {
            counted.open.remove(&account);
        }
    }
}

fn make_room(all: &mut HashMap<String, LookupCount>, now: Instant) {
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
        let count =
            |clerk, minutes| lookups.count(clerk, None, 3, start + Duration::from_mins(minutes));
        for minute in [0, 1, 2] {
            assert_eq!(count("dana", minute), Counting::Allowed);
        }
        let refused =
            |minutes, is_first| Counting::TooMany { wait: Duration::from_mins(minutes), is_first };
        assert_eq!(count("dana", 10), refused(50, true));
        assert_eq!(count("dana", 11), refused(49, false));
        assert_eq!(count("bo", 11), Counting::Allowed, "another clerk");
        assert_eq!(count("dana", 60), Counting::Allowed, "another hour");
    }

    #[test]
    fn an_account_that_is_open_is_counted_once() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        let open = |customer, minutes| {
            let now = start + Duration::from_mins(minutes);
            lookups.count("dana", Some(CustomerId(customer)), 2, now)
        };
        assert_eq!(open(1, 0), Counting::Allowed);
        for _ in 0..100 {
            assert_eq!(open(1, 14), Counting::IsOpen);
        }
        assert_eq!(open(2, 14), Counting::Allowed);
        let refused =
            |minutes, is_first| Counting::TooMany { wait: Duration::from_mins(minutes), is_first };
        assert_eq!(open(1, 15), refused(45, true), "it was opened a while ago");
        assert_eq!(open(1, 16), refused(44, false), "what was refused is not open");
        lookups.close("dana", CustomerId(2));
        assert_eq!(open(2, 17), refused(43, false), "it was never opened");
    }

    #[test]
    fn a_crowd_of_names_makes_nobody_free_whose_hour_is_not_over() {
        let (lookups, start) = (Lookups::default(), Instant::now());
        let count = |clerk: &str, seconds| {
            lookups.count(clerk, None, 1, start + Duration::from_secs(seconds))
        };
        assert_eq!(count("first", 0), Counting::Allowed);
        assert_eq!(count("dana", 1), Counting::Allowed);
        for other in 0..REMEMBERED - 1 {
            assert_eq!(count(&format!("clerk {other}"), 2), Counting::Allowed);
        }
        assert!(matches!(count("dana", 3), Counting::TooMany { .. }));
        assert_eq!(count("first", 3), Counting::Allowed, "the oldest of too many");
    }
}
