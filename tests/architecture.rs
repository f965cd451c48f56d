//! The house keeps its shape: who may see whom, read from the source itself.
//!
//! ```text
//! main → wiring → {cli, tui, store, delivery} → service → domain
//! ```

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part of `src/` may name with `crate::…`, beside itself.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("service", &["domain"]),
    ("config", &["domain"]),
    ("store", &["service", "domain", "config"]),
    ("delivery", &["service", "domain", "config"]),
    ("random", &["service"]),
    ("telemetry", &["config"]),
    ("lifecycle", &[]),
    ("tui", &["service", "domain", "config", "lifecycle"]),
    ("cli", &["service", "domain", "config"]),
];

/// Crates that do IO, tell the time or draw random numbers.
const NOT_IN_DOMAIN: &[&str] = &[
    "tokio",
    "sqlx",
    "lettre",
    "reqwest",
    "rustls",
    "rand",
    "crossterm",
    "ratatui",
    "tracing",
    "rustix",
    "config",
    "clap",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::io",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
];

/// Who alone may name a crate.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("lettre", &["delivery"]),
    ("reqwest", &["delivery"]),
    ("minijinja", &["delivery"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("clap", &["cli"]),
    ("rand", &["random"]),
    ("csv", &["cli", "service"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files
}

/// The files of `src/` by the part they belong to.
fn parts() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut parts: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).expect("below src");
        let first = inside.components().next().expect("a name").as_os_str();
        let part = Path::new(first).with_extension("").display().to_string();
        let text = fs::read_to_string(&path).expect("a readable source");
        parts.entry(part).or_default().push((path, text));
    }
    parts
}

/// The lines of code of a file, without comments and without its unit tests,
/// which come last and may use doubles of anything.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn names(line: &str, path: &str) -> bool {
    let starts = |at: usize| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|it| !it.is_alphanumeric() && it != '_' && it != ':')
    };
    let ends =
        |at: usize| line[at..].chars().next().is_none_or(|it| !it.is_alphanumeric() && it != '_');
    line.match_indices(path).any(|(at, _)| starts(at) && ends(at + path.len()))
}

#[test]
fn parts_see_only_what_lies_below_them() {
    let parts = parts();
    let mut broken = Vec::new();
    for (part, may_see) in MAY_SEE {
        for (path, text) in parts.get(*part).unwrap_or_else(|| panic!("src/{part} is gone")) {
            for line in code(text) {
                for other in parts.keys().filter(|other| other != part) {
                    let named = names(line, &format!("crate::{other}"));
                    if named && !may_see.contains(&other.as_str()) {
                        broken.push(format!("{}: {}", path.display(), line.trim()));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "these imports go the wrong way:\n{}", broken.join("\n"));
}

#[test]
fn every_part_is_in_the_map() {
    let exempt = ["lib", "main", "wiring"];
    for part in parts().keys().filter(|part| !exempt.contains(&part.as_str())) {
        assert!(MAY_SEE.iter().any(|(known, _)| known == part), "src/{part} is not in the map");
    }
}

#[test]
fn the_domain_touches_nothing_outside() {
    for (path, text) in &parts()["domain"] {
        for line in code(text) {
            for forbidden in NOT_IN_DOMAIN {
                let used = names(line, &format!("{forbidden}::"))
                    || names(line, forbidden) && forbidden.contains("::");
                assert!(!used, "{}: {}", path.display(), line.trim());
            }
        }
    }
}

#[test]
fn each_foreign_crate_stays_in_its_part() {
    for (part, files) in parts() {
        if part == "wiring" {
            continue;
        }
        for (path, text) in &files {
            for line in code(text) {
                for (name, allowed) in ONLY_IN {
                    let used = line.trim_start().starts_with(&format!("use {name}::"))
                        || names(line, &format!("{name}::"));
                    let fine = allowed.contains(&part.as_str());
                    assert!(!used || fine, "{}: {}", path.display(), line.trim());
                }
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for (path, text) in parts().into_values().flatten() {
        assert!(text.starts_with("//!"), "{} has no opening `//!`", path.display());
    }
}
