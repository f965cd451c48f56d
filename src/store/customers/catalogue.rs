//! What the database's catalogue says of an external table: its columns with their types,
//! and its indexes.

use std::collections::HashMap;

use crate::config::settings::Identifier;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, args};
use crate::store::database::statement::statements;

statements! {
    /// The columns of a table: name, type, and whether it is SQLite's row number. A domain
    /// of PostgreSQL is resolved to its base type.
    COLUMNS {
        (each
            ("SELECT list.name AS name, lower(list.type) AS type_name, \
              list.pk = 1 AND lower(list.type) = 'integer' \
              AND (SELECT COUNT(*) FROM pragma_table_info($1, $2) AS few WHERE few.pk > 0) = 1 \
              AS is_row_number \
              FROM pragma_table_info($1, $2) AS list")
            ("SELECT CAST(a.attname AS TEXT) AS name, \
              format_type(COALESCE(NULLIF(y.typbasetype, 0), a.atttypid), NULL) AS type_name, \
              CAST(0 AS BIGINT) AS is_row_number \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
              JOIN pg_type y ON y.oid = a.atttypid \
              WHERE t.relname = CAST($1 AS NAME) \
              AND n.nspname = COALESCE(CAST($2 AS NAME), current_schema())")
            ("SELECT CAST(column_name AS CHAR) AS name, CAST(data_type AS CHAR) AS type_name, \
              0 AS is_row_number \
              FROM information_schema.columns \
              WHERE table_name = IF(@@lower_case_table_names = 1, LOWER($1), $1) \
              AND table_schema = COALESCE($2, DATABASE())"))
    }
    /// The first column of each index, and whether the index makes it unique by itself.
    INDEXES {
        (each
            ("SELECT (SELECT few.name FROM pragma_index_info(list.name, $2) AS few LIMIT 1) AS name, \
              list.\"unique\" AND \
              (SELECT COUNT(*) FROM pragma_index_info(list.name, $2) AS few) = 1 AS is_unique \
              FROM pragma_index_list($1, $2) AS list WHERE NOT list.partial")
            ("SELECT CAST(a.attname AS TEXT) AS name, \
              CAST(CAST(i.indisunique AND i.indnkeyatts = 1 AS INT) AS BIGINT) AS is_unique \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              JOIN pg_index i ON i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] \
              WHERE t.relname = CAST($1 AS NAME) \
              AND n.nspname = COALESCE(CAST($2 AS NAME), current_schema())")
            ("SELECT CAST(MIN(CASE WHEN seq_in_index = 1 THEN column_name END) AS CHAR) AS name, \
              CAST(MAX(non_unique) = 0 AND COUNT(*) = 1 AS SIGNED) AS is_unique \
              FROM information_schema.statistics \
              WHERE table_name = IF(@@lower_case_table_names = 1, LOWER($1), $1) \
              AND table_schema = COALESCE($2, DATABASE()) \
              GROUP BY index_name"))
    }
}

/// An external table as the catalogue has it. Columns are found in either case.
pub(in crate::store) struct Catalogue {
    kinds: HashMap<String, String>,
    /// The columns that an index begins with, and whether it makes them unique by itself.
    indexed: HashMap<String, bool>,
}

impl Catalogue {
    /// Reads it; empty where the table does not exist, or this account may not see it.
    pub(in crate::store) async fn read(
        db: &Database,
        table: &str,
        place: Option<&str>,
    ) -> Result<Self, StoreError> {
        let (mut kinds, mut indexed) = (HashMap::new(), HashMap::new());
        for row in db.all(&COLUMNS, args![table, place]).await? {
            let column = row.text("name")?.to_lowercase();
            if row.flag("is_row_number")? {
                indexed.insert(column.clone(), true);
            }
            kinds.insert(column, row.text("type_name")?);
        }
        if kinds.is_empty() {
            return Ok(Self { kinds, indexed });
        }
        for row in db.all(&INDEXES, args![table, place]).await? {
            if let Some(column) = row.maybe_text("name")? {
                *indexed.entry(column.to_lowercase()).or_default() |= row.flag("is_unique")?;
            }
        }
        Ok(Self { kinds, indexed })
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The type of a column; `None` where there is no such column.
    pub(in crate::store) fn kind(&self, column: &Identifier) -> Option<&str> {
        self.kind_of(column.as_str())
    }

    pub(in crate::store) fn kind_of(&self, column: &str) -> Option<&str> {
        self.kinds.get(&column.to_lowercase()).map(String::as_str)
    }

    /// Whether an index makes the column unique by itself.
    pub(in crate::store) fn is_unique(&self, column: &Identifier) -> bool {
        self.indexed.get(&column.as_str().to_lowercase()) == Some(&true)
    }

    /// Whether rows are found by the column without reading the whole table.
    pub(in crate::store) fn is_indexed(&self, column: &Identifier) -> bool {
        self.indexed.contains_key(&column.as_str().to_lowercase())
    }
}

/// Whether a type of any of the databases holds whole numbers.
pub(in crate::store) fn is_whole(kind: &str) -> bool {
    const WHOLE: [&str; 9] =
        ["int", "integer", "bigint", "smallint", "mediumint", "tinyint", "int2", "int4", "int8"];
    kind == "unsigned big int" || WHOLE.contains(&kind.split([' ', '(']).next().unwrap_or_default())
}

/// Whether a type of any of the databases holds texts.
pub(in crate::store) fn is_text(kind: &str) -> bool {
    const TEXT: [&str; 11] = [
        "text",
        "varchar",
        "char",
        "character",
        "nvarchar",
        "nchar",
        "citext",
        "bpchar",
        "tinytext",
        "mediumtext",
        "longtext",
    ];
    TEXT.contains(&kind.split([' ', '(']).next().unwrap_or_default())
}
