//! The connection to the store breaks in the middle of an act: the act is told
//! again, done once, and never guessed about.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState;
use countersign::domain::event::{EventFilter, EventKind, EventPage};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::Retention;
use countersign::domain::request::{Request, Status};
use countersign::domain::session::SessionEnd;
use countersign::service::DeskError;
use countersign::service::ports::{SessionFilter, StoreError};
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::upkeep::maintenance::MaintenanceRun;
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::verification::verify::{Verification, VerifiedCustomer};

use super::breaking::Break;
use super::breaking::Break::{AtCommit, Before, Failed};
use super::breaking::Breaking;
use super::{Bench, Office, Scripted, other, refused};

/// The connection is lost before, at the commit, and back after three tries of
/// either kind and of both.
const BREAKS: &[&[Break]] = &[
    &[Before],
    &[AtCommit],
    &[Before, Before, Before],
    &[AtCommit, AtCommit, AtCommit],
    &[Before, AtCommit, Before],
];

struct Lost {
    bench: Bench,
    store: Arc<Breaking>,
    heard: Arc<AtomicUsize>,
    request: Request,
    code: String,
}

impl Lost {
    /// A bench where a code was sent and the next acts break.
    async fn new(breaks: &[Break]) -> Self {
        Self::with(breaks, |_| {}).await
    }

