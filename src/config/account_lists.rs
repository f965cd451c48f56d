//! `[customers.invoices]` and `[customers.feedback]`: the office's own tables of bills and of
//! feedback, next to its external table of customers.

use crate::config::build::Build;
use crate::config::identifier::{Identifier, TableName};
use crate::config::key::ConfigKey;
use crate::config::keys::{self, FEEDBACK, FEEDBACK_LIST, INVOICE_LIST, INVOICES, ListKeys};
use crate::config::settings::StoreSettings;

/// The office's tables about its customers; `None` where there is no such table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountLists {
    pub invoices: Option<InvoiceTable>,
    pub feedback: Option<FeedbackTable>,
}

/// A table of bills and the names of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTable {
    pub name: TableName,
    /// The customer whose bill it is.
    pub customer: CustomerColumn,
    /// The printed bill number.
    pub number: Identifier,
    /// The date of issue or the billing period.
    pub issued_at: Identifier,
    /// The due date.
    pub due_at: Option<Identifier>,
    /// The amount.
    pub amount: AmountColumn,
    pub currency: Option<Identifier>,
    /// Whether the bill is paid.
    pub status: Option<Identifier>,
}

/// A table of feedback and the names of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackTable {
    pub name: TableName,
    /// The customer who gave the feedback.
    pub customer: CustomerColumn,
    pub received_at: Identifier,
    pub subject: Identifier,
    /// Whether the feedback was answered.
    pub status: Option<Identifier>,
}

/// The column that references the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerColumn {
    /// The account number, a text column.
    AccountNo(Identifier),
    /// The primary key of the customers' table, an integer column.
    Id(Identifier),
}

/// The column of an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountColumn {
    /// In whole units, with a decimal point.
    Units(Identifier),
    /// In cents, an integer.
    Cents(Identifier),
}

/// Reads both lists; `customers` is the external table of customers.
pub(super) fn read(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
) -> AccountLists {
    for list in LISTS {
        refuse_columns_without(build, &list.table);
    }
    AccountLists {
        invoices: invoices(build, store, customers),
        feedback: feedback(build, store, customers),
    }
}

static LISTS: [&ListKeys; 2] = [&INVOICE_LIST, &FEEDBACK_LIST];

/// The lists reference rows of the external table of customers, so they are refused without one.
pub(super) fn refuse_without_customers(build: &mut Build<'_>) {
    for key in LISTS.map(|it| &it.table) {
        if build.merged.is_set(key) {
            build.refuse(key, format!("{key} needs customers.table, the customers it is about"));
        }
    }
}

/// Refuses column keys of a list whose table is not set.
fn refuse_columns_without(build: &mut Build<'_>, table: &ConfigKey<Option<TableName>>) {
    if build.merged.is_set(table) || build.findings.is_broken(table) {
        return;
    }
    for key in keys::keys_of(table.path().section()) {
        if build.merged.is_set(key) && !build.merged.is_as_by_default(key) {
            build.refuse(key, format!("{key} names a column of {table}, which is not set"));
        }
    }
}

fn invoices(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
) -> Option<InvoiceTable> {
    let (name, customer) = list(build, store, customers, &INVOICE_LIST)?;
    let amount = match build.get(&INVOICES.amount_cents) {
        Some(cents) => AmountColumn::Cents(cents),
        None => AmountColumn::Units(column(build, &INVOICES.amount, "amount")),
    };
    Some(InvoiceTable {
        name,
        customer,
        number: build.get(&INVOICES.number),
        issued_at: build.get(&INVOICES.issued_at),
        due_at: build.get(&INVOICES.due_at).0,
        amount,
        currency: build.get(&INVOICES.currency).0,
        status: build.get(&INVOICES.status).0,
    })
}

fn feedback(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
) -> Option<FeedbackTable> {
    let (name, customer) = list(build, store, customers, &FEEDBACK_LIST)?;
    Some(FeedbackTable {
        name,
        customer,
        received_at: build.get(&FEEDBACK.received_at),
        subject: build.get(&FEEDBACK.subject),
        status: build.get(&FEEDBACK.status).0,
    })
}

/// The table of a list and its customer column; `None` if the office has no such list. A table
/// without a schema is looked for in the schema of the customers' table.
fn list(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
    keys: &ListKeys,
) -> Option<(TableName, CustomerColumn)> {
    let key = &keys.table;
    let name = build.get(key)?;
    if matches!(store, StoreSettings::Sqlite { .. }) && name.schema.is_some() {
        let text = format!(
            "{key} = \"{name}\": a table of SQLite has no schema; it is in customers.file, as the \
             customers are"
        );
        build.refuse(key, text);
    }
    let schema = name.schema.or_else(|| customers.schema.clone());
    let customer = match build.get(&keys.customer_id) {
        Some(id) => CustomerColumn::Id(id),
        None => CustomerColumn::AccountNo(column(build, &keys.account_no, "account_no")),
    };
    Some((TableName { schema, name: name.name }, customer))
}

fn column(
    build: &mut Build<'_>,
    key: &ConfigKey<Option<Identifier>>,
    usual: &'static str,
) -> Identifier {
    build.merged.get_or(key, Identifier::of_program(usual))
}
