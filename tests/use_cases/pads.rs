//! Pads at the desk, by calls and answers that crossed a socket: from the number on the clerk's
//! screen to the session that a code from the pad opens.

use countersign::domain::code::TypedCode;
use countersign::domain::flag::Flag;
use countersign::domain::pad::{PadMark, PadToken, PairingEnd, PairingId, PairingState};
use countersign::domain::session::SessionToken;
use countersign::domain::sign_in::TypedSecret;
use countersign::service::api::{Answer, Authentication, Call, Caller, Permission, Role};
use countersign::service::customers::calls::FlagCustomer;
use countersign::service::pads::calls::{
    AskForPad, ConfirmPad, EndPairing, EnterAtPad, LeavePad, OfferPad, ReadCounterPad, ReadPad,
    ShowAtPad, ShownAtPad, TakeFromPad, TypeAtPad,
};
use countersign::service::pads::{CounterPad, PadAsked, PadEntered, PadOffer, PadView};
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::ResendCode;
use countersign::service::verification::verify::VerifiedCustomer;
use zeroize::Zeroizing;

use super::*;

fn caller(role: Role, clerk: &str, counter: &str) -> Caller {
    let actor = Actor { clerk: clerk.into(), counter: counter.into() };
    Caller { actor, role, authentication: Authentication::PeerCredentials }
}

/// Makes a call by values that were written and read on the way, as through a socket.
macro_rules! told {
    ($bench:expr, $caller:expr, $Call:ident $call:expr) => {{
        let call: Call = $call.into();
        let written = serde_json::to_string(&call).expect("written");
        let call = serde_json::from_str(&written).expect("read");
        let answer = $bench.desk.handle($caller, call, RetryPolicy::brief()).await;
        let written = serde_json::to_string(&answer).expect("written");
        match serde_json::from_str::<Answer>(&written).expect("read") {
            Answer::$Call(Ok(answer)) => answer,
            answer => panic!("{answer:?}"),
        }
    }};
}

#[path = "authenticator_at_pad.rs"]
mod authenticator_at_pad;

/// A clerk at a counter, and a pad.
struct Counter {
    bench: Bench,
    clerk: Caller,
    pad: Caller,
}

impl Counter {
    async fn new() -> Self {
        let bench = Bench::new(Scripted::fine(), |_| {}).await;
        let clerk = caller(Role::Clerk, "amira", "3");
        Self { bench, clerk, pad: caller(Role::Pad, "pad1", "front desk pts/5") }
    }

    async fn offer(&self) -> PadOffer {
        told!(self.bench, &self.clerk, OfferPad OfferPad)
    }

    async fn ask(&self, pad: &Caller, number: &str, key: &str) -> PadAsked {
        let ask = AskForPad { number: TypedSecret::new(number), key: key.into() };
        told!(self.bench, pad, AskForPad ask)
    }

    async fn paired(&self) -> (PairingId, PadToken) {
        let offer = self.offer().await;
        let PadAsked::Asking(token) = self.ask(&self.pad, &offer.number.0, "an act").await else {
            panic!("the number is right")
        };
        let confirm = ConfirmPad { pairing: offer.pairing.clone() };
        let pad: Option<CounterPad> = told!(self.bench, &self.clerk, ConfirmPad confirm);
        assert_eq!(pad.expect("a pairing").state, PairingState::Paired);
        (offer.pairing, token)
    }

    async fn show(&self, pairing: &PairingId, request: Option<&Request>) -> Option<CounterPad> {
        let shown = request.map_or(ShownAtPad::Nothing, |it| ShownAtPad::Request(it.id.clone()));
        let show = ShowAtPad { pairing: pairing.clone(), shown, session: None };
        told!(self.bench, &self.clerk, ShowAtPad show)
    }

    async fn view(&self, token: &PadToken) -> PadView {
        told!(self.bench, &self.pad, ReadPad ReadPad { token: token.clone() })
    }

    async fn counter_pad(&self, pairing: &PairingId) -> CounterPad {
        let read = ReadCounterPad { pairing: pairing.clone() };
        let pad: Option<CounterPad> = told!(self.bench, &self.clerk, ReadCounterPad read);
        pad.expect("a pairing")
    }

