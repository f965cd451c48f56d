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
            ("SELECT list.name, lower(list.type), list.pk = 1 AND lower(list.type) = 'integer' \
              AND (SELECT COUNT(*) FROM pragma_table_info($1, $2) AS few WHERE few.pk > 0) = 1 \
              FROM pragma_table_info($1, $2) AS list")
            ("SELECT CAST(a.attname AS TEXT), \
              format_type(COALESCE(NULLIF(y.typbasetype, 0), a.atttypid), NULL), CAST(0 AS BIGINT) \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
              JOIN pg_type y ON y.oid = a.atttypid \
              WHERE t.relname = CAST($1 AS NAME) \
              AND n.nspname = COALESCE(CAST($2 AS NAME), current_schema())")
            ("SELECT CAST(column_name AS CHAR), CAST(data_type AS CHAR), 0 \
              FROM information_schema.columns \
              WHERE table_name = IF(@@lower_case_table_names = 1, LOWER($1), $1) \
              AND table_schema = COALESCE($2, DATABASE())"))
    }
    /// The first column of each index, and whether the index makes it unique by itself.
    INDEXES {
        (each
            ("SELECT (SELECT few.name FROM pragma_index_info(list.name, $2) AS few LIMIT 1), \
              list.\"unique\" AND \
              (SELECT COUNT(*) FROM pragma_index_info(list.name, $2) AS few) = 1 \
              FROM pragma_index_list($1, $2) AS list WHERE NOT list.partial")
            ("SELECT CAST(a.attname AS TEXT), \
              CAST(CAST(i.indisunique AND i.indnkeyatts = 1 AS INT) AS BIGINT) \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              JOIN pg_index i ON i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] \
              WHERE t.relname = CAST($1 AS NAME) \
              AND n.nspname = COALESCE(CAST($2 AS NAME), current_schema())")
            ("SELECT CAST(MIN(CASE WHEN seq_in_index = 1 THEN column_name END) AS CHAR), \
              CAST(MAX(non_unique) = 0 AND COUNT(*) = 1 AS SIGNED) \
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
            let column = row.text(0)?.to_lowercase();
            if row.int(2)? == 1 {
                indexed.insert(column.clone(), true);
            }
            kinds.insert(column, row.text(1)?);
        }
        if kinds.is_empty() {
            return Ok(Self { kinds, indexed });
        }
        for row in db.all(&INDEXES, args![table, place]).await? {
            if let Some(column) = row.maybe_text(0)? {
                *indexed.entry(column.to_lowercase()).or_default() |= row.int(1)? == 1;
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
