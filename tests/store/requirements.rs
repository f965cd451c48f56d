//! What must hold before anybody works: keys that tell two people apart, tables and
//! sessions in which a transaction is one, and rows that can be read.

use countersign::domain::customer::CustomerId;
use countersign::domain::outcome::Outcome;
use countersign::domain::query::Query;
use countersign::service::customers::reindex;
use countersign::service::ports::{
    CustomerKey, CustomerStore, DeliveryStatsStore, SearchIndex, StoreError, StoreHealth,
    VerificationStore,
};
use countersign::store::SqlStore;

use crate::office::Office;
use crate::servers::{self, Options, Server};
use crate::support::{
    Kind, TRAY, Terminal, TestStore, actor, email, new_customer, on_each_store, open, wish,
};

/// What a store says that refuses to be used.
fn told<T>(result: Result<T, StoreError>) -> String {
    match result.map(drop) {
        Err(StoreError::Refused(told)) => told.for_admin,
        other => panic!("{other:?}"),
    }
}

async fn found(store: &SqlStore, typed: &str) -> Vec<String> {
    store.index_ready().await;
    let query = Query::parse(typed).expect("a search");
    let found = store.find_customers(&query, 20).await.expect("an answer");
    found.into_iter().map(|it| it.account_no).collect()
}

/// Types of keys that are no whole numbers, as offices have them.
fn other_keys(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Sqlite => &["TEXT", "REAL", "DECIMAL(20)", "VARCHAR(36)", ""],
        Kind::Postgres => &["UUID", "TEXT", "CHARACTER(36)", "NUMERIC(20)", "DOUBLE PRECISION"],
        Kind::MariaDb => &["CHAR(36)", "VARCHAR(36)", "DECIMAL(20)", "DOUBLE", "BINARY(36)"],
    }
}

