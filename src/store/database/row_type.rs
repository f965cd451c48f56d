//! Kinds of rows. One list of columns makes both the columns of a SELECT and the struct that
//! is read from them by name, so that neither can be changed without the other.

/// The columns of a row for a SELECT, in the SQL of each database.
pub(in crate::store) struct Columns {
    /// Their names, without those of parts.
    pub(in crate::store) names: &'static [&'static str],
    pub(in crate::store) sqlite: &'static str,
    pub(in crate::store) postgres: &'static str,
    pub(in crate::store) mysql: &'static str,
}

/// Declares a struct, and how it is selected and read: in a statement, `(select Type)` is the
/// SELECT up to its FROM, and `(columns Type)` the columns alone.
///
/// A column is `field: Type = reader sql`: the field is also its name in the row, the reader
/// is a method of [`Row`](crate::store::database::value::Row), and the SQL is a part of a
/// statement, or several as `(sql …)`. Columns that several rows have are a row type of their
/// own, and a part of these: `with (field: Type)`.
macro_rules! row_type {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(from $from:literal)?
        $(with ($($part:ident: $of:ident),+))?
    {
        $($field:ident: $type:ty = $reader:ident $sql:tt),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($($vis $part: $of,)+)?
            $($vis $field: $type),+
        }

        impl $name {
            $vis const COLUMNS: $crate::store::database::row_type::Columns =
                $crate::store::database::row_type::Columns {
                    names: &[$(stringify!($field)),+],
                    sqlite: $crate::store::database::row_type::with_parts!(
                        sqlite [$($($of)+)?] $($field $sql)+
                    ),
                    postgres: $crate::store::database::row_type::with_parts!(
                        postgres [$($($of)+)?] $($field $sql)+
                    ),
                    mysql: $crate::store::database::row_type::with_parts!(
                        mysql [$($($of)+)?] $($field $sql)+
                    ),
                };
            $($vis const FROM: &'static str = concat!("FROM ", $from, " ");)?

            $vis fn read(
                row: &$crate::store::database::value::Row,
            ) -> Result<Self, $crate::service::ports::error::StoreError> {
                Ok(Self {
                    $($($part: $of::read(row)?,)+)?
                    $($field: row.$reader(stringify!($field))?),+
                })
            }
        }
    };
}

/// The columns of the parts, then those of the row itself.
macro_rules! with_parts {
    ($database:ident [] $($named:tt)+) => {
        $crate::store::database::row_type::named!($database $($named)+)
    };
    ($database:ident [$($of:ident)+] $($named:tt)+) => {{
        const COLUMNS: &[&str] = &[
            $($of::COLUMNS.$database, ", ",)+
            $crate::store::database::row_type::named!($database $($named)+),
        ];
        const JOINED: [u8; $crate::store::database::statement::length(COLUMNS)] =
            $crate::store::database::statement::join(COLUMNS);
        match ::std::str::from_utf8(&JOINED) {
            Ok(text) => text,
            Err(_) => panic!("columns are UTF-8"),
        }
    }};
}

/// Columns with their names.
macro_rules! named {
    ($database:ident $name:ident $sql:tt $($names:ident $sqls:tt)*) => {
        concat!(
            $crate::store::database::fragment::fragment!($database $sql),
            " AS ",
            stringify!($name),
            $(
                ", ",
                $crate::store::database::fragment::fragment!($database $sqls),
                " AS ",
                stringify!($names),
            )*
            " "
        )
    };
}

pub(in crate::store) use {named, row_type, with_parts};

#[cfg(test)]
mod tests {
    use crate::store::database::statement::sql;

    row_type! {
        struct Sample from "core_sample s" {
            id: i64 = int "s.id",
            lesser: i64 = int (sql least "(s.a, s.b)"),
        }
    }

    #[test]
    fn a_row_is_selected_by_the_names_of_its_fields() {
        let selected = sql!((select Sample) "WHERE s.id = $1");
        let text = "SELECT s.id AS id, LEAST(s.a, s.b) AS lesser FROM core_sample s WHERE s.id = ";
        assert_eq!(selected.postgres, format!("{text}$1"));
        assert_eq!(selected.mysql.text, format!("{text}?"));
        let columns = sql!("SELECT " (columns Sample) "FROM (SELECT 1) few");
        assert_eq!(
            columns.sqlite,
            "SELECT s.id AS id, MIN(s.a, s.b) AS lesser FROM (SELECT 1) few"
        );
        // Only a row of a database can be read.
        let _ = |row| Sample::read(row).map(|it| (it.id, it.lesser));
    }
}
