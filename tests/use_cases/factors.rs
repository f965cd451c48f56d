//! Authenticators and backup codes: enrolled in a session, told to the other contact, and
//! verifying the customer from then on.

use countersign::domain::contact_notice::NoticeAbout;
use countersign::domain::customer_factor::{FactorKind, TypedFactor};
use countersign::domain::session::SessionToken;
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::totp::TotpOffer;
use countersign::service::factors::calls::{EnrolTotp, VerifyFactor};
use countersign::service::factors::{
    BackupCodes, FactorRefusal, FactorRemoval, FactorVerification, NumberedCode, TotpEnrolment,
    VerifiedByFactor,
};
use countersign::service::messages;
use totp_rs::{Algorithm, Builder, Totp};

use super::*;

/// An authenticator on the customer's telephone.
pub(super) struct Telephone(Totp);

impl Telephone {
    fn of(offer: &TotpOffer) -> Self {
        let secret = offer.uri.0.split("secret=").nth(1).expect("a secret");
        let secret = secret.split('&').next().expect("a secret");
        let secret = totp_rs::Secret::try_from_base32(secret).expect("base 32");
        let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret);
        Self(totp.build().expect("an authenticator"))
    }

    /// The code so many steps from now.
    pub(super) async fn code(&self, desk: &Desk, steps: i64) -> TypedSecret {
        let now = desk.now().await.expect("a time").millis() / 1_000 + steps * 30;
        TypedSecret::new(self.0.generate(u64::try_from(now).expect("after 1970")).to_string())
    }
}

impl Bench {
    /// A session by a code over a channel.
    pub(super) async fn session(&self, customer: &Customer, channel: Channel) -> SessionToken {
        let (request, code) = self.send(self.ask(customer, channel).await).await;
        match self.desk.verify(&request.id, &code, &self.key()).await.expect("judged") {
            Verification::Verified(verified) => verified.token,
            other => panic!("not verified: {other:?}"),
        }
    }

    async fn enrol(
        &self,
        token: &SessionToken,
        replaces: bool,
        first: Option<(&TotpOffer, TypedSecret)>,
    ) -> TotpEnrolment {
        let (offer, typed) = first.map(|(it, code)| (it.sealed.clone(), code)).unzip();
        let call = EnrolTotp { token: token.clone(), replaces, offer, typed, key: self.key() };
        self.desk.enrol_totp(&call).await.expect("an answer")
    }

    async fn offered(&self, token: &SessionToken, replaces: bool) -> TotpOffer {
        match self.enrol(token, replaces, None).await {
            TotpEnrolment::Offer { offer, wrong: None } => offer,
            other => panic!("nothing is offered: {other:?}"),
        }
    }

    /// Enrols an authenticator by the code of the step before.
    pub(super) async fn enrolled(&self, token: &SessionToken, replaces: bool) -> Telephone {
        let offer = self.offered(token, replaces).await;
        let telephone = Telephone::of(&offer);
        let first = telephone.code(&self.desk, -1).await;
        let done = self.enrol(token, replaces, Some((&offer, first))).await;
        assert_eq!(done, TotpEnrolment::Enrolled);
        telephone
    }

    async fn prove(
        &self,
        customer: &Customer,
        kind: FactorKind,
        typed: TypedSecret,
    ) -> FactorVerification {
        let call = VerifyFactor {
            customer: customer.id,
            purpose: "pay a bill".into(),
            typed: TypedFactor { kind, typed },
            key: self.key(),
            session: None,
        };
        self.desk.verify_factor(&call).await.expect("judged")
    }

