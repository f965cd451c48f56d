//! A code on its way to the sender.
//!
//! Between the commit and the hand-over the code has to lie in the store, since
//! the terminal that drew it may die and another one send it. It lies there
//! sealed: XChaCha20-Poly1305 under a key derived from one of the key file, bound to all of
//! its [`CodeBinding`], so that neither the store alone gives a code away, nor can one row's
//! code be put into another row, nor its message be sent to another contact.

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

/// A number that is used for one seal and never again.
#[derive(Clone, Copy, Debug)]
pub struct Nonce([u8; NONCE]);

impl From<[u8; 32]> for Nonce {
    /// Takes as many of the random bytes as are needed.
    fn from(random: [u8; 32]) -> Self {
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&random[..NONCE]);
        Self(nonce)
    }
}

/// Random bytes of which the nonce of one code is made, for whatever it is bound to: a
/// transaction that is begun again binds the same code to another moment, and no nonce is
/// used for two seals.
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

/// A sealed code, as the store keeps it: nonce and ciphertext in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

/// It was sealed under another key, for another request, or changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed cannot be opened: it was changed, or belongs to another row")]
pub struct SealBroken;

impl Sealed {
    /// Seals a code; `seed` is drawn for it and for nothing else.
    pub fn close(code: &Code, binding: &CodeBinding, key: &Key, seed: &NonceSeed) -> Self {
        let bound = binding.canonical();
        Self(close_bytes(code.reveal().as_bytes(), &bound, &seal_key(key), seed.nonce(&bound)))
    }

    /// The code again, where nothing was changed.
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

    /// What the store keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes back what the store kept.
    pub const fn from_store(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Seals bytes under a key that seals nothing else: nonce and ciphertext in hexadecimal.
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

/// The bytes again, where neither they nor what they are bound to was changed.
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

/// A key for sealing codes, so that digests and seals never share one.
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
