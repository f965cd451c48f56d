//! The interface as the command line opens it.

use super::desk::Desk;
use super::prompt::Terminal;

#[test]
fn it_begins_without_a_warning_and_keeps_the_log() {
    let desk = Desk::empty();
    for (arguments, log) in [(&["demo"][..], None), (&[], Some(desk.path("desk.log")))] {
        let mut terminal = Terminal::run(&desk, arguments);
        // The first picture is whole: its last line is there.
        terminal.wait_for("search", |seen| seen.contains("Ctrl-Q"));
        terminal.press("\x11");
        terminal.wait_for("the question", |seen| seen.contains("Leave countersign?"));
        // As long as a clerk needs to read it.
        std::thread::sleep(std::time::Duration::from_millis(200));
        terminal.press("y");
        assert_eq!(terminal.end(), 0, "{arguments:?}");
        terminal.wait_for("end", |seen| seen.contains("\x1b[?1049l"));
        let seen = terminal.seen();
        assert!(!seen.contains("kept already"), "{seen}");
        assert!(log.is_none_or(|log| log.exists()), "{arguments:?}");
    }
}
