//! A connection lent by a server's pool, on which nothing may take for ever.
//!
//! A server that vanishes (its machine lost power, a firewall forgot the way)
//! sends nothing, not even that it is gone: a statement would wait until the
//! system gives up, a quarter of an hour later, and with it everybody who wants
//! a connection. So each statement has a limit. A connection that has passed it
//! is closed at once; one that goes back is only kept where it answers in time,
//! since the pool itself would wait for its answer without end.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{Database, MySql, MySqlConnection, PgConnection, Pool, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long an act waits for a connection of its own. What it then waits for has
/// a limit of its own.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// How long a connection may take to be fit for the next one who wants it.
const RETURN: Duration = Duration::from_secs(3);

/// A database behind a network.
#[async_trait]
pub(super) trait Server: Database {
    /// Says a word or two that has no answer.
    async fn say(connection: &mut Self::Connection, text: &'static str) -> sqlx::Result<()>;
}

#[async_trait]
impl Server for Postgres {
    async fn say(connection: &mut PgConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

#[async_trait]
impl Server for MySql {
    async fn say(connection: &mut MySqlConnection, text: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(text).execute(connection).await.map(drop)
    }
}

/// What there is to say about a server that has not answered for so long.
pub(super) fn no_answer(limit: Duration) -> sqlx::Error {
    let seconds = limit.as_secs();
    let why = format!("its server has not answered for {seconds} seconds");
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, why))
}

/// A connection, until it is dropped.
pub(super) struct Lent<D: Server> {
    /// Nothing only while it is dropped.
    connection: Option<PoolConnection<D>>,
    limit: Option<Duration>,
    in_transaction: bool,
    is_stuck: bool,
}

impl<D: Server> Lent<D> {
    /// Waits for a connection as long as the pool has patience.
    pub(super) async fn from(pool: &Pool<D>, limit: Duration) -> sqlx::Result<Self> {
        let connection = Some(pool.acquire().await?);
        Ok(Self { connection, limit: Some(limit), in_transaction: false, is_stuck: false })
    }

    /// Lets every statement from now on take the time it needs.
    pub(super) const fn take_time(&mut self) {
        self.limit = None;
    }

    /// Does something with the connection within the limit.
    pub(super) async fn timely<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let Some(limit) = self.limit else { return act(connection).await };
        if let Ok(done) = timeout(limit, act(connection)).await {
            return done;
        }
        self.is_stuck = true;
        Err(no_answer(limit))
    }

    /// Begins a transaction, which ends with [`Self::commit`] or is undone.
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        self.in_transaction = true;
        self.timely(async |it| D::say(it, "BEGIN").await).await
    }

    /// Makes the transaction last.
    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        self.timely(async |it| D::say(it, "COMMIT").await).await?;
        self.in_transaction = false;
        Ok(())
    }
}

impl<D: Server> Drop for Lent<D> {
    fn drop(&mut self) {
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
