//! An office's own tables of bills and feedback: what is shown, and what is not.

use countersign::config::account_lists::{
    AccountLists, AmountColumn, CustomerColumn, FeedbackTable, InvoiceTable,
};
use countersign::config::settings::{CustomerSettings, Identifier, TableName};
use countersign::domain::account::{Account, Invoice, Listing, RecordedDate};
use countersign::domain::customer::CustomerId;
use countersign::service::ports::{CustomerStore, StoreError};
use countersign::store::SqlStore;

use crate::office::Office;
use crate::support::{Kind, on_each_store};

fn name(text: &str) -> Identifier {
    Identifier::parse(text).expect("a name")
}

/// The settings of an office with a table of bills, and of feedback beside it.
fn settings(office: &Office, customer: &CustomerColumn) -> CustomerSettings {
    let mut settings = office.settings();
    let table = settings.table.as_mut().expect("a table");
    let beside = |text| TableName { schema: table.name.schema.clone(), name: name(text) };
    table.lists = AccountLists {
        invoices: Some(InvoiceTable {
            name: beside("bills"),
            customer: customer.clone(),
            number: name("number"),
            issued_at: name("issued_at"),
            due_at: Some(name("due_at")),
            amount: AmountColumn::Units(name("amount")),
            currency: Some(name("currency")),
            status: Some(name("status")),
        }),
        feedback: Some(FeedbackTable {
            name: beside("said"),
            customer: customer.clone(),
            received_at: name("received_at"),
            subject: name("subject"),
            status: None,
        }),
    };
    settings
}

fn by_id() -> CustomerColumn {
    CustomerColumn::Id(name("customer_id"))
}

fn by_account() -> CustomerColumn {
    CustomerColumn::AccountNo(name("account_no"))
}

fn invoices(settings: &mut CustomerSettings) -> &mut InvoiceTable {
    let table = settings.table.as_mut().expect("a table");
    table.lists.invoices.as_mut().expect("bills")
}

/// An office with customers and their bills.
async fn office(kind: Kind, account_no: &str) -> Office {
    let office = Office::new(kind);
    office.make_table().await;
    office
        .sql(&format!(
            "CREATE TABLE bills (customer_id BIGINT, account_no {account_no}, number VARCHAR(90), \
             issued_at DATE, due_at DATE, amount VARCHAR(40), currency VARCHAR(3), status TEXT); \
             CREATE TABLE said (customer_id BIGINT, account_no {account_no}, \
             received_at VARCHAR(40), subject TEXT); \
             CREATE INDEX bills_of_id ON bills (customer_id); \
             CREATE INDEX said_by_id ON said (customer_id)"
        ))
        .await;
    office.register(1, "K-1", "Ada", "").await;
    office.register(2, "K-2", "Bea", "").await;
    office
}

/// A bill of the first day of a month.
async fn bill(office: &Office, id: u32, account_no: &str, number: &str, month: u32, amount: &str) {
    office
        .sql(&format!(
            "INSERT INTO bills VALUES ({id}, {account_no}, '{number}', '2026-{month:02}-01', NULL, \
             {amount}, 'EUR', 'open')"
        ))
        .await;
}

async fn account(store: &SqlStore, id: i64) -> Account {
    store.account(CustomerId(id)).await.expect("an answer")
}

async fn bills(store: &SqlStore, id: i64) -> Listing<Invoice> {
    account(store, id).await.invoices.expect("bills are known here")
}

fn numbers(listing: &Listing<Invoice>) -> Vec<&str> {
    listing.entries.iter().map(|it| it.number.as_str()).collect()
}

/// What the check says, but for what it says of the customers themselves.
async fn told(store: &SqlStore) -> Vec<String> {
    let findings = store.check_customers().await.expect("an answer").findings;
    assert!(findings.iter().all(|it| !it.stops), "nobody is stopped: {findings:?}");
    let told =
        findings.into_iter().map(|it| format!("{} / {}", it.what, it.help.unwrap_or_default()));
    told.filter(|it| !it.contains("account_no: both") && !it.contains("can be found")).collect()
}

