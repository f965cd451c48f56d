//! Which database is behind the store: known here and in [`crate::store::database::transaction`] alone.
//!
//! The rest of the store says what to do with a [`Sql`] and a list of [`Arg`]s
//! and reads [`Row`]s by ordinal. Each enum here has one variant for each
//! database, so another database means another variant, not another copy of
//! what the store does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlArguments;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{MySql, MySqlPool, PgPool, Pool, Postgres, Sqlite, SqlitePool};
use tokio::sync::watch;

use crate::config::settings::Identifier;
use crate::service::ports::error::StoreError;
use crate::store::database::error::failed;
use crate::store::database::file_identity::StoreFile;
use crate::store::database::pooled_connection::{PooledConnection, ServerEngine};
use crate::store::database::requirements::Requirements;
use crate::store::database::sqlite;
use crate::store::database::statement::Sql;
use crate::store::database::transaction::EngineTransaction;
pub(in crate::store) use crate::store::database::transaction::{ScriptTransaction, Tx};
pub(in crate::store) use crate::store::database::value::{Arg, Row, args, list};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

/// How long a server may take over a statement: then it counts as gone.
const LIMIT: Duration = Duration::from_secs(10);

/// The pools of one database.
#[derive(Clone)]
pub(in crate::store) enum Pools {
    /// One connection that writes, since SQLite has one writer at a time and a
    /// queue here is fairer than its busy handler; others that only read. The file
    /// that is watched, where it is ours.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        file: Option<StoreFile>,
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
pub(in crate::store) struct Database {
    pools: Pools,
    limit: Duration,
    told: WriteSignals,
    /// What is looked at once, before the first act.
    requirements: Option<Arc<Requirements>>,
    /// How many connections to a server are at work for acts.
    lent: Arc<AtomicU32>,
}

/// Counts of what was told.
#[derive(Clone)]
pub(in crate::store) struct WriteSignals {
    /// Changes, made here or elsewhere.
    pub(in crate::store) changes: watch::Sender<u64>,
    /// Commits of this store that wrote into the log, which is what other
    /// terminals want to know of.
    pub(in crate::store) entries: watch::Sender<u64>,
}

impl Database {
    pub(in crate::store) fn new(pools: Pools) -> Self {
        let told = WriteSignals { changes: watch::Sender::new(0), entries: watch::Sender::new(0) };
        Self { pools, limit: LIMIT, told, requirements: None, lent: Arc::default() }
    }

    /// Lets nobody read or write before these are met.
    pub(in crate::store) fn require(mut self, requirements: Requirements) -> Self {
        self.requirements = Some(Arc::new(requirements));
        self
    }

    /// The same database as it is: to look at what is required, and to make it so.
    pub(in crate::store) fn as_it_is(&self) -> Self {
        Self { requirements: None, ..self.clone() }
    }

    /// Whether what is required is met; it is looked at until it is.
    pub(in crate::store) async fn is_fit(&self) -> Result<(), StoreError> {
        match &self.requirements {
            Some(it) => Box::pin(it.met(&self.as_it_is())).await,
            None => Ok(()),
        }
    }

    /// Lets a server take so long over a statement.
    pub(in crate::store) const fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    pub(in crate::store) fn kind(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres { .. } => Engine::Postgres,
            Pools::Mysql(_) => Engine::Mysql,
        }
    }

    pub(in crate::store) fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Whether somebody here has each connection that there is: who waits for one
    /// then learns nothing about the server.
    pub(in crate::store) fn is_busy(&self) -> bool {
        let (size, idle) = match &self.pools {
            Pools::Sqlite { write, .. } => (write.size(), write.num_idle()),
            Pools::Postgres { pool, .. } => (pool.size(), pool.num_idle()),
            Pools::Mysql(pool) => (pool.size(), pool.num_idle()),
        };
        size > 0 && idle == 0
    }

    pub(in crate::store) fn changes(&self) -> &watch::Sender<u64> {
        &self.told.changes
    }

    pub(in crate::store) fn entries(&self) -> watch::Receiver<u64> {
        self.told.entries.subscribe()
    }

