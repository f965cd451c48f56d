//! Pasting, as a terminal sends it.

use super::flow::at_the_boxes;
use super::terminal::Seat;

#[test]
fn security_39_a_bracketed_paste_does_not_submit() {
    let (mut seat, code) = at_the_boxes();
    let (first, rest) = code.split_at(2);
    seat.press(&format!("\x1b[200~{first}\r{rest}\x1b[201~"));
    seat.wait_for_text("Press Enter to check the pasted code");
    seat.wait_for_text("5 of 5");
    seat.act("\r").wait_for_text("Balance");
}

#[test]
fn security_39_without_bracketing_the_same_text_does_not_submit_early() {
    let (mut seat, _) = at_the_boxes();
    seat.press("12\r").wait_for_text("2 are typed so far");
    seat.wait_for_text("5 of 5");
}

#[test]
fn a_paste_may_come_in_pieces() {
    let (mut seat, code) = at_the_boxes();
    let (first, rest) = code.split_at(3);
    for piece in ["\x1b", "[20", "0~", first, " ", rest, "\n\x1b[2", "01~"] {
        seat.press(piece);
    }
    seat.wait_for_text("Press Enter to check the pasted code");
    seat.act("\r").wait_for_text("Balance");
}

#[test]
fn security_38_what_is_pasted_cannot_steer_the_terminal() {
    let mut seat = Seat::demo();
    seat.press("\x1b[200~riv\x1b]52;c;eA==\x07\u{9b}2J\u{202e}\u{2066}\u{200b}er\x1b[201~");
    seat.wait_for_text("riv]52;c;eA==2Jer");
    let output = seat.seen().output();
    for bad in ["\x1b]52", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}"] {
        assert!(!output.contains(bad), "{bad:?} went out");
    }
}
