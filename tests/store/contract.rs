//! What every store must do, whatever database is behind it. Each story takes
//! a terminal on a store of its own and knows nothing of the database.

use std::time::Duration;

use crate::support::{Terminal, email, new_customer, phone, token, wish, with_email, with_phone};
use countersign::domain::channel::{Channel, Factor};
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::DeliveryState::{
    self, Delivered, Failed, Queued, Sent, Undeliverable, Unknown,
};
use countersign::domain::delivery::Report;
use countersign::domain::event::{Actor, EventFilter, EventKind, Page};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::money::Money;
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::Limit;
use countersign::domain::query::Query;
use countersign::domain::request::{RequestId, Status};
use countersign::domain::session::{SessionEnd, SessionId};
use countersign::service::ports::{
    Attempted, CustomerKey, ImportCount, Issued, NewEvent, SessionFilter, StoreError,
};

/// Runs each story on each kind of store.
macro_rules! stories {
    ($($story:ident;)+) => {
        stories! { @ sqlite Sqlite $($story)+ }
        stories! { @ postgres Postgres $($story)+ }
        stories! { @ mariadb MariaDb $($story)+ }
    };
    (@ $module:ident $kind:ident $($story:ident)+) => {
        mod $module {
            use crate::support::{House, Kind, Terminal};

            $(
                #[tokio::test]
                async fn $story() {
                    let house = House::new(Kind::$kind);
                    super::$story(&Terminal::new(house.open().await)).await;
                }
            )+
        }
    };
}

stories! {
    a_right_code_opens_a_session;
    wrong_codes_are_counted_and_the_last_locks;
    a_used_code_is_used;
    an_attempt_told_twice_is_one_attempt;
    an_attempt_that_meets_a_locked_customer_is_answered_alike_twice;
    security_05_a_new_code_wins_no_guesses_back;
    a_new_request_takes_the_count_over_and_ends_the_old_one;
    a_cancelled_request_keeps_its_count;
    the_same_act_issues_once;
    a_reissue_that_comes_late_does_nothing;
    a_reissue_told_again_says_what_is_stored;
    an_older_code_is_recognised_and_never_accepted;
    the_cooldown_is_per_contact;
    each_limit_says_when_there_is_room_again;
    security_06_failures_in_a_row_lock_the_customer;
    security_07_a_code_is_bound_to_its_request_and_purpose;
    security_10_a_missing_key_fails_closed_and_burns_no_attempt;
    reports_never_go_back;
    sessions_are_prolonged_and_ended;
    events_are_paged_and_filtered;
    customers_are_imported_counted_and_found;
    security_44_what_was_typed_has_no_meaning_of_its_own;
    security_45_identity_is_to_the_letter;
    an_account_is_what_was_imported;
    a_store_says_how_it_is;
    closed_requests_stay_closed;
    security_04_a_cap_that_was_lowered_holds_for_what_is_open;
    security_06_a_customers_cap_that_was_lowered_holds_at_once;
}

async fn a_right_code_opens_a_session(desk: &Terminal) {
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
    let Attempted::Verified { request: verified, session } = attempted else {
        panic!("{attempted:?}")
    };
    assert_eq!((verified.status, verified.attempts), (Status::Verified, 1));
    assert_eq!(desk.request(&request.id).await, verified);
    assert_eq!(session.factor, Factor::ContactConfirmed);
    assert_eq!((session.account_no.as_str(), session.purpose.as_str()), ("WB-1", "pay bill"));
    assert_eq!(session.expires_at.since(session.created_at), desk.policy.session);
    assert_eq!(session.ends_at().since(session.created_at), desk.policy.session_idle);
    assert_eq!(desk.store.session(&session.id).await.expect("an answer"), Some(session.clone()));
    let alive = desk.store.sessions(SessionFilter::Alive, 10).await.expect("an answer");
    assert_eq!(alive, [session]);
    let log: Vec<_> =
        desk.log(&EventFilter::default()).await.iter().map(|it| (it.kind, it.outcome)).collect();
    assert_eq!(log, [(EventKind::Requested, None), (EventKind::Attempt, Some(Outcome::Verified))]);
}

