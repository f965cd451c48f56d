//! Tidying up: what goes, what stays, and that nothing is lost by it, whatever
//! else happens.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use countersign::domain::event::EventFilter;
use countersign::domain::maintenance::{MaintenanceTask, TaskProgress};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::Retention;
use countersign::domain::request::Status;
use countersign::service::ports::{MaintenanceStore, Store, StoreError, StoreHealth, TaskBatch};

use crate::support::{Kind, Terminal, TestStore, actor, next, on_each_store, open, phone, wish};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn days(days: u64) -> Duration {
    Duration::from_hours(days * 24)
}

/// One batch from the beginning.
async fn batch(
    store: &dyn Store,
    task: MaintenanceTask,
    most: u32,
) -> Result<TaskProgress, StoreError> {
    let retention = Retention::default();
    store
        .run_maintenance_batch(TaskBatch {
            task,
            retention: &retention,
            from: TaskBatch::START,
            most,
            actor: &actor(),
            removal_key: None,
        })
        .await
}

/// Does a task to its end; gives how much was done.
async fn tidy(store: &dyn Store, task: MaintenanceTask, retention: Retention, most: u32) -> u64 {
    let (mut from, mut done) = (TaskBatch::START, 0);
    loop {
        let actor = actor();
        let batch =
            TaskBatch { task, retention: &retention, from, most, actor: &actor, removal_key: None };
        let tidied = store.run_maintenance_batch(batch).await.expect("the store answers");
        done += tidied.done;
        match tidied.next {
            Some(next) => from = next,
            None => return done,
        }
    }
}

/// Does everything, and then finds nothing to do.
async fn maintain(store: &dyn Store, retention: Retention) -> [u64; 5] {
    let mut done = [0; 5];
    for (at, task) in MaintenanceTask::ALL.into_iter().enumerate() {
        let due = store.maintenance_due(task, &retention, 100_000).await.expect("a count");
        done[at] = tidy(store, task, retention, 100).await;
        assert_eq!(due, done[at], "{task:?} does what was counted");
        let again = tidy(store, task, retention, 100).await;
        let due = store.maintenance_due(task, &retention, 100_000).await.expect("a count");
        assert_eq!((again, due), (0, 0), "{task:?} is done");
    }
    done
}

/// Requests that ended long ago, each with its message, written as they lie in
/// the store.
async fn past_requests(fixture: &TestStore, count: u64, age: i64) {
    let now = fixture.now();
    let ids: Vec<u64> = (0..count).map(|_| next()).collect();
    for ids in ids.chunks(500) {
        let requests: Vec<String> = ids
            .iter()
            .map(|id| {
                format!(
                    "('P{id:09}', {id}, 'past@example.org', '', 'email', {now} - {age}, \
                     {now} - {age} + 300000, 1, 5, 'pay bill', 'k1', 'K7Q', 1, 'verified', \
                     {now} - {age}, {now} - {age}, 'past {id}', 'amira', '3', 'p***@example.org')"
                )
            })
            .collect();
        fixture
            .sql(&format!(
                "INSERT INTO core_otp (public_id, customer_id, email, otp_code, otp_type, \
                 created_at, expires_at, attempts, max_attempts, purpose, key_id, reference, \
                 generation, status, sent_at, resend_at, idempotency, clerk, counter, masked) \
                 VALUES {}; \
                 INSERT INTO core_delivery (otp_id, generation, customer_id, channel, contact, \
                 provider, state, progress, clerk, counter, created_at, updated_at) \
                 SELECT id, 1, customer_id, 'email', email, 'tray', 'delivered', 4, clerk, \
                 counter, created_at, created_at FROM core_otp \
                 WHERE public_id >= 'P{:09}' AND public_id <= 'P{:09}'",
                requests.join(", "),
                ids[0],
                ids[ids.len() - 1],
            ))
            .await;
    }
}

async fn count(fixture: &TestStore, of: &str) -> i64 {
    fixture.number(&format!("SELECT COUNT(*) FROM {of}")).await
}

