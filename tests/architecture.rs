//! The layers hold: who may see whom, read from the syntax tree of the source.
//!
//! ```text
//! main → wiring → {cli, tui, store, delivery} → service → domain
//! ```
//!
//! Every path is resolved to where it leads: `super::…` and `self::…` to the
//! module, the name of a child module to that module, anything else to a foreign
//! crate. Paths inside macro calls count as well. Unit tests may use doubles of
//! anything and are left out. The rules are themselves shown violating lines.
//!
//! Inside a part, its folders make no circle, so that each can be read after those it
//! stands on.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "architecture/paths.rs"]
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use paths::Paths;

/// What each part of `src/` may name with `crate::…`, beside itself.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("service", &["domain"]),
    ("config", &["domain"]),
    ("store", &["service", "domain", "config"]),
    ("delivery", &["service", "domain", "config"]),
    ("random", &["service"]),
    ("remote", &["service", "domain"]),
    ("telemetry", &["config"]),
    ("lifecycle", &[]),
    ("tui", &["service", "domain", "config", "lifecycle"]),
    ("cli", &["service", "domain", "config"]),
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
    ("nix", &["remote"]),
    ("listenfd", &["wiring"]),
    ("sd_notify", &["wiring"]),
    ("csv", &["cli", "service"]),
    ("encoding_rs", &["service"]),
    ("chardetng", &["service"]),
    ("oem_cp", &["service"]),
    ("any_ascii", &["domain"]),
];

/// Crates and parts of the standard library that do IO, wait, or know the
/// surroundings of the process: nothing for the domain.
const NOT_IN_DOMAIN: &[&[&str]] = &[
    &["tokio"],
    &["tokio_util"],
    &["sqlx"],
    &["lettre"],
    &["reqwest"],
    &["rustls"],
    &["rand"],
    &["crossterm"],
    &["ratatui"],
    &["tracing"],
    &["rustix"],
    &["config"],
    &["clap"],
    &["std", "fs"],
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "ToSocketAddrs"],
    &["std", "net", "UdpSocket"],
    &["std", "process"],
    &["std", "env"],
    &["std", "io"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
];

/// Calls that tell the time of this process: nothing for the domain, whatever
/// the type was imported as.
const CLOCKS: &[[&str; 2]] =
    &[["Utc", "now"], ["Local", "now"], ["SystemTime", "now"], ["Instant", "now"]];

/// A source file of the library.
struct Source {
    path: PathBuf,
    /// `store`, `domain`, …; the name of the file for one beside the folders.
    part: String,
    /// Its module, without `crate`.
    module: Vec<String>,
    text: String,
}

/// A path as written, resolved to where it leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// A path in this crate, without `crate`.
    Own(Vec<String>),
    /// A path of another crate, or of a name that was imported.
    Foreign(Vec<String>),
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&root).expect("below src").with_extension("");
        let mut module: Vec<String> =
            inside.iter().map(|it| it.to_str().expect("a plain name").to_owned()).collect();
        if module.last().is_some_and(|it| it == "mod") {
            module.pop();
        }
        let text = fs::read_to_string(&path).expect("a readable source");
        Source { part: module[0].clone(), module, text, path }
    };
    files(&root).into_iter().map(read).collect()
}

/// The child modules of each module.
fn children(sources: &[Source]) -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let mut children: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let is_root = matches!(source.part.as_str(), "lib" | "main") && source.module.len() == 1;
        if let Some((name, parent)) = source.module.split_last().filter(|_| !is_root) {
            children.entry(parent.to_vec()).or_default().insert(name.clone());
        }
    }
    children
}

/// Where a path leads that is written in a module.
fn resolve(
    path: &[String],
    module: &[String],
    depth: usize,
    children: &BTreeMap<Vec<String>, BTreeSet<String>>,
) -> Target {
    let own = |base: &[String], rest: &[String]| Target::Own([base, rest].concat());
    match path[0].as_str() {
        "crate" => own(&[], &path[1..]),
        "self" => own(module, &path[1..]),
        "super" => {
            let ups = path.iter().take_while(|it| *it == "super").count();
            let left = module.len().saturating_sub(ups.saturating_sub(depth));
            own(&module[..left], &path[ups..])
        }
        first if children.get(module).is_some_and(|names| names.contains(first)) => {
            own(module, path)
        }
        _ => Target::Foreign(path.to_vec()),
    }
}

