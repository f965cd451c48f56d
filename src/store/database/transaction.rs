//! Transactions, in the same terms for each database.

use sqlx::{MySql, Postgres, Sqlite};

use crate::service::ports::error::StoreError;
use crate::store::database::batch::{self, Write};
use crate::store::database::engine::WriteSignals;
use crate::store::database::error::failed;
use crate::store::database::file_identity::StoreFile;
use crate::store::database::pooled_connection::{PooledConnection, ServerEngine as _};
use crate::store::database::query::{
    bind, for_sqlite, maybe_committed, mysql, postgres, row, rows,
};
use crate::store::database::statement::{Sql, statements};
use crate::store::database::value::{Arg, Row, args};

pub(in crate::store) enum EngineTransaction {
    Sqlite(PooledConnection<Sqlite>),
    Postgres(PooledConnection<Postgres>),
    Mysql(PooledConnection<MySql>),
}

/// A transaction; dropped without [`Tx::commit`], it is rolled back.
pub(in crate::store) struct Tx {
    inner: EngineTransaction,
    signals: WriteSignals,
    has_event: bool,
    has_session: bool,
    /// The file that is written, where it is watched.
    file: Option<StoreFile>,
}

statements! {
    /// On MySQL and MariaDB the row is written: of a row that is only locked the other
    /// members of a Galera cluster hear nothing. Whoever comes second there fails at the
    /// commit, and tries again.
    LOCK {
        (each
            ("SELECT 1")
            ("SELECT name FROM core_lock WHERE name = $1 FOR UPDATE")
            ("UPDATE core_lock SET held = held + 1 WHERE name = $1"))
    }
    TRY_LOCK { "SELECT name FROM core_lock WHERE name = $1" skip_locked }
}

impl Tx {
    pub(in crate::store) const fn new(
        inner: EngineTransaction,
        signals: WriteSignals,
        file: Option<StoreFile>,
    ) -> Self {
        Self { inner, signals, has_event: false, has_session: false, file }
    }

    /// Waits for the lock of this name, a row of `core_lock`, and holds it until the
    /// transaction ends.
    pub(in crate::store) async fn lock(&mut self, name: &str) -> Result<(), StoreError> {
        match self.inner {
            // The transaction has the one write lock already.
            EngineTransaction::Sqlite(_) => Ok(()),
            EngineTransaction::Postgres(_) => self.one(&LOCK, args![name]).await.map(drop),
            EngineTransaction::Mysql(_) => self.write(&LOCK, args![name]).await.map(drop),
        }
    }

