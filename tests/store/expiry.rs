//! A request whose time is over has one event, whoever closes it.

use std::time::Duration;

use countersign::domain::event::{Event, EventFilter, EventKind};
use countersign::domain::maintenance::MaintenanceTask;
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::Retention;
use countersign::domain::request::{Request, Status};
use countersign::service::ports::{MaintenanceStore, TaskBatch};

use crate::support::{Terminal, TestStore, actor, on_each_store, wish};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// The log's entries that say that a request ran out.
async fn expiries(desk: &Terminal) -> Vec<Event> {
    let filter = EventFilter { outcome: Some(Outcome::Expired), ..EventFilter::default() };
    let mut log = desk.log(&filter).await;
    log.retain(|event| event.kind == EventKind::Expired);
    log
}

/// One request each of so many customers, the first asked for the longest ago.
async fn requests(fixture: &TestStore, desk: &Terminal, count: usize) -> Vec<Request> {
    let mut requests = Vec::new();
    for number in 0..count {
        let customer = desk.customer(&format!("WB-{number}")).await;
        requests.push(desk.issue(&wish(customer, "111111")).await);
    }
    let spread = format!("UPDATE core_otp SET expires_at = expires_at - 1000 * ({count} - id)");
    fixture.sql(&spread).await;
    requests
}

async fn batch(store: &dyn MaintenanceStore, task: MaintenanceTask) -> u64 {
    let retention = Retention::default();
    let actor = actor();
    let batch = TaskBatch {
        task,
        retention: &retention,
        from: TaskBatch::START,
        most: 100,
        actor: &actor,
        removal_key: None,
    };
    store.run_maintenance_batch(batch).await.expect("the store answers").done
}

