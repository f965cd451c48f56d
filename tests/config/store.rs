//! The configuration of a store that counters share, of an office's own table
//! of customers, and of how long what is past is kept.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::time::Duration;

use crate::support::Desk;
use countersign::config::settings::{
    CustomerSettings, Identifier, ServerAddress, ServerKind, ServerSettings, StoreSettings,
    StoreTls, TableName,
};
use countersign::config::{Config, ConfigError};
use countersign::domain::policy::Retention;
use secrecy::ExposeSecret;

const POSTGRES: &str = "url = \"postgres://amira@db.example/desk\"\n";
const MYSQL: &str = "url = \"mysql://amira@db.example/desk\"\n";

/// A configuration with these lines under `[store]` and `[customers]`.
fn file(store: &str, customers: &str) -> String {
    format!("[store]\n{store}\n[customers]\n{customers}\n")
}

fn server(config: Result<Config, ConfigError>) -> ServerSettings {
    match config.expect("allowed").store {
        StoreSettings::Server(server) => server,
        StoreSettings::Sqlite { file } => panic!("it is the file {}", file.display()),
    }
}

fn customers(store: &str, customers: &str) -> CustomerSettings {
    Desk::new().load(&file(store, customers), &[]).expect("allowed").customers
}

/// The settings without a table of the office's.
fn own_table(read_only: bool) -> CustomerSettings {
    CustomerSettings { table: None, read_only, default_country: "US".into() }
}

fn value(config: &Config, key: &str) -> (serde_json::Value, String) {
    let setting = config.show().settings().iter().find(|setting| setting.key.is_written(key));
    setting.map(|it| (it.value.clone(), it.origin.clone())).expect("a key of the table")
}

/// Asserts that a configuration is refused for one reason, which `told` begins.
fn refused(text: &str, told: &str) {
    let problems = Desk::new().problems(text, &[]);
    assert!(problems.len() == 1 && problems[0].starts_with(told), "{text}\n{problems:#?}");
}

#[test]
fn the_store_gets_the_parts_of_its_url() {
    let desk = Desk::new();
    let postgres = server(desk.load(&file(POSTGRES, ""), &[]));
    assert_eq!(postgres.kind, ServerKind::Postgres);
    let host = String::from("db.example");
    assert_eq!(postgres.address, ServerAddress::Tcp { host: host.clone(), port: 5432 });
    assert_eq!((&*postgres.user, &*postgres.database), ("amira", "desk"));
    assert_eq!(Some(postgres.schema), Identifier::parse("countersign"));
    assert_eq!((postgres.connections, postgres.tls), (1, StoreTls::Verify));
    assert!(postgres.password.is_none() && postgres.ca_file.is_none());

    desk.write("ca.pem", "", 0o644);
    let more = "url = \"mariadb://a%40b@db.example:3307/desk\"\nca_file = \"ca.pem\"\n\
                schema = \"desk_2\"\nconnections = 20";
    let mysql = server(desk.load(&file(more, ""), &[]));
    assert_eq!(mysql.kind, ServerKind::Mysql);
    assert_eq!(mysql.address, ServerAddress::Tcp { host, port: 3307 });
    assert_eq!((&*mysql.user, mysql.connections), ("a@b", 20));
    assert_eq!(Some(mysql.schema), Identifier::parse("desk_2"));
    assert_eq!(mysql.ca_file, Some(desk.path().join("ca.pem")));

    let socket = "url = \"postgres://amira@/desk?host=/run/postgresql\"";
    let socket = server(desk.load(&file(socket, ""), &[]));
    assert_eq!(socket.address, ServerAddress::Socket("/run/postgresql".into()));
}