fn starts_with(path: &[String], start: &[&str]) -> bool {
    path.len() >= start.len() && path.iter().zip(start).all(|(one, other)| one == other)
}

/// What is wrong with a path in a part; none where nothing is.
fn fault(part: &str, target: &Target) -> Option<String> {
    let is_top = matches!(part, "main" | "lib" | "wiring");
    match target {
        Target::Own(path) => {
            let other = path.first()?;
            let (_, may_see) = MAY_SEE.iter().find(|(known, _)| *known == part)?;
            let is_part = MAY_SEE.iter().any(|(known, _)| known == other) || other == "wiring";
            let fine = !is_part || other == part || may_see.contains(&other.as_str());
            if !fine {
                return Some(format!("{part} must not see {other}"));
            }
            // The server has a desk behind it, which it asks through its door alone.
            let has_desk = is_top || matches!(part, "service" | "remote");
            let walks_around = !has_desk && starts_with(path, &["service", "Desk"]);
            walks_around.then(|| "the desk is asked through service::api alone".to_owned())
        }
        Target::Foreign(path) => {
            let crate_rule = ONLY_IN.iter().find(|(name, _)| path[0] == *name);
            if let Some((name, allowed)) = crate_rule
                && !is_top
                && !allowed.contains(&part)
            {
                return Some(format!("{name} belongs to {allowed:?}"));
            }
            if part != "domain" {
                return None;
            }
            let outside = NOT_IN_DOMAIN.iter().any(|forbidden| starts_with(path, forbidden));
            let clock = path.windows(2).any(|pair| CLOCKS.iter().any(|it| pair == it));
            (outside || clock).then(|| "the domain touches nothing outside".to_owned())
        }
    }
}

fn faults(source: &Source, children: &BTreeMap<Vec<String>, BTreeSet<String>>) -> Vec<String> {
    let paths = Paths::of(&source.text);
    let targets = paths.iter().map(|(path, depth)| {
        let target = resolve(path, &source.module, *depth, children);
        (path.join("::"), fault(&source.part, &target))
    });
    targets
        .filter_map(|(path, fault)| {
            fault.map(|it| format!("{}: {path}: {it}", source.path.display()))
        })
        .collect()
}

/// Which folder of a part names which other one. A file beside the folders is none.
fn folder_edges(
    part: &str,
    sources: &[Source],
    children: &BTreeMap<Vec<String>, BTreeSet<String>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let of_part = || sources.iter().filter(|it| it.module[0] == part && it.module.len() > 1);
    let mut edges: BTreeMap<String, BTreeSet<String>> = of_part()
        .filter(|it| it.module.len() > 2)
        .map(|it| (it.module[1].clone(), BTreeSet::new()))
        .collect();
    for source in of_part() {
        let folder = &source.module[1];
        for (path, depth) in Paths::of(&source.text) {
            let Target::Own(path) = resolve(&path, &source.module, depth, children) else {
                continue;
            };
            let [of, other, ..] = path.as_slice() else { continue };
            let is_other = of == part && other != folder && edges.contains_key(other);
            if is_other && let Some(named) = edges.get_mut(folder) {
                named.insert(other.clone());
            }
        }
    }
    edges
}

/// The folders that a folder leads to, over any number of others.
fn reached<'a>(from: &'a str, edges: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(folder) = open.pop() {
        let named = edges.get(folder).into_iter().flatten();
        open.extend(named.map(String::as_str).filter(|it| found.insert(*it)));
    }
    found
}

/// The circles between the folders of a part, each as all the folders that lie on it.
fn circles(
    part: &str,
    sources: &[Source],
    children: &BTreeMap<Vec<String>, BTreeSet<String>>,
) -> BTreeSet<Vec<String>> {
    let edges = folder_edges(part, sources, children);
    let leads = |from: &str, to: &str| reached(from, &edges).contains(to);
    let of = |folder: &String| {
        edges.keys().filter(|it| leads(folder, it) && leads(it, folder)).cloned().collect()
    };
    edges.keys().map(of).filter(|circle: &Vec<String>| circle.len() > 1).collect()
}

