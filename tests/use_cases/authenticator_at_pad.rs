//! The code of an authenticator at a pad, from what the counter asks for to the session.

use countersign::domain::customer_factor::FactorKind;
use countersign::domain::request::{RequestId, Status};
use countersign::service::factors::VerifiedByFactor;
use countersign::service::pads::calls::{PadAuthenticator, TakeFactorFromPad};

use super::*;

/// Over which the customer proves enough to enrol an authenticator.
const PHONE: &str = "0151 12345678";

/// What a counter asks of its pad about an authenticator.
impl Counter {
    async fn ask_authenticator(
        &self,
        pairing: &PairingId,
        customer: &Customer,
        session: Option<SessionToken>,
    ) -> Option<RequestId> {
        let shown = ShownAtPad::Authenticator(PadAuthenticator {
            customer: customer.id,
            purpose: "pay a bill".into(),
            key: self.bench.key(),
        });
        let show = ShowAtPad { pairing: pairing.clone(), shown, session };
        let pad: Option<CounterPad> = told!(self.bench, &self.clerk, ShowAtPad show);
        pad.expect("a pairing").shown
    }

    async fn take_factor(
        &self,
        clerk: &Caller,
        (pairing, entry): (&PairingId, &RequestId),
        customer: &Customer,
        session: Option<SessionToken>,
    ) -> Option<VerifiedByFactor> {
        let (pairing, entry) = (pairing.clone(), entry.clone());
        let take = TakeFactorFromPad { pairing, entry, customer: customer.id, session };
        let taken: Option<Box<VerifiedByFactor>> = told!(self.bench, clerk, TakeFactorFromPad take);
        taken.map(|it| *it)
    }
}

#[tokio::test]
async fn a_code_of_an_authenticator_from_the_pad_opens_the_session_of_the_clerk() {
    let counter = Counter::new().await;
    let bench = &counter.bench;
    let customer = bench.customer("WB-1", Some(PHONE)).await;
    let telephone = bench.enrolled(&bench.session(&customer, Channel::Sms).await, false).await;
    let (pairing, token) = counter.paired().await;
    let entry = counter.ask_authenticator(&pairing, &customer, None).await.expect("an entry");
    let view = counter.view(&token).await;
    let told = view.request.as_ref().expect("an entry");
    assert_eq!((&told.reference, told.digits, told.attempts_left), (&None, 6, None));

    let typing = TypeAtPad { token: token.clone(), mark: mark_of(&view).clone(), typed: 4 };
    let () = told!(counter.bench, &counter.pad, TypeAtPad typing);
    assert_eq!(counter.counter_pad(&pairing).await.typed, 4);
    let code = telephone.code(&bench.desk, 0).await;
    let wrong = counter.enter(&token, mark_of(&view), &other(&code.0)).await;
    assert_eq!(wrong, PadEntered::Refused { outcome: Outcome::Wrong, attempts_left: None });
    assert_eq!(counter.counter_pad(&pairing).await.outcome, Some(Outcome::Wrong));
    let short = counter.enter(&token, mark_of(&view), "481").await;
    assert_eq!(short, PadEntered::Malformed);
    let place = (&pairing, &entry);
    assert!(counter.take_factor(&counter.clerk, place, &customer, None).await.is_none());
    assert_eq!(counter.enter(&token, mark_of(&view), &code.0).await, PadEntered::Verified);
    assert_eq!(counter.view(&token).await.request.expect("an entry").status, Status::Verified);
    // An entry proves once, with whatever code.
    let next = telephone.code(&bench.desk, 1).await;
    assert_eq!(counter.enter(&token, mark_of(&view), &next.0).await, PadEntered::Changed);

    let elsewhere = caller(Role::Clerk, "amira", "4");
    assert!(counter.take_factor(&elsewhere, place, &customer, None).await.is_none());
    let won = counter.take_factor(&counter.clerk, place, &customer, None).await;
    let won = won.expect("a session");
    assert_eq!((&*won.session.clerk, &*won.session.counter), ("amira", "3"));
    assert!(won.session.factors.has(FactorKind::Totp.factor()));
    // The same code is spent at the counter too.
    let again = counter.ask_authenticator(&pairing, &customer, None).await;
    assert!(again.is_some_and(|it| it != entry));
    let view = counter.view(&token).await;
    let used = counter.enter(&token, mark_of(&view), &code.0).await;
    assert_eq!(used, PadEntered::Refused { outcome: Outcome::Used, attempts_left: None });
    let by = "SELECT COUNT(*) FROM core_event WHERE kind = 'attempt' AND clerk = 'amira' \
              AND detail LIKE '%by authenticator, typed by the customer at the pad of counter 3, \
              pad1 (front desk pts/5)%'";
    assert_eq!(bench.number(by).await, 3);
}

#[tokio::test]
async fn an_authenticators_code_at_the_pad_raises_the_session_that_the_clerk_has() {
    let counter = Counter::new().await;
    let bench = &counter.bench;
    let customer = bench.customer("WB-1", Some(PHONE)).await;
    let session = bench.session(&customer, Channel::Sms).await;
    let telephone = bench.enrolled(&session, false).await;
    let (pairing, token) = counter.paired().await;
    let further = Some(session.clone());
    let entry = counter.ask_authenticator(&pairing, &customer, further.clone()).await;
    let entry = entry.expect("an entry");
    let view = counter.view(&token).await;
    let code = telephone.code(&bench.desk, 0).await;
    assert_eq!(counter.enter(&token, mark_of(&view), &code.0).await, PadEntered::Verified);
    let won = counter.take_factor(&counter.clerk, (&pairing, &entry), &customer, further).await;
    let won = won.expect("a session");
    assert_eq!(won.token.digest(), session.digest());
    assert!(won.session.factors.has(FactorKind::Totp.factor()), "{:?}", won.session.factors);
    assert!(won.session.factors.has(Channel::Sms.factor()));
}

/// The lockout of wrong codes holds at the pad, and the counter hears of it.
#[tokio::test]
async fn wrong_codes_of_an_authenticator_at_the_pad_lock_the_customer() {
    let counter = Counter::new().await;
    let bench = &counter.bench;
    let customer = bench.customer("WB-1", Some(PHONE)).await;
    let telephone = bench.enrolled(&bench.session(&customer, Channel::Sms).await, false).await;
    let (pairing, token) = counter.paired().await;
    counter.ask_authenticator(&pairing, &customer, None).await.expect("an entry");
    let view = counter.view(&token).await;
    let code = telephone.code(&bench.desk, 0).await;
    let cap = bench.desk.office().otp.failure_cap;
    for left in (0..cap).rev() {
        let entered = counter.enter(&token, mark_of(&view), &other(&code.0)).await;
        let outcome = if left == 0 { Outcome::Locked } else { Outcome::Wrong };
        assert_eq!(entered, PadEntered::Refused { outcome, attempts_left: None }, "{left}");
    }
    assert_eq!(counter.counter_pad(&pairing).await.outcome, Some(Outcome::Locked));
    let right = counter.enter(&token, mark_of(&view), &code.0).await;
    let locked = PadEntered::Refused { outcome: Outcome::Locked, attempts_left: None };
    assert_eq!(right, locked);
}
