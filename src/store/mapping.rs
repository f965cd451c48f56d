//! Whether the office's table of customers is as the configuration says, and
//! can be read as fast as a counter needs it. What is looked at are the
//! database's own lists of tables, so that a column that is not there has a name
//! and is no failed statement.

use std::collections::HashMap;

use super::db::{Db, Row, args};
use super::source::Source;
use super::sql::statements;
use crate::config::settings::{CustomerTable, Identifier};
use crate::service::ports::{CustomerCheck, Finding, StoreError};

/// Customers are counted up to here; an exact count of millions takes seconds.
const COUNTED: u32 = 100_000;

statements! {
    /// The columns of a table: name, type, and whether it is the row's own number.
    COLUMNS {
        (each
            ("SELECT list.name, lower(list.type), list.pk = 1 AND lower(list.type) = 'integer' \
              AND (SELECT COUNT(*) FROM pragma_table_info($1, $2) AS few WHERE few.pk > 0) = 1 \
              FROM pragma_table_info($1, $2) AS list")
            ("SELECT CAST(a.attname AS TEXT), format_type(a.atttypid, NULL), CAST(0 AS BIGINT) \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
              WHERE t.relname = CAST($1 AS NAME) AND n.nspname = CAST($2 AS NAME)")
            ("SELECT CAST(column_name AS CHAR), CAST(data_type AS CHAR), 0 \
              FROM information_schema.columns \
              WHERE table_name = $1 AND table_schema = COALESCE($2, DATABASE())"))
    }
    /// The first column of each index, and whether it alone is unique there.
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
              WHERE t.relname = CAST($1 AS NAME) AND n.nspname = CAST($2 AS NAME)")
            ("SELECT CAST(MIN(CASE WHEN seq_in_index = 1 THEN column_name END) AS CHAR), \
              CAST(MAX(non_unique) = 0 AND COUNT(*) = 1 AS SIGNED) \
              FROM information_schema.statistics \
              WHERE table_name = $1 AND table_schema = COALESCE($2, DATABASE()) \
              GROUP BY index_name"))
    }
    /// 1 where it is a table and no view.
    IS_TABLE {
        (each
            ("SELECT list.type <> 'view' FROM pragma_table_list($1) AS list \
              WHERE list.schema = $2")
            ("SELECT CAST(CAST(t.relkind IN ('r', 'p') AS INT) AS BIGINT) \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              WHERE t.relname = CAST($1 AS NAME) AND n.nspname = CAST($2 AS NAME)")
            ("SELECT CAST(table_type = 'BASE TABLE' AS SIGNED) FROM information_schema.tables \
              WHERE table_name = $1 AND table_schema = COALESCE($2, DATABASE())"))
    }
    THEIRS {
        "SELECT COUNT(*) FROM (SELECT c.id FROM core_customer_view c WHERE c.id > $1 \
         ORDER BY c.id LIMIT $2) few"
    }
    OURS {
        "SELECT COUNT(*) FROM (SELECT customer_id FROM core_customer_search \
         WHERE customer_id > $1 ORDER BY customer_id LIMIT $2) few"
    }
}

/// What there is to say about the customers.
pub(super) async fn check(db: &Db, source: &Source) -> Result<CustomerCheck, StoreError> {
    let mut findings = match source.table() {
        Some(table) => of_table(db, source, table).await?,
        None => Vec::new(),
    };
    let name = source.table().map_or_else(|| "own table".into(), |it| it.name.to_string());
    if findings.iter().any(|it| it.stops) {
        return Ok(CustomerCheck { found: name, findings });
    }
    let count = async |sql| db.maybe(sql, args![i64::MIN, COUNTED + 1]).await;
    let (theirs, ours) = (count(&THEIRS).await?, count(&OURS).await?);
    let number = |row: Option<Row>| row.map_or(Ok(0), |row| row.int(0));
    let (theirs, ours) = (number(theirs)?, number(ours)?);
    if theirs == 0 {
        let help = if source.table().is_some() {
            "Look at customers.table: it names a table without customers."
        } else {
            "Import them: countersign customers import FILE.csv"
        };
        findings.push(Finding {
            what: "there are no customers yet".into(),
            help: Some(help.into()),
            stops: false,
        });
    }
    let found = if theirs > COUNTED.into() && ours > COUNTED.into() {
        format!("{name}, more than {COUNTED}")
    } else {
        if theirs != ours {
            findings.push(Finding {
                what: format!("{ours} can be found of {theirs}"),
                help: Some("Compare them all: countersign customers index".into()),
                stops: false,
            });
        }
        format!("{name}, {ours} of {theirs} can be found")
    };
    Ok(CustomerCheck { found, findings })
}

