//! The store is lost in the middle of things, and comes back.

#[path = "store_lost/clock.rs"]
mod clock;

use std::time::Duration;

use countersign::domain::request::Status;
use countersign::domain::session::SessionEnd;
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call};
use countersign::service::verification::request::CodeRequestOutcome;
use countersign::tui::app::deadlines::next_wake;
use countersign::tui::app::model::Screen;
use countersign::tui::machine::effect::EffectId;
use countersign::tui::machine::health::DependencyState;
use countersign::tui::machine::message::{Failure, Msg};
use countersign::tui::machine::notice::LiveNotice;

use super::counter::{Counter, START_MILLIS};
use super::desk::down;

type Kind = fn(&Call) -> bool;

const CLOCK: Kind = |act| matches!(act, Call::ReadClock(_));
const FIND: Kind = |act| matches!(act, Call::FindCustomers(_));
const OPEN: Kind = |act| matches!(act, Call::OpenCustomer(_));
const ASK: Kind = |act| matches!(act, Call::AskForCode(_));
const RESEND: Kind = |act| matches!(act, Call::ResendCode(_));
const DELIVER: Kind = |act| matches!(act, Call::DeliverCode(_));
const VERIFY: Kind = |act| matches!(act, Call::VerifyCode(_));
const CANCEL: Kind = |act| matches!(act, Call::CancelRequest(_));
const TOUCH: Kind = |act| matches!(act, Call::TouchSession(_));
const SESSION: Kind = |act| matches!(act, Call::ReadSession(_));
const ACCOUNT: Kind = |act| matches!(act, Call::ReadAccount(_));
const LOGOUT: Kind = |act| matches!(act, Call::EndSession(_));
const LOG: Kind = |act| matches!(act, Call::ReadLog(_));

/// An act that is told again: the keys before it and for it, its kind, what is
/// said while the connection is broken, and where it ends saying what.
struct Case {
    before: &'static str,
    keys: &'static str,
    act: Kind,
    broke: &'static str,
    after: &'static str,
    said: &'static str,
}

const CASES: &[Case] = &[
    Case {
        before: "riv<Enter>",
        keys: "<Enter>",
        act: ASK,
        broke: "broke while the code was being asked for. Asking again",
        after: "entry",
        said: "broke meanwhile; the code was asked for once",
    },
    Case {
        before: "riv<Enter><Enter>",
        keys: "<Ctrl-R>",
        act: RESEND,
        broke: "broke while the code was being asked for. Asking again",
        after: "entry",
        said: "broke meanwhile; the code was asked for once",
    },
    Case {
        before: "riv<Enter>",
        keys: "<Enter>",
        act: DELIVER,
        broke: "was handed over, but the connection to the store broke",
        after: "entry",
        said: "broke meanwhile; the message was handed over once",
    },
    Case {
        before: "riv<Enter><Enter>",
        keys: "481902",
        act: VERIFY,
        broke: "broke while the code was being checked. Checking again",
        after: "verified",
        said: "broke meanwhile; the code was checked once",
    },
    Case {
        before: "riv<Enter><Enter>",
        keys: "000000",
        act: VERIFY,
        broke: "broke while the code was being checked. Checking again",
        after: "entry",
        said: "That code is wrong. 4 tries are left. The connection to the store broke meanwhile",
    },
    Case {
        before: "riv<Enter><Enter>",
        keys: "<Ctrl-X>y",
        act: CANCEL,
        broke: "broke while the code was being cancelled",
        after: "send",
        said: "The code was cancelled; it cannot be used any more. The connection",
    },
    Case {
        before: "riv<Enter><Enter>481902",
        keys: "<Ctrl-X>",
        act: LOGOUT,
        broke: "broke while the customer was being logged out",
        after: "find",
        said: "Dana Rivera is logged out. The connection to the store broke meanwhile",
    },
];

