//! Noticing what other terminals have written: PostgreSQL tells, where it has
//! room for a connection that listens; everywhere else the store is asked, the
//! less often the longer nothing happens.

use std::sync::Once;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::db::{Db, Pools, Row, args};
use super::fault::failed;
use super::listen::{self, Ear};
use super::sql::statements;
use crate::domain::event::OVERLAP;
use crate::domain::request::Request;
use crate::service::ports::StoreError;

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
pub(super) struct Watch {
    runtime: Handle,
    tasks: TaskTracker,
    end: CancellationToken,
    begun: Once,
    /// By this name PostgreSQL repeats what the store said itself.
    name: String,
    /// Until when something is expected to happen.
    expected: watch::Sender<Instant>,
}

impl Watch {
    /// A watch on the runtime that the store was opened on.
    pub(super) fn new(runtime: Handle, db: &Db) -> Self {
        let watch = Self {
            runtime,
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
            begun: Once::new(),
            name: listen::draw_name(),
            expected: watch::Sender::new(Instant::now()),
        };
        if let Pools::Postgres { pool, schema } = db.pools() {
            let (pool, schema, name) = (pool.clone(), schema.clone(), watch.name.clone());
            let announce = listen::announce(pool, schema, name, db.entries(), watch.end.clone());
            watch.tasks.spawn_on(announce, &watch.runtime);
        }
        watch
    }

    /// The count of changes, here and elsewhere.
    pub(super) fn changes(&self, db: &Db) -> watch::Receiver<u64> {
        let changes = db.changes().subscribe();
        self.begun.call_once(|| {
            let lookout = Lookout {
                db: db.clone(),
                name: self.name.clone(),
                seen: None,
                asked: None,
                moved: Instant::now(),
                expected: self.expected.subscribe(),
            };
            self.tasks.spawn_on(lookout.watch(self.end.clone()), &self.runtime);
        });
        changes
    }

    /// While a code can be entered, what becomes of it is looked for often.
    pub(super) fn expect(&self, request: &Request) {
        let left = request.expires_at.since(request.sent_at);
        self.expected.send_replace(Instant::now() + left);
    }

    /// Ends the tasks; what was committed is told before.
    pub(super) async fn close(&self) {
        self.end.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Watch {
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
    async fn read(db: &Db) -> Result<Self, StoreError> {
        if let Pools::Sqlite { write, .. } = db.pools() {
            let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(write).await;
            return version.map(|version| Self(version, 0)).map_err(failed);
        }
        match db.maybe(&NEWEST, args![OVERLAP]).await? {
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
    db: Db,
    name: String,
    seen: Option<Version>,
    /// When there was last asked whether there is room to listen.
    asked: Option<Instant>,
    /// When something last happened.
    moved: Instant,
    expected: watch::Receiver<Instant>,
}

impl Lookout {
    async fn watch(mut self, end: CancellationToken) {
        let mut ear = None;
        end.run_until_cancelled(self.go_round(&mut ear)).await;
        if let Some(ear) = ear {
            ear.close().await;
        }
    }

    async fn go_round(&mut self, ear: &mut Option<Ear>) {
        let mut changes = self.db.changes().subscribe();
        loop {
            // A store that does not answer is no change; whoever acts next will be told.
            if let Ok(version) = Version::read(&self.db).await {
                self.take(version);
                *ear = self.ear().await;
            }
            if let Some(hearing) = ear {
                self.listen(hearing).await;
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

    /// A connection that listens, where the server can tell and has room.
    async fn ear(&mut self) -> Option<Ear> {
        let Pools::Postgres { pool, schema } = self.db.pools() else { return None };
        if self.asked.is_some_and(|at| at.elapsed() < ASK) {
            return None;
        }
        self.asked = Some(Instant::now());
        if !listen::has_room(pool).await.unwrap_or(false) {
            return None;
        }
        Ear::open(pool, schema, self.name.clone()).await.ok()
    }

    /// Listens until the connection breaks.
    async fn listen(&mut self, ear: &mut Ear) {
        loop {
            let row = ear.one(&NEWEST, args![OVERLAP]).await;
            let Some(Ok(version)) = row.as_ref().map(Version::of) else { return };
            self.take(version);
            let glance = Instant::now() + GLANCE;
            while let Ok(heard) = timeout_at(glance, ear.hear()).await {
                if !heard {
                    return;
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
