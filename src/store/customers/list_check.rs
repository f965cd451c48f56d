//! Whether an office's own tables of bills and feedback are as the configuration says.
//!
//! What is wrong with them keeps nobody from being verified: the list is not shown, and
//! `doctor` says why. `migrate`, which creates the views of them, stops.

use crate::config::account_lists::{AmountColumn, CustomerColumn};
use crate::config::settings::{Identifier, TableName};
use crate::service::ports::customers::CheckFinding;
use crate::service::ports::error::StoreError;
use crate::store::customers::account_lists;
use crate::store::customers::catalogue::{Catalogue, is_text, is_whole};
use crate::store::database::engine::Database;
use crate::store::database::external_table::{CustomerSource, own_table_name, quoted};

/// How many rows are read to see whether they can be.
const TRIAL_ROWS: u32 = 500;

/// A table with the section that names it and its columns by the keys.
struct ListTable<'a> {
    section: &'static str,
    name: &'a TableName,
    customer: &'a CustomerColumn,
    columns: Vec<(&'static str, &'a Identifier)>,
}

/// What is wrong with the lists. Nothing of it stops anybody.
pub(in crate::store) async fn findings(
    db: &Database,
    source: &CustomerSource,
) -> Result<Vec<CheckFinding>, StoreError> {
    let mut findings = Vec::new();
    for table in tables(source) {
        findings.extend(of_table(db, source, &table).await?);
    }
    match account_lists::trial(db, source, TRIAL_ROWS).await {
        Ok(lists) => findings
            .extend(lists.into_iter().filter_map(|(section, rows)| unreadable(section, &rows))),
        Err(error) if error.is_away() => return Err(error),
        // The columns say why already.
        Err(_) if !findings.is_empty() => {}
        Err(error) => findings.push(finding(
            format!("bills or feedback cannot be read: {error}"),
            Some("Run countersign migrate, and look at the rights in assets/grants.".into()),
        )),
    }
    Ok(findings)
}

/// Why the views of the lists cannot be created; `None` where they can.
pub(in crate::store) async fn obstacle(
    db: &Database,
    source: &CustomerSource,
) -> Result<Option<String>, StoreError> {
    let mut sentences = Vec::new();
    for table in tables(source) {
        let (catalogue, missing) = missing(db, source, &table).await?;
        let absent = catalogue.is_empty().then(|| absent(&table));
        sentences.extend(
            absent
                .into_iter()
                .chain(missing)
                .map(|it| format!("{}. {}", it.what, it.help.unwrap_or_default())),
        );
    }
    Ok((!sentences.is_empty()).then(|| sentences.join(" ")))
}

fn tables(source: &CustomerSource) -> Vec<ListTable<'_>> {
    let Some(lists) = source.table().map(|it| &it.lists) else { return Vec::new() };
    let invoices = lists.invoices.iter().map(|it| {
        let amount = match &it.amount {
            AmountColumn::Units(column) => ("amount", column),
            AmountColumn::Cents(column) => ("amount_cents", column),
        };
        let optional = [("due_at", &it.due_at), ("currency", &it.currency), ("status", &it.status)];
        let columns =
            [customer(&it.customer), ("number", &it.number), ("issued_at", &it.issued_at), amount];
        ListTable {
            section: "customers.invoices",
            name: &it.name,
            customer: &it.customer,
            columns: columns.into_iter().chain(present(optional)).collect(),
        }
    });
    let feedback = lists.feedback.iter().map(|it| {
        let columns =
            [customer(&it.customer), ("received_at", &it.received_at), ("subject", &it.subject)];
        ListTable {
            section: "customers.feedback",
            name: &it.name,
            customer: &it.customer,
            columns: columns.into_iter().chain(present([("status", &it.status)])).collect(),
        }
    });
    invoices.chain(feedback).collect()
}

fn customer(column: &CustomerColumn) -> (&'static str, &Identifier) {
    match column {
        CustomerColumn::AccountNo(column) => ("account_no", column),
        CustomerColumn::Id(column) => ("customer_id", column),
    }
}

