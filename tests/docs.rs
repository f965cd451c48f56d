//! The README and the pages under `docs/` say what holds: tables that are made
//! from the program are as it makes them, links lead somewhere, and commands and
//! configurations can be used as they stand.
//! `UPDATE_DOCS=1 cargo test --test docs` writes the tables anew.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use clap::Parser as _;
use countersign::cli::args::Cli;
use countersign::config::{Config, ProcessEnvironment};
use countersign::domain::event::EventKind;
use countersign::tui::machine::keymap::{BINDINGS, PARTS};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page: the README, and what lies under `docs/`.
fn pages() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.push(path);
            }
        }
    }
    let mut found = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    collect(&root().join("docs"), &mut found);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a page");
        (path.strip_prefix(root()).expect("a page of this repository").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

/// The blocks of a page in `language`, each with the line it begins at.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<(usize, Vec<&'a str>)> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if !line.trim_start().starts_with("```") {
            continue;
        }
        let inside = lines.by_ref().map(|(_, it)| it);
        let block = inside.take_while(|it| it.trim_start() != "```").collect();
        if line.trim() == fence {
            blocks.push((number + 1, block));
        }
    }
    blocks
}

/// The page without its blocks.
fn prose(page: &str) -> String {
    let mut inside = false;
    let keep = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    };
    page.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

/// Compares the part of `page` between its marks with `made`, or writes it.
fn check_made(page: &str, name: &str, made: &str) {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let path = root().join(page);
    let text = fs::read_to_string(&path).expect("a page");
    let (before, rest) = text.split_once(&begin).expect("where it begins");
    let (written, after) = rest.split_once(&end).expect("where it ends");
    if env::var_os("UPDATE_DOCS").is_some() {
        // Other tests read the page meanwhile: it changes at once.
        let anew = path.with_extension("anew");
        fs::write(&anew, format!("{before}{begin}{made}{end}{after}")).expect("a writable page");
        fs::rename(anew, path).expect("a writable page");
        return;
    }
    assert!(
        written == made,
        "{page} is not what the program says: UPDATE_DOCS=1 cargo test --test docs writes it anew"
    );
}

#[test]
fn the_table_of_keys_is_the_keymap() {
    let mut table = String::from("| where | key | what it does |\n|---|---|---|\n");
    for (context, part) in PARTS {
        for (at, binding) in BINDINGS.iter().filter(|it| it.context == context).enumerate() {
            let part = if at == 0 { part } else { "" };
            let keys = binding.keys().replace(", ", "` `");
            let _ = writeln!(table, "| {part} | `{keys}` | {} |", binding.help);
        }
    }
    check_made("docs/keys.md", "keys", &table);
}

#[test]
fn the_table_of_events_is_what_the_log_knows() {
    let mut table = String::from("| `kind` | in words |\n|---|---|\n");
    for kind in EventKind::ALL {
        let _ = writeln!(table, "| `{}` | {} |", kind.word(), kind.label());
    }
    check_made("docs/administration.md", "events", &table);
}

/// Each command that does something by itself, with its whole name.
fn commands(command: &clap::Command, name: &str, found: &mut Vec<(String, clap::Command)>) {
    let does_something = command.is_args_conflicts_with_subcommands_set();
    if does_something || command.get_subcommands().next().is_none() {
        found.push((name.to_owned(), command.clone().bin_name(name.to_owned())));
    }
    for inner in command.get_subcommands() {
        commands(inner, &format!("{name} {}", inner.get_name()), found);
    }
}