#[test]
fn no_part_sees_what_it_must_not() {
    let sources = sources();
    let children = children(&sources);
    let broken: Vec<_> = sources.iter().flat_map(|it| faults(it, &children)).collect();
    assert!(broken.is_empty(), "these paths go the wrong way:\n{}", broken.join("\n"));
}

/// Each line breaks a rule in the module that is named, and the rules say so.
#[test]
fn the_rules_catch_what_breaks_them() {
    let lines = [
        ("domain::code", "use tokio::sync::watch;"),
        ("domain::code", "use tokio;"),
        ("domain::code", "use tokio::{self as runtime};"),
        ("domain::code", "pub use sqlx::Row;"),
        ("domain::code", "fn f() { ::tracing::info!(\"x\"); }"),
        ("domain::code", "fn f() { let _ = std::time::Instant::now(); }"),
        ("domain::code", "use std::time::{Duration, Instant};"),
        ("domain::code", "fn f() { let _ = chrono::Utc::now(); }"),
        ("domain::code", "use std::{fs, fmt};"),
        ("domain::code", "use std::{io::{self, Read as _}};"),
        ("domain::code", "fn f(path: &std::path::Path) { let _ = std::fs::read(path); }"),
        ("domain::code", "fn f() { println!(\"{:?}\", std::env::args()); }"),
        ("domain::code", "use std::net::{IpAddr, TcpStream};"),
        ("domain::code", "use crate::service::Desk;"),
        ("domain::code", "use super::super::service::Desk;"),
        ("domain::code", "type T = crate::store::SqlStore;"),
        ("service::ports", "use crate::store::SqlStore;"),
        ("service::ports", "use super::super::tui;"),
        ("service::ports", "fn f() -> crate::delivery::Templates { panic!() }"),
        ("service::ports", "mod inline { use super::super::super::store; }"),
        ("tui::app::view", "use crate::{cli, service};"),
        ("tui::app::view", "use crate::wiring::Wiring;"),
        ("cli::doctor", "use crate::tui::run;"),
        ("cli::doctor", "use ratatui::Frame;"),
        ("cli::doctor", "extern crate sqlx;"),
        ("store::sqlite", "fn f() { let _ = reqwest::Client::new(); }"),
        ("store::sqlite", "fn f() { assert_eq!(1, lettre::Address::new); }"),
        ("tui::executor", "use crate::service::{Desk, DeskError};"),
        ("cli::verify", "fn f(desk: &crate::service::Desk) {}"),
        ("config::file", "use crate::service::Desk;"),
        ("lifecycle", "use crate::service::Desk;"),
    ];
    let children = children(&sources());
    for (module, line) in lines {
        let module: Vec<_> = module.split("::").map(str::to_owned).collect();
        let part = module[0].clone();
        let source = Source { path: line.into(), part, module, text: line.to_owned() };
        assert!(!faults(&source, &children).is_empty(), "not caught: {line}");
    }
}