async fn wrong_codes_are_counted_and_the_last_locks(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    for left in (0..5).rev() {
        let attempted = desk.try_enter(&request.id, "000000").await.expect("an answer");
        let Attempted::Refused { outcome, request, customer_locked, .. } = attempted else {
            panic!("{attempted:?}")
        };
        assert_eq!((outcome, request.attempts_left()), (Outcome::Wrong, left));
        assert_eq!(request.status, if left == 0 { Status::Locked } else { Status::Open });
        assert!(!customer_locked);
    }
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Locked);
    let request = desk.request(&request.id).await;
    assert_eq!((request.status, request.attempts), (Status::Locked, 5));
    // After a lock a new request starts anew; the customer's own count bounds that.
    let again = desk.issue(&wish(request.customer, "654321")).await;
    assert_eq!(again.attempts, 0);
    assert_eq!(desk.enter(&again.id, "654321").await, Outcome::Verified);
}

async fn an_attempt_told_twice_is_one_attempt(desk: &Terminal) {
    let first = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let request = desk.reissue(&first, "654321").await;
    for (code, outcome) in [("000000", Outcome::Wrong), ("123456", Outcome::Superseded)] {
        for _ in 0..2 {
            let told = desk.tell(&request.id, code, &token(1), code).await.expect("an answer");
            let Attempted::Refused { outcome: found, request, retired, .. } = told else {
                panic!("{told:?}")
            };
            assert_eq!((found, retired.is_some()), (outcome, code == "123456"));
            assert_eq!(request.attempts, if code == "123456" { 2 } else { 1 });
        }
    }
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let told = desk.tell(&request.id, "654321", &token(1), "right").await.expect("an answer");
        let Attempted::Verified { session, request } = told else { panic!("{told:?}") };
        assert_eq!((request.status, request.attempts), (Status::Verified, 3));
        sessions.push(session.id);
    }
    assert_eq!(sessions[0], sessions[1]);
    for _ in 0..2 {
        let told = desk.tell(&request.id, "654321", &token(2), "late").await.expect("an answer");
        assert!(matches!(told, Attempted::Refused { outcome: Outcome::Used, .. }), "{told:?}");
    }
    let log = desk.log(&EventFilter::default()).await;
    assert_eq!(log.iter().filter(|it| it.kind == EventKind::Attempt).count(), 4);
    let alive = desk.store.sessions(SessionFilter::All, 9).await.expect("an answer");
    assert_eq!(alive.len(), 1);
}

async fn an_attempt_that_meets_a_locked_customer_is_answered_alike_twice(desk: &Terminal) {
    let mut desk = desk.clone();
    desk.policy.failure_cap = 1;
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    for (code, outcome) in [("000000", Outcome::Wrong), ("123456", Outcome::Locked)] {
        for _ in 0..2 {
            let told = desk.tell(&request.id, code, &token(1), code).await.expect("an answer");
            let Attempted::Refused { outcome: found, customer_locked, .. } = told else {
                panic!("{told:?}")
            };
            assert_eq!((found, customer_locked), (outcome, true));
        }
    }
}

async fn a_used_code_is_used(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Used);
    assert_eq!(desk.request(&request.id).await.attempts, 1);
    let missing = RequestId::from_bits(1);
    let attempted = desk.try_enter(&missing, "123456").await.expect("an answer");
    assert!(matches!(attempted, Attempted::NotFound));
}

async fn security_05_a_new_code_wins_no_guesses_back(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    for _ in 0..4 {
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
    }
    let request = desk.reissue(&request, "654321").await;
    assert_eq!((request.attempts, request.generation), (4, 2));
    assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
    assert_eq!(desk.enter(&request.id, "654321").await, Outcome::Locked);
}

async fn a_new_request_takes_the_count_over_and_ends_the_old_one(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let first = desk.issue(&wish(customer, "123456")).await;
    assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
    let second = desk.issue(&wish(customer, "654321")).await;
    assert_eq!(second.attempts, 1);
    assert_eq!(desk.enter(&first.id, "123456").await, Outcome::Superseded);
    assert_eq!(desk.request(&first.id).await.status, Status::Superseded);
    let mut other = wish(customer, "111111");
    other.purpose = "change address".into();
    let other = desk.issue(&other).await;
    assert_eq!(other.attempts, 0, "another purpose is another request");
    assert_eq!(desk.enter(&second.id, "654321").await, Outcome::Verified);
    assert_eq!(desk.enter(&other.id, "111111").await, Outcome::Verified);
    let replaced = EventFilter { request: Some(first.id), ..EventFilter::default() };
    let kinds: Vec<_> = desk.log(&replaced).await.iter().map(|it| it.kind).collect();
    assert!(kinds.contains(&EventKind::Superseded), "{kinds:?}");
}

