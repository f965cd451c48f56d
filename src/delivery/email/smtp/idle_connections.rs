//! Connections that wait for the next message.
//!
//! Several messages are handed over at once, and each needs a connection of its
//! own. The newest waits on top: it is the least likely to have been ended by
//! the server, and those below come to their end when there is less to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// As many are kept as messages are handed over at once.
pub(super) const MAX_IDLE: usize = 8;

/// What waits, each for the same time; `leave` ends what waited in vain.
pub(super) struct IdleConnections<T> {
    idle: Duration,
    leave: fn(T),
    places: Arc<Mutex<Places<T>>>,
}

struct Places<T> {
    /// The newest last, and so the one that has the longest left.
    taken: Vec<(Instant, T)>,
    /// Whether somebody sees to it that each leaves in time.
    watched: bool,
}

impl<T: Send + 'static> IdleConnections<T> {
    pub(super) fn new(idle: Duration, leave: fn(T)) -> Self {
        let places = Places { taken: Vec::new(), watched: false };
        Self { idle, leave, places: Arc::new(Mutex::new(places)) }
    }

    /// Takes the newest.
    pub(super) fn take(&self) -> Option<T> {
        locked(&self.places).taken.pop().map(|(_, newest)| newest)
    }

    /// Keeps one more. Where there is no room the oldest leaves.
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

    /// Ends all: they do not answer.
    pub(super) fn clear(&self) {
        let all = std::mem::take(&mut locked(&self.places).taken);
        for (_, one) in all {
            (self.leave)(one);
        }
    }
}

/// Sees each off when its time is over, until none is left.
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

/// Whoever panicked while holding the lock left whole places behind.
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
        // Nobody watches now; the next begins again.
        parking.keep(4);
        assert_eq!(after(begun, IDLE_TIMEOUT * 7 / 2).await, 7);
        assert_eq!(parking.take(), None);
    }
}
