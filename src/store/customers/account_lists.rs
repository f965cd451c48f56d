//! Bills and feedback in tables of the office's own, which are only read.
//!
//! A list that cannot be read is not an empty one: what is wrong is said in its place. The
//! customer is named to the database as a text or as a number, as the column is expected to
//! be, and compared once more here, byte by byte: a column of another type or with a lax
//! collation could otherwise bring another customer's rows.
//!
//! A `TIMESTAMP` of MySQL is a moment, of which the session sees the text in UTC: the day is
//! the one of whoever reads it. Any other type without an offset is the office's own day.

use crate::config::account_lists::{AmountColumn, CustomerColumn};
use crate::domain::account::{Account, Feedback, Invoice, Listing, RecordedDate};
use crate::domain::customer::CustomerId;
use crate::domain::money::Money;
use crate::domain::text::clean_optional;
use crate::service::ports::error::StoreError;
use crate::store::customers::catalogue::Catalogue;
use crate::store::database::account_views::{FEEDBACK_VIEW, INVOICE_VIEW};
use crate::store::database::engine::{Arg, Database, Engine, Row, args};
use crate::store::database::external_table::CustomerSource;
use crate::store::database::statement::{Sql, sql, statements};

/// How many entries are shown, and how many rows are read for them: some may be left out.
const SHOWN_ENTRIES: usize = 20;
const ROWS_READ: u32 = 60;

/// How many rows that cannot be read are named.
const NAMED_MAX: usize = 3;

statements! {
    ACCOUNT_NO { "SELECT c.account_no FROM core_customer_view c WHERE c.id = $1" }
}

// The views exist where the configuration names the tables.
const INVOICES: Sql = sql!(
    "SELECT customer_text, number, issued_at, due_at, amount, currency, status \
     FROM core_invoice_view WHERE customer = $1 ORDER BY newest DESC LIMIT $2"
);
const FEEDBACK: Sql = sql!(
    "SELECT customer_text, received_at, subject, status \
     FROM core_feedback_view WHERE customer = $1 ORDER BY newest DESC LIMIT $2"
);
const ANY_INVOICES: Sql = sql!(
    "SELECT customer_text, number, issued_at, due_at, amount, currency, status \
     FROM core_invoice_view LIMIT $1"
);
const ANY_FEEDBACK: Sql =
    sql!("SELECT customer_text, received_at, subject, status FROM core_feedback_view LIMIT $1");

/// A customer as a table of the office's names them.
struct Owner {
    id: i64,
    /// To the byte as the table of customers has it; `None` where it has none.
    account_no: Option<String>,
}

impl Owner {
    /// The customer's name in a column, as an argument and as a text. Rows without an
    /// account number are nobody's.
    fn named<'a>(&'a self, column: &CustomerColumn) -> Option<(Arg<'a>, String)> {
        match column {
            CustomerColumn::Id(_) => Some((self.id.into(), self.id.to_string())),
            CustomerColumn::AccountNo(_) => {
                let account_no = self.account_no.as_deref().filter(|it| !it.trim().is_empty())?;
                Some((account_no.into(), account_no.to_owned()))
            }
        }
    }
}

/// Which dates of a list are moments whose text is in UTC.
#[derive(Clone, Copy, Default)]
struct InUtc {
    /// The date of a bill or of feedback.
    newest: bool,
    /// The due date of a bill.
    due: bool,
}

impl InUtc {
    /// Asked at each look: the office may change a column's type at any time.
    async fn of(db: &Database, view: &str) -> Result<Self, StoreError> {
        if db.kind() != Engine::Mysql {
            return Ok(Self::default());
        }
        let catalogue = Catalogue::read(db, view, None).await?;
        let is_timestamp = |column| catalogue.kind_of(column) == Some("timestamp");
        Ok(Self { newest: is_timestamp("newest"), due: is_timestamp("due") })
    }
}

/// What the office has on a customer of its own table.
pub(in crate::store) async fn account(
    db: &Database,
    source: &CustomerSource,
    id: CustomerId,
) -> Result<Account, StoreError> {
    let Some(lists) = source.table().map(|it| &it.lists) else { return Ok(Account::default()) };
    if lists.invoices.is_none() && lists.feedback.is_none() {
        return Ok(Account::default());
    }
    let row = db.maybe(&ACCOUNT_NO, args![id.0]).await?;
    let account_no = row.and_then(|row| row.maybe_raw("account_no").ok().flatten());
    let owner = Owner { id: id.0, account_no };
    let mut account = Account::default();
    if let Some(table) = &lists.invoices {
        let in_utc = InUtc::of(db, INVOICE_VIEW).await?;
        let read = |row: &Row| invoice(row, &table.amount, in_utc);
        account.invoices = Some(list(db, &INVOICES, &owner, &table.customer, "bills", read).await?);
    }
    if let Some(table) = &lists.feedback {
        let in_utc = InUtc::of(db, FEEDBACK_VIEW).await?;
        let read = |row: &Row| feedback(row, in_utc);
        account.feedback =
            Some(list(db, &FEEDBACK, &owner, &table.customer, "feedback", read).await?);
    }
    Ok(account)
}

