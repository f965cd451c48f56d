//! A counter beside the database of an office's website, made by Django: its
//! customers are verified, and nothing of the website's is changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use countersign::domain::channel::Channel;
use countersign::domain::contact::PhoneNumber;
use countersign::domain::customer::{PhonePolicy, Unsaid};
use countersign::domain::event::EventFilter;
use countersign::domain::outcome::Outcome;
use countersign::domain::query::Query;
use countersign::service::ports::{CustomerKey, CustomerStore, ImportCount, StoreError};

use crate::office::Office;
use crate::servers::{PASSWORD, Server, USER};
use crate::support::{
    Kind, TRAY, Terminal, actor, new_customer, on_each_store, wish, with_email, with_phone,
};

pub(crate) const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/django/bin/python");
const WEBSITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/django/website.py");

fn port(server: &Server) -> String {
    server.port().to_string()
}

/// Lets Django make its tables in the office's place, and fill them.
pub(crate) fn make(office: &Office) {
    assert!(
        Path::new(PYTHON).exists(),
        "the tests need Django, which is not installed here: run .ci/install"
    );
    let mut django = Command::new(PYTHON);
    // It leaves no compiled files behind.
    django.arg("-B").arg(WEBSITE);
    match (&office.database, office.fixture.kind()) {
        (Some(it), Kind::Postgres) => django.args(["postgresql", &it.name]),
        (Some(it), _) => django.args(["mysql", &it.name]),
        (None, _) => django.arg("sqlite3").arg(office.file()),
    };
    let server = match office.fixture.kind() {
        Kind::Sqlite => None,
        Kind::Postgres => Some(Server::postgres()),
        Kind::MariaDb => Some(Server::mariadb()),
    };
    if let Some(server) = server {
        django.args([USER, PASSWORD, "127.0.0.1", &port(server)]);
    }
    let done = django.output().expect("a website");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Everything of theirs, to the byte.
fn dump(office: &Office) -> Vec<u8> {
    match (&office.database, office.fixture.kind()) {
        (Some(it), Kind::Postgres) => Server::postgres().dump(it).into_bytes(),
        (Some(it), _) => Server::mariadb().dump(it).into_bytes(),
        (None, _) => fs::read(office.file()).expect("their file"),
    }
}

/// The same but for the next number of PostgreSQL, which an insert takes even
/// where it is refused.
fn rows(office: &Office) -> Vec<u8> {
    let lines = dump(office);
    let kept = lines
        .split(|byte| *byte == b'\n')
        .filter(|it| !it.starts_with(b"SELECT pg_catalog.setval"));
    kept.collect::<Vec<_>>().join(&b'\n')
}

on_each_store! {
    async fn a_websites_customers_are_verified_and_nothing_of_theirs_changes(fixture) {
        let office = Office::new(fixture.kind());
        make(&office);
        let before = dump(&office);
        assert!(String::from_utf8_lossy(&before).contains("K-1001"));

        let desk = Terminal::new(office.open().await);
        for (typed, account) in [
            ("zoe mull", "K-1001"),
            ("k 1001", "K-1001"),
            ("0151 234", "K-1001"),
            ("+49 151 23456", "K-1001"),
            ("45678", "K-1001"),
            ("030/123", "K-1002"),
            ("nunez jose", "K-1002"),
            ("unal@ex", "K-1003"),
            ("celik", "K-1003"),
        ] {
            let query = Query::parse(typed).expect("a search");
            desk.store.index_ready().await;
            let found = desk.store.find_customers(&query, 10).await.expect("an answer");
            let found: Vec<_> = found.iter().map(|it| it.account_no.as_str()).collect();
            assert_eq!(found, [account], "{typed}");
        }
        let one = async |key| {
            let found = desk.store.identify(key).await.expect("an answer");
            assert_eq!(found.len(), 1, "{key:?}");
            found.into_iter().next().expect("a customer")
        };
        let zoe = one(CustomerKey::Phone("+491512345678")).await;
        assert_eq!(zoe, one(CustomerKey::Email("ZOE@example.org")).await);
        assert_eq!(zoe.name, "Zoë Müller-Lüdenscheidt");
        assert_eq!((zoe.address.as_deref(), zoe.locale.as_deref()), (Some("Hauptstraße 1"), Some("de")));
        let jose = one(CustomerKey::Account("K-1002")).await;
        assert_eq!((&jose.email, &jose.address, &jose.locale), (&None, &None, &None));
        let phones = PhonePolicy::of("DE");
        // The website's table has a landline: it is known before a message is paid for.
        let refused = jose.contact(Channel::Sms, &phones).expect_err("a landline").to_string();
        assert!(refused.contains("landline"), "{refused}");
        assert!(jose.contact(Channel::Email, &phones).is_err());
        assert!(PhoneNumber::parse(zoe.phone.as_deref().unwrap_or_default(), "DE").is_ok());

        let request = desk.issue(&wish(zoe.id, "123456")).await;
        assert_eq!(desk.enter(&request.id, "654321").await, Outcome::Wrong);
        assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
        let log = desk.log(&EventFilter::default()).await;
        assert_eq!(log.len(), 3);
        assert!(log.iter().all(|it| it.customer.as_ref().is_some_and(|it| it.account_no == "K-1001")));
        assert_eq!(office.fixture.number("SELECT COUNT(*) FROM core_otp").await, 1);

        assert!(dump(&office) == before, "something of theirs has changed");
    }

    async fn customers_are_written_where_that_is_wanted(fixture) {
        let office = Office::new(fixture.kind());
        make(&office);
        let mut settings = office.settings();
        settings.read_only = false;
        let store = office.try_open(&settings).await.expect("a store");
        let zoe = with_phone(new_customer("K-1001", "Zoë Berg"), "+1 415 555 0142");
        let same = with_email(new_customer("K-1003", "Ünal Çelik"), "unal@example.org");
        let mut again = new_customer("K-1002", "José \"; DROP TABLE core_otp; --' Núñez");
        again.address = Some("Markt 1".into());
        let batch = [zoe, same.clone(), again];
        let dry = store.import(&batch, *TRAY, &actor(), true).await.expect("counted").count;
        let count = store.import(&batch, *TRAY, &actor(), false).await.expect("written").count;
        assert_eq!(dry, count, "nothing was written before");
        let half = Unsaid { email: true, phone: true, address: true, locale: true, void_balance: false };
        let mut renamed = new_customer("K-1003", "Ünal Çelik-Berg");
        renamed.unsaid = half;
        let before = store.identify(CustomerKey::Email("unal@example.org")).await.expect("read");
        let one = store.import(&[renamed, same.clone()], *TRAY, &actor(), false).await.expect("written").count;
        assert_eq!((one.changed, before.len()), (2, 1), "renamed, and back");
        let after = store.identify(CustomerKey::Email("unal@example.org")).await.expect("read");
        assert_eq!(after, before, "what was not said stays");
        assert_eq!(count, ImportCount { added: 0, changed: 2, unchanged: 1, replaced: 0 });
        let found = store.identify(CustomerKey::Phone("+14155550142")).await.expect("an answer");
        assert_eq!((found.len(), found[0].email.as_deref()), (1, None), "an empty text is written");
        assert_eq!(found[0].name, "Zoë Berg");
        // Django's created_at has no default in the database.
        let before = rows(&office);
        let batch = [with_email(same, "other@example.org"), new_customer("K-9", "Ada")];
        let refused = store.import(&batch, *TRAY, &actor(), false).await.expect_err("a refusal");
        let StoreError::Refused(told) = refused else { panic!("{refused:?}") };
        let told = told.for_admin;
        assert!(told.contains("K-9") && told.contains("created_at"), "{told}");
        assert!(rows(&office) == before, "a part of a refused batch was written");
        let office = Office::new(fixture.kind());
        office.make_table().await;
        office.sql("INSERT INTO core_customer (id, account_no) VALUES (1, 'K-1'), (2, 'K-1')").await;
        let mut settings = office.settings();
        settings.read_only = false;
        let store = office.try_open(&settings).await.expect("a store");
        let told = store.import(&[new_customer("K-1", "Ada")], *TRAY, &actor(), false).await.expect_err("a refusal");
        assert!(told.to_string().contains("several customers"), "{told}");
    }

    async fn a_place_that_holds_another_programs_tables_is_not_taken(fixture) {
        let office = Office::new(fixture.kind());
        make(&office);
        let before = dump(&office);
        let (settings, customers) = office.in_their_place();
        let refused = match countersign::store::SqlStore::open(&settings, &customers).await {
            Ok(store) => store.migrate().await.expect_err("a refusal"),
            Err(error) => error,
        };
        let StoreError::Refused(told) = refused else { panic!("{refused:?}") };
        let told = told.for_admin;
        assert!(told.contains("another program"), "{told}");
        // SQLite writes into the file's header how its journal is kept.
        if fixture.kind() != Kind::Sqlite {
            assert!(dump(&office) == before, "something of theirs has changed");
        }
    }
}
