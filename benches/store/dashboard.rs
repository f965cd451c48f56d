//! What the dashboard reads when it is opened, on roll-ups of as many requests as the store was
//! loaded with. The work is that of the rows of the quarters that are asked about, so that it
//! grows with counters and hours and not with requests.

use countersign::domain::stats::cut::cut;
use countersign::domain::stats::period::StatsPeriod;
use countersign::domain::stats::quarter::Quarter;
use countersign::domain::stats::query::{StatsDimension, StatsFilter};
use countersign::domain::stats::usual;
use countersign::domain::time::Timestamp;
use countersign::service::ports::StoreHealth;
use countersign::service::ports::alarms::AlarmStore;
use countersign::service::ports::oversight::OversightStore;
use countersign::service::ports::stats::{StatsQuery, StatsStore};
use countersign::store::SqlStore;

use super::load::numbers;
use super::place::{Bare, Place};
use super::support::{Figure, Report};

const ROUNDS: u64 = 50;

/// Quarters of an hour in the year that the requests are spread over.
const QUARTERS: u64 = 365 * 96;

/// What is counted apart: 20 counters with a clerk each, by email and by SMS, and of each the
/// codes that were asked for, sent, verified and wrong.
const SERIES: u64 = 20 * 2 * 4;

/// The floor: the sum of the newest day's roll-ups, for each database.
const FLOORS: [&str; 3] = [
    "SELECT SUM(events) FROM core_stats WHERE run = 0 AND $1 <> '' \
     AND quarter > (SELECT MAX(quarter) FROM core_stats WHERE run = 0) - 96",
    "SELECT SUM(events) FROM core_stats WHERE run = 0 AND $1 <> '' \
     AND quarter > (SELECT MAX(quarter) FROM core_stats WHERE run = 0) - 96",
    "SELECT SUM(events) FROM core_stats WHERE run = 0 AND ? <> '' \
     AND quarter > (SELECT MAX(quarter) FROM core_stats WHERE run = 0) - 96",
];

/// Rows generated per statement.
const STEP: u64 = 1_000_000;

/// Fills the roll-ups with what so many requests come to, once.
async fn fill(bare: &Bare, now: Timestamp, requests: u64) {
    let there = bare.number("SELECT COUNT(*) FROM core_stats_series").await;
    if there > 0 {
        return;
    }
    let now = Quarter::of(now).0;
    for series in 0..SERIES {
        let (kind, outcome) =
            [("requested", ""), ("sent", ""), ("attempt", "verified"), ("attempt", "wrong")]
                [(series % 4) as usize];
        let channel = if series / 4 % 2 == 0 { "email" } else { "sms" };
        let counter = series / 8;
        bare.run(&format!(
            "INSERT INTO core_stats_series (id, counter, clerk, channel, provider, purpose, kind, \
             outcome) VALUES ({series}, '{counter}', 'clerk{counter}', '{channel}', 'twilio', \
             'pay a bill', '{kind}', '{outcome}'), ({}, '', '', '{channel}{counter}', 'twilio', \
             'pay a bill', '{kind}', '{outcome}')",
            series + SERIES
        ))
        .await;
    }
    // Each request is some of these events; together they are at most one row for each quarter
    // and series, as the sealer leaves them.
    let events = requests * 3;
    let rows = events.min(QUARTERS * SERIES);
    let each = events.div_ceil(rows);
    for from in (0..rows).step_by(STEP as usize) {
        let to = rows.min(from + STEP) - 1;
        let (with, numbers) = numbers(bare, from, to);
        let quarter = format!("{now} - i % {QUARTERS}");
        let div = if let Bare::Mysql(_) = bare { "DIV" } else { "/" };
        let series = format!("(i {div} {QUARTERS}) % {SERIES}");
        for (into, values) in [
            (
                "core_stats (run, quarter, series, events)",
                format!("0, {quarter}, {series}, {each}"),
            ),
            (
                "core_stats_time (run, quarter, series, bucket, events)",
                format!("0, {quarter}, {series} + {SERIES}, 60 + i % 40, {each}"),
            ),
        ] {
            bare.run(&format!("INSERT INTO {into} {with} SELECT {values} FROM {numbers}")).await;
        }
    }
    match bare {
        Bare::Sqlite(_) => bare.run("PRAGMA wal_checkpoint(TRUNCATE)").await,
        Bare::Postgres(_) => bare.run("VACUUM ANALYZE core_stats, core_stats_time").await,
        Bare::Mysql(_) => bare.run("ANALYZE TABLE core_stats, core_stats_time").await,
    }
}

/// The reads of the stats, as the dashboard makes them.
fn queries(period: StatsPeriod, now: Timestamp) -> Vec<StatsQuery> {
    let now = now.to_utc();
    let whole = period.span(&now);
    let mut spans = vec![whole];
    spans.extend(cut(whole, period.unit(), &chrono::Utc));
    if period.has_usual() {
        spans.extend(usual::weeks_before(whole, &now));
    }
    let only = StatsFilter::default;
    let mut queries = vec![StatsQuery { spans, by: None, only: only() }];
    for by in [
        StatsDimension::Channel,
        StatsDimension::Provider,
        StatsDimension::Counter,
        StatsDimension::Clerk,
    ] {
        queries.push(StatsQuery { spans: vec![whole], by: Some(by), only: only() });
    }
    queries
}

async fn open(store: &SqlStore, period: StatsPeriod, now: Timestamp) {
    store.oversight(5).await.expect("an answer");
    store.open_alarms(100).await.expect("an answer");
    for query in &queries(period, now) {
        let found = store.stats(query).await.expect("an answer");
        assert!(!found.more && found.spans.iter().any(|it| !it.groups.is_empty()));
    }
}

pub(crate) async fn dashboard(place: &Place, bare: &Bare, requests: u64, report: &mut Report) {
    let store = place.open(1).await;
    let at = store.now().await.expect("a clock");
    fill(bare, at, requests).await;
    let rows = bare.number("SELECT COUNT(*) FROM core_stats").await;
    report.section(&format!("the dashboard of {requests} requests in a year, {rows} roll-ups"));
    let mut floor = Figure::new("bare sum of a day");
    let text = FLOORS[bare.at()];
    for round in 0..ROUNDS {
        floor.time(bare.read(text, &round.to_string())).await;
    }
    let mut now = Figure::new("what goes on now");
    for _ in 0..ROUNDS {
        now.time(store.oversight(5)).await.expect("an answer");
    }
    report.line(&now, &floor);
    for (label, period) in [
        ("opened: all reads, today", StatsPeriod::Today),
        ("opened: all reads, 24 hours", StatsPeriod::Day),
        ("opened: all reads, 7 days", StatsPeriod::Week),
        ("opened: all reads, 30 days", StatsPeriod::ThirtyDays),
    ] {
        let mut figure = Figure::new(label);
        for _ in 0..ROUNDS {
            figure.time(open(&store, period, at)).await;
        }
        report.line(&figure, &floor);
    }
    store.close().await;
}
