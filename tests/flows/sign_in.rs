//! Signing in, the lock, and going on where the terminal stood.

use std::time::{Duration, Instant};

use countersign::domain::event::Actor;
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::sign_in::password::PasswordFault;
use countersign::domain::sign_in::sitting::{SittingId, SittingTicket};
use countersign::domain::staff::Role;
use countersign::domain::totp::TotpOffer;
use countersign::service::api::{Answer, Call, DeskProfile, SignInState};
use countersign::service::ports::EarlierSignIns;
use countersign::service::staff::sign_in::{SignInOutcome, SignedIn};
use countersign::tui::app::deadlines::next_wake;
use countersign::tui::machine::idle_lock::IdleLock;
use countersign::tui::machine::keymap::Context;
use countersign::tui::machine::message::Msg;
use countersign::tui::sign_in::state::{Reason, SignInForm, SignInStage};

use super::counter::Counter;

fn profile(clerk: &str) -> DeskProfile {
    DeskProfile {
        office: "Riverside Billing".into(),
        actor: Actor { clerk: clerk.into(), counter: "front desk".into() },
        role: Role::Clerk,
        purposes: vec!["pay a bill".into()],
        documents: vec!["passport".into()],
        code_length: 6,
        country: "US".into(),
        quarantine_seconds: 0,
        channels: Vec::new(),
        has_tray: true,
        sign_in: SignInState::SignedIn,
        idle_lock_seconds: 300,
        key_prefix: "k".into(),
    }
}

fn signed_in(clerk: &str) -> SignInOutcome {
    let ticket =
        SittingTicket { sitting: SittingId::from_bits(1), proof: TypedSecret::new("proof") };
    let earlier = EarlierSignIns { failures: 2, ..EarlierSignIns::default() };
    SignInOutcome::SignedIn(Box::new(SignedIn { profile: profile(clerk), earlier, ticket }))
}

fn is_sign_in(call: &Call) -> bool {
    matches!(call, Call::SignIn(_))
}

impl Counter {
    /// A counter of a service with passwords, whose desk answers only as it is told.
    fn with_passwords() -> Self {
        let mut counter = Self::new();
        counter.slow();
        counter.model.shared.idle_lock = IdleLock::of(&profile("amira"));
        counter.tell(Msg::Wake);
        counter
    }

    fn form(&self) -> &SignInForm {
        self.model.sign_in.as_ref().expect("nobody sits here")
    }

    fn attempt(&self) -> countersign::service::staff::calls::SignIn {
        let sent = self.pending.iter().rev().find_map(|it| match &it.call {
            Call::SignIn(attempt) => Some(attempt.clone()),
            _ => None,
        });
        sent.expect("an attempt")
    }

    fn judged(&mut self, outcome: SignInOutcome) -> &mut Self {
        self.answer(is_sign_in, Answer::SignIn(Ok(outcome)))
    }
}

#[test]
fn security_42_a_terminal_that_is_left_alone_is_covered_and_goes_on_for_the_next_clerk() {
    let mut counter = Counter::with_passwords();
    counter.keys("riv");
    counter.take(|call| matches!(call, Call::KeepSitting(_)));
    counter.pass(Duration::from_secs(299));
    assert!(counter.model.sign_in.is_none());
    counter.pass(Duration::from_secs(2));
    assert_eq!(counter.form().reason, Reason::Locked);
    assert!(counter.is_pending(|call| matches!(call, Call::LockTerminal(_))));
    assert_eq!(counter.model.context(), Context::SignIn);
    assert_eq!(next_wake(&counter.model, counter.now), None, "nothing moves, nothing is read");
    counter.pending.clear();
    counter.tell(Msg::StoreChanged).tell(Msg::Resumed);
    assert!(counter.pending.is_empty());
    // No key of the work acts, and what is typed goes into the form alone.
    counter.keys("<F2><F1>bo<Enter>violet otter<Enter>");
    assert!(counter.model.log.is_none() && counter.model.overlay.is_none());
    let attempt = counter.attempt();
    assert_eq!((attempt.name.as_str(), attempt.secret.0.as_str()), ("bo", "violet otter"));
    assert!(!format!("{:?}", counter.model).contains("violet otter"));
    counter.judged(SignInOutcome::Refused);
    assert!(counter.form().message.as_ref().is_some_and(|(_, it)| it.contains("did not work")));
    assert_eq!(counter.form().name.value(), "bo", "the name stays, the password does not");
    assert_eq!(counter.form().secrets[0].length(), 0);
    counter.keys("violet otters<Enter>").judged(signed_in("bo"));
    assert!(counter.model.sign_in.is_none());
    assert_eq!(counter.model.shared.place.clerk, "bo");
    assert_eq!(counter.find().input.value(), "riv", "the place is the same");
    counter.says("2 attempts failed since");
    assert!(counter.is_pending(|call| matches!(call, Call::ReadClock(_))));
}

