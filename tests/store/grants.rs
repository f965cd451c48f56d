//! The rights that `assets/grants` gives are enough for a counter's work, and
//! for nothing else.

use std::sync::Arc;
use std::time::Duration;

use countersign::config::account_lists::{
    AccountLists, AmountColumn, CustomerColumn, InvoiceTable,
};
use countersign::config::settings::{
    CustomerColumns, CustomerSettings, CustomerTable, Identifier, StoreSettings, TableName,
};
use countersign::domain::circuit_breaker::ProviderSlot;
use countersign::domain::contact::ContactKind;
use countersign::domain::contact_notice::NoticeStep;
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::SendReport;
use countersign::domain::event::EventFilter;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::PairingEnd;
use countersign::domain::query::Query;
use countersign::domain::session::SessionEnd;
use countersign::service::ports::contact_notices::NoticeOutcome;
use countersign::service::ports::{
    AttemptOutcome, BreakerStore, ContactBindingStore, CustomerStore, IssueOutcome, NoticeStore,
    OutboxStore, SearchIndex, SessionFilter, SessionStore, StoreError, StoreHealth,
    VerificationStore,
};
use countersign::store::SqlStore;

use crate::servers::{Database, Server};
use crate::support::{
    HOLDER, Kind, Terminal, TestStore, Wish, email, next, run, server_settings, token, wish,
};
use crate::{factors, trail};

fn server(kind: Kind) -> &'static Server {
    match kind {
        Kind::Postgres => Server::postgres(),
        _ => Server::mariadb(),
    }
}

/// The office's own table of customers, in a place of its own.
async fn office(fixture: &TestStore) -> CustomerSettings {
    let database = fixture.database();
    let place = format!("billing_of_{}", database.name);
    let make = match fixture.kind() {
        Kind::Postgres => "CREATE SCHEMA PLACE; GRANT USAGE ON SCHEMA PLACE TO counter; ",
        _ => "CREATE DATABASE PLACE; ",
    };
    let table = "CREATE TABLE PLACE.people (id BIGINT PRIMARY KEY, no VARCHAR(20) NOT NULL, \
         name VARCHAR(80) NOT NULL, email VARCHAR(80), secret VARCHAR(80)); \
         INSERT INTO PLACE.people VALUES (7, 'WB-7', 'Dana', 'dana.rivera@example.org', 'x'); \
         CREATE TABLE PLACE.bills (account_no VARCHAR(20), number VARCHAR(20), issued_at DATE, \
         amount DECIMAL(10, 2)); INSERT INTO PLACE.bills VALUES ('WB-7', 'R-1', '2026-11-05', 9.5); ";
    let grant = match fixture.kind() {
        Kind::Postgres => {
            "GRANT SELECT ON PLACE.people TO counter; GRANT SELECT ON PLACE.bills TO counter"
        }
        _ => {
            "GRANT SELECT ON PLACE.people TO 'counter'@'%'; \
             GRANT SELECT ON PLACE.bills TO 'counter'@'%'"
        }
    };
    let script = format!("{make}{table}{grant}").replace("PLACE", &place);
    run(&database.admin_url, &script).await.expect("an office");
    let name = |text| Identifier::parse(text).expect("a name");
    let table = CustomerTable {
        name: TableName::parse(&format!("{place}.people")).expect("a table"),
        file: None,
        columns: CustomerColumns {
            id: name("id"),
            account_no: name("no"),
            name: name("name"),
            email: Some(name("email")),
            phone: None,
            address: None,
            locale: None,
        },
        lists: AccountLists {
            invoices: Some(InvoiceTable {
                name: TableName::parse(&format!("{place}.bills")).expect("a table"),
                customer: CustomerColumn::AccountNo(name("account_no")),
                number: name("number"),
                issued_at: name("issued_at"),
                due_at: None,
                amount: AmountColumn::Units(name("amount")),
                currency: None,
                status: None,
            }),
            feedback: None,
        },
    };
    CustomerSettings { table: Some(table), read_only: true, ..CustomerSettings::default() }
}

