//! Authenticators and backup codes of customers, on many terminals at once.

use std::sync::Arc;

use countersign::domain::backup_code::{BackupCode, SetOf};
use countersign::domain::customer::CustomerId;
use countersign::domain::customer_factor::{FactorGuess, FactorKind, new_set};
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::level::Level;
use countersign::domain::outcome::Outcome;
use countersign::domain::purpose::Purpose;
use countersign::domain::request::Status;
use countersign::domain::seal::Nonce;
use countersign::domain::session::{Session, SessionId, SessionToken};
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::time::Timestamp;
use countersign::domain::totp::{Bound, Seed};
use countersign::service::ports::{
    FactorAttempt, FactorAttemptOutcome, FactorChange, NewSession, Resealed, Serving, SessionFilter,
};
use tokio::task::JoinSet;

use crate::gate::{heard, listen};
use crate::support::{Kind, TRAY, Terminal, TestStore, next, on_each_store, token, wish};

const TERMINALS: usize = 5;
const TASKS: usize = 50;
const STEP: i64 = 30_000;

pub(crate) fn seed() -> Seed {
    Seed::new(&[9; 32])
}

fn codes() -> Vec<BackupCode> {
    (1..=10).map(|number| BackupCode::from_bits(number, 1_000 + u64::from(number))).collect()
}

pub(crate) fn typed(seed: &Seed, at: Timestamp) -> FactorGuess {
    FactorGuess::Totp(TypedSecret::new(seed.code_at(at)))
}

fn backup(number: u8, bits: u64) -> FactorGuess {
    FactorGuess::BackupCode(BackupCode::from_bits(number, bits))
}

async fn terminals(fixture: &TestStore) -> Vec<Terminal> {
    let mut terminals = Vec::new();
    for _ in 0..TERMINALS {
        terminals.push(Terminal::new(fixture.open().await));
    }
    terminals
}

impl Terminal {
    pub(crate) async fn change(&self, customer: CustomerId, kind: FactorKind, after: u32) -> bool {
        self.change_of((customer, "WB-1"), kind, after).await
    }

    async fn change_of(
        &self,
        (customer, account_no): (CustomerId, &str),
        kind: FactorKind,
        after: u32,
    ) -> bool {
        let (key_id, key) = self.keyring.current();
        let nonce = Nonce::from([3; 32]);
        let of = SetOf { customer, account_no, generation: after + 1 };
        let (sealed, digests) = match kind {
            FactorKind::Totp => (
                seed().seal(Bound::Customer(customer, account_no, after + 1), key, nonce),
                Vec::new(),
            ),
            FactorKind::BackupCodes => new_set(&codes(), of, key, [5; 32], nonce),
        };
        let change = FactorChange {
            act: &format!("changed {}", next()),
            customer,
            kind,
            after,
            sealed: Some(&sealed),
            key_id: key_id.as_str(),
            last_step: 0,
            digests: &digests,
            event: EventKind::FactorEnrolled,
            detail: "in a test",
            tell: &[],
            notices: *TRAY,
            actor: &self.actor,
        };
        self.store.change_factor(change).await.expect("an answer")
    }

    async fn prove(&self, customer: CustomerId, guess: &FactorGuess) -> FactorAttemptOutcome {
        self.prove_for(customer, guess, &"pay bill".into(), None).await
    }

    async fn prove_for(
        &self,
        customer: CustomerId,
        guess: &FactorGuess,
        purpose: &Purpose,
        further: Option<String>,
    ) -> FactorAttemptOutcome {
        self.prove_as(next(), customer, guess, purpose, further).await
    }

    /// As the attempt of this number, whose session has the token of the number.
    async fn prove_as(
        &self,
        number: u64,
        customer: CustomerId,
        guess: &FactorGuess,
        purpose: &Purpose,
        further: Option<String>,
    ) -> FactorAttemptOutcome {
        let attempt = FactorAttempt {
            customer,
            purpose,
            act: &format!("proved {number}"),
            guess,
            keyring: &self.keyring,
            session: NewSession {
                id: SessionId::from_bits(number),
                token_digest: token(number).digest(),
                further,
                shared_contact: false,
            },
            policy: &self.policy,
            limits: &self.limits,
            policy_version: "0123456789ab",
            notices: *TRAY,
            actor: &self.actor,
            at_pad: None,
        };
        self.store.attempt_factor(attempt).await.expect("an answer")
    }

