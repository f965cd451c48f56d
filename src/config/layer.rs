//! Layers of values: defaults, file, environment, each overriding the one before. The `config`
//! crate merges them and keeps the origin of each value.

use std::collections::BTreeMap;

use config::{Map, Source, Value, ValueKind};
use secrecy::SecretString;

use crate::config::key::{ConfigKey, KeyInfo, KeyPath};
use crate::config::keys::{Fallback, TABLE, alternatives};
use crate::config::kind::{Base, Checked};
use crate::config::problem::Findings;
use crate::config::raw::Raw;
use crate::config::value::Value as Typed;

/// The origin of default values.
const DEFAULT: &str = "default";

/// The values from one source. Secrets are kept apart from the start: the layer's value only says
/// that one is set, and the secret of a URL is its password.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    values: BTreeMap<KeyPath, Value>,
    secrets: BTreeMap<KeyPath, SecretString>,
}

impl Layer {
    /// The layer of defaults.
    pub(super) fn defaults() -> Self {
        let mut layer = Self::default();
        for key in TABLE.iter() {
            let value: ValueKind = match &key.fallback {
                Fallback::Text(text) => text.as_str().into(),
                Fallback::Number(number) => (*number).into(),
                Fallback::Flag(flag) => (*flag).into(),
                Fallback::Texts(texts) => texts.clone().into(),
                Fallback::Derived(_) | Fallback::Unset => continue,
            };
            layer.put(key.path, value, DEFAULT);
        }
        layer
    }

    /// Whether this source sets a secret.
    pub(super) fn has_secret(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Sets a value without a check.
    pub(super) fn put(
        &mut self,
        path: impl Into<KeyPath>,
        value: impl Into<ValueKind>,
        place: &str,
    ) {
        self.values.insert(path.into(), Value::new(Some(&place.to_owned()), value));
    }

    /// Sets a typed value.
    pub(super) fn set<T: Typed>(&mut self, key: &ConfigKey<T>, value: &T, place: &str) {
        if let Some(value) = key.show(value) {
            self.put(key, value, place);
        }
    }

    /// Validates a value and sets it, or records why it was refused.
    pub(super) fn read(
        &mut self,
        key: &KeyInfo,
        raw: &Raw,
        place: &str,
        base: &Base<'_>,
        findings: &mut Findings,
    ) {
        match key.kind.check(&key.path, raw, base) {
            Ok(Checked { value, secret }) => {
                self.secrets.extend(secret.map(|secret| (key.path, secret)));
                self.put(key.path, value, place);
            }
            Err(text) => findings.refuse_key(key.path, Some(place), text),
        }
    }

    /// Refuses a source that sets both keys of a pair of alternatives.
    pub(super) fn refuse_doubles(&self, findings: &mut Findings) {
        for [one, other] in alternatives() {
            if let (Some(_), Some((path, value))) =
                (self.values.get(&one), self.values.get_key_value(&other))
            {
                let text = format!("{path} and {one} are both set; set only one of them");
                findings.refuse_key(*path, value.origin(), text);
            }
        }
    }

    /// Removes alternatives of keys that a later layer sets.
    fn give_way(&mut self, later: &Self) {
        for pair in alternatives() {
            if pair.iter().any(|path| later.values.contains_key(path)) {
                for path in pair {
                    self.values.remove(&path);
                    self.secrets.remove(&path);
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
        Ok(self.values.iter().map(|(path, value)| (path.to_string(), value.clone())).collect())
    }
}

/// All layers merged.
#[derive(Debug)]
pub(super) struct Merged {
    values: BTreeMap<KeyPath, Value>,
    secrets: BTreeMap<KeyPath, SecretString>,
}

impl Merged {
    /// Merges layers, the lowest priority first.
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
        let merged = builder.build()?;
        let values = TABLE.iter().filter_map(|key| {
            let value = found(&merged.cache, key.path)?;
            Some((key.path, value.clone()))
        });
        Ok(Self { values: values.collect(), secrets })
    }

    pub(super) fn get<T: Typed>(&self, key: &ConfigKey<T>) -> T {
        key.read(self.values.get(&key.path()).map(|value| &value.kind))
    }

    /// The value of a key with a derived default; the derived value appears in `config show`.
    pub(super) fn get_or<T: Typed>(&mut self, key: &ConfigKey<Option<T>>, derived: T) -> T {
        if let Some(value) = key.show_some(&derived) {
            self.derive(key, value);
        }
        self.get(key).unwrap_or(derived)
    }

    /// The untyped value of a key.
    pub(super) fn value(&self, path: KeyPath) -> Option<&ValueKind> {
        self.values.get(&path).map(|value| &value.kind)
    }

    /// The source that set a key; `None` if it has its default.
    pub(super) fn place(&self, path: impl Into<KeyPath>) -> Option<&str> {
        let value = self.values.get(&path.into())?;
        value.origin().filter(|place| *place != DEFAULT)
    }

    /// Whether any source set the key.
    pub(super) fn is_set(&self, path: impl Into<KeyPath>) -> bool {
        self.place(path).is_some()
    }

    /// Whether a key's value equals its default. Supports text keys only.
    pub(super) fn is_as_by_default(&self, path: KeyPath) -> bool {
        let info = TABLE.iter().find(|key| key.path == path);
        match (info.map(|key| &key.fallback), self.value(path)) {
            (Some(Fallback::Text(usual)), Some(ValueKind::String(text))) => usual == text,
            _ => false,
        }
    }

    /// A secret that a source sets directly; for a URL, its password.
    pub(super) fn secret(&self, path: impl Into<KeyPath>) -> Option<SecretString> {
        self.secrets.get(&path.into()).cloned()
    }

    /// Sets a derived value, unless a source set the key.
    pub(super) fn derive(&mut self, path: impl Into<KeyPath>, value: impl Into<ValueKind>) {
        self.put(path.into(), value, DEFAULT);
    }

    /// Sets a derived value with the origin of the key that it was derived from.
    pub(super) fn derive_from(
        &mut self,
        path: impl Into<KeyPath>,
        value: impl Into<ValueKind>,
        other: impl Into<KeyPath>,
    ) {
        let origin = self.place(other).unwrap_or(DEFAULT).to_owned();
        self.put(path.into(), value, &origin);
    }

    fn put(&mut self, path: KeyPath, value: impl Into<ValueKind>, origin: &str) {
        let value = || Value::new(Some(&origin.to_owned()), value);
        self.values.entry(path).or_insert_with(value);
    }

    /// Every key with its value, in the order of the table.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&KeyInfo, Option<&Value>)> {
        TABLE.iter().map(|key| (key, self.values.get(&key.path)))
    }
}

/// Looks up a key in the merged tree of the `config` crate. Returns the `Value` with its origin,
/// which typed access would lose.
fn found(root: &Value, path: KeyPath) -> Option<&Value> {
    let sections = path.section().name().split('.').filter(|name| !name.is_empty());
    sections.chain([path.name()]).try_fold(root, |value, name| match &value.kind {
        ValueKind::Table(table) => table.get(name),
        _ => None,
    })
}
