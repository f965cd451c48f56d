//! The one place that knows which database is behind the store.
//!
//! The rest of the store says what to do with a [`Sql`] and a list of [`Arg`]s
//! and reads [`Row`]s by ordinal. Each enum here has one variant for each
//! database, so another database means another variant, not another copy of
//! what the store does.

use std::time::Duration;

use sqlx::mysql::MySqlArguments;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{MySql, MySqlPool, PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use tokio::sync::watch;

use super::fault::failed;
use super::lent::Lent;
use super::sql::{Sql, statements};
use super::together::{self, Write};
pub(super) use super::value::{Arg, Row, args, list};
use crate::config::settings::Identifier;
use crate::service::ports::StoreError;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
    Mysql,
}

/// How long a server may take over a statement: then it counts as gone.
const LIMIT: Duration = Duration::from_secs(10);

/// The pools of one database.
#[derive(Clone)]
pub(super) enum Pools {
    /// One connection that writes, since SQLite has one writer at a time and a
    /// queue here is fairer than its busy handler; others that only read.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    /// The pool, and the schema of our tables.
    Postgres {
        pool: PgPool,
        schema: Identifier,
    },
    Mysql(MySqlPool),
}

/// The database and the signals that something in it changed.
#[derive(Clone)]
pub(super) struct Db {
    pools: Pools,
    limit: Duration,
    told: Told,
}

/// Counts of what was told.
#[derive(Clone)]
struct Told {
    /// Changes, made here or elsewhere.
    changes: watch::Sender<u64>,
    /// Commits of this store that wrote into the log, which is what other
    /// terminals want to know of.
    entries: watch::Sender<u64>,
}

impl Db {
    pub(super) fn new(pools: Pools) -> Self {
        let told = Told { changes: watch::Sender::new(0), entries: watch::Sender::new(0) };
        Self { pools, limit: LIMIT, told }
    }

    /// Lets a server take so long over a statement.
    pub(super) const fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    pub(super) fn kind(&self) -> Kind {
        match self.pools {
            Pools::Sqlite { .. } => Kind::Sqlite,
            Pools::Postgres { .. } => Kind::Postgres,
            Pools::Mysql(_) => Kind::Mysql,
        }
    }

    pub(super) fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Whether somebody here has each connection that there is: who waits for one
    /// then learns nothing about the server.
    pub(super) fn is_busy(&self) -> bool {
        let (size, idle) = match &self.pools {
            Pools::Sqlite { write, .. } => (write.size(), write.num_idle()),
            Pools::Postgres { pool, .. } => (pool.size(), pool.num_idle()),
            Pools::Mysql(pool) => (pool.size(), pool.num_idle()),
        };
        size > 0 && idle == 0
    }

    pub(super) fn changes(&self) -> &watch::Sender<u64> {
        &self.told.changes
    }

    pub(super) fn entries(&self) -> watch::Receiver<u64> {
        self.told.entries.subscribe()
    }

    /// Begins a transaction that may write. On SQLite it has the write lock from
    /// the start, so it can never fail half-way because another writer was
    /// faster. The others begin at READ COMMITTED: what is decided there, is
    /// decided by guarded statements and under locks taken by [`Tx::lock`] or on
    /// a customer's guard.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => {
                Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?)
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                lent.begin().await.map_err(failed)?;
                Inner::Postgres(lent)
            }
            Pools::Mysql(pool) => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                lent.begin().await.map_err(failed)?;
                Inner::Mysql(lent)
            }
        };
        Ok(Tx { inner, told: self.told.clone(), has_entry: false })
    }

    /// Writes by one statement that is a transaction of its own; nobody is told.
    pub(super) async fn write_alone(&self, sql: &Sql, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                sqlite(sql, args).execute(write).await.map(|it| it.rows_affected())
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = postgres(sql, args);
                lent.timely(async |it| query.execute(it).await).await.map(|it| it.rows_affected())
            }
            Pools::Mysql(pool) => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = mysql(sql, args);
                lent.timely(async |it| query.execute(it).await).await.map(|it| it.rows_affected())
            }
        }
        .map_err(unanswered)
    }

    /// As [`Self::write_alone`] by a statement that returns the rows it wrote.
    pub(super) async fn write_returning(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let written = match &self.pools {
            Pools::Sqlite { write, .. } => {
                let written = sqlite(sql, args).fetch_all(write).await;
                written.map(|it| it.into_iter().map(Row::Sqlite).collect())
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = postgres(sql, args);
                let written = lent.timely(async |it| query.fetch_all(it).await).await;
                written.map(|it| it.into_iter().map(Row::Postgres).collect())
            }
            Pools::Mysql(pool) => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = mysql(sql, args);
                let written = lent.timely(async |it| query.fetch_all(it).await).await;
                written.map(|it| it.into_iter().map(Row::Mysql).collect())
            }
        };
        written.map_err(unanswered)
    }

    /// Reads rows outside of any transaction.
    pub(super) async fn all(&self, sql: &Sql, args: &[Arg<'_>]) -> Result<Vec<Row>, StoreError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                rows(sqlite(sql, args).fetch_all(read).await, Row::Sqlite)
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = postgres(sql, args);
                rows(lent.timely(async |it| query.fetch_all(it).await).await, Row::Postgres)
            }
            Pools::Mysql(pool) => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = mysql(sql, args);
                rows(lent.timely(async |it| query.fetch_all(it).await).await, Row::Mysql)
            }
        }
    }

    /// Reads at most one row outside of any transaction.
    pub(super) async fn maybe(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                row(sqlite(sql, args).fetch_optional(read).await, Row::Sqlite)
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = postgres(sql, args);
                row(lent.timely(async |it| query.fetch_optional(it).await).await, Row::Postgres)
            }
            Pools::Mysql(pool) => {
                let mut lent = Lent::from(pool, self.limit).await.map_err(failed)?;
                let query = mysql(sql, args);
                row(lent.timely(async |it| query.fetch_optional(it).await).await, Row::Mysql)
            }
        }
    }

    /// Ends the connections in order, so that nothing is left to be tidied up.
    pub(super) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
            Pools::Mysql(pool) => pool.close().await,
        }
    }
}

