//! What every store must do with codes: store them, judge them, replace them.

use std::time::Duration;

use crate::support::{HOLDER, Terminal, token, wish};
use countersign::domain::channel::Factor;
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::{DeliveryState, SendReport};
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::outcome::Outcome;
use countersign::domain::request::{RequestId, Status};
use countersign::service::ports::{AttemptOutcome, IssueOutcome, SessionFilter, StoreError};

pub(super) async fn a_right_code_opens_a_session(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "123456")).await;
    assert_eq!(request.status, Status::Open);
    assert_eq!((request.attempts, request.max_attempts, request.generation), (0, 5, 1));
    assert_eq!(request.contact, "d***@example.org");
    assert_eq!(request.delivery.state, DeliveryState::Queued);
    assert_eq!(request.expires_at.since(request.sent_at), Duration::from_mins(5));
    assert_eq!(request.created_at, request.sent_at);
    let now = desk.store.now().await.expect("a clock");
    assert!(now.since(request.sent_at) < Duration::from_mins(1) && now >= request.sent_at);

    let attempted = desk.try_enter(&request.id, "123456").await.expect("an answer");
    let AttemptOutcome::Verified { request: verified, session } = attempted else {
        panic!("{attempted:?}")
    };
    assert_eq!((verified.status, verified.attempts), (Status::Verified, 1));
    assert_eq!(desk.request(&request.id).await, verified);
    assert_eq!(session.factor, Factor::ContactConfirmed);
    assert_eq!((session.account_no.as_str(), session.purpose.as_str()), ("WB-1", "pay bill"));
    assert_eq!(session.expires_at.since(session.created_at), desk.policy.session);
    assert_eq!(session.ends_at().since(session.created_at), desk.policy.session_idle);
    let record = desk.store.session(&session.id).await.expect("an answer").expect("its row");
    assert_eq!(record.session, session);
    assert!(record.is_genuine(&desk.keyring));
    let alive = desk.store.sessions(SessionFilter::Alive, 10).await.expect("an answer");
    assert_eq!(alive, [record]);
    let log: Vec<_> =
        desk.log(&EventFilter::default()).await.iter().map(|it| (it.kind, it.outcome)).collect();
    assert_eq!(log, [(EventKind::Requested, None), (EventKind::Attempt, Some(Outcome::Verified))]);
}

pub(super) async fn wrong_codes_are_counted_and_the_last_locks(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    for left in (0..5).rev() {
        let attempted = desk.try_enter(&request.id, "000000").await.expect("an answer");
        let AttemptOutcome::Refused { outcome, request, customer_locked, .. } = attempted else {
            panic!("{attempted:?}")
        };
        assert_eq!((outcome, request.attempts_left()), (Outcome::Wrong, left));
        assert_eq!(request.status, if left == 0 { Status::Locked } else { Status::Open });
        assert!(!customer_locked);
    }
    let log = desk.log(&EventFilter::default()).await;
    let told: Vec<_> =
        log.into_iter().filter(|it| it.kind == EventKind::Attempt).map(|it| it.detail).collect();
    let last = "it was the last try: the code is locked".to_owned();
    assert_eq!(told, [None, None, None, None, Some(last)]);
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Locked);
    let request = desk.request(&request.id).await;
    assert_eq!((request.status, request.attempts), (Status::Locked, 5));
    // After a lock a new request starts anew; the customer's own count bounds that.
    let again = desk.issue(&wish(request.customer, "654321")).await;
    assert_eq!(again.attempts, 0);
    assert_eq!(desk.enter(&again.id, "654321").await, Outcome::Verified);
}

pub(super) async fn an_attempt_sent_twice_is_one_attempt(desk: &Terminal) {
    let first = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let request = desk.reissue(&first, "654321").await;
    for (code, outcome) in [("000000", Outcome::Wrong), ("123456", Outcome::Superseded)] {
        for _ in 0..2 {
            let told = desk.tell(&request.id, code, &token(1), code).await.expect("an answer");
            let AttemptOutcome::Refused { outcome: found, request, superseded, .. } = told else {
                panic!("{told:?}")
            };
            assert_eq!((found, superseded.is_some()), (outcome, code == "123456"));
            assert_eq!(request.attempts, if code == "123456" { 2 } else { 1 });
        }
    }
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let told = desk.tell(&request.id, "654321", &token(1), "right").await.expect("an answer");
        let AttemptOutcome::Verified { session, request } = told else { panic!("{told:?}") };
        assert_eq!((request.status, request.attempts), (Status::Verified, 3));
        sessions.push(session.id);
    }
    assert_eq!(sessions[0], sessions[1]);
    for _ in 0..2 {
        let told = desk.tell(&request.id, "654321", &token(2), "late").await.expect("an answer");
        assert!(matches!(told, AttemptOutcome::Refused { outcome: Outcome::Used, .. }), "{told:?}");
    }
    let log = desk.log(&EventFilter::default()).await;
    assert_eq!(log.iter().filter(|it| it.kind == EventKind::Attempt).count(), 4);
    let alive = desk.store.sessions(SessionFilter::All, 9).await.expect("an answer");
    assert_eq!(alive.len(), 1);
}

pub(super) async fn an_attempt_that_meets_a_locked_customer_is_answered_alike_twice(
    desk: &Terminal,
) {
    let mut desk = desk.clone();
    desk.policy.failure_cap = 1;
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    for (code, outcome) in [("000000", Outcome::Wrong), ("123456", Outcome::Locked)] {
        for _ in 0..2 {
            let told = desk.tell(&request.id, code, &token(1), code).await.expect("an answer");
            let AttemptOutcome::Refused { outcome: found, customer_locked, .. } = told else {
                panic!("{told:?}")
            };
            assert_eq!((found, customer_locked), (outcome, true));
        }
    }
}

