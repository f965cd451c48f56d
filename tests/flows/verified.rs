//! Step four.

use std::time::Duration;

use countersign::domain::event::Actor;
use countersign::domain::flag::{CustomerFlag, Flag};
use countersign::domain::session::SessionEnd;
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call};
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::down;

const VERIFIED: &str = "riv<Enter><Enter>481902";

fn is_touch(act: &Call) -> bool {
    matches!(act, Call::TouchSession(_))
}

fn is_account(act: &Call) -> bool {
    matches!(act, Call::ReadAccount(_))
}

#[test]
fn security_30_nothing_is_read_before_the_session_is_proven_alive() {
    let mut counter = Counter::after("riv<Enter><Enter>48190");
    counter.slow().keys("2").settle_one(|act| matches!(act, Call::VerifyCode(_)));
    counter.is_at("verified");
    assert!(counter.is_pending(is_touch) && !counter.is_pending(is_account));
    counter.settle_one(is_touch);
    assert!(counter.is_pending(is_account));
    counter.settle();
    assert!(counter.verified().account.value().is_some());
}

#[test]
fn logout_leads_to_an_empty_search() {
    let mut counter = Counter::after(VERIFIED);
    counter.keys("<Ctrl-X>").is_at("find").says("Dana Rivera is logged out.");
    assert_eq!(counter.find().input.value(), "");
    assert!(counter.desk.session.as_ref().is_some_and(|it| it.ended.is_some()));
}

#[test]
fn ctrl_l_draws_anew_and_never_logs_out() {
    for keys in ["", "riv", "riv<Enter>", "riv<Enter><Enter>", VERIFIED] {
        let mut counter = Counter::after(keys);
        let before = counter.screen();
        counter.keys("<Ctrl-L><Ctrl-L>").is_at(before);
        assert!(counter.model.shared.redraw);
    }
}

#[test]
fn a_failed_logout_stays_and_can_be_tried_again() {
    let mut counter = Counter::after(VERIFIED);
    counter.slow().keys("<Ctrl-X><Ctrl-X>");
    let is_logout = |act: &Call| matches!(act, Call::EndSession(_));
    assert_eq!(counter.pending.iter().filter(|it| is_logout(&it.call)).count(), 1);
    counter.answer(is_logout, Answer::EndSession(Err(down())));
    counter.is_at("verified").says("cannot be reached");
    counter.keys("<Ctrl-X>").settle().is_at("find");
}

#[test]
fn security_30_a_session_ended_elsewhere_ends_here() {
    for (how, words) in
        [(SessionEnd::Revoked, "ended from elsewhere"), (SessionEnd::Logout, "logged out")]
    {
        let mut counter = Counter::after(VERIFIED);
        let now = counter.time();
        counter.desk.session.as_mut().expect("a session").ended = Some((now, how));
        counter.tell(Msg::StoreChanged).is_at("find").says(words).says("Dana Rivera");
        assert_eq!(counter.find().input.value(), "", "{words}");
    }
    let mut counter = Counter::after(VERIFIED);
    counter.desk.session = None;
    counter.tell(Msg::StoreChanged).is_at("find").says("has ended");
}

#[test]
fn security_30_a_flag_that_ends_a_session_is_told_by_its_name() {
    let mut counter = Counter::after(VERIFIED);
    let now = counter.time();
    let hold = |set_at| CustomerFlag {
        flag: Flag::Hold,
        reason: "account was taken over".into(),
        set_by: Actor { clerk: "boss".into(), counter: "1".into() },
        set_at,
        until: None,
    };
    let revoked = Some((now, SessionEnd::Revoked));
    counter.desk.customers[0].flags = [hold(now)].into_iter().collect();
    counter.desk.session.as_mut().expect("a session").ended = revoked;
    counter.tell(Msg::StoreChanged).is_at("find");
    counter.says("Dana Rivera was marked meanwhile, on hold: account was taken over (boss)");
    // One from before is not why.
    let mut counter = Counter::after(VERIFIED);
    counter.desk.customers[0].flags = [hold(Timestamp::from_millis(0))].into_iter().collect();
    counter.desk.session.as_mut().expect("a session").ended = revoked;
    counter.tell(Msg::StoreChanged).is_at("find").says("ended from elsewhere");
}

#[test]
fn work_prolongs_the_session_but_not_with_every_key() {
    let mut counter = Counter::after(VERIFIED);
    counter.slow().pass(Duration::from_secs(14)).keys("<Down>");
    assert!(!counter.is_pending(is_touch));
    counter.pass(Duration::from_secs(1)).keys("<Down><Down><Up>");
    assert_eq!(counter.pending.iter().filter(|it| is_touch(&it.call)).count(), 1);
    counter.settle();
    let ends_in = counter.verified().session.idle_at.since(counter.time());
    assert_eq!(ends_in, Duration::from_mins(5));
}

#[test]
fn a_busy_office_does_not_keep_work_from_prolonging_the_session() {
    let mut counter = Counter::after(VERIFIED);
    for _ in 0..40 {
        counter.pass(Duration::from_secs(10)).tell(Msg::StoreChanged).keys("<Down>");
    }
    counter.is_at("verified");
}

#[test]
fn an_unused_session_ends_when_the_store_says_so() {
    let mut counter = Counter::after(VERIFIED);
    counter.pass(Duration::from_secs(299)).is_at("verified");
    // The store still calls it alive: it is asked again, once a second at most.
    counter.slow().pass(Duration::from_secs(1));
    let reads = |counter: &Counter| {
        counter.pending.iter().filter(|it| matches!(it.call, Call::ReadSession(_))).count()
    };
    assert_eq!(reads(&counter), 1);
    counter.settle().pass(Duration::from_secs(3));
    assert!(reads(&counter) <= 3);
    let now = counter.time();
    counter.desk.session.as_mut().expect("a session").ended = Some((now, SessionEnd::Idle));
    counter.settle().pass(Duration::from_secs(2)).settle();
    counter.is_at("find").says("nobody used it");
    assert_eq!(counter.find().input.value(), "");
}

#[test]
fn security_30_an_end_that_came_during_a_failed_question_is_not_missed() {
    let mut counter = Counter::after(VERIFIED);
    counter.slow().pass(Duration::from_secs(15)).keys("<Down>");
    let now = counter.time();
    counter.desk.session.as_mut().expect("a session").ended = Some((now, SessionEnd::Revoked));
    counter.tell(Msg::StoreChanged);
    counter.answer(is_touch, Answer::ReadSession(Err(down()))).is_at("verified");
    counter.settle().is_at("find").says("ended from elsewhere");
}