impl Case {
    /// Up to the act, which is not answered yet.
    fn begun(&self) -> Counter {
        let mut counter = Counter::after(self.before);
        // Another code may be sent by now.
        counter.pass(Duration::from_secs(31));
        counter.slow().keys(self.keys);
        if !counter.is_pending(self.act) {
            counter.settle_one(ASK);
        }
        assert!(counter.is_pending(self.act), "{}", self.broke);
        counter
    }
}

#[test]
fn an_act_over_a_break_is_waited_for_and_then_told() {
    for case in CASES {
        for times in [1, 3] {
            let mut counter = case.begun();
            let screen = counter.screen();
            for _ in 0..times {
                counter.breaks(case.act).is_at(screen).says(case.broke);
                assert_eq!(counter.model.shared.health.store, DependencyState::Down);
                counter.pass(Duration::from_secs(5)).says(case.broke);
            }
            counter.settle_one(case.act).is_at(case.after).says(case.said);
            counter.settle().is_at(case.after).says(case.said);
            assert_eq!(counter.model.shared.health.store, DependencyState::Ok);
            assert!(counter.model.shared.pending.is_empty(), "{}", case.broke);
        }
    }
}

#[test]
fn an_act_over_a_break_is_begun_once_whatever_is_pressed() {
    for case in CASES {
        let mut counter = case.begun();
        counter.breaks(case.act);
        counter.keys("<Enter><Enter><Esc>481902<Ctrl-R><Ctrl-L><Ctrl-X>y");
        let same = counter.pending.iter().filter(|effect| (case.act)(&effect.call)).count();
        assert_eq!(same, 1, "{}", case.broke);
    }
}

#[test]
fn a_key_that_has_to_wait_hears_that_it_is_tried_again() {
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.slow().keys("481902").breaks(VERIFY).keys("<Ctrl-T>");
    counter.keys("<Ctrl-R>").says("Checking again");
    let mut counter = Counter::after("riv<Enter>");
    counter.slow().keys("<Enter>").breaks(ASK).keys("<Ctrl-T>");
    counter.says("Asking again");
    counter.keys("<Esc>").says("Asking again");
}

#[test]
fn the_rest_stays_alive_while_a_code_is_checked_again() {
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.desk.log(3);
    counter.slow().keys("481902").breaks(VERIFY);
    assert_eq!(counter.typed(), "481902", "what was typed stays");
    let wake = next_wake(&counter.model, counter.now).expect("the countdown goes on");
    assert!(wake - counter.now <= Duration::from_secs(1));
    counter.keys("<F2>").answer(LOG, log_down());
    assert!(counter.model.log.is_some());
    counter.says("Checking again");
    counter.keys("<F2><F1><F1><Ctrl-P>help<Esc>").is_at("entry");
    counter.keys("<Ctrl-C>");
    assert!(counter.model.overlay.is_some(), "leaving asks first");
}

fn log_down() -> Answer<Failure> {
    Answer::ReadLog(Err(down()))
}

#[test]
fn a_message_that_somebody_else_has_to_send_is_not_said_to_be_sent() {
    let said = "not known whether the message with reference K7Q was sent";
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.pass(Duration::from_secs(31)).slow().keys("<Ctrl-R>").breaks(RESEND);
    let request = counter.desk.open_request().clone();
    let already = CodeRequestOutcome::Already(request);
    counter.answer(RESEND, Answer::ResendCode(Ok(Some(already)))).is_at("entry").says(said);
    let mut counter = Counter::after("riv<Enter><Enter><Esc>");
    counter.slow().keys("<Enter>").breaks(ASK);
    let request = counter.desk.open_request().clone();
    counter
        .answer(ASK, Answer::AskForCode(Ok(CodeRequestOutcome::Already(request))))
        .is_at("entry")
        .says(said);
}

