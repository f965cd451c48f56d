//! The database behind the store, and which engine it is: known here and in
//! [`crate::store::database::transaction`] alone.
//!
//! The rest of the store passes a [`Sql`] and a list of [`Arg`]s and reads [`Row`]s by
//! name. Each enum here has one variant for each engine: another engine means another
//! variant, not another copy of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::{MySqlPool, PgPool, Pool, SqlitePool};
use tokio::sync::watch;

use crate::config::settings::Identifier;
use crate::service::ports::error::StoreError;
use crate::store::database::error::failed;
use crate::store::database::file_identity::StoreFile;
use crate::store::database::pooled_connection::{PooledConnection, ServerEngine};
use crate::store::database::query::{for_sqlite, maybe_committed, mysql, postgres, row, rows};
use crate::store::database::sqlite;
use crate::store::database::statement::Sql;
use crate::store::database::transaction::EngineTransaction;
pub(in crate::store) use crate::store::database::transaction::{ScriptTransaction, Tx};
pub(in crate::store) use crate::store::database::value::{Arg, Row, args, list};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

/// How long a statement may take before the server counts as unreachable.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The connection pools of one database.
#[derive(Clone)]
pub(in crate::store) enum Pools {
    /// One connection that writes, since SQLite has one writer at a time and the pool's
    /// queue is fairer than its busy handler; others that only read. `file` is watched
    /// where it is our store, not the office's.
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

/// A database, and the signals that something in it changed.
#[derive(Clone)]
pub(in crate::store) struct Database {
    pools: Pools,
    limit: Duration,
    signals: WriteSignals,
    /// Checked before the first statement.
    requirements: Option<Arc<dyn Requirements>>,
    /// How many connections to a server are in use.
    in_use: Arc<AtomicU32>,
}

/// What must hold before anybody reads or writes.
#[async_trait]
pub(in crate::store) trait Requirements: Send + Sync {
    /// Fails with the first requirement that is not met. It is checked again the next time.
    async fn met(&self, db: &Database) -> Result<(), StoreError>;
}

/// The signals of a commit, each a counter.
#[derive(Clone)]
pub(in crate::store) struct WriteSignals {
    /// Changes, made here or elsewhere.
    pub(in crate::store) changes: watch::Sender<u64>,
    /// Commits of this process that wrote to the log, of which other processes are
    /// notified.
    pub(in crate::store) entries: watch::Sender<u64>,
    /// Commits of this process that opened or ended a session, of which a billing program is
    /// notified.
    pub(in crate::store) sessions: watch::Sender<u64>,
}

impl Database {
    pub(in crate::store) fn new(pools: Pools) -> Self {
        let signals = WriteSignals {
            changes: watch::Sender::new(0),
            entries: watch::Sender::new(0),
            sessions: watch::Sender::new(0),
        };
        Self {
            pools,
            limit: STATEMENT_TIMEOUT,
            signals,
            requirements: None,
            in_use: Arc::default(),
        }
    }

    /// Refuses every statement until these are met.
    pub(in crate::store) fn require(mut self, requirements: impl Requirements + 'static) -> Self {
        self.requirements = Some(Arc::new(requirements));
        self
    }

    /// The same database without its requirements: to check them, and to bring them about.
    pub(in crate::store) fn as_it_is(&self) -> Self {
        Self { requirements: None, ..self.clone() }
    }

    /// Fails unless the requirements are met.
    pub(in crate::store) async fn is_fit(&self) -> Result<(), StoreError> {
        match &self.requirements {
            Some(it) => it.met(&self.as_it_is()).await,
            None => Ok(()),
        }
    }

    /// Sets how long a statement on a server may take.
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

    /// Whether every connection of the pool is in use. A time-out while waiting for one
    /// then says nothing about the server.
    pub(in crate::store) fn is_busy(&self) -> bool {
        let (size, idle) = match &self.pools {
            Pools::Sqlite { write, .. } => (write.size(), write.num_idle()),
            Pools::Postgres { pool, .. } => (pool.size(), pool.num_idle()),
            Pools::Mysql(pool) => (pool.size(), pool.num_idle()),
        };
        size > 0 && idle == 0
    }

    pub(in crate::store) fn changes(&self) -> &watch::Sender<u64> {
        &self.signals.changes
    }

    pub(in crate::store) fn entries(&self) -> watch::Receiver<u64> {
        self.signals.entries.subscribe()
    }

    pub(in crate::store) fn sessions(&self) -> watch::Receiver<u64> {
        self.signals.sessions.subscribe()
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once, so
    /// that it never fails half-way because another writer was faster. On servers it runs
    /// at READ COMMITTED: what it decides, it decides by guarded statements, and under
    /// locks taken by [`Tx::lock`] or on the customer's guard.
    pub(in crate::store) async fn begin(&self) -> Result<Tx, StoreError> {
        self.is_fit().await?;
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => {
                self.check_file()?;
                EngineTransaction::Sqlite(sqlite::begin(write, self.file()).await?)
            }
            Pools::Postgres { pool, .. } => {
                let mut connection = self.connection(pool).await?;
                connection.begin().await.map_err(failed)?;
                EngineTransaction::Postgres(connection)
            }
            Pools::Mysql(pool) => {
                let mut connection = self.connection(pool).await?;
                connection.begin().await.map_err(failed)?;
                EngineTransaction::Mysql(connection)
            }
        };
        Ok(Tx::new(inner, self.signals.clone(), self.file().cloned()))
    }