    async fn codes(&self, token: &SessionToken, replaces: bool) -> Vec<NumberedCode> {
        let made = self.desk.make_backup_codes(token, replaces, &self.key()).await;
        match made.expect("an answer") {
            BackupCodes::Made(codes) => codes,
            BackupCodes::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    /// The notices that were sent, by whom they went to.
    async fn told(&self) -> Vec<(NoticeAbout, String)> {
        self.desk.work_off_outbox(8).await.expect("sent");
        let told = self.sender.told.lock().expect("unpoisoned");
        told.iter().map(|it| (it.about, it.to.as_str().to_owned())).collect()
    }
}

fn verified(verification: FactorVerification) -> VerifiedByFactor {
    match verification {
        FactorVerification::Verified(verified) => *verified,
        other => panic!("not verified: {other:?}"),
    }
}

fn outcome(verification: &FactorVerification) -> Outcome {
    match verification {
        FactorVerification::Verified(_) => Outcome::Verified,
        FactorVerification::Refused(refused) => refused.outcome,
        FactorVerification::Malformed(_) => Outcome::Malformed,
        other => panic!("{other:?}"),
    }
}

fn printed(code: &NumberedCode) -> TypedSecret {
    TypedSecret::new(format!("{} {}", code.number, code.code.0.as_str()))
}

#[tokio::test]
async fn security_68_an_authenticator_needs_a_proof_as_strong_and_the_other_contact_is_told() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let weak = bench.session(&dana, Channel::Email).await;
    let refused = TotpEnrolment::Refused(FactorRefusal::TooWeak);
    assert_eq!(bench.enrol(&weak, false, None).await, refused);
    let codes = bench.desk.make_backup_codes(&weak, false, &bench.key()).await.expect("an answer");
    assert!(matches!(codes, BackupCodes::Refused(FactorRefusal::TooWeak)), "{codes:?}");

    let token = bench.session(&dana, Channel::Sms).await;
    let telephone = bench.enrolled(&token, false).await;
    assert_eq!(bench.told().await, [(NoticeAbout::Factor, "WB-1@example.org".to_owned())]);
    let removed = bench.desk.remove_totp(&weak, &bench.key()).await.expect("an answer");
    assert_eq!(removed, FactorRemoval::Refused(FactorRefusal::TooWeak));

    // By the authenticator the customer is verified, as strongly as by SMS.
    let code = telephone.code(&bench.desk, 0).await;
    let won = verified(bench.prove(&dana, FactorKind::Totp, code.clone()).await);
    assert_eq!(won.session.factor.word(), "totp");
    let alive = bench.desk.touch(&won.token).await.expect("an answer").expect("a session");
    assert_eq!((alive.id, alive.request), (won.session.id, None));
    let again = bench.prove(&dana, FactorKind::Totp, code).await;
    assert_eq!(outcome(&again), Outcome::Used);

    // Replacing is an act of its own, and so is removing; both contacts hear of what follows
    // from an authenticator alone.
    let other = TotpEnrolment::Refused(FactorRefusal::Enrolled(FactorKind::Totp));
    assert_eq!(bench.enrol(&won.token, false, None).await, other);
    let newer = bench.enrolled(&won.token, true).await;
    let old = bench.prove(&dana, FactorKind::Totp, telephone.code(&bench.desk, 1).await).await;
    assert_eq!(outcome(&old), Outcome::Wrong);
    let key = bench.key();
    let removed = bench.desk.remove_totp(&won.token, &key).await.expect("an answer");
    assert_eq!(removed, FactorRemoval::Removed);
    let again = bench.desk.remove_totp(&won.token, &key).await.expect("an answer");
    assert_eq!(again, FactorRemoval::Removed, "the same call told again");
    let nothing = bench.prove(&dana, FactorKind::Totp, newer.code(&bench.desk, 1).await).await;
    assert!(matches!(nothing, FactorVerification::NotEnrolled(_)), "{nothing:?}");
    assert_eq!(bench.told().await.len(), 1 + 2 + 2);
    let filter = EventFilter { customer: Some(dana.id), ..EventFilter::default() };
    let log = bench.desk.log(&filter, EventPage::Newest, 50).await.expect("the log");
    for kind in [EventKind::FactorEnrolled, EventKind::FactorReplaced, EventKind::FactorRemoved] {
        assert_eq!(log.iter().filter(|it| it.kind == kind).count(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_first_code_confirms_and_a_wrong_clock_is_named() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let token = bench.session(&dana, Channel::Sms).await;
    let offer = bench.offered(&token, false).await;
    let telephone = Telephone::of(&offer);
    let late = telephone.code(&bench.desk, -8).await;
    let wrong = bench.enrol(&token, false, Some((&offer, late.clone()))).await;
    let TotpEnrolment::Offer { offer: again, wrong: Some(wrong) } = wrong else {
        panic!("{wrong:?}")
    };
    assert_eq!(again.uri, offer.uri, "the same seed");
    assert_eq!(wrong.clock.map(|it| it.ahead), Some(-240));
    let factors = bench.desk.customer_factors(dana.id).await.expect("read");
    assert_eq!(factors.totp_since, None);
    // What was offered in another session is not taken.
    let other = bench.session(&dana, Channel::Sms).await;
    let code = telephone.code(&bench.desk, 0).await;
    let foreign = bench.enrol(&other, false, Some((&again, code.clone()))).await;
    let TotpEnrolment::Offer { offer: fresh, .. } = foreign else { panic!("{foreign:?}") };
    assert_ne!(fresh.uri, offer.uri);
    let done = bench.enrol(&token, false, Some((&again, code.clone()))).await;
    assert_eq!(done, TotpEnrolment::Enrolled);
    // The first code is spent.
    assert_eq!(outcome(&bench.prove(&dana, FactorKind::Totp, code).await), Outcome::Used);
    let refused = bench.prove(&dana, FactorKind::Totp, late).await;
    let said = messages::factor_verification(&refused, &|at| at.to_string());
    assert!(said.contains("about 4 minutes slow"), "{said}");
    for bad in ["", "12345", "1234567", "12345x", "１２３４５６"] {
        let malformed = bench.prove(&dana, FactorKind::Totp, TypedSecret::new(bad)).await;
        assert_eq!(outcome(&malformed), Outcome::Malformed, "{bad}");
    }
    assert_eq!(bench.number("SELECT failures FROM core_guard").await, 2, "malformed is no attempt");
}

#[tokio::test]
async fn security_11_backup_codes_are_shown_once_and_new_ones_kill_the_old() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let token = bench.session(&dana, Channel::Sms).await;
    let codes = bench.codes(&token, false).await;
    assert_eq!(codes.iter().map(|it| it.number).collect::<Vec<_>>(), (1..=10).collect::<Vec<u8>>());
    let mut different: Vec<_> = codes.iter().map(|it| it.code.0.as_str().to_owned()).collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 10);
    let refused = bench.desk.make_backup_codes(&token, false, &bench.key()).await;
    assert!(
        matches!(
            refused.expect("an answer"),
            BackupCodes::Refused(FactorRefusal::Enrolled(FactorKind::BackupCodes))
        ),
        "the warning comes first"
    );
    for (at, code) in codes.iter().enumerate().take(8) {
        let won = verified(bench.prove(&dana, FactorKind::BackupCodes, printed(code)).await);
        assert_eq!(won.codes_left, Some(9 - at));
        let again = bench.prove(&dana, FactorKind::BackupCodes, printed(code)).await;
        assert_eq!(outcome(&again), Outcome::Used);
        assert_eq!(won.codes_left.and_then(messages::codes_left).is_some(), at == 7, "two left");
    }
    let newer = bench.codes(&token, true).await;
    let old = bench.prove(&dana, FactorKind::BackupCodes, printed(&codes[9])).await;
    assert_eq!(outcome(&old), Outcome::Wrong);
    verified(bench.prove(&dana, FactorKind::BackupCodes, printed(&newer[9])).await);
    // Nothing of them lies in the store in clear.
    for code in codes.iter().chain(&newer) {
        let plain = code.code.0.replace('-', "");
        let raw = std::fs::read(bench.folder.path().join("desk.db")).expect("the file");
        let wal = std::fs::read(bench.folder.path().join("desk.db-wal")).unwrap_or_default();
        for bytes in [&raw, &wal] {
            assert!(!bytes.windows(plain.len()).any(|it| it == plain.as_bytes()), "in clear");
        }
    }
}

#[tokio::test]
async fn security_10_what_is_enrolled_outlives_two_rotations_of_the_keys() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let token = bench.session(&dana, Channel::Sms).await;
    let telephone = bench.enrolled(&token, false).await;
    let codes = bench.codes(&token, false).await;
    let first = ring("k1", 7);
    let second = ring("k2", 8).with_retired(first.current().0.clone(), Key::new([7; 32]));
    *bench.keys.0.lock().expect("unpoisoned") = second;
    let id = |name| KeyId::new(name).expect("a name");
    bench.desk.keys_rotated(&id("k2")).await.expect("done");
    let of = |key: &'static str| bench.number(key);
    let older = "SELECT COUNT(*) FROM core_customer_factor WHERE key_id <> 'k2'";
    assert_eq!(of(older).await, 0);
    // The first key is gone.
    *bench.keys.0.lock().expect("unpoisoned") = ring("k2", 8);
    bench.desk.keys_about_to_rotate().await.expect("done");
    let code = telephone.code(&bench.desk, 0).await;
    verified(bench.prove(&dana, FactorKind::Totp, code).await);
    verified(bench.prove(&dana, FactorKind::BackupCodes, printed(&codes[0])).await);
}
