//! The columns of a customer, in our own table or in an external one, whose rows others write.

use std::collections::HashMap;

use crate::domain::customer::{Customer, CustomerId};
use crate::domain::flag::Flags;
use crate::domain::text::clean_optional;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::Row;
use crate::store::database::row_type::row_type;

row_type! {
    /// A customer as lists name them. Both are missing where the customer has left the external
    /// table since; a row there may also have no name, or none that can be read.
    pub(in crate::store) struct CustomerOnFile {
        account_no: Option<String> = shown_text "c.account_no",
        customer_name: Option<String> = shown_text "c.name",
    }
}

impl CustomerOnFile {
    /// The account number and the name, or what stands in their place.
    pub(in crate::store) fn shown(self) -> (String, String) {
        match (self.account_no, self.customer_name) {
            (None, None) => ("-".into(), "(no longer on file)".into()),
            (account_no, name) => (account_no.unwrap_or_default(), name.unwrap_or_default()),
        }
    }
}

row_type! {
    /// A customer. The number is not cast: the cast of another table's key could be the
    /// number of another customer.
    pub(in crate::store) struct CustomerColumns {
        id: i64 = whole "c.id",
        account_no: Option<String> = maybe_text "c.account_no",
        name: Option<String> = maybe_text "c.name",
        email: Option<String> = maybe_text "c.email",
        phone: Option<String> = maybe_text "c.phone",
        address: Option<String> = maybe_text "c.address",
        locale: Option<String> = maybe_text "c.locale",
    }
}

/// Reads [`CustomerColumns`]. An external table may hold blanks for nothing, and nothing for
/// a name.
pub(in crate::store) fn read(row: &Row) -> Result<Customer, StoreError> {
    let it = CustomerColumns::read(row)?;
    let written = |text: Option<String>| text.as_deref().and_then(clean_optional);
    Ok(Customer {
        id: CustomerId(it.id),
        account_no: written(it.account_no).unwrap_or_default(),
        name: written(it.name).unwrap_or_default(),
        email: written(it.email),
        phone: written(it.phone),
        address: written(it.address),
        locale: written(it.locale),
        flags: Flags::default(),
    })
}

/// What the columns of [`CustomerColumns`] are called in messages, in the same order.
const COLUMN_LABELS: [&str; CustomerColumns::COLUMNS.names.len()] =
    ["key", "account number", "name", "email address", "phone number", "address", "language"];

/// Why a row cannot be used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowFault {
    /// Another row has the same key.
    SharedKey,
    /// What is in this column cannot be read.
    Unreadable(&'static str),
}

/// Rows of customers from a table that others write.
#[derive(Default)]
pub(in crate::store) struct Rows {
    pub(in crate::store) customers: Vec<Customer>,
    /// Rows that cannot be used: the number, where there is one, and why.
    pub(in crate::store) unreadable: Vec<(Option<i64>, String)>,
    /// The number of the last row that has one.
    pub(in crate::store) last: Option<i64>,
}

/// Reads [`CustomerColumns`] of several rows. A row that cannot be read does not keep the
/// others from being found; of several rows with the same number, none is.
pub(in crate::store) fn read_all(rows: &[Row]) -> Rows {
    let numbers: Vec<Option<i64>> = rows.iter().map(|row| row.whole("id").ok()).collect();
    let mut times = HashMap::new();
    for number in numbers.iter().flatten() {
        *times.entry(*number).or_insert(0_u32) += 1;
    }
    let mut all = Rows { last: numbers.iter().rev().find_map(|number| *number), ..Rows::default() };
    for (row, number) in rows.iter().zip(numbers) {
        let shared = number.is_some_and(|number| times.get(&number) != Some(&1));
        match read(row) {
            Ok(customer) if !shared => all.customers.push(customer),
            found => {
                let fault = match found {
                    Ok(_) => RowFault::SharedKey,
                    Err(_) => RowFault::Unreadable(unreadable_column(row)),
                };
                let why = described(row, number, fault);
                tracing::warn!(row = why, "a customer was left out");
                all.unreadable.push((number, why));
            }
        }
    }
    all
}

/// The first column of a row that cannot be read.
fn unreadable_column(row: &Row) -> &'static str {
    if row.whole("id").is_err() {
        return COLUMN_LABELS[0];
    }
    let mut texts = CustomerColumns::COLUMNS.names.iter().zip(COLUMN_LABELS).skip(1);
    texts.find(|(column, _)| row.maybe_text(column).is_err()).map_or("row", |(_, label)| label)
}

/// Describes a row that cannot be used by what can be read of it.
fn described(row: &Row, number: Option<i64>, fault: RowFault) -> String {
    let why = match fault {
        RowFault::SharedKey => "another row has the same key".to_owned(),
        RowFault::Unreadable(column) => format!("its {column} cannot be read"),
    };
    match (number, row.maybe_text("account_no")) {
        (Some(number), Ok(Some(account_no))) if fault == RowFault::SharedKey => {
            format!("key {number} of account number {account_no}: {why}")
        }
        (Some(number), _) => format!("key {number}: {why}"),
        (None, Ok(Some(account_no))) => format!("account number {account_no}: {why}"),
        (None, _) => format!("one without a key: {why}"),
    }
}