on_each_store! {
    async fn a_customers_latest_bills_and_feedback_are_shown(fixture) {
        let office = office(fixture.kind(), "VARCHAR(20)").await;
        for by in [by_id(), by_account()] {
            office.sql("DELETE FROM bills; DELETE FROM said").await;
            let store = office.try_open(&settings(&office, &by)).await.expect("a store");
            let none = account(&store, 1).await;
            assert_eq!(none.invoices, Some(Vec::new().into()), "known to be none");
            for month in 1..=12 {
                bill(&office, 1, "'K-1'", &format!("R-{month}"), month, "12.5").await;
                bill(&office, 1, "'K-1'", &format!("S-{month}"), month, "'-0.05'").await;
                bill(&office, 2, "'K-2'", &format!("T-{month}"), month, "1").await;
            }
            office.sql("INSERT INTO said VALUES (1, 'K-1', '2026-11', 'The bin'), \
                (1, 'K-1', '2026-12', 'Thanks'), (2, 'K-2', '2026-11', 'Other')").await;
            let found = account(&store, 1).await;
            let listing = found.invoices.expect("bills");
            assert_eq!((listing.entries.len(), listing.unreadable.len()), (20, 0), "{listing:?}");
            let newest = &listing.entries[0];
            assert_eq!(newest.issued_at, RecordedDate::Day { year: 2026, month: 12, day: 1 });
            assert_eq!((newest.due_at.as_ref(), newest.status.as_str()), (None, "open"));
            assert!(numbers(&listing).iter().all(|it| it.starts_with(['R', 'S'])), "{listing:?}");
            let sums: Vec<_> = listing.entries[..2].iter().map(|it| it.amount.to_string()).collect();
            assert!(sums.contains(&"12.50 EUR".into()) && sums.contains(&"-0.05 EUR".into()), "{sums:?}");
            let said = found.feedback.expect("feedback").entries;
            let said: Vec<_> = said.into_iter().map(|it| (it.subject, it.at)).collect();
            let at = |month: &str| RecordedDate::Period(format!("2026-{month}"));
            assert_eq!(said, [("Thanks".to_owned(), at("12")), ("The bin".to_owned(), at("11"))]);
            assert_eq!(found.balance, None);
            store.close().await;
        }
    }

    async fn what_is_not_named_is_not_known(fixture) {
        let office = office(fixture.kind(), "VARCHAR(20)").await;
        bill(&office, 1, "'K-1'", "R-1", 1, "1").await;
        let store = office.open().await;
        assert_eq!(account(&store, 1).await, Account::default());
        let mut one = settings(&office, &by_id());
        one.table.as_mut().expect("a table").lists.feedback = None;
        let store = office.try_open(&one).await.expect("a store");
        let found = account(&store, 1).await;
        assert_eq!((found.invoices.map(|it| it.entries.len()), found.feedback), (Some(1), None));
        // And not named any more.
        let store = office.open().await;
        store.migrate().await.expect("migrated");
        assert_eq!(account(&store, 1).await, Account::default());
    }

    async fn another_customers_bills_are_not_shown_whatever_the_column_is(fixture) {
        // Two that a collation takes for one, and two that a cast does.
        for (column, mine, theirs) in [("VARCHAR(20)", "k-1", "K-1 "), ("BIGINT", "6fa4", "6")] {
            let office = office(fixture.kind(), column).await;
            let key = if column == "BIGINT" { "6" } else { "'K-1 '" };
            bill(&office, 4, key, "R-1", 1, "1").await;
            office.register(3, mine, "Cem", "").await;
            office.register(4, theirs, "Dan", "").await;
            let store = office.try_open(&settings(&office, &by_account())).await.expect("a store");
            let found = bills(&store, 3).await;
            assert_eq!(numbers(&found), [] as [&str; 0], "{column} {mine}");
            if column == "BIGINT" {
                let told = told(&store).await;
                let wrong = told.iter().find(|it| it.contains("and no text"));
                assert!(wrong.is_some_and(|it| it.contains("customers.invoices.customer_id")), "{told:?}");
            } else {
                assert_eq!(numbers(&bills(&store, 4).await), ["R-1"]);
            }
        }
    }

    async fn rows_that_cannot_be_read_are_named_and_the_others_shown(fixture) {
        let office = office(fixture.kind(), "VARCHAR(20)").await;
        bill(&office, 1, "'K-1'", "R-1", 1, "'12.50'").await;
        bill(&office, 1, "'K-1'", "R-2", 2, "'twelve'").await;
        bill(&office, 1, "'K-1'", "R-3", 3, "NULL").await;
        let long = "x".repeat(80);
        bill(&office, 1, "'K-1'", &long, 4, "'1'").await;
        office.sql("INSERT INTO bills VALUES (1, 'K-1', NULL, '2026-05-01', NULL, '1', NULL, NULL), \
            (1, 'K-1', 'R-6', NULL, NULL, '1', NULL, NULL), \
            (2, 'K-2', 'R-7', '2026-05-01', NULL, 'x', NULL, NULL)").await;
        let escape = match fixture.kind() {
            Kind::Sqlite => "'a' || char(27) || '[2J'",
            Kind::Postgres => "'a' || chr(27) || '[2J'",
            Kind::MariaDb => "CONCAT('a', CHAR(27), '[2J')",
        };
        office.sql(&format!("INSERT INTO said VALUES (1, 'K-1', '2026-11', {escape})")).await;
        office.sql(&format!("INSERT INTO said VALUES (1, 'K-1', '2026-10', '{}')", "y".repeat(50_000))).await;
        let store = office.try_open(&settings(&office, &by_id())).await.expect("a store");
        let found = bills(&store, 1).await;
        assert_eq!(numbers(&found), [&long[..40], "R-1"], "values are cut: {found:?}");
        let told_here = found.unreadable.join("; ");
        assert_eq!(found.unreadable.len(), 4, "three are named: {told_here}");
        assert!(told_here.ends_with("1 more"), "{told_here}");
        let other = bills(&store, 2).await;
        assert_eq!((other.entries.len(), other.unreadable.join("")), (0, "bill R-7, whose sum cannot be read".into()));
        let said = account(&store, 1).await.feedback.expect("feedback").entries;
        assert_eq!((said[0].subject.as_str(), said[1].subject.len()), ("a[2J", 200));
        let told = told(&store).await;
        assert!(told.iter().any(|it| it.contains("and 4 more") && it.contains("[customers.invoices]")), "{told:?}");
    }

    async fn a_table_that_is_gone_is_no_empty_one(fixture) {
        let office = office(fixture.kind(), "VARCHAR(20)").await;
        bill(&office, 1, "'K-1'", "R-1", 1, "1").await;
        let store = office.try_open(&settings(&office, &by_id())).await.expect("a store");
        assert_eq!(told(&store).await, [] as [&str; 0]);
        let gone = match fixture.kind() {
            Kind::Postgres => "DROP TABLE bills CASCADE",
            _ => "DROP TABLE bills",
        };
        office.sql(gone).await;
        let found = account(&store, 1).await;
        let listing = found.invoices.expect("not known is not none");
        assert_eq!(listing.unreadable, ["the table of bills, which cannot be read"]);
        assert_eq!(found.feedback, Some(Vec::new().into()), "the other list is read");
        let told = told(&store).await;
        assert!(told.iter().any(|it| it.contains("bills is not there")), "{told:?}");
    }

    async fn what_the_configuration_has_wrong_is_told_before_anything_is_made_of_it(fixture) {
        let office = office(fixture.kind(), "VARCHAR(20)").await;
        let mut wrong = settings(&office, &by_account());
        invoices(&mut wrong).status = Some(name("state"));
        let refused = office.try_open(&wrong).await.map(drop).expect_err("refused");
        let StoreError::Refused(why) = refused else { panic!("{refused:?}") };
        let why = why.for_admin;
        assert!(why.contains("bills has no column state"), "{why}");
        assert!(why.contains("customers.invoices.status"), "{why}");
        invoices(&mut wrong).name.name = name("nothing");
        let refused = office.try_open(&wrong).await.map(drop).expect_err("refused");
        assert!(refused.to_string().contains("nothing is not there"), "{refused}");

        let store = office.try_open(&settings(&office, &by_account())).await.expect("a store");
        let told = told(&store).await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("account_no of") && told[0].contains("CREATE INDEX bills_account_no"), "{told:?}");
        let help = told[0].split("Let its owner run: ").nth(1).expect("a statement");
        office.sql(help).await;
        assert_eq!(store.check_customers().await.expect("an answer").findings.iter()
            .filter(|it| it.what.contains("bills")).count(), 0);
    }

    async fn sums_in_cents_and_times_of_any_kind_are_read(fixture) {
        let office = office(fixture.kind(), "VARCHAR(20)").await;
        let (time, zone) = match fixture.kind() {
            Kind::Postgres => ("TIMESTAMP", "TIMESTAMPTZ"),
            _ => ("DATETIME", "DATETIME"),
        };
        office.sql(&format!("CREATE TABLE plain (customer_id INTEGER, number INTEGER, \
            issued_at BIGINT, due_at {time}, cents INTEGER, paid {zone}); \
            INSERT INTO plain VALUES (1, 17, 1793880000, '2026-11-05 23:30:00', -1250, NULL)")).await;
        let mut plain = settings(&office, &by_id());
        let table = invoices(&mut plain);
        table.name.name = name("plain");
        table.amount = AmountColumn::Cents(name("cents"));
        (table.currency, table.status) = (None, Some(name("paid")));
        let store = office.try_open(&plain).await.expect("a store");
        let found = bills(&store, 1).await;
        let [bill] = found.entries.as_slice() else { panic!("{found:?}") };
        assert_eq!((bill.number.as_str(), bill.amount.to_string().as_str()), ("17", "-12.50"));
        let RecordedDate::Moment(at) = bill.issued_at else { panic!("{bill:?}") };
        assert_eq!(at.to_string(), "2026-11-05T12:00:00.000Z");
        assert_eq!(bill.due_at, Some(RecordedDate::Day { year: 2026, month: 11, day: 5 }));
        assert_eq!(bill.status, "");
    }

    async fn the_day_of_a_moment_is_that_of_whoever_reads_it(house) {
        let office = office(house.kind(), "VARCHAR(20)").await;
        // The same moment, which each session is told in a text of its own; and a local time.
        let (zone, local) = match house.kind() {
            Kind::Sqlite => ("TEXT", "TEXT"),
            Kind::Postgres => ("TIMESTAMPTZ", "TIMESTAMP"),
            Kind::MariaDb => ("TIMESTAMP NULL", "DATETIME"),
        };
        let moment = match house.kind() {
            Kind::MariaDb => "FROM_UNIXTIME(1793921400)",
            _ => "'2026-11-06 00:30:00+01:00'",
        };
        office.sql(&format!("CREATE TABLE kept (customer_id BIGINT, number VARCHAR(9), \
            issued_at {zone}, due_at {zone}, received_at {zone}, subject {local}, amount VARCHAR(9)); \
            INSERT INTO kept VALUES (1, 'R-1', {moment}, {moment}, {moment}, \
            '2026-11-05 23:30:00', '1')")).await;
        let mut kept = settings(&office, &by_id());
        let lists = &mut kept.table.as_mut().expect("a table").lists;
        let said = lists.feedback.as_mut().expect("feedback");
        said.name.name = name("kept");
        let table = lists.invoices.as_mut().expect("bills");
        table.name.name = name("kept");
        (table.currency, table.status) = (None, None);
        let store = office.try_open(&kept).await.expect("a store");
        let found = account(&store, 1).await;
        let bill = &found.invoices.expect("bills").entries[0];
        let said = &found.feedback.expect("feedback").entries[0];
        let is_moment = |date: &RecordedDate| {
            let RecordedDate::Moment(at) = date else { panic!("{date:?}") };
            at.to_string()
        };
        let expected = "2026-11-05T23:30:00.000Z";
        assert_eq!(is_moment(&bill.issued_at), expected);
        assert_eq!(bill.due_at.as_ref().map(is_moment).as_deref(), Some(expected));
        assert_eq!(is_moment(&said.at), expected);
        store.close().await;

        // The type may change: a local time is of the day that it says.
        let table = invoices(&mut kept);
        (table.issued_at, table.due_at) = (name("subject"), None);
        let store = office.try_open(&kept).await.expect("a store");
        let bill = bills(&store, 1).await.entries.remove(0);
        assert_eq!(bill.issued_at, RecordedDate::Day { year: 2026, month: 11, day: 5 });
    }
}
