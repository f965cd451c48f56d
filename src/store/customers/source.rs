//! Where the customers are: in our own table, or in one the office has.
//!
//! Statements read them through the view `core_customer_view`, so that they
//! stay the same whatever the table is called, and so that who works at a
//! counter needs no right on the office's table but through the view. On a
//! server the view is made with the tables; a SQLite file cannot refer to
//! another one for good, so there each connection makes it for itself. The
//! office's table is only ever named by identifiers that the configuration has
//! checked, quoted here.

use std::path::Path;

use crate::config::settings::{CustomerColumns, CustomerTable, Identifier, TableName};
use crate::store::database::engine::Engine;

/// The name under which SQLite knows the file with the office's table.
const OFFICE: &str = "office";

/// The table of the customers.
#[derive(Clone, Debug)]
pub(in crate::store) struct Source {
    table: Option<CustomerTable>,
}

impl Source {
    pub(in crate::store) fn new(table: Option<CustomerTable>) -> Self {
        Self { table }
    }

    /// A name that differs where anything about the table does.
    pub(in crate::store) fn name(&self) -> String {
        let Some(table) = &self.table else { return self.place() };
        let columns: Vec<String> = columns(&table.columns)
            .iter()
            .map(|(ours, theirs)| format!("{ours} {}", theirs.map_or("-", Identifier::as_str)))
            .collect();
        format!("{} {}", self.place(), columns.join(", "))
    }

    /// Whether a store that was made for this name has its customers from the same
    /// table, whatever its columns were called then.
    pub(in crate::store) fn is_same_table(&self, name: &str) -> bool {
        let place = self.place();
        name.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// The table, and the file it is in.
    fn place(&self) -> String {
        let Some(table) = &self.table else { return "core_customer".into() };
        let file = table.file.as_deref().map(|it| it.display().to_string()).unwrap_or_default();
        format!("{file} {}", table.name)
    }

    /// Whether it is a table of the office's, which others write.
    pub(in crate::store) const fn is_theirs(&self) -> bool {
        self.table.is_some()
    }

    /// The office's table, where the customers are in one.
    pub(in crate::store) const fn table(&self) -> Option<&CustomerTable> {
        self.table.as_ref()
    }

    /// Our names of the office's columns, and theirs.
    pub(in crate::store) fn columns(&self) -> impl Iterator<Item = (&'static str, &Identifier)> {
        let table = self.table.iter();
        table.flat_map(|it| columns(&it.columns)).filter_map(|(ours, theirs)| Some((ours, theirs?)))
    }

    /// What the place of the office's table is called; none for the one that a
    /// connection is in.
    pub(in crate::store) fn place_name(&self, kind: Engine) -> Option<&str> {
        match kind {
            Engine::Sqlite => Some(OFFICE),
            Engine::Postgres | Engine::Mysql => {
                self.table.as_ref()?.name.schema.as_ref().map(Identifier::as_str)
            }
        }
    }

    /// What would make the one index that the office's table needs.
    pub(in crate::store) fn index_statement(&self, kind: Engine) -> Option<String> {
        let table = self.table.as_ref()?;
        let place = own_place(kind, &table.name);
        let id = &table.columns.id;
        Some(format!(
            "CREATE UNIQUE INDEX {}_{id} ON {place} ({})",
            table.name.name,
            quoted(kind, id)
        ))
    }

    /// The script that makes the view with the tables; none where a migration
    /// made it, or each connection does.
    pub(in crate::store) fn view(&self, kind: Engine) -> Option<String> {
        let select = match &self.table {
            Some(table) => select(kind, table),
            None => "SELECT id, account_no, name, email, phone, address, locale \
                     FROM core_customer"
                .into(),
        };
        match kind {
            Engine::Sqlite => None,
            Engine::Postgres => Some(format!(
                "DROP VIEW IF EXISTS core_customer_view; \
                 CREATE VIEW core_customer_view AS {select}"
            )),
            Engine::Mysql => Some(format!("CREATE OR REPLACE VIEW core_customer_view AS {select}")),
        }
    }

    /// What a connection to SQLite has to run before it can see the office's
    /// customers. Their file is opened so that nothing in it can change, and so
    /// that our writers do not hold theirs up.
    pub(in crate::store) fn attachment(&self) -> Option<String> {
        let table = self.table.as_ref()?;
        let file = uri(table.file.as_deref()?);
        Some(format!(
            "ATTACH DATABASE '{file}' AS {OFFICE}; \
             CREATE TEMP VIEW core_customer_view AS {}",
            select(Engine::Sqlite, table)
        ))
    }
}

fn columns(columns: &CustomerColumns) -> [(&'static str, Option<&Identifier>); 7] {
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

/// The office's customers with our names. All but the number are read as text,
/// whatever they are; the number is left alone, so that its index serves.
fn select(kind: Engine, table: &CustomerTable) -> String {
    let text = match kind {
        Engine::Sqlite | Engine::Postgres => "TEXT",
        Engine::Mysql => "CHAR",
    };
    let columns: Vec<String> = columns(&table.columns)
        .iter()
        .map(|(ours, theirs)| match theirs {
            Some(theirs) if *ours == "id" => format!("{} AS id", quoted(kind, theirs)),
            Some(theirs) => format!("CAST({} AS {text}) AS {ours}", quoted(kind, theirs)),
            None => format!("CAST(NULL AS {text}) AS {ours}"),
        })
        .collect();
    format!("SELECT {} FROM {}", columns.join(", "), place(kind, &table.name))
}

/// The table as it is named where it lies; SQLite's file is then open by itself.
pub(in crate::store) fn own_place(kind: Engine, name: &TableName) -> String {
    match kind {
        Engine::Sqlite => quoted(kind, &name.name),
        Engine::Postgres | Engine::Mysql => place(kind, name),
    }
}

/// The table as a statement names it.
fn place(kind: Engine, name: &TableName) -> String {
    let table = quoted(kind, &name.name);
    match (kind, &name.schema) {
        (Engine::Sqlite, _) => format!("{OFFICE}.{table}"),
        (_, Some(schema)) => format!("{}.{table}", quoted(kind, schema)),
        (_, None) => table,
    }
}

/// An identifier between the marks that make it one, whatever word it is. It
/// holds no such mark itself.
pub(in crate::store) fn quoted(kind: Engine, identifier: &Identifier) -> String {
    match kind {
        Engine::Sqlite | Engine::Postgres => format!("\"{identifier}\""),
        Engine::Mysql => format!("`{identifier}`"),
    }
}

/// A file as SQLite opens it for reading only, inside a quoted text: what means
/// something in a URI, or ends the text, is written as its number.
fn uri(file: &Path) -> String {
    let path = file.to_string_lossy();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let path: String = path
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("file:{path}?mode=ro")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }
    }

    #[test]
    fn identifiers_are_quoted_and_missing_columns_are_nothing() {
        let view = |kind| Source::new(Some(table())).view(kind).expect("a view");
        let postgres = view(Engine::Postgres);
        assert!(
            postgres.contains("\"id\" AS id, CAST(\"order\" AS TEXT) AS account_no"),
            "{postgres}"
        );
        assert!(postgres.contains("CAST(NULL AS TEXT) AS phone"), "{postgres}");
        assert!(postgres.ends_with("FROM \"billing\".\"core_customer\""), "{postgres}");
        assert!(view(Engine::Mysql).ends_with("FROM `billing`.`core_customer`"));
    }

    #[test]
    fn a_file_of_any_name_is_opened_for_reading() {
        assert_eq!(uri(Path::new("/a b/o'c?.db")), "file:/a%20b/o%27c%3F.db?mode=ro");
    }
}
