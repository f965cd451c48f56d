//! Acts that happen whole or not at all.

use sqlx::{MySql, Postgres, Sqlite};

use crate::service::ports::error::StoreError;
use crate::store::database::batch::{self, Write};
use crate::store::database::engine::{
    WriteSignals, bind, for_sqlite, mysql, postgres, row, rows, unanswered,
};
use crate::store::database::error::failed;
use crate::store::database::file_identity::StoreFile;
use crate::store::database::pooled_connection::{PooledConnection, ServerEngine as _};
use crate::store::database::statement::{Sql, statements};
use crate::store::database::value::{Arg, Row, args};

/// The transaction of each database.
pub(in crate::store) enum EngineTransaction {
    Sqlite(PooledConnection<Sqlite>),
    Postgres(PooledConnection<Postgres>),
    Mysql(PooledConnection<MySql>),
}

/// A transaction. Dropped without [`Tx::commit`], it has never been.
pub(in crate::store) struct Tx {
    inner: EngineTransaction,
    told: WriteSignals,
    has_entry: bool,
    /// The file that is written, where it is watched.
    file: Option<StoreFile>,
}

statements! {
    LOCK { "SELECT name FROM core_lock WHERE name = $1" for_update }
    TRY_LOCK { "SELECT name FROM core_lock WHERE name = $1" skip_locked }
}

impl Tx {
    pub(in crate::store) const fn new(
        inner: EngineTransaction,
        told: WriteSignals,
        file: Option<StoreFile>,
    ) -> Self {
        Self { inner, told, has_entry: false, file }
    }

    /// Waits until nobody else has the lock of this name, and holds it until the
    /// transaction ends.
    pub(in crate::store) async fn lock(&mut self, name: &str) -> Result<(), StoreError> {
        match self.inner {
            // Its one writer has every lock there is.
            EngineTransaction::Sqlite(_) => Ok(()),
            _ => self.one(&LOCK, args![name]).await.map(drop),
        }
    }