/// Reads a customer's entries. Whatever else is wrong than the connection concerns this list
/// alone.
async fn list<T>(
    db: &Database,
    sql: &Sql,
    owner: &Owner,
    column: &CustomerColumn,
    what: &str,
    read: impl Fn(&Row) -> Result<T, String>,
) -> Result<Listing<T>, StoreError> {
    let Some((argument, text)) = owner.named(column) else { return Ok(Vec::new().into()) };
    let rows = match db.all(sql, &[argument, ROWS_READ.into()]).await {
        Ok(rows) => rows,
        Err(error) if error.is_away() => return Err(error),
        Err(error) => {
            tracing::warn!(%error, what, "a list of the office's cannot be read");
            let unreadable = vec![format!("the table of {what}, which cannot be read")];
            return Ok(Listing { entries: Vec::new(), unreadable });
        }
    };
    let is_theirs = |row: &&Row| matches!(row.maybe_raw("customer_text"), Ok(Some(customer)) if customer == text);
    let mut listing = Listing::from(Vec::new());
    let mut left_out = 0;
    for row in rows.iter().filter(is_theirs) {
        match read(row) {
            Ok(_) if listing.entries.len() == SHOWN_ENTRIES => {}
            Ok(entry) => listing.entries.push(entry),
            Err(why) if listing.unreadable.len() < NAMED_MAX => listing.unreadable.push(why),
            Err(_) => left_out += 1,
        }
    }
    if left_out > 0 {
        listing.unreadable.push(format!("{left_out} more"));
    }
    Ok(listing)
}

/// What cannot be read among some rows of the lists, for `doctor`: the list, and the rows
/// named.
pub(in crate::store) async fn trial(
    db: &Database,
    source: &CustomerSource,
    most: u32,
) -> Result<Vec<(&'static str, Vec<String>)>, StoreError> {
    let Some(lists) = source.table().map(|it| &it.lists) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    if let Some(table) = &lists.invoices {
        let rows = db.all(&ANY_INVOICES, args![most]).await?;
        let in_utc = InUtc::default();
        let wrong = rows.iter().filter_map(|row| invoice(row, &table.amount, in_utc).err());
        found.push(("customers.invoices", wrong.collect()));
    }
    if lists.feedback.is_some() {
        let rows = db.all(&ANY_FEEDBACK, args![most]).await?;
        found.push((
            "customers.feedback",
            rows.iter().filter_map(|row| feedback(row, InUtc::default()).err()).collect(),
        ));
    }
    Ok(found)
}

fn invoice(row: &Row, column: &AmountColumn, in_utc: InUtc) -> Result<Invoice, String> {
    let number = needed(row, "number").map_err(|why| format!("a bill whose number {why}"))?;
    let named = |what: &str, why: &str| format!("bill {number}, whose {what} {why}");
    let amount = needed(row, "amount").map_err(|why| named("sum", why))?;
    let cents = match column {
        AmountColumn::Units(_) => Money::cents_of_units(&amount),
        AmountColumn::Cents(_) => Money::cents_of_cents(&amount),
    };
    let cents = cents.ok_or_else(|| named("sum", UNREADABLE))?;
    let currency =
        optional(row, "currency").map_err(|why| named("currency", why))?.unwrap_or_default();
    Ok(Invoice {
        issued_at: date(row, "issued_at", in_utc.newest)
            .map_err(|why| named("date", why))?
            .ok_or_else(|| named("date", MISSING))?,
        due_at: date(row, "due_at", in_utc.due).map_err(|why| named("due date", why))?,
        amount: Money { cents, currency },
        status: optional(row, "status").map_err(|why| named("status", why))?.unwrap_or_default(),
        number,
    })
}

fn feedback(row: &Row, in_utc: InUtc) -> Result<Feedback, String> {
    let named = |what: &str, why: &str| format!("an entry whose {what} {why}");
    let at = date(row, "received_at", in_utc.newest)
        .map_err(|why| named("date", why))?
        .ok_or_else(|| named("date", MISSING))?;
    Ok(Feedback {
        at,
        subject: optional(row, "subject").map_err(|why| named("subject", why))?.unwrap_or_default(),
        status: optional(row, "status").map_err(|why| named("status", why))?.unwrap_or_default(),
    })
}

const MISSING: &str = "is missing";
const UNREADABLE: &str = "cannot be read";

fn optional(row: &Row, column: &'static str) -> Result<Option<String>, &'static str> {
    let text = row.maybe_text(column).map_err(|_| UNREADABLE)?;
    Ok(text.as_deref().and_then(clean_optional))
}

fn needed(row: &Row, column: &'static str) -> Result<String, &'static str> {
    optional(row, column)?.ok_or(MISSING)
}

fn date(
    row: &Row,
    column: &'static str,
    in_utc: bool,
) -> Result<Option<RecordedDate>, &'static str> {
    let read = if in_utc { RecordedDate::read_utc } else { RecordedDate::read };
    Ok(optional(row, column)?.as_deref().and_then(read))
}
