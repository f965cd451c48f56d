//! The floor to compare with: the bare guarded update, and the bare transaction that writes the
//! rows of a verification with prepared statements and without any decision.

use sqlx::{AssertSqlSafe, Database, Executor, IntoArguments, PgPool, Pool};

use super::place::Bare;

/// Terminals with a row of their own.
pub(crate) const ROWS: u64 = 8;

/// The update, for each database.
const UPDATE: [&str; 3] = [
    "UPDATE floor_row SET attempts = attempts + 1 WHERE id = $1 AND attempts < 1000000000",
    "UPDATE floor_row SET attempts = attempts + 1 WHERE id = $1 AND attempts < 1000000000",
    "UPDATE floor_row SET attempts = attempts + 1 WHERE id = ? AND attempts < 1000000000",
];

/// The inserts of the transaction, in addition to an update each of the guard and the request.
const SESSION: &str = "INSERT INTO core_session (public_id, token_digest, customer_id, request, \
     factor, purpose, clerk, counter, created_at, expires_at, idle_at) VALUES ($1, $2, 1, $3, \
     'email', 'pay bill', 'floor', '3', 1700000000000, 1700001800000, 1700000600000)";
const EVENT: &str = "INSERT INTO core_event (at, kind, outcome, request, customer_id, channel, \
     contact, clerk, counter, act) VALUES (1700000000000, 'attempt', 'verified', $1, 1, 'email', \
     $2, 'floor', '3', $3)";

/// Creates the rows to update.
pub(crate) async fn rows(bare: &Bare) {
    bare.run("DROP TABLE IF EXISTS floor_row").await;
    bare.run("CREATE TABLE floor_row (id BIGINT NOT NULL PRIMARY KEY, attempts BIGINT)").await;
    for id in 0..2 * ROWS {
        bare.run(&format!("INSERT INTO floor_row VALUES ({id}, 0)")).await;
    }
}

pub(crate) async fn update(bare: &Bare, task: u64) {
    bare.write(UPDATE[bare.at()], i64::try_from(task).expect("fits")).await;
}

pub(crate) async fn transaction(bare: &Bare, task: u64, name: &str) {
    match bare {
        Bare::Sqlite(pool) => written(pool, "BEGIN IMMEDIATE", task, name, 0).await,
        Bare::Postgres(pool) => written(pool, "BEGIN", task, name, 1).await,
        Bare::Mysql(pool) => written(pool, "BEGIN", task, name, 2).await,
    }
    .expect("written");
}

async fn written<D: Database>(
    pool: &Pool<D>,
    begin: &'static str,
    task: u64,
    name: &str,
    at: usize,
) -> sqlx::Result<()>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
    D::Arguments: IntoArguments<D>,
    i64: sqlx::Type<D> + for<'q> sqlx::Encode<'q, D>,
    String: sqlx::Type<D> + for<'q> sqlx::Encode<'q, D>,
{
    let task = i64::try_from(task).expect("fits");
    let mut tx = pool.begin_with(begin).await?;
    for row in [task, task + i64::try_from(ROWS).expect("fits")] {
        sqlx::query(UPDATE[at]).bind(row).execute(&mut *tx).await?;
    }
    for text in [SESSION, EVENT] {
        let text = if at == 2 {
            text.replace("$1", "?").replace("$2", "?").replace("$3", "?")
        } else {
            text.to_owned()
        };
        let query = sqlx::query(AssertSqlSafe(text));
        let query = query.bind(name.to_owned()).bind(name.to_owned()).bind(name.to_owned());
        query.execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// Writes the same rows with one statement, which only PostgreSQL supports: the least that any
/// implementation needs.
pub(crate) async fn statement(pool: &PgPool, task: u64, name: &str) {
    let text = format!(
        "WITH guard AS ({}), request AS ({}), session AS ({SESSION}) {EVENT}",
        UPDATE[1].replace("$1", "$4"),
        UPDATE[1].replace("$1", "$4 + 8")
    );
    let query = sqlx::query(AssertSqlSafe(text));
    let query = query.bind(name.to_owned()).bind(name.to_owned()).bind(name.to_owned());
    let task = i64::try_from(task).expect("fits");
    query.bind(task).execute(pool).await.expect("written");
}

/// Deletes the rows of the transactions.
pub(crate) async fn forget(bare: &Bare, events: i64, sessions: i64) {
    bare.run(&format!("DELETE FROM core_event WHERE id > {events} AND clerk = 'floor'")).await;
    bare.run(&format!("DELETE FROM core_session WHERE id > {sessions} AND clerk = 'floor'")).await;
}
