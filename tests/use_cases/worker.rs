//! The worker of the outbox: nothing that it took or did is lost on the way.

use std::time::{Duration, Instant};

use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState;
use countersign::domain::event::{EventFilter, EventKind, EventPage};
use countersign::domain::request::Status;
use countersign::service::verification::request::CodeRequestOutcome;
use tokio_util::sync::CancellationToken;

use super::breaking::Break::Failed;
use super::breaking::Breaking;
use super::{Bench, Scripted};

/// What lies in the outbox is somebody else's, and its time has come.
const DUE: &str = "UPDATE core_outbox SET due_at = due_at - 60000, holder = 'elsewhere'";

#[tokio::test]
async fn what_came_of_a_message_is_told_again_where_it_could_not_be_written() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let CodeRequestOutcome::Ready(request) = bench.ask(&dana, Channel::Email).await else {
        panic!("a code")
    };
    bench.behind_its_back(DUE).await;
    let store = Breaking::over(bench.store.clone());
    let desk = bench.desk_over(store.clone());
    store.breaks(&[Failed, Failed, Failed]);
    desk.work_off_outbox(4).await.expect("worked off");
    assert!(store.is_whole());
    assert_eq!(bench.sender.calls(), 1, "the message is not sent again for that");
    let stored = bench.desk.request(&request.id).await.expect("read").expect("there");
    assert_eq!(stored.delivery.state, DeliveryState::Sent);
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_outbox").await, 0);
}

#[tokio::test]
async fn what_was_taken_and_is_not_begun_is_left_to_the_others_when_a_worker_ends() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    for number in 0..8 {
        let customer = bench.customer(&format!("WB-{number}"), None).await;
        assert!(matches!(bench.ask(&customer, Channel::Email).await, CodeRequestOutcome::Ready(_)));
    }
    bench.behind_its_back(DUE).await;
    // One at a time: the first is quick, so that four are taken after it.
    let end = CancellationToken::new();
    *bench.sender.end.lock().expect("unpoisoned") = Some((3, end.clone()));
    bench.desk.run_outbox(1, end, |_, _| {}).await;
    let taken = "SELECT COUNT(*) FROM core_outbox WHERE holder NOT IN ('', 'elsewhere')";
    assert_eq!(bench.number(taken).await, 0, "it is nobody's");
    let left = bench.number("SELECT COUNT(*) FROM core_outbox WHERE holder = ''").await;
    assert!(left > 0, "some were taken");
    let all = bench.number("SELECT COUNT(*) FROM core_outbox").await;
    assert_eq!(usize::try_from(all).expect("a count") + bench.sender.calls(), 8);
}

#[tokio::test]
async fn a_request_that_runs_out_is_closed_and_told_while_a_worker_runs() {
    let bench = Bench::new(Scripted::fine(), |office| {
        office.otp.expiry = Duration::from_millis(1_500);
    })
    .await;
    let dana = bench.customer("WB-1", None).await;
    let CodeRequestOutcome::Ready(request) = bench.ask(&dana, Channel::Email).await else {
        panic!("a code")
    };
    let end = CancellationToken::new();
    let (desk, ends) = (bench.desk.clone(), end.clone());
    let worker = tokio::spawn(async move { desk.run_outbox(1, ends, |_, _| {}).await });
    let filter = EventFilter { request: Some(request.id.clone()), ..EventFilter::default() };
    let began = Instant::now();
    let told = loop {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody says that it ran out");
        let log = bench.store.events(&filter, EventPage::Newest, 9).await.expect("an answer");
        if let Some(told) = log.into_iter().find(|it| it.kind == EventKind::Expired) {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(told.at.since(request.expires_at) < Duration::from_secs(10), "{told:?}");
    let stored = bench.number("SELECT COUNT(*) FROM core_otp WHERE status = 'expired'").await;
    assert_eq!(stored, 1);
    let status = bench.desk.request(&request.id).await.expect("read").map(|it| it.status);
    assert_eq!(status, Some(Status::Expired));
    end.cancel();
    worker.await.expect("it ends");
}

#[tokio::test]
async fn working_off_the_outbox_once_closes_what_ran_out() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    assert!(matches!(bench.ask(&dana, Channel::Email).await, CodeRequestOutcome::Ready(_)));
    bench.behind_its_back("UPDATE core_otp SET expires_at = expires_at - 3600000").await;
    bench.desk.work_off_outbox(1).await.expect("worked off");
    let told = "SELECT COUNT(*) FROM core_event WHERE kind = 'expired'";
    assert_eq!(bench.number(told).await, 1);
}