    /// Takes the lock of this name as [`Self::lock`] does, unless somebody else
    /// has it; whether it was got.
    pub(in crate::store) async fn try_lock(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.maybe(&TRY_LOCK, args![name]).await?.is_some())
    }

    /// Writes; gives the number of rows written.
    pub(in crate::store) async fn write(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                let done = tx.timely(async |it| for_sqlite(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
            EngineTransaction::Postgres(tx) => {
                let done = tx.timely(async |it| postgres(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
            EngineTransaction::Mysql(tx) => {
                let done = tx.timely(async |it| mysql(sql, args).execute(it).await).await;
                done.map(|it| it.rows_affected()).map_err(failed)
            }
        }
    }

    /// Writes what needs nothing from each other, in as few round trips as the
    /// database lets it.
    pub(in crate::store) async fn write_all(
        &mut self,
        writes: &[Write<'_>],
    ) -> Result<(), StoreError> {
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
        self.made_write(text, &args).await
    }

    /// Inserts one row by a statement that ends in `returning_id`; gives its
    /// number.
    pub(in crate::store) async fn insert(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<i64, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                let done = tx
                    .timely(async |it| for_sqlite(sql, args).execute(it).await)
                    .await
                    .map_err(failed)?;
                Ok(done.last_insert_rowid())
            }
            EngineTransaction::Postgres(_) => self.one(sql, args).await?.int(0),
            EngineTransaction::Mysql(tx) => {
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
    pub(in crate::store) async fn all(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => rows(
                tx.timely(async |it| for_sqlite(sql, args).fetch_all(it).await).await,
                Row::Sqlite,
            ),
            EngineTransaction::Postgres(tx) => rows(
                tx.timely(async |it| postgres(sql, args).fetch_all(it).await).await,
                Row::Postgres,
            ),
            EngineTransaction::Mysql(tx) => {
                rows(tx.timely(async |it| mysql(sql, args).fetch_all(it).await).await, Row::Mysql)
            }
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
                tx.timely(async |it| for_sqlite(sql, args).fetch_optional(it).await).await,
                Row::Sqlite,
            ),
            EngineTransaction::Postgres(tx) => row(
                tx.timely(async |it| postgres(sql, args).fetch_optional(it).await).await,
                Row::Postgres,
            ),
            EngineTransaction::Mysql(tx) => row(
                tx.timely(async |it| mysql(sql, args).fetch_optional(it).await).await,
                Row::Mysql,
            ),
        }
    }

    /// Reads the one row there must be.
    pub(in crate::store) async fn one(
        &mut self,
        sql: &Sql,
        args: &[Arg<'_>],
    ) -> Result<Row, StoreError> {
        self.maybe(sql, args)
            .await?
            .ok_or_else(|| StoreError::Failed("a row that must be there is gone".into()))
    }

    /// Runs a script of several statements without arguments. MySQL ends the
    /// transaction with each statement that makes a table.
    pub(in crate::store) async fn script(
        &mut self,
        script: ScriptTransaction,
    ) -> Result<(), StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                tx.timely(async |it| script.raw().execute(it).await).await.map(drop)
            }
            EngineTransaction::Postgres(tx) => {
                tx.take_time();
                tx.timely(async |it| script.raw().execute(it).await).await.map(drop)
            }
            EngineTransaction::Mysql(tx) => {
                tx.take_time();
                tx.timely(async |it| script.raw().execute(it).await).await.map(drop)
            }
        }
        .map_err(failed)
    }

    /// Reads rows by a statement that was made of checked and quoted identifiers;
    /// its placeholders are the database's own, in the order of the arguments.
    pub(in crate::store) async fn made_all(
        &mut self,
        text: String,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        let args = args.iter().copied();
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                rows(tx.timely(async |it| bind!(text, args).fetch_all(it).await).await, Row::Sqlite)
            }
            EngineTransaction::Postgres(tx) => rows(
                tx.timely(async |it| bind!(text, args).fetch_all(it).await).await,
                Row::Postgres,
            ),
            EngineTransaction::Mysql(tx) => {
                rows(tx.timely(async |it| bind!(text, args).fetch_all(it).await).await, Row::Mysql)
            }
        }
    }

    /// Writes by such a statement.
    pub(in crate::store) async fn made_write(
        &mut self,
        text: String,
        args: &[Arg<'_>],
    ) -> Result<(), StoreError> {
        let text = sqlx::AssertSqlSafe(text);
        let args = args.iter().copied();
        match &mut self.inner {
            EngineTransaction::Sqlite(tx) => {
                tx.timely(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
            EngineTransaction::Postgres(tx) => {
                tx.timely(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
            EngineTransaction::Mysql(tx) => {
                tx.timely(async |it| bind!(text, args).execute(it).await).await.map(drop)
            }
        }
        .map_err(failed)
    }

    /// Lets every statement from now on take the time it needs: in what waits for
    /// others, or is no clerk's.
    pub(in crate::store) async fn take_time(&mut self) -> Result<(), StoreError> {
        match &mut self.inner {
            EngineTransaction::Sqlite(_) => {}
            EngineTransaction::Postgres(tx) => {
                tx.take_time();
                let text = "SET LOCAL lock_timeout = 0";
                tx.timely(async |it| Postgres::say(it, text).await).await.map_err(failed)?;
            }
            EngineTransaction::Mysql(tx) => tx.take_time(),
        }
        Ok(())
    }

    /// Says that an entry of the log was written.
    pub(in crate::store) const fn wrote_entry(&mut self) {
        self.has_entry = true;
    }

    /// Makes it last. Where the connection breaks here, it may have been done.
    /// Nobody is told: no screen shows any of it.
    pub(in crate::store) async fn commit_quietly(self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), StoreFile::check)?;
        match self.inner {
            EngineTransaction::Sqlite(tx) => tx.commit().await,
            EngineTransaction::Postgres(tx) => tx.commit().await,
            EngineTransaction::Mysql(tx) => tx.commit().await,
        }
        .map_err(unanswered)
    }

    /// Makes it last, and tells those who watch.
    pub(in crate::store) async fn commit(self) -> Result<(), StoreError> {
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
pub(in crate::store) enum ScriptTransaction {
    Fixed(&'static str),
    Made(String),
}

impl ScriptTransaction {
    fn raw(self) -> sqlx::RawSql {
        match self {
            Self::Fixed(text) => sqlx::raw_sql(text),
            Self::Made(text) => sqlx::raw_sql(sqlx::AssertSqlSafe(text)),
        }
    }
}