    async fn enter(&self, token: &PadToken, mark: &PadMark, code: &str) -> PadEntered {
        let enter = EnterAtPad {
            token: token.clone(),
            mark: mark.clone(),
            code: TypedCode(Zeroizing::new(code.into())),
            key: self.bench.key(),
        };
        told!(self.bench, &self.pad, EnterAtPad enter)
    }

    async fn take(
        &self,
        clerk: &Caller,
        pairing: &PairingId,
        request: &Request,
        session: Option<SessionToken>,
    ) -> Option<VerifiedCustomer> {
        let (pairing, request) = (pairing.clone(), request.id.clone());
        let take = TakeFromPad { pairing, request, session };
        let taken: Option<Box<VerifiedCustomer>> = told!(self.bench, clerk, TakeFromPad take);
        taken.map(|it| *it)
    }

    async fn request(&self, account: &str) -> (Request, String) {
        let customer = self.bench.customer(account, None).await;
        self.bench.send(self.bench.ask(&customer, Channel::Email).await).await
    }
}

const fn mark_of(view: &PadView) -> &PadMark {
    &view.request.as_ref().expect("a request").mark
}

#[tokio::test]
async fn a_code_from_the_pad_opens_the_session_of_the_clerk() {
    let counter = Counter::new().await;
    let (pairing, token) = counter.paired().await;
    let (request, code) = counter.request("WB-1").await;
    let view = counter.view(&token).await;
    assert_eq!((view.state, view.request), (PairingState::Paired, None), "nothing is shown yet");
    let shown = counter.show(&pairing, Some(&request)).await.expect("a pairing");
    assert_eq!(shown.shown.as_ref(), Some(&request.id));
    let view = counter.view(&token).await;
    let told = view.request.as_ref().expect("a request");
    assert_eq!((told.digits, told.attempts_left), (6, Some(5)));
    assert_eq!(told.reference.as_ref(), Some(&request.reference));

    let typing = TypeAtPad { token: token.clone(), mark: mark_of(&view).clone(), typed: 4 };
    let () = told!(counter.bench, &counter.pad, TypeAtPad typing);
    assert_eq!(counter.counter_pad(&pairing).await.typed, 4);
    let wrong = counter.enter(&token, mark_of(&view), &other(&code)).await;
    assert_eq!(wrong, PadEntered::Refused { outcome: Outcome::Wrong, attempts_left: Some(4) });
    let pad = counter.counter_pad(&pairing).await;
    assert_eq!((pad.typed, pad.outcome), (0, Some(Outcome::Wrong)));
    assert!(counter.take(&counter.clerk, &pairing, &request, None).await.is_none());
    assert_eq!(counter.enter(&token, mark_of(&view), &code).await, PadEntered::Verified);

    // The pad has no session; the clerk of its counter has, and nobody else.
    let elsewhere = caller(Role::Clerk, "amira", "4");
    assert!(counter.take(&elsewhere, &pairing, &request, None).await.is_none());
    let bo = caller(Role::Clerk, "bo", "3");
    assert!(counter.take(&bo, &pairing, &request, None).await.is_none());
    let won = counter.take(&counter.clerk, &pairing, &request, None).await.expect("a session");
    assert_eq!((&*won.session.clerk, &*won.session.counter), ("amira", "3"));
    let alive = counter.bench.desk.touch(&won.token).await.expect("an answer");
    assert_eq!(alive.map(|it| it.id), Some(won.session.id));
    let timeline = counter.bench.desk.timeline(&request.id).await.expect("a timeline");
    let by = "typed by the customer at the pad of counter 3, pad1 (front desk pts/5)";
    for event in timeline.iter().filter(|it| it.kind == EventKind::Attempt) {
        assert_eq!((event.detail.as_deref(), &*event.actor.clerk), (Some(by), "amira"));
    }
}