on_each_store! {
    async fn the_next_code_writes_that_one_expired(fixture) {
        let mut desk = Terminal::new(fixture.open().await);
        desk.actor.clerk = "bruno".into();
        let request = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
        fixture.pass(4 * MINUTE).await;
        desk.actor.clerk = "amira".into();
        desk.issue(&wish(desk.customer("WB-2").await, "222222")).await;
        assert_eq!(expiries(&desk).await, [], "it can still be entered");
        fixture.pass(2 * MINUTE).await;
        let before = desk.store.now().await.expect("a clock");
        desk.issue(&wish(desk.customer("WB-3").await, "333333")).await;
        desk.issue(&wish(desk.customer("WB-1").await, "444444")).await;

        let log = expiries(&desk).await;
        assert_eq!(log.len(), 1, "{log:?}");
        let told = &log[0];
        assert_eq!(told.request.as_ref(), Some(&request.id));
        assert_eq!(told.customer.as_ref().map(|it| it.account_no.as_str()), Some("WB-1"));
        assert_eq!((told.channel, told.contact.as_deref()), (Some(request.channel), Some("d***@example.org")));
        assert_eq!(told.actor.clerk, "bruno", "whose request it was");
        assert!(told.at >= before, "the log's times do not go back");
        let ran_out = request.expires_at.minus(Duration::from_mins(6)).to_utc();
        let detail = told.detail.clone().unwrap_or_default();
        assert!(detail.contains(&ran_out.format("%Y-%m-%d %H:%M:%S UTC").to_string()), "{detail}");
        assert_eq!(desk.request(&request.id).await.status, Status::Expired);
        let story = desk.log(&EventFilter { request: Some(request.id), ..EventFilter::default() }).await;
        let kinds: Vec<_> = story.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [EventKind::Requested, EventKind::Attempt, EventKind::Expired]);
    }

    async fn what_ended_in_another_way_did_not_run_out(fixture) {
        let mut desk = Terminal::new(fixture.open().await);
        desk.policy.max_attempts = 1;
        let customer = desk.customer("WB-1").await;
        let replaced = desk.issue(&wish(customer, "111111")).await;
        let verified = desk.issue(&wish(customer, "222222")).await;
        assert_eq!(desk.enter(&verified.id, "222222").await, Outcome::Verified);
        let locked = desk.issue(&wish(customer, "333333")).await;
        assert_eq!(desk.enter(&locked.id, "000000").await, Outcome::Wrong);
        let cancelled = desk.issue(&wish(desk.customer("WB-2").await, "444444")).await;
        desk.store.cancel(&cancelled.id, &desk.actor).await.expect("an answer");
        // As a store of before may hold them.
        fixture.sql("UPDATE core_otp SET otp_code = 'digest'").await;
        fixture.pass(6 * MINUTE).await;
        desk.store.expire(100).await.expect("an answer");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_otp WHERE otp_code <> ''").await, 0);
        assert_eq!(expiries(&desk).await, []);
        assert_eq!(desk.request(&replaced.id).await.status, Status::Superseded);
        assert_eq!(desk.request(&verified.id).await.status, Status::Verified);
    }

    async fn another_code_for_a_customer_tells_of_the_one_that_it_follows(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let asked = requests(&fixture, &desk, 25).await;
        fixture.pass(6 * MINUTE).await;
        // The last of them is not among those that one code closes.
        let last = asked.last().expect("a request");
        desk.issue(&wish(last.customer, "222222")).await;
        let told: Vec<_> = expiries(&desk).await.into_iter().filter_map(|it| it.request).collect();
        assert_eq!(told.len(), 21);
        assert_eq!(told.iter().filter(|it| **it == last.id).count(), 1);
        assert_eq!(batch(&*desk.store, MaintenanceTask::EraseCodes).await, 4);
        assert_eq!(expiries(&desk).await.len(), 25);
    }

    async fn maintenance_and_the_archive_write_it_too(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let asked = requests(&fixture, &desk, 3).await;
        fixture.pass(31 * DAY).await;
        assert_eq!(desk.store.next_expiry().await.expect("an answer"), Some(Duration::ZERO));
        // One that lost its digest and was left open, as no program leaves it today.
        fixture.sql("UPDATE core_otp SET otp_code = '' WHERE id = 1").await;
        assert_eq!(batch(&*desk.store, MaintenanceTask::EraseCodes).await, 2);
        let told = expiries(&desk).await;
        assert_eq!(told.len(), 2);
        assert_eq!(desk.store.next_expiry().await.expect("an answer"), None);
        assert_eq!(batch(&*desk.store, MaintenanceTask::ArchiveRequests).await, 2);
        assert_eq!(expiries(&desk).await.len(), 3);
        let kept = desk.store.archived(&asked[0].id).await.expect("an answer").expect("archived");
        assert_eq!(kept.status, Status::Expired);
        fixture.pass(31 * DAY).await;
        batch(&*desk.store, MaintenanceTask::EraseCodes).await;
        batch(&*desk.store, MaintenanceTask::ArchiveRequests).await;
        assert_eq!(expiries(&desk).await.len(), 3);
    }

    async fn many_that_look_at_once_write_one_event(fixture) {
        const REQUESTS: usize = 40;
        let desk = Terminal::new(fixture.open().await);
        let asked = requests(&fixture, &desk, REQUESTS).await;
        fixture.pass(6 * MINUTE).await;
        let mut looking = tokio::task::JoinSet::new();
        for at in 0..6 {
            let desk = Terminal::new(fixture.open().await);
            let wishes: Vec<_> =
                asked.iter().skip(at).step_by(6).map(|it| wish(it.customer, "222222")).collect();
            looking.spawn(async move {
                for wish in wishes {
                    desk.store.expire(3).await.expect("an answer");
                    desk.issue(&wish).await;
                    batch(&*desk.store, MaintenanceTask::EraseCodes).await;
                }
            });
        }
        looking.join_all().await;
        let mut told: Vec<_> = expiries(&desk).await.into_iter().filter_map(|it| it.request).collect();
        told.sort_by_key(ToString::to_string);
        told.dedup();
        assert_eq!((told.len(), expiries(&desk).await.len()), (REQUESTS, REQUESTS));
        let mut times = desk.log(&EventFilter::default()).await;
        times.retain(|it| it.kind == EventKind::Expired);
        // They are told when they are written, not when the codes ran out. Two that are
        // written at the same moment may have their numbers the other way round.
        let follows = |two: &[Event]| two[1].at.millis() + 1_000 >= two[0].at.millis();
        assert!(times.windows(2).all(follows), "{times:?}");
    }
}