pub(super) async fn a_used_code_is_used(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Used);
    assert_eq!(desk.request(&request.id).await.attempts, 1);
    let missing = RequestId::from_bits(1);
    let attempted = desk.try_enter(&missing, "123456").await.expect("an answer");
    assert!(matches!(attempted, AttemptOutcome::NotFound));
}

pub(super) async fn the_same_act_issues_once(desk: &Terminal) {
    let wish = wish(desk.customer("WB-1").await, "123456");
    let request = desk.issue(&wish).await;
    let again = desk.try_issue(&wish).await.expect("an answer");
    let IssueOutcome::Already(same) = again else { panic!("{again:?}") };
    assert_eq!(same, request);
    assert_eq!(desk.log(&EventFilter::default()).await.len(), 1);
}

pub(super) async fn a_repeated_reissue_returns_what_is_stored(desk: &Terminal) {
    let first = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
    let second = desk.reissue(&first, "222222").await;
    let again = desk.try_reissue(&first, "222222").await.expect("an answer");
    let IssueOutcome::Already(again) = again else { panic!("{again:?}") };
    assert_eq!((again.generation, again.delivery.id), (2, second.delivery.id));
    desk.message(&second).await;
    desk.report(&second, &SendReport::sent(None)).await;
    let message = desk.store.claimed_message(second.delivery.id, HOLDER).await.expect("an answer");
    assert!(message.is_none(), "it was sent");
}

pub(super) async fn a_reissue_that_comes_late_does_nothing(desk: &Terminal) {
    let first = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let second = desk.reissue(&first, "222222").await;
    let late = desk.try_reissue(&first, "333333").await.expect("an answer");
    assert!(matches!(late, IssueOutcome::Already(request) if request == second));
    assert_ne!(first.reference, second.reference);
    assert_ne!(first.delivery.id, second.delivery.id);
    assert_eq!(desk.enter(&first.id, "222222").await, Outcome::Verified);
}

pub(super) async fn an_older_code_is_recognised_and_never_accepted(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let first = desk.issue(&wish(customer, "111111")).await;
    let second = desk.reissue(&first, "222222").await;
    let third = desk.issue(&wish(customer, "333333")).await;
    for (code, old) in [("111111", &first), ("222222", &second)] {
        let attempted = desk.try_enter(&third.id, code).await.expect("an answer");
        let AttemptOutcome::Refused { outcome, superseded: Some(superseded), .. } = attempted
        else {
            panic!("{attempted:?}")
        };
        assert_eq!(outcome, Outcome::Superseded);
        assert_eq!(
            (superseded.reference, superseded.sent_at),
            (old.reference.clone(), old.sent_at)
        );
    }
    assert_eq!(desk.request(&third.id).await.attempts, 2, "it was an attempt all the same");
    assert_eq!(desk.enter(&third.id, "333333").await, Outcome::Verified);
}

pub(super) async fn security_07_a_code_is_bound_to_its_request_and_purpose(desk: &Terminal) {
    let (anna, bert) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
    let annas = desk.issue(&wish(anna, "111111")).await;
    let berts = desk.issue(&wish(bert, "222222")).await;
    let mut other = wish(anna, "333333");
    other.purpose = "change address".into();
    let other = desk.issue(&other).await;
    assert_eq!(desk.enter(&berts.id, "111111").await, Outcome::Wrong);
    assert_eq!(desk.enter(&other.id, "111111").await, Outcome::Wrong);
    assert_eq!(desk.request(&berts.id).await.attempts, 1);
    assert_eq!(desk.request(&other.id).await.attempts, 1);
    assert_eq!(desk.enter(&annas.id, "111111").await, Outcome::Verified);
}

pub(super) async fn security_10_a_missing_key_fails_closed_and_burns_no_attempt(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let fresh = Keyring::new(KeyId::new("k2").expect("a name"), Key::new([8; 32]));
    let stranger = Terminal { keyring: fresh.clone(), ..desk.clone() };
    let refused = stranger.try_enter(&request.id, "123456").await;
    let Err(StoreError::MissingKey(missing)) = refused else { panic!("{refused:?}") };
    assert_eq!(missing.0, "k1");
    assert_eq!(desk.request(&request.id).await, request);
    let old = KeyId::new("k1").expect("a name");
    let rotated = Terminal { keyring: fresh.with_retired(old, Key::new([7; 32])), ..desk.clone() };
    assert_eq!(rotated.enter(&request.id, "123456").await, Outcome::Verified);
}

pub(super) async fn closed_requests_stay_closed(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "123456")).await;
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
    let closed = desk.try_reissue(&request, "222222").await.expect("an answer");
    let IssueOutcome::Closed(closed) = closed else { panic!("{closed:?}") };
    assert_eq!(closed.status, Status::Verified);
    let cancelled = desk.store.cancel(&request.id, &desk.actor).await.expect("an answer");
    assert_eq!(cancelled.map(|it| it.status), Some(Status::Verified));
    let mut missing = request.clone();
    missing.id = RequestId::from_bits(1);
    let missing = desk.try_reissue(&missing, "222222").await.expect("an answer");
    assert!(matches!(missing, IssueOutcome::NotFound));
    let stranger = wish(CustomerId(99), "123456");
    assert!(desk.try_issue(&stranger).await.is_err(), "nobody is verified who is not there");
}