fn present<'a, const N: usize>(
    columns: [(&'static str, &'a Option<Identifier>); N],
) -> impl Iterator<Item = (&'static str, &'a Identifier)> {
    columns.into_iter().filter_map(|(key, column)| Some((key, column.as_ref()?)))
}

async fn of_table(
    db: &Database,
    source: &CustomerSource,
    table: &ListTable<'_>,
) -> Result<Vec<CheckFinding>, StoreError> {
    let (catalogue, mut findings) = missing(db, source, table).await?;
    // A counter's account may read the view alone: whether it can is tried.
    if catalogue.is_empty() {
        let seen = account_lists::trial(db, source, 1).await.is_ok();
        return Ok(if seen { Vec::new() } else { vec![absent(table)] });
    }
    let (_, column) = customer(table.customer);
    if let Some(kind) = catalogue.kind(column) {
        findings.extend(wrong_type(table, column, kind));
        if !catalogue.is_indexed(column) {
            let name = own_table_name(db.kind(), table.name);
            findings.push(finding(
                format!("{column} of {} has no index: each look reads the whole table", table.name),
                Some(format!(
                    "Let its owner run: CREATE INDEX {}_{column} ON {name} ({})",
                    table.name.name,
                    quoted(db.kind(), column)
                )),
            ));
        }
    }
    Ok(findings)
}

/// The columns that the configuration names and the table does not have.
async fn missing(
    db: &Database,
    source: &CustomerSource,
    table: &ListTable<'_>,
) -> Result<(Catalogue, Vec<CheckFinding>), StoreError> {
    let place = table.name.schema.as_ref().map(Identifier::as_str);
    let place = place.or_else(|| source.schema_name(db.kind()));
    let catalogue = Catalogue::read(db, table.name.name.as_str(), place).await?;
    let is_missing = |(_, column): &&(&str, &Identifier)| {
        !catalogue.is_empty() && catalogue.kind(column).is_none()
    };
    let missing = table.columns.iter().filter(is_missing).map(|(key, column)| {
        finding(
            format!("{} has no column {column}", table.name),
            Some(format!("Name the right one in {}.{key}.", table.section)),
        )
    });
    let missing = missing.collect();
    Ok((catalogue, missing))
}

fn absent(table: &ListTable<'_>) -> CheckFinding {
    finding(
        format!("{} is not there, or this account may not see it", table.name),
        Some(format!("Look at {}.table, and at the rights in assets/grants.", table.section)),
    )
}

/// A customer is looked up by a text or by a number: in a column of the other kind nothing
/// is found, or a cast makes one of two.
fn wrong_type(table: &ListTable<'_>, column: &Identifier, kind: &str) -> Option<CheckFinding> {
    let section = table.section;
    let (fits, wanted, other) = match table.customer {
        CustomerColumn::AccountNo(_) => (is_text(kind), "text", "customer_id"),
        CustomerColumn::Id(_) => (is_whole(kind), "whole number", "account_no"),
    };
    // In SQLite, a column of a view may have no type.
    if fits || kind.is_empty() {
        return None;
    }
    Some(finding(
        format!("{column} of {} is {kind}, and no {wanted}: nothing is shown by it", table.name),
        Some(format!("Name a {wanted} there, or set {section}.{other} instead.")),
    ))
}

fn unreadable(section: &str, rows: &[String]) -> Option<CheckFinding> {
    let first = rows.first()?;
    let more = match rows.len() {
        1 => String::new(),
        count => format!(" and {} more of {TRIAL_ROWS} rows", count - 1),
    };
    Some(finding(
        format!("{first}{more}: not shown"),
        Some(format!(
            "Have them corrected where the office keeps them, or look at the columns in [{section}]."
        )),
    ))
}

const fn finding(what: String, help: Option<String>) -> CheckFinding {
    CheckFinding { what, help, stops: false }
}
