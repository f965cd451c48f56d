//! A store of the first version, as an office has it that worked with it
//! yesterday.

use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::DeliveryState;
use countersign::domain::event::{EventFilter, EventKind, EventPage};
use countersign::domain::outcome::Outcome;
use countersign::domain::query::Query;
use countersign::domain::request::Status;
use countersign::service::ports::{
    AuditStore, CustomerStore, SearchIndex, SessionFilter, SessionStore,
};

use crate::support::{Terminal, TestStore};

const TABLES: &str = include_str!("../../migrations/sqlite/0001_the_counter_desk.sql");

/// A row and more of each table. The customers are many enough for several
/// batches of the index.
const ROWS: &str = "
CREATE TABLE core_schema (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
    applied_at BIGINT NOT NULL);
INSERT INTO core_schema VALUES (1, 'the counter desk', 0);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
INSERT INTO core_customer (id, account_no, name, email, phone, balance_cents, currency,
    created_at, updated_at)
SELECT i, printf('WB-%06d', i), printf('Dana Rivera %d', i), printf('d%d@example.org', i),
    printf('+1555010%04d', i), 4200, 'USD', 5, 6 FROM n;
INSERT INTO core_customer_search SELECT id, lower(account_no), lower(email), phone,
    lower(account_no), lower(account_no), lower(name), lower(email), phone, phone
    FROM core_customer;
INSERT INTO core_customer_part (rowid, parts) VALUES (1, 'dana rivera');
INSERT INTO core_part_weight VALUES ('dan', 1);
INSERT INTO core_invoice VALUES (1, 17, 'R-1', 1, 2, 300, 'USD', 'open');
INSERT INTO core_feedback VALUES (1, 17, 1, 'bin not emptied', 'open');
INSERT INTO core_otp VALUES
    (1, 'AAAAAAAAAA', 17, 'd17@example.org', NULL, '', 'email', 1, 10, 20, 1, 5, 'pay bill', 'k1',
     'K7Q', 1, 'verified', 10, 11, 12, 'act 1', 'amira', '3'),
    (2, 'BBBBBBBBBB', 17, NULL, '+15550100017', '00ff', 'sms', 0, NOW - 1000, NOW + 600000, 2, 5,
     'pay bill', 'k1', 'M3T', 2, 'open', NOW - 1000, NOW, NULL, 'act 2', 'amira', '3'),
    (3, 'CCCCCCCCCC', 18, 'd18@example.org', NULL, '00ee', 'email', 0, NOW - 1000, NOW + 600000, 0,
     5, 'pay bill', 'k1', 'P4R', 1, 'open', NOW - 1000, NOW, NULL, 'act 3', 'amira', '3');
INSERT INTO core_otp_retired VALUES
    (1, 17, 'pay bill', 'BBBBBBBBBB', 1, '00aa', 'k1', 'H2H', NOW - 5000, NOW + 500000);
INSERT INTO core_guard VALUES (17, 3, 9);
INSERT INTO core_delivery VALUES
    (1, 1, 1, 17, 'email', 'd17@example.org', 'tray', 'sent', 3, NULL, NULL, 'amira', '3', 10, 10),
    (2, 2, 1, 17, 'sms', '+15550100017', 'twilio', 'delivered', 4, 'SM1', NULL, 'amira', '3', 11, 12),
    (3, 2, 2, 17, 'sms', '+15550100017', 'twilio', 'failed', 4, 'SM2', 'off', 'amira', '3', 13, 14),
    (4, 3, 1, 18, 'email', 'd18@example.org', 'tray', 'sent', 3, NULL, NULL, 'amira', '3', 15, 15);
INSERT INTO core_session VALUES
    (1, 'DDDDDDDDDD', 'digest 1', 17, 'AAAAAAAAAA', 'contact-confirmed', 'pay bill', 'amira', '3',
     12, 13, 14, 13, 'logout'),
    (2, 'EEEEEEEEEE', 'digest 2', 17, 'AAAAAAAAAA', 'contact-confirmed', 'pay bill', 'amira', '3',
     12, NOW + 600000, NOW + 300000, NULL, NULL);
