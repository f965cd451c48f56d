//! When the picture changes by itself, and what is slow.

use std::time::Duration;

use countersign::domain::request::Status;
use countersign::service::api::Answer;
use countersign::tui::app::deadlines::next_wake;
use countersign::tui::machine::health::DependencyState;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::down;

fn until_wake(counter: &Counter) -> Option<Duration> {
    next_wake(&counter.model, counter.now).map(|wake| wake - counter.now)
}

#[test]
fn at_the_search_only_the_minute_changes() {
    let mut counter = Counter::new();
    assert_eq!(until_wake(&counter), Some(Duration::from_mins(1)));
    counter.pass(Duration::from_millis(12_345));
    assert_eq!(until_wake(&counter), Some(Duration::from_millis(47_655)));
    counter.keys("riv");
    assert_eq!(until_wake(&counter), Some(Duration::from_millis(47_655)));
}

#[test]
fn a_countdown_wakes_at_whole_seconds() {
    let mut counter = Counter::new();
    counter.pass(Duration::from_millis(250)).keys("riv<Enter><Enter>");
    assert_eq!(until_wake(&counter), Some(Duration::from_secs(1)));
    counter.now += Duration::from_millis(300);
    assert_eq!(until_wake(&counter), Some(Duration::from_millis(700)));
    counter.pass(Duration::from_mins(6));
    assert!(until_wake(&counter) > Some(Duration::from_secs(1)), "it is over");
}

#[test]
fn a_closed_code_counts_down_until_another_may_be_sent() {
    let mut counter = Counter::after("riv<Enter><Enter>");
    let countersign::tui::app::model::Screen::EnterCode(entry) = &mut counter.model.screen else {
        panic!("a code is entered")
    };
    (entry.request.status, entry.request.attempts) = (Status::Locked, 5);
    assert_eq!(until_wake(&counter), Some(Duration::from_secs(1)));
    counter.pass(Duration::from_secs(31));
    assert!(until_wake(&counter) > Some(Duration::from_secs(1)), "it may be sent now");
}

#[test]
fn without_the_stores_clock_nothing_moves_and_it_is_asked_for_again() {
    let mut counter = Counter::new();
    counter.model.shared.clock = None;
    assert_eq!(until_wake(&counter), Some(Duration::from_mins(1)));
    counter.keys("r");
    assert!(counter.model.shared.clock.is_some());
}

#[test]
fn the_boxes_count_down_even_where_the_clock_was_never_read() {
    let mut counter = Counter::after("riv<Enter>");
    counter.model.shared.clock = None;
    counter.slow().keys("<Enter>");
    counter.settle_one(|act| matches!(act, countersign::service::api::Call::AskForCode(_)));
    counter.is_at("entry");
    assert!(counter.model.shared.clock.is_some());
}

#[test]
fn a_provider_that_hangs_is_called_slow_and_the_work_goes_on() {
    let mut counter = Counter::after("riv<Enter>");
    counter.slow().keys("<Down><Enter>");
    counter.settle_one(|act| matches!(act, countersign::service::api::Call::AskForCode(_)));
    let clock = |act: &_| matches!(act, countersign::service::api::Call::ReadClock(_));
    counter.settle_one(clock);
    counter.pass(Duration::from_millis(1_499));
    assert_eq!(counter.model.shared.health.sms, DependencyState::Ok);
    counter.pass(Duration::from_millis(1));
    assert_eq!(counter.model.shared.health.sms, DependencyState::Slow);
    assert_eq!(
        (counter.model.shared.health.store, counter.model.shared.health.email),
        (DependencyState::Ok, DependencyState::Ok)
    );
    counter.keys("481").pass(Duration::from_secs(20));
    assert_eq!(counter.typed(), "481");
    counter.settle();
    assert_eq!(counter.model.shared.health.sms, DependencyState::Ok);
}

#[test]
fn a_search_that_is_given_up_is_not_slow_for_ever() {
    let mut counter = Counter::new();
    counter.slow().keys("r").pass(Duration::from_secs(2));
    assert_eq!(counter.model.shared.health.store, DependencyState::Slow);
    counter.keys("<Esc>").tell(Msg::Wake);
    assert_eq!(counter.model.shared.health.store, DependencyState::Ok);
    assert!(counter.model.shared.pending.is_empty());
}

#[test]
fn a_store_that_is_down_is_down_until_it_answers() {
    let mut counter = Counter::new();
    counter.slow().tell(Msg::Resumed);
    let clock = |act: &_| matches!(act, countersign::service::api::Call::ReadClock(_));
    counter.answer(clock, Answer::ReadClock(Err(down())));
    assert_eq!(counter.model.shared.health.store, DependencyState::Down);
    counter.keys("r").settle();
    assert_eq!(counter.model.shared.health.store, DependencyState::Ok);
}
