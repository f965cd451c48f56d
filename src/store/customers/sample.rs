//! The sample office, to try the program with.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::customer::Unsaid;
use crate::domain::time::millis_of;
use crate::service::ports::error::StoreError;
use crate::store::customers::import::{self, IncomingCustomer};
use crate::store::database::engine::{Database, Tx, args};
use crate::store::database::statement::statements;

const OFFICE: &str = include_str!("../../../assets/sample/office.json");
const CURRENCY: &str = "USD";

statements! {
    ANY { "SELECT MAX(id) AS newest FROM core_customer" }
    OF_ACCOUNT { "SELECT id FROM core_customer WHERE account_no = $1" }
    INVOICE {
        (insert "core_invoice" {
            customer_id: "$1",
            number: "$2",
            issued_at: (sql now " - $3"),
            due_at: (sql now " + $4"),
            amount_cents: "$5",
            currency: "$6",
            status: "$7",
        })
    }
    FEEDBACK {
        (insert "core_feedback" {
            customer_id: "$1",
            received_at: (sql now " - $2"),
            subject: "$3",
            status: "$4",
        })
    }
}

#[derive(Deserialize)]
struct Customer {
    account_no: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    locale: Option<String>,
    balance_cents: i64,
    invoices: Vec<Invoice>,
    feedback: Vec<Feedback>,
}

#[derive(Deserialize)]
struct Invoice {
    number: String,
    days_ago: u64,
    due_in_days: i64,
    amount_cents: i64,
    status: String,
}

#[derive(Deserialize)]
struct Feedback {
    days_ago: u64,
    subject: String,
    status: String,
}

/// Fills an empty store; whether it was empty.
pub(in crate::store) async fn load(db: &Database) -> Result<bool, StoreError> {
    let office: Vec<Customer> = serde_json::from_str(OFFICE)
        .map_err(|error| StoreError::Failed(format!("the sample cannot be read: {error}")))?;
    let mut tx = db.begin().await?;
    if tx.one(&ANY, args![]).await?.maybe_int("newest")?.is_some() {
        return Ok(false);
    }
    let customers: Vec<IncomingCustomer<'_>> = office.iter().map(incoming).collect();
    import::write(&mut tx, &customers).await?;
    for customer in &office {
        let id = tx.one(&OF_ACCOUNT, args![&customer.account_no]).await?.int("id")?;
        bills_and_feedback(&mut tx, id, customer).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn bills_and_feedback(tx: &mut Tx, id: i64, customer: &Customer) -> Result<(), StoreError> {
    for invoice in &customer.invoices {
        let arguments = args![
            id,
            &invoice.number,
            days(invoice.days_ago),
            invoice.due_in_days * days(1),
            invoice.amount_cents,
            CURRENCY,
            &invoice.status,
        ];
        tx.write(&INVOICE, arguments).await?;
    }
    for entry in &customer.feedback {
        let arguments = args![id, days(entry.days_ago), &entry.subject, &entry.status];
        tx.write(&FEEDBACK, arguments).await?;
    }
    Ok(())
}

fn incoming(customer: &Customer) -> IncomingCustomer<'_> {
    IncomingCustomer {
        account_no: &customer.account_no,
        name: &customer.name,
        email: customer.email.as_deref(),
        phone: customer.phone.as_deref(),
        address: customer.address.as_deref(),
        locale: customer.locale.as_deref(),
        balance_cents: Some(customer.balance_cents),
        currency: Some(CURRENCY),
        unsaid: Unsaid::default(),
    }
}

fn days(count: u64) -> i64 {
    millis_of(Duration::from_hours(24 * count))
}