    /// Begins a transaction that may write. On SQLite it has the write lock from
    /// the start, so it can never fail half-way because another writer was
    /// faster. The others begin at READ COMMITTED: what is decided there, is
    /// decided by guarded statements and under locks taken by [`Tx::lock`] or on
    /// a customer's guard.
    pub(in crate::store) async fn begin(&self) -> Result<Tx, StoreError> {
        self.is_fit().await?;
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => {
                self.in_place()?;
                EngineTransaction::Sqlite(sqlite::begin(write, self.file()).await?)
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = self.lend(pool).await?;
                lent.begin().await.map_err(failed)?;
                EngineTransaction::Postgres(lent)
            }
            Pools::Mysql(pool) => {
                let mut lent = self.lend(pool).await?;
                lent.begin().await.map_err(failed)?;
                EngineTransaction::Mysql(lent)
            }
        };
        Ok(Tx::new(inner, self.told.clone(), self.file().cloned()))
    }

    /// The file that is watched, where there is one.
    pub(in crate::store) const fn file(&self) -> Option<&StoreFile> {
        match &self.pools {
            Pools::Sqlite { file, .. } => file.as_ref(),
            Pools::Postgres { .. } | Pools::Mysql(_) => None,
        }
    }

    /// Fails where the store's file is not the one that was opened any more.
    fn in_place(&self) -> Result<(), StoreError> {
        self.file().map_or(Ok(()), StoreFile::check)
    }

    /// A connection to a server, for an act. Where each that there is is at work here,
    /// that says nothing about the server: the act waits its turn.
    async fn lend<D: ServerEngine>(
        &self,
        pool: &Pool<D>,
    ) -> Result<PooledConnection<D>, StoreError> {
        let since = Instant::now();
        loop {
            let error = match PooledConnection::from(pool, self.limit).await {
                Ok(lent) => return Ok(lent.counted(&self.lent)),
                Err(error) => error,
            };
            let all = pool.options().get_max_connections();
            let at_work = matches!(error, sqlx::Error::PoolTimedOut)
                && self.lent.load(Ordering::Relaxed) >= all;
            if !at_work {
                return Err(failed(error));
            }
            if since.elapsed() >= self.limit {
                let why = "each connection of this terminal has been at work for too long";
                return Err(StoreError::Busy(why.into()));
            }
        }
    }

    /// Writes by one statement that is a transaction of its own; nobody is told.
    pub(in crate::store) async fn write_alone(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        self.is_fit().await?;
        match &self.pools {
            Pools::Sqlite { .. } => {
                let mut tx = self.begin().await?;
                let written = tx.write(sql, args).await?;
                tx.commit_quietly().await?;
                return Ok(written);
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = self.lend(pool).await?;
                let query = postgres(sql, args);
                lent.timely(async |it| query.execute(it).await).await.map(|it| it.rows_affected())
            }
            Pools::Mysql(pool) => {
                let mut lent = self.lend(pool).await?;
                let query = mysql(sql, args);
                lent.timely(async |it| query.execute(it).await).await.map(|it| it.rows_affected())
            }
        }
        .map_err(unanswered)
    }

    /// As [`Self::write_alone`] by a statement that returns the rows it wrote.
    pub(in crate::store) async fn write_returning(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.is_fit().await?;
        let written = match &self.pools {
            Pools::Sqlite { .. } => {
                let mut tx = self.begin().await?;
                let written = tx.all(sql, args).await?;
                tx.commit_quietly().await?;
                return Ok(written);
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = self.lend(pool).await?;
                let query = postgres(sql, args);
                let written = lent.timely(async |it| query.fetch_all(it).await).await;
                written.map(|it| it.into_iter().map(Row::Postgres).collect())
            }
            Pools::Mysql(pool) => {
                let mut lent = self.lend(pool).await?;
                let query = mysql(sql, args);
                let written = lent.timely(async |it| query.fetch_all(it).await).await;
                written.map(|it| it.into_iter().map(Row::Mysql).collect())
            }
        };
        written.map_err(unanswered)
    }

    /// Reads rows outside of any transaction.
    pub(in crate::store) async fn all(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.is_fit().await?;
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                self.in_place()?;
                rows(for_sqlite(sql, args).fetch_all(read).await, Row::Sqlite)
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = self.lend(pool).await?;
                let query = postgres(sql, args);
                rows(lent.timely(async |it| query.fetch_all(it).await).await, Row::Postgres)
            }
            Pools::Mysql(pool) => {
                let mut lent = self.lend(pool).await?;
                let query = mysql(sql, args);
                rows(lent.timely(async |it| query.fetch_all(it).await).await, Row::Mysql)
            }
        }
    }

    /// Reads at most one row outside of any transaction.
    pub(in crate::store) async fn maybe(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        self.is_fit().await?;
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                self.in_place()?;
                row(for_sqlite(sql, args).fetch_optional(read).await, Row::Sqlite)
            }
            Pools::Postgres { pool, .. } => {
                let mut lent = self.lend(pool).await?;
                let query = postgres(sql, args);
                row(lent.timely(async |it| query.fetch_optional(it).await).await, Row::Postgres)
            }
            Pools::Mysql(pool) => {
                let mut lent = self.lend(pool).await?;
                let query = mysql(sql, args);
                row(lent.timely(async |it| query.fetch_optional(it).await).await, Row::Mysql)
            }
        }
    }

    /// Ends the connections in order, so that nothing is left to be tidied up.
    pub(in crate::store) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read, .. } => {
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
pub(in crate::store) use bind;

/// The error of what may have been done where no answer came.
pub(in crate::store) fn unanswered(error: sqlx::Error) -> StoreError {
    match failed(error) {
        StoreError::Unreachable(why) => StoreError::Unknown(why),
        other => other,
    }
}

pub(in crate::store) fn rows<T>(
    read: sqlx::Result<Vec<T>>,
    row: fn(T) -> Row,
) -> Result<Vec<Row>, StoreError> {
    Ok(read.map_err(failed)?.into_iter().map(row).collect())
}

pub(in crate::store) fn row<T>(
    read: sqlx::Result<Option<T>>,
    row: fn(T) -> Row,
) -> Result<Option<Row>, StoreError> {
    Ok(read.map_err(failed)?.map(row))
}

pub(in crate::store) fn for_sqlite<'q>(
    sql: &Sql,
    args: &[Arg<'_>],
) -> Query<'q, Sqlite, SqliteArguments> {
    bind!(sql.sqlite, args.iter().copied())
}

pub(in crate::store) fn postgres<'q>(
    sql: &Sql,
    args: &[Arg<'_>],
) -> Query<'q, Postgres, PgArguments> {
    bind!(sql.postgres, args.iter().copied())
}

pub(in crate::store) fn mysql<'q>(sql: &Sql, args: &[Arg<'_>]) -> Query<'q, MySql, MySqlArguments> {
    bind!(sql.mysql.text, sql.mysql.order.iter().map(|number| args[usize::from(*number) - 1]))
}
