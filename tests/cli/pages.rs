//! Help and manual pages.

use std::fs;

use super::desk::Desk;

/// A section of a manual page.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let begin = page.find(&format!(".SH {name}\n")).expect(name);
    let rest = &page[begin + 1..];
    &rest[..rest.find("\n.SH").unwrap_or(rest.len())]
}

#[test]
fn a_manual_page_names_what_each_option_takes_and_keeps_lines_apart() {
    let desk = Desk::empty();
    fs::create_dir(desk.path("man1")).unwrap();
    assert_eq!(desk.run(&["man", "man1"]).code, 0);
    let read = |name: &str| fs::read_to_string(desk.path("man1").join(name)).unwrap();

    let page = read("countersign-customers-import.1");
    let synopsis = section(&page, "SYNOPSIS");
    for words in ["\\-\\-config FILE", "FILE.csv", "[\\-\\-dry\\-run]"] {
        assert!(synopsis.contains(words), "{words}: {synopsis}");
    }
    let page = read("countersign-request.1");
    assert!(section(&page, "SYNOPSIS").contains(" \\-\\-channel CHANNEL"), "{page}");
    let page = read("countersign-customers-confirm.1");
    assert!(section(&page, "SYNOPSIS").contains("{\\-\\-email|\\-\\-phone}"), "{page}");

    // Tables and examples stay as they are laid out.
    let page = desk.run(&["man"]).out;
    for name in ["SYNOPSIS", "EXAMPLES"] {
        section(&page, name);
    }
    assert!(section(&page, "SYNOPSIS").contains("COMMAND"), "{page}");
    let codes = section(&page, "EXIT CODES");
    let (_, filled) = codes.split_once(".nf\n").expect("lines that are kept");
    let row = filled.lines().find(|it| it.contains("wrong code")).expect("a row");
    assert!(row.contains("31  store or provider"), "{row}");
    assert!(codes.contains("\n.fi"), "{codes}");
    assert!(!page.contains(".SH EXTRA"), "{page}");
}

#[test]
fn help_offers_no_option_that_does_nothing() {
    let desk = Desk::empty();
    for command in ["completions", "man", "demo"] {
        let help = desk.run(&[command, "--help"]).out;
        assert!(!help.contains("--demo") || command == "demo", "{command}: {help}");
        assert!(!help.contains("Work in the demo that runs"), "{command}: {help}");
        assert!(!help.contains("configuration file"), "{command}: {help}");
    }
    for command in ["log", "tray", "request", "doctor"] {
        assert!(desk.run(&[command, "--help"]).out.contains("--demo"), "{command}");
    }
    // They do no harm where a script gives them to each command.
    assert_eq!(desk.run(&["--demo", "completions", "bash"]).code, 0);
}