#[test]
fn an_act_whose_fate_is_unknown_says_so_and_is_looked_up() {
    let unknown = || Failure {
        text: "It is not known whether this was done.".into(),
        lost: false,
        waits: false,
        awaits_approval: false,
    };
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.slow().keys("481902").breaks(VERIFY).tell(Msg::StoreChanged);
    counter.answer(VERIFY, Answer::VerifyCode(Err(unknown()))).is_at("entry").says("not known");
    assert!(!counter.notice().contains("once"), "nothing is guessed");
    assert_eq!(counter.typed(), "481902");
    assert!(counter.is_pending(|act| matches!(act, Call::ReadRequest(_))));
}

#[test]
fn a_search_waits_for_the_store_and_keeps_what_was_typed() {
    let mut counter = Counter::new();
    counter.slow();
    for key in ["r", "i", "v"] {
        counter
            .keys(key)
            .answer(FIND, Answer::FindCustomers(Err(down())))
            .says("cannot be reached");
    }
    assert_eq!(counter.find().input.value(), "riv");
    counter.pass(Duration::from_secs(2));
    let clocks = counter.pending.iter().filter(|effect| CLOCK(&effect.call)).count();
    assert_eq!(clocks, 1, "one question finds out that the store is back");
    counter.breaks(CLOCK).pass(Duration::from_secs(90)).says("cannot be reached");
    counter.settle().says("The store is back");
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(2));
}

#[test]
fn enter_while_the_store_is_lost_chooses_nobody_later_by_itself() {
    // Before anybody knew.
    let mut counter = Counter::new();
    counter.slow().keys("riv<Enter>").answer(FIND, Answer::FindCustomers(Err(down())));
    counter.answer(FIND, Answer::FindCustomers(Err(down())));
    counter.answer(FIND, Answer::FindCustomers(Err(down()))).says("nobody was chosen");
    counter.pass(Duration::from_secs(2)).settle().is_at("find").says("The store is back");
    counter.keys("<Enter>").settle().is_at("send");
    // While the search waits: it is made again.
    let mut counter = Counter::new();
    counter.slow().keys("r").answer(FIND, Answer::FindCustomers(Err(down())));
    counter.keys("<Enter>").says("nobody was chosen");
    counter.answer(FIND, Answer::FindCustomers(Err(down()))).says("nobody was chosen");
    counter.keys("<Enter>").settle().is_at("find");
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(3));
    // On a customer who is shown.
    let mut counter = Counter::after("riv");
    counter.slow().keys("<Enter>").answer(OPEN, Answer::OpenCustomer(Err(down())));
    counter.is_at("find").says("nobody was chosen");
    counter.keys("<Enter>");
    assert!(!counter.is_pending(OPEN));
    counter.pass(Duration::from_secs(2)).settle().is_at("find");
    counter.keys("<Enter>").settle().is_at("send");
    assert_eq!(counter.send().customer.name, "Dana Rivera");
}

#[test]
fn enter_on_a_search_that_takes_long_is_not_done_when_nobody_expects_it() {
    let mut counter = Counter::new();
    counter.slow().keys("riv<Enter>").pass(Duration::from_secs(1));
    assert_eq!(counter.notice(), "");
    counter.pass(Duration::from_secs(1)).says("nobody was chosen");
    counter.settle().is_at("find");
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(2));
    // A customer who is being opened slowly is opened: that is shown.
    let mut counter = Counter::after("riv");
    counter.slow().keys("<Enter>").pass(Duration::from_secs(5)).settle().is_at("send");
    // But not once the store is known to be lost.
    let mut counter = Counter::after("riv");
    counter.slow().keys("<Enter>").tell(Msg::Resumed).breaks(CLOCK).says("nobody was chosen");
    counter.settle().is_at("find");
}