async fn a_cancelled_request_keeps_its_count(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let first = desk.issue(&wish(customer, "123456")).await;
    for _ in 0..4 {
        assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
    }
    let cancelled = desk.store.cancel(&first.id, &desk.actor).await.expect("an answer");
    assert_eq!(cancelled.map(|it| it.status), Some(Status::Cancelled));
    assert_eq!(desk.enter(&first.id, "123456").await, Outcome::Superseded);
    let second = desk.issue(&wish(customer, "654321")).await;
    assert_eq!(second.attempts, 4);
    assert_eq!(desk.enter(&second.id, "123456").await, Outcome::Superseded, "an older code");
    assert_eq!(desk.enter(&second.id, "654321").await, Outcome::Locked);
    let nobody = desk.store.cancel(&RequestId::from_bits(1), &desk.actor).await;
    assert_eq!(nobody.expect("an answer"), None);
}

async fn the_same_act_issues_once(desk: &Terminal) {
    let wish = wish(desk.customer("WB-1").await, "123456");
    let request = desk.issue(&wish).await;
    let again = desk.try_issue(&wish).await.expect("an answer");
    let Issued::Already(same) = again else { panic!("{again:?}") };
    assert_eq!(same, request);
    assert_eq!(desk.log(&EventFilter::default()).await.len(), 1);
}

async fn a_reissue_told_again_says_what_is_stored(desk: &Terminal) {
    let first = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
    let second = desk.reissue(&first, "222222").await;
    let again = desk.try_reissue(&first, "222222").await.expect("an answer");
    let Issued::Stored(again) = again else { panic!("{again:?}") };
    assert_eq!((again.generation, again.delivery.id), (2, second.delivery.id));
    let other = desk.try_reissue(&first, "333333").await.expect("an answer");
    assert!(matches!(other, Issued::Already(_)), "another act's code: {other:?}");
    let sent = Report::sent(None);
    desk.store.report(second.delivery.id, &sent, &desk.actor).await.expect("written");
    let late = desk.try_reissue(&first, "222222").await.expect("an answer");
    assert!(matches!(late, Issued::Already(_)), "it was sent: {late:?}");
}

async fn a_reissue_that_comes_late_does_nothing(desk: &Terminal) {
    let first = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let second = desk.reissue(&first, "222222").await;
    let late = desk.try_reissue(&first, "333333").await.expect("an answer");
    assert!(matches!(late, Issued::Already(request) if request == second));
    assert_ne!(first.reference, second.reference);
    assert_ne!(first.delivery.id, second.delivery.id);
    assert_eq!(desk.enter(&first.id, "222222").await, Outcome::Verified);
}

async fn an_older_code_is_recognised_and_never_accepted(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let first = desk.issue(&wish(customer, "111111")).await;
    let second = desk.reissue(&first, "222222").await;
    let third = desk.issue(&wish(customer, "333333")).await;
    for (code, old) in [("111111", &first), ("222222", &second)] {
        let attempted = desk.try_enter(&third.id, code).await.expect("an answer");
        let Attempted::Refused { outcome, retired: Some(retired), .. } = attempted else {
            panic!("{attempted:?}")
        };
        assert_eq!(outcome, Outcome::Superseded);
        assert_eq!((retired.reference, retired.sent_at), (old.reference.clone(), old.sent_at));
    }
    assert_eq!(desk.request(&third.id).await.attempts, 2, "it was an attempt all the same");
    assert_eq!(desk.enter(&third.id, "333333").await, Outcome::Verified);
}

async fn the_cooldown_is_per_contact(desk: &Terminal) {
    let mut desk = desk.clone();
    desk.policy.resend_cooldown = Duration::from_secs(30);
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "123456")).await;
    assert_eq!(request.resend_at.since(request.sent_at), Duration::from_secs(30));
    let mut elsewhere = wish(desk.customer("WB-2").await, "123456");
    for limited in [
        desk.try_reissue(&request, "222222").await,
        desk.try_issue(&wish(customer, "222222")).await,
        desk.try_issue(&elsewhere).await,
    ] {
        let Ok(Issued::Limited { limit, retry_at }) = limited else { panic!("{limited:?}") };
        assert_eq!((limit, retry_at), (Limit::Cooldown, request.resend_at));
    }
    elsewhere.contact = phone("+1 555 010 0142");
    assert_eq!(desk.issue(&elsewhere).await.channel, Channel::Sms);
    assert_eq!(desk.request(&request.id).await, request, "what was held back changed nothing");
}

