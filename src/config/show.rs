//! The effective configuration with the origin of each value (`config show`).

use std::fmt;

use config::ValueKind;
use serde::Serialize;
use serde_json::Value as Json;

use crate::config::environment::PREFIX;
use crate::config::key::{KeyInfo, KeyPath, Section};
use crate::config::kind::SET;
use crate::config::layer::Merged;

/// The effective value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub key: KeyPath,
    /// The value; `(set)` for a secret, `null` if it is not set.
    pub value: Json,
    /// `default`, `config.toml line 12` or the name of an environment variable.
    pub origin: String,
}

/// All effective values with secrets masked. Displays as a configuration file and serialises as a
/// list of [`Setting`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Effective {
    settings: Vec<Setting>,
}

impl Effective {
    pub(super) fn of(merged: &Merged) -> Self {
        let setting = |(key, value): (&KeyInfo, Option<&config::Value>)| Setting {
            key: key.path,
            value: value.map_or(Json::Null, |value| json(&value.kind)),
            origin: value.and_then(config::Value::origin).unwrap_or("default").to_owned(),
        };
        Self { settings: merged.settings().map(setting).collect() }
    }

    /// Every key, in the order of the table.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }
}

fn json(kind: &ValueKind) -> Json {
    match kind {
        ValueKind::Boolean(flag) => (*flag).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::String(text) => text.as_str().into(),
        ValueKind::Array(values) => values.iter().map(|value| json(&value.kind)).collect(),
        ValueKind::Table(table) => {
            let entry =
                |(name, value): (&String, &config::Value)| (name.clone(), json(&value.kind));
            Json::Object(table.iter().map(entry).collect())
        }
        _ => Json::Null,
    }
}

/// A value in TOML. Numbers, booleans, plain texts and lists of them have the same syntax in JSON.
fn toml(value: &Json) -> String {
    match value {
        Json::Array(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(","))
        }
        Json::Object(table) => {
            let entry = |(name, value): (&String, &Json)| format!("{name} = {}", toml(value));
            format!("{{ {} }}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut current = Section::ROOT;
        for Setting { key, value, origin } in &self.settings {
            let (section, name) = (key.section(), key.name());
            if section != current {
                writeln!(f, "\n{section}")?;
                current = section;
            }
            let line = match value {
                Json::Null => format!("# {name} is not set"),
                // Commented out, so that the mask is never read back as the secret.
                Json::String(text) if text == SET => format!("# {name} = \"{SET}\""),
                value => format!("{name} = {}", toml(value)),
            };
            let origin = match origin.as_str() {
                "default" => "",
                origin if origin.starts_with(PREFIX) => &format!("# environment: {origin}"),
                origin => &format!("# {origin}"),
            };
            writeln!(f, "{}", format_args!("{line:<60} {origin}").to_string().trim_end())?;
        }
        Ok(())
    }
}