    async fn with(breaks: &[Break], change: impl FnOnce(&mut Office)) -> Self {
        let mut bench = Bench::new(Scripted::fine(), change).await;
        let store = Breaking::over(bench.store.clone());
        let heard = Arc::new(AtomicUsize::new(0));
        let counter = heard.clone();
        let retry_policy = RetryPolicy::lasting(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let retry_policy =
            retry_policy.waiting(Duration::from_micros(10), Duration::from_millis(1));
        bench.desk = bench.desk_over(store.clone()).with_retry_policy(retry_policy);
        let dana = bench.customer("WB-1", None).await;
        let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
        store.breaks(breaks);
        Self { bench, store, heard, request, code }
    }

    /// Every break was met and heard of.
    fn check(&self, breaks: &[Break]) {
        assert!(self.store.is_whole(), "{breaks:?}");
        assert_eq!(self.heard.load(Ordering::SeqCst), breaks.len());
    }

    async fn count(&self, kind: EventKind) -> usize {
        let events = self.bench.desk.log(&EventFilter::default(), EventPage::Newest, 100).await;
        events.expect("a log").iter().filter(|event| event.kind == kind).count()
    }

    async fn enter(&self, code: &str) -> Result<Verification, DeskError> {
        self.bench.desk.verify(&self.request.id, code, &self.bench.key()).await
    }

    async fn verify(&self) -> VerifiedCustomer {
        match self.enter(&self.code).await {
            Ok(Verification::Verified(verified)) => *verified,
            other => panic!("not verified: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_code_asked_for_over_a_break_is_stored_and_sent_once() {
    for breaks in BREAKS {
        let lost = Lost::new(breaks).await;
        let bench = &lost.bench;
        let ben = bench.customer("WB-2", None).await;
        let before = bench.sender.calls();
        let (request, code) = bench.send(bench.ask(&ben, Channel::Email).await).await;
        lost.check(breaks);
        assert_eq!(bench.sender.calls(), before + 1);
        assert_eq!(lost.count(EventKind::Requested).await, 2, "{breaks:?}");
        assert_eq!(bench.verify(&request, &code).await, Outcome::Verified, "{breaks:?}");
    }
}

#[tokio::test]
async fn another_code_asked_for_over_a_break_is_stored_and_sent_once() {
    for breaks in BREAKS {
        let lost = Lost::new(breaks).await;
        let bench = &lost.bench;
        let asked = bench.desk.resend(&lost.request.id, 1).await.expect("asked").expect("there");
        let (request, code) = bench.send(asked).await;
        lost.check(breaks);
        assert_eq!(request.generation, 2, "{breaks:?}");
        assert_eq!(bench.verify(&request, &code).await, Outcome::Verified, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_code_that_somebody_else_drew_is_not_sent() {
    let lost = Lost::new(&[]).await;
    let bench = &lost.bench;
    let ben = bench.customer("WB-2", None).await;
    let ask = CodeRequest {
        customer: ben.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "one press".into(),
    };
    // Told by somebody else under the same name: that one sends its message.
    let other = bench.desk_over(bench.store.clone());
    let CodeRequestOutcome::Ready(_) = other.ask(&ask).await.expect("asked") else {
        panic!("no code")
    };
    lost.store.breaks(&[AtCommit]);
    let again = bench.desk.ask(&ask).await.expect("asked");
    assert!(matches!(again, CodeRequestOutcome::Already(_)), "{again:?}");
}

#[tokio::test]
async fn a_right_code_over_a_break_opens_one_session_whose_token_works() {
    for breaks in BREAKS {
        let lost = Lost::new(breaks).await;
        let verified = lost.verify().await;
        lost.check(breaks);
        let desk = &lost.bench.desk;
        let touched = desk.touch(&verified.token).await.expect("asked").expect("a session");
        assert_eq!(touched.id, verified.session.id);
        assert_eq!(verified.request.attempts, 1, "{breaks:?}");
        let sessions = desk.sessions(SessionFilter::All, 10).await.expect("sessions");
        assert_eq!(sessions.len(), 1, "{breaks:?}");
        assert_eq!(lost.count(EventKind::Attempt).await, 1, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_wrong_code_over_a_break_counts_one_try() {
    for breaks in BREAKS {
        let lost = Lost::new(breaks).await;
        let judged = lost.enter(&other(&lost.code)).await.expect("judged");
        let Verification::Refused(refused) = judged else { panic!("{judged:?}") };
        lost.check(breaks);
        assert_eq!((refused.outcome, refused.request.attempts), (Outcome::Wrong, 1));
        assert_eq!(lost.count(EventKind::Attempt).await, 1, "{breaks:?}");
        lost.verify().await;
    }
}

#[tokio::test]
async fn a_withdrawal_over_a_break_is_done_once() {
    for breaks in BREAKS {
        let lost = Lost::new(breaks).await;
        let request = lost.bench.desk.cancel(&lost.request.id).await.expect("told");
        lost.check(breaks);
        assert_eq!(request.expect("there").status, Status::Cancelled, "{breaks:?}");
        assert_eq!(lost.count(EventKind::Cancelled).await, 1, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_logout_over_a_break_is_done_once() {
    for breaks in BREAKS {
        let lost = Lost::new(&[]).await;
        let verified = lost.verify().await;
        lost.store.breaks(breaks);
        let id = &verified.session.id;
        let ended = lost.bench.desk.end_session(id, SessionEnd::Logout).await.expect("told");
        lost.check(breaks);
        let ended = ended.expect("there").ended.map(|(_, how)| how);
        assert_eq!(ended, Some(SessionEnd::Logout), "{breaks:?}");
        assert_eq!(lost.count(EventKind::SessionEnded).await, 1, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_customer_unlocked_over_a_break_is_said_to_be_unlocked_once() {
    for breaks in BREAKS {
        let lost = Lost::new(&[]).await;
        lost.enter(&other(&lost.code)).await.expect("judged");
        let (desk, dana) = (&lost.bench.desk, lost.request.customer);
        lost.store.breaks(breaks);
        assert!(desk.unlock("first", dana, "showed a passport").await.expect("told"), "{breaks:?}");
        lost.check(breaks);
        assert!(!desk.unlock("second", dana, "again").await.expect("told"), "{breaks:?}");
        assert_eq!(lost.count(EventKind::Unlocked).await, 1, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_report_over_a_break_is_written_and_the_message_sent_once() {
    for breaks in BREAKS {
        let lost = Lost::new(&[]).await;
        let bench = &lost.bench;
        let asked = bench.desk.resend(&lost.request.id, 1).await.expect("asked").expect("there");
        let before = bench.sender.calls();
        lost.store.breaks(breaks);
        let (request, _) = bench.send(asked).await;
        lost.check(breaks);
        assert_eq!(bench.sender.calls(), before + 1, "{breaks:?}");
        let stored = bench.desk.request(&request.id).await.expect("read").expect("there");
        assert_eq!(stored.delivery.state, DeliveryState::Sent, "{breaks:?}");
        assert_eq!(lost.count(EventKind::Sent).await, 2, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_refusal_over_a_break_is_in_the_log_once() {
    for breaks in BREAKS {
        let lost = Lost::new(&[]).await;
        let bench = &lost.bench;
        let dana = bench.customer("WB-1", None).await;
        lost.store.breaks(breaks);
        let refusal = refused(bench.ask(&dana, Channel::Sms).await);
        lost.check(breaks);
        assert_eq!(refusal.outcome, Outcome::NoContact);
        assert_eq!(lost.count(EventKind::Refused).await, 1, "{breaks:?}");
    }
}

#[tokio::test]
async fn a_run_of_maintenance_over_a_break_is_in_the_log_once() {
    for breaks in BREAKS {
        let retention = Retention { purge_events_after: Duration::ZERO, ..Retention::default() };
        let lost = Lost::with(&[], |office| office.retention = retention).await;
        let desk = &lost.bench.desk;
        while desk.due().await.expect("counted").is_empty() {}
        let mut run = MaintenanceRun::default();
        while desk.run_maintenance(&mut run).await.expect("done").is_some() {}
        lost.store.breaks(breaks);
        desk.finish_maintenance(run.totals(), None).await.expect("told");
        lost.check(breaks);
        assert_eq!(lost.count(EventKind::Maintained).await, 1, "{breaks:?}");
    }
}

#[tokio::test]
async fn the_time_is_asked_for_until_the_store_is_back() {
    let lost = Lost::new(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lost");
    std::fs::write(&file, "").expect("a file");
    lost.store.lost_by_file(folder.path());
    let found = lost.bench.desk.find("WB-1", 1).await;
    assert!(matches!(found, Err(DeskError::Store(StoreError::Unreachable(_)))), "it asks once");
    let desk = lost.bench.desk.clone();
    let time = tokio::spawn(async move { desk.now().await });
    while lost.heard.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    std::fs::remove_file(&file).expect("removed");
    assert!(time.await.expect("an end").is_ok());
}

#[tokio::test]
async fn what_may_have_been_done_is_never_said_to_be_undone() {
    for (breaks, unknown) in [
        (&[Before, Failed][..], false),
        (&[AtCommit, Failed], true),
        (&[AtCommit, Before, Failed], true),
    ] {
        let lost = Lost::new(breaks).await;
        let failed = lost.enter(&lost.code).await;
        let Err(DeskError::Store(error)) = failed else { panic!("{failed:?}") };
        assert_eq!(matches!(error, StoreError::Unknown(_)), unknown, "{breaks:?}: {error}");
    }
}

#[tokio::test]
async fn a_command_gives_up_after_a_while_and_says_what_is_known() {
    for (breaks, unknown) in [(Before, false), (AtCommit, true)] {
        let lost = Lost::new(&[]).await;
        lost.store.breaks(&[breaks]);
        // The first wait is over the patience of a command.
        let day = Duration::from_hours(24);
        let brief = RetryPolicy::brief().waiting(day, day);
        let desk = lost.bench.desk_over(lost.store.clone()).with_retry_policy(brief);
        let failed = desk.verify(&lost.request.id, &lost.code, "a key").await;
        let Err(DeskError::Store(error)) = failed else { panic!("{failed:?}") };
        assert_eq!(matches!(error, StoreError::Unknown(_)), unknown, "{error}");
    }
}

#[tokio::test]
async fn security_19_a_test_message_that_cannot_be_written_down_is_not_sent() {
    for breaks in BREAKS {
        let lost = Lost::new(breaks).await;
        let before = lost.bench.sender.calls();
        lost.bench.desk.send_test("admin@example.org").await.expect("sent");
        assert_eq!(lost.bench.sender.calls() - before, 1, "{breaks:?}");
        assert!(lost.store.is_whole());
    }
    let lost = Lost::new(&[Failed]).await;
    let before = lost.bench.sender.calls();
    lost.bench.desk.send_test("admin@example.org").await.expect_err("the store failed");
    assert_eq!(lost.bench.sender.calls(), before);
}
