//! A connection pooler between this program and PostgreSQL, such as `PgBouncer`.
//!
//! One that assigns a server connection to each session (session pooling) is fine. With one
//! that assigns a connection to each transaction, what a session sets, prepares and listens
//! to would happen on other programs' connections.

use std::io;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::timeout;

use crate::service::ports::error::StoreError;
use crate::store::database::listener;

/// What to do about transaction pooling.
const REFUSED: &str = "\
    Between countersign and its PostgreSQL stands a connection pooler that lends each transaction \
    another connection, so that nothing that countersign sets there can be relied on. Name the \
    server itself in store.url, or let the pooler keep one connection for each session (PgBouncer: \
    pool_mode = session).";

/// The refusal of transaction pooling.
pub(in crate::store) fn refused() -> StoreError {
    StoreError::misconfigured("store.url", REFUSED)
}

/// How long each answer of the pooler may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the pooler assigns a server connection to each session: what one session has set
/// must still be there while another one is in a transaction. With transaction pooling the
/// other one is assigned the connection that was used last, which carries the setting.
pub(in crate::store) async fn keeps_sessions(options: &PgConnectOptions) -> sqlx::Result<bool> {
    let mark = listener::random_name();
    let (mut one, mut other) = (open(options).await?, open(options).await?);
    let set = format!("SELECT set_config('countersign.session', '{mark}', false)");
    run(&mut one, set).await?;
    // Statement pooling knows no transactions at all.
    match run(&mut other, "BEGIN".into()).await {
        Err(sqlx::Error::Database(_)) => return Ok(false),
        begun => begun?,
    }
    // A transaction pooler with only one connection keeps the first session waiting.
    let read = sqlx::raw_sql("SELECT current_setting('countersign.session', true) AS mark");
    let kept = match timeout(ANSWER_TIMEOUT, read.fetch_one(&mut one)).await {
        Ok(row) => row?.try_get::<Option<String>, _>("mark")?.as_deref() == Some(&mark),
        Err(_) => false,
    };
    run(&mut other, "ROLLBACK".into()).await?;
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
    timeout(ANSWER_TIMEOUT, options.connect()).await.map_err(|_| no_answer())?
}

async fn run(connection: &mut PgConnection, text: String) -> sqlx::Result<()> {
    let ran = sqlx::raw_sql(AssertSqlSafe(text)).execute(connection);
    timeout(ANSWER_TIMEOUT, ran).await.map_err(|_| no_answer())?.map(drop)
}
