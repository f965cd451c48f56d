//! Pages of a long log, the newest and the deepest, each beside its floor: the
//! bare newest page through the same driver on the same file.
//!
//! ```sh
//! cargo bench --bench log
//! COUNTERSIGN_BENCH_EVENTS=100000 cargo bench --bench log     # a shorter run
//! ```
//! The store is kept in `target/bench` and used again by the next run.

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

#[path = "support/people.rs"]
mod people;
#[expect(dead_code, reason = "each bench uses its part")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use countersign::config::settings::{CustomerSettings, StoreSettings};
use countersign::domain::channel::Channel;
use countersign::domain::event::{EventFilter, EventId, Page};
use countersign::domain::outcome::Outcome;
use countersign::service::ports::Store;
use countersign::store::SqlStore;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use support::{Figure, Report};

const ROUNDS: u64 = 2_000;
const PAGE: u32 = 50;
const CUSTOMERS: u64 = 2_000;

#[tokio::main]
async fn main() {
    let events = std::env::var("COUNTERSIGN_BENCH_EVENTS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1_000_000_i64);
    let file = prepare(events).await;
    let store = open(&file).await;
    let floor = connect(&file).await;
    let mut report = Report::default();
    pages(&store, &floor, events, &mut report).await;
    report.print();
}

async fn prepare(events: i64) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let file = folder.join(format!("log-{events}.db"));
    if file.exists() {
        return file;
    }
    fs::create_dir_all(&folder).expect("a folder");
    let part = file.with_extension("part");
    let customers: Vec<_> = (0..CUSTOMERS).map(people::customer).collect();
    open(&part).await.import(&customers).await.expect("customers");
    let pool = connect(&part).await;
    write(&pool, events).await;
    // Closing the last connection folds the write-ahead log into the file.
    pool.close().await;
    fs::rename(&part, &file).expect("renamed");
    file
}

async fn write(pool: &SqlitePool, events: i64) {
    sqlx::query(
        "INSERT INTO core_event (at, kind, outcome, request, customer_id, channel, contact, \
         clerk, counter, detail) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
         SELECT 1700000000000 + i * 1000, 'attempt', \
         CASE i % 50 WHEN 0 THEN 'expired' WHEN 1 THEN 'wrong' ELSE 'verified' END, \
         printf('%010d', i / 4), 1 + i % ?2, CASE i % 3 WHEN 0 THEN 'email' ELSE 'sms' END, '+4*****12', \
         'amira', '3', NULL FROM n",
    )
    .bind(events)
    .bind(i64::try_from(CUSTOMERS).expect("fits"))
    .execute(pool)
    .await
    .expect("events");
}

async fn open(file: &Path) -> SqlStore {
    let settings = StoreSettings::Sqlite { file: file.to_owned() };
    SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store")
}

async fn connect(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file);
    let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    pool.connect_with(options).await.expect("a connection")
}

async fn pages(store: &SqlStore, floor: &SqlitePool, events: i64, report: &mut Report) {
    report.section(&format!("a log page of {PAGE} among {events} events"));
    let mut bare = Figure::new("bare");
    for _ in 0..ROUNDS {
        let page = sqlx::query("SELECT * FROM core_event ORDER BY id DESC LIMIT ?1").bind(PAGE);
        bare.time(page.fetch_all(floor)).await.expect("a page");
    }
    let everything = EventFilter::default();
    let rare = EventFilter {
        outcome: Some(Outcome::Expired),
        channel: Some(Channel::Email),
        ..EventFilter::default()
    };
    let of_one = EventFilter { text: Some(people::account(123)), ..EventFilter::default() };
    for (label, filter, page) in [
        ("the newest page", &everything, Page::Newest),
        ("the deepest page", &everything, Page::Before(EventId(i64::from(PAGE) + 1))),
        ("newest of one outcome and channel", &rare, Page::Newest),
        ("of one customer, by text", &of_one, Page::Newest),
    ] {
        let mut figure = Figure::new(label);
        for _ in 0..ROUNDS {
            figure.time(store.events(filter, page, PAGE)).await.expect("a page");
        }
        report.line(&figure, &bare);
    }
}