/// Drops an act at one of the moments at which it waits.
async fn cut_off<F: Future>(act: F, polls: u32) -> Option<F::Output> {
    let (mut act, mut left) = (pin!(act), polls);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        act.as_mut().poll(context).map(Some)
    })
    .await
}

on_each_store! {
    async fn what_can_no_longer_be_entered_expires_and_is_erased(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let first = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
        desk.reissue(&first, "222222").await;
        fixture.pass(5 * MINUTE).await;
        let open = wish(desk.customer("WB-2").await, "333333");
        fixture.sql("UPDATE core_otp SET otp_code = 'digest', status = 'open', closed_at = NULL").await;
        let open = desk.issue(&open).await;
        let kept = "core_otp WHERE status = 'open'";
        assert_eq!(count(&fixture, kept).await, 1, "a new code closes what has expired");

        fixture.sql("UPDATE core_otp SET otp_code = 'digest', status = 'open', closed_at = NULL").await;
        assert_eq!(maintain(&*desk.store, Retention::default()).await, [1, 0, 0, 0, 0]);
        let expired = "core_otp WHERE status = 'expired' AND otp_code = '' AND closed_at = expires_at";
        assert_eq!((count(&fixture, expired).await, count(&fixture, kept).await), (1, 1));
        assert_eq!(count(&fixture, "core_otp_retired").await, 0);
        assert_eq!(desk.request(&first.id).await.status, Status::Expired);
        assert_eq!(desk.request(&open.id).await.status, Status::Open);
    }

    async fn security_37_a_test_message_leaves_no_contact_behind(fixture) {
        let desk = Terminal::new(fixture.open().await);
        fixture.sql(
            "INSERT INTO core_trial (contact, clerk, counter, created_at) \
             VALUES ('ops@office.example', 'boss', '1', 0)",
        ).await;
        assert_eq!(maintain(&*desk.store, Retention::default()).await, [1, 0, 0, 0, 0]);
        assert_eq!(count(&fixture, "core_trial").await, 0);
    }

    async fn security_37_old_requests_move_to_the_archive_without_their_contacts(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let mut by_sms = wish(desk.customer("WB-1").await, "111111");
        by_sms.contact = phone("+1 415 555 0142");
        let verified = desk.issue(&by_sms).await;
        assert_eq!(desk.enter(&verified.id, "000000").await, Outcome::Wrong);
        assert_eq!(desk.enter(&verified.id, "111111").await, Outcome::Verified);
        let left_open = desk.issue(&wish(desk.customer("WB-2").await, "222222")).await;
        let resent = desk.issue(&wish(desk.customer("WB-3").await, "333333")).await;
        desk.reissue(&resent, "444444").await;
        desk.store.cancel(&resent.id, &desk.actor).await.expect("an answer");
        fixture.pass(31 * DAY).await;
        let open = desk.issue(&wish(desk.customer("WB-1").await, "555555")).await;

        assert_eq!(maintain(&*desk.store, Retention::default()).await[1], 3);
        assert_eq!(count(&fixture, "core_otp").await, 1);
        assert_eq!(count(&fixture, "core_delivery").await, 1, "messages go with their request");
        assert_eq!(count(&fixture, "core_guard").await, 1, "guards of no open request go too");
        let bare = "core_otp_archive WHERE masked LIKE '%dana%' OR masked LIKE '%5550142%'";
        assert_eq!((count(&fixture, bare).await, count(&fixture, "core_otp_archive").await), (0, 3));
        for (id, status, attempts, contact) in [
            (&verified.id, Status::Verified, 2, "+1********42"),
            (&left_open.id, Status::Expired, 0, "d***@example.org"),
            (&resent.id, Status::Cancelled, 0, "d***@example.org"),
        ] {
            assert!(desk.store.request(id).await.expect("an answer").is_none());
            let kept = desk.store.archived(id).await.expect("an answer").expect("the request");
            assert_eq!((kept.status, kept.attempts), (status, attempts));
            assert_eq!((kept.contact.as_str(), kept.delivery.provider.as_str()), (contact, "tray"));
            let filter = EventFilter { text: Some(id.to_string()), ..EventFilter::default() };
            assert!(!desk.log(&filter).await.is_empty(), "its events are still found");
        }
        let none = desk.store.archived(&open.id).await.expect("an answer");
        assert_eq!(none, None);
        assert_eq!(desk.enter(&open.id, "555555").await, Outcome::Verified);
    }

    async fn a_locked_customer_stays_locked(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
        desk.issue(&wish(desk.customer("WB-2").await, "222222")).await;
        fixture.pass(31 * DAY).await;
        past_requests(&fixture, 1, 0).await;
        assert_eq!(maintain(&*desk.store, Retention::default()).await[1], 2);
        assert_eq!(fixture.number("SELECT failures FROM core_guard").await, 1, "the only one left");
    }

    async fn each_thing_goes_when_its_time_is_over_by_the_stores_clock(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let store = &*desk.store;
        let customer = desk.customer("WB-1").await;
        for _ in 0..3 {
            let request = desk.issue(&wish(customer, "123456")).await;
            assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
        }
        let now = fixture.now();
        // The oldest is over by two seconds, the second not yet.
        let aged = |table: &str, columns: &[&str], days: i64| {
            let time = |off: i64| format!("{now} - {} + {off}", days * DAY);
            let of = |number: i64| format!("(SELECT few.id FROM (SELECT id FROM {table} \
                ORDER BY id LIMIT 1 OFFSET {number}) few)");
            let set = |off| {
                let each = columns.iter().map(|it| format!("{it} = {}", time(off)));
                each.collect::<Vec<_>>().join(", ")
            };
            format!(
                "UPDATE {table} SET {} WHERE id = {}; UPDATE {table} SET {} WHERE id = {};",
                set(-2_000), of(0), set(60_000), of(1),
            )
        };
        fixture.sql(&aged("core_otp", &["created_at"], 30)).await;
        fixture.sql(&aged("core_session", &["expires_at", "idle_at"], 90)).await;
        fixture.sql(&aged("core_event", &["at"], 1095)).await;
        let events = count(&fixture, "core_event").await;
        assert_eq!(maintain(store, Retention::default()).await, [0, 1, 0, 1, 1]);
        // One went, and one says so.
        assert_eq!(count(&fixture, "core_event").await, events - 1 + 1);
        let says = "core_event WHERE kind = 'events_purged' AND clerk = 'amira' \
                    AND detail LIKE 'events up to number % purged: 1, in all 1; erased: 0'";
        assert_eq!(count(&fixture, says).await, 1);
        assert_eq!(count(&fixture, "core_session").await, 2);

        fixture.sql(&format!("UPDATE core_otp SET created_at = {now} - {}", 40 * DAY)).await;
        assert_eq!(maintain(store, Retention::default()).await[1], 1, "the newest stays");
        fixture.sql(&format!("UPDATE core_otp_archive SET created_at = {now} - {} \
            WHERE id = (SELECT few.id FROM (SELECT MIN(id) AS id FROM core_otp_archive) few)",
            730 * DAY + 2_000)).await;
        assert_eq!(maintain(store, Retention::default()).await[2], 1);
        assert_eq!(count(&fixture, "core_otp_archive").await, 1);
        assert!(!desk.log(&EventFilter::default()).await.is_empty(), "the log still reads");
    }

    async fn the_newest_stays_so_that_no_number_comes_twice(fixture) {
        let desk = Terminal::new(fixture.open().await);
        past_requests(&fixture, 3, 40 * DAY).await;
        desk.customer("WB-1").await;
        desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
        fixture.pass(1_200 * DAY).await;
        let last = "SELECT MAX(id) FROM core_event";
        let before = fixture.number(last).await;
        maintain(&*desk.store, Retention::default()).await;
        let left = count(&fixture, "core_event WHERE kind <> 'events_purged'").await;
        assert_eq!((count(&fixture, "core_otp").await, left), (1, 1));
        desk.issue(&wish(desk.customer("WB-1").await, "222222")).await;
        assert!(fixture.number(last).await > before);
    }

    async fn security_55_a_log_that_is_ahead_of_the_clock_is_not_purged(fixture) {
        let desk = Terminal::new(fixture.open().await);
        for code in ["111111", "222222"] {
            desk.issue(&wish(desk.customer("WB-1").await, code)).await;
        }
        let newest = "id = (SELECT few.id FROM (SELECT MAX(id) AS id FROM core_event) few)";
        fixture.sql(&format!("UPDATE core_event SET at = at - {} WHERE NOT {newest}", 1_200 * DAY)).await;
        fixture.sql(&format!("UPDATE core_event SET at = at + {} WHERE {newest}", 10 * MINUTE)).await;
        let events = count(&fixture, "core_event").await;
        let refused = batch(&*desk.store, MaintenanceTask::PurgeEvents, 100).await;
        let Err(StoreError::Refused(why)) = refused else { panic!("{refused:?}") };
        assert!(why.for_admin.contains("ahead of the store's clock"), "{}", why.for_admin);
        assert_eq!(count(&fixture, "core_event").await, events);
        fixture.sql(&format!("UPDATE core_event SET at = at - {} WHERE {newest}", 10 * MINUTE)).await;
        let done = batch(&*desk.store, MaintenanceTask::PurgeEvents, 100).await.expect("an answer");
        assert_eq!(done.done, events.unsigned_abs() - 1);
    }

    async fn a_count_stops_where_it_is_told_to(fixture) {
        let store = fixture.open().await;
        past_requests(&fixture, 40, 40 * DAY).await;
        let due = store.maintenance_due(MaintenanceTask::ArchiveRequests, &Retention::default(), 10).await;
        assert_eq!(due.expect("a count"), 10);
        assert_eq!(count(&fixture, "core_otp").await, 40, "counting changes nothing");
        let done = batch(&*store, MaintenanceTask::ArchiveRequests, 10).await.expect("an answer").done;
        assert_eq!((done, count(&fixture, "core_otp").await), (10, 30), "nor is a batch larger");
    }

    async fn a_batch_that_is_cut_off_has_never_been(fixture) {
        fixture.open().await;
        past_requests(&fixture, 30, 40 * DAY).await;
        let total = "(SELECT public_id FROM core_otp UNION ALL SELECT public_id \
            FROM core_otp_archive) both_of_them";
        let torn = "core_otp o LEFT JOIN core_delivery d ON d.otp_id = o.id WHERE d.id IS NULL";
        let mut ended = false;
        for polls in 1..200 {
            let settings = fixture.settings();
            // A process that is gone takes its connections with it.
            let process = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.expect("a runtime");
                runtime.block_on(async {
                    let store = open(&settings).await.expect("the store opens");
                    cut_off(batch(&store, MaintenanceTask::ArchiveRequests, 3), polls).await.is_some()
                })
            });
            ended = process.join().expect("it ends");
            assert_eq!(count(&fixture, total).await, 30, "cut off after {polls}");
            assert_eq!(count(&fixture, torn).await, 0, "cut off after {polls}");
            if ended {
                break;
            }
        }
        assert!(ended, "a batch has an end");
        tidy(&*fixture.open().await, MaintenanceTask::ArchiveRequests, Retention::default(), 7).await;
        assert_eq!((count(&fixture, total).await, count(&fixture, "core_otp").await), (30, 1));
    }

    async fn two_maintainers_do_nothing_twice(fixture) {
        let _store = fixture.open().await;
        past_requests(&fixture, 401, 40 * DAY).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let store = fixture.open().await;
            tasks.spawn(async move {
                tidy(&*store, MaintenanceTask::ArchiveRequests, Retention::default(), 20).await
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 400);
        assert_eq!(count(&fixture, "core_otp_archive").await, 400);
    }

    async fn counters_work_while_it_runs(fixture) {
        const COUNTERS: u64 = 4;
        const EACH: u64 = 12;
        let store = fixture.open().await;
        past_requests(&fixture, 2_000, 40 * DAY).await;
        let mut counters = tokio::task::JoinSet::new();
        for counter in 0..COUNTERS {
            let desk = Terminal::new(fixture.open().await);
            counters.spawn(async move {
                for round in 0..EACH {
                    let customer = desk.customer(&format!("WB-{counter}-{}", round % 3)).await;
                    let request = desk.issue(&wish(customer, "123456")).await;
                    assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
                    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
                }
            });
        }
        let mut archived = 0;
        for task in MaintenanceTask::ALL {
            let done = tidy(&*store, task, Retention::default(), 50).await;
            archived += if task == MaintenanceTask::ArchiveRequests { done } else { 0 };
        }
        counters.join_all().await;
        assert!(archived >= 1_999, "{archived}");
        let lost = 2_000 + i64::try_from(COUNTERS * EACH).expect("few")
            - count(&fixture, "core_otp").await - count(&fixture, "core_otp_archive").await;
        assert_eq!(lost, 0);
    }
}

