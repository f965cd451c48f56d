//! Signing in by name and password, second factors, set-up codes and sittings, at the desk.

use std::time::{Duration, Instant};

use countersign::domain::sign_in::TypedSecret;
use countersign::domain::sign_in::password::PasswordFault;
use countersign::domain::sign_in::policy::{SignInMode, SignInPolicy};
use countersign::domain::sign_in::sitting::SittingEnd;
use countersign::domain::staff::{AccountName, Role};
use countersign::domain::totp::{Seed, TotpOffer};
use countersign::service::api::{Answer, Authentication, Call, Caller};
use countersign::service::staff::calls::{ApproveReset, ChangeStaff, ResetSignIn, SignIn};
use countersign::service::staff::reset::ResetOutcome;
use countersign::service::staff::sign_in::{SignInOutcome, SignedIn};
use countersign::service::staff::sittings::{OpenSitting, Visitor};
use countersign::service::staff::{StaffAct, StaffOutcome};
use countersign::service::store_call_retry::RetryPolicy;
use totp_rs::{Algorithm, Builder, Totp};

use super::*;

const PASSWORD: &str = "violet otter skates";

fn account(name: &str) -> AccountName {
    name.parse().expect("an account")
}

fn visitor() -> Visitor {
    Visitor { peer: "counter".into(), counter: "front desk pts/3".into() }
}

fn attempt(name: &str, secret: &str) -> SignIn {
    let secret = TypedSecret::new(secret);
    SignIn { name: name.into(), secret, new_password: None, totp: None, offer: None }
}

/// An authenticator, as a telephone holds one, and the code by which it was enrolled.
struct Authenticator {
    totp: Totp,
    used: TypedSecret,
}

impl Authenticator {
    fn of(offer: &TotpOffer) -> Self {
        let secret = offer.uri.0.split("secret=").nth(1).expect("a secret");
        let secret = secret.split('&').next().expect("a secret");
        let secret = totp_rs::Secret::try_from_base32(secret).expect("base 32");
        assert!(secret.as_bytes().len() * 8 >= 112);
        let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret);
        let totp = totp.build().expect("a second factor");
        Self { totp, used: TypedSecret::default() }
    }

    /// The code so many steps from now.
    async fn code(&self, desk: &Desk, steps: i64) -> TypedSecret {
        let now = desk.now().await.expect("a time").millis() / 1_000 + steps * 30;
        TypedSecret::new(self.totp.generate(u64::try_from(now).expect("after 1970")).to_string())
    }
}

impl Bench {
    async fn with_passwords() -> Self {
        let mut bench = Self::new(Scripted::fine(), |_| {}).await;
        let policy = SignInPolicy { mode: SignInMode::Password, ..SignInPolicy::default() };
        bench.desk = bench.desk.with_sign_in(policy);
        bench
    }

    async fn sign_in(&self, attempt: &SignIn) -> (SignInOutcome, Option<OpenSitting>) {
        self.desk.sign_in(&visitor(), attempt).await.expect("an answer")
    }

    /// Adds somebody by the owner; their set-up code.
    async fn hired(&self, name: &str, role: Role) -> String {
        let added = self.desk.change_staff(&account(name), StaffAct::Add(role)).await;
        assert!(matches!(added, Ok(StaffOutcome::Changed(_))), "{added:?}");
        let reset = self.desk.reset_sign_in(&account(name)).await.expect("an answer");
        let ResetOutcome::Given { code, .. } = reset else { panic!("{reset:?}") };
        code.0.as_str().to_owned()
    }

    /// A clerk with a password.
    async fn clerk(&self, name: &str) {
        let code = self.hired(name, Role::Clerk).await;
        let new_password = Some(TypedSecret::new(PASSWORD));
        let (outcome, _) = self.sign_in(&SignIn { new_password, ..attempt(name, &code) }).await;
        assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{outcome:?}");
    }