    async fn outcome(&self, customer: CustomerId, guess: &FactorGuess) -> Outcome {
        match self.prove(customer, guess).await {
            FactorAttemptOutcome::Verified { .. } => Outcome::Verified,
            FactorAttemptOutcome::Refused { outcome, .. } => outcome,
            other => panic!("not judged: {other:?}"),
        }
    }

    async fn now(&self) -> Timestamp {
        self.store.now().await.expect("a time")
    }
}

/// What a counter does about factors, with the rights that it has.
pub(crate) async fn a_factor_is_enrolled_and_used(
    desk: &Terminal,
    customer: CustomerId,
    account_no: &str,
) {
    assert!(desk.change_of((customer, account_no), FactorKind::Totp, 0).await);
    for after in 0..2 {
        assert!(desk.change_of((customer, account_no), FactorKind::BackupCodes, after).await);
    }
    assert_eq!(desk.outcome(customer, &backup(1, 9)).await, Outcome::Wrong);
    assert_eq!(desk.outcome(customer, &backup(1, 1_001)).await, Outcome::Verified);
    let guess = typed(&seed(), desk.now().await);
    assert_eq!(desk.outcome(customer, &guess).await, Outcome::Verified);
}

/// The same guess on all terminals at once.
async fn prove_all(
    terminals: &[Terminal],
    customer: CustomerId,
    guess: &FactorGuess,
) -> Vec<Outcome> {
    let mut tasks = JoinSet::new();
    let start = Arc::new(tokio::sync::Barrier::new(TASKS));
    for at in 0..TASKS {
        let (desk, start) = (terminals[at % terminals.len()].clone(), start.clone());
        let guess = guess.clone();
        tasks.spawn(async move {
            start.wait().await;
            desk.outcome(customer, &guess).await
        });
    }
    tasks.join_all().await
}

fn count(outcomes: &[Outcome], outcome: Outcome) -> usize {
    outcomes.iter().filter(|it| **it == outcome).count()
}

/// Backup codes that are entered for a session at once, by all terminals.
async fn raise_all(
    terminals: &[Terminal],
    customer: CustomerId,
    further: &SessionToken,
    purpose: &Purpose,
) -> Vec<Option<Session>> {
    let mut tasks = JoinSet::new();
    let start = Arc::new(tokio::sync::Barrier::new(TASKS));
    for at in 0..TASKS {
        let (desk, start) = (terminals[at % terminals.len()].clone(), start.clone());
        let (further, purpose) = (further.digest(), purpose.clone());
        tasks.spawn(async move {
            let number = u8::try_from(at % 10 + 1).expect("ten codes");
            let guess = backup(number, 1_000 + u64::from(number));
            start.wait().await;
            match desk.prove_for(customer, &guess, &purpose, Some(further)).await {
                FactorAttemptOutcome::Verified { session, .. } => Some(session),
                _ => None,
            }
        });
    }
    tasks.join_all().await
}