#[test]
fn a_store_on_a_server_has_no_file_to_lie_beside() {
    let desk = Desk::new();
    let config = desk.load(&file(POSTGRES, ""), &[]).expect("allowed");
    assert_eq!(config.store.sqlite_file(), None);
    assert_eq!(config.keys.file, desk.path().join(".config/countersign/keys"));
    assert_eq!(config.tray.file, desk.path().join(".local/state/countersign/tray.jsonl"));
    let folders = [("XDG_CONFIG_HOME", "/srv/config"), ("XDG_STATE_HOME", "/srv/state")];
    let config = desk.load(&file(POSTGRES, ""), &folders).expect("allowed");
    assert_eq!(config.keys.file, std::path::Path::new("/srv/config/countersign/keys"));
    assert_eq!(config.tray.file, std::path::Path::new("/srv/state/countersign/tray.jsonl"));
    let named = format!("keys.file = \"/etc/keys\"\n{}", file(POSTGRES, ""));
    let config = desk.load(&named, &folders).expect("allowed");
    assert_eq!(config.keys.file, std::path::Path::new("/etc/keys"));
}

#[test]
fn security_26_a_store_off_this_machine_is_verified_unless_the_configuration_says_otherwise() {
    let desk = Desk::new();
    for (url, tls) in [
        ("postgres://amira@db.example/desk", StoreTls::Verify),
        ("mysql://amira@10.0.0.7/desk", StoreTls::Verify),
        ("mysql://amira@localhost.example/desk", StoreTls::Verify),
        ("postgres://amira@localhost/desk", StoreTls::Off),
        ("mysql://amira@127.0.0.1/desk", StoreTls::Off),
        ("postgres://amira@[::1]/desk", StoreTls::Off),
        ("mysql://amira@/desk?socket=/run/mysqld/mysqld.sock", StoreTls::Off),
    ] {
        let config = desk.load(&format!("store.url = \"{url}\""), &[]).expect(url);
        assert!(config.warnings.is_empty(), "{url}: {:?}", config.warnings);
        assert_eq!(server(Ok(config)).tls, tls, "{url}");
    }
    for (word, tls, told) in [
        ("off", StoreTls::Off, "the store's connection to db.example is not encrypted"),
        ("encrypt", StoreTls::Encrypt, "nobody checks that it is db.example who answers"),
    ] {
        let said = format!("{POSTGRES}tls = \"{word}\"");
        let config = desk.load(&file(&said, ""), &[]).expect("allowed in so many words");
        assert!(config.warnings.len() == 1 && config.warnings[0].contains(told), "{word}");
        assert_eq!(server(Ok(config)).tls, tls);
    }
    let here = "url = \"postgres://amira@localhost/desk\"\ntls = \"verify\"";
    assert_eq!(server(desk.load(&file(here, ""), &[])).tls, StoreTls::Verify);
    for parameter in ["sslmode=require", "ssl-mode=DISABLED"] {
        refused(
            &format!("store.url = \"postgres://a@db.example/desk?{parameter}\""),
            "config.toml line 1: store.url: leave sslmode, ssl-mode and their like out of the URL",
        );
    }
}

#[test]
fn security_26_in_production_no_password_goes_over_tcp_without_tls() {
    let desk = Desk::new();
    let load = |url: &str, tls: &str| {
        let text = format!(
            "environment = \"production\"\n[email]\nprovider = \"off\"\n[store]\nurl = \"{url}\"\n{tls}\n"
        );
        match desk.load(&text, &[]) {
            Ok(_) => Vec::new(),
            Err(error) => error.problems().iter().map(ToString::to_string).collect(),
        }
    };
    let is_refused = |url: &str, tls: &str| {
        load(url, tls).iter().any(|it| it.contains("a password, which would go there without TLS"))
    };
    assert!(is_refused("postgres://amira:pw@127.0.0.1/desk", ""));
    assert!(is_refused("mysql://amira:pw@localhost/desk", ""));
    assert!(!is_refused("postgres://amira:pw@127.0.0.1/desk", "tls = \"verify\""));
    assert!(!is_refused("postgres://amira:pw@127.0.0.1/desk", "tls = \"off\""), "said in words");
    assert!(!is_refused("postgres://amira@127.0.0.1/desk", ""), "there is no password");
    assert!(!is_refused("postgres://amira:pw@/desk?host=/run/postgresql", ""));
    assert!(!is_refused("mysql://amira:pw@/desk?socket=/run/mysqld/mysqld.sock", ""));
    let development = desk.load("store.url = \"postgres://amira:pw@127.0.0.1/desk\"", &[]);
    assert!(development.is_ok());
}