/// The code of the second proof adds to the session of the first one.
#[tokio::test]
async fn a_further_proof_from_the_pad_raises_the_session_that_the_clerk_has() {
    let counter = Counter::new().await;
    let customer = counter.bench.customer("WB-1", Some("0151 12345678")).await;
    let bench = &counter.bench;
    let (first, code) = bench.send(bench.ask(&customer, Channel::Email).await).await;
    let key = bench.key();
    let verified = bench.desk.verify(&first.id, &code, &key).await.expect("judged");
    let Verification::Verified(before) = verified else { panic!("{verified:?}") };
    let (second, code) = bench.send(bench.ask(&customer, Channel::Sms).await).await;
    let (pairing, token) = counter.paired().await;
    let session = Some(before.token.clone());
    let show = ShowAtPad {
        pairing: pairing.clone(),
        shown: ShownAtPad::Request(second.id.clone()),
        session: session.clone(),
    };
    let _: Option<CounterPad> = told!(counter.bench, &counter.clerk, ShowAtPad show);
    let view = counter.view(&token).await;
    assert_eq!(counter.enter(&token, mark_of(&view), &code).await, PadEntered::Verified);
    let won = counter.take(&counter.clerk, &pairing, &second, session).await;
    let raised = won.expect("a session").session;
    assert_eq!(raised.id, before.session.id);
    assert!(raised.factors.has(Channel::Sms.factor()), "{:?}", raised.factors);
}

#[tokio::test]
async fn what_is_sent_anew_while_the_customer_types_counts_no_try() {
    let counter = Counter::new().await;
    let (pairing, token) = counter.paired().await;
    let (request, first) = counter.request("WB-1").await;
    counter.show(&pairing, Some(&request)).await;
    let before = counter.view(&token).await;
    let resend = ResendCode { request: request.id.clone(), after: 1 };
    let again: Option<CodeRequestOutcome> = told!(counter.bench, &counter.clerk, ResendCode resend);
    let (_, second) = counter.bench.send(again.expect("a request")).await;
    for code in [&first, &second] {
        assert_eq!(counter.enter(&token, mark_of(&before), code).await, PadEntered::Changed);
    }
    let after = counter.view(&token).await;
    assert_eq!(mark_of(&after).generation, 2);
    let old = counter.enter(&token, mark_of(&after), &first).await;
    assert_eq!(old, PadEntered::Refused { outcome: Outcome::Superseded, attempts_left: Some(4) });
    assert_eq!(counter.enter(&token, mark_of(&after), &second).await, PadEntered::Verified);
}

/// Ten customers who fail leave the pad where it is, and each new request comes to it.
#[tokio::test]
async fn ten_customers_who_fail_leave_the_pad_paired() {
    let counter = Counter::new().await;
    let (pairing, token) = counter.paired().await;
    for number in 0..10 {
        let (request, code) = counter.request(&format!("WB-{number}")).await;
        counter.show(&pairing, Some(&request)).await;
        let view = counter.view(&token).await;
        for _ in 0..5 {
            let entered = counter.enter(&token, mark_of(&view), &other(&code)).await;
            assert!(matches!(entered, PadEntered::Refused { .. }), "{entered:?}");
        }
        let entered = counter.enter(&token, mark_of(&view), &code).await;
        let PadEntered::Refused { outcome, .. } = entered else { panic!("{entered:?}") };
        assert!(matches!(outcome, Outcome::Locked | Outcome::Limited), "{outcome:?}");
        assert_eq!(counter.counter_pad(&pairing).await.state, PairingState::Paired);
    }
    // The clerk's limit of wrong codes holds at the pad as well.
    let wrong = counter.bench.desk.office().limits.wrong_codes_per_clerk;
    let failures = counter.bench.number("SELECT failures FROM core_clerk_guard").await;
    assert!(failures <= i64::from(wrong), "{failures}");
}

