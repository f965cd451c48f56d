//! A connection pooler between this program and PostgreSQL, such as `PgBouncer`.
//!
//! One that gives a session a connection of its own is no hindrance. One that
//! lends each transaction another connection is: what a session sets, prepares
//! and listens to meets other programs.

use std::io;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::timeout;

use crate::store::database::listener;

/// What to do about a pooler of transactions.
pub(in crate::store) const REFUSED: &str = "\
    Between countersign and its PostgreSQL stands a connection pooler that lends each transaction \
    another connection, so that nothing that countersign sets there can be relied on. Name the \
    server itself in store.url, or let the pooler keep one connection for each session (PgBouncer: \
    pool_mode = session).";

/// How long a word with the pooler may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a session has a connection to the server of its own: what one session
/// set is still there while another one is in a transaction. A pooler of
/// transactions lends the connection that was used last, so that the other one has
/// it then.
pub(in crate::store) async fn keeps_sessions(options: &PgConnectOptions) -> sqlx::Result<bool> {
    let mark = listener::draw_name();
    let (mut one, mut other) = (open(options).await?, open(options).await?);
    let set = format!("SELECT set_config('countersign.session', '{mark}', false)");
    say(&mut one, set).await?;
    // A pooler of statements knows no transactions at all.
    match say(&mut other, "BEGIN".into()).await {
        Err(sqlx::Error::Database(_)) => return Ok(false),
        begun => begun?,
    }
    // Whoever has but one connection to lend keeps the first one waiting.
    let read = sqlx::raw_sql("SELECT current_setting('countersign.session', true)");
    let kept = match timeout(PATIENCE, read.fetch_one(&mut one)).await {
        Ok(row) => row?.try_get::<Option<String>, _>(0)?.as_deref() == Some(&mark),
        Err(_) => false,
    };
    say(&mut other, "ROLLBACK".into()).await?;
    other.close().await?;
    if kept {
        one.close().await?;
    }
    Ok(kept)
}

fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        "the pooler has no connection to spare",
    ))
}

async fn open(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    timeout(PATIENCE, options.connect()).await.map_err(|_| no_answer())?
}

async fn say(connection: &mut PgConnection, text: String) -> sqlx::Result<()> {
    let said = sqlx::raw_sql(AssertSqlSafe(text)).execute(connection);
    timeout(PATIENCE, said).await.map_err(|_| no_answer())?.map(drop)
}