static SCRIPT: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Runs the script as it is shipped, and gives a new account one of its roles.
pub(crate) async fn admit(kind: Kind, database: &Database, role: &str) -> String {
    let user = server(kind).stranger(database, role);
    let (script, grant) = match kind {
        Kind::Postgres => (
            include_str!("../../assets/grants/postgres.sql").to_owned(),
            format!("GRANT {role} TO {user}"),
        ),
        _ => (
            include_str!("../../assets/grants/mysql.sql")
                .replace("countersign.", &format!("{}.", database.name)),
            format!("GRANT {role} TO '{user}'@'%'; SET DEFAULT ROLE {role} FOR '{user}'@'%'"),
        ),
    };
    // Roles belong to the whole server, and two that create one at once are refused.
    let one_at_a_time = SCRIPT.lock().await;
    run(&database.admin_url, &script).await.expect("the script");
    run(&database.admin_url, &script).await.expect("the script once more");
    drop(one_at_a_time);
    run(&database.admin_url, &grant).await.expect("a role");
    user
}

/// What the desk does, from the first check to the last look at the log.
async fn a_day_at_the_counter(store: Arc<SqlStore>) {
    let desk = Terminal::new(store.clone());
    store.check().await.expect("a store that can be used");
    let pairing = desk.paired("the token of a pad").await;
    desk.store.end_pairing(&pairing, PairingEnd::Unpaired, &desk.actor).await.expect("ended");
    let dana = CustomerId(7);
    store.customer(dana).await.expect("an answer").expect("Dana");
    let account = store.account(dana).await.expect("an answer");
    let bills = account.invoices.expect("bills");
    assert_eq!((bills.entries.len(), bills.unreadable.as_slice()), (1, [].as_slice()));
    let query = Query::parse("dana").expect("a query");
    store.index_ready().await;
    assert_eq!(store.find_customers(&query, 9).await.expect("an answer").len(), 1);
    let first = desk.issue(&wish(dana, "111111")).await;
    let message = desk.message(&first).await;
    let slot = ProviderSlot::fallback(message.slot.channel);
    assert!(store.claim_send(&[(&message, slot)], HOLDER).await.expect("an answer")[0]);
    store.claim_due(HOLDER, &["tray"], 9).await.expect("an answer");
    store.circuit_breakers().await.expect("an answer");
    assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
    let again = desk.reissue(&first, "222222").await;
    let token = token(next());
    let right = desk.enter_with(&again.id, "222222", &token).await.expect("an answer");
    let AttemptOutcome::Verified { session, .. } = right else { panic!("{right:?}") };
    let idle = Duration::from_mins(1);
    store.touch(&token.digest(), idle).await.expect("an answer").expect("a session");
    assert_eq!(store.sessions(SessionFilter::Alive, 9).await.expect("an answer").len(), 1);
    let end = store.end_session(&session.id, SessionEnd::Logout, &desk.actor).await;
    end.expect("an answer").expect("a session");
    let other = desk.issue(&wish(dana, "333333")).await;
    desk.enter(&other.id, "000000").await;
    store.cancel(&other.id, &desk.actor).await.expect("an answer");
    assert!(
        store
            .unlock("an act", dana, "she showed her passport", &desk.actor)
            .await
            .expect("an answer")
    );
    assert!(desk.log(&EventFilter::default()).await.len() > 6);
    factors::a_factor_is_enrolled_and_used(&desk, dana, "WB-7").await;
}

/// What the desk does about a contact that others have changed.
async fn a_contact_has_changed(store: Arc<SqlStore>) {
    let desk = Terminal::new(store.clone());
    let new = Wish { contact: email("new@example.org"), ..wish(CustomerId(7), "444444") };
    let held = desk.try_issue(&new).await.expect("an answer");
    assert!(matches!(held, IssueOutcome::Quarantined(_)), "{held:?}");
    let notices = store.claim_notices(&["tray"], 9).await.expect("an answer");
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    let (report, actor) = (SendReport::sent(None), &desk.actor);
    let (provider, report) = ("tray", &report);
    let told =
        NoticeOutcome { notice, provider: Some(provider), report, next: NoticeStep::Told, actor };
    store.complete_notice(told).await.expect("written");
    let why = "she showed her passport";
    let confirmed =
        store.confirm_contact("a word", CustomerId(7), ContactKind::Email, why, &desk.actor).await;
    assert!(confirmed.expect("an answer"));
}

