//! What other terminals write is noticed, whatever happens to the way there,
//! and costs next to nothing while nothing is written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::domain::customer::CustomerId;
use countersign::domain::event::{EventFacts, EventFilter, EventKind, EventPage};
use countersign::service::ports::{AuditStore, NewEvent, StoreHealth};
use countersign::store::SqlStore;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::servers::{self, Options, Server};
use crate::support::{Kind, TestStore, actor, next, on_each_store};

/// Longer than anything takes on a busy machine.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// What each terminal promises.
const PROMISE: Duration = Duration::from_secs(1);

/// The connections of terminals.
const CONNECTIONS: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'countersign'";

/// An entry written behind every terminal's back.
const INSERT: &str = "INSERT INTO core_event (at, kind, clerk, counter) \
                      VALUES (1, 'cancelled', 'c', '1')";

async fn write(store: &SqlStore) {
    let actor = actor();
    let event = NewEvent {
        kind: EventKind::Unlocked,
        outcome: None,
        request: None,
        customer: None::<CustomerId>,
        channel: None,
        contact: None,
        detail: None,
        actor: &actor,
        facts: EventFacts::default(),
    };
    store.record(&format!("entry {}", next()), event).await.expect("written");
}

/// Waits until a number is what it should be.
async fn wait_for(fixture: &TestStore, text: &str, number: i64) {
    let since = Instant::now();
    while fixture.number(text).await != number {
        let is = fixture.number(text).await;
        assert!(since.elapsed() < TEST_TIMEOUT, "{text} gives {is}, not {number}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Terminals that look out, once each has taken its first look.
async fn watchers(fixture: &TestStore, count: usize) -> Vec<(Arc<SqlStore>, watch::Receiver<u64>)> {
    let mut watchers = Vec::new();
    for _ in 0..count {
        let store = fixture.open().await;
        let mut changes = store.changes();
        timeout(TEST_TIMEOUT, changes.changed()).await.expect("a first look").expect("a store");
        watchers.push((store, changes));
    }
    watchers
}

/// How long after each of so many commits each of the terminals heard of it, in
/// milliseconds, least first.
async fn measure(
    here: &SqlStore,
    watchers: &[(Arc<SqlStore>, watch::Receiver<u64>)],
    rounds: u64,
) -> Vec<u128> {
    let mut heard = Vec::new();
    for round in 0..rounds {
        // The rounds begin at different moments between two looks.
        sleep(Duration::from_millis(20 + 37 * round % 300)).await;
        let mut waiting = JoinSet::new();
        for (_, changes) in watchers {
            let mut changes = changes.clone();
            changes.mark_unchanged();
            waiting.spawn(async move {
                timeout(TEST_TIMEOUT, changes.changed()).await.expect("noticed").expect("a store");
                Instant::now()
            });
        }
        write(here).await;
        let written = Instant::now();
        for at in waiting.join_all().await {
            heard.push(at.saturating_duration_since(written).as_millis());
        }
    }
    heard.sort_unstable();
    heard
}

#[expect(clippy::print_stdout, reason = "the figures of docs/databases.md")]
fn judge(what: &str, heard: &[u128]) {
    let [half, most] = [50, 99].map(|part| heard[heard.len() * part / 100]);
    let count = heard.len();
    println!("{what}: heard of after p50 {half} ms, p99 {most} ms of {count}");
    assert!(most < PROMISE.as_millis(), "{heard:?}");
}

on_each_store! {
    async fn others_are_heard_of_within_a_second(fixture) {
        let here = fixture.open().await;
        let watchers = watchers(&fixture, 6).await;
        let heard = measure(&here, &watchers, 20).await;
        judge(&format!("{:?}", fixture.kind()), &heard);
    }

    async fn own_writes_are_signalled_at_once(fixture) {
        let (here, changes) = watchers(&fixture, 1).await.remove(0);
        let before = *changes.borrow();
        write(&here).await;
        assert!(*changes.borrow() > before);
    }

    async fn who_comes_later_hears_too(fixture) {
        let here = fixture.open().await;
        let mut changes = here.changes();
        // Before its first look or after it: no commit is lost in between.
        write(&*fixture.open().await).await;
        timeout(PROMISE, changes.changed()).await.expect("noticed").expect("a store");
    }

    async fn an_entry_that_is_committed_late_is_seen_and_has_its_place(fixture) {
        let (sleep_there, tell, asleep) = match fixture.kind() {
            Kind::Sqlite => return,
            Kind::Postgres => (
                "SELECT pg_sleep(1)",
                "; SELECT pg_notify('countersign', 'another')",
                "SELECT COUNT(*) FROM pg_stat_activity \
                 WHERE wait_event = 'PgSleep' AND datname = current_database()",
            ),
            Kind::MariaDb => (
                "DO SLEEP(1)",
                "",
                "SELECT COUNT(*) FROM information_schema.processlist \
                 WHERE state = 'User sleep' AND db = DATABASE()",
            ),
        };
        let (here, mut changes) = watchers(&fixture, 1).await.remove(0);
        let late = format!(
            "BEGIN; {INSERT}; {sleep_there}; COMMIT{tell}"
        );
        let script = async { fixture.sql(&late).await };
        let sooner = async {
            wait_for(&fixture, asleep, 1).await;
            write(&*fixture.open().await).await;
            let all = EventFilter::default();
            let page = here.events(&all, EventPage::Newest, 9).await.expect("an answer");
            assert_eq!(page.len(), 1, "the other is not committed: {page:?}");
            // All that is told about the sooner one.
            sleep(Duration::from_millis(400)).await;
            changes.mark_unchanged();
            page[0].clone()
        };
        let ((), sooner) = tokio::join!(script, sooner);
        timeout(PROMISE, changes.changed()).await.expect("noticed").expect("a store");
        let page = here.events(&EventFilter::default(), EventPage::following(sooner.id), 9).await;
        let kinds: Vec<EventKind> = page.expect("an answer").iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [EventKind::Cancelled, EventKind::Unlocked]);
    }

    async fn a_store_that_is_dropped_leaves_nothing_behind(fixture) {
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let before = tasks();
        for closed in [true, false] {
            let (store, changes) = watchers(&fixture, 1).await.remove(0);
            write(&store).await;
            if closed {
                store.close().await;
            }
            drop(changes);
            drop(store);
            let since = Instant::now();
            while tasks() > before {
                assert!(since.elapsed() < TEST_TIMEOUT, "{} tasks live on", tasks() - before);
                sleep(Duration::from_millis(5)).await;
            }
            if fixture.kind() == Kind::Postgres {
                let here = format!("{CONNECTIONS} AND datname = current_database()");
                wait_for(&fixture, &here, 0).await;
            }
        }
    }
}

/// A PostgreSQL of its own, where it is known who is connected.
async fn listening(
    count: usize,
) -> (Server, TestStore, Vec<(Arc<SqlStore>, watch::Receiver<u64>)>) {
    let server = Server::new(servers::Kind::Postgres, Options::default());
    let fixture = TestStore::on(&server);
    let watchers = watchers(&fixture, count).await;
    // One connection of each works, one listens.
    wait_for(&fixture, CONNECTIONS, i64::try_from(2 * count).expect("a number")).await;
    (server, fixture, watchers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_notifies_listeners() {
    let (_server, fixture, watchers) = listening(8).await;
    let here = fixture.open().await;
    let heard = measure(&here, &watchers, 40).await;
    judge("Postgres, listening", &heard);
    assert!(heard[heard.len() / 2] < 150, "it told nobody: {heard:?}");
    // A command that writes and ends tells too.
    let mut changes = watchers[0].1.clone();
    sleep(Duration::from_millis(200)).await;
    changes.mark_unchanged();
    let command = fixture.open().await;
    write(&command).await;
    command.close().await;
    timeout(PROMISE, changes.changed()).await.expect("noticed").expect("a store");
    // What nobody told of is found.
    changes.mark_unchanged();
    fixture.sql(INSERT).await;
    timeout(Duration::from_secs(6), changes.changed()).await.expect("found").expect("a store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cut_connection_is_noticed() {
    let (server, fixture, watchers) = listening(4).await;
    fixture
        .sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'countersign'",
        )
        .await;
    let here = fixture.open().await;
    judge("Postgres, cut off", &measure(&here, &watchers, 12).await);

    server.stop();
    server.start();
    let since = Instant::now();
    let again = [&here].into_iter().chain(watchers.iter().map(|it| &it.0));
    for store in again {
        while store.now().await.is_err() {
            assert!(since.elapsed() < TEST_TIMEOUT, "it does not come back");
        }
    }
    judge("Postgres, started again", &measure(&here, &watchers, 12).await);
}

/// Leaves no room for a second connection once two are there.
const NARROW: &str = "DO $$ BEGIN EXECUTE \
    format('ALTER DATABASE %I CONNECTION LIMIT 4', current_database()); END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_room_to_listen_postgres_is_asked() {
    let fixture = TestStore::new(Kind::Postgres);
    fixture.sql(NARROW).await;
    let here = fixture.open().await;
    write(&here).await;
    let watchers = watchers(&fixture, 1).await;
    judge("Postgres, asked", &measure(&here, &watchers, 30).await);
    wait_for(&fixture, &format!("{CONNECTIONS} AND datname = current_database()"), 2).await;
}

/// What the server says it has done so far.
const WORK: [&str; 2] = [
    "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
    "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status \
     WHERE variable_name = 'Questions'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes some minutes; prints what an idle terminal costs"]
async fn an_idle_terminal_costs_next_to_nothing() {
    let (_server, listening, _watchers) = listening(1).await;
    let narrow = TestStore::new(Kind::Postgres);
    narrow.sql(NARROW).await;
    let other = narrow.open().await;
    write(&other).await;
    let _asking = watchers(&narrow, 1).await;
    // It counts what is said to the whole server.
    let server = Server::new(servers::Kind::MariaDb, Options::default());
    let mariadb = TestStore::on(&server);
    let _also = watchers(&mariadb, 1).await;
    let fixtures = [(listening, WORK[0], 20), (narrow, WORK[0], 90), (mariadb, WORK[1], 90)];
    // Until the pace is slow; PostgreSQL counts some seconds late.
    sleep(Duration::from_mins(1)).await;
    let mut before = Vec::new();
    for (fixture, work, _) in &fixtures {
        before.push(fixture.number(work).await);
    }
    sleep(Duration::from_mins(2)).await;
    for ((fixture, work, most), before) in fixtures.iter().zip(before) {
        let done = (fixture.number(work).await - before) / 2;
        judge_cost(fixture.kind(), done, *most);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes some minutes; prints how soon idle terminals notice"]
async fn an_idle_terminal_still_hears_within_a_second() {
    let fixture = TestStore::new(Kind::MariaDb);
    let here = fixture.open().await;
    let watchers = watchers(&fixture, 30).await;
    let mut heard = Vec::new();
    for _ in 0..4 {
        sleep(Duration::from_secs(45)).await;
        heard.extend(measure(&here, &watchers, 1).await);
    }
    heard.sort_unstable();
    judge("MariaDb, idle", &heard);
}

#[expect(clippy::print_stdout, reason = "the figures of docs/databases.md")]
fn judge_cost(kind: Kind, done: i64, most: i64) {
    println!("{kind:?}: {done} statements a minute");
    assert!(done <= most, "{done}");
}