#[test]
fn what_cannot_be_about_the_store_is_refused() {
    let socket = "url = \"mysql://a@/desk?socket=/run/x\"\ntls = \"verify\"";
    let off = format!("{POSTGRES}tls = \"off\"\nca_file = \"config.toml\"");
    for (store, told) in [
        ("url = \"oracle://db/desk\"", "line 2: store.url: it begins with no known kind of store"),
        ("url = 5", "line 2: the value of store.url is not allowed; allowed: sqlite: and the path"),
        ("url = \"postgres://db/desk\"", "line 2: store.url: it names no user"),
        (socket, "line 3: store.tls is for a connection over the network"),
        (&off, "line 4: store.ca_file is looked at only where store.tls = \"verify\""),
        (&format!("{POSTGRES}ca_file = \"no.pem\""), "line 3: store.ca_file: "),
        (&format!("{POSTGRES}tls = \"prefer\""), "line 3: store.tls = \"prefer\" is not allowed"),
        (&format!("{POSTGRES}schema = \"a b\""), "line 3: store.schema = \"a b\" is not allowed"),
        (
            &format!("{POSTGRES}schema = \"pg_x\""),
            "line 3: store.schema = \"pg_x\" is PostgreSQL's",
        ),
        (&format!("{POSTGRES}connections = 0"), "line 3: store.connections = 0 is not allowed"),
        (&format!("{POSTGRES}connections = 21"), "line 3: store.connections = 21 is not allowed"),
    ] {
        refused(&file(store, ""), &format!("config.toml {told}"));
    }
}

#[test]
fn the_store_password_is_said_once_and_shown_never() {
    let desk = Desk::new();
    let canary = "kn0wn-canary";
    desk.write("password", &format!("{canary}\n"), 0o600);
    desk.write("url", &format!("postgres://amira:{canary}@db.example/desk\n"), 0o600);
    let in_url = format!("url = \"mysql://amira:{canary}@db.example/desk\"\n");
    let ways = [
        (format!("{POSTGRES}password = \"{canary}\""), "config.toml line 3"),
        (format!("{POSTGRES}password_file = \"password\""), ""),
        (in_url.clone(), "config.toml line 2"),
        ("url_file = \"url\"".into(), "config.toml line 2"),
    ];
    for (way, origin) in ways {
        let config = desk.load(&file(&way, ""), &[]).expect("allowed");
        let json = serde_json::to_string(config.show()).expect("JSON");
        let shown = format!("{config:?}{}{json}", config.show());
        assert!(!shown.contains(canary), "{way}: {shown}");
        let url = value(&config, "store.url").0;
        assert!(url.as_str().is_some_and(|it| it.contains("://amira@db.example:")), "{url}");
        if !origin.is_empty() {
            let (set, from) = value(&config, "store.password");
            assert_eq!((set, &*from), ("(set)".into(), origin), "{way}");
        }
        let password = server(Ok(config)).password.expect("a password");
        assert_eq!(password.expose_secret(), canary, "{way}");
    }
    let twice = format!("{in_url}password_file = \"password\"");
    let problems = desk.problems(&file(&twice, ""), &[]).join("\n");
    assert!(problems.starts_with("config.toml line 3: store.password_file is set and"));
    assert!(!problems.contains(canary), "{problems}");
    let open = desk.write("open.toml", &format!("[store]\n{in_url}"), 0o644);
    let config = desk.load_named(Some(&open), &[]).expect("development");
    assert!(config.warnings[0].contains("open.toml holds a secret"), "{:?}", config.warnings);
}

#[test]
fn a_password_stays_with_the_url_it_stands_in() {
    let desk = Desk::new();
    let in_url = "url = \"postgres://amira:secret@db.example/desk\"";
    let other = [("COUNTERSIGN__STORE__URL", "postgres://amira@elsewhere.example/desk")];
    let elsewhere = server(desk.load(&file(in_url, ""), &other));
    assert!(elsewhere.password.is_none(), "another server is not told the password of this one");
    let by_itself = format!("{POSTGRES}password = \"secret\"");
    assert!(server(desk.load(&file(&by_itself, ""), &other)).password.is_some());
}

