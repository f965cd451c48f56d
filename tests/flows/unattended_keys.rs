//! Keys that nobody pressed who looked at the screen: scanners, held keys, lines
//! that stall, windows in which nothing can be seen.

use std::time::Duration;

use countersign::domain::request::Status;
use countersign::tui::machine::keymap::Context;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;

const SENT: &str = "riv<Enter><Enter>";

/// How fast scanners type, and beyond.
const PACES: [u64; 6] = [0, 1, 5, 20, 40, 60];

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_scan_at_the_search_chooses_once_and_sends_nothing() {
    for pace in PACES {
        for end in ["<Enter>", "<Enter><Enter>", "<Enter><Enter><Enter>", "<Ctrl-C><Enter>"] {
            let mut counter = Counter::new();
            counter.keys_every(ms(pace), &format!("<Ctrl-B>WB-004217{end}")).pass(ms(1_000));
            counter.is_at("send");
            assert!(counter.desk.asks.is_empty(), "{pace} ms, {end}");
            assert_eq!(counter.notice(), "", "CR LF is one Enter");
        }
    }
}

#[test]
fn a_scan_at_the_channels_sends_nothing_and_can_be_searched_for() {
    for pace in PACES {
        for text in
            ["WB-004217<Enter>", "WB-004217<Enter><Enter>", "4006381333931<Enter>", "1<Enter>"]
        {
            let mut counter = Counter::after("ami<Enter>");
            counter.keys_every(ms(pace), text).pass(ms(1_000)).is_at("send");
            assert!(counter.desk.asks.is_empty(), "{pace} ms, {text}");
            counter.says("as fast as from a scanner");
        }
        let mut counter = Counter::after("ami<Enter>");
        counter.keys_every(ms(pace), "WB-004217<Enter>").pass(ms(200)).keys("<Esc>");
        assert_eq!(counter.find().input.value(), "WB-004217");
        counter.keys("<Enter><Enter>").is_at("entry");
        assert_eq!(counter.entry().customer.account_no, "WB-004217");
    }
}

#[test]
fn a_scan_at_the_boxes_checks_nothing() {
    for pace in PACES {
        let mut scans = vec!["WB-004217<Enter>", "4006381333931<Enter>", "1234567", "004217WB"];
        scans.push("<Ctrl-B>WB-004217<Ctrl-C><Enter>");
        if pace > 0 {
            scans.extend(["004217<Enter>", "00-4217<Enter><Enter>", "0042<Enter>"]);
        }
        for text in scans {
            let mut counter = Counter::after(SENT);
            counter.keys("48").keys_every(ms(pace), text).pass(ms(1_000));
            counter.is_at("entry").says("scanner").says("no code was checked");
            assert_eq!(counter.desk.open_request().attempts, 0, "{pace} ms, {text}");
            assert_eq!(counter.typed(), "48", "{pace} ms, {text}");
            counter.keys("1902").is_at("verified");
        }
    }
}

#[test]
fn a_code_is_checked_however_fast_it_comes() {
    for pace in [0, 1, 5, 30, 60, 90, 120, 200] {
        let mut counter = Counter::after(SENT);
        counter.keys_every(ms(pace), "481902").pass(ms(100)).is_at("verified");
    }
    // With the Enter that many press after it: in one piece, or as a person does.
    let mut counter = Counter::after(SENT);
    counter.keys_at_once("481902<Enter>").is_at("verified");
    for pace in [90, 120, 200] {
        let mut counter = Counter::after(SENT);
        counter.keys_every(ms(pace), "481902<Enter>").pass(ms(100)).is_at("verified");
    }
    let mut counter = Counter::after(SENT);
    counter.keys_at_once("000000<Enter>").says("That code is wrong. 4 tries are left.");
}