#[tokio::test]
async fn a_pad_that_is_not_paired_is_told_nothing_and_enters_nothing() {
    let counter = Counter::new().await;
    let (request, code) = counter.request("WB-1").await;
    let offer = counter.offer().await;
    let PadAsked::Asking(token) = counter.ask(&counter.pad, &offer.number.0, "an act").await else {
        panic!("the number is right")
    };
    // It asks, and is not confirmed.
    assert_eq!(counter.view(&token).await.state, PairingState::Asking);
    let shown = counter.show(&offer.pairing, Some(&request)).await.expect("a pairing");
    assert_eq!(shown.shown, None);
    let mark = PadMark { request: request.id.clone(), generation: 1 };
    assert_eq!(counter.enter(&token, &mark, &code).await, PadEntered::Changed);
    let end = EndPairing { pairing: offer.pairing.clone() };
    let ended: Option<CounterPad> = told!(counter.bench, &counter.clerk, EndPairing end);
    assert_eq!(ended.expect("a pairing").state, PairingState::Ended(PairingEnd::Refused));
    assert_eq!(counter.view(&token).await.state, PairingState::Ended(PairingEnd::Refused));

    // One that was paired, and left.
    let (pairing, token) = counter.paired().await;
    counter.show(&pairing, Some(&request)).await;
    let leave = LeavePad { token: token.clone() };
    let () = told!(counter.bench, &counter.pad, LeavePad leave);
    assert_eq!(counter.enter(&token, &mark, &code).await, PadEntered::Changed);
    let left = counter.counter_pad(&pairing).await.state;
    assert_eq!(left, PairingState::Ended(PairingEnd::PadLeft));
    assert_eq!(counter.bench.number("SELECT SUM(attempts) FROM core_otp").await, 0);
}

/// The number that was told again gets the same answer; another pad's clerk sees another name.
#[tokio::test]
async fn a_number_that_is_told_again_under_its_key_is_the_same_act() {
    let counter = Counter::new().await;
    let offer = counter.offer().await;
    let first = counter.ask(&counter.pad, &offer.number.0, "an act").await;
    let again = counter.ask(&counter.pad, &offer.number.0, "an act").await;
    let (PadAsked::Asking(first), PadAsked::Asking(again)) = (first, again) else {
        panic!("the number is right")
    };
    assert_eq!(first.digest(), again.digest());
    let other = counter.ask(&counter.pad, &offer.number.0, "another act").await;
    assert!(matches!(other, PadAsked::Wrong), "{other:?}");
    let pad = counter.counter_pad(&offer.pairing).await;
    assert_eq!(pad.pad.map(|it| it.clerk).as_deref(), Some("pad1"));
}

/// The pad's role carries its own permission and nothing else that a customer could misuse.
#[tokio::test]
async fn the_role_pad_enters_digits_and_nothing_else() {
    for permission in Permission::ALL {
        let may = matches!(permission, Permission::Anyone | Permission::Pad);
        assert_eq!(permission.is_of(Role::Pad), may, "{permission:?}");
    }
    for role in Role::ALL {
        assert_eq!(Permission::Pad.is_of(role), role == Role::Pad, "{role:?}");
    }
    let own = Caller { authentication: Authentication::OwnProcess, ..caller(Role::Pad, "p", "3") };
    assert!(!own.may(Permission::Own), "the owner's process is no owner as a pad");
}

/// Neither the number nor what is typed lies in the store or its log.
#[tokio::test]
async fn nothing_that_is_typed_at_a_pad_is_stored() {
    let counter = Counter::new().await;
    let offer = counter.offer().await;
    let PadAsked::Asking(token) = counter.ask(&counter.pad, &offer.number.0, "an act").await else {
        panic!("the number is right")
    };
    let confirm = ConfirmPad { pairing: offer.pairing.clone() };
    let _: Option<CounterPad> = told!(counter.bench, &counter.clerk, ConfirmPad confirm);
    let (request, code) = counter.request("WB-1").await;
    counter.show(&offer.pairing, Some(&request)).await;
    let view = counter.view(&token).await;
    let wrong = other(&code);
    counter.enter(&token, mark_of(&view), &wrong).await;
    counter.enter(&token, mark_of(&view), &code).await;
    let secret = serde_json::to_string(&token).expect("written");
    let folder = counter.bench.folder.path();
    for name in ["desk.db", "desk.db-wal"] {
        let Ok(bytes) = std::fs::read(folder.join(name)) else { continue };
        for canary in [&*offer.number.0, &code, &wrong, secret.trim_matches('"')] {
            let is_there = bytes.windows(canary.len()).any(|it| it == canary.as_bytes());
            assert!(!is_there, "{name} has {canary}");
        }
    }
    let enter = EnterAtPad {
        token,
        mark: mark_of(&view).clone(),
        code: TypedCode(Zeroizing::new(code.clone())),
        key: "an act".into(),
    };
    assert!(!format!("{:?} {offer:?}", Call::from(enter)).contains(&code));
}

