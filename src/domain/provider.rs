//! Identifies a provider by its kind, host and account.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::domain::text;

/// The fingerprint of a provider: a message is only sent through the provider that it was queued
/// for, never by a desk with another host or account (security requirement 50).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProviderFingerprint(String);

impl ProviderFingerprint {
    /// The fingerprint of a provider; `kind` is its name, `account` the sending account.
    pub fn of(kind: &str, host: &str, account: &str) -> Self {
        let parts = [kind.as_bytes(), host.as_bytes(), account.as_bytes()];
        Self(format!("{kind}-{}", hash(&parts)))
    }

    /// The fingerprint of a provider and its fallback: a message may use either of the two, and no
    /// other.
    #[must_use]
    pub fn with_fallback(&self, fallback: &Self) -> Self {
        Self(format!("{}+{}", self.0, hash(&[self.0.as_bytes(), fallback.0.as_bytes()])))
    }

    /// The fingerprint as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ProviderFingerprint {
    fn from(stored: &str) -> Self {
        Self(stored.to_owned())
    }
}

impl fmt::Display for ProviderFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    text::length_prefixed(parts.iter().copied(), |bytes| hash.update(bytes));
    hex::encode(&hash.finalize()[..10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_50_kind_host_account_and_fallback_make_a_fingerprint() {
        let of = ProviderFingerprint::of;
        let one = of("smtp", "mail.example:465", "billing");
        let others = [
            of("sendgrid", "mail.example:465", "billing"),
            of("smtp", "mail.example:587", "billing"),
            of("smtp", "mail.example:465", "billing2"),
            of("smtp", "mail.example:465billing", ""),
            one.with_fallback(&of("smtp", "other.example:465", "billing")),
            one.with_fallback(&of("smtp", "other.example:465", "billing2")),
        ];
        assert_eq!(one, of("smtp", "mail.example:465", "billing"));
        for (at, other) in others.iter().enumerate() {
            assert_ne!(one, *other);
            assert!(!others[at + 1..].contains(other), "{other}");
            assert!(other.as_str().len() <= 64, "{other}");
        }
    }
}
