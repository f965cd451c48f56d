//! What there is to compare with: the bare guarded update, and the bare
//! transaction that writes the rows of a verification, each statement prepared and
//! nothing decided.

use sqlx::{AssertSqlSafe, Database, Executor, IntoArguments, PgPool, Pool};

use super::place::Bare;

/// How many terminals have a row of their own to write.
pub(crate) const ROWS: u64 = 8;

/// The update, for each database.
const UPDATE: [&str; 3] = [
    "UPDATE floor_row SET attempts = attempts + 1 WHERE id = $1 AND attempts < 1000000000",
    "UPDATE floor_row SET attempts = attempts + 1 WHERE id = $1 AND attempts < 1000000000",
    "UPDATE floor_row SET attempts = attempts + 1 WHERE id = ? AND attempts < 1000000000",
];

/// The rest of the transaction, beside an update each of the guard and the request.
const SESSION: &str = "INSERT INTO core_session (public_id, token_digest, customer_id, request, \
     factor, purpose, clerk, counter, created_at, expires_at, idle_at) VALUES ($1, $2, 1, $3, \
     'email', 'pay bill', 'floor', '3', 1700000000000, 1700001800000, 1700000600000)";
const EVENT: &str = "INSERT INTO core_event (at, kind, outcome, request, customer_id, channel, \
     contact, clerk, counter, act) VALUES (1700000000000, 'attempt', 'verified', $1, 1, 'email', \
     $2, 'floor', '3', $3)";

/// Makes the rows that are updated.
pub(crate) async fn rows(bare: &Bare) {
    bare.run("DROP TABLE IF EXISTS floor_row").await;
    bare.run("CREATE TABLE floor_row (id BIGINT NOT NULL PRIMARY KEY, attempts BIGINT)").await;
    for id in 0..2 * ROWS {
        bare.run(&format!("INSERT INTO floor_row VALUES ({id}, 0)")).await;
    }
}

/// One guarded update.
pub(crate) async fn update(bare: &Bare, task: u64) {
    bare.write(UPDATE[bare.at()], i64::try_from(task).expect("fits")).await;
}

/// One transaction.
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

/// The same rows by one statement, which PostgreSQL alone can do: nothing that writes
/// them takes less.
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

/// Takes the transactions' rows away again.
pub(crate) async fn forget(bare: &Bare, events: i64, sessions: i64) {
    bare.run(&format!("DELETE FROM core_event WHERE id > {events} AND clerk = 'floor'")).await;
    bare.run(&format!("DELETE FROM core_session WHERE id > {sessions} AND clerk = 'floor'")).await;
}
