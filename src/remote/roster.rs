//! The roster of the desk, read once after each change in the store for all connections together.
//!
//! Each call needs the caller's role as it is now. A read of its own for each call would cost as much
//! as some calls do, so the first connection that hears of a change reads the roster again for all,
//! mostly before the next call comes. A call that comes sooner waits for that read: none is judged by a
//! roster from before a change that this process knows of. Where the store tells of entries of the log
//! alone (PostgreSQL), a row that was changed by hand is not told of: a call is judged by no roster
//! that is older than [`MAX_AGE`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use crate::service::Desk;
use crate::service::ports::StoreError;
use crate::service::staff::roster::Roster;

/// How old a roster may be that a call is judged by.
const MAX_AGE: Duration = Duration::from_secs(5);

/// One read of the roster.
struct RosterReading {
    began: Instant,
    /// The counter of changes before the read.
    changes: u64,
    outcome: Result<Arc<Roster>, String>,
}

impl RosterReading {
    /// Whether a call is judged by it, where this many changes are known.
    fn is_current(&self, changes: u64, now: Instant) -> bool {
        self.outcome.is_ok()
            && self.changes >= changes
            && now.saturating_duration_since(self.began) <= MAX_AGE
    }

    fn outcome(&self) -> Result<Arc<Roster>, StoreError> {
        self.outcome.clone().map_err(StoreError::Unreachable)
    }
}

/// The roster as it is after the newest change known here.
pub(super) struct CurrentRoster {
    desk: Desk,
    changes: watch::Receiver<u64>,
    /// One read at a time.
    last: Mutex<Option<RosterReading>>,
}

impl CurrentRoster {
    pub(super) fn new(desk: Desk) -> Self {
        let changes = desk.signals().changes;
        Self { desk, changes, last: Mutex::new(None) }
    }

    /// The roster; whoever waits for a read that fails is answered with its error.
    pub(super) async fn get(&self) -> Result<Arc<Roster>, StoreError> {
        let changes = *self.changes.borrow();
        self.after(|last| last.is_current(changes, Instant::now())).await
    }

    /// The roster as it is now, even if the store told of no change: another process's change may
    /// be told of late, and a connection that begins after it must not be served by an older roster.
    pub(super) async fn get_anew(&self) -> Result<Arc<Roster>, StoreError> {
        self.after(|_| false).await
    }

    /// The outcome of the last read if it will do or began after this call, and else of a new one.
    async fn after(
        &self,
        will_do: impl Fn(&RosterReading) -> bool,
    ) -> Result<Arc<Roster>, StoreError> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(reading) = last.as_ref().filter(|it| it.began >= asked || will_do(it)) {
            return reading.outcome();
        }
        let (began, changes) = (Instant::now(), *self.changes.borrow());
        let read = self.desk.roster().await.map(Arc::new);
        let outcome = read.as_ref().map(Arc::clone).map_err(ToString::to_string);
        *last = Some(RosterReading { began, changes, outcome });
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_54_a_roster_is_read_again_after_a_change_and_after_seconds() {
        let began = Instant::now();
        let read = RosterReading { began, changes: 3, outcome: Ok(Arc::default()) };
        assert!(read.is_current(3, began));
        assert!(read.is_current(3, began + MAX_AGE));
        assert!(!read.is_current(4, began), "a change that was told");
        let late = began + MAX_AGE + Duration::from_millis(1);
        assert!(!read.is_current(3, late), "one that nobody told of");
        let failed = RosterReading { outcome: Err("the store is away".into()), ..read };
        assert!(!failed.is_current(3, began));
    }
}
