//! Quotas of connections and calls, so that no client, of the staff or not, can lock the others
//! out.
//!
//! The number of connections in their handshake is bounded; a new one replaces the oldest, so that
//! silent connections lock nobody out. After the handshake a connection counts towards its
//! account's quota, and the calls of all connections of an account share one quota.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The connections in their handshake, the oldest first.
#[derive(Debug)]
pub(super) struct Handshakes {
    most: usize,
    waiting: Mutex<VecDeque<CancellationToken>>,
}

impl Handshakes {
    pub(super) fn new(most: usize) -> Self {
        Self { most, waiting: Mutex::default() }
    }

    /// Registers a connection; it must close when the token is cancelled.
    pub(super) fn register(&self) -> CancellationToken {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Connections that finished their handshake or closed have cancelled their tokens.
        waiting.retain(|it| !it.is_cancelled());
        if waiting.len() >= self.most
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.cancel();
        }
        let own = CancellationToken::new();
        waiting.push_back(own.clone());
        own
    }
}

/// The quotas of connections after their handshake.
#[derive(Debug)]
pub(super) struct ConnectionLimits {
    per_account: usize,
    calls: usize,
    /// One entry per account that ever connected: bounded by the staff list.
    accounts: Mutex<HashMap<String, Account>>,
}

#[derive(Debug)]
struct Account {
    connections: Arc<Semaphore>,
    calls: Arc<Semaphore>,
}

/// A connection's share of the quota, released when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    /// One permit for each call of the account in flight.
    pub(super) calls: Arc<Semaphore>,
    _connection: tokio::sync::OwnedSemaphorePermit,
}

impl ConnectionLimits {
    /// The quotas per account: connections, and calls in flight over all of them.
    pub(super) fn new(per_account: usize, calls: usize) -> Self {
        Self { per_account, calls, accounts: Mutex::default() }
    }

    /// Takes a permit for an account; `None` if its quota is used up.
    pub(super) fn take(&self, account: &str) -> Option<ConnectionPermit> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.entry(account.to_owned()).or_insert_with(|| Account {
            connections: Arc::new(Semaphore::new(self.per_account)),
            calls: Arc::new(Semaphore::new(self.calls)),
        });
        let connection = Arc::clone(&account.connections).try_acquire_owned().ok()?;
        Some(ConnectionPermit { calls: Arc::clone(&account.calls), _connection: connection })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_cannot_take_the_connections_of_the_others() {
        let limits = ConnectionLimits::new(2, 3);
        let mut of_one: Vec<_> = (0..3).map(|_| limits.take("dana")).collect();
        assert_eq!(of_one.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
        assert!(limits.take("bo").is_some());
        of_one.clear();
        let (one, other) = (limits.take("dana"), limits.take("dana"));
        let calls = |permit: &Option<ConnectionPermit>| {
            permit.as_ref().map(|it| it.calls.available_permits())
        };
        assert_eq!((calls(&one), calls(&other)), (Some(3), Some(3)), "free again");
        let held = one.as_ref().map(|it| Arc::clone(&it.calls).try_acquire_owned());
        assert_eq!(calls(&other), Some(2), "calls count over all connections of the account");
        drop(held);
    }

    #[test]
    fn connections_that_say_nothing_give_way_to_new_ones() {
        let handshakes = Handshakes::new(2);
        let (one, two) = (handshakes.register(), handshakes.register());
        let three = handshakes.register();
        assert_eq!([&one, &two, &three].map(CancellationToken::is_cancelled), [true, false, false]);
        // A connection that finished its handshake frees its place.
        two.cancel();
        handshakes.register();
        assert!(!three.is_cancelled());
    }
}
