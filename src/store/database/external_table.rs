//! The table that holds the customers: ours, or an external table of the office.
//!
//! Statements read customers through the view `core_customer_view`. So they stay the same
//! whatever the table is called, and the account of a counter needs no right on the
//! external table itself. On a server the migration creates the view; a SQLite file cannot
//! refer to another file for good, so that each connection creates the view for itself. The
//! external table is named only by identifiers that the configuration has checked, quoted
//! here.

use std::path::Path;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::settings::{CustomerColumns, CustomerTable, Identifier, TableName};
use crate::store::database::account_views;
use crate::store::database::engine::Engine;

/// The schema name under which SQLite attaches the file with the external table.
const ATTACHED_SCHEMA: &str = "office";

/// What is escaped in the path of a URI: all but `/` and the unreserved characters of RFC 3986.
const ESCAPED_IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Clone, Debug)]
pub(in crate::store) struct CustomerSource {
    table: Option<Arc<CustomerTable>>,
}

impl CustomerSource {
    pub(in crate::store) fn new(table: Option<CustomerTable>) -> Self {
        Self { table: table.map(Arc::new) }
    }

    /// A text that is different for any other table, file or choice of columns.
    pub(in crate::store) fn name(&self) -> String {
        let Some(table) = &self.table else { return self.table_and_file() };
        let columns: Vec<String> = columns(&table.columns)
            .iter()
            .map(|(ours, external)| format!("{ours} {}", external.map_or("-", Identifier::as_str)))
            .collect();
        let lists = account_views::name(table).map(|it| format!("; {it}")).unwrap_or_default();
        format!("{} {}{lists}", self.table_and_file(), columns.join(", "))
    }