/// Lines that look alike and are fine.
#[test]
fn the_rules_let_pass_what_is_fine() {
    let lines = [
        ("domain::code", "use std::time::Duration;"),
        ("domain::code", "use super::text; use crate::domain::time::Timestamp;"),
        ("domain::code", "#[cfg(test)] mod tests { use tokio::sync::watch; }"),
        ("domain::code", "/// Not `tokio::sync::watch`.\nfn f() {}"),
        ("domain::code", "fn f() { let _ = \"::1\".parse::<std::net::IpAddr>(); }"),
        ("config::file", "use config::Value;"),
        ("service::ports", "use crate::domain::{code, time};"),
        ("tui::app::view", "use ratatui::Frame;"),
        ("cli::verify", "use crate::service::api::DeskClient;"),
        ("wiring", "use crate::{cli, config, delivery, store, tui};"),
    ];
    let children = children(&sources());
    for (module, line) in lines {
        let module: Vec<_> = module.split("::").map(str::to_owned).collect();
        let part = module[0].clone();
        let source = Source { path: line.into(), part, module, text: line.to_owned() };
        assert_eq!(faults(&source, &children), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn the_folders_of_a_part_make_no_circle() {
    let sources = sources();
    let children = children(&sources);
    let parts: BTreeSet<&str> = sources.iter().map(|it| it.part.as_str()).collect();
    let found: Vec<(&str, Vec<String>)> = parts
        .into_iter()
        .flat_map(|part| circles(part, &sources, &children).into_iter().map(move |it| (part, it)))
        .collect();
    assert!(found.is_empty(), "folders that lead back to themselves: {found:?}");
}

/// The folders of the interface, the lowest first; the features are one layer.
const LAYERS_OF_TUI: &[&[&str]] = &[
    &["terminal"],
    &["theme"],
    &["widgets", "machine"],
    &[
        "approvals",
        "customer_acts",
        "dashboard",
        "deliveries",
        "enter_code",
        "enter_factor",
        "factors",
        "document",
        "find",
        "incident",
        "log",
        "overlays",
        "pad",
        "pairing",
        "second_person",
        "send",
        "sign_in",
        "sign_up",
        "tray",
        "verified",
    ],
    &["app"],
];

/// No feature knows another one, nor what puts them together; nor does any file below the
/// shell name what is above it.
#[test]
fn each_folder_of_the_interface_sees_only_what_lies_below_it() {
    let sources = sources();
    let children = children(&sources);
    let layer = |folder: &str| LAYERS_OF_TUI.iter().position(|it| it.contains(&folder));
    for source in sources.iter().filter(|it| it.part == "tui" && it.module.len() > 1) {
        let folder = source.module[1].as_str();
        let Some(own) = layer(folder) else {
            let is_shell = matches!(folder, "runtime" | "pad_runtime" | "executor");
            assert!(is_shell, "src/tui/{folder} is in no layer");
            continue;
        };
        for (path, depth) in Paths::of(&source.text) {
            let Target::Own(path) = resolve(&path, &source.module, depth, &children) else {
                continue;
            };
            let [of, other, ..] = path.as_slice() else { continue };
            let is_other = of == "tui" && other != folder;
            let is_below = layer(other).is_some_and(|it| it < own);
            assert!(!is_other || is_below, "src/tui/{folder} names {other}: {path:?}");
        }
    }
}

/// Made-up parts, each with the circles that the rule finds in it.
#[test]
fn the_rule_finds_circles() {
    let of = |files: &[(&str, &str)]| {
        let source = |(module, text): &(&str, &str)| {
            let module: Vec<_> = module.split("::").map(str::to_owned).collect();
            Source {
                path: module.join("/").into(),
                part: module[0].clone(),
                module,
                text: (*text).to_owned(),
            }
        };
        let sources: Vec<Source> = files.iter().map(source).collect();
        let found = circles("made_up", &sources, &children(&sources));
        found.into_iter().map(|it| it.join(" ")).collect::<Vec<_>>()
    };
    let one_way = [
        ("made_up::a::one", "use crate::made_up::b::Two;"),
        ("made_up::b::two", "use crate::made_up::file::Three; use crate::other::a::One;"),
        ("made_up::file", "use crate::made_up::a::One;"),
    ];
    assert_eq!(of(&one_way), Vec::<String>::new());
    let two = [
        ("made_up::a::one", "use crate::made_up::b::Two;"),
        ("made_up::b::two", "fn f() -> super::super::a::one::One { panic!() }"),
    ];
    assert_eq!(of(&two), ["a b"]);
    let three_and_two = [
        ("made_up::a::one", "use crate::made_up::{b::Two, c};"),
        ("made_up::b", "mod two; use crate::made_up::c::Three;"),
        ("made_up::b::two", ""),
        ("made_up::c::three", "fn f() { vec![crate::made_up::a::one::F]; }"),
        ("made_up::d::four", "use crate::made_up::{a::One, e::Five};"),
        ("made_up::e::five", "use crate::made_up::d;"),
    ];
    assert_eq!(of(&three_and_two), ["a b c", "d e"]);
}

#[test]
fn every_part_is_in_the_map() {
    for source in sources() {
        let part = source.part.as_str();
        let is_known = MAY_SEE.iter().any(|(known, _)| *known == part);
        assert!(is_known || matches!(part, "lib" | "main" | "wiring"), "src/{part} is not known");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//!"), "{} has no `//!`", source.path.display());
    }
}
