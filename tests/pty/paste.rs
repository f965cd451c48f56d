//! Pasting, as a terminal sends it.

use super::flow::at_the_boxes;
use super::terminal::PtySession;

#[test]
fn security_39_a_bracketed_paste_does_not_submit() {
    let (mut session, code) = at_the_boxes();
    let (first, rest) = code.split_at(2);
    session.press(&format!("\x1b[200~{first}\r{rest}\x1b[201~"));
    session.wait_for_text("Press Enter to check the pasted code");
    session.wait_for_text("5 of 5");
    session.act("\r").wait_for_text("Balance");
}

#[test]
fn security_39_without_bracketing_the_same_text_does_not_submit_early() {
    let (mut session, _) = at_the_boxes();
    session.press("12\r").wait_for_text("2 are typed so far");
    session.wait_for_text("5 of 5");
}

#[test]
fn a_paste_may_come_in_pieces() {
    let (mut session, code) = at_the_boxes();
    let (first, rest) = code.split_at(3);
    for piece in ["\x1b", "[20", "0~", first, " ", rest, "\n\x1b[2", "01~"] {
        session.press(piece);
    }
    session.wait_for_text("Press Enter to check the pasted code");
    session.act("\r").wait_for_text("Balance");
}

#[test]
fn security_38_what_is_pasted_cannot_steer_the_terminal() {
    let mut session = PtySession::demo();
    session.press("\x1b[200~riv\x1b]52;c;eA==\x07\u{9b}2J\u{202e}\u{2066}\u{200b}er\x1b[201~");
    session.wait_for_text("riv]52;c;eA==2Jer");
    let output = session.seen().output();
    for bad in ["\x1b]52", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}"] {
        assert!(!output.contains(bad), "{bad:?} went out");
    }
}
