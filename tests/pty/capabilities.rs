//! Which terminals it starts on, and what it says on others.

use std::process::{Command, Stdio};
use std::sync::Arc;

use super::terminal::{PtySession, countersign};

fn on(term: Option<&str>) -> PtySession {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    match term {
        Some(term) => command.env("TERM", term),
        None => command.env_remove("TERM"),
    }
    PtySession::run(command, folder)
}

#[test]
fn it_draws_on_every_terminal_that_can_place_text() {
    for term in ["xterm-256color", "xterm", "screen", "tmux", "linux", "vt100"] {
        let mut session = on(Some(term));
        session.wait_for_text("Riverside Billing");
        session.press("river").wait_for_text("Dana Rivera");
        // F1 as the Linux console, and as everyone else sends it.
        session.press(if term == "linux" { "\x1b[[A" } else { "\x1bOP" });
        session.wait_for_text("The customer above");
        session.leave();
        assert_eq!(session.end(), 0, "{term}");
        session.is_restored();
    }
}

/// The output of a start with colours of a theme, on a terminal that says so much
/// of itself.
fn colours(term: &str, colorterm: &str) -> String {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    command.env("TERM", term);
    command.env("COLORTERM", colorterm);
    command.env("COUNTERSIGN__UI__THEME", "dark");
    let mut session = PtySession::run(command, folder);
    session.wait_for_text("Riverside Billing");
    session.leave();
    assert_eq!(session.end(), 0, "{term}");
    session.all_output()
}

#[test]
fn only_colours_that_the_terminal_has_are_sent() {
    for (term, colorterm, expected) in [
        ("xterm-256color", "truecolor", "48;2;"),
        ("xterm-256color", "", "48;5;"),
        ("screen", "truecolor", "48;5;"),
        ("xterm", "", ";40m"),
        ("linux", "", ";40m"),
        ("vt220", "", "\x1b[1m"),
    ] {
        let output = colours(term, colorterm);
        assert!(output.contains(expected), "{term} {colorterm}: {output:?}");
        let not_so = ["48;2;", "48;5;"].iter().find(|it| **it != expected && output.contains(**it));
        assert_eq!(not_so, None, "{term} {colorterm}");
    }
}

#[test]
fn the_colours_chosen_are_there_at_the_next_start() {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let start = || {
        let mut command = countersign(&folder, &["demo"]);
        command.env("COLORTERM", "truecolor");
        PtySession::run(command, Arc::clone(&folder))
    };
    let mut session = start();
    session.wait_for_text("Riverside Billing");
    session.press("\x14").wait_for_text("Theme: light");
    let file = folder.path().join(".local/state/countersign/theme");
    session.wait_for("choice on disk", |_| std::fs::read_to_string(&file).ok());
    session.leave();
    assert_eq!(session.end(), 0);
    assert!(session.all_output().contains("48;2;250;250;247"));
    let next = start();
    next.wait_for_text("Riverside Billing");
    assert!(next.seen().output().contains("48;2;250;250;247"));
}

#[test]
fn it_says_in_one_line_what_it_needs() {
    for term in [Some("dumb"), Some(""), None] {
        let mut session = on(term);
        assert_eq!(session.end(), 2, "{term:?}");
        let said = session.all_output();
        assert_eq!(said.trim_end().lines().count(), 1, "{said:?}");
        assert!(said.contains("Set TERM") && !said.contains('\x1b'), "{said:?}");
    }
}

#[test]
fn without_a_terminal_it_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["demo"][..], &[]] {
        let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(arguments)
            .env("TERM", "xterm")
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(said.trim_end().lines().count(), 1, "{said:?}");
        assert!(said.contains("needs a terminal"), "{said:?}");
    }
}

#[test]
fn without_utf_8_it_writes_ascii_only() {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    command.env("LANG", "C");
    let mut session = PtySession::run(command, folder);
    session.wait_for_text("Riverside Billing");
    session.press("nandu").wait_for_text("Jose Nandu");
    assert!(session.seen().bytes.is_ascii());
}

#[test]
fn no_color_keeps_the_selection() {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let mut command = countersign(&folder, &["demo"]);
    command.env("NO_COLOR", "1");
    let mut session = PtySession::run(command, folder);
    session.press("river").wait_for_text("Dana Rivera");
    let seen = session.seen();
    let screen = seen.emulator.screen();
    let cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
    let (mut inverse, mut coloured) = (0, 0);
    for cell in cells {
        inverse += usize::from(cell.inverse());
        let plain =
            cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default;
        coloured += usize::from(!plain);
    }
    assert!(inverse > 0, "the selected line is seen");
    assert_eq!(coloured, 0, "and nothing has a colour");
}
