//! What a key costs on a slow line: the bytes that come back for it, in windows of
//! every width and with the longest colours.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::flow::go_to_the_boxes;
use super::terminal::{Seat, countersign};

/// The most for a digit at the boxes.
const DIGIT: usize = 80;

/// The most for a step in a list.
const STEP: usize = 150;

/// The smallest window, the usual one, one with room for the log beside the work, and
/// two with the customer beside the list.
const SIZES: [(u16, u16); 5] = [(60, 18), (80, 24), (110, 30), (140, 40), (200, 50)];

/// The same, but for those that differ at the search only.
const WIDTHS: [(u16, u16); 3] = [(60, 18), (80, 24), (200, 50)];

/// Steps in a list of two or more.
const BACK_AND_FORTH: [&str; 6] = ["\x1b[B", "\x1b[A", "\x1b[B", "\x1b[A", "\x1b[B", "\x1b[A"];

/// A frame is there by then.
const FRAME: Duration = Duration::from_millis(60);

/// What is shown beside a list is there by then.
const PREVIEW: Duration = Duration::from_millis(400);

/// The demo in a window of this size, in the colours that take most bytes.
fn demo() -> Seat {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    command.env("COLORTERM", "truecolor");
    command.env("COUNTERSIGN__UI__THEME", "dark");
    let seat = Seat::run(command, folder);
    seat.wait_for_text("Riverside Billing");
    seat
}

/// The bytes so far, once none came for that long.
fn quiet(seat: &Seat, span: Duration) -> usize {
    let mut before = seat.seen().bytes.len();
    loop {
        thread::sleep(span);
        let now = seat.seen().bytes.len();
        if now == before {
            return now;
        }
        before = now;
    }
}

/// The bytes that a key brings: the middle of a few, since a countdown or an answer
/// may come between.
fn cost(seat: &mut Seat, keys: &[&str], span: Duration) -> usize {
    let mut each = Vec::new();
    for key in keys {
        let before = quiet(seat, FRAME);
        seat.press(key);
        seat.wait_for("frame", |seen| (seen.bytes.len() > before).then_some(()));
        each.push(quiet(seat, span) - before);
    }
    each.sort_unstable();
    each.get(each.len() / 2).copied().expect("a key")
}

fn steps(seat: &mut Seat, list: &str, span: Duration) {
    let bytes = cost(seat, &BACK_AND_FORTH, span);
    assert!(bytes <= STEP, "{list}: {bytes} bytes in\n{}", seat.seen().text());
}

#[test]
fn a_digit_at_the_boxes_costs_80_bytes() {
    let mut seat = demo();
    let code = go_to_the_boxes(&mut seat);
    let digits: Vec<String> = code.chars().take(5).map(String::from).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    for size in SIZES {
        seat.resize(size.0, size.1);
        quiet(&seat, FRAME);
        let bytes = cost(&mut seat, &digits, FRAME);
        assert!(bytes <= DIGIT, "at {size:?}: {bytes} bytes");
        seat.press("\x15");
    }
}

#[test]
fn a_step_in_a_list_costs_150_bytes() {
    let mut seat = demo();
    // All that have an "a" in their names, several of them in sight.
    seat.press("a").wait_for_text("customers");
    for size in SIZES {
        seat.resize(size.0, size.1);
        // With the customer beside the list, who follows when the selection rests.
        steps(&mut seat, "customers", PREVIEW);
    }
    seat.press("\x1b").wait_for_text("Type one of these");
    seat.press("river").wait_for_text("Dana Rivera");
    seat.act("\r").wait_for_text("Purpose");
    for size in WIDTHS {
        seat.resize(size.0, size.1);
        steps(&mut seat, "channels", FRAME);
    }
    quiet(&seat, FRAME);
    seat.act("\r").wait_for_text("in the tray");
    seat.press("\x1bOQ").wait_for_text("Code asked for");
    for size in WIDTHS {
        seat.resize(size.0, size.1);
        steps(&mut seat, "log", FRAME);
    }
    seat.press("q").press("\x10").wait_for_text("What would you like to do?");
    for size in WIDTHS {
        seat.resize(size.0, size.1);
        steps(&mut seat, "palette", FRAME);
    }
}

#[test]
fn a_step_in_a_long_list_turns_whole_pages() {
    let mut seat = demo();
    // Everybody, of whom the smallest window shows a few.
    seat.resize(60, 18);
    seat.press("wb").wait_for_text("customers");
    let down = ["\x1b[B"; 8];
    let before = quiet(&seat, FRAME);
    cost(&mut seat, &down, FRAME);
    let all = quiet(&seat, FRAME) - before;
    assert!(all <= STEP * down.len(), "{all} bytes in\n{}", seat.seen().text());
}
