//! Arguments of statements, and values of rows, the same for every database. Texts are
//! cleaned of control characters when they are read.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use crate::domain::text::clean;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::error::{failed, mysql_column_failed};

/// A JSON list as one argument: numbers for `among`, texts for `among_texts`, or rows.
pub(in crate::store) fn list<T: Into<serde_json::Value>>(
    values: impl IntoIterator<Item = T>,
) -> String {
    values.into_iter().map(Into::into).collect::<serde_json::Value>().to_string()
}

/// A value for a statement's placeholder.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Arg<'a> {
    /// A number, a flag or a point in time in milliseconds.
    Int(Option<i64>),
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
    ($($value:expr),* $(,)?) => { &[$($crate::store::database::value::Arg::from($value)),*] };
}
pub(in crate::store) use args;

pub(in crate::store) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    Mysql(MySqlRow),
}

/// A column of a row of any database.
macro_rules! column {
    ($row:expr, $column:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($column).map_err(failed),
            Row::Postgres(row) => row.try_get($column).map_err(failed),
            Row::Mysql(row) => row.try_get($column).map_err(mysql_column_failed),
        }
    };
}

impl Row {
    pub(in crate::store) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        column!(self, column)
    }

    /// The number of a row in an external table, whose type may be narrower than 64 bits or
    /// unsigned. A value that is not a whole number is an error.
    pub(in crate::store) fn whole(&self, column: &'static str) -> Result<i64, StoreError> {
        self.maybe_whole(column)?.ok_or_else(|| unreadable(column, "nothing"))
    }

    /// Such a number, or NULL.
    pub(in crate::store) fn maybe_whole(
        &self,
        column: &'static str,
    ) -> Result<Option<i64>, StoreError> {
        let wide = self.maybe_int(column);
        match self {
            Self::Sqlite(_) => wide,
            Self::Postgres(row) => wide.or_else(|error| {
                let narrow = row.try_get::<Option<i32>, _>(column).map(|it| it.map(i64::from));
                let short = || row.try_get::<Option<i16>, _>(column).map(|it| it.map(i64::from));
                narrow.or_else(|_| short()).map_err(|_| error)
            }),
            Self::Mysql(row) => wide.or_else(|error| match row.try_get::<Option<u64>, _>(column) {
                Ok(None) => Ok(None),
                Ok(Some(value)) => match i64::try_from(value) {
                    Ok(value) => Ok(Some(value)),
                    Err(_) => Err(unreadable(column, &value.to_string())),
                },
                Err(_) => Err(error),
            }),
        }
    }

    pub(in crate::store) fn maybe_int(
        &self,
        column: &'static str,
    ) -> Result<Option<i64>, StoreError> {
        column!(self, column)
    }

    /// The time until a due moment, in milliseconds, or NULL; zero where it is past.
    pub(in crate::store) fn maybe_wait(
        &self,
        column: &'static str,
    ) -> Result<Option<Duration>, StoreError> {
        let millis = self.maybe_int(column)?;
        Ok(millis.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))))
    }

    /// A text as it is, to compare with: not to show.
    pub(in crate::store) fn maybe_raw(
        &self,
        column: &'static str,
    ) -> Result<Option<String>, StoreError> {
        column!(self, column)
    }

    pub(in crate::store) fn maybe_text(
        &self,
        column: &'static str,
    ) -> Result<Option<String>, StoreError> {
        let raw: Result<Option<&str>, StoreError> = column!(self, column);
        Ok(raw?.map(clean))
    }

    pub(in crate::store) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| unreadable(column, "nothing"))
    }

    /// A text, or `None` where it is NULL or cannot be read, as in an external table.
    #[expect(clippy::unnecessary_wraps, reason = "the readers of a row have one shape")]
    pub(in crate::store) fn readable_text(
        &self,
        column: &'static str,
    ) -> Result<Option<String>, StoreError> {
        Ok(self.maybe_text(column).ok().flatten())
    }

    /// A text to be shown, which says so where it cannot be read.
    #[expect(clippy::unnecessary_wraps, reason = "the readers of a row have one shape")]
    pub(in crate::store) fn shown_text(
        &self,
        column: &'static str,
    ) -> Result<Option<String>, StoreError> {
        Ok(self.maybe_text(column).unwrap_or_else(|_| Some("(cannot be read)".into())))
    }

    /// A number that fits 32 bits.
    pub(in crate::store) fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        let value = self.int(column)?;
        u32::try_from(value).map_err(|_| unreadable(column, &value.to_string()))
    }

    pub(in crate::store) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_millis)
    }

    pub(in crate::store) fn maybe_time(
        &self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.maybe_int(column)?.map(Timestamp::from_millis))
    }

    /// A number that is 0 for false.
    pub(in crate::store) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A word of one of the domain's enums.
    pub(in crate::store) fn word<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        let text = self.text(column)?;
        text.parse().map_err(|_| unreadable(column, &text))
    }

    pub(in crate::store) fn maybe_word<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let Some(text) = self.maybe_text(column)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| unreadable(column, &text))
    }
}

/// The error for a value that this program never writes.
fn unreadable(column: &'static str, found: &str) -> StoreError {
    StoreError::Failed(format!("column {column} of a row holds {found}, which cannot be read"))
}
