//! The store's clock, which is asked again where the store was lost.

use super::*;

#[test]
fn the_stores_clock_is_asked_every_minute_and_after_a_break() {
    let mut counter = Counter::new();
    counter.slow().pass(Duration::from_secs(59));
    assert!(!counter.is_pending(CLOCK));
    counter.pass(Duration::from_secs(1));
    assert!(counter.is_pending(CLOCK));
    counter.settle().pass(Duration::from_secs(30)).keys("r");
    counter.answer(FIND, Answer::FindCustomers(Err(down())));
    assert!(counter.is_pending(CLOCK));
}

/// A store that tells the time and fails at everything else.
#[test]
fn nothing_goes_round_where_only_the_clock_answers() {
    let mut counter = Counter::after("<F2>");
    let asked = counter.model.shared.last_effect;
    counter.slow().tell(Msg::StoreChanged);
    for _ in 0..60 {
        for _ in 0..5 {
            if counter.is_pending(LOG) {
                counter.answer(LOG, log_down());
            }
            if counter.is_pending(CLOCK) {
                counter.settle_one(CLOCK);
            }
        }
        counter.pass(Duration::from_secs(1));
    }
    let asked = counter.model.shared.last_effect - asked;
    assert!(asked <= 65, "{asked} questions in a minute");
}

#[test]
fn a_clock_that_fails_at_once_is_not_asked_at_once() {
    let mut counter = Counter::new();
    counter.slow().tell(Msg::Resumed).answer(CLOCK, Answer::ReadClock(Err(down())));
    assert!(!counter.is_pending(CLOCK));
    counter.pass(Duration::from_secs(2));
    assert!(counter.is_pending(CLOCK));
}

#[test]
fn security_02_a_terminal_an_hour_off_counts_down_right_and_is_told() {
    for (off, told) in [
        (3_480_000, "clock is 58 min ahead of the store's; the store's time is used"),
        (-3_480_000, "clock is 58 min behind the store's"),
        (31_000, "clock is 31 s ahead"),
        (-90_000_000, "clock is 25 h behind"),
        (300_000_000, "clock is 3 days ahead"),
    ] {
        let mut counter = Counter::new();
        counter.desk.own_clock = off;
        counter.tell(Msg::Resumed).says(told);
        counter.keys("riv<Enter><Enter>").is_at("entry");
        let clock = counter.model.shared.clock.expect("the store's clock");
        let left = clock.seconds_until(counter.entry().request.expires_at, counter.now);
        assert_eq!((left, counter.notice()), (300, ""), "told once");
        counter.pass(Duration::from_mins(3));
        assert_eq!(counter.notice(), "");
        counter.desk.own_clock = 0;
        counter.tell(Msg::Resumed);
        counter.desk.own_clock = off;
        counter.tell(Msg::Resumed).says(told);
    }
}

#[test]
fn a_clock_that_is_near_enough_is_no_matter() {
    for off in [0, 30_000, -30_000] {
        let mut counter = Counter::new();
        counter.desk.own_clock = off;
        counter.tell(Msg::Resumed);
        assert_eq!(counter.notice(), "");
        assert!(matches!(counter.model.screen, Screen::Find(_)));
    }
}
