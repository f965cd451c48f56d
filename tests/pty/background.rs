//! What the terminal says of its own colours, and what comes of it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::terminal::{PtySession, countersign};

const WHITE: &str = "\x1b]10;rgb:0000/0000/0000\x1b\\\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22c";
const BLACK: &str = "\x1b]10;rgb:e5e5/e5e5/e5e5\x07\x1b]11;rgb:0000/0000/0000\x07\x1b[?62;22c";

/// The colour of what is current, on black and on white.
const ON_BLACK: &str = "38;5;117m";
const ON_WHITE: &str = "38;5;25m";

/// The demo at its first question.
fn asked(theme: Option<&str>) -> PtySession {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    if let Some(theme) = theme {
        command.env("COUNTERSIGN__UI__THEME", theme);
    }
    let session = PtySession::run(command, folder);
    session.wait_for("question", |seen| seen.output().contains("\x1b]11;?").then_some(()));
    session
}

/// The output up to the search, with this answer in time. A machine that is too busy
/// for that gets another chance.
fn answered(answer: &str, colour: &str) -> String {
    let mut output = String::new();
    for _ in 0..5 {
        let mut session = asked(None);
        session.press(answer).wait_for_text("Riverside Billing");
        session.press("river").wait_for_text("Dana Rivera");
        output = session.seen().output();
        if output.contains(colour) {
            break;
        }
    }
    output
}

#[test]
fn colours_are_those_that_can_be_read_on_the_terminals_own() {
    for (answer, colour, other) in [(WHITE, ON_WHITE, ON_BLACK), (BLACK, ON_BLACK, ON_WHITE)] {
        let output = answered(answer, colour);
        assert!(output.contains(colour), "{output:?}");
        assert!(!output.contains(other), "{output:?}");
    }
}

#[test]
fn a_late_answer_changes_nothing_and_types_nothing() {
    let mut session = asked(None);
    session.wait_for_text("Riverside Billing");
    thread::sleep(Duration::from_millis(300));
    for piece in ["\x1b]11;rgb:ff", "ff/ffff/ff", "ff\x1b", "\\", "\x1b[?62;22c"] {
        session.press(piece);
        thread::sleep(Duration::from_millis(60));
    }
    session.press("river").wait_for_text("Dana Rivera");
    let seen = session.seen();
    assert!(seen.text().contains("Search › river"), "{}", seen.text());
    assert!(!seen.output().contains("38;5;"), "{:?}", seen.output());
}

#[test]
fn without_an_answer_it_begins_all_the_same() {
    // What is typed meanwhile is not lost.
    let mut session = asked(None);
    session.press("river").wait_for_text("Dana Rivera");
    assert!(!session.seen().output().contains("38;5;"));
    // Whoever answers nothing but what it is has no colours to tell.
    let mut session = asked(None);
    session.press("\x1b[?62;22c").wait_for_text("Riverside Billing");
}

#[test]
fn the_theme_that_was_chosen_wins() {
    let mut session = asked(Some("dark"));
    session.press(WHITE).wait_for_text("Riverside Billing");
    session.press("river").wait_for_text("Dana Rivera");
    let output = session.seen().output();
    assert!(output.contains("48;5;234") && !output.contains(ON_WHITE), "{output:?}");
}

#[test]
fn a_terminal_without_such_colours_is_not_asked() {
    for term in ["linux", "xterm", "vt220", "screen"] {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let mut command = countersign(&folder, &["demo"]);
        command.env("TERM", term);
        let session = PtySession::run(command, folder);
        session.wait_for_text("Riverside Billing");
        assert!(!session.seen().output().contains("\x1b]11;?"), "{term}");
    }
}