    /// Whether the table is the one that `name` was made for, whatever its columns were
    /// called then.
    pub(in crate::store) fn is_same_table(&self, name: &str) -> bool {
        let table = self.table_and_file();
        name.strip_prefix(&table).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// The table, and its file.
    fn table_and_file(&self) -> String {
        let Some(table) = &self.table else { return "core_customer".into() };
        let file = table.file.as_deref().map(|it| it.display().to_string()).unwrap_or_default();
        format!("{file} {}", table.name)
    }

    /// Whether it is an external table, which others write.
    pub(in crate::store) const fn is_external(&self) -> bool {
        self.table.is_some()
    }

    /// The external table; `None` where the customers are in ours.
    pub(in crate::store) fn table(&self) -> Option<&CustomerTable> {
        self.table.as_deref()
    }

    /// The columns of the external table: our name, and its own.
    pub(in crate::store) fn columns(&self) -> impl Iterator<Item = (&'static str, &Identifier)> {
        let table = self.table.iter();
        table
            .flat_map(|it| columns(&it.columns))
            .filter_map(|(ours, external)| Some((ours, external?)))
    }

    /// The schema of the external table; `None` for the connection's own.
    pub(in crate::store) fn schema_name(&self, kind: Engine) -> Option<&str> {
        match kind {
            Engine::Sqlite => Some(ATTACHED_SCHEMA),
            Engine::Postgres | Engine::Mysql => {
                self.table.as_ref()?.name.schema.as_ref().map(Identifier::as_str)
            }
        }
    }

    /// The statement that creates the one index that the external table needs.
    pub(in crate::store) fn index_statement(&self, kind: Engine) -> Option<String> {
        let table = self.table.as_ref()?;
        let name = own_table_name(kind, &table.name);
        let id = &table.columns.id;
        Some(format!(
            "CREATE UNIQUE INDEX {}_{id} ON {name} ({})",
            table.name.name,
            quoted(kind, id)
        ))
    }

    /// The script that creates the view; `None` on SQLite, where a migration or each
    /// connection does.
    pub(in crate::store) fn view(&self, kind: Engine) -> Option<String> {
        let select = match &self.table {
            Some(table) => select(kind, table),
            None => "SELECT id, account_no, name, email, phone, address, locale \
                     FROM core_customer"
                .into(),
        };
        let lists = account_views::script(kind, self.table());
        match kind {
            Engine::Sqlite => None,
            Engine::Postgres => Some(format!(
                "DROP VIEW IF EXISTS core_customer_view; \
                 CREATE VIEW core_customer_view AS {select}{lists}"
            )),
            Engine::Mysql => {
                Some(format!("CREATE OR REPLACE VIEW core_customer_view AS {select}{lists}"))
            }
        }
    }

    /// What a SQLite connection runs to see the external table. Its file is attached
    /// read-only, so that it cannot be changed by mistake and our writers never lock it
    /// out.
    pub(in crate::store) fn attachment(&self) -> Option<String> {
        let table = self.table.as_ref()?;
        let file = read_only_uri(table.file.as_deref()?);
        Some(format!(
            "ATTACH DATABASE '{file}' AS {ATTACHED_SCHEMA}; \
             CREATE TEMP VIEW core_customer_view AS {}{}",
            select(Engine::Sqlite, table),
            account_views::attachment(table)
        ))
    }
}

/// The columns of an external table: our name, and its own.
pub(in crate::store) fn columns(
    columns: &CustomerColumns,
) -> [(&'static str, Option<&Identifier>); 7] {
    [
        ("id", Some(&columns.id)),
        ("account_no", Some(&columns.account_no)),
        ("name", Some(&columns.name)),
        ("email", columns.email.as_ref()),
        ("phone", columns.phone.as_ref()),
        ("address", columns.address.as_ref()),
        ("locale", columns.locale.as_ref()),
    ]
}

/// The external table's columns under our names. All but the number are cast to text,
/// whatever they are; the number is not cast, so that its index is used.
fn select(kind: Engine, table: &CustomerTable) -> String {
    let text = match kind {
        Engine::Sqlite | Engine::Postgres => "TEXT",
        Engine::Mysql => "CHAR",
    };
    let columns: Vec<String> = columns(&table.columns)
        .iter()
        .map(|(ours, external)| match external {
            Some(external) if *ours == "id" => format!("{} AS id", quoted(kind, external)),
            Some(external) => format!("CAST({} AS {text}) AS {ours}", quoted(kind, external)),
            None => format!("CAST(NULL AS {text}) AS {ours}"),
        })
        .collect();
    format!("SELECT {} FROM {}", columns.join(", "), table_name(kind, &table.name))
}

/// The quoted name of the table for a connection to its own database; SQLite's file is not
/// attached then.
pub(in crate::store) fn own_table_name(kind: Engine, name: &TableName) -> String {
    match kind {
        Engine::Sqlite => quoted(kind, &name.name),
        Engine::Postgres | Engine::Mysql => table_name(kind, name),
    }
}

/// The quoted name of the table for a statement of ours.
pub(in crate::store) fn table_name(kind: Engine, name: &TableName) -> String {
    let table = quoted(kind, &name.name);
    match (kind, &name.schema) {
        (Engine::Sqlite, _) => format!("{ATTACHED_SCHEMA}.{table}"),
        (_, Some(schema)) => format!("{}.{table}", quoted(kind, schema)),
        (_, None) => table,
    }
}

/// A quoted identifier. The configuration has checked that it contains no quote.
pub(in crate::store) fn quoted(kind: Engine, identifier: &Identifier) -> String {
    match kind {
        Engine::Sqlite | Engine::Postgres => format!("\"{identifier}\""),
        Engine::Mysql => format!("`{identifier}`"),
    }
}

/// A `file:` URI that opens a file read-only, fit for a quoted SQL text.
fn read_only_uri(file: &Path) -> String {
    let path = file.to_string_lossy();
    format!("file:{}?mode=ro", utf8_percent_encode(&path, ESCAPED_IN_PATH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::account_lists::AccountLists;

    fn table() -> CustomerTable {
        let name = |text| Identifier::parse(text).expect("an identifier");
        CustomerTable {
            name: TableName::parse("billing.core_customer").expect("a table"),
            file: None,
            columns: CustomerColumns {
                id: name("id"),
                account_no: name("order"),
                name: name("full_name"),
                email: Some(name("email")),
                phone: None,
                address: None,
                locale: None,
            },
            lists: AccountLists::default(),
        }
    }

    #[test]
    fn identifiers_are_quoted_and_missing_columns_are_nothing() {
        let view = |kind| CustomerSource::new(Some(table())).view(kind).expect("a view");
        let postgres = view(Engine::Postgres);
        assert!(
            postgres.contains("\"id\" AS id, CAST(\"order\" AS TEXT) AS account_no"),
            "{postgres}"
        );
        assert!(postgres.contains("CAST(NULL AS TEXT) AS phone"), "{postgres}");
        assert!(postgres.contains("FROM \"billing\".\"core_customer\";"), "{postgres}");
        assert!(view(Engine::Mysql).contains("FROM `billing`.`core_customer`;"));
    }

    #[test]
    fn a_file_of_any_name_is_opened_for_reading() {
        assert_eq!(read_only_uri(Path::new("/a b/o'c?.db")), "file:/a%20b/o%27c%3F.db?mode=ro");
    }
}
