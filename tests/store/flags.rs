//! Flags of customers, on many terminals at once: what is proven beside one that is being set is
//! judged by it, or ended by it.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::channel::Factor;
use countersign::domain::customer::CustomerId;
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::flag::Flag;
use countersign::domain::outcome::Outcome;
use countersign::domain::purpose::{Attested, Purpose};
use countersign::domain::request::Status;
use countersign::domain::session::SessionId;
use countersign::domain::time::Timestamp;
use countersign::service::ports::{
    AttemptOutcome, Attestation, NewFlag, NewSession, SessionFilter, StoreError,
};
use tokio::task::JoinSet;

use crate::support::{TRAY, Terminal, TestStore, next, on_each_store, token, wish};

const TERMINALS: usize = 5;
const TASKS: usize = 50;
const CODE: &str = "481902";

async fn terminals(fixture: &TestStore) -> Vec<Terminal> {
    let mut terminals = Vec::new();
    for _ in 0..TERMINALS {
        terminals.push(Terminal::new(fixture.open().await));
    }
    terminals
}

impl Terminal {
    async fn flag(&self, customer: CustomerId, flag: Flag, until: Option<Timestamp>) {
        let (reason, actor) = ("a letter of the bank", &self.actor);
        let new = NewFlag { customer, flag, reason, until, actor };
        self.store.set_flag(&format!("flagged {}", next()), new).await.expect("an answer");
    }

    async fn unflag(&self, customer: CustomerId, flag: Flag) -> bool {
        let act = format!("unflagged {}", next());
        let lifted = self.store.lift_flag(&act, customer, flag, "over", &self.actor);
        lifted.await.expect("an answer")
    }

    /// A second person approves the customer for a purpose that takes it.
    async fn vouch(&self, customer: CustomerId) -> Result<bool, StoreError> {
        let number = next();
        let act = format!("vouched {number}");
        let purpose = Purpose { second_person: Attested::Alone, ..Purpose::from("pay bill") };
        let attested = self.store.attest(Attestation {
            customer,
            purpose: &purpose,
            factor: Factor::SecondPerson,
            act: &act,
            event: EventKind::Vouched,
            detail: "in a test",
            keyring: &self.keyring,
            session: NewSession {
                id: SessionId::from_bits(number),
                token_digest: token(number).digest(),
                further: None,
                shared_contact: false,
            },
            policy: &self.policy,
            policy_version: "0123456789ab",
            notices: *TRAY,
            actor: &self.actor,
        });
        Ok(attested.await?.expect("a customer").is_reached)
    }

    async fn count_of(&self, kind: EventKind) -> usize {
        let log = self.log(&EventFilter::default()).await;
        log.iter().filter(|it| it.kind == kind).count()
    }

    async fn alive(&self) -> usize {
        let alive = self.store.sessions(SessionFilter::Alive, 99).await.expect("an answer");
        alive.len()
    }
}

fn refusing(answer: &Result<AttemptOutcome, StoreError>) -> Option<Flag> {
    match answer {
        Err(StoreError::Flagged(refusal)) => Some(refusal.flag.flag),
        _ => None,
    }
}