pub(crate) async fn forbidden(url: &str, statements: &[&str]) {
    for statement in statements {
        let error = run(url, statement).await.expect_err(statement).to_string();
        let refused = ["denied", "must be owner"].iter().any(|it| error.contains(it));
        assert!(refused, "{statement}: {error}");
    }
}

#[tokio::test]
async fn a_migrate_that_changes_nothing_takes_no_right_away() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::empty(kind);
        let customers = office(&fixture).await;
        let owner = SqlStore::open(&fixture.settings(), &customers).await.expect("opened");
        owner.migrate().await.expect("made");
        let mut settings = server_settings(&fixture.database().url);
        settings.user = admit(kind, fixture.database(), "countersign_counter").await;
        owner.migrate().await.expect("made before");

        let settings = StoreSettings::Server(settings);
        let store = SqlStore::open(&settings, &customers).await.expect("opened");
        store.customer(CustomerId(7)).await.expect("the right to").expect("Dana");

        // A view that somebody took away is made again.
        fixture.sql("DROP VIEW core_customer_view").await;
        owner.migrate().await.expect("made");
        fixture.sql("DROP VIEW core_invoice_view").await;
        owner.migrate().await.expect("made");
        let account = owner.account(CustomerId(7)).await.expect("an answer");
        assert_eq!(account.invoices.map(|it| it.entries.len()), Some(1));
        owner.customer(CustomerId(7)).await.expect("an answer").expect("Dana");
    }
}

#[tokio::test]
async fn a_table_that_is_not_as_configured_is_named() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::empty(kind);
        let right = office(&fixture).await;
        for (column, missing) in [(Some("fax"), "fax"), (None, "nobody")] {
            let mut wrong = right.clone();
            let table = wrong.table.as_mut().expect("a table");
            match column {
                Some(column) => table.columns.email = Identifier::parse(column),
                None => table.name.name = Identifier::parse("nobody").expect("a name"),
            }
            let store = SqlStore::open(&fixture.settings(), &wrong).await.expect("opened");
            match store.migrate().await {
                Err(StoreError::Refused(why)) => {
                    assert!(
                        why.for_admin.contains(missing) && why.for_admin.contains("[customers]")
                    );
                }
                // MariaDB tells nobody that there is no table who may not see it.
                Err(StoreError::Denied(why)) if kind == Kind::MariaDb && column.is_none() => {
                    assert!(why.contains(missing), "{why}");
                }
                other => panic!("{kind:?}: {other:?}"),
            }
            // Whoever failed holds nobody up.
            let store = SqlStore::open(&fixture.settings(), &right).await.expect("opened");
            let migrated = tokio::time::timeout(Duration::from_secs(20), store.migrate()).await;
            migrated.expect("at once").expect("made");
        }
    }
}