#[test]
fn an_idle_screen_hears_that_the_store_is_lost_and_that_it_is_back() {
    for keys in ["", "riv", "riv<Enter>", "riv<Enter><Enter>", "riv<Enter><Enter>481902"] {
        let mut counter = Counter::after(keys);
        counter.slow().pass(Duration::from_secs(20)).tell(Msg::Reached(Err(down())));
        counter.says("cannot be reached");
        assert_eq!(counter.model.shared.health.store, DependencyState::Down);
        // The question that waits to be told again is not waited for.
        counter.breaks(CLOCK).tell(Msg::Reached(Err(down()))).pass(Duration::from_secs(1));
        let asked = counter.model.shared.clock_reading.awaited();
        counter.tell(Msg::Reached(Ok(())));
        assert!(asked < counter.model.shared.clock_reading.awaited(), "asked at once");
        counter.settle().says("The store is back");
        assert_eq!(counter.model.shared.health.store, DependencyState::Ok);
        assert!(counter.model.shared.pending.is_empty());
    }
    let mut counter = Counter::new();
    counter.slow().tell(Msg::Reached(Ok(())));
    assert!(counter.pending.is_empty(), "an idle terminal asks nothing more");
}

#[test]
fn esc_stops_a_search_that_waits() {
    let mut counter = Counter::new();
    counter.slow().keys("r").answer(FIND, Answer::FindCustomers(Err(down())));
    assert!(counter.find().waits);
    counter.keys("<Esc>").pass(Duration::from_secs(2)).settle().is_at("find");
    assert_eq!((counter.find().input.value(), counter.find().waits), ("", false));
    assert!(counter.find().found.value().is_none());
}

#[test]
fn a_log_opened_while_the_store_is_lost_shows_the_last_page_it_had() {
    for (before, meanwhile) in [("<F2><F2>", "<F2>"), ("<F2>", "ox"), ("<F2>o<F2>", "<F2>")] {
        let mut counter = Counter::new();
        counter.desk.log(3);
        counter.keys(before).pass(Duration::from_mins(2)).slow();
        counter.tell(Msg::Resumed).breaks(CLOCK).keys(meanwhile);
        let shown = (counter.log().events.len(), counter.log().read_at.map(Timestamp::millis));
        assert_eq!(shown, (3, Some(START_MILLIS)), "{before} {meanwhile}");
        while counter.is_pending(LOG) {
            counter.answer(LOG, log_down());
        }
        assert_eq!(counter.log().events.len(), 3, "{before} {meanwhile}");
        counter.desk.log(2);
        counter.pass(Duration::from_secs(5)).settle();
        assert_eq!(counter.log().events.len(), 5, "{before} {meanwhile}");
    }
    // What a filter shows is no page of the log.
    let mut counter = Counter::new();
    counter.desk.log(3);
    counter.keys("<F2>/7<Enter><F2>").slow().tell(Msg::Resumed).breaks(CLOCK).keys("<F2>");
    assert_eq!(counter.log().events.len(), 3);
}

#[test]
fn the_log_keeps_its_page_and_catches_up() {
    let mut counter = Counter::new();
    counter.desk.log(3);
    counter.keys("<F2>").pass(Duration::from_mins(2)).slow();
    let read_at = counter.log().read_at;
    assert_eq!(read_at.map(Timestamp::millis), Some(START_MILLIS));
    counter.tell(Msg::StoreChanged).answer(LOG, log_down());
    assert_eq!((counter.log().events.len(), counter.log().read_at), (3, read_at));
    counter.desk.log(2);
    counter.pass(Duration::from_secs(2)).settle();
    assert_eq!(counter.log().events.len(), 5);
    assert!(counter.log().read_at > read_at);
}

#[test]
fn what_happened_meanwhile_is_seen_when_the_store_is_back() {
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.slow().tell(Msg::StoreChanged);
    counter.answer(|act| matches!(act, Call::ReadRequest(_)), Answer::ReadRequest(Err(down())));
    counter.desk.open_request().status = Status::Cancelled;
    counter.pass(Duration::from_secs(2)).settle().is_at("entry").says("cancelled");
}

