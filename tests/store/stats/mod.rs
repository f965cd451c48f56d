//! The stats: equal to a recount of the log, whoever is killed, and to what a rebuild makes.

mod alarm_mail;
mod alarms;
mod oversight;
mod rebuild;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::event::{Actor, EventFacts, EventKind};
use countersign::domain::outcome::Outcome;
use countersign::domain::request::RequestId;
use countersign::domain::stats::figures::Figure;
use countersign::domain::stats::quarter::Quarter;
use countersign::domain::stats::query::{SpanStats, StatsDimension, StatsFilter, StatsSpan};
use countersign::domain::time::Timestamp;
use countersign::service::ports::stats::{StatsQuery, StatsStore as _};
use countersign::service::ports::{AuditStore as _, NewEvent, StoreHealth as _};
use countersign::store::SqlStore;
use tokio::task::JoinSet;

use crate::support::{Kind, TestStore, next, on_each_store};
use crate::trail::{Drawer, Trail, desk};

/// All quarters that there can be.
const EVER: StatsSpan = StatsSpan { from: Quarter(0), before: Quarter(10_000_000) };

/// What the log holds by quarter and series, counted by a statement of its own: not by the
/// code that makes the stats.
async fn recount(fixture: &TestStore) -> Vec<String> {
    let quarter = match fixture.kind() {
        Kind::MariaDb => "e.at DIV 900000",
        _ => "e.at / 900000",
    };
    let text = |column: &str| format!("COALESCE({column}, '')");
    let names =
        ["e.counter", "e.clerk", "e.channel", "e.provider", "e.purpose", "e.kind", "e.outcome"];
    let names = names.map(text).join(", '|', ");
    let key = format!("CONCAT({quarter}, '|', {names})");
    fixture
        .texts(&format!(
            "SELECT CONCAT({key}, ' ', COUNT(*)) FROM core_event e \
             JOIN core_audit_leaf l ON l.event_id = e.id GROUP BY {key} ORDER BY 1"
        ))
        .await
}

/// The same as the stats have it.
async fn counted(fixture: &TestStore) -> Vec<String> {
    let names = ["counter", "clerk", "channel", "provider", "purpose", "kind", "outcome"];
    let names = names.map(|it| format!("d.{it}")).join(", '|', ");
    fixture
        .texts(&format!(
            "SELECT CONCAT(s.quarter, '|', {names}, ' ', s.events) FROM core_stats s \
             JOIN core_stats_series d ON d.id = s.series \
             WHERE s.run = (SELECT run FROM core_stats_state) ORDER BY 1"
        ))
        .await
}

/// Times by quarter, series and bucket.
async fn timed(fixture: &TestStore) -> Vec<String> {
    let names = ["channel", "provider", "purpose", "kind", "outcome"];
    let names = names.map(|it| format!("d.{it}")).join(", '|', ");
    fixture
        .texts(&format!(
            "SELECT CONCAT(s.quarter, '|', {names}, '|', d.clerk, d.counter, ' ', s.bucket, ' ', \
             s.events) FROM core_stats_time s JOIN core_stats_series d ON d.id = s.series \
             WHERE s.run = (SELECT run FROM core_stats_state) ORDER BY 1"
        ))
        .await
}

/// One entry that knows its request.
struct Entry<'a> {
    kind: EventKind,
    outcome: Option<Outcome>,
    clerk: &'a str,
    provider: Option<&'a str>,
    asked_at: Option<Timestamp>,
}

async fn write(store: &SqlStore, entry: Entry<'_>) {
    let actor = Actor { clerk: entry.clerk.into(), counter: "1".into() };
    let request = RequestId::from_bits(next());
    let event = NewEvent {
        kind: entry.kind,
        outcome: entry.outcome,
        request: Some(&request),
        customer: None,
        channel: Some(Channel::Sms),
        contact: None,
        detail: None,
        actor: &actor,
        facts: EventFacts {
            purpose: Some("pay a bill"),
            provider: entry.provider,
            asked_at: entry.asked_at,
        },
    };
    store.record(&format!("entry {}", next()), event).await.expect("written");
}

fn asked(clerk: &str) -> Entry<'_> {
    Entry { kind: EventKind::Requested, outcome: None, clerk, provider: None, asked_at: None }
}

/// The `number`th of some entries of all sorts.
async fn write_one(store: &SqlStore, number: usize) {
    let clerk = ["dana", "bo", "amira"][number % 3];
    let now = store.now().await.expect("the time");
    let then = now.minus(Duration::from_millis(1_000 * (1 + number as u64 % 7)));
    let (kind, outcome, provider) = match number % 5 {
        0 => (EventKind::Requested, None, Some("twilio")),
        1 => (EventKind::Sent, None, Some("twilio")),
        2 => (EventKind::Delivered, None, Some("gateway")),
        3 => (EventKind::Attempt, Some(Outcome::Verified), Some("twilio")),
        _ => (EventKind::Attempt, Some(Outcome::Wrong), None),
    };
    write(store, Entry { kind, outcome, clerk, provider, asked_at: Some(then) }).await;
}

async fn read(
    store: &SqlStore,
    span: StatsSpan,
    by: Option<StatsDimension>,
    only: StatsFilter,
) -> SpanStats {
    let query = StatsQuery { spans: vec![span], by, only };
    let mut found = store.stats(&query).await.expect("read");
    assert!(!found.more);
    found.spans.remove(0)
}

const WRITERS: usize = 3;
const EACH: usize = 60;