INSERT INTO core_event VALUES
    (1, 10, 'requested', NULL, 'AAAAAAAAAA', 17, 'email', 'd***@example.org', 'amira', '3', NULL),
    (2, 12, 'attempt', 'verified', 'AAAAAAAAAA', 17, 'email', NULL, 'amira', '3', NULL);
";

#[tokio::test]
async fn nothing_is_lost_and_everyone_is_found() {
    let fixture = TestStore::sqlite();
    std::fs::File::create(fixture.file()).expect("a file");
    fixture.sql(TABLES).await;
    fixture.sql(&ROWS.replace("NOW", fixture.now())).await;

    let store = fixture.open().await;
    let find = async |typed: &str| {
        let query = Query::parse(typed).expect("a search");
        let found = store.find_customers(&query, 5).await.expect("an answer");
        found.into_iter().map(|it| it.id.0).collect::<Vec<_>>()
    };
    store.index_ready().await;
    assert_eq!(find("WB-000017").await, [17]);
    assert_eq!(find("+1 555 010 2499").await, [2499]);
    assert_eq!(find("d2500@example.org").await, [2500]);
    let indexed = "SELECT COUNT(*) FROM core_customer_search";
    assert_eq!(fixture.number(indexed).await, 2500);

    let account = store.account(CustomerId(17)).await.expect("an account");
    assert_eq!(account.balance.map(|it| it.cents), Some(4200));
    assert_eq!(
        (account.invoices.map(|it| it.entries.len()), account.feedback.map(|it| it.entries.len())),
        (Some(1), Some(1))
    );

    let desk = Terminal::new(store.clone());
    let request = async |id: &str| desk.request(&id.parse().expect("a name")).await;
    let open = request("BBBBBBBBBB").await;
    assert_eq!((open.status, open.attempts, open.generation), (Status::Open, 2, 2));
    assert_eq!(
        (open.delivery.state, open.delivery.detail.as_ref().map(|it| &*it.for_admin)),
        (DeliveryState::Failed, Some("off"))
    );
    assert_eq!(request("AAAAAAAAAA").await.status, Status::Verified);
    assert_eq!(request("CCCCCCCCCC").await.contact, "d***@example.org");
    for (table, rows) in [("core_otp_retired", 1), ("core_delivery", 4), ("core_otp", 3)] {
        assert_eq!(fixture.number(&format!("SELECT COUNT(*) FROM {table}")).await, rows, "{table}");
    }
    // Who had no wrong code has a guard too, since whoever writes locks it.
    let failures = "SELECT failures FROM core_guard WHERE customer_id =";
    assert_eq!(fixture.number(&format!("{failures} 17")).await, 3);
    assert_eq!(fixture.number(&format!("{failures} 18")).await, 0);

    let sessions = store.sessions(SessionFilter::All, 10).await.expect("an answer");
    let alive = store.sessions(SessionFilter::Alive, 10).await.expect("an answer");
    assert_eq!((sessions.len(), alive.len()), (2, 1));
    let events =
        store.events(&EventFilter::default(), EventPage::Newest, 10).await.expect("an answer");
    let (migrations, events): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|it| it.kind == EventKind::Migrated);
    let [migration] = migrations.as_slice() else { panic!("{migrations:?}") };
    let said = migration.detail.as_deref().unwrap_or_default();
    assert!(said.starts_with("version 1 to 33,") && said.contains("countersign 0."), "{said}");
    let outcomes: Vec<_> = events.iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.contains(&Some(Outcome::Verified)));
    assert!(
        events.iter().all(|it| it.customer.as_ref().is_some_and(|it| it.account_no == "WB-000017"))
    );
    // And the work goes on.
    assert_eq!(desk.enter(&open.id, "000000").await, Outcome::Wrong);
    let broken = "SELECT COUNT(*) FROM pragma_foreign_key_check";
    assert_eq!(fixture.number(broken).await, 0);
}
