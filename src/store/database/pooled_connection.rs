//! A connection lent by a pool, on which nothing may take for ever, and which is
//! used again only where its last transaction came to an orderly end.
//!
//! A server that vanishes (its machine lost power, a firewall forgot the way)
//! sends nothing, not even that it is gone: a statement would wait until the
//! system gives up, a quarter of an hour later, and with it everybody who wants
//! a connection. So each statement has a limit. A connection that has passed it
//! is closed at once; one that goes back is only kept where it answers in time,
//! since the pool itself would wait for its answer without end.
//!
//! Nobody knows the state of a connection on which BEGIN, COMMIT or ROLLBACK
//! failed, or which met an error that can end a transaction by itself: it is
//! closed, whereby its database undoes what was not committed.

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

/// How long an act waits for a connection of its own. What it then waits for has
/// a limit of its own.
pub(in crate::store) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may take to be fit for the next one who wants it.
const RETURN: Duration = Duration::from_secs(3);

/// A database whose connections are lent.
#[async_trait]
pub(in crate::store) trait ServerEngine: Database {
    /// Begins a transaction that may write.
    const BEGIN: &'static str = "BEGIN";

    /// Says a word or two that has no answer.
    async fn say(connection: &mut Self::Connection, text: &'static str) -> sqlx::Result<()>;
}

#[async_trait]
impl ServerEngine for Postgres {
    async fn say(connection: &mut PgConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

#[async_trait]
impl ServerEngine for MySql {
    async fn say(connection: &mut MySqlConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

#[async_trait]
impl ServerEngine for Sqlite {
    /// With the write lock from the start, so that it cannot fail half-way because
    /// another writer was faster. It is asked for briefly (see `sqlite::begin`); all
    /// else on the connection may wait.
    const BEGIN: &'static str =
        "PRAGMA busy_timeout = 10; BEGIN IMMEDIATE; PRAGMA busy_timeout = 5000";

    async fn say(connection: &mut SqliteConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

/// What there is to say about a server that has not answered for so long.
pub(in crate::store) fn no_answer(limit: Duration) -> sqlx::Error {
    let seconds = limit.as_secs();
    let why = format!("its server has not answered for {seconds} seconds");
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, why))
}

/// A connection, until it is dropped.
pub(in crate::store) struct PooledConnection<D: ServerEngine> {
    /// Nothing only while it is dropped.
    connection: Option<PoolConnection<D>>,
    limit: Option<Duration>,
    in_transaction: bool,
    is_stuck: bool,
    /// How many are lent, where they are counted.
    counter: Option<Arc<AtomicU32>>,
}

impl<D: ServerEngine> PooledConnection<D> {
    /// Waits for a connection as long as the pool has patience.
    pub(in crate::store) async fn from(pool: &Pool<D>, limit: Duration) -> sqlx::Result<Self> {
        let mut lent = Self::unlimited(pool).await?;
        lent.limit = Some(limit);
        Ok(lent)
    }

    /// The same, where each statement may take the time it needs.
    pub(in crate::store) async fn unlimited(pool: &Pool<D>) -> sqlx::Result<Self> {
        let connection = Some(pool.acquire().await?);
        Ok(Self { connection, limit: None, in_transaction: false, is_stuck: false, counter: None })
    }

    /// Is counted among those that are lent, until it is dropped.
    pub(in crate::store) fn counted(mut self, lent: &Arc<AtomicU32>) -> Self {
        lent.fetch_add(1, Ordering::Relaxed);
        self.counter = Some(Arc::clone(lent));
        self
    }

    /// Lets every statement from now on take the time it needs.
    pub(in crate::store) const fn take_time(&mut self) {
        self.limit = None;
    }

    /// Does something with the connection within the limit.
    pub(in crate::store) async fn timely<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        if self.is_stuck {
            return Err(sqlx::Error::WorkerCrashed);
        }
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let done = match self.limit {
            None => act(connection).await,
            Some(limit) => match timeout(limit, act(connection)).await {
                Ok(done) => done,
                Err(_) => Err(no_answer(limit)),
            },
        };
        self.is_stuck = done.as_ref().is_err_and(ends_a_connection);
        done
    }

    /// Begins a transaction, which ends with [`Self::commit`] or is undone.
    pub(in crate::store) async fn begin(&mut self) -> sqlx::Result<()> {
        self.in_transaction = true;
        let begun = self.timely(async |it| D::say(it, D::BEGIN).await).await;
        self.is_stuck = begun.is_err();
        begun
    }

    /// No transaction was begun, and the connection is as it was before.
    pub(in crate::store) const fn has_not_begun(&mut self) {
        self.in_transaction = false;
        self.is_stuck = false;
    }

    /// Makes the transaction last.
    pub(in crate::store) async fn commit(mut self) -> sqlx::Result<()> {
        let done = self.timely(async |it| D::say(it, "COMMIT").await).await;
        self.in_transaction = false;
        self.is_stuck = done.is_err();
        done
    }
}

/// Whether a connection cannot be trusted after this error: it broke, or its
/// database may have ended the transaction by itself, so that what follows would
/// not be part of it.
fn ends_a_connection(error: &sqlx::Error) -> bool {
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
        // What is detached and dropped is closed without a word.
        let (false, Ok(runtime)) = (self.is_stuck, Handle::try_current()) else {
            drop(connection.detach());
            return;
        };
        let in_transaction = self.in_transaction;
        runtime.spawn(async move {
            if in_transaction {
                match timeout(RETURN, D::say(&mut connection, "ROLLBACK")).await {
                    Ok(Ok(())) => {}
                    _ => return drop(connection.detach()),
                }
            }
            // Given up, it closes the connection and makes room for another one.
            drop(timeout(RETURN, connection.return_to_pool()).await);
        });
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    async fn lent(pool: &Pool<Sqlite>) -> PooledConnection<Sqlite> {
        let mut lent = PooledConnection::unlimited(pool).await.expect("a connection");
        lent.begin().await.expect("begun");
        lent
    }

    async fn say(lent: &mut PooledConnection<Sqlite>, text: &'static str) -> sqlx::Result<()> {
        lent.timely(async |it| Sqlite::say(it, text).await).await
    }

    #[tokio::test]
    async fn a_connection_whose_transaction_did_not_end_is_not_used_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("store.db").display());
        let pool = SqlitePoolOptions::new().max_connections(1).connect(&url).await.expect("opened");
        let mut first = lent(&pool).await;
        let tables = "CREATE TABLE a (id INTEGER PRIMARY KEY); \
            CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)";
        say(&mut first, tables).await.expect("made");
        first.commit().await.expect("kept");
        for round in 0..3 {
            let mut bad = lent(&pool).await;
            say(&mut bad, "INSERT INTO b VALUES (7)").await.expect("until the end");
            bad.commit().await.expect_err("a row that refers to nothing");
            let mut good = lent(&pool).await;
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