async fn each_limit_says_when_there_is_room_again(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let first = desk.issue(&wish(customer, "123456")).await;
    desk.issue(&wish(customer, "123456")).await;
    let mut stranger = wish(desk.customer("WB-2").await, "123456");
    stranger.contact = email("someone.else@example.org");
    for limit in [Limit::Contact, Limit::Customer, Limit::Clerk, Limit::Counter, Limit::Office] {
        let mut desk = desk.clone();
        let mut wish = wish(customer, "123456");
        match limit {
            Limit::Cooldown => {}
            Limit::Contact => desk.limits.per_contact = 2,
            Limit::Customer => desk.limits.per_customer = 2,
            Limit::Clerk => desk.limits.per_clerk = 2,
            Limit::Counter => desk.limits.per_counter = 2,
            Limit::Office => desk.limits.in_all = 2,
        }
        if !matches!(limit, Limit::Contact | Limit::Customer) {
            wish = stranger.clone();
        }
        let issued = desk.try_issue(&wish).await.expect("an answer");
        let Issued::Limited { limit: found, retry_at } = issued else { panic!("{issued:?}") };
        assert_eq!(found, limit);
        assert_eq!(retry_at, first.sent_at.plus(Duration::from_hours(1)), "{limit:?}");
    }
    let other = Actor { clerk: "bo".into(), counter: "4".into() };
    let mut desk = Terminal { actor: other, ..desk.clone() };
    desk.limits.per_clerk = 2;
    desk.limits.per_counter = 2;
    assert_eq!(desk.issue(&stranger).await.status, Status::Open);
    desk.limits.in_all = 0;
    let none = desk.try_issue(&crate::support::wish(customer, "1".repeat(6).as_str())).await;
    assert!(matches!(none, Ok(Issued::Limited { limit: Limit::Office, .. })));
}

async fn security_06_failures_in_a_row_lock_the_customer(desk: &Terminal) {
    let mut desk = desk.clone();
    desk.policy.failure_cap = 6;
    let customer = desk.customer("WB-1").await;
    let mut by_sms = wish(customer, "222222");
    by_sms.purpose = "change address".into();
    by_sms.contact = phone("+1 555 010 0142");
    let one = desk.issue(&wish(customer, "111111")).await;
    let two = desk.issue(&by_sms).await;
    let other =
        Terminal { actor: Actor { clerk: "bo".into(), counter: "4".into() }, ..desk.clone() };
    for _ in 0..3 {
        assert_eq!(desk.enter(&one.id, "000000").await, Outcome::Wrong);
    }
    for _ in 0..2 {
        assert_eq!(other.enter(&two.id, "000000").await, Outcome::Wrong);
    }
    let last = other.try_enter(&two.id, "000000").await.expect("an answer");
    let Attempted::Refused { outcome, request, customer_locked, .. } = last else {
        panic!("{last:?}")
    };
    assert_eq!((outcome, customer_locked), (Outcome::Wrong, true));
    assert_eq!(request.status, Status::Locked);
    assert_eq!(desk.request(&one.id).await.status, Status::Locked, "the pending code ends too");
    for (desk, id, code) in [(&desk, &one.id, "111111"), (&other, &two.id, "222222")] {
        let attempted = desk.try_enter(id, code).await.expect("an answer");
        let Attempted::Refused { outcome, customer_locked, .. } = attempted else {
            panic!("{attempted:?}")
        };
        assert_eq!((outcome, customer_locked), (Outcome::Locked, true));
    }
    let issued = desk.try_issue(&wish(customer, "333333")).await.expect("an answer");
    assert!(matches!(issued, Issued::CustomerLocked), "{issued:?}");
    // A right code between wrong ones ends the row.
    let calm = desk.customer("WB-2").await;
    for _ in 0..3 {
        let request = desk.issue(&wish(calm, "111111")).await;
        for _ in 0..4 {
            assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
        }
        assert_eq!(desk.enter(&request.id, "111111").await, Outcome::Verified);
    }
}

