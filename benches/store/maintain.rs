//! The cost of `countersign maintain`, run as a separate process, and its effect on a counter's
//! latencies.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign::domain::query::Query;
use countersign::service::ports::CustomerStore;
use tempfile::TempDir;

use super::desk;
use super::desk::Desk;
use super::people;
use super::place::{Bare, Place};
use super::support::{Figure, Report};

/// How often a counter does each act, with and without maintenance.
const ROUNDS: u64 = 2_000;

/// How long maintenance is measured without a counter.
const ALONE: Duration = Duration::from_secs(20);

/// An office whose maintenance is run.
struct Office(TempDir);

impl Office {
    /// `days` is the age from which requests are archived.
    fn new(place: &Place, days: u32) -> Self {
        let url = match place {
            Place::Sqlite(file) => format!("sqlite:{}", file.display()),
            Place::Postgres(url) | Place::Mysql(url) => url.clone(),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "[office]\nname = \"Bench\"\ncounter = \"3\"\n[store]\nurl = \"{url}\"\n\
             [keys]\nfile = \"desk.keys\"\n[tray]\nfile = \"tray.jsonl\"\n\
             [log]\nfile = \"desk.log\"\n[maintenance]\narchive_after_days = {days}\n\
             purge_archive_after_days = 3650\npurge_events_after_days = 3650\n"
        );
        let path = folder.path().join("config.toml");
        fs::write(&path, text).expect("written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed");
        Self(folder)
    }

    fn maintain(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_countersign"))
            .arg("maintain")
            .env("COUNTERSIGN_CONFIG", self.0.path().join("config.toml"))
            .current_dir(self.0.path())
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("it runs")
    }
}

/// The number of requests that are not archived yet.
async fn left(bare: &Bare) -> i64 {
    bare.number("SELECT MAX(id) FROM core_otp").await
        - bare.number("SELECT MIN(id) FROM core_otp").await
}

/// The latencies of a counter's acts: search, request, wrong code, right code.
struct Acts([Figure; 4]);

impl Acts {
    async fn measure(desk: &Desk, begin: u64, customers: u64, beside: &str) -> Self {
        let name = |act: &str| Figure::new(format!("{act}, {beside}"));
        let [mut find, mut ask, mut wrong, mut right] =
            ["find a customer", "ask", "a wrong code", "the right code"].map(name);
        for round in 0..ROUNDS {
            let account = people::account(people::scattered(begin + round) % customers);
            let query = Query::parse(&account).expect("a search");
            find.time(desk.store.find_customers(&query, 21)).await.expect("an answer");
            ask.time(desk.ask(begin + round)).await;
            wrong.time(desk.enter(begin + round, 7)).await;
            right.time(desk.enter(begin + round, desk::RIGHT)).await;
        }
        Self([find, ask, wrong, right])
    }
}

pub(crate) async fn maintain(place: &Place, bare: &Bare, customers: u64, report: &mut Report) {
    let requests = left(bare).await;
    report.note(&format!("\nmaintenance of {requests} requests"));
    let idle = Office::new(place, 3_000);
    let mut nothing = Figure::new("a run that finds nothing to do");
    for _ in 0..5 {
        let since = Instant::now();
        let ended = idle.maintain().wait().expect("an end");
        assert!(ended.success(), "{ended}");
        nothing.record(since.elapsed());
    }
    report.note(&format!(
        "{:<44}{:>9.0} ms",
        "a run that finds nothing to do",
        nothing.percentile(50.0).as_secs_f64() * 1e3
    ));
    let desk = Desk::open(place, customers, 1).await;
    let begin = desk::begin(&desk.store).await;
    let quiet = Acts::measure(&desk, begin, customers, "alone").await;

    let busy = Office::new(place, 30);
    let (before, since) = (left(bare).await, Instant::now());
    let mut child = busy.maintain();
    let rounds = Acts::measure(&desk, begin + ROUNDS, customers, "beside maintenance").await;
    assert!(child.try_wait().expect("asked").is_none(), "maintenance ended before the counter");
    let moved = (before - left(bare).await) as f64 + ROUNDS as f64;
    report.note(&rate("requests archived a second, counter at work", moved, since));
    let (before, since) = (left(bare).await, Instant::now());
    tokio::time::sleep(ALONE).await;
    let moved = (before - left(bare).await) as f64;
    report.note(&rate("requests archived a second, nobody at work", moved, since));
    child.kill().expect("ended");
    child.wait().expect("an end");

    report.section("a counter's acts, and beside maintenance (the floor: alone)");
    for (it, alone) in rounds.0.iter().zip(&quiet.0) {
        report.line(alone, alone);
        report.line(it, alone);
    }
    desk.store.close().await;
}

fn rate(name: &str, count: f64, since: Instant) -> String {
    format!("{name:<44}{:>11.0}", count / since.elapsed().as_secs_f64())
}