    /// Takes the lock as [`Self::lock`] does, unless another transaction holds it; whether
    /// it was got.
    pub(in crate::store) async fn try_lock(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.maybe(&TRY_LOCK, args![name]).await?.is_some())
    }

    /// Writes; returns the number of rows written.
    pub(in crate::store) async fn write(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                let done =
                    tx.with_timeout(async |it| for_sqlite(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
            EngineTransaction::Postgres(tx) => {
                let done = tx.with_timeout(async |it| postgres(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
            EngineTransaction::Mysql(tx) => {
                let done = tx.with_timeout(async |it| mysql(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
        }
    }

    /// Writes statements that do not depend on each other, in as few round trips as
    /// possible.
    pub(in crate::store) async fn write_all(
        &mut self,
        writes: &[Write<'_>],
    ) -> Result<(), StoreError> {
        batch::check(writes)?;
        let (text, args) = match self.inner {
            EngineTransaction::Sqlite(_) if writes.len() > 1 => batch::script(writes),
            EngineTransaction::Postgres(_) if writes.len() > 1 => batch::statement(writes),
            _ => {
                for it in writes {
                    self.write(it.sql, &it.args).await?;
                }
                return Ok(());
            }
        };
        self.built_write(text, &args).await
    }

    /// Inserts one row by a statement that ends in `returning_id`; returns its number.
    pub(in crate::store) async fn insert(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<i64, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                let done = tx
                    .with_timeout(async |it| for_sqlite(sql, args).execute(it).await)
                    .await
                    .map_err(failed)?;
                Ok(done.last_insert_rowid())
            }
            EngineTransaction::Postgres(_) => self.one(sql, args).await?.int("id"),
            EngineTransaction::Mysql(tx) => {
                let done = tx
                    .with_timeout(async |it| mysql(sql, args).execute(it).await)
                    .await
                    .map_err(failed)?;
                i64::try_from(done.last_insert_id())
                    .map_err(|_| StoreError::Failed("a row's number is too high".into()))
            }
        }
    }

    pub(in crate::store) async fn all(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => rows(
                tx.with_timeout(async |it| for_sqlite(sql, args).fetch_all(it).await).await,
                Row::Sqlite,
            ),
            EngineTransaction::Postgres(tx) => rows(
                tx.with_timeout(async |it| postgres(sql, args).fetch_all(it).await).await,
                Row::Postgres,
            ),
            EngineTransaction::Mysql(tx) => rows(
                tx.with_timeout(async |it| mysql(sql, args).fetch_all(it).await).await,
                Row::Mysql,
            ),
        }
    }

    /// Reads at most one row.
    pub(in crate::store) async fn maybe(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => row(
                tx.with_timeout(async |it| for_sqlite(sql, args).fetch_optional(it).await).await,
                Row::Sqlite,
            ),
            EngineTransaction::Postgres(tx) => row(
                tx.with_timeout(async |it| postgres(sql, args).fetch_optional(it).await).await,
                Row::Postgres,
            ),
            EngineTransaction::Mysql(tx) => row(
                tx.with_timeout(async |it| mysql(sql, args).fetch_optional(it).await).await,
                Row::Mysql,
            ),
        }
    }

    /// Reads the one row that must exist.
    pub(in crate::store) async fn one(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Row, StoreError> {
        self.maybe(sql, args)
            .await?
            // A cluster may have aborted the transaction that made it.
            .ok_or_else(|| StoreError::Conflict("a row that must be there is gone".into()))
    }

    /// Runs a script of several statements without arguments. MySQL commits at each
    /// statement that creates a table.
    pub(in crate::store) async fn script(
        &mut self,
        script: ScriptTransaction,
    ) -> Result<(), StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                tx.with_timeout(async |it| script.raw().execute(it).await).await.map(drop)
            }
            EngineTransaction::Postgres(tx) => {
                tx.lift_timeout();
                tx.with_timeout(async |it| script.raw().execute(it).await).await.map(drop)
            }
            EngineTransaction::Mysql(tx) => {
                tx.lift_timeout();
                tx.with_timeout(async |it| script.raw().execute(it).await).await.map(drop)
            }
        }
        .map_err(failed)
    }

    /// Reads rows by a statement built at run time from checked and quoted identifiers. Its
    /// placeholders are the database's own, in the order of the arguments.
    pub(in crate::store) async fn built_all(
        &mut self,
        text: String,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        let args = args.iter().copied();
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => rows(
                tx.with_timeout(async |it| bind!(text, args).fetch_all(it).await).await,
                Row::Sqlite,
            ),
            EngineTransaction::Postgres(tx) => rows(
                tx.with_timeout(async |it| bind!(text, args).fetch_all(it).await).await,
                Row::Postgres,
            ),
            EngineTransaction::Mysql(tx) => rows(
                tx.with_timeout(async |it| bind!(text, args).fetch_all(it).await).await,
                Row::Mysql,
            ),
        }
    }

    /// Writes by such a statement.
    pub(in crate::store) async fn built_write(
        &mut self,
        text: String,
        args: &[Arg<'_>],
    ) -> Result<(), StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        let args = args.iter().copied();
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                tx.with_timeout(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
            EngineTransaction::Postgres(tx) => {
                tx.with_timeout(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
            EngineTransaction::Mysql(tx) => {
                tx.with_timeout(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
        }
        .map_err(failed)
    }

    /// Lifts the time-outs of the statements that follow, for work that no clerk waits for.
    pub(in crate::store) async fn lift_timeouts(&mut self) -> Result<(), StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(_) => {}
            EngineTransaction::Postgres(tx) => {
                tx.lift_timeout();
                let text = "SET LOCAL lock_timeout = 0";
                tx.with_timeout(async |it| Postgres::run(it, text).await).await.map_err(failed)?;
            }
            EngineTransaction::Mysql(tx) => tx.lift_timeout(),
        }
        Ok(())
    }

    /// Notes that an event was written, of which other processes are notified after the
    /// commit.
    pub(in crate::store) const fn wrote_event(&mut self) {
        self.has_event = true;
    }

    /// Notes that a session was opened or ended, of which a billing program is notified after
    /// the commit.
    pub(in crate::store) const fn changed_session(&mut self) {
        self.has_session = true;
    }

    /// What is written is shown at other terminals, although it is no event of the log.
    pub(in crate::store) const fn notify_others(&mut self) {
        self.has_event = true;
    }

    /// Commits without a signal of the change, since no screen shows any of it. Where the
    /// connection breaks here, it may have been committed.
    pub(in crate::store) async fn commit_quietly(self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), StoreFile::check)?;
        match self.inner {
            EngineTransaction::Sqlite(tx) => tx.commit().await,
            EngineTransaction::Postgres(tx) => tx.commit().await,
            EngineTransaction::Mysql(tx) => tx.commit().await,
        }
        .map_err(maybe_committed)
    }

    /// Commits, and signals the change.
    pub(in crate::store) async fn commit(self) -> Result<(), StoreError> {
        let (signals, has_event) = (self.signals.clone(), self.has_event);
        let has_session = self.has_session;
        self.commit_quietly().await?;
        signals.changes.send_modify(|count| *count += 1);
        if has_event {
            signals.entries.send_modify(|count| *count += 1);
        }
        if has_session {
            signals.sessions.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}

/// A script: part of the program, or built from checked and quoted identifiers.
pub(in crate::store) enum ScriptTransaction {
    Fixed(&'static str),
    Built(String),
}

impl ScriptTransaction {
    fn raw(self) -> sqlx::RawSql {
        match self {
            Self::Fixed(text) => sqlx::raw_sql(text),
            Self::Built(text) => sqlx::raw_sql(sqlx::AssertSqlSafe(text)),
        }
    }
}
