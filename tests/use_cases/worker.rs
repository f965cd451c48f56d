//! The worker of the outbox: nothing that it took or did is lost on the way.

use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState;
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
    bench.desk.keep_outbox(1, end, |_, _| {}).await;
    let taken = "SELECT COUNT(*) FROM core_outbox WHERE holder NOT IN ('', 'elsewhere')";
    assert_eq!(bench.number(taken).await, 0, "it is nobody's");
    let left = bench.number("SELECT COUNT(*) FROM core_outbox WHERE holder = ''").await;
    assert!(left > 0, "some were taken");
    let all = bench.number("SELECT COUNT(*) FROM core_outbox").await;
    assert_eq!(usize::try_from(all).expect("a count") + bench.sender.calls(), 8);
}
