//! A connection taken from a pool, on which every statement has a time-out, and which is
//! used again only after its last transaction ended in order.
//!
//! A server that vanishes (power loss, a firewall that dropped the connection) sends
//! nothing, not even an error: a statement would wait until TCP gives up a quarter of an
//! hour later, and with it everybody who wants a connection. So each statement has a limit.
//! A connection that passed it is closed at once; one that goes back to the pool is kept
//! only where it answers in time, since the pool itself would wait without end.
//!
//! After a failed BEGIN, COMMIT or ROLLBACK, or an error that can end a transaction by
//! itself, the state of a connection is unknown: it is closed, and its database rolls back
//! what was not committed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteError;
use sqlx::{
    Database, MySql, MySqlConnection, PgConnection, Pool, Postgres, Sqlite, SqliteConnection,
};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long to wait for a connection from the pool. The statements on it have a limit of
/// their own.
pub(in crate::store) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may take to roll back and go back to the pool.
const RETURN_TIMEOUT: Duration = Duration::from_secs(3);

/// A database of which connections are pooled.
#[async_trait]
pub(in crate::store) trait ServerEngine: Database {
    /// Begins a transaction that may write.
    const BEGIN: &'static str = "BEGIN";

    /// Runs statements that return no rows.
    async fn run(connection: &mut Self::Connection, text: &'static str) -> sqlx::Result<()>;
}

#[async_trait]
impl ServerEngine for Postgres {
    async fn run(connection: &mut PgConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

#[async_trait]
impl ServerEngine for MySql {
    async fn run(connection: &mut MySqlConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

#[async_trait]
impl ServerEngine for Sqlite {
    /// Takes the write lock at once, so that the transaction never fails half-way because
    /// another writer was faster. It waits for the lock only briefly (see `sqlite::begin`);
    /// all other statements may wait longer.
    const BEGIN: &'static str =
        "PRAGMA busy_timeout = 10; BEGIN IMMEDIATE; PRAGMA busy_timeout = 5000";

    async fn run(connection: &mut SqliteConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

/// The error for a server that has not answered for so long.
pub(in crate::store) fn no_answer(limit: Duration) -> sqlx::Error {
    let seconds = limit.as_secs();
    let why = format!("its server has not answered for {seconds} seconds");
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, why))
}

/// A connection; dropping it gives it back to the pool.
pub(in crate::store) struct PooledConnection<D: ServerEngine> {
    /// `None` only while it is dropped.
    connection: Option<PoolConnection<D>>,
    limit: Option<Duration>,
    in_transaction: bool,
    is_stuck: bool,
    /// Counts the connections in use, where somebody needs to know.
    counter: Option<Arc<AtomicU32>>,
}

impl<D: ServerEngine> PooledConnection<D> {
    /// Waits for a connection; `limit` is the time-out of each statement on it.
    pub(in crate::store) async fn from(pool: &Pool<D>, limit: Duration) -> sqlx::Result<Self> {
        let mut connection = Self::unlimited(pool).await?;
        connection.limit = Some(limit);
        Ok(connection)
    }

    /// The same without a time-out of statements.
    pub(in crate::store) async fn unlimited(pool: &Pool<D>) -> sqlx::Result<Self> {
        let connection = Some(pool.acquire().await?);
        Ok(Self { connection, limit: None, in_transaction: false, is_stuck: false, counter: None })
    }

    /// Counts it among those in use until it is dropped.
    pub(in crate::store) fn counted(mut self, in_use: &Arc<AtomicU32>) -> Self {
        in_use.fetch_add(1, Ordering::Relaxed);
        self.counter = Some(Arc::clone(in_use));
        self
    }

    /// Lifts the time-out of the statements that follow.
    pub(in crate::store) const fn lift_timeout(&mut self) {
        self.limit = None;
    }

    /// Runs something on the connection within the time-out.
    pub(in crate::store) async fn with_timeout<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        if self.is_stuck {
            return Err(sqlx::Error::WorkerCrashed);
        }
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let done = match self.limit {
            None => work(connection).await,
            Some(limit) => match timeout(limit, work(connection)).await {
                Ok(done) => done,
                Err(_) => Err(no_answer(limit)),
            },
        };
        self.is_stuck = done.as_ref().is_err_and(breaks_connection);
        done
    }

    /// Begins a transaction, which [`Self::commit`] ends; otherwise it is rolled back.
    pub(in crate::store) async fn begin(&mut self) -> sqlx::Result<()> {
        self.in_transaction = true;
        let begun = self.with_timeout(async |it| D::run(it, D::BEGIN).await).await;
        self.is_stuck = begun.is_err();
        begun
    }

    /// Notes that BEGIN failed without any effect.
    pub(in crate::store) const fn begin_failed(&mut self) {
        self.in_transaction = false;
        self.is_stuck = false;
    }

    pub(in crate::store) async fn commit(mut self) -> sqlx::Result<()> {
        let done = self.with_timeout(async |it| D::run(it, "COMMIT").await).await;
        self.in_transaction = false;
        self.is_stuck = done.is_err();
        done
    }
}

/// Whether the connection cannot be used after this error: it broke, or the database may
/// have ended the transaction by itself, so that the next statements would not belong to
/// it.
fn breaks_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.try_downcast_ref::<SqliteError>().and_then(DatabaseError::code);
            let code = code.and_then(|code| code.parse::<i32>().ok());
            // out of memory, interrupted, disk I/O error, malformed, full
            code.is_some_and(|code| matches!(code & 0xff, 7 | 9 | 10 | 11 | 13))
        }
        _ => false,
    }
}

impl<D: ServerEngine> Drop for PooledConnection<D> {
    fn drop(&mut self) {
        if let Some(counter) = &self.counter {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
        let Some(mut connection) = self.connection.take() else { return };
        // A detached connection is closed when it is dropped.
        let (false, Ok(runtime)) = (self.is_stuck, Handle::try_current()) else {
            drop(connection.detach());
            return;
        };
        let in_transaction = self.in_transaction;
        runtime.spawn(async move {
            if in_transaction {
                match timeout(RETURN_TIMEOUT, D::run(&mut connection, "ROLLBACK")).await {
                    Ok(Ok(())) => {}
                    _ => return drop(connection.detach()),
                }
            }
            // Where that takes too long, the connection is closed, and the pool may open
            // another one.
            drop(timeout(RETURN_TIMEOUT, connection.return_to_pool()).await);
        });
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    async fn connection(pool: &Pool<Sqlite>) -> PooledConnection<Sqlite> {
        let mut connection = PooledConnection::unlimited(pool).await.expect("a connection");
        connection.begin().await.expect("begun");
        connection
    }

    async fn say(
        connection: &mut PooledConnection<Sqlite>,
        text: &'static str,
    ) -> sqlx::Result<()> {
        connection.with_timeout(async |it| Sqlite::run(it, text).await).await
    }

    #[tokio::test]
    async fn a_connection_whose_transaction_did_not_end_is_not_used_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("store.db").display());
        let pool = SqlitePoolOptions::new().max_connections(1).connect(&url).await.expect("opened");
        let mut first = connection(&pool).await;
        let tables = "CREATE TABLE a (id INTEGER PRIMARY KEY); \
            CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)";
        say(&mut first, tables).await.expect("made");
        first.commit().await.expect("kept");
        for round in 0..3 {
            let mut bad = connection(&pool).await;
            say(&mut bad, "INSERT INTO b VALUES (7)").await.expect("until the end");
            bad.commit().await.expect_err("a row that refers to nothing");
            let mut good = connection(&pool).await;
            say(&mut good, "INSERT INTO a VALUES (NULL)").await.expect("written");
            good.commit().await.expect("kept");
            let kept: (i64, i64) =
                sqlx::query_as("SELECT (SELECT COUNT(*) FROM a), (SELECT COUNT(*) FROM b)")
                    .fetch_one(&pool)
                    .await
                    .expect("read");
            assert_eq!(kept, (round + 1, 0));
        }
    }
}
