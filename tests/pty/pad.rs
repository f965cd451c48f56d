//! A pad beside a counter, each the program itself on a terminal of its own: from the number to a
//! customer who is verified by what they typed.

use std::sync::Arc;

use super::flow::go_to_the_boxes;
use super::terminal::{PtySession, countersign};

/// A pad of the demo that runs in another terminal.
fn pad_of(counter: &PtySession) -> PtySession {
    let folder = Arc::clone(&counter.folder);
    let pad = PtySession::run(countersign(&folder, &["--demo", "pad"]), folder);
    pad.wait_for_text("Type the number");
    pad
}

/// The number in the clerk's box: three digits, a space, three digits.
fn number(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split_whitespace().collect();
    let is_group = |it: &str| it.len() == 3 && it.bytes().all(|it| it.is_ascii_digit());
    let pair = groups.windows(2).find(|it| is_group(it[0]) && is_group(it[1]))?;
    Some(pair.concat())
}

/// Pairs the pad with the counter.
fn pair(counter: &mut PtySession, pad: &mut PtySession) {
    counter.act("\x0b").wait_for_text("Type this number at the pad");
    let number = counter.wait_for("number", |seen| number(&seen.text()));
    pad.press(&number).press("\r").wait_for_text("Wait for the clerk");
    counter.wait_for_text("asks to be the pad of this counter");
    counter.act("y").wait_for_text("Paired:");
    pad.wait_for_text("Please wait. The clerk will send you a code.");
}

#[test]
fn a_customer_is_verified_by_the_digits_they_type_at_the_pad() {
    let mut counter = PtySession::demo();
    let mut pad = pad_of(&counter);
    pair(&mut counter, &mut pad);
    let code = go_to_the_boxes(&mut counter);
    counter.wait_for_text("The customer types the 6 digits at the pad");
    pad.wait_for_text("Type the 6 digits of the message with this word");
    let before = counter.seen().bytes.len();
    // Four digits at the pad are four dots at the counter.
    pad.press(&code[..4]);
    counter.wait_for("dots", |seen| (seen.text().matches('●').count() >= 4).then_some(()));
    // A wrong one costs a try, and says so on both screens.
    let last = if code.ends_with("00") { "11" } else { "00" };
    pad.press(last).press("\r").wait_for_text("This code is wrong");
    pad.wait_for_text("Tries left: 4");
    counter.wait_for_text("The code from the pad is wrong");
    counter.wait_for_text("4 of 5");
    pad.press(&code).press("\r").wait_for_text("Thank you");
    counter.wait_for_text("Balance");
    let written = counter.seen().bytes.split_off(before);
    let written = String::from_utf8_lossy(&written);
    assert!(!written.contains(&code), "the digits were on the clerk's terminal");
    // The next request comes to the pad by itself, and the thanks of the last one are over.
    counter.act("\x18").wait_for_text("Dana Rivera is logged out");
    counter.press("\x1bOQ").wait_for_text("Code verified");
    counter.press("\x1b[B").wait_for_text("typed by the customer at the pad of counter");
    counter.press("\x1b").wait_for_text("Dana Rivera is logged out");
    counter.act("\x0b").wait_for_text("is the pad of this counter");
    counter.act("u").wait_for_text("The pad is no longer paired");
    pad.wait_for_text("Type another number");
    pad.press("\x11").wait_for_text("Press Ctrl-Q again");
    pad.press("\x11");
    assert_eq!(pad.end(), 0);
    pad.is_restored();
    counter.leave();
    assert_eq!(counter.end(), 0);
}

#[test]
fn a_pad_that_is_closed_or_refused_is_told_to_the_clerk() {
    let mut counter = PtySession::demo();
    let mut pad = pad_of(&counter);
    pad.press("000000\r").wait_for_text("No counter shows that number");
    pair(&mut counter, &mut pad);
    counter.wait_for_text("· pad");
    pad.press("\x03").wait_for_text("Press Ctrl-Q again");
    pad.press("\x03");
    assert_eq!(pad.end(), 0);
    counter.wait_for_text("The pad is no longer paired: the pad was closed");
    let mut other = pad_of(&counter);
    counter.act("\x0b").wait_for_text("Type this number at the pad");
    let number = counter.wait_for("number", |seen| number(&seen.text()));
    other.press(&number).press("\r").wait_for_text("Wait for the clerk");
    counter.wait_for_text("asks to be the pad of this counter");
    counter.act("u").wait_for_text("The pad asks no more");
    other.wait_for_text("refused by the clerk");
    counter.act("\x1b").leave();
    assert_eq!(counter.end(), 0);
}
