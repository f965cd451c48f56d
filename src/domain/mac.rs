//! Message authentication codes, which prove that the desk wrote a row of the store: write access
//! to the store without a key of the key file is not enough to forge one.

use hmac::Mac as _;
use subtle::ConstantTimeEq as _;

use crate::domain::key::Key;
use crate::domain::text;

/// HMAC-SHA-256 over several parts, each prefixed with its length.
pub(in crate::domain) struct MacTag([u8; 32]);

impl MacTag {
    /// Computes the tag under a key derived from `key` for this purpose.
    pub(in crate::domain) fn of<'a>(
        key: &Key,
        usage: &str,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let mut mac = key.derive(&[usage]).hmac();
        text::length_prefixed(parts, |bytes| mac.update(bytes));
        Self(mac.finalize().into_bytes().into())
    }

    pub(in crate::domain) const fn into_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The tag in hexadecimal, as stored.
    pub(in crate::domain) fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether a row has this tag; compared in constant time.
    pub(in crate::domain) fn is_hex(&self, stored: &str) -> bool {
        hex::decode(stored).is_ok_and(|stored| stored.ct_eq(&self.0).into())
    }
}
