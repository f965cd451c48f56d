//! The keys of the office's tables of bills and of feedback.

use crate::config::identifier::{Identifier, TableName};
use crate::config::key::{KeyPath, Section, section};
use crate::config::kind::Kind;
use crate::config::value::{Absent, Column, UNSET};

const NEEDED: Kind = Kind::Column { needed: true };
const NOT_NEEDED: Kind = Kind::Column { needed: false };
const ACCOUNT_NO: Absent = Absent("account_no, unless customer_id is set");

section! {
    /// `[customers.invoices]`
    InvoiceKeys {
        table: Option<TableName> = Kind::Table, UNSET,
            "the office's own table of bills, read beside customers.table";
        account_no: Option<Identifier> = NEEDED, ACCOUNT_NO,
            "the customer's account number, in a column of texts";
        customer_id: Option<Identifier> = NEEDED, UNSET,
            "instead of it the customer's key, as in customers.id";
        number: Identifier = NEEDED, "number", "the bill's number";
        issued_at: Identifier = NEEDED, "issued_at", "its date, or the time it is for";
        due_at: Column = NOT_NEEDED, "due_at", "when it is due";
        amount: Option<Identifier> = NEEDED, Absent("amount, unless amount_cents is set"),
            "its sum, such as 12.50";
        amount_cents: Option<Identifier> = NEEDED, UNSET,
            "instead of amount the sum in cents, such as 1250";
        currency: Column = NOT_NEEDED, "currency", "the currency of its sum";
        status: Column = NOT_NEEDED, "status", "whether it is paid";
    }
}

section! {
    /// `[customers.feedback]`
    FeedbackKeys {
        table: Option<TableName> = Kind::Table, UNSET,
            "the office's own table of feedback, read beside customers.table";
        account_no: Option<Identifier> = NEEDED, ACCOUNT_NO,
            "the customer's account number, in a column of texts";
        customer_id: Option<Identifier> = NEEDED, UNSET,
            "instead of it the customer's key, as in customers.id";
        received_at: Identifier = NEEDED, "received_at", "when it was received";
        subject: Identifier = NEEDED, "subject", "what it is about";
        status: Column = NOT_NEEDED, "status", "whether it was answered";
    }
}

/// `[customers.invoices]`
pub static INVOICES: InvoiceKeys = InvoiceKeys::of(Section::named("customers.invoices"));
/// `[customers.feedback]`
pub static FEEDBACK: FeedbackKeys = FeedbackKeys::of(Section::named("customers.feedback"));

/// Of each pair, a place may set one.
pub(super) fn alternatives() -> Vec<[KeyPath; 2]> {
    vec![
        [INVOICES.account_no.path(), INVOICES.customer_id.path()],
        [INVOICES.amount.path(), INVOICES.amount_cents.path()],
        [FEEDBACK.account_no.path(), FEEDBACK.customer_id.path()],
    ]
}
