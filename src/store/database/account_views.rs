//! The views through which an office's own tables of bills and feedback are read, as
//! `core_customer_view` is for its customers: with the rights of the owner's account on a
//! server, of each connection on SQLite. A table that is not named has no view.
//!
//! Texts are cut here, so that no value is larger on its way than what a screen shows. The
//! column that names the customer is not cast, so that its index is used and no cast makes
//! two customers one; a copy of it as a text is compared by whoever reads. The dates are
//! there as they are too (`newest`, `due`): for the order, and since their types say how the
//! texts are read.

use crate::config::account_lists::{AmountColumn, CustomerColumn, FeedbackTable, InvoiceTable};
use crate::config::settings::{CustomerTable, Identifier};
use crate::store::database::engine::Engine;
use crate::store::database::external_table::{quoted, table_name};

pub(in crate::store) const INVOICE_VIEW: &str = "core_invoice_view";
pub(in crate::store) const FEEDBACK_VIEW: &str = "core_feedback_view";

/// The most characters of a text that a line shows, and of a word or a date.
const SUBJECT_MAX: u32 = 200;
const WORD_MAX: u32 = 40;

/// A text that is different for any other tables or columns; `None` where no table is named.
pub(in crate::store) fn name(table: &CustomerTable) -> Option<String> {
    let selects = selects(Engine::Postgres, table).map(|(_, select)| select);
    let named: Vec<String> = selects.into_iter().flatten().collect();
    (!named.is_empty()).then(|| named.join("; "))
}

/// The views that the tables need.
pub(in crate::store) fn views(table: &CustomerTable) -> impl Iterator<Item = &'static str> {
    let selects = selects(Engine::Postgres, table).into_iter();
    selects.filter_map(|(view, select)| select.map(|_| view))
}

/// The script that creates the views on a server, and takes away those whose table is not
/// named any more.
pub(in crate::store) fn script(kind: Engine, table: Option<&CustomerTable>) -> String {
    let selects = match table {
        Some(table) => selects(kind, table),
        None => [(INVOICE_VIEW, None), (FEEDBACK_VIEW, None)],
    };
    let each = |(view, select): (&str, Option<String>)| match select {
        Some(select) => format!("; DROP VIEW IF EXISTS {view}; CREATE VIEW {view} AS {select}"),
        None => format!("; DROP VIEW IF EXISTS {view}"),
    };
    selects.map(each).concat()
}

/// What a SQLite connection runs to have them.
pub(in crate::store) fn attachment(table: &CustomerTable) -> String {
    let each = |(view, select): (&str, Option<String>)| match select {
        Some(select) => format!("; CREATE TEMP VIEW {view} AS {select}"),
        None => String::new(),
    };
    selects(Engine::Sqlite, table).map(each).concat()
}

fn selects(kind: Engine, table: &CustomerTable) -> [(&'static str, Option<String>); 2] {
    let lists = &table.lists;
    [
        (INVOICE_VIEW, lists.invoices.as_ref().map(|it| invoices(kind, it))),
        (FEEDBACK_VIEW, lists.feedback.as_ref().map(|it| feedback(kind, it))),
    ]
}

fn invoices(kind: Engine, table: &InvoiceTable) -> String {
    let cut = |column: Option<&Identifier>, name| cut(kind, column, WORD_MAX, name);
    let (AmountColumn::Units(amount) | AmountColumn::Cents(amount)) = &table.amount;
    format!(
        "SELECT {}, {}, {}, {}, {}, {}, {}, {} AS newest, {} AS due FROM {}",
        customer(kind, &table.customer),
        cut(Some(&table.number), "number"),
        cut(Some(&table.issued_at), "issued_at"),
        cut(table.due_at.as_ref(), "due_at"),
        cut(Some(amount), "amount"),
        cut(table.currency.as_ref(), "currency"),
        cut(table.status.as_ref(), "status"),
        quoted(kind, &table.issued_at),
        table.due_at.as_ref().map_or_else(|| "NULL".to_owned(), |it| quoted(kind, it)),
        table_name(kind, &table.name),
    )
}

fn feedback(kind: Engine, table: &FeedbackTable) -> String {
    format!(
        "SELECT {}, {}, {}, {}, {} AS newest FROM {}",
        customer(kind, &table.customer),
        cut(kind, Some(&table.received_at), WORD_MAX, "received_at"),
        cut(kind, Some(&table.subject), SUBJECT_MAX, "subject"),
        cut(kind, table.status.as_ref(), WORD_MAX, "status"),
        quoted(kind, &table.received_at),
        table_name(kind, &table.name),
    )
}

/// The column that names the customer, as it is and as a text.
fn customer(kind: Engine, column: &CustomerColumn) -> String {
    let (CustomerColumn::AccountNo(column) | CustomerColumn::Id(column)) = column;
    let column = quoted(kind, column);
    format!("{column} AS customer, CAST({column} AS {}) AS customer_text", text(kind))
}

/// The beginning of a column as a text; NULL where the table has no such column.
fn cut(kind: Engine, column: Option<&Identifier>, most: u32, name: &str) -> String {
    let text = text(kind);
    match column {
        Some(column) => {
            format!("SUBSTR(CAST({} AS {text}), 1, {most}) AS {name}", quoted(kind, column))
        }
        None => format!("CAST(NULL AS {text}) AS {name}"),
    }
}

const fn text(kind: Engine) -> &'static str {
    match kind {
        Engine::Sqlite | Engine::Postgres => "TEXT",
        Engine::Mysql => "CHAR",
    }
}
