//! A store on a server that cannot be used, told at a shell.

use std::fs;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::desk::{CUSTOMERS, Desk};
use super::servers::{Database, PASSWORD, Server};

/// Everything that a run left behind: what it said, and its log at its fullest.
fn traces(desk: &Desk, arguments: &[&str], code: i32, outcome: &str) -> String {
    let told = desk.run(arguments);
    let json: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let message = desk.run(&json).ended(code, outcome).to_string();
    assert_eq!((told.code, told.err.lines().count()), (code, 1), "{}", told.err);
    let log = fs::read_to_string(desk.path("desk.log")).unwrap_or_default();
    format!("{}{}{message}{log}", told.out, told.err)
}

#[test]
fn security_33_no_word_about_a_store_that_fails_repeats_its_password() {
    for server in [Server::postgres(), Server::mariadb()] {
        let database = server.database("shell");
        let with = |from: &str, to: &str| {
            let mut desk = Desk::empty();
            desk.set("store.url", &database.url.replace(from, to));
            desk
        };
        let wrong = format!("{PASSWORD}-wrong");
        for (desk, code, outcome, wanted) in [
            (with(PASSWORD, &wrong), 78, "bad_configuration", "password"),
            (with(&database.name, "nowhere"), 78, "bad_configuration", "nowhere"),
            (with("127.0.0.1", "nowhere.invalid"), 31, "unavailable", "cannot be reached"),
            (with("", ""), 31, "unavailable", "countersign migrate"),
        ] {
            let traces = traces(&desk, &["customers", "find", "dana"], code, outcome);
            assert!(traces.contains(wanted), "{wanted}: {traces}");
            assert!(!traces.contains(PASSWORD) && !traces.contains("://"), "{traces}");
        }
    }
}

/// Runs a script as the database's administrator.
async fn administer(database: &Database, script: &str) {
    let script = sqlx::raw_sql(AssertSqlSafe(script));
    let url = &database.admin_url;
    let done = if url.starts_with("postgres") {
        let options: PgConnectOptions = url.parse().expect("a URL");
        script.execute(&mut options.connect().await.expect("a connection")).await.map(drop)
    } else {
        let options: MySqlConnectOptions = url.parse().expect("a URL");
        script.execute(&mut options.connect().await.expect("a connection")).await.map(drop)
    };
    done.expect("the script");
}

/// The script of `assets/grants`, and what gives an account a counter's role.
fn grants(database: &Database, user: &str) -> [String; 2] {
    if database.url.starts_with("postgres") {
        let script = include_str!("../../assets/grants/postgres.sql");
        return [script.into(), format!("GRANT countersign_counter TO {user}")];
    }
    let script = include_str!("../../assets/grants/mysql.sql");
    let script = script.replace("countersign.", &format!("{}.", database.name));
    let grant = format!(
        "GRANT countersign_counter TO '{user}'@'%'; \
         SET DEFAULT ROLE countersign_counter FOR '{user}'@'%'"
    );
    [script, grant]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counters_account_does_not_import_and_hears_who_does() {
    for server in [Server::postgres(), Server::mariadb()] {
        let database = server.database("import");
        let mut desk = Desk::empty();
        desk.set("store.url", &database.url);
        assert_eq!(desk.run(&["migrate"]).code, 0);
        let user = server.stranger(&database, "counter");
        for script in grants(&database, &user) {
            administer(&database, &script).await;
        }

        let own = database.url.replace("//counter:", &format!("//{user}:"));
        desk.set("store.url", &own);
        let refused = desk.told(&["customers", "import", "-", "--json"], CUSTOMERS);
        let refused = refused.ended(40, "forbidden").to_string();
        for words in ["may not write customers", "nothing was written", "owns the store's tables"] {
            assert!(refused.contains(words), "{words}: {refused}");
        }
        desk.set("store.url", &database.url);
        desk.told(&["customers", "import", "-", "--json"], CUSTOMERS).ended(0, "imported");
    }
}