#[test]
fn a_scan_is_no_answer_and_logs_nobody_out() {
    for pace in PACES {
        let mut counter = Counter::after(SENT);
        counter.keys("<Ctrl-X>").keys_every(ms(pace), "Y1234<Enter>").pass(ms(1_000));
        assert_eq!(counter.desk.open_request().status, Status::Open, "{pace} ms");
        let mut counter = Counter::after("riv<Enter><Enter>481902");
        counter.keys_every(ms(pace), "WB-004217<Enter><Enter>").pass(ms(1_000));
        counter.is_at("verified").says("scanner");
        // It may open what lists commands, and does none of them.
        let mut counter = Counter::after("riv<Enter>");
        counter.keys_every(ms(pace), ":send the code<Enter>").pass(ms(1_000)).is_at("send");
        assert!(counter.desk.asks.is_empty(), "{pace} ms");
    }
}

#[test]
fn what_was_not_read_yet_is_not_acted_upon() {
    for (wait, sent) in [(5, false), (70, false), (149, false), (150, true), (400, true)] {
        let mut counter = Counter::new();
        counter.keys_every(ms(170), "riv<Enter>").is_at("send");
        let at = counter.now + ms(wait);
        counter.now = at;
        counter.tell(Msg::Key(enter(), at)).pass(ms(200));
        assert_eq!(counter.desk.asks.len(), usize::from(sent), "{wait} ms");
        match wait {
            _ if sent => {}
            0..=60 => assert_eq!(counter.notice(), "", "it is the same Enter"),
            61..=120 => drop(counter.says("held down")),
            _ => drop(counter.says("before this screen could be read")),
        }
        counter.pass(ms(1_000)).keys("<Enter>");
        assert_eq!(counter.desk.asks.len(), 1, "{wait} ms");
    }
    // A question is a new screen too, and so is what it leaves behind.
    let mut counter = Counter::after(SENT);
    counter.keys_every(ms(100), "<Ctrl-X>y").pass(ms(1_000)).says("could be read");
    assert_eq!(counter.desk.open_request().status, Status::Open);
    counter.keys("y").is_at("send");
}

fn enter() -> crossterm::event::KeyEvent {
    crossterm::event::KeyCode::Enter.into()
}

#[test]
fn a_key_that_is_held_down_does_nothing() {
    for (delay, pace) in [(250, 33), (500, 33), (660, 40), (250, 92), (1_000, 110)] {
        let mut counter = Counter::after("riv");
        counter.keys("<Enter>").pass(ms(delay)).is_at("send");
        counter.keys_every(ms(pace), &"<Enter>".repeat(20)).pass(ms(1_500)).is_at("send");
        assert!(counter.desk.asks.is_empty(), "after {delay} ms, every {pace} ms");
        counter.keys("<Enter>").is_at("entry");
        // The digit that fills the boxes.
        counter.keys("4").pass(ms(delay));
        counter.keys_every(ms(pace), "4444444444").pass(ms(1_000));
        assert_eq!(counter.desk.open_request().attempts, 0, "every {pace} ms");
        counter.keys("<Enter>");
        assert_eq!(counter.desk.open_request().attempts, 1);
    }
    let mut counter = Counter::after("riv<Enter>");
    counter.keys("<Repeat-Enter><Repeat-Enter>").is_at("send").says("held down");
    let mut counter = Counter::after(SENT);
    counter.keys_every(ms(33), &"<Ctrl-Q>".repeat(30)).pass(ms(1_000));
    assert!(!counter.model.shared.quitting);
}

/// Windows in which something can be seen, but not enough to act upon.
const SMALL: [(u16, u16); 5] = [(50, 15), (59, 18), (60, 17), (200, 17), (40, 12)];

/// Windows in which nothing can be seen.
const TINY: [(u16, u16); 4] = [(20, 5), (39, 18), (60, 11), (1, 1)];

