//! `config.example.toml` says what the table says.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use countersign::config::keys::{Fallback, TABLE};
use countersign::config::{Config, ProcessEnvironment};

const EXAMPLE: &str = include_str!("../../config.example.toml");

/// The example with every key taken out of its comment.
fn with_every_key() -> String {
    let is_key = |text: &str| {
        text.split_once(" = ").is_some_and(|(name, _)| {
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
    };
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
        Some(text) if is_key(text) => text,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn keys(text: &str) -> Vec<(String, toml::Value)> {
    fn collect(section: &str, table: toml::Table, keys: &mut Vec<(String, toml::Value)>) {
        for (name, value) in table {
            match value {
                toml::Value::Table(table) => collect(&format!("{section}{name}."), table, keys),
                value => keys.push((format!("{section}{name}"), value)),
            }
        }
    }
    let mut keys = Vec::new();
    collect("", text.parse().expect("TOML"), &mut keys);
    keys
}

#[test]
fn the_example_names_exactly_the_keys_there_are() {
    let named: BTreeSet<_> = keys(&with_every_key()).into_iter().map(|(key, _)| key).collect();
    let known: BTreeSet<_> = TABLE.iter().map(|key| key.path.to_string()).collect();
    assert_eq!(named, known);
    assert!(keys(EXAMPLE).is_empty(), "every key is a default, so every key is in a comment");
}

#[test]
fn the_example_shows_the_defaults() {
    let shown = keys(&with_every_key());
    for key in TABLE.iter() {
        let path = key.path.to_string();
        let value = shown.iter().find(|(it, _)| *it == path).map(|(_, value)| value.clone());
        let expected: toml::Value = match &key.fallback {
            Fallback::Text(text) => text.as_str().into(),
            Fallback::Number(number) => (*number).into(),
            Fallback::Flag(flag) => (*flag).into(),
            Fallback::Texts(texts) => texts.clone().into(),
            Fallback::Derived(_) | Fallback::Unset => continue,
        };
        assert_eq!(value, Some(expected), "{}", key.path);
    }
}

#[test]
fn each_value_of_the_example_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let surroundings = ProcessEnvironment::new(folder.path(), [("HOME", "/home/amira")]);
    let load = |text: &str| {
        let file = folder.path().join("config.toml");
        std::fs::write(&file, text).expect("written");
        Config::load_in(Some(Path::new("config.toml")), &surroundings)
    };
    load(EXAMPLE).expect("the example itself");
    let all = with_every_key();
    let alternatives: Vec<_> = load(&all)
        .expect_err("it sets keys that exclude each other")
        .problems()
        .iter()
        .filter(|problem| !problem.text.contains("are both set"))
        .map(ToString::to_string)
        .collect();
    // Only the files that it names are not there.
    assert!(alternatives.iter().all(|text| text.contains("cannot be read")), "{alternatives:?}");
}