/// A statement with its arguments, for each database.
macro_rules! bind {
    ($text:expr, $args:expr) => {
        $args.fold(sqlx::query($text), |query, arg| match arg {
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value.map(str::to_owned)),
        })
    };
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Lent<Postgres>),
    Mysql(Lent<MySql>),
}

/// A transaction. Dropped without [`Tx::commit`], it has never been.
pub(super) struct Tx {
    inner: Inner,
    told: Told,
    has_entry: bool,
}

statements! {
    LOCK { "SELECT name FROM core_lock WHERE name = $1" for_update }
    TRY_LOCK { "SELECT name FROM core_lock WHERE name = $1" skip_locked }
}

impl Tx {
    /// Waits until nobody else has the lock of this name, and holds it until the
    /// transaction ends.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), StoreError> {
        match self.inner {
            // Its one writer has every lock there is.
            Inner::Sqlite(_) => Ok(()),
            _ => self.one(&LOCK, args![name]).await.map(drop),
        }
    }

    /// Takes the lock of this name as [`Self::lock`] does, unless somebody else
    /// has it; whether it was got.
    pub(super) async fn try_lock(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.maybe(&TRY_LOCK, args![name]).await?.is_some())
    }

    /// Writes; gives the number of rows written.
    pub(super) async fn write(&mut self, sql: &Sql, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let done = sqlite(sql, args).execute(&mut **tx).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
            Inner::Postgres(tx) => {
                let done = tx.timely(async |it| postgres(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
            Inner::Mysql(tx) => {
                let done = tx.timely(async |it| mysql(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
        }
    }

    /// Writes what needs nothing from each other, in as few round trips as the
    /// database lets it.
    pub(super) async fn write_all(&mut self, writes: &[Write<'_>]) -> Result<(), StoreError> {
        let (text, args) = match self.inner {
            Inner::Sqlite(_) if writes.len() > 1 => together::script(writes),
            Inner::Postgres(_) if writes.len() > 1 => together::statement(writes),
            _ => {
                for it in writes {
                    self.write(it.sql, &it.args).await?;
                }
                return Ok(());
            }
        };
        self.made_write(text, &args).await
    }

    /// Inserts one row by a statement that ends in `returning_id`; gives its
    /// number.
    pub(super) async fn insert(&mut self, sql: &Sql, args: &[Arg<'_>]) -> Result<i64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let done = sqlite(sql, args).execute(&mut **tx).await.map_err(failed)?;
                Ok(done.last_insert_rowid())
            }
            Inner::Postgres(_) => self.one(sql, args).await?.int(0),
            Inner::Mysql(tx) => {
                let done = tx
                    .timely(async |it| mysql(sql, args).execute(it).await)
                    .await
                    .map_err(failed)?;
                i64::try_from(done.last_insert_id())
                    .map_err(|_| StoreError::Failed("a row's number is too high".into()))
            }
        }
    }

    /// Reads rows.
    pub(super) async fn all(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => rows(sqlite(sql, args).fetch_all(&mut **tx).await, Row::Sqlite),
            Inner::Postgres(tx) => rows(
                tx.timely(async |it| postgres(sql, args).fetch_all(it).await).await,
                Row::Postgres,
            ),
            Inner::Mysql(tx) => {
                rows(tx.timely(async |it| mysql(sql, args).fetch_all(it).await).await, Row::Mysql)
            }
        }
    }

    /// Reads at most one row.
    pub(super) async fn maybe(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                row(sqlite(sql, args).fetch_optional(&mut **tx).await, Row::Sqlite)
            }
            Inner::Postgres(tx) => row(
                tx.timely(async |it| postgres(sql, args).fetch_optional(it).await).await,
                Row::Postgres,
            ),
            Inner::Mysql(tx) => row(
                tx.timely(async |it| mysql(sql, args).fetch_optional(it).await).await,
                Row::Mysql,
            ),
        }
    }

    /// Reads the one row there must be.
    pub(super) async fn one(&mut self, sql: &Sql, args: &[Arg<'_>]) -> Result<Row, StoreError> {
        self.maybe(sql, args)
            .await?
            .ok_or_else(|| StoreError::Failed("a row that must be there is gone".into()))
    }

    /// Runs a script of several statements without arguments. MySQL ends the
    /// transaction with each statement that makes a table.
    pub(super) async fn script(&mut self, script: Script) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => script.raw().execute(&mut **tx).await.map(drop),
            Inner::Postgres(tx) => {
                tx.take_time();
                tx.timely(async |it| script.raw().execute(it).await).await.map(drop)
            }
            Inner::Mysql(tx) => {
                tx.take_time();
                tx.timely(async |it| script.raw().execute(it).await).await.map(drop)
            }
        }
        .map_err(failed)
    }

    /// Reads rows by a statement that was made of checked and quoted identifiers;
    /// its placeholders are the database's own, in the order of the arguments.
    pub(super) async fn made_all(
        &mut self,
        text: String,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        let args = args.iter().copied();
        match &mut self.inner {
            Inner::Sqlite(tx) => rows(bind!(text, args).fetch_all(&mut **tx).await, Row::Sqlite),
            Inner::Postgres(tx) => rows(
                tx.timely(async |it| bind!(text, args).fetch_all(it).await).await,
                Row::Postgres,
            ),
            Inner::Mysql(tx) => {
                rows(tx.timely(async |it| bind!(text, args).fetch_all(it).await).await, Row::Mysql)
            }
        }
    }

    /// Writes by such a statement.
    pub(super) async fn made_write(
        &mut self,
        text: String,
        args: &[Arg<'_>],
    ) -> Result<(), StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        let args = args.iter().copied();
        match &mut self.inner {
            Inner::Sqlite(tx) => bind!(text, args).execute(&mut **tx).await.map(drop),
            Inner::Postgres(tx) => {
                tx.timely(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
            Inner::Mysql(tx) => {
                tx.timely(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
        }
        .map_err(failed)
    }

    /// Lets every statement from now on take the time it needs: in what waits for
    /// others, or is no clerk's.
    pub(super) const fn take_time(&mut self) {
        match &mut self.inner {
            Inner::Sqlite(_) => {}
            Inner::Postgres(tx) => tx.take_time(),
            Inner::Mysql(tx) => tx.take_time(),
        }
    }

    /// Says that an entry of the log was written.
    pub(super) const fn wrote_entry(&mut self) {
        self.has_entry = true;
    }

    /// Makes it last. Where the connection breaks here, it may have been done.
    /// Nobody is told: no screen shows any of it.
    pub(super) async fn commit_quietly(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
            Inner::Mysql(tx) => tx.commit().await,
        }
        .map_err(unanswered)
    }

    /// Makes it last, and tells those who watch.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let (told, has_entry) = (self.told.clone(), self.has_entry);
        self.commit_quietly().await?;
        told.changes.send_modify(|count| *count += 1);
        if has_entry {
            told.entries.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}

/// A script that is part of the program, or made of checked and quoted
/// identifiers.
pub(super) enum Script {
    Fixed(&'static str),
    Made(String),
}

impl Script {
    fn raw(self) -> sqlx::RawSql {
        match self {
            Self::Fixed(text) => sqlx::raw_sql(text),
            Self::Made(text) => sqlx::raw_sql(sqlx::AssertSqlSafe(text)),
        }
    }
}

/// The error of what may have been done where no answer came.
fn unanswered(error: sqlx::Error) -> StoreError {
    match failed(error) {
        StoreError::Unreachable(why) => StoreError::Unknown(why),
        other => other,
    }
}

fn rows<T>(read: sqlx::Result<Vec<T>>, row: fn(T) -> Row) -> Result<Vec<Row>, StoreError> {
    Ok(read.map_err(failed)?.into_iter().map(row).collect())
}

fn row<T>(read: sqlx::Result<Option<T>>, row: fn(T) -> Row) -> Result<Option<Row>, StoreError> {
    Ok(read.map_err(failed)?.map(row))
}

fn sqlite<'q>(sql: &Sql, args: &[Arg<'_>]) -> Query<'q, Sqlite, SqliteArguments> {
    bind!(sql.sqlite, args.iter().copied())
}

pub(super) fn postgres<'q>(sql: &Sql, args: &[Arg<'_>]) -> Query<'q, Postgres, PgArguments> {
    bind!(sql.postgres, args.iter().copied())
}

fn mysql<'q>(sql: &Sql, args: &[Arg<'_>]) -> Query<'q, MySql, MySqlArguments> {
    bind!(sql.mysql.text, sql.mysql.order.iter().map(|number| args[usize::from(*number) - 1]))
}