#[test]
fn no_key_acts_in_a_window_that_is_too_small() {
    for (columns, rows) in SMALL.into_iter().chain(TINY) {
        let small = |script: &str| {
            let mut counter = Counter::after(script);
            counter.tell(Msg::Resize(columns, rows)).pass(ms(500));
            counter
        };
        let larger = |counter: &mut Counter| {
            counter.tell(Msg::Resize(80, 24)).pass(ms(500));
        };
        let at = format!("{columns}x{rows}");
        let mut counter = small("riv<Enter>");
        counter.keys("<Enter><Enter>").pass(ms(1_000)).is_at("send");
        assert!(counter.desk.asks.is_empty(), "{at}");
        larger(&mut counter);
        counter.keys("<Enter>").is_at("entry");
        let mut counter = small(SENT);
        counter.keys("481902<Enter>").pass(ms(1_000)).is_at("entry");
        counter.pass(Duration::from_secs(40)).keys("<Ctrl-R>").pass(ms(1_000));
        assert_eq!(counter.desk.open_request().generation, 1, "{at}");
        counter.keys("<Ctrl-X>y").pass(ms(1_000)).keys("<Esc>");
        counter.keys("<Ctrl-Q>y<Ctrl-Q><Ctrl-Q>").pass(ms(1_000));
        assert_eq!(counter.desk.open_request().attempts, 0, "{at}");
        assert_eq!(counter.desk.open_request().status, Status::Open, "{at}");
        assert!(!counter.model.shared.quitting, "{at}");
        counter.keys("<Esc>");
        larger(&mut counter);
        counter.keys("<Ctrl-U>481902").is_at("verified");
        let mut counter = small("riv<Enter><Enter>481902");
        counter.keys("<Ctrl-X><Ctrl-C>y<Ctrl-C>").pass(ms(1_000)).is_at("verified");
        assert!(!counter.model.shared.quitting, "{at}");
        assert!(counter.desk.session.as_ref().is_some_and(|it| it.ended.is_none()), "{at}");
    }
}

#[test]
fn what_a_small_window_shows_can_be_used_without_an_act() {
    let mut counter = Counter::new();
    counter.tell(Msg::Resize(50, 15)).keys("riv<Enter>").is_at("send");
    counter.keys("<Enter>").says("window is too small").is_at("send");
    counter.keys("<F2>");
    assert!(counter.model.log.is_some());
    let mut counter = Counter::after(SENT);
    counter.tell(Msg::Resize(50, 15)).keys("481902").says("window is too small");
    // What was typed is there when it is large enough.
    counter.tell(Msg::Resize(60, 18)).pass(ms(500)).keys("<Enter>").is_at("verified");
}

#[test]
fn a_window_that_shrinks_undoes_what_was_held_back() {
    // The last digit waits for what may follow it.
    let mut counter = Counter::after(SENT);
    counter.keys_every(ms(30), "481902").tell(Msg::Resize(50, 15)).pass(ms(1_000));
    assert_eq!(counter.desk.open_request().attempts, 0);
    counter.is_at("entry");
}

#[test]
fn a_small_window_can_be_left_where_nothing_is_lost_by_it() {
    for (columns, rows) in TINY {
        let mut counter = Counter::after("riv<Enter>");
        counter.tell(Msg::Resize(columns, rows)).keys("<Enter><F2><Tab>x").paste("abc");
        counter.keys("<Ctrl-Q>").is_at("send");
        assert!(counter.desk.asks.is_empty() && counter.model.log.is_none());
        assert!(!counter.model.shared.quitting, "one key may be an accident");
        counter.keys("<Esc>");
        assert!(counter.model.overlay.is_none());
        counter.keys("<Ctrl-C><Ctrl-C>");
        assert!(counter.model.shared.quitting);
        // Held down, it is no second time.
        let mut counter = Counter::new();
        counter.tell(Msg::Resize(columns, rows));
        counter.keys_every(ms(33), &"<Ctrl-Q>".repeat(30)).pass(ms(1_000));
        assert!(!counter.model.shared.quitting);
    }
    for (columns, rows) in SMALL {
        let mut counter = Counter::after("riv<Enter>");
        counter.tell(Msg::Resize(columns, rows)).keys("<Ctrl-Q>y");
        assert!(counter.model.shared.quitting, "{columns}x{rows}");
    }
}

#[test]
fn a_control_key_behind_another_key_is_no_part_of_a_scan() {
    let mut counter = Counter::new();
    counter.keys_every(ms(10), "river<F1><Ctrl-Q>");
    assert_eq!(counter.model.context(), Context::Confirm);
}

#[test]
fn a_fast_typist_verifies_without_an_extra_key() {
    for pace in [155, 200, 300] {
        let mut counter = Counter::new();
        counter.keys_every(ms(pace), "riv<Enter><Enter>481902").pass(ms(200)).is_at("verified");
    }
}