    /// The file that is watched, where there is one.
    pub(in crate::store) const fn file(&self) -> Option<&StoreFile> {
        match &self.pools {
            Pools::Sqlite { file, .. } => file.as_ref(),
            Pools::Postgres { .. } | Pools::Mysql(_) => None,
        }
    }

    /// Fails where the store's file is no longer the one that was opened.
    fn check_file(&self) -> Result<(), StoreError> {
        self.file().map_or(Ok(()), StoreFile::check)
    }

    /// Takes a connection to a server out of the pool. Where this process uses all of them,
    /// a time-out says nothing about the server, and it waits on.
    async fn connection<D: ServerEngine>(
        &self,
        pool: &Pool<D>,
    ) -> Result<PooledConnection<D>, StoreError> {
        let since = Instant::now();
        loop {
            let error = match PooledConnection::from(pool, self.limit).await {
                Ok(connection) => return Ok(connection.counted(&self.in_use)),
                Err(error) => error,
            };
            let all = pool.options().get_max_connections();
            let at_work = matches!(error, sqlx::Error::PoolTimedOut)
                && self.in_use.load(Ordering::Relaxed) >= all;
            if !at_work {
                return Err(failed(error));
            }
            if since.elapsed() >= self.limit {
                let why = "each connection of this terminal has been at work for too long";
                return Err(StoreError::Busy(why.into()));
            }
        }
    }

    /// Writes by one statement that is a transaction of its own, without a signal of the
    /// change.
    pub(in crate::store) async fn write_alone(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        self.is_fit().await?;
        let written = match &self.pools {
            Pools::Sqlite { .. } => {
                return self.in_one_transaction(async |tx| tx.write(sql, args).await).await;
            }
            Pools::Postgres { pool, .. } => {
                let mut connection = self.connection(pool).await?;
                let query = postgres(sql, args);
                connection
                    .with_timeout(async |it| query.execute(it).await)
                    .await
                    .map(|it| it.rows_affected())
            }
            Pools::Mysql(pool) => {
                let mut connection = self.connection(pool).await?;
                let query = mysql(sql, args);
                connection
                    .with_timeout(async |it| query.execute(it).await)
                    .await
                    .map(|it| it.rows_affected())
            }
        };
        written.map_err(maybe_committed)
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
                return self.in_one_transaction(async |tx| tx.all(sql, args).await).await;
            }
            Pools::Postgres { pool, .. } => {
                let mut connection = self.connection(pool).await?;
                let query = postgres(sql, args);
                let written = connection.with_timeout(async |it| query.fetch_all(it).await).await;
                written.map(|it| it.into_iter().map(Row::Postgres).collect())
            }
            Pools::Mysql(pool) => {
                let mut connection = self.connection(pool).await?;
                let query = mysql(sql, args);
                let written = connection.with_timeout(async |it| query.fetch_all(it).await).await;
                written.map(|it| it.into_iter().map(Row::Mysql).collect())
            }
        };
        written.map_err(maybe_committed)
    }

    /// A transaction of one statement on SQLite, where a commit also checks that the file
    /// is still the one that was opened.
    async fn in_one_transaction<T>(
        &self,
        statement: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tx = self.begin().await?;
        let done = statement(&mut tx).await?;
        tx.commit_quietly().await?;
        Ok(done)
    }

    /// Reads rows outside any transaction.
    pub(in crate::store) async fn all(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.is_fit().await?;
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                self.check_file()?;
                rows(for_sqlite(sql, args).fetch_all(read).await, Row::Sqlite)
            }
            Pools::Postgres { pool, .. } => {
                let mut connection = self.connection(pool).await?;
                let query = postgres(sql, args);
                rows(
                    connection.with_timeout(async |it| query.fetch_all(it).await).await,
                    Row::Postgres,
                )
            }
            Pools::Mysql(pool) => {
                let mut connection = self.connection(pool).await?;
                let query = mysql(sql, args);
                rows(
                    connection.with_timeout(async |it| query.fetch_all(it).await).await,
                    Row::Mysql,
                )
            }
        }
    }

    /// Reads at most one row outside any transaction.
    pub(in crate::store) async fn maybe(
        &self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        self.is_fit().await?;
        match &self.pools {
            Pools::Sqlite { read, .. } => {
                self.check_file()?;
                row(for_sqlite(sql, args).fetch_optional(read).await, Row::Sqlite)
            }
            Pools::Postgres { pool, .. } => {
                let mut connection = self.connection(pool).await?;
                let query = postgres(sql, args);
                row(
                    connection.with_timeout(async |it| query.fetch_optional(it).await).await,
                    Row::Postgres,
                )
            }
            Pools::Mysql(pool) => {
                let mut connection = self.connection(pool).await?;
                let query = mysql(sql, args);
                row(
                    connection.with_timeout(async |it| query.fetch_optional(it).await).await,
                    Row::Mysql,
                )
            }
        }
    }

    /// Closes the connections in order, so that a server has nothing to clean up.
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
