//! The keys of `[customers.invoices]` and `[customers.feedback]`.

use crate::config::identifier::{Identifier, TableName};
use crate::config::key::{ConfigKey, KeyPath, Section, section};
use crate::config::kind::KeyKind;
use crate::config::value::{Absent, Column, UNSET};

const NEEDED: KeyKind = KeyKind::Column { needed: true };
const NOT_NEEDED: KeyKind = KeyKind::Column { needed: false };
const ACCOUNT_NO: Absent = Absent("account_no, unless customer_id is set");

section! {
    /// What every list has: its table, and the column that names the customer.
    ListKeys(table: Option<TableName>) {
        account_no: Option<Identifier> = NEEDED, ACCOUNT_NO,
            "the customer's account number, in a column of texts";
        customer_id: Option<Identifier> = NEEDED, UNSET,
            "instead of it the customer's key, as in customers.id";
    }
}

section! {
    /// The columns of `[customers.invoices]`.
    InvoiceKeys {
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
    /// The columns of `[customers.feedback]`.
    FeedbackKeys {
        received_at: Identifier = NEEDED, "received_at", "when it was received";
        subject: Identifier = NEEDED, "subject", "what it is about";
        status: Column = NOT_NEEDED, "status", "whether it was answered";
    }
}

const INVOICE_SECTION: Section = Section::named("customers.invoices");
const FEEDBACK_SECTION: Section = Section::named("customers.feedback");

/// The list of `[customers.invoices]`.
pub static INVOICE_LIST: ListKeys = ListKeys::of(
    INVOICE_SECTION,
    ConfigKey::new(
        INVOICE_SECTION.at("table"),
        KeyKind::Table,
        UNSET,
        "the office's own table of bills, read beside customers.table",
    ),
);
pub static INVOICES: InvoiceKeys = InvoiceKeys::of(INVOICE_SECTION);

/// The list of `[customers.feedback]`.
pub static FEEDBACK_LIST: ListKeys = ListKeys::of(
    FEEDBACK_SECTION,
    ConfigKey::new(
        FEEDBACK_SECTION.at("table"),
        KeyKind::Table,
        UNSET,
        "the office's own table of feedback, read beside customers.table",
    ),
);
pub static FEEDBACK: FeedbackKeys = FeedbackKeys::of(FEEDBACK_SECTION);

/// Pairs of keys of which one source may set only one.
pub(super) fn alternatives() -> Vec<[KeyPath; 2]> {
    vec![
        [INVOICE_LIST.account_no.path(), INVOICE_LIST.customer_id.path()],
        [INVOICES.amount.path(), INVOICES.amount_cents.path()],
        [FEEDBACK_LIST.account_no.path(), FEEDBACK_LIST.customer_id.path()],
    ]
}