#[test]
fn a_session_is_not_asked_about_while_the_store_is_lost() {
    let mut counter = Counter::after("riv<Enter><Enter>481902");
    counter.slow().tell(Msg::StoreChanged).answer(SESSION, Answer::ReadSession(Err(down())));
    counter.pass(Duration::from_mins(4)).is_at("verified");
    assert!(!counter.is_pending(SESSION));
    counter.settle().is_at("verified");
    let ended = counter.desk.session.as_mut().expect("a session");
    ended.ended = Some((Timestamp::default(), SessionEnd::TimedOut));
    counter.tell(Msg::StoreChanged).settle().is_at("find").says("Verify again");
}

#[test]
fn an_account_does_not_stay_when_its_time_is_over_and_the_store_is_lost() {
    for leaving in ["", "<Ctrl-X>"] {
        let mut counter = Counter::after("riv<Enter><Enter>481902");
        counter.slow().tell(Msg::StoreChanged).answer(SESSION, Answer::ReadSession(Err(down())));
        counter.keys(leaving).pass(Duration::from_secs(299)).is_at("verified");
        counter.pass(Duration::from_secs(1)).is_at("find");
        counter.says("The session's time was over while the store was lost. Verify again");
        let ends = counter.is_pending(LOGOUT);
        assert_eq!(ends, !leaving.is_empty(), "a logout goes on");
        counter.settle().is_at("find");
    }
}

#[test]
fn an_account_that_could_not_be_read_is_read_when_the_store_is_back() {
    for lost in [TOUCH, ACCOUNT] {
        let mut counter = Counter::after("riv<Enter><Enter>");
        counter.slow().keys("481902").settle_one(VERIFY);
        if counter.is_pending(lost) {
            counter.answer(lost, Answer::ReadSession(Err(down())));
        } else {
            counter.settle_one(TOUCH).answer(lost, Answer::ReadAccount(Err(down())));
        }
        counter.pass(Duration::from_secs(2)).settle().is_at("verified");
        assert!(counter.verified().account.value().is_some());
    }
}

#[test]
fn what_matters_more_is_not_said_over() {
    let mut counter = Counter::after("riv<Enter><Enter>000000");
    counter.says("4 tries are left");
    counter.slow().tell(Msg::StoreChanged);
    counter.answer(|act| matches!(act, Call::ReadRequest(_)), Answer::ReadRequest(Err(down())));
    counter.says("4 tries are left");
    counter.settle().says("4 tries are left");
    // A fresh screen takes the line, but not while it still holds.
    let mut counter = Counter::new();
    counter.slow().keys("r").answer(FIND, Answer::FindCustomers(Err(down())));
    counter.keys("i").says("cannot be reached");
    let live = counter.model.shared.notice.as_ref().and_then(|notice| notice.live.clone());
    assert_eq!(live, Some(LiveNotice::Lost));
}

#[test]
fn the_tray_says_nothing_about_the_store() {
    let mut counter = Counter::new();
    counter.slow().keys("r").answer(FIND, Answer::FindCustomers(Err(down()))).keys("<F3>");
    counter.settle_one(|act| matches!(act, Call::ReadTray(_)));
    assert_eq!(counter.model.shared.health.store, DependencyState::Down);
}

#[test]
fn what_is_repeated_is_not_called_slow() {
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.slow().keys("481902").breaks(VERIFY).pass(Duration::from_secs(10));
    counter.settle_one(CLOCK).tell(Msg::Wake);
    // It may let itself be read; what is told again has still to be done.
    assert_eq!(counter.model.shared.health.store, DependencyState::Down);
    counter.says("Checking again");
    counter.pass(Duration::from_secs(3)).says("Checking again");
    counter.settle_one(VERIFY).settle().is_at("verified");
    assert_eq!(counter.model.shared.health.store, DependencyState::Ok);
}

#[test]
fn a_break_of_what_nobody_waits_for_changes_nothing() {
    let mut counter = Counter::new();
    counter.tell(Msg::Broke(EffectId(999), down()));
    assert_eq!((counter.model.shared.health.store, counter.notice()), (DependencyState::Ok, ""));
}
