//! The policy as text: one line for each of its configuration keys, in configuration syntax, so
//! that an earlier policy can be read back and compared. Its version is a hash of the text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A policy as sorted lines of the form `otp.length = 6`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyText(String);

/// A key whose value differs between two policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyChange<'a> {
    pub key: &'a str,
    /// The old value; `None` if the key was not there.
    pub before: Option<&'a str>,
    /// The new value; `None` if the key is gone.
    pub after: Option<&'a str>,
}

impl PolicyText {
    /// Builds the text from keys and their configuration values.
    pub fn of<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let values: BTreeMap<_, _> = values.into_iter().collect();
        let lines = values.into_iter().map(|(key, value)| [key, " = ", &value, "\n"].concat());
        Self(lines.collect())
    }

    /// The text, which is a valid configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version: equal policies have the same one on every host.
    pub fn version(&self) -> String {
        hex::encode(&Sha256::digest(&self.0)[..6])
    }

    pub fn values(&self) -> BTreeMap<&str, &str> {
        self.0.lines().filter_map(|line| line.split_once(" = ")).collect()
    }

    /// The differences to another policy, by key.
    pub fn changes_to<'a>(&'a self, after: &'a Self) -> Vec<PolicyChange<'a>> {
        let (before, after) = (self.values(), after.values());
        let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
        keys.into_iter()
            .map(|key| PolicyChange {
                key,
                before: before.get(key).copied(),
                after: after.get(key).copied(),
            })
            .filter(|it| it.before != it.after)
            .collect()
    }
}

impl std::fmt::Display for PolicyChange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key, before, after } = self;
        write!(f, "{key}: {} -> {}", before.unwrap_or("unset"), after.unwrap_or("unset"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter_and_every_value_does() {
        let policy = |length: &str, cap: &str| {
            PolicyText::of([("otp.length", length.into()), ("otp.failure_cap", cap.into())])
        };
        let turned = PolicyText::of([("otp.failure_cap", "20".into()), ("otp.length", "6".into())]);
        assert_eq!(policy("6", "20").version(), turned.version());
        assert_eq!(policy("6", "20").version().len(), 12);
        assert_ne!(policy("6", "20").version(), policy("7", "20").version());
        assert_ne!(policy("6", "20").version(), policy("6", "21").version());
    }

    #[test]
    fn what_changed_is_told_by_key() {
        let before = PolicyText::of([("a", "1".into()), ("b", "\"x = y\"".into())]);
        let after = PolicyText::of([("b", "\"x\"".into()), ("c", "3".into())]);
        let changes: Vec<_> = before.changes_to(&after).iter().map(ToString::to_string).collect();
        assert_eq!(changes, ["a: 1 -> unset", "b: \"x = y\" -> \"x\"", "c: unset -> 3"]);
        assert_eq!(before.changes_to(&before), []);
        let values = before.values().into_iter().map(|(key, value)| (key, value.to_owned()));
        assert_eq!(PolicyText::of(values), before);
    }
}
