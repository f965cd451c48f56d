//! Writing customers into the external table, where the configuration allows it: only rows,
//! by quoted identifiers that the configuration has checked. Columns that the table does
//! not have are left out; balances are never written there.

use std::collections::HashSet;

use crate::config::settings::{CustomerTable, Identifier};
use crate::domain::customer::NewCustomer;
use crate::domain::text::{clean, clean_optional};
use crate::service::ports::customers::ImportCount;
use crate::service::ports::error::StoreError;
use crate::store::customers::import::IncomingCustomer;
use crate::store::database::engine::{Arg, Database, Engine, Row, Tx, args};
use crate::store::database::external_table::{self, CustomerSource};
use crate::store::database::statement::statements;
use crate::store::search_index::index::INDEX_LOCK;

statements! {
    /// The columns that are NOT NULL.
    REQUIRED {
        (each
            ("SELECT lower(list.name) AS column_name FROM pragma_table_info($1, $2) AS list \
              WHERE list.\"notnull\"")
            ("SELECT lower(CAST(a.attname AS TEXT)) AS column_name FROM pg_class t \
              JOIN pg_namespace n ON n.oid = t.relnamespace \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND a.attnotnull \
              WHERE t.relname = CAST($1 AS NAME) AND n.nspname = CAST($2 AS NAME)")
            ("SELECT lower(CAST(column_name AS CHAR)) AS column_name FROM information_schema.columns \
              WHERE table_name = $1 AND table_schema = COALESCE($2, DATABASE()) \
              AND is_nullable = 'NO'"))
    }
}

/// The external table as statements name it.
struct ExternalTable<'a> {
    kind: Engine,
    table: &'a CustomerTable,
    place: String,
    /// The columns that are NOT NULL: where a customer has no value, they hold an empty
    /// text.
    required: HashSet<String>,
}

/// How many rows of one account number are read.
const MAX_ROWS: u32 = 20;

/// What a column holds; `None` where it cannot be read.
type OnFile = Option<Option<String>>;

/// A column of the table, and a customer's value for it.
#[derive(Clone, Copy)]
struct Cell<'a> {
    column: &'a Identifier,
    text: Option<&'a str>,
    /// Whether the file has the column: without it, the row keeps what it has.
    is_given: bool,
}

/// Writes a batch in one transaction of the database that has the table; also returns the
/// numbers of the customers it wrote.
pub(in crate::store) async fn import(
    db: &Database,
    source: &CustomerSource,
    table: &CustomerTable,
    batch: &[NewCustomer],
    dry: bool,
) -> Result<(ImportCount, Vec<i64>), StoreError> {
    let kind = db.kind();
    let mut tx = db.begin().await?;
    tx.lock(INDEX_LOCK).await?;
    // SQLite opens the office's file on a connection of its own.
    let place = if kind == Engine::Sqlite { Some("main") } else { source.schema_name(kind) };
    let named = args![table.name.name.as_str(), place];
    let required = tx.all(&REQUIRED, named).await?;
    let required = required.iter().map(|row| row.text("column_name")).collect::<Result<_, _>>()?;
    let external = ExternalTable {
        kind,
        table,
        place: external_table::own_table_name(kind, &table.name),
        required,
    };
    let (mut count, mut written) = (ImportCount::default(), Vec::new());
    for customer in batch {
        let customer = IncomingCustomer::from(customer);
        let refused = |error| external.refused(customer.account_no, error);
        let known = external.find(&mut tx, customer.account_no).await.map_err(refused)?;
        let Some((id, cells)) = known else {
            count.added += 1;
            if dry {
                continue;
            }
            external.insert(&mut tx, &customer).await.map_err(refused)?;
            written.extend(external.find(&mut tx, customer.account_no).await?.map(|it| it.0));
            continue;
        };
        let wanted = external.cells(&customer).into_iter().zip(cells);
        let differs = |(cell, on_file): &(Cell<'_>, OnFile)| {
            cell.is_given && *on_file != Some(cell.text.map(clean))
        };
        let changed: Vec<Cell<'_>> = wanted.filter(differs).map(|(cell, _)| cell).collect();
        if changed.is_empty() {
            count.unchanged += 1;
            continue;
        }
        count.changed += 1;
        if dry {
            continue;
        }
        external.update(&mut tx, id, &changed).await.map_err(refused)?;
        written.push(id);
    }
    tx.commit().await?;
    Ok((count, written))
}