on_each_store! {
    async fn security_62_each_sealed_event_is_counted_once_though_sealers_are_killed(fixture) {
        let trail = Trail::new(fixture).await;
        let keys: Arc<Drawer> = Arc::default();
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let store = trail.fixture.open().await;
            writers.spawn(async move {
                for number in 0..EACH {
                    write_one(&store, writer + number).await;
                }
            });
        }
        let (is_over, mut sealers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for number in 0..2_u64 {
            let desk = desk(trail.fixture.open().await, keys.clone());
            let is_over = is_over.clone();
            sealers.spawn(async move {
                let mut killed = 0;
                for round in 0_u64.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    // Dropped at whatever it waits for: as if its process had been killed.
                    let patience = Duration::from_micros(300 + (round * 977 + number * 331) % 9_000);
                    match tokio::time::timeout(patience, desk.seal_trail()).await {
                        Ok(progress) => drop(progress.expect("sealed")),
                        Err(_) => killed += 1,
                    }
                }
                killed
            });
        }
        while let Some(written) = writers.join_next().await {
            written.expect("written");
        }
        is_over.store(true, Ordering::Relaxed);
        let killed: u32 = sealers.join_all().await.into_iter().sum();
        assert!(killed > 0, "no sealer was killed");
        let trail = Trail { desk: desk(trail.store.clone(), keys), ..trail };
        trail.seal().await;
        let recounted = recount(&trail.fixture).await;
        assert!(recounted.len() >= 9, "{recounted:?}");
        assert_eq!(counted(&trail.fixture).await, recounted);
        trail.intact((WRITERS * EACH) as u64).await;
    }

    async fn figures_and_times_are_told_by_what_is_asked_for(fixture) {
        let trail = Trail::new(fixture).await;
        let store = &trail.store;
        let now = store.now().await.expect("the time");
        write(store, asked("dana")).await;
        write(store, asked("dana")).await;
        write(store, asked("bo")).await;
        for (provider, seconds) in [("twilio", 2), ("twilio", 4), ("gateway", 30)] {
            let asked_at = Some(now.minus(Duration::from_secs(seconds)));
            let provider = Some(provider);
            let sent = Entry { kind: EventKind::Sent, outcome: None, clerk: "w", provider, asked_at };
            write(store, sent).await;
        }
        for (clerk, outcome) in [("dana", Outcome::Verified), ("bo", Outcome::Wrong)] {
            let asked_at = Some(now.minus(Duration::from_secs(20)));
            let outcome = Some(outcome);
            let entry = Entry { kind: EventKind::Attempt, outcome, clerk, provider: None, asked_at };
            write(store, entry).await;
        }
        trail.seal().await;

        let all = read(store, EVER, None, StatsFilter::default()).await;
        let [group] = all.groups.as_slice() else { panic!("{all:?}") };
        let of = |figure| group.counts.of(figure);
        assert_eq!((of(Figure::Asked), of(Figure::Sent), of(Figure::Verified)), (3, 3, 1));
        assert_eq!(group.counts.failures(), 1);
        let accepted = group.accepted.expect("times");
        assert_eq!(accepted.count, 3);
        assert!((3_700..9_000).contains(&accepted.p50.as_millis()), "{accepted:?}");
        assert!((28_000..40_000).contains(&accepted.p95.as_millis()), "{accepted:?}");
        assert_eq!(group.verified.map(|it| it.count), Some(1), "a wrong code has no time");

        let by = Some(StatsDimension::Clerk);
        let clerks = read(store, EVER, by, StatsFilter::default()).await.groups;
        let told: Vec<_> =
            clerks.iter().map(|it| (&*it.name, it.counts.of(Figure::Asked), it.accepted)).collect();
        assert_eq!(told, [("bo", 1, None), ("dana", 2, None), ("w", 0, None)]);

        let by = Some(StatsDimension::Provider);
        let providers = read(store, EVER, by, StatsFilter::default()).await.groups;
        let told: Vec<_> =
            providers.iter().map(|it| (&*it.name, it.accepted.map(|it| it.count))).collect();
        assert_eq!(told, [("", None), ("gateway", Some(1)), ("twilio", Some(2))]);

        let only = StatsFilter { provider: Some("gateway".into()), ..StatsFilter::default() };
        let gateway = read(store, EVER, None, only).await;
        assert_eq!(gateway.counts().of(Figure::Sent), 1);
        assert_eq!(gateway.groups[0].accepted.map(|it| it.count), Some(1));
        let only = StatsFilter { clerk: Some("dana".into()), ..StatsFilter::default() };
        assert_eq!(read(store, EVER, None, only).await.counts().of(Figure::Asked), 2);
    }

    async fn spans_are_told_in_the_order_in_which_they_were_asked_for(fixture) {
        let trail = Trail::new(fixture).await;
        trail.sql("INSERT INTO core_event (at, kind, clerk, counter) VALUES \
                   (0, 'requested', 'c', '1'), (899999, 'requested', 'c', '1'), \
                   (900000, 'requested', 'c', '1'), (1800000, 'sent', 'c', '1')").await;
        trail.seal().await;
        let span = |from, before| StatsSpan { from: Quarter(from), before: Quarter(before) };
        let spans = vec![span(1, 2), span(0, 1), span(0, 3), span(5, 9)];
        let query = StatsQuery { spans: spans.clone(), by: None, only: StatsFilter::default() };
        let found = trail.store.stats(&query).await.expect("read");
        let told: Vec<_> = found.spans.iter().map(|it| it.counts().of(Figure::Asked)).collect();
        assert_eq!(told, [1, 2, 3, 0]);
        assert_eq!(found.spans.iter().map(|it| it.span).collect::<Vec<_>>(), spans);
        assert_eq!(found.uncounted, 0);
    }
}
