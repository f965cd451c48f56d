//! How many connections there may be, of one account and in all, so that none of the staff
//! can keep the others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The seats of a server.
#[derive(Debug)]
pub(super) struct Seats {
    per_account: usize,
    in_all: usize,
    taken: Mutex<HashMap<u32, usize>>,
}

impl Seats {
    pub(super) fn new(per_account: usize, in_all: usize) -> Arc<Self> {
        Arc::new(Self { per_account, in_all, taken: Mutex::default() })
    }

    /// A seat for an account; none where it has all it may have, or all are taken.
    pub(super) fn take(self: &Arc<Self>, uid: u32) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= self.in_all {
            return None;
        }
        let own = taken.entry(uid).or_default();
        if *own >= self.per_account {
            return None;
        }
        *own += 1;
        Some(Seat { seats: Arc::clone(self), uid })
    }
}

/// A seat, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    uid: u32,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.uid) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_cannot_take_the_seats_of_the_others() {
        let seats = Seats::new(2, 3);
        let mut of_one: Vec<_> = [1, 1, 1].map(|uid| seats.take(uid)).into_iter().collect();
        assert_eq!(of_one.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
        let of_other = seats.take(2);
        assert!(of_other.is_some());
        assert!(seats.take(3).is_none(), "all are taken");
        of_one.clear();
        assert!(seats.take(1).is_some(), "free again");
    }
}
