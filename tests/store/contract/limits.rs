//! What every store must count: messages, wrong codes, and those of a customer.

use std::time::Duration;

use crate::support::{Terminal, Wish, email, phone, token, wish};
use countersign::domain::channel::Channel;
use countersign::domain::event::{Actor, EventFilter, EventKind};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{RateLimit, RateLimits, RateWindow, SendLimits};
use countersign::domain::request::{RequestId, Status};
use countersign::service::ports::{AttemptOutcome, IssueOutcome};

pub(super) async fn security_05_a_new_code_wins_no_guesses_back(desk: &Terminal) {
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    for _ in 0..4 {
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
    }
    let request = desk.reissue(&request, "654321").await;
    assert_eq!((request.attempts, request.generation), (4, 2));
    assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
    assert_eq!(desk.enter(&request.id, "654321").await, Outcome::Locked);
}

pub(super) async fn a_new_request_takes_the_count_over_and_ends_the_old_one(desk: &Terminal) {
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

pub(super) async fn a_cancelled_request_keeps_its_count(desk: &Terminal) {
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

pub(super) async fn the_cooldown_is_per_contact(desk: &Terminal) {
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
        let Ok(IssueOutcome::Limited { limit, retry_at }) = limited else { panic!("{limited:?}") };
        assert_eq!((limit, retry_at), (RateLimit::Cooldown, request.resend_at));
    }
    elsewhere.contact = phone("+1 555 010 0142");
    assert_eq!(desk.issue(&elsewhere).await.channel, Channel::Sms);
    assert_eq!(desk.request(&request.id).await, request, "what was held back changed nothing");
}

/// One limit of a window set to two messages.
fn set_to_two(limits: &mut RateLimits, limit: RateLimit) {
    let mut set = |window, change: fn(&mut SendLimits)| match window {
        RateWindow::Hour => change(&mut limits.per_hour),
        RateWindow::Day => change(&mut limits.per_day),
    };
    match limit {
        RateLimit::Cooldown => {}
        RateLimit::Contact(window) => set(window, |it| it.per_contact = 2),
        RateLimit::Prefix(window) => set(window, |it| it.per_prefix = 2),
        RateLimit::Customer(window) => set(window, |it| it.per_customer = 2),
        RateLimit::Clerk(window) => set(window, |it| it.per_clerk = 2),
        RateLimit::Counter(window) => set(window, |it| it.per_counter = 2),
        RateLimit::Office(window) => set(window, |it| it.in_all = 2),
    }
}

pub(super) async fn each_limit_says_when_there_is_room_again(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let to_phone = |customer, raw| Wish { contact: phone(raw), ..wish(customer, "123456") };
    let first = desk.issue(&to_phone(customer, "+1 555 010 0142")).await;
    desk.issue(&to_phone(customer, "+1 555 010 0142")).await;
    let other = desk.customer("WB-2").await;
    let stranger = Wish { contact: email("someone.else@example.org"), ..wish(other, "123456") };
    let neighbour = desk.customer("WB-3").await;
    for window in [RateWindow::Hour, RateWindow::Day] {
        for (limit, _) in SendLimits::HOUR.each(window) {
            let mut desk = desk.clone();
            set_to_two(&mut desk.limits, limit);
            let wish = match limit {
                RateLimit::Contact(_) | RateLimit::Customer(_) => {
                    to_phone(customer, "+1 555 010 0142")
                }
                RateLimit::Prefix(_) => to_phone(neighbour, "+1 555 010 0777"),
                _ => stranger.clone(),
            };
            let issued = desk.try_issue(&wish).await.expect("an answer");
            let IssueOutcome::Limited { limit: found, retry_at } = issued else {
                panic!("{issued:?}")
            };
            assert_eq!(found, limit);
            assert_eq!(retry_at, first.sent_at.plus(window.length()), "{limit:?}");
        }
    }
    // The limit that holds longest is the one that is told.
    let mut both = desk.clone();
    set_to_two(&mut both.limits, RateLimit::Contact(RateWindow::Hour));
    set_to_two(&mut both.limits, RateLimit::Clerk(RateWindow::Day));
    let issued = both.try_issue(&to_phone(customer, "+1 555 010 0142")).await.expect("an answer");
    let IssueOutcome::Limited { limit, retry_at } = issued else { panic!("{issued:?}") };
    assert_eq!(limit, RateLimit::Clerk(RateWindow::Day));
    assert_eq!(retry_at, first.sent_at.plus(RateWindow::Day.length()));

    let actor = Actor { clerk: "bo".into(), counter: "4".into() };
    let mut closed = desk.clone();
    closed.limits.per_hour.in_all = 0;
    let mut desk = Terminal { actor, ..desk.clone() };
    for limit in [
        RateLimit::Clerk(RateWindow::Hour),
        RateLimit::Clerk(RateWindow::Day),
        RateLimit::Counter(RateWindow::Hour),
        RateLimit::Counter(RateWindow::Day),
        RateLimit::Prefix(RateWindow::Hour),
        RateLimit::Prefix(RateWindow::Day),
    ] {
        set_to_two(&mut desk.limits, limit);
    }
    assert_eq!(desk.issue(&stranger).await.status, Status::Open);
    let far = to_phone(neighbour, "+1 555 011 0777");
    assert_eq!(desk.issue(&far).await.status, Status::Open, "another prefix");
    let none = closed.try_issue(&wish(customer, "111111")).await;
    let office = RateLimit::Office(RateWindow::Hour);
    assert!(matches!(none, Ok(IssueOutcome::Limited { limit, .. }) if limit == office));
}

pub(super) async fn security_06_a_clerk_with_too_many_wrong_codes_enters_none(desk: &Terminal) {
    let mut desk = desk.clone();
    desk.limits.wrong_codes_per_clerk = 3;
    let other =
        Terminal { actor: Actor { clerk: "bo".into(), counter: "4".into() }, ..desk.clone() };
    let one = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
    let two = desk.issue(&wish(desk.customer("WB-2").await, "222222")).await;
    let three = desk.issue(&wish(desk.customer("WB-3").await, "333333")).await;
    assert_eq!(desk.enter(&one.id, "000000").await, Outcome::Wrong);
    assert_eq!(desk.enter(&two.id, "000000").await, Outcome::Wrong);
    assert_eq!(desk.enter(&three.id, "333333").await, Outcome::Verified, "it counts for nothing");
    assert_eq!(desk.enter(&two.id, "000000").await, Outcome::Wrong);
    // Neither a right code nor a wrong one is looked at, and none is counted.
    for code in ["111111", "000000"] {
        let refused = desk.try_enter(&one.id, code).await.expect("an answer");
        let AttemptOutcome::Refused { outcome, request, clerk_waits_until, .. } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            (outcome, request.status, request.attempts),
            (Outcome::Limited, Status::Open, 1)
        );
        let wait = clerk_waits_until.expect("a time").since(one.sent_at);
        assert!(wait > Duration::from_mins(59) && wait < Duration::from_mins(61), "{wait:?}");
    }
    let limited = EventFilter { outcome: Some(Outcome::Limited), ..EventFilter::default() };
    let entries = desk.log(&limited).await;
    assert!(entries.iter().all(|it| it.kind == EventKind::Attempt && it.actor.clerk == "amira"));
    assert_eq!(entries.len(), 2, "an admin sees it");
    // The same attempt made again is answered alike.
    let again = [
        desk.tell(&one.id, "111111", &token(9), "the same").await,
        desk.tell(&one.id, "111111", &token(9), "the same").await,
    ];
    for told in again {
        let Ok(AttemptOutcome::Refused { outcome, clerk_waits_until, .. }) = told else {
            panic!("{told:?}")
        };
        assert_eq!((outcome, clerk_waits_until.is_some()), (Outcome::Limited, true));
    }
    assert_eq!(other.enter(&one.id, "111111").await, Outcome::Verified, "another clerk goes on");
}

