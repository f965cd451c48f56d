//! Customers by their exact names, and what the office has on one.

use super::db::{Db, Row, args};
use super::sql::statements;
use super::view;
use crate::domain::customer::{Account, Customer, CustomerId, Feedback, Invoice};
use crate::domain::money::Money;
use crate::service::ports::{CustomerKey, StoreError};

/// More customers of one name than this are not told apart at a counter.
const SHARED: u32 = 20;

/// Bills and feedback shown of one account.
const LATEST: u32 = 20;

statements! {
    BY_ID { "SELECT " customer_columns "FROM core_customer c WHERE c.id = $1" }
    BY_ACCOUNT {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.account_key = $1 ORDER BY c.id LIMIT $2"
    }
    BY_EMAIL {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.email_key = $1 ORDER BY c.id LIMIT $2"
    }
    BY_PHONE {
        "SELECT " customer_columns "FROM core_customer_search s \
         JOIN core_customer c ON c.id = s.customer_id \
         WHERE s.phone_key = $1 ORDER BY c.id LIMIT $2"
    }
    BALANCE { "SELECT balance_cents, currency FROM core_customer WHERE id = $1" }
    INVOICES {
        "SELECT number, issued_at, due_at, amount_cents, currency, status FROM core_invoice \
         WHERE customer_id = $1 ORDER BY issued_at DESC, id DESC LIMIT $2"
    }
    FEEDBACK {
        "SELECT received_at, subject, status FROM core_feedback \
         WHERE customer_id = $1 ORDER BY received_at DESC, id DESC LIMIT $2"
    }
}

/// One customer.
pub(super) async fn customer(db: &Db, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    let row = db.maybe(&BY_ID, args![id.0]).await?;
    row.map(|row| view::customer(&row)).transpose()
}

/// The customers of an exact name. Only the letters A to Z are taken for equal
/// in either case; whatever else differs is somebody else (security
/// requirement 45).
pub(super) async fn identify(db: &Db, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
    let (sql, key) = match key {
        CustomerKey::Account(number) => (&BY_ACCOUNT, number.to_ascii_lowercase()),
        CustomerKey::Email(address) => (&BY_EMAIL, address.to_ascii_lowercase()),
        CustomerKey::Phone(number) => (&BY_PHONE, number.to_owned()),
    };
    db.all(sql, args![&key, SHARED]).await?.iter().map(view::customer).collect()
}

/// What the office has on a customer.
pub(super) async fn account(db: &Db, id: CustomerId) -> Result<Account, StoreError> {
    let balance = match db.maybe(&BALANCE, args![id.0]).await? {
        Some(row) => balance(&row)?,
        None => None,
    };
    let invoices = db.all(&INVOICES, args![id.0, LATEST]).await?;
    let feedback = db.all(&FEEDBACK, args![id.0, LATEST]).await?;
    Ok(Account {
        balance,
        invoices: invoices.iter().map(invoice).collect::<Result<_, _>>()?,
        feedback: feedback.iter().map(entry).collect::<Result<_, _>>()?,
    })
}

fn balance(row: &Row) -> Result<Option<Money>, StoreError> {
    let (cents, currency) = (row.maybe_int(0)?, row.maybe_text(1)?);
    Ok(cents.zip(currency).map(|(cents, currency)| Money { cents, currency }))
}

fn invoice(row: &Row) -> Result<Invoice, StoreError> {
    Ok(Invoice {
        number: row.text(0)?,
        issued_at: row.time(1)?,
        due_at: row.time(2)?,
        amount: Money { cents: row.int(3)?, currency: row.text(4)? },
        status: row.text(5)?,
    })
}

fn entry(row: &Row) -> Result<Feedback, StoreError> {
    Ok(Feedback { at: row.time(0)?, subject: row.text(1)?, status: row.text(2)? })
}
