//! What a key costs on a slow line: the bytes that come back for it.

use std::thread;
use std::time::Duration;

use super::flow::at_the_boxes;
use super::seat::Seat;

/// The most for a digit at the boxes.
const DIGIT: usize = 80;

/// The most for a step in a list.
const STEP: usize = 150;

/// Steps in a list of two or more.
const BACK_AND_FORTH: [&str; 5] = ["\x1b[B", "\x1b[A", "\x1b[B", "\x1b[A", "\x1b[B"];

/// Long enough for a frame, and short beside the seconds that a countdown counts.
const FRAME: Duration = Duration::from_millis(250);

/// The bytes that a key brings: the middle of a few, since a countdown or an answer
/// may come between.
fn cost(seat: &mut Seat, keys: &[&str]) -> usize {
    let mut each = Vec::new();
    for key in keys {
        thread::sleep(FRAME);
        let before = seat.seen().bytes.len();
        seat.press(key);
        thread::sleep(FRAME);
        let seen = seat.seen();
        each.push(seen.bytes.len() - before);
    }
    each.sort_unstable();
    each.get(each.len() / 2).copied().expect("a key")
}

#[test]
fn a_digit_at_the_boxes_costs_80_bytes() {
    let (mut seat, code) = at_the_boxes();
    let digits: Vec<String> = code.chars().take(5).map(String::from).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    let bytes = cost(&mut seat, &digits);
    assert!((1..=DIGIT).contains(&bytes), "{bytes} bytes");
}

#[test]
fn a_step_in_a_list_costs_150_bytes() {
    let mut seat = Seat::demo();
    // All that have an "a" in their names, several of them in sight.
    seat.press("a").wait_for_text("customers");
    let bytes = cost(&mut seat, &BACK_AND_FORTH);
    assert!((1..=STEP).contains(&bytes), "customers: {bytes} bytes");
    seat.press("\x1b").wait_for_text("Type one of these");
    seat.press("river").wait_for_text("Dana Rivera");
    seat.act("\r").wait_for_text("Purpose");
    let bytes = cost(&mut seat, &BACK_AND_FORTH);
    assert!((1..=STEP).contains(&bytes), "channels: {bytes} bytes");
    seat.press("\x1b[A");
    thread::sleep(FRAME);
    seat.act("\r").wait_for_text("in the tray");
    seat.press("\x1bOQ").wait_for_text("Code asked for");
    let bytes = cost(&mut seat, &BACK_AND_FORTH);
    assert!((1..=STEP).contains(&bytes), "log: {bytes} bytes");
}
