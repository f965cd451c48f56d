//! One terminal dies or hangs, another one goes on: each message comes once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign::delivery::SendTimeouts;
use countersign::domain::channel::Channel;
use countersign::domain::delivery::{
    DeliveryState, FailureClass, MessageTrace, ProviderStatus, SendReport,
};
use countersign::domain::event::EventKind;
use countersign::domain::explanation::Explanation;
use countersign::domain::message::Outgoing;
use countersign::service::ports::{SendGuard, Sender};

use crate::faulty_servers::{smtp_sender, smtp_sender_within};
use crate::office::Office;
use crate::post_office::{At, Does, PostOffice};

const LONG: Duration = Duration::from_mins(5);

/// How long a message is left to who holds it, and a hand-over to who began it.
const LEASE: u64 = 32_000;
const HANDOVER: u64 = 62_000;

/// Everything but a failure for now.
fn is_end(state: DeliveryState) -> bool {
    !matches!(state, DeliveryState::Queued | DeliveryState::Unknown)
}

/// What the provider that can be asked has in its books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Books {
    Has,
    HasNothing,
}

/// A provider that takes the first message and does not say so, or loses it on
/// the way, and can be asked.
struct Mute {
    books: Books,
    posts: AtomicUsize,
    taken: AtomicUsize,
    questions: AtomicUsize,
}

impl Mute {
    fn with(books: Books) -> Arc<Self> {
        let [posts, taken, questions] = [(); 3].map(|()| AtomicUsize::new(0));
        Arc::new(Self { books, posts, taken, questions })
    }
}