#[test]
fn the_reference_of_commands_is_the_help() {
    let mut found = Vec::new();
    let mut whole = Cli::describe().term_width(96);
    whole.build();
    commands(&whole, "countersign", &mut found);
    assert!(found.len() > 20, "only {} commands", found.len());
    let mut table = String::from("| command | what it does |\n|---|---|\n");
    let mut reference = String::new();
    for (name, mut command) in found {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let anchor = name.replace(' ', "-");
        let _ = writeln!(table, "| [`{name}`](#{anchor}) | {about} |");
        let help = command.render_long_help().to_string();
        let lines: Vec<_> = help.lines().map(str::trim_end).collect();
        let _ = write!(reference, "\n### {name}\n\n```text\n{}\n```\n", lines.join("\n").trim());
    }
    check_made("docs/command-line.md", "commands", &table);
    check_made("docs/command-line.md", "reference", &reference);
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).expect("a README").lines().count();
    assert!(lines <= 200, "README.md has {lines} lines; what does not fit belongs under docs/");
}

/// The targets of links and pictures.
fn links(page: &str) -> Vec<String> {
    let page = prose(page);
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The names by which headings are linked to, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let name = |line: &str| {
        let text = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        text.chars().filter(|it| it.is_alphanumeric() || matches!(it, '-' | '_')).collect()
    };
    headings.map(name).collect()
}

/// A path without its `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for (page, text) in pages() {
        for link in links(&text) {
            if link.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.clone(),
                file => plain(&page.parent().expect("a folder").join(file)),
            };
            let is_there = root().join(&target).exists();
            let named = anchor.is_empty()
                || fs::read_to_string(root().join(&target))
                    .is_ok_and(|text| anchors(&text).contains(anchor));
            if !is_there || !named {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(seen > 50, "only {seen} links");
}

#[test]
fn every_page_is_linked_from_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let linked: BTreeSet<_> = links(&readme).into_iter().map(PathBuf::from).collect();
    let lost: Vec<_> = pages()
        .into_iter()
        .map(|(page, _)| page)
        .filter(|page| page.as_os_str() != "README.md" && !linked.contains(page))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn every_file_that_a_page_names_is_there() {
    const FOLDERS: [&str; 7] =
        ["src/", "tests/", "assets/", "migrations/", "benches/", "docs/", ".ci/"];
    let is_path = |word: &&str| {
        FOLDERS.iter().any(|folder| word.starts_with(folder))
            && word.chars().all(|it| it.is_ascii_alphanumeric() || "._-/".contains(it))
    };
    let mut seen = 0;
    for (page, text) in pages() {
        for path in prose(&text).split('`').skip(1).step_by(2).filter(is_path) {
            seen += 1;
            assert!(root().join(path).exists(), "{}: {path} is not there", page.display());
        }
    }
    assert!(seen > 40, "only {seen} files");
}

/// The words of a line of a shell script, up to where another command begins.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' | '|' | '>' | ';' | '&' if !quoted && word.is_empty() => break,
            ' ' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[test]
fn every_command_in_an_example_can_be_typed() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (page, text) in pages() {
        for (number, block) in blocks(&text, "sh") {
            for line in block.join("\n").replace("\\\n", " ").lines() {
                let words = words(line);
                let is_setting = |it: &&String| it.starts_with("COUNTERSIGN_");
                let typed: Vec<_> = words.iter().skip_while(is_setting).collect();
                if typed.first().is_none_or(|it| *it != "countersign") {
                    continue;
                }
                seen += 1;
                if let Err(error) = Cli::try_parse_from(typed) {
                    wrong.push(format!("{} line {number}: {line}\n{error}", page.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 20, "only {seen} commands");
}

#[test]
fn every_configuration_in_an_example_can_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let surroundings = ProcessEnvironment::new(folder.path(), [("HOME", "/home/amira")]);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (page, text) in pages() {
        for (number, block) in blocks(&text, "toml") {
            fs::write(folder.path().join("config.toml"), block.join("\n")).expect("written");
            seen += 1;
            let Err(error) = Config::load_in(Some(Path::new("config.toml")), &surroundings) else {
                continue;
            };
            // The files that it names are the office's.
            let problems = error.problems().iter().filter(|it| !it.text.contains("cannot be read"));
            wrong.extend(problems.map(|it| format!("{} line {number}: {it}", page.display())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 10, "only {seen} configurations");
}
