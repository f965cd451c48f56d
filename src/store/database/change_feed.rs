//! Noticing what other terminals have written: PostgreSQL tells, where it has
//! room for a connection that listens; everywhere else the store is asked, the
//! less often the longer nothing happens. Whoever looks so often also finds out
//! first that the store is lost, and that it is back.

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

/// How often the store is asked while something happens.
const BRISK: Duration = Duration::from_millis(300);

/// How often it is asked at least. With the way there and back, and a machine
/// that is busy, others are still heard of within a second.
const IDLE: Duration = Duration::from_millis(800);

/// After so much quiet it is asked less and less often.
const QUIET: Duration = Duration::from_secs(10);

/// How often who listens looks all the same: a terminal that ended between a
/// commit and its notice told nobody, and a line that was cut tells nothing.
const GLANCE: Duration = Duration::from_secs(5);

/// How often a terminal without room for a connection that listens asks for it.
const ASK: Duration = Duration::from_mins(1);

statements! {
    /// The newest entry, and how many there are near it: an entry may be
    /// committed after one with a higher number.
    NEWEST {
        "SELECT COALESCE(MAX(id), 0), COUNT(*) FROM core_event \
         WHERE id > (SELECT COALESCE(MAX(id), 0) FROM core_event) - $1"
    }
}

/// What works for the store beside the acts: the task that notices, which
/// begins when somebody wants to know, and the one that tells others. Both end
/// with the store.
pub(in crate::store) struct ChangeFeed {
    runtime: Handle,
    tasks: TaskTracker,
    end: CancellationToken,
    begun: Once,
    /// By this name PostgreSQL repeats what the store said itself.
    name: String,
    /// Until when something is expected to happen.
    expected: watch::Sender<Instant>,
    lost: watch::Sender<Lost>,
}

/// Why the store cannot be reached; none while it can.
type Lost = Option<Arc<StoreError>>;

impl ChangeFeed {
    /// A watch on the runtime that the store was opened on.
    pub(in crate::store) fn new(runtime: Handle, db: &Database) -> Self {
        let watch = Self {
            runtime,
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
            begun: Once::new(),
            name: listener::draw_name(),
            expected: watch::Sender::new(Instant::now()),
            lost: watch::Sender::new(None),
        };
        if let Pools::Postgres { pool, schema } = db.pools() {
            let (pool, schema, name) = (pool.clone(), schema.clone(), watch.name.clone());
            let announce = listener::announce(pool, schema, name, db.entries(), watch.end.clone());
            watch.tasks.spawn_on(announce, &watch.runtime);
        }
        watch
    }

    /// The count of changes, here and elsewhere.
    pub(in crate::store) fn changes(&self, db: &Database) -> watch::Receiver<u64> {
        let changes = db.changes().subscribe();
        self.begun.call_once(|| {
            let mut patient = db.clone();
            patient.set_limit(ACQUIRE_TIMEOUT);
            let lookout = Lookout {
                db: patient,
                name: self.name.clone(),
                seen: None,
                asked: None,
                moved: Instant::now(),
                expected: self.expected.subscribe(),
                lost: self.lost.clone(),
            };
            self.tasks.spawn_on(lookout.watch(self.end.clone()), &self.runtime);
        });
        changes
    }

    /// Why the store cannot be reached, as long as it is looked at.
    pub(in crate::store) fn lost(&self) -> watch::Receiver<Lost> {
        self.lost.subscribe()
    }

    /// While a code can be entered, what becomes of it is looked for often.
    pub(in crate::store) fn expect(&self, request: &Request) {
        let left = request.expires_at.since(request.sent_at);
        self.expected.send_replace(Instant::now() + left);
    }