/// The partitions of the archive with requests in them.
const FILLED: &str = "(SELECT DISTINCT tableoid FROM core_otp_archive) parts";
const MONTHS: &str =
    "pg_class WHERE relkind = 'r' AND relname ~ '^core_otp_archive_[0-9]{4}_[0-9]{2}$'";
const OTHER: &str = "core_otp_archive_other";

#[tokio::test]
async fn on_postgres_the_archive_has_a_part_for_each_month_that_goes_as_a_whole() {
    let fixture = TestStore::new(Kind::Postgres);
    let store = fixture.open().await;
    for age in [400, 200, 100, 50] {
        past_requests(&fixture, 7, age * DAY).await;
    }
    past_requests(&fixture, 1, 0).await;
    assert_eq!(maintain(&*store, Retention::default()).await[1], 28);
    assert_eq!((count(&fixture, MONTHS).await, count(&fixture, FILLED).await), (4, 4));
    assert_eq!(count(&fixture, OTHER).await, 0);

    let retention = Retention { purge_archive_after: days(150), ..Retention::default() };
    assert_eq!(maintain(&*store, retention).await[2], 14);
    assert_eq!(count(&fixture, MONTHS).await, 2, "whole months are dropped");
    let retention = Retention { purge_archive_after: days(51), ..Retention::default() };
    assert_eq!(maintain(&*store, retention).await[2], 7);
    let retention = Retention { purge_archive_after: days(49), ..Retention::default() };
    assert_eq!(maintain(&*store, retention).await[2], 7, "also of a month that is not over");
}