pub(super) async fn security_06_failures_in_a_row_lock_the_customer(desk: &Terminal) {
    let mut desk = desk.clone();
    desk.policy.failure_cap = 6;
    let customer = desk.customer_with_both("WB-1").await;
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
    let AttemptOutcome::Refused { outcome, request, customer_locked, .. } = last else {
        panic!("{last:?}")
    };
    assert_eq!((outcome, customer_locked), (Outcome::Wrong, true));
    assert_eq!(request.status, Status::Locked);
    assert_eq!(desk.request(&one.id).await.status, Status::Locked, "the pending code ends too");
    for (desk, id, code) in [(&desk, &one.id, "111111"), (&other, &two.id, "222222")] {
        let attempted = desk.try_enter(id, code).await.expect("an answer");
        let AttemptOutcome::Refused { outcome, customer_locked, .. } = attempted else {
            panic!("{attempted:?}")
        };
        assert_eq!((outcome, customer_locked), (Outcome::Locked, true));
    }
    let issued = desk.try_issue(&wish(customer, "333333")).await.expect("an answer");
    assert!(matches!(issued, IssueOutcome::CustomerLocked), "{issued:?}");
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

pub(super) async fn security_04_a_cap_that_was_lowered_holds_for_what_is_open(desk: &Terminal) {
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

pub(super) async fn security_06_a_customers_cap_that_was_lowered_holds_at_once(desk: &Terminal) {
    let customer = desk.customer("WB-1").await;
    let request = desk.issue(&wish(customer, "111111")).await;
    for _ in 0..3 {
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
    }
    let mut stricter = desk.clone();
    stricter.policy.failure_cap = 3;
    let attempted = stricter.try_enter(&request.id, "111111").await.expect("an answer");
    let AttemptOutcome::Refused { outcome, request, customer_locked, .. } = attempted else {
        panic!("{attempted:?}")
    };
    assert_eq!((outcome, customer_locked, request.attempts), (Outcome::Locked, true, 3));
}
