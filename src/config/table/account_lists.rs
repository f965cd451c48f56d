//! The keys of the office's tables of bills and of feedback.

use crate::config::kind::Kind;
use crate::config::table::{Fallback, Key, column, of};

/// Keys of which one may be set.
pub(super) const ALTERNATIVES: &[[&str; 2]] = &[
    ["customers.invoices.account_no", "customers.invoices.customer_id"],
    ["customers.invoices.amount", "customers.invoices.amount_cents"],
    ["customers.feedback.account_no", "customers.feedback.customer_id"],
];

const NEEDED: Kind = Kind::Column { needed: true };

macro_rules! of_customer {
    ($at:literal) => {
        [
            of(
                concat!($at, ".account_no"),
                NEEDED,
                Fallback::Derived("account_no, unless customer_id is set"),
                "the customer's account number, in a column of texts",
            ),
            of(
                concat!($at, ".customer_id"),
                NEEDED,
                Fallback::Unset,
                "instead of it the customer's key, as in customers.id",
            ),
        ]
    };
}

const BILLED: [Key; 2] = of_customer!("customers.invoices");
const SAID_BY: [Key; 2] = of_customer!("customers.feedback");

/// `[customers.invoices]` and `[customers.feedback]`
pub(super) const KEYS: &[Key] = &[
    of(
        "customers.invoices.table",
        Kind::Table,
        Fallback::Unset,
        "the office's own table of bills, read beside customers.table",
    ),
    BILLED[0],
    BILLED[1],
    column("customers.invoices.number", true, "number", "the bill's number"),
    column("customers.invoices.issued_at", true, "issued_at", "its date, or the time it is for"),
    column("customers.invoices.due_at", false, "due_at", "when it is due"),
    of(
        "customers.invoices.amount",
        NEEDED,
        Fallback::Derived("amount, unless amount_cents is set"),
        "its sum, such as 12.50",
    ),
    of(
        "customers.invoices.amount_cents",
        NEEDED,
        Fallback::Unset,
        "instead of amount the sum in cents, such as 1250",
    ),
    column("customers.invoices.currency", false, "currency", "the currency of its sum"),
    column("customers.invoices.status", false, "status", "whether it is paid"),
    of(
        "customers.feedback.table",
        Kind::Table,
        Fallback::Unset,
        "the office's own table of feedback, read beside customers.table",
    ),
    SAID_BY[0],
    SAID_BY[1],
    column("customers.feedback.received_at", true, "received_at", "when it was received"),
    column("customers.feedback.subject", true, "subject", "what it is about"),
    column("customers.feedback.status", false, "status", "whether it was answered"),
];
