//! What PostgreSQL offers beside asking: `NOTIFY` tells other terminals at once
//! that something was written.
//!
//! It is sent after the commit, not within: inside a transaction it would let
//! only one of all terminals commit at a time. What is lost between the two is
//! found by the look that a listener takes now and then.
//!
//! The channel has the name of our schema, which is as unique in the database.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::settings::Identifier;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{self, Arg, Row};
use crate::store::database::error::failed;
use crate::store::database::pooled_connection::{self, PooledConnection};
use crate::store::database::postgres;
use crate::store::database::statement::Sql;

/// How long the way to the server may take before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is committed within this time is told at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether less than 40 % of the connections are in use that the server, the
/// database and the account each allow.
///
/// Who asks holds a connection for its work, so at most 39 of 100 can be told
/// yes, however many ask in the same moment: with 50 counters that makes 89
/// connections, and PostgreSQL leaves 97 of its 100 to them.
const ROOM: &str = "\
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

/// Whether there is room for a second connection of this terminal.
pub(in crate::store) async fn has_room(pool: &PgPool) -> Result<bool, StoreError> {
    let mut lent = PooledConnection::from(pool, PATIENCE).await.map_err(failed)?;
    let room = lent.timely(async |it| sqlx::query_scalar(ROOM).fetch_one(it).await).await;
    room.map_err(failed)
}

/// A name by which a store knows what it told itself.
pub(in crate::store) fn draw_name() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Tells the others of each commit, until the store ends. Best effort: who
/// does not hear of it looks.
pub(in crate::store) async fn announce(
    pool: PgPool,
    channel: Identifier,
    name: String,
    mut entries: watch::Receiver<u64>,
    end: CancellationToken,
) {
    let mut told = 0;
    loop {
        drop(end.run_until_cancelled(entries.wait_for(|count| *count != told)).await);
        let count = *entries.borrow();
        // At the end, what was committed last is still told.
        if count == told {
            return;
        }
        told = count;
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(channel.as_str()).bind(&name);
        let told = match PooledConnection::from(&pool, PATIENCE).await {
            Ok(mut lent) => lent.timely(async |it| notify.execute(it).await).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tracing::debug!(%error, "the others were not told of a commit");
        }
        end.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
    }
}

/// A connection on which the server tells what others have written.
pub(in crate::store) struct Listener {
    connection: PgListener,
    pool: PgPool,
    /// What this store tells itself.
    own: String,
}

impl Listener {
    /// Listens on a connection of its own, reached as those of the pool are.
    pub(in crate::store) async fn open(
        beside: &PgPool,
        channel: &Identifier,
        own: String,
    ) -> Result<Self, StoreError> {
        let options = beside.connect_options();
        let pool = postgres::pool_options(channel, &options)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with((*options).clone());
        let mut listener = PgListener::connect_with(&pool).await.map_err(failed)?;
        // Before another connection is made there must be room for it again.
        listener.eager_reconnect(false);
        let listening = tokio::time::timeout(PATIENCE, listener.listen(channel.as_str())).await;
        listening.map_err(|_| failed(sqlx::Error::PoolTimedOut))?.map_err(failed)?;
        Ok(Self { connection: listener, pool, own })
    }

    /// Waits until another store has written; false where the connection broke.
    /// Dropping the future loses nothing.
    pub(in crate::store) async fn hear(&mut self) -> bool {
        loop {
            match self.connection.try_recv().await {
                Ok(Some(notification)) if notification.payload() == self.own => {}
                Ok(Some(_)) => return true,
                Ok(None) | Err(_) => return false,
            }
        }
    }

    /// Reads the one row of a statement on this connection, which thereby shows
    /// that it is alive; none where it broke, an error where nobody answers.
    pub(in crate::store) async fn one(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        let read = engine::postgres(sql, args).fetch_one(&mut self.connection);
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(read) => Ok(read.ok().map(Row::Postgres)),
            Err(_) => Err(failed(pooled_connection::no_answer(PATIENCE))),
        }
    }

    /// Ends the connection in order.
    pub(in crate::store) async fn close(self) {
        drop(self.connection);
        // A server that has vanished does not say goodbye.
        drop(tokio::time::timeout(PATIENCE, self.pool.close()).await);
    }
}