on_each_store! {
    async fn a_key_that_is_no_whole_number_stops_everybody(fixture) {
        for key in other_keys(fixture.kind()) {
            let office = Office::new(fixture.kind());
            office
                .sql(&format!(
                    "CREATE TABLE core_customer (id {key} PRIMARY KEY, account_no VARCHAR(20) \
                     UNIQUE, name VARCHAR(50), email VARCHAR(254), phone VARCHAR(30), \
                     address VARCHAR(50), locale VARCHAR(5))"
                ))
                .await;
            let settings = office.settings();
            let store = SqlStore::open(&office.fixture.settings(), &settings).await.expect("a store");
            let check = store.check_customers().await.expect("an answer");
            let stops = check.findings.iter().find(|it| it.stops).expect("an obstacle");
            assert!(stops.what.ends_with("no whole number"), "{key}: {stops:?}");
            for refused in [
                told(store.migrate().await),
                told(store.is_fit().await),
                told(store.customer(CustomerId(6)).await),
                told(store.identify(CustomerKey::Account("A-1")).await),
                told(store.unlock("an act", CustomerId(6), "passport", &actor()).await),
                told(store.index_customers(None, 10, false).await),
                told(store.queue_stats().await),
            ] {
                assert!(refused.contains(&stops.what), "{key}: {refused}");
            }
        }
    }

    async fn a_row_without_a_sound_key_is_nobody(fixture) {
        let office = Office::new(fixture.kind());
        office
            .sql("CREATE TABLE people (id BIGINT, account_no VARCHAR(20), name VARCHAR(50), \
                  email VARCHAR(254), phone VARCHAR(30), address VARCHAR(50), locale VARCHAR(5))")
            .await;
        // As a cast of longer keys makes them.
        office.sql("CREATE VIEW core_customer AS SELECT * FROM people").await;
        office
            .sql("INSERT INTO people (id, account_no, name, email) VALUES \
                  (6, 'A-1', 'Alice One', 'alice@example.org'), \
                  (6, 'A-2', 'Bob Two', 'bob@example.org'), \
                  (7, 'A-3', 'Carol Three', 'carol@example.org'), \
                  (NULL, 'A-4', 'Dave Four', 'dave@example.org')")
            .await;
        let store = office.open().await;
        let count = reindex::compare(store.as_ref(), false, |_| {}).await.expect("compared");
        assert_eq!((count.seen, count.unreadable.count), (1, 2), "{count:?}");
        let alice = "key 6 of account number A-1: another row has the same key";
        assert!(count.unreadable.first.iter().any(|it| it == alice), "{count:?}");
        assert_eq!(found(&store, "carol").await, ["A-3"]);
        assert_eq!(found(&store, "alice").await, [] as [&str; 0]);
        let named = store.identify(CustomerKey::Account("A-1")).await.expect("an answer");
        assert_eq!(named, []);
        told(store.customer(CustomerId(6)).await);
        let check = store.check_customers().await.expect("an answer");
        let findings: Vec<_> = check.findings.iter().map(|it| it.what.as_str()).collect();
        assert!(findings.iter().any(|it| it.starts_with("2 rows of the customers")), "{findings:?}");
        assert!(findings.iter().any(|it| it.starts_with("1 rows have no key")), "{findings:?}");
        let desk = Terminal::new(store);
        let alice = crate::support::Wish {
            contact: email("alice@example.org"),
            ..wish(CustomerId(6), "123456")
        };
        told(desk.try_issue(&alice).await);
    }

    async fn a_key_in_fewer_bits_is_read_as_it_stands(fixture) {
        let office = Office::new(fixture.kind());
        office
            .sql("CREATE TABLE core_customer (id SMALLINT PRIMARY KEY, account_no VARCHAR(20) \
                  UNIQUE, name VARCHAR(50), email VARCHAR(254), phone VARCHAR(30), \
                  address VARCHAR(50), locale VARCHAR(5))")
            .await;
        office.register(32_767, "K-1", "Ada", "").await;
        let store = office.open().await;
        assert_eq!(found(&store, "ada").await, ["K-1"]);
        let ada = store.customer(CustomerId(32_767)).await.expect("an answer").expect("Ada");
        assert_eq!(ada.account_no, "K-1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_over_64_bits_is_nobody() {
    let office = Office::new(Kind::MariaDb);
    office
        .sql(
            "CREATE TABLE core_customer (id BIGINT UNSIGNED PRIMARY KEY, account_no VARCHAR(20) \
             UNIQUE, name VARCHAR(50), email VARCHAR(254), phone VARCHAR(30), \
             address VARCHAR(50), locale VARCHAR(5)); \
             INSERT INTO core_customer (id, account_no, name) VALUES (4294967296, 'K-1', 'Ada'), \
             (18446744073709551615, 'K-2', 'Berta')",
        )
        .await;
    let store = office.open().await;
    let count = reindex::compare(store.as_ref(), false, |_| {}).await.expect("compared");
    assert_eq!((count.seen, count.unreadable.count), (1, 1), "{count:?}");
    assert!(count.unreadable.first[0].contains("K-2"), "{count:?}");
    assert_eq!(found(&store, "ada").await, ["K-1"]);
    assert_eq!(store.customer(CustomerId(-1)).await.expect("an answer"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_keeps_nobody_else_from_being_found() {
    let office = Office::new(Kind::Sqlite);
    office.make_table().await;
    office.register(1, "K-1", "Good One", "").await;
    office.register(2, "K-2", "Bad", "").await;
    office.register(3, "K-3", "Good Three", "").await;
    let store = office.open().await;
    assert_eq!(found(&store, "bad").await, ["K-2"]);
    let desk = Terminal::new(store.clone());
    desk.store.unlock("an act", CustomerId(2), "passport", &actor()).await.expect("an answer");
    office.sql("UPDATE core_customer SET name = CAST(x'4dfc6c6c6572' AS TEXT) WHERE id = 2").await;
    let count = reindex::compare(store.as_ref(), false, |_| {}).await.expect("compared");
    assert_eq!((count.seen, count.forgotten, count.unreadable.count), (2, 1, 1), "{count:?}");
    assert_eq!(count.unreadable.first, ["key 2: its name cannot be read"]);
    assert_eq!(found(&store, "good").await, ["K-1", "K-3"]);
    assert_eq!(found(&store, "K-2").await, [] as [&str; 0]);
    assert!(told(store.customer(CustomerId(2)).await).contains("its name cannot be read"));
    let check = store.check_customers().await.expect("an answer");
    let is_named = |what: &String| what.contains("key 2: its name cannot be read");
    assert!(check.findings.iter().any(|it| is_named(&it.what) && !it.stops), "{check:?}");
    // What it has to be is written by an import, which meets it too.
    let mut settings = office.settings();
    settings.read_only = false;
    let writing = office.try_open(&settings).await.expect("a store");
    let batch = [new_customer("K-1", "Good One"), new_customer("K-2", "Mended")];
    let count = writing.import(&batch, *TRAY, &actor(), false).await.expect("written").count;
    assert_eq!((count.changed, count.unchanged), (1, 1), "{count:?}");
    assert_eq!(found(&writing, "mended").await, ["K-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_changes_nobody_whom_the_database_takes_for_another() {
    let office = Office::new(Kind::MariaDb);
    office
        .sql(
            "CREATE TABLE core_customer (id INT AUTO_INCREMENT PRIMARY KEY, \
             account_no VARCHAR(20) COLLATE utf8mb4_general_ci UNIQUE, name VARCHAR(50), \
             email VARCHAR(254), phone VARCHAR(30), address VARCHAR(50), locale VARCHAR(5)) \
             CHARACTER SET utf8mb4; \
             INSERT INTO core_customer (account_no, name) VALUES ('KÜ-1', 'Ada'), ('k-2', 'Berta')",
        )
        .await;
    let mut settings = office.settings();
    settings.read_only = false;
    let store = office.try_open(&settings).await.expect("a store");
    let refused = told(store.import(&[new_customer("KU-1", "Eve")], *TRAY, &actor(), false).await);
    assert!(refused.contains("KÜ-1") && refused.contains("KU-1"), "{refused}");
    assert_eq!(found(&store, "ada").await, ["KÜ-1"]);
    let same = store.import(&[new_customer("K-2", "Berta B")], *TRAY, &actor(), false).await;
    assert_eq!(same.expect("written").count.changed, 1);
    assert_eq!(found(&store, "berta").await, ["k-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_transactions_is_refused() {
    for (kind, spoil, mend) in [
        (Kind::MariaDb, "ALTER TABLE core_guard ENGINE = Aria", "ENGINE = InnoDB"),
        (
            Kind::MariaDb,
            "ALTER TABLE core_guard CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            "COLLATE utf8mb4_bin",
        ),
        (Kind::Postgres, "ALTER TABLE core_guard SET UNLOGGED", "SET LOGGED"),
    ] {
        let fixture = TestStore::new(kind);
        fixture.sql(spoil).await;
        let store = fixture.open().await;
        let refused = told(store.customer(CustomerId(1)).await);
        assert!(refused.contains("core_guard") && refused.contains(mend), "{refused}");
        assert_eq!(told(store.migrate().await), refused);
        assert_eq!(told(store.check().await), refused);
        let (_, repair) = refused.split_once("owner run: ").expect("a statement");
        fixture.sql(repair).await;
        store.customer(CustomerId(1)).await.expect("as it has to be");
    }
    let office = Office::new(Kind::MariaDb);
    office.make_table().await;
    office.sql("ALTER TABLE core_customer ENGINE = MyISAM").await;
    let mut settings = office.settings();
    office.try_open(&settings).await.expect("what is only read needs none");
    settings.read_only = false;
    let refused = told(office.try_open(&settings).await);
    assert!(refused.contains("MyISAM") && refused.contains("read_only"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_used_whatever_its_own_settings_are() {
    for (kind, settings) in [
        (
            servers::Kind::MariaDb,
            &[
                "sql-mode=ORACLE,NO_BACKSLASH_ESCAPES",
                "sql-safe-updates=1",
                "innodb-default-row-format=compact",
                "default-storage-engine=Aria",
                "autocommit=0",
                "transaction-isolation=SERIALIZABLE",
            ] as &'static [&'static str],
        ),
        (
            servers::Kind::Postgres,
            &["default_transaction_isolation=serializable", "transform_null_equals=on"],
        ),
    ] {
        let server = Server::new(kind, Options { settings, ..Options::default() });
        let fixture = TestStore::on(&server);
        let desk = Terminal::new(fixture.open().await);
        desk.store.check().await.expect("a store that can be used");
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        assert_eq!(desk.enter(&request.id, "654321").await, Outcome::Wrong);
        assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
        if kind == servers::Kind::MariaDb {
            let engines = "SELECT DISTINCT CAST(engine AS CHAR) FROM information_schema.tables \
                           WHERE table_schema = DATABASE() AND engine IS NOT NULL";
            assert_eq!(fixture.texts(engines).await, ["InnoDB"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_session_can_change_is_refused_in_words() {
    let settings = &["log-bin=log", "binlog-format=STATEMENT", "server-id=3"];
    let server = Server::new(servers::Kind::MariaDb, Options { settings, ..Options::default() });
    let database = server.database("office");
    let store = open(&crate::support::server(&database.url)).await.expect("a store");
    let refused = told(store.migrate().await);
    assert!(refused.contains("binlog_format = MIXED or ROW"), "{refused}");

    let server = Server::postgres();
    let database = server.database("latin");
    crate::support::run(
        &database.admin_url,
        &format!(
            "CREATE DATABASE {0}_1 OWNER {1} ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc \
             TEMPLATE template0",
            database.name,
            servers::USER
        ),
    )
    .await
    .expect("made");
    let store =
        open(&crate::support::server(&format!("{}_1", database.url))).await.expect("a store");
    let refused = told(store.migrate().await);
    assert!(refused.contains("LATIN1") && refused.contains("UTF8"), "{refused}");
    assert_eq!(told(store.check().await), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offices_file_that_cannot_be_read_beside_ours_is_told_at_once() {
    let office = Office::new(Kind::Sqlite);
    let told_of = async || {
        let opened = SqlStore::open(&office.fixture.settings(), &office.settings()).await;
        told(opened)
    };
    assert!(told_of().await.contains("cannot be opened"));
    office
        .sql("PRAGMA encoding = 'UTF-16'; CREATE TABLE core_customer (id INTEGER PRIMARY KEY)")
        .await;
    assert!(told_of().await.contains("UTF-8"));
}