async fn security_07_a_code_is_bound_to_its_request_and_purpose(desk: &Terminal) {
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

async fn security_10_a_missing_key_fails_closed_and_burns_no_attempt(desk: &Terminal) {
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

async fn reports_never_go_back(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let report = |state, detail: Option<&str>| Report {
        state,
        detail: detail.map(str::to_owned),
        ..Report::sent(Some("SM1".into()))
    };
    for (said, held) in [
        (Queued, Queued),
        (Unknown, Unknown),
        (Failed, Failed),
        (Sent, Sent),
        (Failed, Sent),
        (Unknown, Sent),
        (Delivered, Delivered),
        (Sent, Delivered),
        (Undeliverable, Delivered),
    ] {
        let words = report(said, Some("busy"));
        desk.store.report(request.delivery.id, &words, &desk.actor).await.expect("written");
        assert_eq!(desk.request(&request.id).await.delivery.state, held, "after {said:?}");
    }
    assert_eq!(desk.request(&request.id).await.delivery.provider_id.as_deref(), Some("SM1"));
    let log = desk.log(&EventFilter::default()).await;
    let kinds: Vec<_> = log.iter().map(|it| (it.kind, it.outcome)).collect();
    assert_eq!(
        kinds,
        [
            (EventKind::Requested, None),
            (EventKind::Unsure, None),
            (EventKind::NotSent, Some(Outcome::Unavailable)),
            (EventKind::Sent, None),
            (EventKind::Delivered, None),
        ]
    );
    assert_eq!(log[1].contact.as_deref(), Some("d***@example.org"));
    assert_eq!(log[1].request.as_ref(), Some(&request.id));
    let again = desk.issue(&wish(request.customer, "123456")).await;
    let refused = report(Undeliverable, Some("no such address"));
    desk.store.report(again.delivery.id, &refused, &desk.actor).await.expect("written");
    let last = desk.log(&EventFilter::default()).await.pop().expect("an event");
    assert_eq!((last.kind, last.outcome), (EventKind::NotSent, Some(Outcome::Undeliverable)));
    assert_eq!(last.detail.as_deref(), Some("no such address"));
}

async fn sessions_are_prolonged_and_ended(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    let token = token(crate::support::next());
    let attempted = desk.enter_with(&request.id, "123456", &token).await.expect("an answer");
    let Attempted::Verified { session, .. } = attempted else { panic!("{attempted:?}") };
    let digest = token.digest();
    let touched = desk.store.touch(&digest, Duration::from_mins(10)).await.expect("an answer");
    let touched = touched.expect("the session");
    assert_eq!(touched.id, session.id);
    assert!(touched.idle_at > session.idle_at);
    let touched = desk.store.touch(&digest, Duration::from_hours(9)).await.expect("an answer");
    assert_eq!(touched.expect("the session").idle_at, session.expires_at, "never beyond its end");
    assert_eq!(desk.store.touch("unknown", Duration::ZERO).await.expect("an answer"), None);

    let ended = desk.store.end_session(&session.id, SessionEnd::Logout, &desk.actor).await;
    let ended = ended.expect("an answer").expect("the session");
    assert_eq!(ended.ended.map(|it| it.1), Some(SessionEnd::Logout));
    let again = desk.store.end_session(&session.id, SessionEnd::Revoked, &desk.actor).await;
    assert_eq!(again.expect("an answer"), Some(ended.clone()), "it ends once");
    let touched = desk.store.touch(&digest, Duration::from_mins(5)).await.expect("an answer");
    assert_eq!(touched, Some(ended.clone()));
    let nobody = SessionId::from_bits(1 << 40);
    assert_eq!(desk.store.session(&nobody).await.expect("an answer"), None);
    let gone = desk.store.end_session(&nobody, SessionEnd::Revoked, &desk.actor).await;
    assert_eq!(gone.expect("an answer"), None);
    assert_eq!(desk.store.sessions(SessionFilter::Alive, 9).await.expect("an answer"), []);
    assert_eq!(desk.store.sessions(SessionFilter::All, 9).await.expect("an answer"), [ended]);
    let log = desk.log(&EventFilter::default()).await;
    let ends: Vec<_> = log.iter().filter(|it| it.kind == EventKind::SessionEnded).collect();
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].detail.as_deref(), Some("logout"));
}

