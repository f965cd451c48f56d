//! What cannot be brought about from outside: a part of the program that
//! panics, and a provider that never answers. The tests run themselves again on
//! a terminal of their own, with a desk whose senders do just that.

use std::sync::Arc;

use async_trait::async_trait;
use countersign::config::settings::{CustomerSettings, StoreSettings, UiSettings};
use countersign::domain::customer::PhonePolicy;
use countersign::domain::delivery::SendReport;
use countersign::domain::event::Actor;
use countersign::domain::explanation::Explanation;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::message::Outgoing;
use countersign::domain::policy::{OtpPolicy, RateLimits, Retention};
use countersign::lifecycle::{Lifecycle, Signals};
use countersign::random::OsRandom;
use countersign::service::api::{Authentication, Caller, DeskClient, Role};
use countersign::service::ports::{SendGuard, Sender, Store};
use countersign::service::{Desk, Office, Senders};
use countersign::store::SqlStore;
use countersign::tui::machine::pending::PendingAct;
use countersign::tui::terminal::guard::TerminalGuard;
use countersign::tui::{Opening, RunError, run};
use portable_pty::CommandBuilder;
use tokio::sync::Notify;

use super::terminal::{PtySession, Seen, isolate};

/// Runs one of the ignored tests below at a terminal.
pub(crate) fn again(test: &str) -> PtySession {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let program = std::env::current_exe().expect("this program");
    let mut command = CommandBuilder::new(program);
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    isolate(&mut command, &folder);
    PtySession::run(command, folder)
}

#[test]
fn security_40_the_terminal_is_restored_before_a_panic_is_told() {
    for (test, words) in [
        ("inside::child_panics_here", "a fault on purpose"),
        ("inside::child_panics_on_another_thread", "a fault elsewhere"),
    ] {
        let mut session = again(test);
        assert_ne!(session.end(), 0, "{test}");
        session.is_restored();
        let output = session.all_output();
        let (_, told) = output.rsplit_once("\x1b[?25h").expect("restored");
        let mut lines =
            told.lines().filter(|line| line.contains("countersign failed at tests/pty"));
        assert!(lines.any(|line| line.contains(words)), "{told:?}");
        assert!(!output.contains("481902"), "what was put together is not repeated");
    }
}

#[test]
fn security_40_a_panic_in_a_task_ends_the_interface() {
    let mut session = again("inside::child_whose_provider_panics");
    session.wait_for_text("Riverside Billing");
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    session.act("\r");
    assert_ne!(session.end(), 0);
    session.is_restored();
    assert!(session.all_output().contains("countersign failed at"));
}

#[test]
fn with_a_provider_that_hangs_typing_and_the_countdown_go_on() {
    let mut session = again("inside::child_whose_provider_hangs");
    session.wait_for_text("Riverside Billing");
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    session.act("\r").wait_for_text("Time left");
    session.wait_for_text("email slow");
    for _ in 0..3 {
        let before = time_left(&session.seen());
        session.wait_for("other time", |seen| (time_left(seen) != before).then_some(()));
    }
    session.press("12").act("\r").wait_for_text("2 are typed so far");
    session.leave();
    session.end();
    session.is_restored();
}

/// What stands behind "Time left".
pub(crate) fn time_left(seen: &Seen) -> Option<String> {
    let text = seen.text();
    let (_, behind) = text.split_once("Time left")?;
    behind.split_whitespace().next().map(str::to_owned)
}

/// A provider that never does what it should.
enum Bad {
    Panics,
    Hangs,
}

#[async_trait]
impl Sender for Bad {
    fn provider(&self) -> &'static str {
        "bad"
    }

    async fn send_guarded(&self, _message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        assert!(guard.claim().await);
        match self {
            Self::Panics => panic!("a provider's fault"),
            Self::Hangs => std::future::pending().await,
        }
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("fine".into())
    }
}

async fn desk(sender: Arc<dyn Sender>) -> Desk {
    desk_on(sample().await, sender)
}

/// A store of this folder, with the sample customers.
pub(crate) async fn sample() -> Arc<SqlStore> {
    let settings = StoreSettings::Sqlite { file: "desk.db".into() };
    let store = SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store");
    store.load_sample().await.expect("the sample");
    Arc::new(store)
}

/// A desk whose messages all go out the same way.
pub(crate) fn desk_on(store: Arc<dyn Store>, sender: Arc<dyn Sender>) -> Desk {
    Desk::new(
        store,
        Senders {
            email: Some(Arc::clone(&sender).into()),
            sms: Some(sender.into()),
            whatsapp: None,
        },
        Arc::new(OsRandom),
        Arc::new(Keyring::new(KeyId::new("test").expect("a name"), Key::new([7; 32]))),
        Office {
            name: "Riverside Billing".into(),
            purposes: vec!["pay a bill".into()],
            documents: vec!["passport".into()],
            otp: OtpPolicy::default(),
            limits: RateLimits::default(),
            phones: PhonePolicy::of("US"),
            retention: Retention::default(),
            external_customers: false,
            four_eyes: Vec::new(),
        },
        Actor { clerk: "amira".into(), counter: "3".into() },
    )
    .expect("a desk")
}

/// A client that may do everything, of a desk in this process.
pub(crate) fn client(desk: Desk) -> DeskClient {
    let caller = Caller {
        actor: desk.actor().clone(),
        role: Role::Admin,
        authentication: Authentication::OwnProcess,
    };
    DeskClient::embedded(desk, caller).expect("a client")
}

fn interface(sender: Bad) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let end = runtime.block_on(async {
        let desk = desk(Arc::new(sender)).await;
        let opening = Opening { settings: UiSettings::default(), mark: None, warning: None };
        let mut signals = Signals::new().expect("signals");
        run(client(desk), opening, &Lifecycle::new(), &mut signals).await
    });
    runtime.shutdown_background();
    assert!(matches!(end, Err(RunError::Unanswered(PendingAct::Deliver(_)))), "{end:?}");
}

#[test]
#[ignore = "is run by a test above, at a terminal of its own"]
fn child_whose_provider_panics() {
    interface(Bad::Panics);
}

#[test]
#[ignore = "is run by a test above, at a terminal of its own"]
fn child_whose_provider_hangs() {
    interface(Bad::Hangs);
}

#[test]
#[ignore = "is run by a test above, at a terminal of its own"]
fn child_panics_here() {
    let takeover = TerminalGuard::begin(false, &[]).expect("a terminal");
    let _guard = takeover.guard_panics(Arc::new(Notify::new()));
    panic!("a fault on purpose");
}

#[test]
#[ignore = "is run by a test above, at a terminal of its own"]
fn child_panics_on_another_thread() {
    let takeover = TerminalGuard::begin(false, &[]).expect("a terminal");
    let _guard = takeover.guard_panics(Arc::new(Notify::new()));
    let code = "481902";
    let first = std::thread::spawn(move || panic!("a secret in a text: {code}"));
    assert!(first.join().is_err());
    let second = std::thread::spawn(|| panic!("a fault elsewhere"));
    assert!(second.join().is_err());
    takeover.leave();
    std::panic::resume_unwind(Box::new("the test ends in failure"));
}
