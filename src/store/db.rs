//! The one place that knows which database is behind the store.
//!
//! The rest of the store says what to do with a [`Sql`] and a list of [`Arg`]s
//! and reads [`Row`]s by ordinal. Each enum here has one variant for each
//! database, so another database means another variant, not another copy of
//! what the store does.

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};
use tokio::sync::watch;

use super::sql::Sql;
use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::service::ports::StoreError;

/// A value for a statement's placeholder.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg<'a> {
    /// A number, a flag or a moment.
    Int(Option<i64>),
    /// A text.
    Text(Option<&'a str>),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

/// The arguments of a statement, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::store::db::Arg::from($value)),*] };
}
pub(super) use args;

/// A row that was read.
pub(super) enum Row {
    Sqlite(SqliteRow),
}

impl Row {
    /// A number.
    pub(super) fn int(&self, at: usize) -> Result<i64, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(at).map_err(failed),
        }
    }

    /// A number that may be missing.
    pub(super) fn maybe_int(&self, at: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(at).map_err(failed),
        }
    }

    /// A text that may be missing, clean to show.
    pub(super) fn maybe_text(&self, at: usize) -> Result<Option<String>, StoreError> {
        let raw: Option<&str> = match self {
            Self::Sqlite(row) => row.try_get(at).map_err(failed)?,
        };
        Ok(raw.map(clean))
    }

    /// A text, clean to show.
    pub(super) fn text(&self, at: usize) -> Result<String, StoreError> {
        self.maybe_text(at)?.ok_or_else(|| unreadable(at, "nothing"))
    }

    /// A small count.
    pub(super) fn count(&self, at: usize) -> Result<u32, StoreError> {
        let value = self.int(at)?;
        u32::try_from(value).map_err(|_| unreadable(at, &value.to_string()))
    }

    /// A moment.
    pub(super) fn time(&self, at: usize) -> Result<Timestamp, StoreError> {
        self.int(at).map(Timestamp::from_millis)
    }

    /// A word of one of the domain's lists.
    pub(super) fn word<T: std::str::FromStr>(&self, at: usize) -> Result<T, StoreError> {
        let text = self.text(at)?;
        text.parse().map_err(|_| unreadable(at, &text))
    }

    /// A word of one of the domain's lists that may be missing.
    pub(super) fn maybe_word<T: std::str::FromStr>(
        &self,
        at: usize,
    ) -> Result<Option<T>, StoreError> {
        let Some(text) = self.maybe_text(at)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| unreadable(at, &text))
    }
}

/// A row holds what this program never writes.
fn unreadable(at: usize, found: &str) -> StoreError {
    StoreError::Failed(format!("column {at} of a row holds {found}, which cannot be read"))
}

/// The pools of one database.
#[derive(Clone)]
pub(super) enum Pools {
    /// One connection that writes, since SQLite has one writer at a time and a
    /// queue here is fairer than its busy handler; others that only read.
    Sqlite { write: SqlitePool, read: SqlitePool },
}

/// The database and the signal that something in it changed.
#[derive(Clone)]
pub(super) struct Db {
    pools: Pools,
    changes: watch::Sender<u64>,
}

impl Db {
    pub(super) fn new(pools: Pools) -> Self {
        Self { pools, changes: watch::Sender::new(0) }
    }

    pub(super) fn changes(&self) -> &watch::Sender<u64> {
        &self.changes
    }

    /// Begins a transaction that may write. What it reads is current and stays
    /// so until it ends: on SQLite it has the write lock from the start, so it
    /// can never fail half-way because another writer was faster.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => {
                Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?)
            }
        };
        Ok(Tx { inner, changes: self.changes.clone() })
    }

    /// A number that changes when somebody else has written. SQLite counts per
    /// connection and leaves the connection's own writes out: those of this
    /// store all go through its one writer, and tell of themselves.
    pub(super) async fn version_elsewhere(&self) -> Result<i64, StoreError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                sqlx::query_scalar("PRAGMA data_version").fetch_one(write).await.map_err(failed)
            }
        }
    }

    /// Reads rows outside of any transaction.
    pub(super) async fn all(&self, sql: &Sql, args: &[Arg<'_>]) -> Result<Vec<Row>, StoreError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                let rows = sqlite(sql, args).fetch_all(read).await.map_err(failed)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
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
                let row = sqlite(sql, args).fetch_optional(read).await.map_err(failed)?;
                Ok(row.map(Row::Sqlite))
            }
        }
    }
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
}

/// A transaction. Dropped without [`Tx::commit`], it has never been.
pub(super) struct Tx {
    inner: Inner,
    changes: watch::Sender<u64>,
}

impl Tx {
    /// Writes; gives the number of rows written.
    pub(super) async fn write(&mut self, sql: &Sql, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let done = sqlite(sql, args).execute(&mut **tx).await.map_err(failed)?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Inserts one row; gives its number.
    pub(super) async fn insert(&mut self, sql: &Sql, args: &[Arg<'_>]) -> Result<i64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let done = sqlite(sql, args).execute(&mut **tx).await.map_err(failed)?;
                Ok(done.last_insert_rowid())
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
            Inner::Sqlite(tx) => {
                let rows = sqlite(sql, args).fetch_all(&mut **tx).await.map_err(failed)?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
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
                let row = sqlite(sql, args).fetch_optional(&mut **tx).await.map_err(failed)?;
                Ok(row.map(Row::Sqlite))
            }
        }
    }

    /// Reads the one row there must be.
    pub(super) async fn one(&mut self, sql: &Sql, args: &[Arg<'_>]) -> Result<Row, StoreError> {
        self.maybe(sql, args)
            .await?
            .ok_or_else(|| StoreError::Failed("a row that was just written is gone".into()))
    }

    /// Runs a script of several statements without arguments.
    pub(super) async fn script(&mut self, script: &'static str) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                sqlx::raw_sql(script).execute(&mut **tx).await.map_err(failed)?;
                Ok(())
            }
        }
    }

    /// Makes it last, and tells those who watch.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await.map_err(failed)?,
        }
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// A statement with its arguments, for SQLite.
pub(super) fn sqlite<'q>(
    sql: &Sql,
    args: &[Arg<'_>],
) -> sqlx::query::Query<'q, Sqlite, SqliteArguments> {
    args.iter().fold(sqlx::query(sql.sqlite), |query, arg| match *arg {
        Arg::Int(value) => query.bind(value),
        Arg::Text(value) => query.bind(value.map(str::to_owned)),
    })
}

/// What a database's error means to the desk. SQLite's codes are those of
/// <https://www.sqlite.org/rescode.html>.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    let text = clean(&error.to_string());
    match &error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
            StoreError::Unreachable(text)
        }
        sqlx::Error::Database(inner) => match primary_code(inner.as_ref()) {
            // busy, locked, read-only, disk I/O, full, cannot open
            Some(5 | 6 | 8 | 10 | 13 | 14) => StoreError::Unreachable(text),
            _ if text.contains("no such table") => StoreError::NotMigrated(text),
            _ => StoreError::Failed(text),
        },
        _ => StoreError::Failed(text),
    }
}

fn primary_code(error: &dyn sqlx::error::DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|code| code & 0xff)
}