async fn events_are_paged_and_filtered(desk: &Terminal) {
    let anna = desk.customer("WB-1").await;
    let bert = desk.customer("WB-2").await;
    let one = desk.issue(&wish(anna, "111111")).await;
    let mut by_sms = wish(bert, "222222");
    by_sms.contact = phone("+1 555 010 0142");
    let two = desk.issue(&by_sms).await;
    for (id, code) in [(&one.id, "000000"), (&two.id, "000000"), (&two.id, "222222")] {
        desk.enter(id, code).await;
    }
    let event = NewEvent {
        kind: EventKind::Imported,
        outcome: None,
        request: None,
        customer: None,
        channel: None,
        contact: None,
        detail: Some("x\nlogin ok\u{1b}[2J".into()),
        actor: &desk.actor,
    };
    for _ in 0..2 {
        desk.store.record("an import", event.clone()).await.expect("written");
    }

    let all = desk.log(&EventFilter::default()).await;
    assert_eq!(all.len(), 6);
    assert_eq!(all[5].detail.as_deref(), Some("x login ok[2J"), "one clean line");
    assert_eq!(all[0].customer.as_ref().map(|it| it.account_no.as_str()), Some("WB-1"));
    assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id));

    let page = |page| async move {
        let events = desk.store.events(&EventFilter::default(), page, 2).await;
        events.expect("an answer").iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(page(Page::Newest).await, [all[5].id, all[4].id]);
    assert_eq!(page(Page::Before(all[4].id)).await, [all[3].id, all[2].id]);
    assert_eq!(page(Page::Before(all[0].id)).await, []);
    assert_eq!(page(Page::After(all[1].id)).await, [all[2].id, all[3].id]);
    assert_eq!(page(Page::After(all[5].id)).await, []);

    let texts = [None, Some("WB-1"), Some("wb-2"), Some("dana"), Some(one.id.as_str()), Some("zz")];
    for text in texts {
        for outcome in [None, Some(Outcome::Wrong), Some(Outcome::Verified)] {
            for channel in [None, Some(Channel::Email), Some(Channel::Sms)] {
                for customer in [None, Some(anna), Some(CustomerId(99))] {
                    for request in [None, Some(two.id.clone())] {
                        let filter = EventFilter {
                            text: text.map(str::to_owned),
                            outcome,
                            channel,
                            customer,
                            request,
                        };
                        let expected: Vec<_> = all
                            .iter()
                            .filter(|it| filter_allows(&filter, it))
                            .map(|it| it.id)
                            .collect();
                        let found: Vec<_> =
                            desk.log(&filter).await.iter().map(|it| it.id).collect();
                        assert_eq!(found, expected, "{filter:?}");
                        let after = Page::After(all[1].id);
                        let found = desk.store.events(&filter, after, 99).await.expect("an answer");
                        let found: Vec<_> = found.iter().map(|it| it.id).collect();
                        let expected: Vec<_> =
                            expected.into_iter().filter(|id| *id > all[1].id).collect();
                        assert_eq!(found, expected, "after: {filter:?}");
                    }
                }
            }
        }
    }
}

/// The filter's meaning in plain words, for the customers of the test above.
fn filter_allows(filter: &EventFilter, event: &countersign::domain::event::Event) -> bool {
    let account = event.customer.as_ref().map(|it| it.account_no.as_str());
    let by_text = match filter.text.as_deref() {
        None => true,
        Some("WB-1") => account == Some("WB-1"),
        Some("wb-2") => account == Some("WB-2"),
        Some("dana") => account.is_some(),
        Some("zz") => false,
        Some(id) => event.request.as_ref().is_some_and(|it| it.as_str() == id),
    };
    by_text
        && filter.outcome.is_none_or(|it| event.outcome == Some(it))
        && filter.channel.is_none_or(|it| event.channel == Some(it))
        && filter.customer.is_none_or(|it| event.customer.as_ref().map(|of| of.id) == Some(it))
        && filter.request.as_ref().is_none_or(|it| event.request.as_ref() == Some(it))
}

async fn find(desk: &Terminal, typed: &str) -> Vec<String> {
    let Some(query) = Query::parse(typed) else { return Vec::new() };
    let found = desk.store.find_customers(&query, 10).await.expect("an answer");
    found.into_iter().map(|it| it.account_no).collect()
}

