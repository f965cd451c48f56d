//! What `migrate` says that it made.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::desk::Desk;
use super::servers::Server;

const VERSION_ONE: &str = concat!(
    include_str!("../../migrations/sqlite/0001_the_counter_desk.sql"),
    "CREATE TABLE core_schema (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, \
     applied_at BIGINT NOT NULL); INSERT INTO core_schema VALUES (1, 'the counter desk', 0);",
);

#[test]
fn a_migrate_says_what_it_made_and_when_there_was_nothing_to_do() {
    for kind in ["sqlite", "postgres", "mariadb"] {
        let mut desk = Desk::empty();
        match kind {
            "postgres" => desk.set("store.url", &Server::postgres().database("migrate").url),
            "mariadb" => desk.set("store.url", &Server::mariadb().database("migrate").url),
            _ => &mut desk,
        };
        let made = desk.run(&["migrate"]);
        assert_eq!(made.code, 0, "{kind}: {}", made.err);
        for words in ["tables were made: version", "desk.keys was made"] {
            assert!(made.out.contains(words), "{kind}: {}", made.out);
        }
        let again = desk.run(&["migrate"]);
        assert!(again.out.starts_with("There was nothing to do"), "{kind}: {}", again.out);
        assert_eq!(again.out.lines().count(), 1, "{kind}: {}", again.out);
        let json = desk.run(&["migrate", "--json"]).ended(0, "migrated");
        assert_eq!(json["from"], json["to"], "{kind}: {json}");
        assert_eq!((&json["indexed"], json.get("key_file")), (&0.into(), None), "{kind}: {json}");
    }
}

#[tokio::test]
async fn a_migrate_says_from_which_version_it_came() {
    let desk = Desk::empty();
    let options = SqliteConnectOptions::new().filename(desk.path("desk.db"));
    let mut raw = options.create_if_missing(true).connect().await.expect("a file");
    sqlx::raw_sql(VERSION_ONE).execute(&mut raw).await.expect("the first version");
    raw.close().await.expect("closed");
    let made = desk.run(&["migrate"]);
    assert!(made.out.contains("brought from version 1 to "), "{}{}", made.out, made.err);
}

#[test]
fn security_51_a_marked_store_is_not_served_by_a_tray() {
    let desk = Desk::open();
    let refused = desk.run(&["migrate", "--production"]);
    assert!(refused.code != 0 && refused.err.contains("set up the providers"), "{}", refused.err);
    desk.run(&["request", "WB-004217", "--channel", "email", "--json"]).ended(0, "sent");
    let found = |desk: &Desk| {
        let told = desk.run(&["doctor", "--json"]).json();
        let checks = told["checks"].as_array().expect("checks").clone();
        let mark = checks.into_iter().find(|it| it["part"] == "mark");
        mark.map_or_else(String::new, |it| it["found"].as_str().expect("a text").to_owned())
    };
    assert_eq!(found(&desk), "", "an office that tries things out need not");

    // Nobody listens there; nothing is sent.
    desk.configure(
        "[email]\nprovider = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\n\
         from = \"desk@example.org\"\n[sms]\nprovider = \"off\"",
    );
    let marked = desk.run(&["migrate", "--production"]);
    assert!(marked.out.contains("The store is marked as one of real customers."), "{}", marked.out);
    let again = desk.run(&["migrate", "--production"]);
    assert!(again.out.contains("is marked already"), "{}", again.out);
    assert!(found(&desk).contains("real customers, marked by"), "{}", found(&desk));

    let tray = Desk::empty();
    std::fs::copy(desk.path("desk.db"), tray.path("desk.db")).expect("copied");
    std::fs::copy(desk.path("desk.keys"), tray.path("desk.keys")).expect("copied");
    let refused = tray.run(&["request", "WB-004217", "--channel", "email"]);
    assert!(refused.err.contains("would put messages into a tray"), "{}", refused.err);
    assert!(!tray.path("tray.jsonl").exists());
}