on_each_store! {
    async fn security_67_of_fifty_proofs_beside_a_hold_none_leaves_a_session(fixture) {
        let mut terminals = terminals(&fixture).await;
        let names: Vec<String> = (0..10).map(|it| format!("purpose {it}")).collect();
        for it in &mut terminals {
            it.purposes = names.iter().map(|it| Purpose::from(it.as_str())).collect();
            it.policy.max_attempts = 10;
            it.policy.failure_cap = 100;
        }
        let desk = terminals[0].clone();
        let customer = desk.customer("WB-1").await;
        let mut requests = Vec::new();
        for name in &names {
            let mut wish = wish(customer, CODE);
            wish.purpose.clone_from(name);
            requests.push(desk.issue(&wish).await.id);
        }
        let mut tasks = JoinSet::new();
        let start = Arc::new(tokio::sync::Barrier::new(TASKS));
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % TERMINALS].clone(), start.clone());
            let request = requests[at % requests.len()].clone();
            tasks.spawn(async move {
                start.wait().await;
                if at == TASKS / 2 {
                    desk.flag(customer, Flag::Hold, None).await;
                    return None;
                }
                Some(desk.try_enter(&request, CODE).await)
            });
        }
        let answers: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let verified = |it: &&Result<AttemptOutcome, StoreError>| {
            matches!(it, Ok(AttemptOutcome::Verified { .. }))
        };
        let won = answers.iter().filter(verified).count();
        let held = answers.iter().filter(|it| refusing(it) == Some(Flag::Hold)).count();
        assert!(won <= 10, "each code once: {won}");
        let others = answers.iter().filter(|it| matches!(it, Ok(AttemptOutcome::Refused { .. })));
        assert_eq!(won + held + others.count(), TASKS - 1, "{answers:?}");
        // Whoever was faster than the hold was ended by it.
        assert_eq!(desk.alive().await, 0, "{won} were verified before");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_verified_now").await, 0);
        assert_eq!(desk.count_of(EventKind::SessionEnded).await, won);
        for request in requests {
            assert_ne!(desk.request(&request).await.status, Status::Open);
        }
    }

    async fn of_fifty_that_lift_a_flag_one_does(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = terminals[0].clone();
        let customer = desk.customer("WB-1").await;
        desk.flag(customer, Flag::Hold, None).await;
        let mut tasks = JoinSet::new();
        let start = Arc::new(tokio::sync::Barrier::new(TASKS));
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % TERMINALS].clone(), start.clone());
            tasks.spawn(async move {
                start.wait().await;
                desk.unflag(customer, Flag::Hold).await
            });
        }
        let lifted = tasks.join_all().await;
        assert_eq!(lifted.iter().filter(|it| **it).count(), 1, "{lifted:?}");
        assert_eq!(desk.count_of(EventKind::FlagLifted).await, 1);
        assert!(desk.store.flags(customer).await.expect("an answer").is_empty());
    }

    async fn security_67_a_flag_that_is_set_between_asking_and_entering_counts(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let failures = "SELECT COALESCE(MAX(failures), 0) FROM core_guard";

        // On hold: neither judged nor counted, right or wrong.
        let request = desk.issue(&wish(customer, CODE)).await;
        desk.flag(customer, Flag::Hold, None).await;
        for code in [CODE, "000000"] {
            assert_eq!(refusing(&desk.try_enter(&request.id, code).await), Some(Flag::Hold));
        }
        assert_eq!(fixture.number(failures).await, 0);
        assert!(matches!(desk.vouch(customer).await, Err(StoreError::Flagged(_))));
        assert!(desk.unflag(customer, Flag::Hold).await);
        assert!(!desk.unflag(customer, Flag::Hold).await, "it is lifted once");

        // At risk: one code by email is not enough any more.
        let request = desk.issue(&wish(customer, CODE)).await;
        desk.flag(customer, Flag::AtRisk, None).await;
        let entered = desk.try_enter(&request.id, CODE).await.expect("an answer");
        let AttemptOutcome::Verified { session, .. } = entered else { panic!("{entered:?}") };
        assert!(!session.is_verified(), "{session:?}");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_verified_now").await, 0);
        let served = desk.store.alive_of(customer).await.expect("an answer");
        assert!(served[0].is_genuine(&desk.keyring));
        assert!(desk.unflag(customer, Flag::AtRisk).await);

        // Dead: what was the holder's proves nothing; a second person may say who is served.
        let request = desk.issue(&wish(customer, CODE)).await;
        desk.flag(customer, Flag::Deceased, None).await;
        assert_eq!(desk.alive().await, 0, "and what was proven before is over");
        let entered = desk.try_enter(&request.id, CODE).await;
        assert_eq!(refusing(&entered), Some(Flag::Deceased));
        assert!(desk.vouch(customer).await.expect("an answer"));
        assert_eq!(desk.alive().await, 1);

        // What is for representatives alone ends no session of the holder.
        assert!(desk.unflag(customer, Flag::Deceased).await);
        desk.flag(customer, Flag::DoNotDisclose, None).await;
        assert_eq!(desk.alive().await, 1);
    }

    async fn a_flag_ends_by_itself_and_one_set_again_takes_its_place(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (dana, bo) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        let now = desk.store.now().await.expect("a time");
        let flags = async |of| desk.store.flags(of).await.expect("an answer").labels();
        desk.flag(dana, Flag::AtRisk, Some(now.plus(Duration::from_hours(1)))).await;
        desk.flag(bo, Flag::Hold, Some(now.plus(Duration::from_hours(1)))).await;
        desk.flag(dana, Flag::AtRisk, Some(now.plus(Duration::from_hours(3)))).await;
        assert_eq!((flags(dana).await, flags(bo).await), ("at risk".into(), "on hold".into()));
        let listed = desk.store.flagged(10).await.expect("an answer");
        let listed: Vec<_> =
            listed.iter().map(|it| (it.account_no.as_str(), it.flag.flag.word())).collect();
        assert_eq!(listed, [("WB-1", "at_risk"), ("WB-2", "hold")]);

        fixture.pass(Duration::from_hours(2).as_millis().try_into().expect("a number")).await;
        assert_eq!((flags(dana).await, flags(bo).await), ("at risk".into(), String::new()));
        assert_eq!(desk.store.flagged(10).await.expect("an answer").len(), 1);
        assert!(!desk.unflag(bo, Flag::Hold).await, "it is over");
        let request = desk.issue(&wish(bo, CODE)).await;
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified);
    }
}
