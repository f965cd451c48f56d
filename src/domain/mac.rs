//! Message authentication codes: the desk's proof that it wrote what lies in the store. Whoever
//! can write to the store and has no key of the key file makes none.

use hmac::Mac as _;
use subtle::ConstantTimeEq as _;

use crate::domain::key::Key;
use crate::domain::text;

/// HMAC-SHA-256 over some parts, each after its length.
pub(in crate::domain) struct MacTag([u8; 32]);

impl MacTag {
    /// The code under the key that is derived from `key` for this use alone.
    pub(in crate::domain) fn of<'a>(
        key: &Key,
        usage: &str,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let mut mac = key.derive(&[usage]).hmac();
        text::length_prefixed(parts, |bytes| mac.update(bytes));
        Self(mac.finalize().into_bytes().into())
    }

    /// The bytes.
    pub(in crate::domain) const fn into_bytes(self) -> [u8; 32] {
        self.0
    }

    /// In hexadecimal, as rows carry it.
    pub(in crate::domain) fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether a row carries this code; compared in constant time.
    pub(in crate::domain) fn is_hex(&self, stored: &str) -> bool {
        hex::decode(stored).is_ok_and(|stored| stored.ct_eq(&self.0).into())
    }
}
