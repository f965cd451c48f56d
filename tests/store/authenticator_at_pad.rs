//! The code of an authenticator at a pad, on many terminals at once: it is judged as at the
//! counter, only while the counter asks for it.

use std::sync::Arc;

use countersign::domain::customer::CustomerId;
use countersign::domain::customer_factor::{FactorGuess, FactorKind};
use countersign::domain::event::Actor;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::{PadMark, PairingId, PairingState};
use countersign::domain::request::RequestId;
use countersign::domain::session::SessionId;
use countersign::domain::sign_in::TypedSecret;
use countersign::service::ports::pads::{ShownAuthenticator, ShownRequest};
use countersign::service::ports::{
    FactorAttempt, FactorAttemptOutcome, FactorPadEntry, NewSession,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::factors::{seed, typed};
use crate::support::{TRAY, Terminal, TestStore, next, on_each_store, token};

/// More than wrong codes of a customer are judged.
const TASKS: usize = 24;

fn pad() -> Actor {
    Actor { clerk: "pad1".into(), counter: "front desk pts/1".into() }
}

/// What the tests of authenticators at a pad ask of a terminal.
impl Terminal {
    /// Lets the pad ask for a customer's authenticator, as an entry of this number.
    async fn ask_at_pad(&self, id: &PairingId, entry: u64, customer: CustomerId) -> bool {
        let shown = ShownRequest {
            request: RequestId::from_bits(entry),
            session_digest: None,
            authenticator: Some(ShownAuthenticator { customer, purpose: "pay bill".into() }),
        };
        self.store.show_at_pad(id, Some(&shown), &self.actor).await.expect("an answer")
    }

    /// The outcome of a guess, at the pad where an entry is given; none where it is not judged.
    async fn prove_at(
        &self,
        customer: CustomerId,
        guess: &FactorGuess,
        entry: Option<(&str, u64)>,
    ) -> Option<Outcome> {
        let (pad, number) = (pad(), next());
        let entry = entry.map(|(token, entry)| (token, RequestId::from_bits(entry)));
        let at_pad = entry.as_ref().map(|(token_digest, entry)| FactorPadEntry {
            token_digest,
            pad: &pad,
            entry,
        });
        let attempt = FactorAttempt {
            customer,
            purpose: &"pay bill".into(),
            act: &format!("proved {number}"),
            guess,
            keyring: &self.keyring,
            session: NewSession {
                id: SessionId::from_bits(number),
                token_digest: token(number).digest(),
                further: None,
                shared_contact: false,
            },
            policy: &self.policy,
            limits: &self.limits,
            policy_version: "0123456789ab",
            notices: *TRAY,
            actor: &self.actor,
            at_pad,
        };
        match self.store.attempt_factor(attempt).await.expect("an answer") {
            FactorAttemptOutcome::Verified { .. } => Some(Outcome::Verified),
            FactorAttemptOutcome::Refused { outcome, .. } => Some(outcome),
            FactorAttemptOutcome::NotAtPad => None,
            FactorAttemptOutcome::NotEnrolled => panic!("not enrolled"),
        }
    }
}

/// Guesses at the pad and at the counter in turn, all at once.
async fn all_at_once(
    terminals: &[Terminal],
    customer: CustomerId,
    guess: &FactorGuess,
) -> Vec<Option<Outcome>> {
    let mut tasks = JoinSet::new();
    let start = Arc::new(Barrier::new(TASKS));
    for at in 0..TASKS {
        let (desk, start) = (terminals[at % terminals.len()].clone(), start.clone());
        let guess = guess.clone();
        tasks.spawn(async move {
            start.wait().await;
            let entry = (at % 2 == 0).then_some(("token", 7));
            desk.prove_at(customer, &guess, entry).await
        });
    }
    tasks.join_all().await
}

async fn terminals(fixture: &TestStore) -> Vec<Terminal> {
    let mut terminals = Vec::new();
    for _ in 0..5 {
        terminals.push(Terminal::new(fixture.open().await));
    }
    terminals
}

on_each_store! {
    async fn an_authenticators_code_at_the_pad_and_at_the_counter_proves_once(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        let id = desk.paired("token").await;
        assert!(desk.ask_at_pad(&id, 7, customer).await);
        let guess = typed(&seed(), desk.store.now().await.expect("a time"));
        let outcomes = all_at_once(&terminals, customer, &guess).await;
        let verified = outcomes.iter().filter(|it| **it == Some(Outcome::Verified)).count();
        assert_eq!(verified, 1, "{outcomes:?}");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_session").await, 1);
    }

    async fn a_pad_and_its_clerk_have_the_same_tries_for_an_authenticator(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        let id = desk.paired("token").await;
        assert!(desk.ask_at_pad(&id, 7, customer).await);
        let guess = FactorGuess::Totp(TypedSecret::new("000000"));
        let outcomes = all_at_once(&terminals, customer, &guess).await;
        let judged = outcomes.iter().filter(|it| **it == Some(Outcome::Wrong)).count();
        let cap = i64::from(desk.policy.failure_cap);
        let wrong = i64::from(desk.limits.wrong_codes_per_clerk).min(cap);
        assert_eq!(i64::try_from(judged).expect("few"), wrong, "{outcomes:?}");
        assert_eq!(fixture.number("SELECT failures FROM core_guard").await, wrong);
        assert_eq!(fixture.number("SELECT failures FROM core_clerk_guard").await, wrong);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_session").await, 0);
    }

    async fn a_pad_enters_no_authenticators_code_that_its_counter_does_not_ask_for(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (one, two) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        assert!(desk.change(one, FactorKind::Totp, 0).await);
        let id = desk.paired("token").await;
        let guess = typed(&seed(), desk.store.now().await.expect("a time"));
        let at_pad = async |token, entry| desk.prove_at(one, &guess, Some((token, entry))).await;
        assert_eq!(at_pad("token", 7).await, None, "nothing is asked for");
        assert!(desk.ask_at_pad(&id, 7, two).await);
        assert_eq!(at_pad("token", 7).await, None, "it is another customer's");
        assert!(desk.ask_at_pad(&id, 7, one).await);
        assert_eq!(at_pad("token", 8).await, None, "it is another entry");
        assert_eq!(at_pad("another token", 7).await, None, "it is another pad");
        let counted = "SELECT COUNT(*) FROM core_guard WHERE failures > 0";
        assert_eq!(fixture.number(counted).await, 0);

        let mark = PadMark { request: RequestId::from_bits(7), generation: 0 };
        assert!(!desk.store.type_at_pad("token", &mark, 4).await.expect("said"));
        let shown = desk.store.pairing(&id).await.expect("read").expect("a pairing");
        assert_eq!((shown.state, shown.typed), (PairingState::Paired, 4));
        assert_eq!(at_pad("token", 7).await, Some(Outcome::Verified));
        let shown = desk.store.pairing(&id).await.expect("read").expect("a pairing");
        assert_eq!((shown.typed, shown.outcome), (0, Some(Outcome::Verified)));
        // What it proved is not said away by more digits, and nothing else is proven by it.
        fixture.sql("UPDATE core_pad SET typed_at = 0").await;
        assert!(!desk.store.type_at_pad("token", &mark, 1).await.expect("said"));
        let shown = desk.store.pairing(&id).await.expect("read").expect("a pairing");
        assert_eq!((shown.typed, shown.outcome), (0, Some(Outcome::Verified)));
        assert_eq!(at_pad("token", 7).await, None, "an entry proves once");
    }
}
