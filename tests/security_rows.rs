//! `docs/security.md` names the test that proves each requirement. This holds
//! the page to the truth: every test it names exists, and every test named for
//! a requirement is on the page.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names `security_…` in `text` that follow `before`.
fn names(text: &str, before: &str) -> BTreeSet<String> {
    text.match_indices(before)
        .map(|(at, _)| {
            text[at + before.len()..]
                .chars()
                .take_while(|it| it.is_ascii_alphanumeric() || *it == '_')
                .collect::<String>()
        })
        .filter(|name| name.starts_with("security_"))
        .collect()
}

fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.extend(names(&fs::read_to_string(&path).expect("a source"), "fn "));
        }
    }
}

#[test]
fn the_page_and_the_tests_agree() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    let on_page = names(&page, "`");
    let mut in_tests = BTreeSet::new();
    tests_in(&root().join("src"), &mut in_tests);
    tests_in(&root().join("tests"), &mut in_tests);
    let gone: Vec<_> = on_page.difference(&in_tests).collect();
    let unnamed: Vec<_> = in_tests.difference(&on_page).collect();
    assert!(gone.is_empty(), "docs/security.md names tests that do not exist: {gone:#?}");
    assert!(unnamed.is_empty(), "docs/security.md does not name these tests: {unnamed:#?}");
}

#[test]
fn every_requirement_claimed_has_a_test() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("docs/security.md");
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let Some(Ok(number)) = line.split('|').nth(1).map(|cell| cell.trim().parse::<u32>()) else {
            continue;
        };
        let test = format!("`security_{number:02}");
        assert!(line.contains(&test), "requirement {number} names no test of its own");
    }
}
