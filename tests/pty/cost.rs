//! What a key costs on a slow line: the bytes that come back for it, in windows of
//! every width and with the longest colours.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::flow::go_to_the_boxes;
use super::terminal::{PtySession, countersign};

/// The most for a digit at the boxes.
const MAX_DIGIT_BYTES: usize = 80;

/// The most for a step in a list.
const MAX_STEP_BYTES: usize = 150;

/// The smallest window, the usual one, one with room for the log beside the work, and
/// two with the customer beside the list.
const SIZES: [(u16, u16); 5] = [(60, 18), (80, 24), (110, 30), (140, 40), (200, 50)];

/// The same, but for those that differ at the search only.
const WIDTHS: [(u16, u16); 3] = [(60, 18), (80, 24), (200, 50)];

/// Steps in a list of two or more.
const BACK_AND_FORTH: [&str; 6] = ["\x1b[B", "\x1b[A", "\x1b[B", "\x1b[A", "\x1b[B", "\x1b[A"];

/// A frame is there by then.
const FRAME_SETTLE_TIME: Duration = Duration::from_millis(60);

/// What is shown beside a list is there by then.
const PREVIEW_SETTLE_TIME: Duration = Duration::from_millis(400);

/// The demo in a window of this size, in the colours that take most bytes.
fn demo() -> PtySession {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    command.env("COLORTERM", "truecolor");
    command.env("COUNTERSIGN__UI__THEME", "dark");
    let session = PtySession::run(command, folder);
    session.wait_for_text("Riverside Billing");
    session
}

/// The bytes so far, once none came for that long.
fn quiet(session: &PtySession, span: Duration) -> usize {
    let mut before = session.seen().bytes.len();
    loop {
        thread::sleep(span);
        let now = session.seen().bytes.len();
        if now == before {
            return now;
        }
        before = now;
    }
}

/// The bytes that a key brings: the middle of a few, since a countdown or an answer
/// may come between.
fn cost(session: &mut PtySession, keys: &[&str], span: Duration) -> usize {
    let mut each = Vec::new();
    for key in keys {
        let before = quiet(session, FRAME_SETTLE_TIME);
        session.press(key);
        session.wait_for("frame", |seen| (seen.bytes.len() > before).then_some(()));
        each.push(quiet(session, span) - before);
    }
    each.sort_unstable();
    each.get(each.len() / 2).copied().expect("a key")
}

fn steps(session: &mut PtySession, list: &str, span: Duration) {
    let bytes = cost(session, &BACK_AND_FORTH, span);
    assert!(bytes <= MAX_STEP_BYTES, "{list}: {bytes} bytes in\n{}", session.seen().text());
}

#[test]
fn a_digit_at_the_boxes_costs_80_bytes() {
    let mut session = demo();
    let code = go_to_the_boxes(&mut session);
    let digits: Vec<String> = code.chars().take(5).map(String::from).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    for size in SIZES {
        session.resize(size.0, size.1);
        quiet(&session, FRAME_SETTLE_TIME);
        let bytes = cost(&mut session, &digits, FRAME_SETTLE_TIME);
        assert!(bytes <= MAX_DIGIT_BYTES, "at {size:?}: {bytes} bytes");
        session.press("\x15");
    }
}

#[test]
fn a_step_in_a_list_costs_150_bytes() {
    let mut session = demo();
    // All that have an "a" in their names, several of them in sight.
    session.press("a").wait_for_text("customers");
    for size in SIZES {
        session.resize(size.0, size.1);
        // With the customer beside the list, who follows when the selection rests.
        steps(&mut session, "customers", PREVIEW_SETTLE_TIME);
    }
    session.press("\x1b").wait_for_text("Type one of these");
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    for size in WIDTHS {
        session.resize(size.0, size.1);
        steps(&mut session, "channels", FRAME_SETTLE_TIME);
    }
    quiet(&session, FRAME_SETTLE_TIME);
    session.act("\r").wait_for_text("in the tray");
    session.press("\x1bOQ").wait_for_text("Code asked for");
    for size in WIDTHS {
        session.resize(size.0, size.1);
        steps(&mut session, "log", FRAME_SETTLE_TIME);
    }
    session.press("q").press("\x10").wait_for_text("What would you like to do?");
    for size in WIDTHS {
        session.resize(size.0, size.1);
        steps(&mut session, "palette", FRAME_SETTLE_TIME);
    }
}

#[test]
fn a_step_in_a_long_list_turns_whole_pages() {
    let mut session = demo();
    // Everybody, of whom the smallest window shows a few.
    session.resize(60, 18);
    session.press("wb").wait_for_text("customers");
    let down = ["\x1b[B"; 8];
    let before = quiet(&session, FRAME_SETTLE_TIME);
    cost(&mut session, &down, FRAME_SETTLE_TIME);
    let all = quiet(&session, FRAME_SETTLE_TIME) - before;
    assert!(all <= MAX_STEP_BYTES * down.len(), "{all} bytes in\n{}", session.seen().text());
}
