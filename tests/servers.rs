//! The servers that other tests start: that each test is alone in its database,
//! that a server can be lost and found, and that none outlives its test.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "support/servers/mod.rs"]
mod servers;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use servers::{Database, Kind, Options, Server};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, MySqlConnection, PgConnection};

/// Makes a table in the database at a URL.
async fn mark(url: &str) {
    const MARK: &str = "CREATE TABLE mark (id INT PRIMARY KEY)";
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.expect("connected");
        sqlx::raw_sql(MARK).execute(&mut connection).await.expect("made");
    } else {
        let mut connection = MySqlConnection::connect(url).await.expect("connected");
        sqlx::raw_sql(MARK).execute(&mut connection).await.expect("made");
    }
}

/// How many tables there are in a database, if the server answers.
async fn marks(database: &Database) -> Result<i64, sqlx::Error> {
    if database.url.starts_with("postgres") {
        let mut connection = PgConnection::connect(&database.url).await?;
        sqlx::query_scalar("SELECT COUNT(*) FROM pg_tables WHERE tablename = 'mark'")
            .fetch_one(&mut connection)
            .await
    } else {
        let mut connection = MySqlConnection::connect(&database.url).await?;
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM information_schema.tables
             WHERE table_name = 'mark' AND table_schema = DATABASE()",
        )
        .fetch_one(&mut connection)
        .await
    }
}

fn shared() -> [&'static Server; 2] {
    [Server::postgres(), Server::mariadb()]
}

#[tokio::test]
async fn each_test_is_alone_in_its_database() {
    for server in shared() {
        let (one, other) = (server.database("alone"), server.database("alone"));
        mark(&one.url).await;
        assert_eq!(marks(&one).await.expect("an answer"), 1, "{:?}", server.kind());
        assert_eq!(marks(&other).await.expect("an answer"), 0, "{:?}", server.kind());
    }
}

#[tokio::test]
async fn a_template_is_copied_for_each_test() {
    for server in shared() {
        let one = server.template("marked", mark);
        let other = server.template("marked", mark);
        assert_ne!(one.name, other.name);
        for database in [one, other] {
            assert_eq!(marks(&database).await.expect("an answer"), 1, "{:?}", server.kind());
        }
    }
}

#[tokio::test]
async fn a_server_is_stopped_killed_and_paused_and_comes_back() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let server = Server::new(kind, Options { durable: true, ..Options::default() });
        let database = server.database("lost");
        mark(&database.url).await;
        for end in [Server::stop, Server::kill] {
            end(&server);
            marks(&database).await.expect_err("nobody there");
            server.start();
            assert_eq!(marks(&database).await.expect("an answer"), 1, "{kind:?}");
        }
        server.pause();
        let answer = tokio::time::timeout(Duration::from_millis(200), marks(&database)).await;
        answer.expect_err("a server that is paused says nothing");
        server.resume();
        assert_eq!(marks(&database).await.expect("an answer"), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_server_with_tls_proves_who_it_is() {
    let tls = Options { tls: true, ..Options::default() };

    let server = Server::new(Kind::Postgres, tls);
    let options: PgConnectOptions = server.database("tls").url.parse().expect("a URL");
    let trusting = options.clone().ssl_mode(PgSslMode::VerifyFull);
    let right = trusting.clone().ssl_root_cert(server.ca());
    PgConnection::connect_with(&right).await.expect("a certificate that holds");
    PgConnection::connect_with(&trusting).await.expect_err("signed by a stranger");
    let plain = options.ssl_mode(PgSslMode::Disable);
    PgConnection::connect_with(&plain).await.expect_err("not without TLS");

    let server = Server::new(Kind::MariaDb, tls);
    let options: MySqlConnectOptions = server.database("tls").url.parse().expect("a URL");
    let trusting = options.clone().ssl_mode(MySqlSslMode::VerifyIdentity);
    let right = trusting.clone().ssl_ca(server.ca());
    MySqlConnection::connect_with(&right).await.expect("a certificate that holds");
    MySqlConnection::connect_with(&trusting).await.expect_err("signed by a stranger");
    let plain = options.ssl_mode(MySqlSslMode::Disabled);
    MySqlConnection::connect_with(&plain).await.expect_err("not without TLS");
}

/// Set in the process that a test starts of itself, to be killed.
const DOOMED: &str = "COUNTERSIGN_TEST_DOOMED";

#[test]
fn no_server_outlives_a_test_that_is_killed() {
    if env::var_os(DOOMED).is_some() {
        let paused = Server::new(Kind::Postgres, Options::default());
        paused.pause();
        for server in shared().into_iter().chain([&paused]) {
            let pid = server.pid().expect("a server that runs");
            println!("server {pid} {}", server.folder().display());
        }
        println!("ready");
        loop {
            thread::park();
        }
    }
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "no_server_outlives_a_test_that_is_killed", "--nocapture"])
        .env(DOOMED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let said: Vec<String> = BufReader::new(child.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok)
        .take_while(|line| line != "ready")
        .collect();
    child.kill().expect("killed");
    child.wait().expect("ended");
    let left: Vec<_> = said
        .iter()
        .filter_map(|line| line.split_once("server ")?.1.split_once(' '))
        .flat_map(|(pid, folder)| [format!("/proc/{pid}"), folder.to_owned()])
        .collect();
    assert_eq!(left.len(), 6, "three servers were started: {said:?}");
    let begun = Instant::now();
    while let Some(still) = left.iter().find(|path| Path::new(path).exists()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{still} is still there");
        thread::sleep(Duration::from_millis(10));
    }
}