#[test]
fn the_first_sign_in_sets_a_password_and_enrols_an_authenticator() {
    let mut counter = Counter::with_passwords();
    counter.model.sign_in = Some(SignInForm::new(Reason::SignedOut));
    counter.keys("boss<Enter>K7Q2-9XBM-4TRA<Enter>").judged(SignInOutcome::ChoosePassword);
    assert_eq!(counter.form().stage, SignInStage::NewPassword);
    counter.keys("one password<Enter>another one<Enter>");
    assert!(!counter.is_pending(is_sign_in), "they differ");
    counter.keys("password1<Enter>password1<Enter>");
    counter.judged(SignInOutcome::PasswordRefused(PasswordFault::Common));
    counter.keys("violet otters<Enter>violet otters<Enter>");
    let offer = TotpOffer {
        uri: TypedSecret::new("otpauth://totp/x"),
        words: TypedSecret::new("AAAA"),
        sealed: "sealed".into(),
    };
    counter.judged(SignInOutcome::Enrol(offer));
    assert_eq!(counter.form().stage, SignInStage::Enrol);
    counter.keys("123456<Enter>");
    let attempt = counter.attempt();
    assert_eq!(attempt.secret.0.as_str(), "K7Q2-9XBM-4TRA");
    assert_eq!(attempt.new_password.map(|it| it.0.to_string()).as_deref(), Some("violet otters"));
    assert_eq!(attempt.totp.map(|it| it.0.to_string()).as_deref(), Some("123456"));
    assert_eq!(attempt.offer.as_deref(), Some("sealed"));
    counter.judged(signed_in("boss"));
    assert!(counter.model.sign_in.is_none());
}

#[test]
fn a_key_locks_and_another_one_signs_out_once_no_customer_is_served() {
    let mut counter = Counter::with_passwords();
    counter.keys("<F9>");
    assert_eq!(counter.form().reason, Reason::Locked);
    counter.keys("bo<Enter>violet otters<Enter>").judged(SignInOutcome::TotpNeeded);
    assert_eq!(counter.form().stage, SignInStage::Totp);
    counter.keys("123456<Enter>").judged(signed_in("bo"));
    counter.keys("<F10>");
    assert_eq!(counter.form().reason, Reason::SignedOut);
    assert!(counter.is_pending(|call| matches!(call, Call::SignOut(_))));
    let mut serving = Counter::after("riv<Enter><Enter>481902");
    serving.is_at("verified");
    serving.model.shared.idle_lock = IdleLock::of(&profile("amira"));
    serving.slow().keys("<F10>").says("Finish with the customer first");
    assert!(serving.model.sign_in.is_none());
}

#[test]
fn where_the_account_is_enough_enter_uncovers_the_screen() {
    let mut counter = Counter::new();
    let own = DeskProfile { sign_in: SignInState::NotNeeded, ..profile("amira") };
    counter.model.shared.idle_lock = IdleLock::of(&own);
    counter.slow().tell(Msg::Wake).keys("riv").pass(Duration::from_secs(301));
    assert_eq!(counter.form().reason, Reason::Covered);
    assert!(!counter.is_pending(|call| matches!(call, Call::LockTerminal(_))));
    counter.keys("x");
    assert!(counter.model.sign_in.is_some());
    counter.keys("<Enter>");
    assert!(counter.model.sign_in.is_none());
    assert_eq!(counter.find().input.value(), "riv");
}

#[test]
fn a_desk_that_knows_nobody_here_asks_to_sign_in() {
    let mut counter = Counter::with_passwords();
    counter.keys("riv").tell(Msg::SignInNeeded);
    assert_eq!(counter.form().reason, Reason::Locked);
    let begun = Instant::now();
    counter.model.shared.idle_lock.begin(begun);
    counter.keys("<Ctrl-Q>");
    assert_eq!(counter.model.context(), Context::Confirm, "leaving goes");
    counter.keys("<Esc>");
    assert_eq!(counter.model.context(), Context::SignIn);
}
