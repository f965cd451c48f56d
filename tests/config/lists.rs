//! The configuration of an office's own tables of bills and feedback.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use crate::support::Desk;
use countersign::config::account_lists::{AccountLists, AmountColumn, CustomerColumn};
use countersign::config::settings::{Identifier, TableName};
use countersign::config::{Config, ProcessEnvironment};

const POSTGRES: &str = "[store]\nurl = \"postgres://amira@db.example/desk\"\n";
const SQLITE: &str = "[store]\nurl = \"sqlite:desk.db\"\n";
const CUSTOMERS: &str = "[customers]\ntable = \"billing.kunden\"\n";

fn lists(text: &str) -> AccountLists {
    let config = Desk::new().load(text, &[]).expect("allowed");
    config.customers.table.expect("a table of customers").lists
}

fn name(text: &str) -> Identifier {
    Identifier::parse(text).expect("a name")
}

#[test]
fn without_a_table_there_is_no_list() {
    assert_eq!(lists(&format!("{POSTGRES}{CUSTOMERS}")), AccountLists::default());
}

#[test]
fn bills_and_feedback_are_read_beside_the_customers() {
    let text = format!(
        "{POSTGRES}{CUSTOMERS}[customers.invoices]\ntable = \"rechnungen\"\n\
         customer_id = \"kunde\"\nnumber = \"nr\"\nissued_at = \"datum\"\ndue_at = \"\"\n\
         amount_cents = \"cent\"\ncurrency = \"\"\nstatus = \"\"\n\
         [customers.feedback]\ntable = \"crm.tickets\"\n"
    );
    let found = lists(&text);
    let bills = found.invoices.expect("bills");
    assert_eq!(Some(bills.name), TableName::parse("billing.rechnungen"), "where the customers are");
    assert_eq!(bills.customer, CustomerColumn::Id(name("kunde")));
    assert_eq!(bills.amount, AmountColumn::Cents(name("cent")));
    assert_eq!((bills.number, bills.issued_at), (name("nr"), name("datum")));
    assert_eq!((bills.due_at, bills.currency, bills.status), (None, None, None));
    let feedback = found.feedback.expect("feedback");
    assert_eq!(Some(feedback.name), TableName::parse("crm.tickets"));
    assert_eq!(feedback.customer, CustomerColumn::AccountNo(name("account_no")));
    assert_eq!(feedback.status, Some(name("status")));
}

#[test]
fn what_is_shown_of_them_reads_back() {
    let desk = Desk::new();
    let text = format!("{POSTGRES}{CUSTOMERS}[customers.invoices]\ntable = \"bills\"\n");
    let config = desk.load(&text, &[]).expect("allowed");
    let again = desk.load(&config.show().to_string(), &[]).expect("what is shown reads back");
    assert_eq!(again.customers, config.customers);
}

#[test]
fn what_cannot_be_a_list_is_refused() {
    let sqlite = format!("{SQLITE}[customers]\ntable = \"kunden\"\nfile = \"billing.db\"\n");
    let own = POSTGRES.to_owned();
    let theirs = format!("{POSTGRES}{CUSTOMERS}");
    for (before, lines, told) in [
        (&own, "[customers.invoices]\ntable = \"bills\"", "customers.invoices.table needs"),
        (&own, "[customers.feedback]\ntable = \"said\"", "customers.feedback.table needs"),
        (
            &theirs,
            "[customers.invoices]\nnumber = \"nr\"",
            "customers.invoices.number names a column of customers.invoices.table",
        ),
        (
            &theirs,
            "[customers.invoices]\ntable = \"bills; DROP\"",
            "customers.invoices.table = \"bills; DROP\" is not allowed",
        ),
        (
            &theirs,
            "[customers.invoices]\ntable = \"bills\"\namount = \"a\"\namount_cents = \"b\"",
            "customers.invoices.amount_cents and customers.invoices.amount are both set",
        ),
        (
            &theirs,
            "[customers.feedback]\ntable = \"said\"\naccount_no = \"a\"\ncustomer_id = \"b\"",
            "customers.feedback.customer_id and customers.feedback.account_no are both set",
        ),
        (
            &sqlite,
            "[customers.invoices]\ntable = \"billing.bills\"",
            "customers.invoices.table = \"billing.bills\": a table of SQLite has no schema",
        ),
    ] {
        let problems = Desk::new().problems(&format!("{before}{lines}\n"), &[]);
        assert!(problems.len() == 1 && problems[0].contains(told), "{lines}\n{problems:#?}");
    }
}

#[test]
fn a_demo_reads_no_offices_bills() {
    let desk = Desk::new();
    let variables = [
        ("COUNTERSIGN__CUSTOMERS__TABLE", "billing.kunden"),
        ("COUNTERSIGN__CUSTOMERS__INVOICES__TABLE", "billing.bills"),
    ];
    let surroundings = ProcessEnvironment::new(desk.path(), variables);
    let config = Config::demo_in(&desk.path().join("demo"), &surroundings).expect("it holds");
    assert_eq!(config.customers.table, None);
}