#[tokio::test]
async fn security_31_a_counters_rights_are_enough_for_its_work_and_no_more() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::empty(kind);
        let customers = office(&fixture).await;
        let database = fixture.database();
        let owner = SqlStore::open(&fixture.settings(), &customers).await.expect("opened");
        owner.migrate().await.expect("made");

        let user = admit(kind, database, "countersign_counter").await;
        let mut settings = server_settings(&database.url);
        settings.user.clone_from(&user);
        let settings = StoreSettings::Server(settings);
        let store = SqlStore::open(&settings, &customers).await.expect("opened");
        let store = Arc::new(store);
        a_day_at_the_counter(store.clone()).await;
        let change = "UPDATE billing_of_PLACE.people SET email = 'new@example.org' WHERE id = 7";
        let change = change.replace("PLACE", &database.name);
        run(&database.admin_url, &change).await.expect("changed");
        a_contact_has_changed(store).await;

        let office = format!("SELECT secret FROM billing_of_{}.people", database.name);
        let url = database.url.replace("//counter:", &format!("//{user}:"));
        forbidden(
            &url,
            &[
                "DELETE FROM core_event",
                "UPDATE core_event SET detail = 'x'",
                "DELETE FROM core_otp",
                "DELETE FROM core_session",
                "DELETE FROM core_contact",
                "DELETE FROM core_customer_factor",
                "DELETE FROM core_flag",
                "UPDATE core_customer SET email = 'x'",
                "DROP TABLE core_otp",
                "TRUNCATE TABLE core_event",
                "CREATE TABLE mine (id BIGINT)",
                "INSERT INTO core_audit_leaf (leaf_index, event_id, hash) VALUES (0, 1, 'x')",
                "UPDATE core_audit_tree SET note = 'x'",
                "INSERT INTO core_audit_shipping (name, target, next_index, lease_until, failures) \
                 VALUES ('x', 'x', 0, 0, 0)",
                "INSERT INTO core_alarm_mail (address, mailed_up_to, tries, due_at) \
                 VALUES ('x', 0, 0, 0)",
                "DELETE FROM core_audit_checkpoint",
                &office,
            ],
        )
        .await;

        let service = admit(kind, database, "countersign_service").await;
        let mut settings = server_settings(&database.url);
        settings.user.clone_from(&service);
        let settings = StoreSettings::Server(settings);
        let store = SqlStore::open(&settings, &customers).await.expect("opened");
        let store = Arc::new(store);
        trail::seals(store.clone()).await;
        trail::shipping::ships(store).await;
        let url = database.url.replace("//counter:", &format!("//{service}:"));
        forbidden(
            &url,
            &[
                "DELETE FROM core_event",
                "UPDATE core_audit_leaf SET hash = 'x'",
                "DELETE FROM core_audit_leaf",
                "DELETE FROM core_audit_node",
                "UPDATE core_audit_checkpoint SET note = 'x'",
                "DELETE FROM core_audit_tree",
            ],
        )
        .await;

        let report = admit(kind, database, "countersign_report").await;
        let url = database.url.replace("//counter:", &format!("//{report}:"));
        run(&url, "SELECT id, contact FROM core_otp_readable").await.expect("what it is for");
        forbidden(
            &url,
            &[
                "SELECT id FROM core_otp",
                "SELECT id FROM core_customer_view",
                "SELECT id FROM core_event",
                "DELETE FROM core_event",
            ],
        )
        .await;
    }
}

/// Whoever writes an entry past the program can put any name and time into it, and not the
/// account and the time that the server knows.
#[tokio::test]
async fn security_31_an_entry_bears_the_account_and_the_time_of_the_server() {
    const FORGED: &str = "INSERT INTO core_event (at, kind, clerk, counter) \
                          VALUES (1, 'verified', 'amira', '7')";
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::new(kind);
        let database = fixture.database();
        let user = admit(kind, database, "countersign_counter").await;
        let url = database.url.replace("//counter:", &format!("//{user}:"));
        // A session may have set a time and a name of its own.
        let pretend = match kind {
            Kind::Postgres => "SET ROLE countersign_counter",
            _ => "SET timestamp = 1",
        };
        run(&url, &format!("{pretend}; {FORGED}")).await.expect("an entry");
        let stamped = format!(
            "SELECT COUNT(*) FROM core_event WHERE clerk = 'amira' AND written_by LIKE '{user}%' \
             AND written_at > 1700000000000"
        );
        assert_eq!(fixture.number(&stamped).await, 1, "{kind:?}");
        forbidden(
            &url,
            &[
                "INSERT INTO core_event (at, kind, clerk, counter, written_by) \
                 VALUES (1, 'x', 'x', '1', 'desk_owner')",
                "INSERT INTO core_event (at, kind, clerk, counter, written_at) \
                 VALUES (1, 'x', 'x', '1', 1)",
                "INSERT INTO core_event SELECT * FROM core_event",
            ],
        )
        .await;
    }
}
