//! Customers by an exact key, and a customer's account.

use crate::domain::account::{Account, Feedback, Invoice, Listing, RecordedDate};
use crate::domain::contact::PhoneNumber;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::money::Money;
use crate::domain::query::compact;
use crate::domain::text::digits;
use crate::domain::time::Timestamp;
use crate::service::ports::customers::{CustomerKey, SHARING_MAX};
use crate::service::ports::error::StoreError;
use crate::store::database::columns::customers::{self, CustomerColumns};
use crate::store::database::engine::{Database, Row, args};
use crate::store::database::row_type::row_type;
use crate::store::database::statement::{Sql, statements};
use crate::store::search_index::index::{folded_account, folded_email};

/// How many bills and entries of feedback are shown.
const SHOWN_ENTRIES: u32 = 20;

row_type! {
    struct InvoiceColumns from "core_invoice" {
        number: String = text "number",
        issued_at: Timestamp = time "issued_at",
        due_at: Timestamp = time "due_at",
        amount_cents: i64 = int "amount_cents",
        currency: String = text "currency",
        status: String = text "status",
    }
}

statements! {
    BY_ID { "SELECT " (columns CustomerColumns) "FROM core_customer_view c WHERE c.id = $1" }
    BY_ACCOUNT {
        "SELECT " (columns CustomerColumns) "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.compact = $1 AND s.account_key = $2 ORDER BY s.customer_id LIMIT $3"
    }
    BY_EMAIL {
        "SELECT " (columns CustomerColumns) "FROM core_customer_search s \
         JOIN core_customer_view c ON c.id = s.customer_id \
         WHERE s.email = $1 AND s.email_key = $2 ORDER BY s.customer_id LIMIT $3"
    }
    BY_PHONE {
        "SELECT " (columns CustomerColumns) "FROM core_customer_word w \
         JOIN core_customer_search s ON s.customer_id = w.customer_id \
         JOIN core_customer_view c ON c.id = w.customer_id \
         WHERE w.phrase = $1 AND s.phone_key = $2 ORDER BY w.customer_id LIMIT $3"
    }
    FIRST { "SELECT c.id FROM core_customer_view c WHERE c.id > $1 ORDER BY c.id LIMIT 1" }
    BALANCE { "SELECT balance_cents, currency FROM core_customer WHERE id = $1" }
    // MAX reads the end of the key, so that it costs the same with a million bills and with
    // none.
    ANY_INVOICE { "SELECT MAX(id) AS newest FROM core_invoice" }
    ANY_FEEDBACK { "SELECT MAX(id) AS newest FROM core_feedback" }
    INVOICES {
        (select InvoiceColumns) "WHERE customer_id = $1 ORDER BY issued_at DESC, id DESC LIMIT $2"
    }
    FEEDBACK {
        "SELECT received_at, subject, status FROM core_feedback \
         WHERE customer_id = $1 ORDER BY received_at DESC, id DESC LIMIT $2"
    }
}

pub(in crate::store) async fn customer(
    db: &Database,
    id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let rows = db.all(&BY_ID, args![id.0]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut read = customers::read_all(&rows);
    match read.unreadable.first() {
        None => Ok(read.customers.pop()),
        Some((_, why)) => Err(StoreError::refused(format!(
            "This customer cannot be verified, since the row in the office's table is not as it \
             has to be ({why}). Have it corrected where the office keeps its customers."
        ))),
    }
}

/// Whether there is any customer.
pub(in crate::store) async fn has_customers(db: &Database) -> Result<bool, StoreError> {
    Ok(db.maybe(&FIRST, args![i64::MIN]).await?.is_some())
}

/// The customers with an exact account number, email address or phone number. Only the
/// letters A to Z are equal in either case; any other difference means another customer
/// (security requirement 45).
pub(in crate::store) async fn identify(
    db: &Database,
    wanted: CustomerKey<'_>,
    country: &str,
) -> Result<Vec<Customer>, StoreError> {
    let (sql, lead, key) = match wanted {
        CustomerKey::Account(it) => {
            (&BY_ACCOUNT, compact(&folded_account(it)), it.to_ascii_lowercase())
        }
        CustomerKey::Email(it) => (&BY_EMAIL, folded_email(it), it.to_ascii_lowercase()),
        CustomerKey::Phone(it) => (&BY_PHONE, digits(it), it.to_owned()),
    };
    let rows = db.all(sql, args![&lead, &key, SHARING_MAX]).await?;
    let mut found = customers::read_all(&rows).customers;
    // MySQL ignores blanks at the end of a text, and the external table may have changed
    // since it was indexed.
    found.retain(|it| match wanted {
        CustomerKey::Account(_) => it.account_no.eq_ignore_ascii_case(&key),
        CustomerKey::Email(_) => {
            it.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(&key))
        }
        CustomerKey::Phone(wanted) => {
            let phone = it.phone.as_ref().and_then(|it| PhoneNumber::parse(it, country).ok());
            phone.is_some_and(|phone| phone.as_str() == wanted)
        }
    });
    Ok(found)
}

/// A customer's balance, bills and feedback. A store without any bill belongs to an office
/// that keeps its bills elsewhere, so that `None` says "not known", not "no bills".
pub(in crate::store) async fn account(
    db: &Database,
    id: CustomerId,
) -> Result<Account, StoreError> {
    let balance = match db.maybe(&BALANCE, args![id.0]).await? {
        Some(row) => balance(&row)?,
        None => None,
    };
    let invoices = db.all(&INVOICES, args![id.0, SHOWN_ENTRIES]).await?;
    let feedback = db.all(&FEEDBACK, args![id.0, SHOWN_ENTRIES]).await?;
    let knows_invoices = !invoices.is_empty() || has_any(db, &ANY_INVOICE).await?;
    let knows_feedback = !feedback.is_empty() || has_any(db, &ANY_FEEDBACK).await?;
    let invoices = || invoices.iter().map(invoice).collect::<Result<Vec<_>, _>>();
    let feedback = || feedback.iter().map(entry).collect::<Result<Vec<_>, _>>();
    Ok(Account {
        balance,
        invoices: knows_invoices.then(invoices).transpose()?.map(Listing::from),
        feedback: knows_feedback.then(feedback).transpose()?.map(Listing::from),
    })
}

async fn has_any(db: &Database, newest: &'static Sql) -> Result<bool, StoreError> {
    let newest = db.maybe(newest, args![]).await?;
    Ok(newest.map(|row| row.maybe_int("newest")).transpose()?.flatten().is_some())
}

fn balance(row: &Row) -> Result<Option<Money>, StoreError> {
    let (cents, currency) = (row.maybe_int("balance_cents")?, row.maybe_text("currency")?);
    Ok(cents.zip(currency).map(|(cents, currency)| Money { cents, currency }))
}

fn invoice(row: &Row) -> Result<Invoice, StoreError> {
    let it = InvoiceColumns::read(row)?;
    Ok(Invoice {
        number: it.number,
        issued_at: RecordedDate::Moment(it.issued_at),
        due_at: Some(RecordedDate::Moment(it.due_at)),
        amount: Money { cents: it.amount_cents, currency: it.currency },
        status: it.status,
    })
}

fn entry(row: &Row) -> Result<Feedback, StoreError> {
    Ok(Feedback {
        at: RecordedDate::Moment(row.time("received_at")?),
        subject: row.text("subject")?,
        status: row.text("status")?,
    })
}
