//! Layers of values, each over the one before: what the program itself says,
//! the file, the environment. The `config` crate lays them over each other and
//! keeps, with each value, where it came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::{Map, Source, Value, ValueKind};
use secrecy::SecretString;

use crate::config::kind::{Base, Checked};
use crate::config::problem::Findings;
use crate::config::raw::Raw;
use crate::config::table::{Fallback, Key, TABLE, alternatives};

/// The place of a value that nobody set.
const DEFAULT: &str = "default";

/// The values that one place sets. Secrets are kept apart from the start:
/// where they are set, the value only says so; that of a URL is its password.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    values: BTreeMap<&'static str, Value>,
    secrets: BTreeMap<&'static str, SecretString>,
}

impl Layer {
    /// What holds when nobody says anything.
    pub(super) fn defaults() -> Self {
        let mut layer = Self::default();
        for key in TABLE {
            let value: ValueKind = match key.fallback {
                Fallback::Text(text) => text.into(),
                Fallback::Number(number) => number.into(),
                Fallback::Flag(flag) => flag.into(),
                Fallback::Texts(texts) => texts.to_vec().into(),
                Fallback::Derived(_) | Fallback::Unset => continue,
            };
            layer.put(key.path, value, DEFAULT);
        }
        layer
    }

    /// Sets a value that needs no check.
    pub(super) fn put(&mut self, path: &'static str, value: impl Into<ValueKind>, place: &str) {
        self.values.insert(path, Value::new(Some(&place.to_owned()), value));
    }

    /// Checks a value and sets it, or finds it refused.
    pub(super) fn read(
        &mut self,
        key: &'static Key,
        raw: &Raw,
        place: &str,
        base: &Base<'_>,
        findings: &mut Findings,
    ) {
        match key.kind.check(key.path, raw, base) {
            Ok(Checked { value, secret }) => {
                self.secrets.extend(secret.map(|secret| (key.path, secret)));
                self.put(key.path, value, place);
            }
            Err(text) => findings.refuse_key(key.path, Some(place), text),
        }
    }

    /// Refuses keys that say the same thing twice in one place.
    pub(super) fn refuse_doubles(&self, findings: &mut Findings) {
        for [one, other] in alternatives() {
            if let (Some(_), Some((path, value))) =
                (self.values.get(one), self.values.get_key_value(other))
            {
                let text = format!("{path} and {one} are both set; set only one of them");
                findings.refuse_key(path, value.origin(), text);
            }
        }
    }

    /// Takes out what a later layer says in other words.
    fn give_way(&mut self, later: &Self) {
        for pair in alternatives() {
            if pair.iter().any(|path| later.values.contains_key(path)) {
                for path in pair {
                    self.values.remove(path);
                    self.secrets.remove(path);
                }
            }
        }
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.values.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect())
    }
}

/// The layers as one.
#[derive(Debug)]
pub(super) struct Merged {
    values: BTreeMap<&'static str, Value>,
    secrets: BTreeMap<&'static str, SecretString>,
}

impl Merged {
    /// Lays layers over each other, the first lowest.
    pub(super) fn of(mut layers: Vec<Layer>) -> Result<Self, config::ConfigError> {
        for at in 1..layers.len() {
            let (lower, upper) = layers.split_at_mut(at);
            if let Some(later) = upper.first() {
                for layer in lower {
                    layer.give_way(later);
                }
            }
        }
        let secrets = layers.iter().flat_map(|layer| layer.secrets.clone()).collect();
        let mut builder = config::Config::builder();
        for layer in layers {
            builder = builder.add_source(layer);
        }
        let root = builder.build()?.collect()?;
        let mut values = BTreeMap::new();
        for key in TABLE {
            let (first, rest) = key.path.split_once('.').unwrap_or((key.path, ""));
            let deeper = rest.split('.').filter(|name| !name.is_empty());
            let value = deeper.fold(root.get(first), |value, name| match &value?.kind {
                ValueKind::Table(table) => table.get(name),
                _ => None,
            });
            if let Some(value) = value {
                values.insert(key.path, value.clone());
            }
        }
        Ok(Self { values, secrets })
    }

    /// The value of a key and the place that set it.
    pub(super) fn get(&self, path: &str) -> Option<(&ValueKind, &str)> {
        self.values.get(path).map(|value| (&value.kind, value.origin().unwrap_or(DEFAULT)))
    }

    /// The place that set a key; none where nobody did.
    pub(super) fn place(&self, path: &str) -> Option<&str> {
        self.get(path).map(|(_, place)| place).filter(|place| *place != DEFAULT)
    }

    /// Whether somebody set a key.
    pub(super) fn is_set(&self, path: &str) -> bool {
        self.place(path).is_some()
    }

    /// A text.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        match self.get(path)?.0 {
            ValueKind::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// A file.
    pub(super) fn path(&self, path: &str) -> Option<PathBuf> {
        self.text(path).map(PathBuf::from)
    }

    /// A number; the table bounds it to what `T` holds.
    pub(super) fn number<T: TryFrom<i64>>(&self, path: &str) -> Option<T> {
        match self.get(path)?.0 {
            ValueKind::I64(number) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    /// An answer.
    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        match self.get(path)?.0 {
            ValueKind::Boolean(flag) => Some(*flag),
            _ => None,
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        match self.get(path) {
            Some((ValueKind::Array(values), _)) => {
                values.iter().map(|value| value.kind.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A secret that a place sets itself; of a URL, its password.
    pub(super) fn secret(&self, path: &str) -> Option<SecretString> {
        self.secrets.get(path).cloned()
    }

    /// Sets what follows from other keys, unless somebody set it.
    pub(super) fn derive(&mut self, path: &'static str, value: impl Into<ValueKind>) {
        self.values.entry(path).or_insert_with(|| Value::new(Some(&DEFAULT.to_owned()), value));
    }

    /// The same for what another key says.
    pub(super) fn derive_from(
        &mut self,
        path: &'static str,
        value: impl Into<ValueKind>,
        other: &'static str,
    ) {
        let origin = self.get(other).map_or(DEFAULT, |(_, place)| place).to_owned();
        self.values.entry(path).or_insert_with(|| Value::new(Some(&origin), value));
    }

    /// Every key with its value, in the table's order.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&'static Key, Option<&Value>)> {
        TABLE.iter().map(|key| (key, self.values.get(key.path)))
    }
}