on_each_store! {
    async fn security_67_fifty_that_raise_a_session_at_once_raise_it_once_each_code(fixture) {
        let mut terminals = terminals(&fixture).await;
        for it in &mut terminals {
            it.policy.failure_cap = 100;
        }
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        assert!(desk.change(customer, FactorKind::BackupCodes, 0).await);
        let two = Purpose { level: Level::Two, ..Purpose::from("pay bill") };
        let guess = typed(&seed(), desk.now().await);
        let number = next();
        let first = desk.prove_as(number, customer, &guess, &two, None).await;
        let FactorAttemptOutcome::Verified { session: first, .. } = first else {
            panic!("{first:?}")
        };
        assert!(!first.is_reached && first.level == Level::Nist, "{first:?}");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_verified_now").await, 0);

        let raised = raise_all(&terminals, customer, &token(number), &two).await;
        let raised: Vec<_> = raised.into_iter().flatten().collect();
        assert_eq!(raised.len(), 10, "each backup code once");
        assert!(raised.iter().all(|it| it.id == first.id), "all in the one session");
        assert!(raised.iter().all(|it| it.is_reached && it.level == Level::Two));
        let sessions = desk.store.alive_of(customer).await.expect("an answer");
        assert_eq!(sessions.len(), 1);
        assert!(sessions[0].is_genuine(&desk.keyring));
        assert_eq!(sessions[0].session.factors.to_string(), "totp backup-code");
        let shown = "SELECT level FROM core_verified_now WHERE factors = 'totp backup-code'";
        assert_eq!(fixture.texts(shown).await, ["two"]);

        // Another purpose beside it: the view has both, and the desk has the one row.
        let other = Purpose { level: Level::Nist, ..Purpose::from("complaint") };
        let digest = token(number).digest();
        let serve = |purpose| {
            desk.store.serve_for(Serving {
                token_digest: &digest,
                purpose,
                keyring: &desk.keyring,
                policy: &desk.policy,
                notices: *TRAY,
                actor: &desk.actor,
            })
        };
        let served = serve(&other).await.expect("an answer").expect("a session");
        assert_eq!(served.also_for, ["pay bill"]);
        let purposes = "SELECT purpose FROM core_verified_now ORDER BY purpose";
        assert_eq!(fixture.texts(purposes).await, ["complaint", "pay bill"]);
        // Whoever changes what was proven in the table has none any more.
        fixture.sql("UPDATE core_session SET factors = 'totp sms'").await;
        assert_eq!(serve(&two).await.expect("an answer"), None);
        let sessions = desk.store.alive_of(customer).await.expect("an answer");
        assert!(!sessions[0].is_genuine(&desk.keyring));
        fixture.sql("UPDATE core_session SET factors = NULL").await;
        let sessions = desk.store.alive_of(customer).await.expect("an answer");
        assert!(!sessions[0].is_genuine(&desk.keyring), "nor as one of an earlier release");
    }

    async fn security_13_of_50_times_one_code_of_a_customers_authenticator_one_is_taken(fixture) {
        let mut terminals = terminals(&fixture).await;
        for it in &mut terminals {
            it.policy.failure_cap = 100;
        }
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        let guess = typed(&seed(), desk.now().await);
        let outcomes = prove_all(&terminals, customer, &guess).await;
        assert_eq!(count(&outcomes, Outcome::Verified), 1, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Used), TASKS - 1, "{outcomes:?}");
        let sessions = desk.store.sessions(SessionFilter::All, 99).await.expect("an answer");
        assert_eq!(sessions.len(), 1);
        let entered = desk.log(&EventFilter::default()).await;
        assert_eq!(entered.iter().filter(|it| it.kind == EventKind::Attempt).count(), TASKS);
        // Nor is the code of the step before.
        let before = Timestamp::from_millis(desk.now().await.millis() - STEP);
        assert_eq!(desk.outcome(customer, &typed(&seed(), before)).await, Outcome::Used);
    }

    async fn security_11_of_50_times_one_backup_code_one_is_taken(fixture) {
        let mut terminals = terminals(&fixture).await;
        for it in &mut terminals {
            it.policy.failure_cap = 100;
        }
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::BackupCodes, 0).await);
        let outcomes = prove_all(&terminals, customer, &backup(3, 1_003)).await;
        assert_eq!(count(&outcomes, Outcome::Verified), 1, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Used), TASKS - 1, "{outcomes:?}");
        let kept = "SELECT COUNT(*) FROM core_backup_code WHERE digest = '' AND number = 3";
        assert_eq!(fixture.number(kept).await, 1, "the digest of a used code is erased");
        // Whoever takes its use back in the table gains nothing.
        fixture.sql("UPDATE core_backup_code SET used_at = NULL").await;
        assert_eq!(desk.outcome(customer, &backup(3, 1_003)).await, Outcome::Wrong);
        let FactorAttemptOutcome::Verified { codes_left, .. } =
            desk.prove(customer, &backup(10, 1_010)).await
        else {
            panic!("not verified")
        };
        assert_eq!(codes_left, Some(9));
    }

    async fn security_11_new_backup_codes_kill_the_old_ones(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::BackupCodes, 0).await);
        assert!(!desk.change(customer, FactorKind::BackupCodes, 0).await, "another counter was first");
        assert_eq!(desk.outcome(customer, &backup(1, 1_001)).await, Outcome::Verified);
        let old = fixture.texts("SELECT digest FROM core_backup_code WHERE number = 2").await;
        assert!(desk.change(customer, FactorKind::BackupCodes, 1).await);
        // The same bits in another set have another digest; all ten are there again.
        let new = fixture.texts("SELECT digest FROM core_backup_code WHERE number = 2").await;
        assert_ne!(old, new);
        fixture.sql(&format!("UPDATE core_backup_code SET digest = '{}'", old[0])).await;
        assert_eq!(desk.outcome(customer, &backup(2, 1_002)).await, Outcome::Wrong, "put back");
        let factors = desk.store.customer_factors(customer).await.expect("an answer");
        let left = factors.backup_codes.expect("a set").left;
        assert_eq!(left, (1..=10).collect::<Vec<u8>>());
    }

    async fn security_06_one_failure_count_holds_over_codes_and_authenticators(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        assert!(desk.change(customer, FactorKind::BackupCodes, 0).await);
        let request = desk.issue(&wish(customer, "123456")).await;
        for _ in 0..4 {
            assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
        }
        let wrong = typed(&Seed::new(&[8; 32]), desk.now().await);
        for _ in 0..15 {
            assert_eq!(desk.outcome(customer, &wrong).await, Outcome::Wrong);
        }
        let FactorAttemptOutcome::Refused { outcome, customer_locked, .. } =
            desk.prove(customer, &backup(1, 9)).await
        else {
            panic!("not refused")
        };
        assert_eq!((outcome, customer_locked), (Outcome::Wrong, true), "the twentieth");
        // The pending code ends with it, and a right one is not even looked at.
        assert_eq!(desk.request(&request.id).await.status, Status::Locked);
        let right = typed(&seed(), desk.now().await);
        for guess in [&right, &backup(1, 1_001)] {
            assert_eq!(desk.outcome(customer, guess).await, Outcome::Locked);
        }
        let unlocked =
            desk.store.unlock("an act", customer, "she showed a passport", &desk.actor).await;
        assert!(unlocked.expect("an answer"));
        assert_eq!(desk.outcome(customer, &right).await, Outcome::Verified);
        assert_eq!(fixture.number("SELECT failures FROM core_guard").await, 0);
    }

    async fn security_06_of_50_wrong_codes_of_an_authenticator_20_are_judged(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        let wrong = typed(&Seed::new(&[8; 32]), desk.now().await);
        let outcomes = prove_all(&terminals, customer, &wrong).await;
        assert_eq!(count(&outcomes, Outcome::Wrong), 20, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Locked), TASKS - 20, "{outcomes:?}");
    }

    async fn security_13_a_code_that_was_told_to_be_early_is_never_taken(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        let now = desk.now().await;
        let early = Timestamp::from_millis(now.millis() + 4 * 60_000);
        let FactorAttemptOutcome::Refused { outcome, clock, .. } =
            desk.prove(customer, &typed(&seed(), early)).await
        else {
            panic!("not refused")
        };
        assert_eq!((outcome, clock.map(|it| it.ahead)), (Outcome::Wrong, Some(240)));
        let told = fixture.number("SELECT early_step FROM core_customer_factor").await;
        assert_eq!(told, early.millis() / STEP);
        // When its time comes.
        let step = desk.now().await.millis() / STEP;
        fixture.sql(&format!("UPDATE core_customer_factor SET early_step = {step}")).await;
        let guess = typed(&seed(), Timestamp::from_millis(step * STEP));
        assert_eq!(desk.outcome(customer, &guess).await, Outcome::Used);
        fixture.sql("UPDATE core_customer_factor SET early_step = 0").await;
        assert_eq!(desk.outcome(customer, &guess).await, Outcome::Verified);
    }

    async fn security_14_a_customers_seed_in_another_customers_row_opens_nothing(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (one, two) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        assert!(desk.change(one, FactorKind::Totp, 0).await);
        fixture.sql(&format!(
            "INSERT INTO core_customer_factor (customer_id, kind, generation, sealed, key_id, \
             last_step, early_step, made_at, clerk, counter) SELECT {}, kind, generation, sealed, \
             key_id, 0, 0, made_at, clerk, counter FROM core_customer_factor", two.0
        )).await;
        let guess = typed(&seed(), desk.now().await);
        assert_eq!(desk.outcome(one, &guess).await, Outcome::Verified);
        let attempt = FactorAttempt {
            customer: two,
            purpose: &"pay bill".into(),
            act: "an act",
            guess: &guess,
            keyring: &desk.keyring,
            session: NewSession {
                id: SessionId::from_bits(1),
                token_digest: "x".into(),
                further: None,
                shared_contact: false,
            },
            policy: &desk.policy,
            limits: &desk.limits,
            policy_version: "0123456789ab",
            notices: *TRAY,
            actor: &desk.actor,
            at_pad: None,
        };
        let refused = desk.store.attempt_factor(attempt).await.expect_err("it opens nothing");
        assert!(refused.to_string().contains("enrol it again"), "{refused}");
    }

    async fn what_is_sealed_anew_is_not_written_over_a_newer_row(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        assert!(desk.change(customer, FactorKind::Totp, 0).await);
        assert!(desk.change(customer, FactorKind::BackupCodes, 0).await);
        let before = CustomerId(customer.0 - 1);
        let page = desk.store.factors_after(before, 10, "k2").await.expect("an answer");
        assert_eq!((page.last, page.factors.len()), (Some(customer), 2));
        let read = page.factors;
        let none = desk.store.factors_after(before, 10, "k1").await.expect("an answer");
        assert_eq!((none.last, none.factors.len()), (Some(customer), 0), "it is sealed under that");
        // A page that ends within a customer begins with them the next time.
        let other = desk.customer("WB-2").await;
        assert!(desk.change_of((other, "WB-2"), FactorKind::Totp, 0).await);
        let full = desk.store.factors_after(before, 3, "k2").await.expect("an answer");
        assert_eq!((full.last, full.factors.len()), (Some(customer), 2));
        let rest = desk.store.factors_after(customer, 3, "k2").await.expect("an answer");
        assert_eq!((rest.last, rest.factors.len()), (Some(other), 1));
        let end = desk.store.factors_after(other, 3, "k2").await.expect("an answer");
        assert_eq!(end.last, None);
        assert!(desk.change(customer, FactorKind::Totp, 1).await);
        let resealed = |it: &countersign::domain::customer_factor::StoredFactor| Resealed {
            read: it.clone(),
            sealed: "anew".into(),
            key_id: "k2".into(),
        };
        let anew: Vec<Resealed> = read.iter().map(resealed).collect();
        desk.store.reseal_factors(&anew).await.expect("done");
        let keys = fixture.texts("SELECT key_id FROM core_customer_factor ORDER BY customer_id, kind").await;
        assert_eq!(keys, ["k2", "k1", "k1"], "the authenticator was replaced meanwhile");
    }
}

#[tokio::test]
async fn postgres_notifies_that_a_session_was_opened_by_a_factor() {
    let fixture = TestStore::new(Kind::Postgres);
    let desk = Terminal::new(fixture.open().await);
    let customer = desk.customer("WB-1").await;
    assert!(desk.change(customer, FactorKind::Totp, 0).await);
    let mut listener = listen(&fixture).await;
    let guess = typed(&seed(), desk.now().await);
    assert_eq!(desk.outcome(customer, &guess).await, Outcome::Verified);
    heard(&mut listener).await;
}
