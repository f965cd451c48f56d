//! The pool of idle SMTP connections.
//!
//! Several messages are sent concurrently, each over a connection of its own. The most recently
//! used connection is reused first: it is the least likely to have been closed by the server, and
//! the older ones time out when there is less to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Maximum number of idle connections: the number of messages sent concurrently.
pub(super) const MAX_IDLE: usize = 8;

/// A LIFO pool whose entries expire after the same idle time; `leave` disposes of an expired or
/// surplus entry.
pub(super) struct IdleConnections<T> {
    idle: Duration,
    leave: fn(T),
    places: Arc<Mutex<Places<T>>>,
}

struct Places<T> {
    /// Entries with their expiry, the most recent last.
    taken: Vec<(Instant, T)>,
    /// Whether a task that expires entries is running.
    watched: bool,
}

impl<T: Send + 'static> IdleConnections<T> {
    pub(super) fn new(idle: Duration, leave: fn(T)) -> Self {
        let places = Places { taken: Vec::new(), watched: false };
        Self { idle, leave, places: Arc::new(Mutex::new(places)) }
    }

    /// Takes the most recent entry.
    pub(super) fn take(&self) -> Option<T> {
        locked(&self.places).taken.pop().map(|(_, newest)| newest)
    }

    /// Adds an entry; if the pool is full, disposes of the oldest.
    pub(super) fn keep(&self, one: T) {
        let (oldest, watched) = {
            let mut places = locked(&self.places);
            places.taken.push((Instant::now() + self.idle, one));
            let oldest = (places.taken.len() > MAX_IDLE).then(|| places.taken.remove(0).1);
            (oldest, std::mem::replace(&mut places.watched, true))
        };
        if let Some(oldest) = oldest {
            (self.leave)(oldest);
        }
        if !watched {
            tokio::spawn(watch(Arc::downgrade(&self.places), self.leave));
        }
    }

    /// Disposes of all entries, since the server does not answer on them.
    pub(super) fn clear(&self) {
        let all = std::mem::take(&mut locked(&self.places).taken);
        for (_, one) in all {
            (self.leave)(one);
        }
    }
}

/// Disposes of entries as they expire, until the pool is empty.
async fn watch<T>(places: Weak<Mutex<Places<T>>>, leave: fn(T)) {
    while let Some(places) = places.upgrade() {
        let (over, next) = {
            let mut places = locked(&places);
            let now = Instant::now();
            let over = places.taken.partition_point(|(end, _)| *end <= now);
            let over: Vec<_> = places.taken.drain(..over).collect();
            let next = places.taken.first().map(|(end, _)| *end);
            places.watched = next.is_some();
            (over, next)
        };
        for (_, one) in over {
            leave(one);
        }
        drop(places);
        let Some(next) = next else { return };
        sleep_until(next).await;
    }
}

/// A poisoned lock is harmless: no entry is ever half changed.
fn locked<T>(places: &Mutex<Places<T>>) -> MutexGuard<'_, Places<T>> {
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const IDLE_TIMEOUT: Duration = Duration::from_millis(400);

    #[tokio::test]
    async fn the_newest_is_taken_first_and_the_oldest_leaves_where_there_is_no_room() {
        static LEFT: AtomicU32 = AtomicU32::new(0);
        let parking = IdleConnections::new(IDLE_TIMEOUT, |one| {
            LEFT.fetch_add(one, Ordering::SeqCst);
        });
        (1..=10).for_each(|one| parking.keep(one));
        assert_eq!(LEFT.load(Ordering::SeqCst), 1 + 2);
        let taken: Vec<u32> = std::iter::from_fn(|| parking.take()).collect();
        assert_eq!(taken, [10, 9, 8, 7, 6, 5, 4, 3]);
        parking.keep(20);
        parking.clear();
        assert_eq!((parking.take(), LEFT.load(Ordering::SeqCst)), (None, 23));
    }

    #[tokio::test]
    async fn each_leaves_when_its_own_time_is_over() {
        static LEFT: AtomicU32 = AtomicU32::new(0);
        async fn after(begun: Instant, span: Duration) -> u32 {
            sleep_until(begun + span).await;
            LEFT.load(Ordering::SeqCst)
        }
        let parking = IdleConnections::new(IDLE_TIMEOUT, |one| {
            LEFT.fetch_add(one, Ordering::SeqCst);
        });
        let begun = Instant::now();
        parking.keep(1);
        assert_eq!(after(begun, IDLE_TIMEOUT / 2).await, 0);
        parking.keep(2);
        assert_eq!(after(begun, IDLE_TIMEOUT * 5 / 4).await, 1);
        assert_eq!(after(begun, IDLE_TIMEOUT * 2).await, 3);
        // The expiry task has ended; the next entry starts a new one.
        parking.keep(4);
        assert_eq!(after(begun, IDLE_TIMEOUT * 7 / 2).await, 7);
        assert_eq!(parking.take(), None);
    }
}