impl ExternalTable<'_> {
    fn quoted(&self, column: &Identifier) -> String {
        external_table::quoted(self.kind, column)
    }

    /// A placeholder, counted from 1.
    fn argument(&self, number: usize) -> String {
        match self.kind {
            Engine::Sqlite | Engine::Postgres => format!("${number}"),
            Engine::Mysql => "?".into(),
        }
    }

    /// The columns beside the account number, with the customer's values.
    fn cells<'a>(&'a self, customer: &IncomingCustomer<'a>) -> Vec<Cell<'a>> {
        let columns = &self.table.columns;
        let unsaid = customer.unsaid;
        let cells = [
            (Some(&columns.name), Some(customer.name), false),
            (columns.email.as_ref(), customer.email, unsaid.email),
            (columns.phone.as_ref(), customer.phone, unsaid.phone),
            (columns.address.as_ref(), customer.address, unsaid.address),
            (columns.locale.as_ref(), customer.locale, unsaid.locale),
        ];
        let cell = |(column, text, is_unsaid): (Option<&'a Identifier>, _, bool)| {
            Some(Cell { column: column?, text, is_given: !is_unsaid })
        };
        cells.into_iter().filter_map(cell).collect()
    }

    /// The argument for a column: an empty text instead of NULL where it is NOT NULL.
    fn value<'a>(&self, cell: &Cell<'a>) -> Arg<'a> {
        let required = self.required.contains(&cell.column.as_str().to_lowercase());
        Arg::from(cell.text.or_else(|| required.then_some("")))
    }

    /// The one row of an account number, and what its columns hold. The database's
    /// collation may call other account numbers equal: such a row is refused, not updated.
    async fn find(
        &self,
        tx: &mut Tx,
        account_no: &str,
    ) -> Result<Option<(i64, Vec<OnFile>)>, StoreError> {
        let columns = &self.table.columns;
        let text = if self.kind == Engine::Mysql { "CHAR" } else { "TEXT" };
        let texts: Vec<_> = external_table::columns(columns)
            .into_iter()
            .filter_map(|(ours, external)| Some((ours, external.filter(|_| ours != "id")?)))
            .collect();
        let selected: Vec<String> = texts
            .iter()
            .map(|(ours, external)| {
                format!(", CAST({} AS {text}) AS {ours}", self.quoted(external))
            })
            .collect();
        let select = format!(
            "SELECT {} AS id{} FROM {} WHERE {} = {} LIMIT {MAX_ROWS}",
            self.quoted(&columns.id),
            selected.concat(),
            self.place,
            self.quoted(&columns.account_no),
            self.argument(1),
        );
        let rows = tx.built_all(select, args![account_no]).await?;
        let number = |row: &Row| row.maybe_text("account_no").ok().flatten().unwrap_or_default();
        let is_exact = |row: &&Row| number(row).trim() == account_no.trim();
        let is_same = |row: &&Row| number(row).trim().eq_ignore_ascii_case(account_no.trim());
        let mut named: Vec<&Row> = rows.iter().filter(is_exact).collect();
        if named.is_empty() {
            named = rows.iter().filter(is_same).collect();
        }
        match named.as_slice() {
            [] if rows.is_empty() => Ok(None),
            [] => Err(StoreError::refused(format!(
                "{} has {}, which its database takes for the account number {account_no}; nothing \
                 of this batch was written. Write it as it stands there.",
                self.table.name,
                rows.first().map(number).unwrap_or_default()
            ))),
            [row] => {
                // A value that cannot be read differs from the new one.
                let cell = |ours| {
                    let text = row.maybe_text(ours).ok()?;
                    Some(text.as_deref().and_then(clean_optional))
                };
                let cells = texts.iter().map(|(ours, _)| *ours).filter(|it| *it != "account_no");
                Ok(Some((row.whole("id")?, cells.map(cell).collect())))
            }
            _ => Err(StoreError::refused(format!(
                "{} has several customers with the account number {account_no}; nothing of this \
                 batch was written.",
                self.table.name
            ))),
        }
    }

    async fn insert(&self, tx: &mut Tx, customer: &IncomingCustomer<'_>) -> Result<(), StoreError> {
        // Columns without a value get the table's default.
        let account_no = Cell {
            column: &self.table.columns.account_no,
            text: Some(customer.account_no),
            is_given: true,
        };
        let cells: Vec<Cell<'_>> = [account_no]
            .into_iter()
            .chain(self.cells(customer))
            .filter(|cell| !matches!(self.value(cell), Arg::Text(None)))
            .collect();
        let names: Vec<String> = cells.iter().map(|cell| self.quoted(cell.column)).collect();
        let places: Vec<String> = (1..=cells.len()).map(|at| self.argument(at)).collect();
        let insert = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.place,
            names.join(", "),
            places.join(", ")
        );
        let values: Vec<Arg<'_>> = cells.iter().map(|cell| self.value(cell)).collect();
        tx.built_write(insert, &values).await
    }

    async fn update(&self, tx: &mut Tx, id: i64, cells: &[Cell<'_>]) -> Result<(), StoreError> {
        let set: Vec<String> = cells
            .iter()
            .zip(1..)
            .map(|(cell, at)| format!("{} = {}", self.quoted(cell.column), self.argument(at)))
            .collect();
        let update = format!(
            "UPDATE {} SET {} WHERE {} = {}",
            self.place,
            set.join(", "),
            self.quoted(&self.table.columns.id),
            self.argument(cells.len() + 1)
        );
        let values: Vec<Arg<'_>> =
            cells.iter().map(|cell| self.value(cell)).chain([id.into()]).collect();
        tx.built_write(update, &values).await
    }

    /// The error for a customer that the table does not accept.
    fn refused(&self, account_no: &str, error: StoreError) -> StoreError {
        match error {
            StoreError::Failed(why) => StoreError::refused(format!(
                "{} does not take the customer {account_no} ({why}); nothing of this batch was \
                 written. Such a customer is made where the office makes them.",
                self.table.name
            )),
            error => error,
        }
    }
}