#[async_trait]
impl Sender for Mute {
    fn provider(&self) -> &'static str {
        "twilio"
    }

    async fn send_guarded(&self, _message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        let unknown = SendReport {
            state: DeliveryState::Unknown,
            provider_id: None,
            detail: Some("Twilio did not confirm the message.".into()),
            fault: Some(FailureClass::Unknown),
        };
        if !guard.claim().await {
            return unknown;
        }
        let first = self.posts.fetch_add(1, Ordering::SeqCst) == 0;
        if first && self.books == Books::HasNothing {
            return unknown;
        }
        self.taken.fetch_add(1, Ordering::SeqCst);
        if first { unknown } else { SendReport::sent(Some("SM2".into())) }
    }

    fn can_tell(&self) -> bool {
        true
    }

    async fn ask(&self, trace: &MessageTrace) -> ProviderStatus {
        self.questions.fetch_add(1, Ordering::SeqCst);
        let taken = self.taken.load(Ordering::SeqCst);
        assert!(trace.provider_id.is_none() || taken > 0, "a name comes with a message");
        if taken == 0 {
            return ProviderStatus::Nothing;
        }
        let state = DeliveryState::Delivered;
        ProviderStatus::Known(SendReport { state, ..SendReport::sent(Some("SM1".into())) })
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("fine".into())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_after_a_post_without_an_answer_the_provider_is_asked_and_nothing_is_posted() {
    let provider = Mute::with(Books::Has);
    let office = Office::new(provider.clone(), LONG).await;
    let request = office.ask(Channel::Sms).await;
    let told = office.desk.deliver(request.delivery.id).await.expect("a desk").expect("a report");
    assert_eq!(told.state, DeliveryState::Unknown);
    office.work(&request, is_end).await;
    let delivery = office.now(&request).await.delivery;
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(delivery.provider_id.as_deref(), Some("SM1"));
    assert_eq!(provider.posts.load(Ordering::SeqCst), 1);
    assert!(provider.questions.load(Ordering::SeqCst) >= 1);
    assert_eq!(office.said().await, [EventKind::Unsure, EventKind::Delivered]);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_a_message_that_the_provider_never_had_is_sent_again_once_that_is_sure() {
    let provider = Mute::with(Books::HasNothing);
    let office = Office::new(provider.clone(), LONG).await;
    let request = office.ask(Channel::Sms).await;
    office.desk.deliver(request.delivery.id).await.expect("a desk").expect("a report");
    office.pass(1_000).await;
    office.desk.work_off_outbox(4).await.expect("a desk");
    assert_eq!(provider.posts.load(Ordering::SeqCst), 1, "it may still be on its way");
    office.pass(180_000).await;
    office.work(&request, |state| state == DeliveryState::Delivered).await;
    let (posts, taken) = (&provider.posts, &provider.taken);
    assert_eq!((posts.load(Ordering::SeqCst), taken.load(Ordering::SeqCst)), (2, 1));
    let said = office.said().await;
    let told = [EventKind::Unsure, EventKind::Delayed, EventKind::Sent, EventKind::Delivered];
    assert_eq!(said, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_a_terminal_that_dies_before_sending_is_followed_by_another_once() {
    let post = PostOffice::start(|_| None).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    // Whoever asked for the code dies before it sends anything.
    let request = office.ask(Channel::Email).await;
    let (one, other) = (office.terminal().await, office.terminal().await);
    for terminal in [&one, &other] {
        assert_eq!(terminal.work_off_outbox(4).await.expect("a desk"), 0, "not their turn");
    }
    office.pass(LEASE).await;
    let both = tokio::join!(one.work_off_outbox(4), other.work_off_outbox(4));
    assert_eq!(both.0.expect("a desk") + both.1.expect("a desk"), 1);
    assert_eq!(post.letters().len(), 1);
    assert_eq!(office.now(&request).await.delivery.state, DeliveryState::Sent);
    let late = office.desk.deliver(request.delivery.id).await.expect("a desk");
    assert!(late.is_none(), "it comes back too late");
    assert_eq!(post.letters().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_a_terminal_that_was_too_slow_to_connect_sends_nothing_any_more() {
    // The first conversation is held before the letter, while the other one sends.
    let post = PostOffice::start(|number| (number == 0).then_some((At::Data, Does::Hold))).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    let request = office.ask(Channel::Email).await;
    let slow = office.desk.clone();
    let sending = tokio::spawn(async move { slow.deliver(request.delivery.id).await });
    post.met(1).await;
    office.pass(LEASE).await;
    let other = office.terminal().await;
    assert_eq!(other.work_off_outbox(4).await.expect("a desk"), 1);
    assert_eq!(post.letters().len(), 1);
    post.release();
    let told = sending.await.expect("an end").expect("a desk");
    assert!(told.is_none(), "{told:?}: the other one has sent it");
    assert_eq!(post.letters().len(), 1);
    assert_eq!(office.said().await, [EventKind::Sent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_one_terminal_that_is_at_a_message_twice_sends_it_once() {
    // Its own worker takes the message again, since connecting takes so long.
    let post = PostOffice::start(|number| (number == 0).then_some((At::Data, Does::Hold))).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    let request = office.ask(Channel::Email).await;
    let clerk = office.desk.clone();
    let sending = tokio::spawn(async move { clerk.deliver(request.delivery.id).await });
    post.met(1).await;
    office.pass(LEASE).await;
    assert_eq!(office.desk.work_off_outbox(4).await.expect("a desk"), 1);
    post.release();
    sending.await.expect("an end").expect("a desk");
    assert_eq!(post.letters().len(), 1);
    assert_eq!(office.said().await, [EventKind::Sent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_a_send_that_nobody_reported_is_unknown_and_not_begun_again() {
    let post = PostOffice::start(|number| (number == 0).then_some((At::Letter, Does::Hang))).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    let request = office.ask(Channel::Email).await;
    let clerk = office.desk.clone();
    let id = request.delivery.id;
    let dying = tokio::spawn(async move { clerk.deliver(id).await });
    post.met(1).await;
    dying.abort();
    let other = office.terminal().await;
    office.pass(LEASE).await;
    assert_eq!(other.work_off_outbox(4).await.expect("a desk"), 0, "it may be at it still");
    office.pass(HANDOVER - LEASE).await;
    assert_eq!(other.work_off_outbox(4).await.expect("a desk"), 1);
    let delivery = office.now(&request).await.delivery;
    assert_eq!(delivery.state, DeliveryState::Unknown);
    assert!(delivery.detail.expect("a sentence").for_clerk.contains("stopped in the middle"));
    assert_eq!((post.letters().len(), post.conversations()), (1, 1));
    assert!(office.desk.next_due().await.expect("an answer").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_provider_was_down_one_message_tries_it_and_then_the_others_follow() {
    let post = PostOffice::start(|number| (number == 0).then_some((At::Data, Does::Hold))).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    for _ in 0..4 {
        office.ask(Channel::Email).await;
    }
    office.pass(LEASE).await;
    office.sql("UPDATE core_line SET failures = 5, down_until = 1 WHERE name = 'email'").await;
    let worker = office.terminal().await;
    let working = tokio::spawn(async move { worker.work_off_outbox(4).await });
    post.met(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(post.conversations(), 1, "the others wait for what comes of it");
    post.release();
    assert_eq!(working.await.expect("an end").expect("a desk"), 4 + 3, "three came twice");
    assert_eq!(post.letters().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_a_terminal_that_slept_over_its_send_claim_does_not_send() {
    let post = PostOffice::start(|_| None).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    let (sleeper, lost) = office.losing_terminal().await;
    std::fs::write(lost.with_file_name("asleep"), "").expect("a file");
    office.ask(Channel::Email).await;
    office.pass(LEASE).await;
    assert_eq!(sleeper.work_off_outbox(1).await.expect("a desk"), 1);
    assert!(post.letters().is_empty());
    assert_eq!(office.said().await, [EventKind::Delayed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_who_did_not_wait_for_its_send_claim_leaves_nothing_begun() {
    let post = PostOffice::start(|_| None).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    let (slow, lost) = office.losing_terminal().await;
    let late = lost.with_file_name("late");
    for _ in 0..3 {
        office.ask(Channel::Email).await;
    }
    office.pass(LEASE).await;
    // The first is asked for alone, the others wait for their turn to be asked for.
    std::fs::write(&late, "").expect("a file");
    let worker = slow.clone();
    let working = tokio::spawn(async move { worker.work_off_outbox(3).await });
    tokio::time::sleep(Duration::from_millis(750)).await;
    assert!(post.letters().is_empty());
    std::fs::remove_file(&late).expect("the file");
    working.await.expect("an end").expect("a desk");
    for _ in 0..3 {
        office.pass(10_000).await;
        slow.work_off_outbox(3).await.expect("a desk");
    }
    assert_eq!(post.letters().len(), 3);
    let said = office.said().await;
    let sent = said.iter().filter(|it| **it == EventKind::Sent).count();
    assert!(sent == 3 && !said.contains(&EventKind::Unsure), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_cancelled_while_it_is_sent_is_not_retried() {
    let plan = Some((At::Letter, Does::HoldAndSay("451 4.3.0 not now\r\n")));
    let post = PostOffice::start(move |_| plan).await;
    let office = Office::new(smtp_sender(post.settings()), LONG).await;
    let request = office.ask(Channel::Email).await;
    let (clerk, id) = (office.desk.clone(), request.delivery.id);
    let sending = tokio::spawn(async move { clerk.deliver(id).await });
    post.met(1).await;
    office.desk.cancel(&request.id).await.expect("a desk");
    post.release();
    sending.await.expect("an end").expect("a desk");
    office.pass(LEASE).await;
    office.desk.work_off_outbox(4).await.expect("a desk");
    assert_eq!((post.letters().len(), post.conversations()), (0, 1));
    let delivery = office.now(&request).await.delivery;
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert!(delivery.detail.expect("a sentence").for_clerk.contains("cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn security_20_what_a_worker_has_begun_it_ends_when_the_store_is_lost_meanwhile() {
    let post = PostOffice::start(|_| Some((At::Letter, Does::Hold))).await;
    // The provider takes longer to answer than the store is insisted upon.
    let sender = smtp_sender_within(post.settings(), SendTimeouts::default());
    let office = Office::new(sender, LONG).await;
    let requests = [office.ask(Channel::Email).await, office.ask(Channel::Email).await];
    office.pass(LEASE).await;
    let (worker, lost) = office.losing_terminal().await;
    let working = tokio::spawn(async move { worker.work_off_outbox(2).await });
    post.met(2).await;
    std::fs::write(&lost, "").expect("a file");
    post.release();
    // The first cannot be written down, and the outbox not be looked into.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!working.is_finished(), "the second is still being handed over");
    std::fs::remove_file(&lost).expect("the file");
    post.release();
    working.await.expect("an end").expect_err("the store was lost");
    let mut states = Vec::new();
    for request in &requests {
        states.push(office.now(request).await.delivery.state);
    }
    let sent = states.iter().filter(|it| **it == DeliveryState::Sent).count();
    assert_eq!((sent, post.count()), (1, 2), "{states:?}");
}
