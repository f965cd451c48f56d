//! Secret keys, their ids, and the keyring.

use std::collections::BTreeMap;
use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::text;

/// The id of a key, as stored in rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Validates an id: 1 to 32 characters of `a-z`, `0-9`, `-` and `_`.
    pub fn new(name: &str) -> Option<Self> {
        let known =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        ((1..=32).contains(&name.len()) && name.bytes().all(known)).then(|| Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret of 256 bits.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Wraps secret bytes; they are zeroised when the key is dropped.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 under this key.
    pub(in crate::domain) fn hmac(&self) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
        Hmac::new_from_slice(self.secret()).expect("a key of 32 bytes")
    }

    /// Derives a key for one purpose by HKDF-Expand (RFC 5869, 2.3). `context` names the purpose
    /// and whatever else the key is bound to.
    #[must_use]
    pub fn derive(&self, context: &[&str]) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        #[expect(clippy::expect_used, reason = "32 bytes are one block of the hash")]
        let expand = Hkdf::<Sha256>::from_prk(self.0.as_slice()).expect("a key of one block");
        // Zeroised, since an entered code can be part of it.
        let mut info = Zeroizing::new(Vec::new());
        let parts = context.iter().map(|part| part.as_bytes());
        text::length_prefixed(parts, |bytes| info.extend_from_slice(bytes));
        #[expect(clippy::expect_used, reason = "32 bytes are one block of the hash")]
        expand.expand(&info, derived.as_mut_slice()).expect("one block");
        Self(derived)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A row names a key that this desk does not have: fail closed (ASVS 13.3.4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("the key \"{0}\" that protects this code is not in this terminal's key file")]
pub struct MissingKey(pub String);

/// The keys by id: the current one signs, all of them verify, so that a code issued before a
/// rotation verifies until it expires.
#[derive(Clone, Debug)]
pub struct Keyring {
    current: KeyId,
    current_key: Key,
    retired: BTreeMap<KeyId, Key>,
}

impl Keyring {
    /// A keyring with one key.
    pub fn new(current: KeyId, key: Key) -> Self {
        Self { current, current_key: key, retired: BTreeMap::new() }
    }

    /// Adds a key that only verifies.
    #[must_use]
    pub fn with_retired(mut self, id: KeyId, key: Key) -> Self {
        self.retired.insert(id, key);
        self
    }

    /// The key that signs.
    pub fn current(&self) -> (&KeyId, &Key) {
        (&self.current, &self.current_key)
    }

    /// All keys, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current_key).chain(self.retired.values())
    }

    /// The key with this id.
    pub fn get(&self, name: &str) -> Result<&Key, MissingKey> {
        if self.current.as_str() == name {
            return Ok(&self.current_key);
        }
        KeyId::new(name)
            .and_then(|id| self.retired.get(&id))
            .ok_or_else(|| MissingKey(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_signs_with_one_key_and_checks_with_all() {
        let (Some(new), Some(old)) = (KeyId::new("k2"), KeyId::new("k1")) else {
            panic!("both names are well formed")
        };
        let ring = Keyring::new(new, Key::new([2; 32])).with_retired(old, Key::new([1; 32]));
        assert_eq!(ring.current().0.as_str(), "k2");
        assert_eq!(ring.get("k1").map(|key| key.secret()[0]), Ok(1));
        assert_eq!(ring.get("k0").map(|_| ()), Err(MissingKey("k0".into())));
        assert!(!format!("{ring:?}").contains('2') || !format!("{ring:?}").contains("[2"));
    }

    #[test]
    fn a_derived_key_depends_on_the_key_and_on_each_part_of_its_context() {
        let derive = |key: u8, context: &[&str]| *Key::new([key; 32]).derive(context).secret();
        let one = derive(1, &["session", "a"]);
        assert_eq!(one, derive(1, &["session", "a"]));
        let others = [derive(2, &["session", "a"]), derive(1, &["sessiona"]), [1; 32]];
        assert!(!others.contains(&one));
        // RFC 5869, A.1 has another key and context; this one was computed by another
        // program (Python's `hmac`: HMAC-SHA256(key, info || 0x01)).
        assert_eq!(
            hex::encode(one),
            "6d7ec1c1e639c9088306b656829ade8f3926b2d9ed92fcb5f49c44f515bcb1d8"
        );
    }

    #[test]
    fn names_are_short_and_plain() {
        assert!(KeyId::new("").is_none());
        assert!(KeyId::new("K1").is_none());
        assert!(KeyId::new(&"k".repeat(33)).is_none());
    }
}
