//! Finds and parses the configuration file; each value keeps its line number.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use crate::config::environment::ProcessEnvironment;
use crate::config::keys;
use crate::config::kind::Base;
use crate::config::layer::Layer;
use crate::config::problem::Findings;
use crate::config::raw::Raw;
use crate::domain::text::clean;

/// The file to read: the one named on the command line, else the one that `COUNTERSIGN_CONFIG`
/// names, else the first of [`places`] that exists.
pub(super) fn find(named: Option<&Path>, surroundings: &ProcessEnvironment) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(surroundings.folder().join(named));
    }
    surroundings.named_file().or_else(|| places(surroundings).find(|it| is_there(it)))
}

/// The default locations: the account's XDG folder, then the machine's.
pub(super) fn places(surroundings: &ProcessEnvironment) -> impl Iterator<Item = PathBuf> {
    let own = surroundings.xdg("XDG_CONFIG_HOME", ".config");
    let folders = own.into_iter().chain(surroundings.system().map(Path::to_owned));
    folders.map(|it| it.join("countersign").join("config.toml"))
}

/// Whether a file exists. One that this account may not stat counts as existing, so that a
/// permission error is reported instead of silently using the next location.
fn is_there(file: &Path) -> bool {
    match std::fs::metadata(file) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

pub(super) fn read(
    path: &Path,
    surroundings: &ProcessEnvironment,
    findings: &mut Findings,
) -> Layer {
    let text = match std::fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) => {
            findings.refuse(None, format!("{} cannot be read: {error}", path.display()));
            return Layer::default();
        }
    };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let Ok(text) = std::str::from_utf8(&text) else {
        findings.refuse(Some(&name), "the file is not text in UTF-8");
        return Layer::default();
    };
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    parse(&name, text, folder, surroundings, findings)
}

/// Parses a text that is called `name` in messages; relative paths are resolved against `folder`.
pub(super) fn parse(
    name: &str,
    text: &str,
    folder: &Path,
    surroundings: &ProcessEnvironment,
    findings: &mut Findings,
) -> Layer {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        // The reason only: the line itself may contain a secret.
        findings.refuse(Some(&place(name, text, at)), clean(error.message()));
    }
    if !errors.is_empty() {
        return Layer::default();
    }
    let home = surroundings.home();
    let base = Base { folder, home: home.as_deref() };
    let mut entries = Vec::new();
    collect(None, root.get_ref(), &mut entries);
    entries.sort_by_key(|entry| entry.at);
    let mut layer = Layer::default();
    for entry in entries {
        let place = place(name, text, entry.at);
        match entry.what {
            What::Value(path, value) => match keys::key(&path) {
                Some(key) => layer.read(key, &Raw::of_toml(value), &place, &base, findings),
                None => findings.refuse(Some(&place), unknown_key(&path)),
            },
            What::UnknownSection(section) => {
                findings.refuse(Some(&place), unknown_section(&section));
            }
            What::NoSection(section) => findings.refuse(
                Some(&place),
                format!("{section} is a section: write [{section}] and its keys below it"),
            ),
        }
    }
    layer.refuse_doubles(findings);
    layer
}

/// A key or section found in the file, with its byte offset.
struct FileEntry<'a> {
    at: usize,
    what: What<'a>,
}

enum What<'a> {
    Value(String, &'a DeValue<'a>),
    UnknownSection(String),
    NoSection(String),
}

/// Collects the keys and subsections of a section; `None` is the root of the file.
fn collect<'a>(section: Option<&str>, table: &'a DeTable<'a>, entries: &mut Vec<FileEntry<'a>>) {
    for (name, value) in table {
        let at = name.span().start;
        let name = name.get_ref();
        let path = section.map_or_else(|| name.to_string(), |it| format!("{it}.{name}"));
        let what = match value.get_ref() {
            DeValue::Table(keys) if keys::is_section(&path) => {
                collect(Some(&path), keys, entries);
                continue;
            }
            _ if keys::is_section(&path) => What::NoSection(path),
            DeValue::Table(_) if keys::key(&path).is_none() => What::UnknownSection(path),
            value => What::Value(path, value),
        };
        entries.push(FileEntry { at, what });
    }
}

fn place(name: &str, text: &str, at: usize) -> String {
    let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    format!("{name} line {line}")
}

pub(super) fn unknown_key(path: &str) -> String {
    let path = clean(path);
    match keys::nearest(&path) {
        Some(known) => format!("there is no key {path}; did you mean {known}?"),
        None => format!("there is no key {path}"),
    }
}

fn unknown_section(section: &str) -> String {
    let section = clean(section);
    match keys::nearest_section(&section) {
        Some(known) => format!("there is no section [{section}]; did you mean {known}?"),
        None => format!("there is no section [{section}]"),
    }
}
