//! `[customers.invoices]` and `[customers.feedback]`: the office's own tables of bills and of
//! feedback, beside its table of customers.

use crate::config::build::Build;
use crate::config::identifier::{Identifier, TableName};
use crate::config::settings::StoreSettings;
use crate::config::table::{Fallback, TABLE};

/// The office's tables of what it has on its customers; none where there is no such table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountLists {
    /// Its bills.
    pub invoices: Option<InvoiceTable>,
    /// Its feedback.
    pub feedback: Option<FeedbackTable>,
}

/// A table of bills, and what its columns are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTable {
    /// The table.
    pub name: TableName,
    /// Whose bill it is.
    pub customer: CustomerColumn,
    /// The number printed on it.
    pub number: Identifier,
    /// Its date, or the time it is for.
    pub issued_at: Identifier,
    /// When it is due.
    pub due_at: Option<Identifier>,
    /// Its sum.
    pub amount: AmountColumn,
    /// The currency.
    pub currency: Option<Identifier>,
    /// Whether it is paid.
    pub status: Option<Identifier>,
}

/// A table of feedback, and what its columns are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackTable {
    /// The table.
    pub name: TableName,
    /// Whose feedback it is.
    pub customer: CustomerColumn,
    /// When it was received.
    pub received_at: Identifier,
    /// What it is about.
    pub subject: Identifier,
    /// Whether it was answered.
    pub status: Option<Identifier>,
}

/// The column that says which customer a row belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerColumn {
    /// By the account number, a text.
    AccountNo(Identifier),
    /// By the key of the table of customers, a whole number.
    Id(Identifier),
}

/// The column of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountColumn {
    /// In whole units, with a decimal point.
    Units(Identifier),
    /// In cents.
    Cents(Identifier),
}

/// Reads them; `customers` is the office's table of customers.
pub(super) fn read(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
) -> AccountLists {
    for at in ["customers.invoices", "customers.feedback"] {
        refuse_columns_without_table(build, at);
    }
    AccountLists {
        invoices: invoices(build, store, customers),
        feedback: feedback(build, store, customers),
    }
}

/// Lists belong to customers of the same office: without its table of customers nobody
/// knows whose they are.
pub(super) fn refuse_without_customers(build: &mut Build<'_>) {
    for key in ["customers.invoices.table", "customers.feedback.table"] {
        if build.merged.is_set(key) {
            build.refuse(key, format!("{key} needs customers.table, the customers it is about"));
        }
    }
}

/// Columns belong to a table.
fn refuse_columns_without_table(build: &mut Build<'_>, section: &str) {
    let table = format!("{section}.table");
    if build.merged.is_set(&table) || build.findings.is_broken(&table) {
        return;
    }
    for key in TABLE.iter().filter(|it| it.parts().0 == Some(section)) {
        let is_usual = matches!(key.fallback, Fallback::Text(usual)
            if build.merged.text(key.path).as_deref() == Some(usual));
        if build.merged.is_set(key.path) && !is_usual {
            let text = format!("{} names a column of {table}, which is not set", key.path);
            build.refuse(key.path, text);
        }
    }
}

fn invoices(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
) -> Option<InvoiceTable> {
    let name = table(build, store, customers, "customers.invoices.table")?;
    let customer =
        customer(build, "customers.invoices.account_no", "customers.invoices.customer_id")?;
    let amount = match build.identifier("customers.invoices.amount_cents") {
        Some(cents) => AmountColumn::Cents(cents),
        None => AmountColumn::Units(derived(build, "customers.invoices.amount", "amount")?),
    };
    Some(InvoiceTable {
        name,
        customer,
        number: build.identifier("customers.invoices.number")?,
        issued_at: build.identifier("customers.invoices.issued_at")?,
        due_at: build.identifier("customers.invoices.due_at"),
        amount,
        currency: build.identifier("customers.invoices.currency"),
        status: build.identifier("customers.invoices.status"),
    })
}

fn feedback(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
) -> Option<FeedbackTable> {
    let name = table(build, store, customers, "customers.feedback.table")?;
    let customer =
        customer(build, "customers.feedback.account_no", "customers.feedback.customer_id")?;
    Some(FeedbackTable {
        name,
        customer,
        received_at: build.identifier("customers.feedback.received_at")?,
        subject: build.identifier("customers.feedback.subject")?,
        status: build.identifier("customers.feedback.status"),
    })
}

/// The table, where the customers are if nothing else is said.
fn table(
    build: &mut Build<'_>,
    store: &StoreSettings,
    customers: &TableName,
    key: &'static str,
) -> Option<TableName> {
    let name = build.merged.text(key).as_deref().and_then(TableName::parse)?;
    if matches!(store, StoreSettings::Sqlite { .. }) && name.schema.is_some() {
        let text = format!(
            "{key} = \"{name}\": a table of SQLite has no schema; it is in customers.file, as the \
             customers are"
        );
        build.refuse(key, text);
    }
    let schema = name.schema.or_else(|| customers.schema.clone());
    Some(TableName { schema, name: name.name })
}

fn customer(
    build: &mut Build<'_>,
    account_no: &'static str,
    id: &'static str,
) -> Option<CustomerColumn> {
    match build.identifier(id) {
        Some(id) => Some(CustomerColumn::Id(id)),
        None => derived(build, account_no, "account_no").map(CustomerColumn::AccountNo),
    }
}

fn derived(build: &mut Build<'_>, key: &'static str, usual: &str) -> Option<Identifier> {
    build.merged.derive(key, usual);
    build.identifier(key)
}