    /// An admin with a password and an authenticator.
    async fn admin(&self, name: &str) -> Authenticator {
        let code = self.hired(name, Role::Admin).await;
        let new_password = Some(TypedSecret::new(PASSWORD));
        let first = SignIn { new_password, ..attempt(name, &code) };
        let (SignInOutcome::Enrol(offer), None) = self.sign_in(&first).await else { panic!() };
        let mut phone = Authenticator::of(&offer);
        // The step before, so that the code of now is still unused. It may be over meanwhile.
        for _ in 0..5 {
            phone.used = phone.code(&self.desk, -1).await;
            let (totp, offer) = (Some(phone.used.clone()), Some(offer.sealed.clone()));
            let enrol = SignIn { totp, offer, ..first.clone() };
            match self.sign_in(&enrol).await.0 {
                SignInOutcome::SignedIn(_) => return phone,
                SignInOutcome::Enrol(_) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("the authenticator is not taken");
    }

    /// A call of an admin through the door.
    async fn by(&self, name: &str, call: impl Into<Call>) -> Answer {
        let caller = Caller {
            actor: Actor { clerk: name.into(), counter: "1".into() },
            role: Role::Admin,
            authentication: Authentication::Password,
        };
        self.desk.handle(&caller, call.into(), RetryPolicy::brief()).await
    }

    async fn reset_by(&self, admin: &str, name: &str) -> ResetOutcome {
        let answer = self.by(admin, ResetSignIn { account: account(name) }).await;
        let Answer::ResetSignIn(Ok(outcome)) = answer else { panic!("{answer:?}") };
        outcome
    }

    async fn approved_by(&self, admin: &str, name: &str) -> ResetOutcome {
        let answer = self.by(admin, ApproveReset { account: account(name) }).await;
        let Answer::ApproveReset(Ok(outcome)) = answer else { panic!("{answer:?}") };
        outcome
    }
}

fn signed_in(outcome: SignInOutcome) -> SignedIn {
    let SignInOutcome::SignedIn(signed_in) = outcome else { panic!("{outcome:?}") };
    *signed_in
}

#[tokio::test]
async fn security_32_a_set_up_code_leads_to_a_password_of_ones_own() {
    let bench = Bench::with_passwords().await;
    let code = bench.hired("dana", Role::Clerk).await;
    assert!(code.len() >= 14, "50 bits and more: {code}");
    let set_up = attempt(" dana ", &code.to_lowercase());
    assert_eq!(bench.sign_in(&set_up).await.0, SignInOutcome::ChoosePassword);
    let choose = |password: &str| SignIn {
        new_password: Some(TypedSecret::new(password)),
        ..set_up.clone()
    };
    for (password, fault) in [
        ("seven77", PasswordFault::TooShort),
        ("password1", PasswordFault::Common),
        ("Riverside2026", PasswordFault::Guessable),
    ] {
        let outcome = bench.sign_in(&choose(password)).await.0;
        assert_eq!(outcome, SignInOutcome::PasswordRefused(fault), "{password}");
    }
    let (outcome, seat) = bench.sign_in(&choose(PASSWORD)).await;
    let signed_in = signed_in(outcome);
    assert_eq!(signed_in.profile.actor.clerk, "dana");
    assert_eq!(signed_in.earlier.signed_in_at, None);
    let caller = seat.expect("a seat").caller;
    assert_eq!((caller.role, caller.authentication), (Role::Clerk, Authentication::Password));
    assert_eq!(bench.sign_in(&choose(PASSWORD)).await.0, SignInOutcome::Refused, "used");
    let stored = bench.number("SELECT COUNT(*) FROM core_sign_in WHERE secret LIKE '$argon2id$%'");
    assert_eq!(stored.await, 1);
    let (outcome, _) = bench.sign_in(&attempt("dana", PASSWORD)).await;
    let earlier = self::signed_in(outcome).earlier;
    assert_eq!(earlier.failures, 1, "told of the attempt with the used code");
    assert!(earlier.signed_in_at.is_some() && earlier.failed_at.is_some());
    // In the log, and nothing secret with it.
    for (kind, number) in [("sign_in_set_up", 1), ("signed_in", 2), ("sign_in_failed", 1)] {
        let events = bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await;
        let events = events.expect("read");
        let found = events.iter().filter(|it| it.kind.word() == kind).count();
        assert_eq!(found, number, "{kind}");
        assert!(!format!("{events:?}").contains(&code));
    }
}

#[tokio::test]
async fn security_18_an_unknown_name_gets_the_same_answer_after_the_same_time() {
    let bench = Bench::with_passwords().await;
    bench.clerk("dana").await;
    bench.hired("newcomer", Role::Clerk).await;
    bench.desk.change_staff(&account("ghost"), StaffAct::Add(Role::Clerk)).await.expect("added");
    let mut times = Vec::new();
    for name in ["dana", "newcomer", "ghost", "nobody", "not a name at all", "ünknown"] {
        let since = Instant::now();
        let (outcome, seat) = bench.sign_in(&attempt(name, "some wrong password")).await;
        times.push(since.elapsed());
        assert_eq!(outcome, SignInOutcome::Refused, "{name}");
        assert!(seat.is_none());
    }
    let (least, most) = (times.iter().min().expect("times"), times.iter().max().expect("times"));
    assert!(*least >= Duration::from_secs(1), "{times:?}");
    assert!(most.saturating_sub(*least) < Duration::from_millis(250), "{times:?}");
    // What was typed as a name may be a password.
    let events = bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await;
    assert!(!format!("{:?}", events.expect("read")).contains("not a name at all"));
}

#[tokio::test]
async fn security_32_wrong_passwords_block_the_right_one_and_an_admin_lifts_it() {
    let bench = Bench::with_passwords().await;
    bench.clerk("dana").await;
    let mut wrong = tokio::task::JoinSet::new();
    for at in 0..20 {
        let desk = bench.desk.clone();
        wrong.spawn(async move {
            let attempt = attempt("dana", &format!("wrong password {at}"));
            desk.sign_in(&visitor(), &attempt).await.expect("an answer").0
        });
    }
    assert!(wrong.join_all().await.iter().all(|it| *it == SignInOutcome::Refused));
    assert_eq!(bench.number("SELECT failures FROM core_sign_in").await, 5, "no more are judged");
    let right = attempt("dana", PASSWORD);
    assert_eq!(bench.sign_in(&right).await.0, SignInOutcome::Refused, "blocked");
    assert!(bench.desk.lift_sign_in_block(&account("dana")).await.expect("an answer"));
    let earlier = signed_in(bench.sign_in(&right).await.0).earlier;
    assert_eq!(earlier.failures, 5);
    let again = signed_in(bench.sign_in(&right).await.0).earlier;
    assert_eq!(again.failures, 0, "told once");
}

#[tokio::test]
async fn security_13_an_admins_code_is_asked_for_and_taken_once() {
    let bench = Bench::with_passwords().await;
    let phone = bench.admin("boss").await;
    let right = attempt("boss", PASSWORD);
    assert_eq!(bench.sign_in(&right).await.0, SignInOutcome::TotpNeeded);
    assert_eq!(bench.number("SELECT failures FROM core_sign_in").await, 0, "that was no failure");
    let with = |code: TypedSecret| SignIn { totp: Some(code), ..right.clone() };
    let enrolled_with = with(phone.used.clone());
    assert_eq!(bench.sign_in(&enrolled_with).await.0, SignInOutcome::Refused, "used to enrol");
    assert_eq!(bench.sign_in(&with(TypedSecret::new("000000"))).await.0, SignInOutcome::Refused);
    let code = phone.code(&bench.desk, 0).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (desk, attempt) = (bench.desk.clone(), with(code.clone()));
        tasks.spawn(async move { desk.sign_in(&visitor(), &attempt).await.expect("an answer").1 });
    }
    let seats: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(seats.len(), 1);
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_sitting").await, 2);
}

#[tokio::test]
async fn security_14_a_sealed_seed_in_another_row_opens_nothing() {
    let bench = Bench::with_passwords().await;
    bench.admin("boss").await;
    let phone = bench.admin("deputy").await;
    bench
        .behind_its_back(
            "UPDATE core_sign_in SET totp = (SELECT totp FROM core_sign_in WHERE account = 'deputy') \
             WHERE account = 'boss'",
        )
        .await;
    let totp = Some(phone.code(&bench.desk, 0).await);
    let swapped = SignIn { totp, ..attempt("boss", PASSWORD) };
    assert_eq!(bench.sign_in(&swapped).await.0, SignInOutcome::Refused);
}

#[tokio::test]
async fn security_54_a_password_written_into_the_store_by_hand_is_none() {
    let bench = Bench::with_passwords().await;
    bench.clerk("dana").await;
    bench.admin("boss").await;
    for forgery in [
        "UPDATE core_sign_in SET secret = (SELECT secret FROM core_sign_in WHERE account = 'dana') \
         WHERE account = 'boss'",
        "UPDATE core_sign_in SET totp = NULL WHERE account = 'boss'",
    ] {
        bench.behind_its_back(forgery).await;
        let (outcome, seat) = bench.sign_in(&attempt("boss", PASSWORD)).await;
        assert_eq!(outcome, SignInOutcome::Refused, "{forgery}");
        assert!(seat.is_none());
    }
    // A sitting is no seat without the desk's ticket.
    bench.behind_its_back("UPDATE core_sitting SET account = 'boss' WHERE account = 'dana'").await;
    let (outcome, seat) = bench.sign_in(&attempt("dana", PASSWORD)).await;
    let ticket = signed_in(outcome).ticket;
    let resumed = bench.desk.resume(&visitor(), &ticket).await.expect("an answer");
    assert_eq!(resumed.map(|it| it.caller.actor.clerk).as_deref(), Some("dana"));
    let stranger = Visitor { peer: "mallory".into(), ..visitor() };
    assert!(bench.desk.resume(&stranger, &ticket).await.expect("an answer").is_none());
    bench.behind_its_back("UPDATE core_sitting SET account = 'boss' WHERE ended_at IS NULL").await;
    assert!(bench.desk.resume(&visitor(), &ticket).await.expect("an answer").is_none());
    let sitting = seat.expect("a seat").sitting;
    bench.desk.stand_up(&sitting, SittingEnd::SignedOut).await.expect("done");
}

#[tokio::test]
async fn security_31_nobody_becomes_an_admin_by_resetting_one_alone() {
    let bench = Bench::with_passwords().await;
    for name in ["boss", "deputy"] {
        bench.admin(name).await;
    }
    bench.clerk("dana").await;
    assert_eq!(bench.reset_by("boss", "boss").await, ResetOutcome::Yourself);
    assert!(matches!(bench.reset_by("boss", "deputy").await, ResetOutcome::Asked(_)));
    let before = attempt("deputy", PASSWORD);
    assert_eq!(bench.sign_in(&before).await.0, SignInOutcome::TotpNeeded, "nothing has changed");
    assert_eq!(bench.approved_by("boss", "deputy").await, ResetOutcome::SameAdmin);
    assert_eq!(bench.approved_by("deputy", "deputy").await, ResetOutcome::Yourself);
    assert_eq!(bench.approved_by("boss", "dana").await, ResetOutcome::NothingAsked);
    // Not in two steps either: a clerk is reset by one admin, and made an admin by another.
    let change = |act| ChangeStaff { account: account("deputy"), act };
    bench.by("boss", change(StaffAct::SetRole(Role::Clerk))).await;
    let given = bench.reset_by("boss", "deputy").await;
    assert!(matches!(given, ResetOutcome::Given { .. }), "{given:?}");
    let promoted = bench.by("boss", change(StaffAct::SetRole(Role::Admin))).await;
    let refused = format!("{promoted:?}");
    assert!(refused.contains("NeedsSecondAdmin"), "{refused}");
    let promoted = bench.by("third", change(StaffAct::SetRole(Role::Admin))).await;
    assert!(format!("{promoted:?}").contains("Changed"), "{promoted:?}");
    assert!(matches!(bench.reset_by("boss", "deputy").await, ResetOutcome::Asked(_)));
    let given = bench.approved_by("third", "deputy").await;
    assert!(matches!(given, ResetOutcome::Given { .. }), "{given:?}");
    assert_eq!(bench.sign_in(&before).await.0, SignInOutcome::Refused, "reset");
    assert_eq!(bench.approved_by("third", "deputy").await, ResetOutcome::NothingAsked, "once");
}

#[tokio::test]
async fn security_58_credentials_stay_through_a_rotation_of_the_keys() {
    let bench = Bench::with_passwords().await;
    let phone = bench.admin("boss").await;
    bench.clerk("dana").await;
    let old = ring("k1", 7);
    let new = KeyId::new("k2").expect("a name");
    let rotated = Keyring::new(new.clone(), Key::new([8; 32]));
    let (old_id, old_key) = old.current();
    let both = rotated.clone().with_retired(old_id.clone(), old_key.clone());
    *bench.keys.0.lock().expect("unpoisoned") = both;
    bench.desk.keys_rotated(&new).await.expect("done");
    // The old key is gone, as after an hour.
    *bench.keys.0.lock().expect("unpoisoned") = rotated;
    bench.desk.keys_rotated(&new).await.expect("done again");
    signed_in(bench.sign_in(&attempt("dana", PASSWORD)).await.0);
    let totp = Some(phone.code(&bench.desk, 0).await);
    signed_in(bench.sign_in(&SignIn { totp, ..attempt("boss", PASSWORD) }).await.0);
}

#[tokio::test]
async fn an_authenticator_is_enrolled_by_its_first_right_code_and_by_no_other_seed() {
    let bench = Bench::with_passwords().await;
    bench.clerk("dana").await;
    let act = StaffAct::SetRole(Role::Admin);
    bench.desk.change_staff(&account("dana"), act).await.expect("an admin now");
    let right = attempt("dana", PASSWORD);
    let SignInOutcome::Enrol(offer) = bench.sign_in(&right).await.0 else { panic!() };
    let phone = Authenticator::of(&offer);
    let with = |totp: TypedSecret, sealed: &str| SignIn {
        totp: Some(totp),
        offer: Some(sealed.to_owned()),
        ..right.clone()
    };
    let wrong = bench.sign_in(&with(TypedSecret::new("000000"), &offer.sealed)).await.0;
    let SignInOutcome::Enrol(same) = wrong else { panic!("{wrong:?}") };
    assert_eq!(same.uri, offer.uri, "the same authenticator, to be tried again");
    // A seed of the client's own choosing is not taken.
    let own = Seed::new(&[0; 32]);
    let code = TypedSecret::new(own.code_at(bench.desk.now().await.expect("a time")));
    let chosen = bench.sign_in(&with(code, &"00".repeat(60))).await.0;
    assert!(matches!(chosen, SignInOutcome::Enrol(_)), "{chosen:?}");
    let code = phone.code(&bench.desk, 0).await;
    signed_in(bench.sign_in(&with(code, &same.sealed)).await.0);
    assert_eq!(bench.sign_in(&right).await.0, SignInOutcome::TotpNeeded);
}
