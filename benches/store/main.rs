//! A store of one or ten million customers, on each database: the latency of each kind of search,
//! including the hard ones; the cost of requesting and verifying compared with the bare guarded
//! update, alone and by eight concurrently; the latency of paging through the log, and of opening
//! the store.
//!
//! ```sh
//! cargo bench --bench store                                        # SQLite, 1,000,000
//! cargo bench --bench store -- --customers 100000 --requests 100000
//! cargo bench --bench store -- --url "$(benches/server start postgres)"
//! cargo bench --bench store -- --only log,desk     # of open, search, log, desk, live
//! cargo bench --bench store -- --only dashboard    # adds roll-ups of a year to the store
//! cargo bench --bench store -- --only maintain     # archives what it was loaded with
//! ```
//! The store is kept and reused by the next run.

#![expect(
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a bench that cannot go on ends; its figures are rounded anyway"
)]

mod dashboard;
mod desk;
mod floor;
mod live;
mod load;
mod maintain;
mod native;
#[path = "../support/people.rs"]
mod people;
mod place;
mod searches;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;

use countersign::domain::event::{EventFilter, EventId, EventPage};
use countersign::domain::outcome::Outcome;
use countersign::domain::query::Query;
use countersign::service::ports::{AuditStore, CustomerStore};
use countersign::store::SqlStore;
use place::{Bare, Place};
use support::{Figure, Report};

const ROUNDS: u64 = 500;
const PAGE: u32 = 50;

struct Arguments {
    place: Place,
    customers: u64,
    requests: u64,
    /// The sections to run; all if empty.
    only: Vec<String>,
}

impl Arguments {
    fn read() -> Self {
        let all: Vec<String> = std::env::args().collect();
        let value = |name: &str| {
            let at = all.iter().position(|it| it == name)?;
            all.get(at + 1).cloned()
        };
        let count = |name| value(name).and_then(|it| it.parse().ok()).unwrap_or(1_000_000);
        let customers = count("--customers");
        let place = match value("--url") {
            Some(url) if url.starts_with("postgres") => Place::Postgres(url),
            Some(url) => Place::Mysql(url),
            None => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
                fs::create_dir_all(&folder).expect("a folder");
                Place::Sqlite(folder.join(format!("store-{customers}.db")))
            }
        };
        let only = value("--only").map(|it| it.split(',').map(str::to_owned).collect());
        Self { place, customers, requests: count("--requests"), only: only.unwrap_or_default() }
    }

    fn wants(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|it| it == section)
    }
}

#[tokio::main]
async fn main() {
    let wish = Arguments::read();
    let Arguments { place, customers, requests, .. } = &wish;
    let (customers, requests) = (*customers, *requests);
    let mut report = Report::default();
    report.note(&format!("{}, {customers} customers, {requests} requests", place.name()));
    load::load(place, customers, requests, &mut report).await;
    let bare = place.bare(8).await;
    if wish.wants("open") {
        Box::pin(opening(place, &bare, &mut report)).await;
    }
    let store = place.open(1).await;
    if wish.wants("search") {
        search(&store, &bare, customers, &mut report).await;
    }
    if wish.wants("log") {
        pages(&store, &bare, &mut report).await;
    }
    store.close().await;
    if wish.wants("desk") {
        desk::one(place, &bare, customers, &mut report).await;
        desk::eight(place, &bare, customers, &mut report).await;
    }
    if wish.wants("live") {
        live::live(place, &bare, customers, &mut report).await;
    }
    // These change the data of the other sections, so they run only on request.
    if wish.only.iter().any(|it| it == "dashboard") {
        dashboard::dashboard(place, &bare, requests, &mut report).await;
    }
    if wish.only.iter().any(|it| it == "maintain") {
        maintain::maintain(place, &bare, customers, &mut report).await;
    }
    bare.close().await;
    report.print();
}

async fn opening(place: &Place, bare: &Bare, report: &mut Report) {
    report.section("from nothing to the first answer");
    let mut floor = Figure::new("bare");
    let mut figure = Figure::new("open, then find a customer");
    for round in 0..50 {
        floor.time(bare.read(BY_ACCOUNT[bare.at()], &people::account(round))).await;
        let typed = people::account(round);
        let first = async {
            let store = place.open(1).await;
            let query = Query::parse(&typed).expect("a search");
            store.find_customers(&query, 20).await.expect("an answer");
            store
        };
        figure.time(first).await.close().await;
    }
    report.line(&figure, &floor);
}

/// The floor of a search, for each database.
const BY_ACCOUNT: [&str; 3] = [
    "SELECT * FROM core_customer WHERE account_no = $1",
    "SELECT * FROM core_customer WHERE account_no = $1",
    "SELECT * FROM core_customer WHERE account_no = ?",
];

async fn search(store: &SqlStore, bare: &Bare, customers: u64, report: &mut Report) {
    report.section(&format!("searches among {customers} customers, 21 hits at most"));
    let mut floor = Figure::new("bare");
    for round in 0..ROUNDS {
        let account = people::account(people::scattered(round) % customers);
        let found = floor.time(bare.read(BY_ACCOUNT[bare.at()], &account)).await;
        assert_eq!(found, 1);
    }
    for (label, typed) in searches::SEARCHES {
        let mut figure = Figure::new(label);
        for round in 0..ROUNDS {
            let typed = typed(people::scattered(round) % customers);
            let query = Query::parse(&typed).expect("a search");
            figure.time(store.find_customers(&query, 21)).await.expect("an answer");
        }
        report.line(&figure, &floor);
    }
}

/// The floor of a page of the log, for each database.
const BARE_PAGE: [&str; 3] = [
    "SELECT * FROM core_event WHERE outcome <> $1 ORDER BY id DESC LIMIT 50",
    "SELECT * FROM core_event WHERE outcome <> $1 ORDER BY id DESC LIMIT 50",
    "SELECT * FROM core_event WHERE outcome <> ? ORDER BY id DESC LIMIT 50",
];

async fn pages(store: &SqlStore, bare: &Bare, report: &mut Report) {
    let events = bare.number("SELECT MAX(id) FROM core_event").await;
    report.section(&format!("pages of 50 of a log of {events} events"));
    let mut floor = Figure::new("bare");
    for _ in 0..ROUNDS {
        floor.time(bare.read(BARE_PAGE[bare.at()], "nothing")).await;
    }
    let wrong = EventFilter { outcome: Some(Outcome::Wrong), ..EventFilter::default() };
    let one = EventFilter { text: Some(people::account(4_217)), ..EventFilter::default() };
    for (label, filter, page) in [
        ("newest", EventFilter::default(), EventPage::Newest),
        ("middle", EventFilter::default(), EventPage::Before(EventId(events / 2))),
        ("deepest", EventFilter::default(), EventPage::Before(EventId(60))),
        ("newest wrong codes", wrong.clone(), EventPage::Newest),
        ("deepest wrong codes", wrong, EventPage::Before(EventId(5_000))),
        ("one customer's", one, EventPage::Newest),
    ] {
        let mut figure = Figure::new(label);
        for _ in 0..ROUNDS {
            figure.time(store.events(&filter, page, PAGE)).await.expect("an answer");
        }
        report.line(&figure, &floor);
    }
}