#[tokio::test]
async fn a_code_of_a_sign_up_at_the_pad_verifies_the_contact_and_opens_no_session() {
    let counter = Counter::new().await;
    let (pairing, token) = counter.paired().await;
    let dana = counter.bench.customer("WB-1", None).await;
    let asked = counter.bench.asks_at_sign_up(&dana, Channel::Email).await;
    let (request, code) = counter.bench.send(asked).await;
    counter.show(&pairing, Some(&request)).await.expect("a pairing");
    let view = counter.view(&token).await;
    let entered = counter.enter(&token, mark_of(&view), &code).await;
    assert!(matches!(entered, PadEntered::Verified), "{entered:?}");
    let told = counter.counter_pad(&pairing).await.outcome;
    assert_eq!(told, Some(Outcome::Verified), "the counter hears of it");
    assert!(counter.take(&counter.clerk, &pairing, &request, None).await.is_none());
    assert_eq!(counter.bench.number("SELECT COUNT(*) FROM core_session").await, 0);
}

/// Why nothing is judged is for the staff, who find it in the log.
#[tokio::test]
async fn a_pad_is_not_told_how_its_customer_is_flagged() {
    let counter = Counter::new().await;
    let (pairing, token) = counter.paired().await;
    let (request, code) = counter.request("WB-1").await;
    counter.show(&pairing, Some(&request)).await;
    let view = counter.view(&token).await;
    let flag = FlagCustomer {
        customer: request.customer,
        flag: Flag::Hold,
        reason: "account was taken over".into(),
        until: None,
        key: counter.bench.key(),
    };
    let admin = caller(Role::Admin, "boss", "office");
    let _: bool = told!(counter.bench, &admin, FlagCustomer flag);
    assert_eq!(counter.enter(&token, mark_of(&view), &code).await, PadEntered::Changed);
    assert_eq!(counter.bench.number("SELECT SUM(attempts) FROM core_otp").await, 0);
    let refused = "SELECT COUNT(*) FROM core_event WHERE kind = 'refused' AND clerk = 'amira' \
                   AND detail = 'the customer is marked \"on hold\": enter at pad'";
    assert_eq!(counter.bench.number(refused).await, 1);
}

#[tokio::test]
async fn a_token_serves_no_other_pad_account() {
    let mut counter = Counter::new().await;
    let (pairing, token) = counter.paired().await;
    let (request, code) = counter.request("WB-1").await;
    counter.show(&pairing, Some(&request)).await;
    let mark = mark_of(&counter.view(&token).await).clone();
    let own = std::mem::replace(&mut counter.pad, caller(Role::Pad, "pad2", "front desk pts/5"));
    let view = counter.view(&token).await;
    assert_eq!((view.state, view.request), (PairingState::Ended(PairingEnd::TimedOut), None));
    let typing = TypeAtPad { token: token.clone(), mark: mark.clone(), typed: 4 };
    let () = told!(counter.bench, &counter.pad, TypeAtPad typing);
    assert_eq!(counter.counter_pad(&pairing).await.typed, 0);
    assert_eq!(counter.enter(&token, &mark, &code).await, PadEntered::Changed);
    let () = told!(counter.bench, &counter.pad, LeavePad LeavePad { token: token.clone() });
    assert_eq!(counter.counter_pad(&pairing).await.state, PairingState::Paired);
    counter.pad = own;
    assert_eq!(counter.enter(&token, &mark, &code).await, PadEntered::Verified);
}
