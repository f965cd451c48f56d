//! The change feed: learning that another process wrote to the store.
//!
//! On PostgreSQL a listener is notified, where the server has a connection to spare;
//! everywhere else a poller asks the store, the less often the longer nothing happens. The
//! feed is also the first to find out that the store cannot be reached, and that it is
//! back.

use std::sync::{Arc, Once};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::event::LATE_COMMIT_OVERLAP;
use crate::domain::request::Request;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, Pools, Row, args};
use crate::store::database::error::failed;
use crate::store::database::file_identity::StoreFile;
use crate::store::database::listener::{self, Listener};
use crate::store::database::pooled_connection::ACQUIRE_TIMEOUT;
use crate::store::database::statement::statements;

/// The interval of the poller while something happens.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(300);

/// The longest interval of the poller. With the round trip and a busy machine, a change is
/// still seen within a second.
const MAX_POLL_INTERVAL: Duration = Duration::from_millis(800);

/// After so long without a change the interval grows.
const QUIET_BEFORE_SLOWER: Duration = Duration::from_secs(10);

/// The interval at which a listener polls all the same: a process that died between its
/// commit and its notification notified nobody, and a broken connection delivers nothing.
const LISTENER_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The interval at which a poller asks whether there is a connection to spare for a
/// listener.
const LISTENER_RETRY_INTERVAL: Duration = Duration::from_mins(1);

statements! {
    /// The newest event, and how many there are near it: an event may be committed after
    /// one with a higher number. And what changed at pads, which is no event.
    NEWEST {
        "SELECT COALESCE(MAX(id), 0) AS newest, COUNT(*) AS late_window, \
         COALESCE((SELECT " (stats_sum "version") " FROM core_pad), 0) AS pads FROM core_event \
         WHERE id > (SELECT COALESCE(MAX(id), 0) FROM core_event) - $1"
    }
}

/// The background tasks of the feed: one that notices changes, started by the first
/// subscriber, and one that notifies other processes of ours. Both end with the store.
pub(in crate::store) struct ChangeFeed {
    runtime: Handle,
    tasks: TaskTracker,
    end: CancellationToken,
    begun: Once,
    /// The channel on which PostgreSQL notifies us of our own commits too.
    name: String,
    /// Until when changes are likely, so that polling stays frequent.
    expected: watch::Sender<Instant>,
    lost: watch::Sender<Lost>,
}

/// Why the store cannot be reached; `None` while it can.
type Lost = Option<Arc<StoreError>>;

impl ChangeFeed {
    /// A feed whose tasks run on `runtime`.
    pub(in crate::store) fn new(runtime: Handle, db: &Database) -> Self {
        let watch = Self {
            runtime,
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
            begun: Once::new(),
            name: listener::random_name(),
            expected: watch::Sender::new(Instant::now()),
            lost: watch::Sender::new(None),
        };
        if let Pools::Postgres { pool, schema } = db.pools() {
            let (channel, name) = (schema.as_str().to_owned(), watch.name.clone());
            let verified = listener::VERIFIED_CHANNEL.to_owned();
            for (channel, payload, commits) in
                [(channel, name, db.entries()), (verified, String::new(), db.sessions())]
            {
                let (pool, end) = (pool.clone(), watch.end.clone());
                let announce = listener::announce(pool, channel, payload, commits, end);
                watch.tasks.spawn_on(announce, &watch.runtime);
            }
        }
        watch
    }

    /// The counter of changes, made here or elsewhere.
    pub(in crate::store) fn changes(&self, db: &Database) -> watch::Receiver<u64> {
        let changes = db.changes().subscribe();
        self.begun.call_once(|| {
            let mut slow = db.clone();
            slow.set_limit(ACQUIRE_TIMEOUT);
            let watcher = ChangeWatcher {
                db: slow,
                name: self.name.clone(),
                seen: None,
                listener_tried: None,
                last_change: Instant::now(),
                expected: self.expected.subscribe(),
                lost: self.lost.clone(),
            };
            self.tasks.spawn_on(watcher.watch(self.end.clone()), &self.runtime);
        });
        changes
    }

    /// Why the store cannot be reached, as the feed last found.
    pub(in crate::store) fn lost(&self) -> watch::Receiver<Lost> {
        self.lost.subscribe()
    }

    /// Polls often for as long as the code of this request can be entered.
    pub(in crate::store) fn expect(&self, request: &Request) {
        let left = request.expires_at.since(request.sent_at);
        self.expected.send_replace(Instant::now() + left);
    }

