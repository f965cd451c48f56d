//! Notifications between processes on PostgreSQL (`LISTEN`, `NOTIFY`).
//!
//! `NOTIFY` is sent after the commit, not within the transaction: there it takes a lock of
//! the whole server until the commit is on disk, so that all terminals would commit one by
//! one. What is lost between commit and notification is found by the poll that a listener
//! does every few seconds.
//!
//! The channel is named after our schema, which is unique in the database.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::settings::Identifier;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Arg, Row};
use crate::store::database::error::failed;
use crate::store::database::pooled_connection::{self, PooledConnection};
use crate::store::database::statement::Sql;
use crate::store::database::{postgres, query};

/// How long connecting, and any answer, may take before the server counts as unreachable.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// The channel on which a billing program hears that somebody was verified, or is no more. It
/// says no more than that: whoever it concerns reads `core_verified_now`.
pub(in crate::store) const VERIFIED_CHANNEL: &str = "countersign_verified";

/// The least time between two notifications: later commits share one.
const MIN_NOTIFY_INTERVAL: Duration = Duration::from_millis(50);

/// Whether less than 40 % of the connections are in use that the server, the database and
/// the account each allow.
///
/// Whoever asks has one connection already, so that at most 39 of 100 are granted a second
/// one, however many ask at the same moment: with 50 counters that makes 89 connections,
/// and PostgreSQL leaves 97 of its 100 to ordinary accounts.
const HAS_ROOM: &str = "\
    WITH used AS (SELECT datname, usename FROM pg_stat_activity WHERE datid IS NOT NULL) \
    SELECT bool_and(100 * used < 40 * most) FROM ( \
        SELECT CAST(current_setting('max_connections') AS BIGINT) AS most, \
            (SELECT count(*) FROM used) AS used \
        UNION ALL \
        SELECT datconnlimit, (SELECT count(*) FROM used WHERE datname = current_database()) \
        FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0 \
        UNION ALL \
        SELECT rolconnlimit, (SELECT count(*) FROM used WHERE usename = session_user) \
        FROM pg_roles WHERE rolname = session_user AND rolconnlimit >= 0 \
    ) AS limits";

/// Whether this process may open a connection for a listener.
pub(in crate::store) async fn has_room(pool: &PgPool) -> Result<bool, StoreError> {
    let mut connection = PooledConnection::from(pool, ANSWER_TIMEOUT).await.map_err(failed)?;
    let room =
        connection.with_timeout(async |it| sqlx::query_scalar(HAS_ROOM).fetch_one(it).await).await;
    room.map_err(failed)
}

/// A random payload by which a process recognises its own notifications.
pub(in crate::store) fn random_name() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Notifies whoever listens to a channel of each of these commits, until the store is closed. A notification
/// that fails is only logged: the others poll as well.
pub(in crate::store) async fn announce(
    pool: PgPool,
    channel: String,
    payload: String,
    mut commits: watch::Receiver<u64>,
    end: CancellationToken,
) {
    let mut announced = 0;
    loop {
        drop(end.run_until_cancelled(commits.wait_for(|count| *count != announced)).await);
        let count = *commits.borrow();
        // The last commit before the end is still announced.
        if count == announced {
            return;
        }
        announced = count;
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(&channel).bind(&payload);
        let announced = match PooledConnection::from(&pool, ANSWER_TIMEOUT).await {
            Ok(mut connection) => {
                connection.with_timeout(async |it| notify.execute(it).await).await.map(drop)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = announced {
            tracing::debug!(%error, channel, "a commit was not notified of");
        }
        end.run_until_cancelled(tokio::time::sleep(MIN_NOTIFY_INTERVAL)).await;
    }
}

/// A connection on which the server delivers the notifications of other processes.
pub(in crate::store) struct Listener {
    connection: PgListener,
    pool: PgPool,
    /// The payload of this process's own notifications.
    own_payload: String,
}

impl Listener {
    /// Opens a connection of its own with the options of the pool, and listens on it.
    pub(in crate::store) async fn open(
        pool_of_store: &PgPool,
        channel: &Identifier,
        own_payload: String,
    ) -> Result<Self, StoreError> {
        let options = pool_of_store.connect_options();
        let pool = postgres::pool_options(channel, &options)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ANSWER_TIMEOUT)
            .connect_lazy_with((*options).clone());
        let mut listener = PgListener::connect_with(&pool).await.map_err(failed)?;
        // A new connection needs room on the server, which is asked for again.
        listener.eager_reconnect(false);
        let listening =
            tokio::time::timeout(ANSWER_TIMEOUT, listener.listen(channel.as_str())).await;
        listening.map_err(|_| failed(sqlx::Error::PoolTimedOut))?.map_err(failed)?;
        Ok(Self { connection: listener, pool, own_payload })
    }

    /// Waits until another process has written; false where the connection broke. Dropping
    /// the future loses no notification.
    pub(in crate::store) async fn notified(&mut self) -> bool {
        loop {
            match self.connection.try_recv().await {
                Ok(Some(notification)) if notification.payload() == self.own_payload => {}
                Ok(Some(_)) => return true,
                Ok(None) | Err(_) => return false,
            }
        }
    }

    /// Reads the one row of a statement on this connection, which also shows that it is
    /// alive: `None` where it broke, an error where the server does not answer.
    pub(in crate::store) async fn one(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        let read = query::postgres(sql, args).fetch_one(&mut self.connection);
        match tokio::time::timeout(ANSWER_TIMEOUT, read).await {
            Ok(read) => Ok(read.ok().map(Row::Postgres)),
            Err(_) => Err(failed(pooled_connection::no_answer(ANSWER_TIMEOUT))),
        }
    }

    pub(in crate::store) async fn close(self) {
        drop(self.connection);
        // A server that has vanished does not answer the goodbye.
        drop(tokio::time::timeout(ANSWER_TIMEOUT, self.pool.close()).await);
    }
}