    /// Ends the tasks; what was committed is told before.
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

/// Something that differs when somebody has written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version(i64, i64);

impl Version {
    /// SQLite counts per connection and leaves the connection's own writes out:
    /// those of this store all go through its one writer, and tell of themselves.
    async fn read(db: &Database) -> Result<Self, StoreError> {
        if let Pools::Sqlite { write, file, .. } = db.pools() {
            file.as_ref().map_or(Ok(()), StoreFile::check)?;
            let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(write).await;
            // Each connection counts for itself.
            let connections = file.as_ref().map_or(0, StoreFile::connections);
            return version.map(|version| Self(version, connections)).map_err(failed);
        }
        match db.maybe(&NEWEST, args![LATE_COMMIT_OVERLAP]).await? {
            Some(row) => Self::of(&row),
            None => Err(StoreError::Failed("no newest entry".into())),
        }
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.int(0)?, row.int(1)?))
    }
}

/// How long to wait after so much quiet.
fn pace(quiet: Duration) -> Duration {
    (BRISK + quiet.saturating_sub(QUIET) / 60).min(IDLE)
}

/// The task that notices.
struct Lookout {
    db: Database,
    name: String,
    seen: Option<Version>,
    /// When there was last asked whether there is room to listen.
    asked: Option<Instant>,
    /// When something last happened.
    moved: Instant,
    expected: watch::Receiver<Instant>,
    lost: watch::Sender<Lost>,
}

impl Lookout {
    async fn watch(mut self, end: CancellationToken) {
        let mut ear = None;
        end.run_until_cancelled(self.go_round(&mut ear)).await;
        if let Some(ear) = ear {
            ear.close().await;
        }
    }

    async fn go_round(&mut self, ear: &mut Option<Listener>) {
        let mut changes = self.db.changes().subscribe();
        loop {
            match self.look().await {
                Ok(version) => {
                    self.found();
                    self.take(version);
                    *ear = self.ear().await;
                }
                Err(error) => self.lose(error),
            }
            if let Some(hearing) = ear {
                if let Err(error) = self.listen(hearing).await {
                    self.lose(error);
                }
                // What was said meanwhile, nobody heard.
                *ear = None;
                self.tell();
            }
            if changes.has_changed().unwrap_or(false) {
                changes.mark_unchanged();
                self.moved = Instant::now();
            }
            let quiet = (*self.expected.borrow()).max(self.moved).elapsed();
            sleep(pace(quiet)).await;
        }
    }

    /// One connection that was cut says nothing about the store: the next one does.
    async fn look(&self) -> Result<Version, StoreError> {
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

    /// The store is lost, unless the connections are only in use: then whoever
    /// uses them will be told.
    fn lose(&self, error: StoreError) {
        let is_away = error.is_break() && !self.db.is_busy();
        if is_away || matches!(error, StoreError::Replaced(_)) {
            self.lost.send_replace(Some(Arc::new(error)));
        }
    }

    fn found(&self) {
        self.lost.send_if_modified(|lost| lost.take().is_some());
    }

    /// A connection that listens, where the server can tell and has room.
    async fn ear(&mut self) -> Option<Listener> {
        let Pools::Postgres { pool, schema } = self.db.pools() else { return None };
        if self.asked.is_some_and(|at| at.elapsed() < ASK) {
            return None;
        }
        self.asked = Some(Instant::now());
        if !listener::has_room(pool).await.unwrap_or(false) {
            return None;
        }
        Listener::open(pool, schema, self.name.clone()).await.ok()
    }

    /// Listens until the connection breaks; fails where the server stopped to
    /// answer.
    async fn listen(&mut self, ear: &mut Listener) -> Result<(), StoreError> {
        loop {
            let Some(row) = ear.one(&NEWEST, args![LATE_COMMIT_OVERLAP]).await? else {
                return Ok(());
            };
            self.take(Version::of(&row)?);
            let glance = Instant::now() + GLANCE;
            while let Ok(heard) = timeout_at(glance, ear.hear()).await {
                if !heard {
                    return Ok(());
                }
                self.tell();
            }
        }
    }

    /// The first version is a change too: something may have been written
    /// between the asking to be told and the first look.
    fn take(&mut self, version: Version) {
        if self.seen.replace(version) != Some(version) {
            self.tell();
        }
    }

    fn tell(&self) {
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
