//! A whole verification in the demo, the code read where the customer would
//! read it.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::terminal::{PtySession, TEST_TIMEOUT};

/// Six digits that stand alone.
pub(crate) fn code(text: &str) -> Option<String> {
    text.split(|char: char| !char.is_ascii_digit()).find(|it| it.len() == 6).map(str::to_owned)
}

/// A demo at the code boxes, and the code that was sent.
pub(crate) fn at_the_boxes() -> (PtySession, String) {
    let mut session = PtySession::demo();
    let code = go_to_the_boxes(&mut session);
    (session, code)
}

/// Goes from the search to the code boxes; gives the code that was sent.
pub(crate) fn go_to_the_boxes(session: &mut PtySession) -> String {
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    session.act("\r").wait_for_text("Time left");
    session.press("\x1bOR").wait_for_text("Tray");
    let code = session.wait_for("code", |seen| code(&seen.text()));
    session.press("\x1bOR").wait_for_text("Time left");
    code
}

#[test]
fn a_customer_is_verified_and_logged_out() {
    let (mut session, code) = at_the_boxes();
    session.act(&code).wait_for_text("Balance");
    session.wait_for_text("43.80 USD owed");
    session.press("\x1b[6~").wait_for_text("Bin not emptied on Tuesday");
    session.press("\x1bOQ").wait_for_text("Code verified");
    let log = session.seen().text();
    assert!(!log.contains(&code), "the log shows no code:\n{log}");
    session.press("\x1b").wait_for_text("Balance");
    session.act("\x18").wait_for_text("Dana Rivera is logged out");
    session.leave();
    assert_eq!(session.end(), 0);
    session.is_restored();
}

#[test]
fn the_code_can_be_read_from_another_terminal() {
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    session.act("\r").wait_for_text("Time left");
    // The message is in the tray when the screen calls it sent.
    session.wait_for_text("in the tray");
    let tray = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["--demo", "tray", "--json"])
        .env("TMPDIR", session.folder.path())
        .output()
        .expect("the tray");
    let said = String::from_utf8(tray.stdout).expect("text");
    let text = said.split("\"text\":").nth(1).expect("a message");
    let code = code(text).expect("a code");
    session.act(&code).wait_for_text("Balance");
    // A session is open: leaving asks first.
    session.act("\x03").wait_for_text("Leave");
    session.act("\x03");
    assert_eq!(session.end(), 0);
    session.is_restored();
}

#[test]
fn a_wrong_code_is_told() {
    let (mut session, code) = at_the_boxes();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    session.act(wrong).wait_for_text("That code is wrong. 4 tries are left.");
    session.press("\x18").wait_for_text("Enter");
}

#[test]
fn security_37_a_contact_is_on_the_terminal_for_its_reason_alone_until_it_is_locked() {
    const CONTACT: &str = "dana.rivera@example.org";
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    assert!(!session.seen().text().contains(CONTACT));
    session.press("\x1b[15~").wait_for_text("Show a contact in full");
    session.act("\r").wait_for_text("masked again in");
    session.wait_for_text(CONTACT);
    session.press("\x1b[20~").wait_for_text("This terminal is locked");
    assert!(!session.seen().text().contains(CONTACT), "{}", session.seen().text());
    session.act("\r").wait_for_text("Dana Rivera");
    assert!(!session.seen().text().contains(CONTACT), "it is not shown again");
    session.press("\x1bOQ").wait_for_text("Contact revealed");
    session.press("\x1b").leave();
    assert_eq!(session.end(), 0);
}

/// Without a desk service the interface seals the log itself.
#[test]
fn the_log_of_a_one_person_office_is_sealed_while_its_interface_is_open() {
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    let audit = |what: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["--demo", "audit", what])
            .env("TMPDIR", session.folder.path())
            .output()
            .expect("a command");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let end = Instant::now() + TEST_TIMEOUT;
    while !audit("checkpoint").0 {
        assert!(Instant::now() < end, "nothing is sealed");
        thread::sleep(Duration::from_millis(200));
    }
    let (is_whole, said) = audit("verify");
    assert!(is_whole, "{said}");
    session.leave();
    assert_eq!(session.end(), 0);
}
