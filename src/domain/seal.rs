//! Seals a code for the outbox.
//!
//! Between the commit and the send the code has to be in the store, since the process that drew it
//! may die and another one send it. It is sealed there: XChaCha20-Poly1305 under a key derived from
//! the key file, with all of its [`CodeBinding`] as associated data, so that the store alone does
//! not reveal a code, and no row's code can be moved to another row or sent to another contact.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key as AeadKey, KeyInit, XChaCha20Poly1305, XNonce};
use hmac::Mac;
use zeroize::Zeroizing;

use crate::domain::code::Code;
use crate::domain::code_binding::{BindingVersion, CodeBinding};
use crate::domain::key::Key;
use crate::domain::version_one;

/// Bytes of a nonce: long enough to be drawn at random for each code.
const NONCE: usize = 24;

/// A number used once.
#[derive(Clone, Copy, Debug)]
pub struct Nonce([u8; NONCE]);

impl From<[u8; 32]> for Nonce {
    /// Takes the first bytes of `random`.
    fn from(random: [u8; 32]) -> Self {
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&random[..NONCE]);
        Self(nonce)
    }
}

/// The random seed of one code's nonce. The nonce is derived from the seed and the binding: a
/// retried transaction binds the same code to another time and so gets another nonce.
#[derive(Clone, Debug)]
pub struct NonceSeed(Key);

impl From<[u8; 32]> for NonceSeed {
    fn from(random: [u8; 32]) -> Self {
        Self(Key::new(random))
    }
}

impl NonceSeed {
    fn nonce(&self, bound: &[u8]) -> Nonce {
        let mut mac = self.0.hmac();
        mac.update(bound);
        Nonce::from(<[u8; 32]>::from(mac.finalize().into_bytes()))
    }
}

/// A sealed code as stored: nonce and ciphertext in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

/// The seal does not open: another key or binding, or it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed cannot be opened: it was changed, or belongs to another row")]
pub struct SealBroken;

impl Sealed {
    /// Seals a code; `seed` must be drawn for it alone.
    pub fn close(code: &Code, binding: &CodeBinding, key: &Key, seed: &NonceSeed) -> Self {
        let bound = binding.canonical();
        Self(close_bytes(code.reveal().as_bytes(), &bound, &seal_key(key), seed.nonce(&bound)))
    }

    /// Opens the seal; fails if anything was changed.
    pub fn open(
        &self,
        version: BindingVersion,
        binding: &CodeBinding,
        key: &Key,
    ) -> Result<Code, SealBroken> {
        let (key, bound) = match version {
            BindingVersion::One => (version_one::seal_key(key), version_one::bound(binding)),
            BindingVersion::Two => (seal_key(key), binding.canonical()),
        };
        let digits = open_bytes(&self.0, &bound, &key)?;
        let digits = std::str::from_utf8(&digits).map_err(|_| SealBroken)?;
        u8::try_from(digits.len())
            .ok()
            .and_then(|length| Code::parse(digits, length).ok())
            .ok_or(SealBroken)
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the stored form.
    pub const fn from_store(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Seals bytes under a key that is used for nothing else: nonce and ciphertext in hexadecimal.
pub(in crate::domain) fn close_bytes(
    plain: &[u8],
    bound: &[u8],
    key: &Key,
    nonce: Nonce,
) -> String {
    let payload = Payload { msg: plain, aad: bound };
    #[expect(clippy::expect_used, reason = "some bytes are no message too long to seal")]
    let hidden = cipher(key).encrypt(&XNonce::from(nonce.0), payload).expect("a short message");
    hex::encode(nonce.0) + hex::encode(&hidden).as_str()
}

/// Opens sealed bytes; fails if they or the associated data were changed.
pub(in crate::domain) fn open_bytes(
    sealed: &str,
    bound: &[u8],
    key: &Key,
) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
    let bytes = hex::decode(sealed).map_err(|_| SealBroken)?;
    let (nonce, hidden) = bytes.split_first_chunk::<NONCE>().ok_or(SealBroken)?;
    let payload = Payload { msg: hidden, aad: bound };
    let opened = cipher(key).decrypt(&XNonce::from(*nonce), payload);
    opened.map(Zeroizing::new).map_err(|_| SealBroken)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&AeadKey::from(*key.secret()))
}

/// Derives the sealing key, so that digests and seals never share one.
fn seal_key(key: &Key) -> Key {
    key.derive(&["code seal"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code_binding::tests::{binding, others};

    fn sealed(code: &Code) -> (Sealed, Key) {
        let key = Key::new([1; 32]);
        (Sealed::close(code, &binding(), &key, &NonceSeed::from([9; 32])), key)
    }

    #[test]
    fn security_52_a_seal_opens_for_its_own_binding_alone() {
        let (sealed, key) = sealed(&Code::from_number(42, 6));
        let open = |binding: &CodeBinding, key: &Key| {
            let opened = sealed.open(BindingVersion::Two, binding, key);
            opened.map(|code| code.reveal().to_owned())
        };
        assert_eq!(open(&binding(), &key), Ok("000042".into()));
        for other in others() {
            assert!(open(&other, &key).is_err(), "{other:?}");
        }
        assert!(open(&binding(), &Key::new([2; 32])).is_err());
        assert!(sealed.open(BindingVersion::One, &binding(), &key).is_err());
    }

    #[test]
    fn a_nonce_is_used_for_one_binding() {
        let (code, seed) = (Code::from_number(42, 6), NonceSeed::from([9; 32]));
        let key = Key::new([1; 32]);
        let mut nonces: Vec<_> = others()
            .iter()
            .chain(&[binding()])
            .map(|it| Sealed::close(&code, it, &key, &seed).as_str()[..2 * NONCE].to_owned())
            .collect();
        let count = nonces.len();
        nonces.sort();
        nonces.dedup();
        assert_eq!(nonces.len(), count);
    }

    #[test]
    fn a_seal_that_was_changed_does_not_open() {
        let (sealed, key) = sealed(&Code::from_number(123_456, 6));
        let is_broken = |text: String| {
            Sealed::from_store(text).open(BindingVersion::Two, &binding(), &key).is_err()
        };
        assert!(!sealed.as_str().contains(&hex::encode(b"123456")));
        for at in 0..sealed.as_str().len() {
            let mut text = sealed.as_str().to_owned();
            let other = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
            text.replace_range(at..=at, other);
            assert!(is_broken(text), "place {at}");
        }
        for cut in ["", "00", "zz", &sealed.as_str()[..40]] {
            assert!(is_broken(cut.into()), "{cut}");
        }
    }
}
