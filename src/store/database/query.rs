//! Statements as queries of sqlx, and what they return: the same for a pool's connection
//! and for a transaction.

use sqlx::mysql::MySqlArguments;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{MySql, Postgres, Sqlite};

use crate::service::ports::error::StoreError;
use crate::store::database::error::failed;
use crate::store::database::statement::Sql;
use crate::store::database::value::{Arg, Row};

/// A query of sqlx with its arguments bound.
macro_rules! bind {
    ($text:expr, $args:expr) => {
        $args.fold(sqlx::query($text), |query, arg| match arg {
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value.map(str::to_owned)),
        })
    };
}
pub(in crate::store) use bind;

/// The error of a statement that may have been committed although no answer came.
pub(in crate::store) fn maybe_committed(error: sqlx::Error) -> StoreError {
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