async fn customers_are_imported_counted_and_found(desk: &Terminal) {
    let dana = with_phone(
        with_email(new_customer("WB-004217", "Dana Rivera"), "dana@example.org"),
        "+1 555 010 0142",
    );
    let batch = [
        dana.clone(),
        with_email(new_customer("WB-000012", "José Ñandú"), "jn@example.com"),
        new_customer("WB-005550", "Rivera Danaher"),
        new_customer("ZZ-1", "王芳"),
    ];
    let count = desk.store.import(&batch).await.expect("written");
    assert_eq!(count, ImportCount { added: 4, changed: 0, unchanged: 0 });

    for (typed, expected) in [
        ("wb-004217", vec!["WB-004217"]),
        ("WB004217", vec!["WB-004217"]),
        ("004217", vec!["WB-004217"]),
        ("4217", vec!["WB-004217"]),
        ("(555) 010-0142", vec!["WB-004217"]),
        ("+1 555 010 0142", vec!["WB-004217"]),
        ("0142", vec!["WB-004217"]),
        ("dana@ex", vec!["WB-004217"]),
        ("example", vec![]),
        ("dana example", vec!["WB-004217"]),
        ("010 rivera", vec!["WB-004217"]),
        ("DANA", vec!["WB-004217", "WB-005550"]),
        ("rivera", vec!["WB-005550", "WB-004217"]),
        ("riv dana", vec!["WB-004217", "WB-005550"]),
        ("dana ri", vec!["WB-004217", "WB-005550"]),
        ("riv dan org", vec!["WB-004217"]),
        ("rivera da wb 555", vec!["WB-004217", "WB-005550"]),
        ("nandu", vec!["WB-000012"]),
        ("jose ñ", vec!["WB-000012"]),
        ("王", vec!["ZZ-1"]),
        ("z", vec!["ZZ-1"]),
        ("rivera nandu", vec![]),
        ("dana o e d w r rivera", vec!["WB-004217"]),
        ("dana o e d w q rivera", vec![]),
        ("nobody", vec![]),
    ] {
        assert_eq!(find(desk, typed).await, expected, "{typed:?}");
    }
    let query = Query::parse("wb").expect("a search");
    assert_eq!(desk.store.find_customers(&query, 2).await.expect("an answer").len(), 2);

    let mut married = dana.clone();
    married.name = "Dana Stone".into();
    married.email = None;
    let mut richer = new_customer("WB-005550", "Rivera Danaher");
    richer.balance = Some(Money { cents: 5, currency: "USD".into() });
    let batch = [married, richer.clone(), batch[1].clone(), new_customer("N-1", "New")];
    let count = desk.store.import(&batch).await.expect("written");
    assert_eq!(count, ImportCount { added: 1, changed: 2, unchanged: 1 });
    assert_eq!(find(desk, "dana riv").await, ["WB-005550"]);
    assert_eq!(find(desk, "stone").await, ["WB-004217"]);
    assert_eq!(find(desk, "dana@example").await, [] as [&str; 0]);
    let twice = [richer.clone(), new_customer("WB-005550", "Other Name"), richer];
    let count = desk.store.import(&twice).await.expect("written");
    assert_eq!(count, ImportCount { added: 0, changed: 2, unchanged: 1 });
    assert_eq!(find(desk, "other name").await, [] as [&str; 0]);
    assert_eq!(find(desk, "danaher").await, ["WB-005550"]);
}

async fn security_44_what_was_typed_has_no_meaning_of_its_own(desk: &Terminal) {
    let batch = [
        new_customer("A-1", "Percent 100%_sure! Ltd"),
        new_customer("A-2", "Percent 1000 sure Ltd"),
        new_customer("A-3", "Quote \"AND' OR * ^x (y) -z: Ltd"),
    ];
    desk.store.import(&batch).await.expect("written");
    for (typed, expected) in [
        ("100%_sure", vec!["A-1", "A-2"]),
        ("percent 100%", vec!["A-1", "A-2"]),
        ("%_s", vec!["A-1", "A-2"]),
        ("_ure", vec![]),
        ("s%re", vec![]),
        ("10_0", vec![]),
        ("___", vec![]),
        ("%%%", vec![]),
        ("%", vec![]),
        ("percent%", vec!["A-1", "A-2"]),
        ("\"and'", vec!["A-3"]),
        ("and' or", vec!["A-3"]),
        ("(y)", vec!["A-3"]),
        ("-z:", vec!["A-3"]),
        ("l*d", vec![]),
        ("' OR 1=1 --", vec![]),
        ("\0\0\0", vec![]),
    ] {
        assert_eq!(find(desk, typed).await, expected, "{typed:?}");
    }
}

async fn security_45_identity_is_to_the_letter(desk: &Terminal) {
    let batch = [
        with_phone(with_email(new_customer("WB-1", "Mike"), "mike@example.org"), "+1 555 010 0142"),
        with_email(new_customer("WB-2", "José"), "josé@example.org"),
        with_email(new_customer("WB-3", "Shared"), "Shared@example.org"),
        with_email(new_customer("WB-4", "Shared"), "shared@example.org"),
    ];
    desk.store.import(&batch).await.expect("written");
    for (key, expected) in [
        (CustomerKey::Email("mike@example.org"), vec!["WB-1"]),
        (CustomerKey::Email("MIKE@EXAMPLE.ORG"), vec!["WB-1"]),
        (CustomerKey::Email("mıke@example.org"), vec![]),
        (CustomerKey::Email("mike@example.org "), vec![]),
        (CustomerKey::Email(" mike@example.org"), vec![]),
        (CustomerKey::Email("mike@example.or"), vec![]),
        (CustomerKey::Email("m%@example.org"), vec![]),
        (CustomerKey::Email("jose@example.org"), vec![]),
        (CustomerKey::Email("jose\u{301}@example.org"), vec![]),
        (CustomerKey::Email("josé@example.org"), vec!["WB-2"]),
        (CustomerKey::Email("JOSÉ@example.org"), vec![]),
        (CustomerKey::Email("shared@example.org"), vec!["WB-3", "WB-4"]),
        (CustomerKey::Account("wb-1"), vec!["WB-1"]),
        (CustomerKey::Account("wb1"), vec![]),
        (CustomerKey::Account("WB-1 "), vec![]),
        (CustomerKey::Account("WB"), vec![]),
        (CustomerKey::Account(""), vec![]),
        (CustomerKey::Email(""), vec![]),
        (CustomerKey::Phone("+15550100142"), vec!["WB-1"]),
        (CustomerKey::Phone("15550100142"), vec![]),
    ] {
        let found = desk.store.identify(key).await.expect("an answer");
        let found: Vec<_> = found.iter().map(|it| it.account_no.as_str()).collect();
        assert_eq!(found, expected, "{key:?}");
    }
}