    /// Ends the tasks, after the last notification was sent.
    pub(in crate::store) async fn close(&self) {
        self.end.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for ChangeFeed {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Numbers, at least one of which differs after somebody wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version(i64, i64, i64);

impl Version {
    /// SQLite's `data_version` belongs to a connection and leaves that connection's own
    /// writes out: the writes of this process all go through its one writing connection,
    /// and signal their changes themselves.
    async fn read(db: &Database) -> Result<Self, StoreError> {
        if let Pools::Sqlite { write, file, .. } = db.pools() {
            file.as_ref().map_or(Ok(()), StoreFile::check)?;
            let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(write).await;
            // The version means something else on each connection.
            let connections = file.as_ref().map_or(0, StoreFile::connections);
            return version.map(|version| Self(version, connections, 0)).map_err(failed);
        }
        match db.maybe(&NEWEST, args![LATE_COMMIT_OVERLAP]).await? {
            Some(row) => Self::of(&row),
            None => Err(StoreError::Failed("no newest entry".into())),
        }
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.int("newest")?, row.int("late_window")?, row.int("pads")?))
    }
}

/// The interval of the poller after so long without a change.
fn pace(quiet: Duration) -> Duration {
    (MIN_POLL_INTERVAL + quiet.saturating_sub(QUIET_BEFORE_SLOWER) / 60).min(MAX_POLL_INTERVAL)
}

struct ChangeWatcher {
    db: Database,
    name: String,
    seen: Option<Version>,
    /// When a connection for a listener was last asked for.
    listener_tried: Option<Instant>,
    /// When the last change was seen.
    last_change: Instant,
    expected: watch::Receiver<Instant>,
    lost: watch::Sender<Lost>,
}

impl ChangeWatcher {
    async fn watch(mut self, end: CancellationToken) {
        let mut listener = None;
        end.run_until_cancelled(self.run(&mut listener)).await;
        if let Some(listener) = listener {
            listener.close().await;
        }
    }

    async fn run(&mut self, listener: &mut Option<Listener>) {
        let mut changes = self.db.changes().subscribe();
        loop {
            match self.poll().await {
                Ok(version) => {
                    self.report_reached();
                    self.note(version);
                    *listener = self.open_listener().await;
                }
                Err(error) => self.report_lost(error),
            }
            if let Some(open) = listener {
                if let Err(error) = self.listen(open).await {
                    self.report_lost(error);
                }
                // Notifications were missed meanwhile.
                *listener = None;
                self.signal();
            }
            if changes.has_changed().unwrap_or(false) {
                changes.mark_unchanged();
                self.last_change = Instant::now();
            }
            let quiet = (*self.expected.borrow()).max(self.last_change).elapsed();
            sleep(pace(quiet)).await;
        }
    }

    /// Polls once more where it failed: one broken connection says nothing about the store.
    async fn poll(&self) -> Result<Version, StoreError> {
        let begun = Instant::now();
        match Version::read(&self.db).await {
            Err(error)
                if error.is_break() && begun.elapsed() < ACQUIRE_TIMEOUT && !self.is_lost() =>
            {
                Version::read(&self.db).await
            }
            read => read,
        }
    }

    fn is_lost(&self) -> bool {
        self.lost.borrow().is_some()
    }

    /// Reports the store as lost, unless all connections are merely in use: then those who
    /// use them will find out.
    fn report_lost(&self, error: StoreError) {
        let is_away = error.is_break() && !self.db.is_busy();
        if is_away || matches!(error, StoreError::Replaced(_)) {
            self.lost.send_replace(Some(Arc::new(error)));
        }
    }

    fn report_reached(&self) {
        self.lost.send_if_modified(|lost| lost.take().is_some());
    }

    /// Opens a listener, where the server can notify and has a connection to spare.
    async fn open_listener(&mut self) -> Option<Listener> {
        let Pools::Postgres { pool, schema } = self.db.pools() else { return None };
        if self.listener_tried.is_some_and(|at| at.elapsed() < LISTENER_RETRY_INTERVAL) {
            return None;
        }
        self.listener_tried = Some(Instant::now());
        if !listener::has_room(pool).await.unwrap_or(false) {
            return None;
        }
        Listener::open(pool, schema, self.name.clone()).await.ok()
    }

    /// Waits for notifications until the connection breaks; fails where the server stopped
    /// answering.
    async fn listen(&mut self, listener: &mut Listener) -> Result<(), StoreError> {
        loop {
            let Some(row) = listener.one(&NEWEST, args![LATE_COMMIT_OVERLAP]).await? else {
                return Ok(());
            };
            self.note(Version::of(&row)?);
            let deadline = Instant::now() + LISTENER_POLL_INTERVAL;
            while let Ok(is_alive) = timeout_at(deadline, listener.notified()).await {
                if !is_alive {
                    return Ok(());
                }
                self.signal();
            }
        }
    }

    /// The first version counts as a change too: something may have been written before the
    /// first poll.
    fn note(&mut self, version: Version) {
        if self.seen.replace(version) != Some(version) {
            self.signal();
        }
    }

    fn signal(&self) {
        self.db.changes().send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_terminal_asks_less_often_but_often_enough() {
        let paces = [0, 10, 20, 40, 3_600].map(|quiet| pace(Duration::from_secs(quiet)));
        assert_eq!(paces.map(|pace| pace.as_millis()), [300, 300, 466, 800, 800]);
    }
}
