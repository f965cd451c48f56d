//! Fifty counters on one PostgreSQL as it comes, with its 100 connections.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tempfile::TempDir;

use super::terminal::{PtySession, countersign};
use crate::servers::{Database, Kind, Options, Server};

const COUNTERS: usize = 50;

/// What PostgreSQL leaves to those who are not its administrators.
const USABLE: i64 = 97;

const COUNT: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'countersign'";

pub(super) fn office(database: &Database) -> Arc<TempDir> {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let text = format!(
        "[office]\nname = \"Riverside Billing\"\ncounter = \"3\"\n[store]\nurl = \"{}\"\n\
         [keys]\nfile = \"desk.keys\"\n[tray]\nfile = \"tray.jsonl\"\n[log]\nfile = \"desk.log\"\n",
        database.url
    );
    let path = folder.path().join("config.toml");
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
    let list = "account_no,name,email,phone,address\nWB-1,Dana Rivera,dana@example.org,,\n\
                WB-2,Bo Lindqvist,bo@example.org,,\n";
    fs::write(folder.path().join("customers.csv"), list).expect("written");
    folder
}

pub(super) fn within(folder: &TempDir, arguments: &[&str]) -> CommandBuilder {
    let mut command = countersign(folder, arguments);
    command.env("COUNTERSIGN_CONFIG", folder.path().join("config.toml"));
    command
}

pub(super) fn run(folder: &Arc<TempDir>, arguments: &[&str]) {
    let mut session = PtySession::run(within(folder, arguments), Arc::clone(folder));
    let code = session.end();
    assert_eq!(code, 0, "{arguments:?}: {}", session.all_output());
}

/// After this time without a change every counter that looks for room has found it or none.
const SETTLED: Duration = Duration::from_secs(1);

/// Counts the counters' connections, as an administrator does, who always finds room; gives the
/// most there were until it was told to end and their number had settled.
fn most(database: &Database, end: &AtomicBool) -> i64 {
    let options: PgConnectOptions = database.admin_url.parse().expect("a URL");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (mut most, mut last, mut since) = (0, 0, Instant::now());
        let mut line: Option<PgConnection> = None;
        while !end.load(Ordering::Relaxed) || since.elapsed() < SETTLED {
            let found = match &mut line {
                Some(line) => sqlx::query_scalar(COUNT).fetch_one(line).await.ok(),
                None => None,
            };
            match found {
                Some(count) => {
                    most = most.max(count);
                    if count != last {
                        (last, since) = (count, Instant::now());
                    }
                }
                None => line = options.clone().disable_statement_logging().connect().await.ok(),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        most
    })
}

/// Does something while the connections are counted.
fn counting(database: &Database, act: impl FnOnce()) -> i64 {
    let end = AtomicBool::new(false);
    thread::scope(|scope| {
        let most = scope.spawn(|| most(database, &end));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        end.store(true, Ordering::Relaxed);
        let most = most.join().expect("a count");
        done.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
        most
    })
}

/// What the server wrote down of counters that it refused or that broke off.
fn refused(server: &Path) -> Vec<String> {
    let log = fs::read(server.join("log")).expect("the server's log");
    let log = String::from_utf8_lossy(&log).into_owned();
    let full = ["too many", "remaining connection slots", "unexpected EOF", "could not receive"];
    log.lines().filter(|line| full.iter().any(|it| line.contains(it))).map(str::to_owned).collect()
}

fn all_ok(session: &PtySession) {
    session.wait_for_text("all ok");
}

/// How long after an entry was written each counter showed it.
fn shown(sessions: &[PtySession], text: &str, since: Instant) -> Duration {
    for session in sessions {
        session.wait_for_text(text);
    }
    since.elapsed()
}

#[test]
fn fifty_counters_fit_a_postgres_as_it_comes() {
    let server = Server::new(Kind::Postgres, Options::default());
    let database = server.database("many");
    let folder = office(&database);
    run(&folder, &["migrate"]);
    run(&folder, &["customers", "import", "customers.csv"]);
    let mut sessions: Vec<PtySession> = Vec::new();
    let opening = counting(&database, || {
        for _ in 0..COUNTERS {
            sessions.push(PtySession::run(within(&folder, &[]), Arc::clone(&folder)));
        }
        for session in &mut sessions {
            all_ok(session);
            session.press("\x1bOQ").wait_for_text("Customers imported");
        }
    });
    let since = Instant::now();
    run(&folder, &["request", "WB-1", "--channel", "email"]);
    let told = shown(&sessions, "Dana", since);

    server.stop();
    let back = counting(&database, || {
        for session in &mut sessions {
            // All entries are read anew.
            session.press("x").wait_for_text("store lost");
        }
        server.start();
        sessions.iter().for_each(all_ok);
    });
    let since = Instant::now();
    run(&folder, &["request", "WB-2", "--channel", "email"]);
    let told_again = shown(&sessions, "Bo Lind", since);
    for session in &mut sessions {
        session.leave();
    }
    for session in &mut sessions {
        assert_eq!(session.end(), 0, "{}", session.all_output());
    }
    println!(
        "{COUNTERS} counters: {opening} connections at most, {back} after the server was started \
         again; an entry is on every screen {told:?} after its command began, {told_again:?}"
    );
    for count in [opening, back] {
        let counters = i64::try_from(COUNTERS).expect("few");
        assert!((counters..=USABLE).contains(&count), "{count} connections");
    }
    assert_eq!(refused(server.folder()), Vec::<String>::new());
}