async fn an_account_is_what_was_imported(desk: &Terminal) {
    let mut new = new_customer("WB-1", "Dana\u{1b}[2J Rivera");
    new.balance = Some(Money { cents: -120, currency: "EUR".into() });
    desk.store.import(&[new.clone()]).await.expect("written");
    let found = desk.store.identify(CustomerKey::Account("WB-1")).await.expect("an answer");
    let customer = found.first().expect("the customer");
    assert_eq!(customer.name, "Dana[2J Rivera", "clean on the way out");
    let account = desk.store.account(customer.id).await.expect("an answer");
    assert_eq!(account.balance, new.balance);
    assert!(account.invoices.is_empty() && account.feedback.is_empty());
    new.balance = None;
    let count = desk.store.import(&[new]).await.expect("written");
    assert_eq!(count.unchanged, 1, "no balance leaves the recorded one");
    let account = desk.store.account(customer.id).await.expect("an answer");
    assert_eq!(account.balance.map(|it| it.cents), Some(-120));
    assert_eq!(desk.store.customer(customer.id).await.expect("an answer").as_ref(), Some(customer));
    assert_eq!(desk.store.customer(CustomerId(99)).await.expect("an answer"), None);
    assert_eq!(desk.store.account(CustomerId(99)).await.expect("an answer").balance, None);
}

async fn a_store_says_how_it_is(desk: &Terminal) {
    let sentence = desk.store.check().await.expect("a healthy store");
    assert!(sentence.contains("writable"), "{sentence}");
    let changes = desk.store.changes();
    let before = *changes.borrow();
    desk.customer("WB-1").await;
    assert!(*changes.borrow() > before, "own writes are changes");
}

async fn closed_requests_stay_closed(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "123456")).await;
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
    let closed = desk.try_reissue(&request, "222222").await.expect("an answer");
    let Issued::Closed(closed) = closed else { panic!("{closed:?}") };
    assert_eq!(closed.status, Status::Verified);
    let cancelled = desk.store.cancel(&request.id, &desk.actor).await.expect("an answer");
    assert_eq!(cancelled.map(|it| it.status), Some(Status::Verified));
    let mut missing = request.clone();
    missing.id = RequestId::from_bits(1);
    let missing = desk.try_reissue(&missing, "222222").await.expect("an answer");
    assert!(matches!(missing, Issued::NotFound));
    let stranger = wish(CustomerId(99), "123456");
    assert!(desk.try_issue(&stranger).await.is_err(), "nobody is verified who is not there");
}

async fn security_04_a_cap_that_was_lowered_holds_for_what_is_open(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let first = desk.issue(&wish(customer, "111111")).await;
    for _ in 0..3 {
        assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
    }
    let mut stricter = desk.clone();
    stricter.policy.max_attempts = 3;
    let second = stricter.issue(&wish(customer, "222222")).await;
    assert_eq!((second.attempts, second.attempts_left()), (3, 0));
    assert_eq!(desk.enter(&second.id, "222222").await, Outcome::Locked);
}

async fn security_06_a_customers_cap_that_was_lowered_holds_at_once(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "111111")).await;
    for _ in 0..3 {
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
    }
    let mut stricter = desk.clone();
    stricter.policy.failure_cap = 3;
    let attempted = stricter.try_enter(&request.id, "111111").await.expect("an answer");
    let Attempted::Refused { outcome, request, customer_locked, .. } = attempted else {
        panic!("{attempted:?}")
    };
    assert_eq!((outcome, customer_locked, request.attempts), (Outcome::Locked, true, 3));
}