#[test]
fn without_a_table_the_customers_are_the_stores_own() {
    let own = customers("", "");
    assert_eq!(own, own_table(false));
    assert_eq!(customers(POSTGRES, "read_only = true"), own_table(true));
}

#[test]
fn an_offices_table_is_read_where_it_is() {
    let named = "table = \"billing.kunden\"\nid = \"nr\"\nphone = \"\"";
    for store in [POSTGRES, MYSQL] {
        let settings = customers(store, named);
        assert!(settings.read_only, "nothing of theirs is written unless they say so");
        let table = settings.table.expect("a table");
        assert_eq!(Some(table.name), TableName::parse("billing.kunden"));
        assert_eq!(table.columns.id.as_str(), "nr");
        assert_eq!(table.columns.account_no.as_str(), "account_no");
        assert_eq!((table.columns.phone, table.columns.email), (None, Identifier::parse("email")));
        assert_eq!(table.file, None);
    }
    let name = |store| customers(store, "table = \"kunden\"").table.map(|it| it.name.to_string());
    assert_eq!(name(POSTGRES).as_deref(), Some("public.kunden"));
    assert_eq!(name(MYSQL).as_deref(), Some("kunden"));
    let public = customers(POSTGRES, "table = \"core_customer\"\nread_only = false");
    assert!(!public.read_only && public.table.is_some());

    let desk = Desk::new();
    let named = "table = \"core_customer\"\nfile = \"billing.db\"";
    let settings = desk.load(&file("", named), &[]).expect("allowed").customers;
    let table = settings.table.expect("a table");
    assert_eq!(table.file, Some(desk.path().join("billing.db")));
    assert_eq!(table.name, TableName::parse("core_customer").expect("a name"));
}

#[test]
fn what_cannot_be_an_offices_table_is_refused() {
    let sqlite = "url = \"sqlite:desk.db\"";
    for (store, customers, told) in [
        (POSTGRES, "table = \"a.b.c\"", "line 5: customers.table = \"a.b.c\" is not allowed"),
        (POSTGRES, "table = \"x; DROP\"", "line 5: customers.table = \"x; DROP\" is not allowed"),
        (MYSQL, "table = \"a`b\"", "line 5: customers.table = \"a`b\" is not allowed"),
        (POSTGRES, "table = \"a\"\nid = \"\"", "line 6: customers.id = \"\" is not allowed"),
        (POSTGRES, "table = \"a\"\nname = \"\"", "line 6: customers.name = \"\" is not allowed"),
        (
            POSTGRES,
            "table = \"a\"\naccount_no = \"1st\"",
            "line 6: customers.account_no = \"1st\" is not allowed",
        ),
        (
            POSTGRES,
            "table = \"a\"\nemail = \"e-mail\"",
            "line 6: customers.email = \"e-mail\" is not allowed",
        ),
        (
            POSTGRES,
            "table = \"a\"\nfile = \"billing.db\"",
            "line 6: customers.file is for a store in SQLite",
        ),
        (
            POSTGRES,
            "table = \"countersign.core_customer\"",
            "line 5: customers.table names countersign's own table",
        ),
        (
            MYSQL,
            "table = \"core_customer\"",
            "line 5: customers.table names countersign's own table",
        ),
        (
            MYSQL,
            "table = \"desk.core_customer\"",
            "line 5: customers.table names countersign's own table",
        ),
        (
            sqlite,
            "table = \"billing.kunden\"\nfile = \"b.db\"",
            "line 4: customers.table = \"billing.kunden\": a table of SQLite has no schema",
        ),
        (
            sqlite,
            "table = \"kunden\"\nfile = \"./desk.db\"",
            "line 5: customers.file is the store's own file",
        ),
        (sqlite, "file = \"b.db\"", "line 4: customers.file needs customers.table"),
        (sqlite, "email = \"mail\"", "line 4: customers.email names a column of customers.table"),
        (sqlite, "read_only = \"no\"", "line 4: customers.read_only = \"no\" is not allowed"),
    ] {
        refused(&file(store, customers), &format!("config.toml {told}"));
    }
    refused(&file(sqlite, "table = \"kunden\""), "customers.file is missing: the SQLite file");
}