#[tokio::test]
async fn on_postgres_an_account_that_may_not_make_tables_archives_too() {
    let fixture = TestStore::new(Kind::Postgres);
    let store = fixture.open().await;
    fixture.sql("REVOKE CREATE ON SCHEMA countersign FROM CURRENT_USER").await;
    past_requests(&fixture, 7, 400 * DAY).await;
    past_requests(&fixture, 7, 40 * DAY).await;
    past_requests(&fixture, 1, 0).await;
    let found = store.check().await.expect("it works");
    assert!(found.contains("no parts of the archive"), "{found}");
    assert_eq!(maintain(&*store, Retention::default()).await[1], 14);
    assert_eq!((count(&fixture, MONTHS).await, count(&fixture, OTHER).await), (0, 14));

    // The month that the default partition has begun stays there.
    fixture.sql("GRANT CREATE ON SCHEMA countersign TO CURRENT_USER").await;
    assert!(!store.check().await.expect("it works").contains("no parts of"));
    past_requests(&fixture, 1, 0).await;
    fixture.sql(&format!("UPDATE core_otp SET created_at = created_at - {}", 40 * DAY)).await;
    assert_eq!(maintain(&*store, Retention::default()).await[1], 1);
    assert_eq!((count(&fixture, MONTHS).await, count(&fixture, OTHER).await), (0, 15));
    let retention = Retention { purge_archive_after: days(150), ..Retention::default() };
    assert_eq!(maintain(&*store, retention).await[2], 7);
}
