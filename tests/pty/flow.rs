//! A whole verification in the demo, the code read where the customer would
//! read it.

use std::process::Command;

use super::terminal::Seat;

/// Six digits that stand alone.
pub(crate) fn code(text: &str) -> Option<String> {
    text.split(|char: char| !char.is_ascii_digit()).find(|it| it.len() == 6).map(str::to_owned)
}

/// A demo at the code boxes, and the code that was sent.
pub(crate) fn at_the_boxes() -> (Seat, String) {
    let mut seat = Seat::demo();
    let code = go_to_the_boxes(&mut seat);
    (seat, code)
}

/// Goes from the search to the code boxes; gives the code that was sent.
pub(crate) fn go_to_the_boxes(seat: &mut Seat) -> String {
    seat.press("river").wait_for_text("Dana Rivera");
    seat.act("\r").wait_for_text("Purpose");
    seat.act("\r").wait_for_text("Time left");
    seat.press("\x1bOR").wait_for_text("Tray");
    let code = seat.wait_for("code", |seen| code(&seen.text()));
    seat.press("\x1bOR").wait_for_text("Time left");
    code
}

#[test]
fn a_customer_is_verified_and_logged_out() {
    let (mut seat, code) = at_the_boxes();
    seat.act(&code).wait_for_text("Balance");
    seat.wait_for_text("43.80 USD owed");
    seat.press("\x1b[6~").wait_for_text("Bin not emptied on Tuesday");
    seat.press("\x1bOQ").wait_for_text("Code verified");
    let log = seat.seen().text();
    assert!(!log.contains(&code), "the log shows no code:\n{log}");
    seat.press("\x1b").wait_for_text("Balance");
    seat.act("\x18").wait_for_text("Dana Rivera is logged out");
    seat.leave();
    assert_eq!(seat.end(), 0);
    seat.is_restored();
}

#[test]
fn the_code_can_be_read_from_another_terminal() {
    let mut seat = Seat::demo();
    seat.press("river").wait_for_text("Dana Rivera");
    seat.act("\r").wait_for_text("Purpose");
    seat.act("\r").wait_for_text("Time left");
    // The message is in the tray when the screen calls it sent.
    seat.wait_for_text("in the tray");
    let tray = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["--demo", "tray", "--json"])
        .env("TMPDIR", seat.folder.path())
        .output()
        .expect("the tray");
    let said = String::from_utf8(tray.stdout).expect("text");
    let text = said.split("\"text\":").nth(1).expect("a message");
    let code = code(text).expect("a code");
    seat.act(&code).wait_for_text("Balance");
    // A session is open: leaving asks first.
    seat.act("\x03").wait_for_text("Leave");
    seat.act("\x03");
    assert_eq!(seat.end(), 0);
    seat.is_restored();
}

#[test]
fn a_wrong_code_is_told() {
    let (mut seat, code) = at_the_boxes();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    seat.act(wrong).wait_for_text("That code is wrong. 4 tries are left.");
    seat.press("\x18").wait_for_text("Enter");
}