#[test]
fn what_is_past_is_kept_as_long_as_the_office_says() {
    let desk = Desk::new();
    let config = desk.load("", &[]).expect("the defaults hold");
    assert_eq!(config.retention, Retention::default());
    let said = "[maintenance]\narchive_after_days = 7\npurge_archive_after_days = 8\n\
                purge_events_after_days = 90\npurge_sessions_after_days = 10";
    let days = |days: u64| Duration::from_hours(24 * days);
    let retention = Retention {
        archive_after: days(7),
        purge_archive_after: days(8),
        purge_events_after: days(90),
        purge_sessions_after: days(10),
    };
    assert_eq!(desk.load(said, &[]).expect("allowed").retention, retention);
}

#[test]
fn security_55_the_log_is_kept_for_ninety_days_at_least() {
    let desk = Desk::new();
    let of = |days: u32| format!("[maintenance]\npurge_events_after_days = {days}");
    assert!(desk.load(&of(90), &[]).is_ok());
    let told = desk.problems(&of(89), &[]).join("\n");
    assert!(told.contains("maintenance.purge_events_after_days = 89 is not"), "{told}");
    let variable = [("COUNTERSIGN__MAINTENANCE__PURGE_EVENTS_AFTER_DAYS", "1")];
    assert_eq!(desk.problems("", &variable).len(), 1);
}

#[test]
fn what_cannot_be_kept_so_long_is_refused() {
    for (maintenance, told) in [
        ("archive_after_days = 0", "line 2: maintenance.archive_after_days = 0 is not"),
        ("archive_after_days = 3651", "line 2: maintenance.archive_after_days = 3651 is not"),
        ("purge_events_after_days = 0", "line 2: maintenance.purge_events_after_days = 0 is not"),
        (
            "purge_sessions_after_days = \"x\"",
            "line 2: maintenance.purge_sessions_after_days = \"x\" is not",
        ),
        (
            "archive_after_days = 60\npurge_archive_after_days = 60",
            "line 3: maintenance.purge_archive_after_days is 60 and",
        ),
        (
            "archive_after_days = 900",
            "line 2: maintenance.purge_archive_after_days is 730 and maintenance.archive_after_days \
             is 900",
        ),
    ] {
        refused(&format!("[maintenance]\n{maintenance}"), &format!("config.toml {told}"));
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = "[store]\nurl = \"postgres://a@db/desk?sslmode=off\"\ntls = \"on\"\n\
                schema = \"a-b\"\nconnections = 99\n[customers]\ntable = \"a b\"\nid = \"1\"\n\
                [maintenance]\narchive_after_days = -1";
    let problems = Desk::new().problems(text, &[]);
    let lines: Vec<_> = problems.iter().filter_map(|it| it.split(':').next()).collect();
    let expected = [2, 3, 4, 5, 7, 8, 10].map(|line| format!("config.toml line {line}"));
    assert_eq!(lines, expected, "{problems:#?}");
}

#[test]
fn what_is_shown_of_a_server_reads_back() {
    let desk = Desk::new();
    let text = file(
        "url = \"postgres://a%40b@[::1]/my%20desk\"\ntls = \"verify\"",
        "table = \"billing.kunden\"\nlocale = \"\"",
    );
    let config = desk.load(&text, &[]).expect("allowed");
    let again = desk.load(&config.show().to_string(), &[]).expect("what is shown reads back");
    let values = |config: &Config| -> Vec<_> {
        config.show().settings().iter().map(|it| (it.key, it.value.clone())).collect()
    };
    assert_eq!(values(&again), values(&config));
    assert_eq!(again.customers, config.customers);
}

#[test]
fn a_demo_reads_no_offices_customers() {
    let desk = Desk::new();
    let variables = [
        ("COUNTERSIGN__STORE__PASSWORD", "x"),
        ("COUNTERSIGN__CUSTOMERS__TABLE", "billing.kunden"),
        ("COUNTERSIGN__CUSTOMERS__READ_ONLY", "true"),
    ];
    let surroundings = countersign::config::ProcessEnvironment::new(desk.path(), variables);
    let config = Config::demo_in(&desk.path().join("demo"), &surroundings).expect("it holds");
    assert_eq!(config.customers, own_table(false));
}