async fn of_table(
    db: &Db,
    source: &Source,
    table: &CustomerTable,
) -> Result<Vec<Finding>, StoreError> {
    let (name, place) = (table.name.name.as_str(), source.place_name(db.kind()));
    let arguments = args![name, place];
    let mut columns = HashMap::new();
    let mut unique = HashMap::new();
    for row in db.all(&COLUMNS, arguments).await? {
        let column = row.text(0)?.to_lowercase();
        if row.int(2)? == 1 {
            unique.insert(column.clone(), true);
        }
        columns.insert(column, row.text(1)?);
    }
    if columns.is_empty() {
        return Ok(vec![Finding {
            what: format!("{} is not there, or this account may not see it", table.name),
            help: Some("Look at customers.table, and at the rights in assets/grants.".into()),
            stops: db.all(&THEIRS, args![i64::MIN, 1_u32]).await.is_err(),
        }]);
    }
    for row in db.all(&INDEXES, arguments).await? {
        if let Some(column) = row.maybe_text(0)? {
            *unique.entry(column.to_lowercase()).or_default() |= row.int(1)? == 1;
        }
    }
    let is_table = db.maybe(&IS_TABLE, arguments).await?;
    let is_table = is_table.map_or(Ok(0), |row| row.int(0))? == 1;
    let mut findings = missing(table, source, &columns);
    let key = |column: &Identifier| column.as_str().to_lowercase();
    if let Some(kind) = columns.get(&key(&table.columns.id)).filter(|it| !is_whole(it)) {
        findings.push(Finding {
            what: format!("{} is {kind}, and no whole number", table.columns.id),
            help: Some("Name the table's numeric key in customers.id.".into()),
            stops: true,
        });
    } else if is_table && unique.get(&key(&table.columns.id)) != Some(&true) {
        findings.push(Finding {
            what: format!("{} has no unique index; each look-up reads the table", table.columns.id),
            help: source.index_statement(db.kind()).map(|it| format!("Let its owner run: {it}")),
            stops: false,
        });
    }
    if is_table && unique.get(&key(&table.columns.account_no)) != Some(&true) {
        findings.push(Finding {
            what: format!(
                "nothing keeps two customers from one {}: both are then shown",
                table.columns.account_no
            ),
            help: None,
            stops: false,
        });
    }
    Ok(findings)
}

/// Whether a type, as the databases call it, holds whole numbers.
fn is_whole(kind: &str) -> bool {
    const WHOLE: [&str; 9] =
        ["int", "integer", "bigint", "smallint", "mediumint", "tinyint", "int2", "int4", "int8"];
    WHOLE.contains(&kind.split([' ', '(']).next().unwrap_or_default())
}

/// The columns that are named and not there.
fn missing(
    table: &CustomerTable,
    source: &Source,
    columns: &HashMap<String, String>,
) -> Vec<Finding> {
    source
        .columns()
        .filter(|(_, theirs)| !columns.contains_key(&theirs.as_str().to_lowercase()))
        .map(|(ours, theirs)| Finding {
            what: format!("{} has no column {theirs}", table.name),
            help: Some(format!("Name the right one in customers.{ours}.")),
            stops: true,
        })
        .collect()
}
