//! A code on its way to the sender.
//!
//! Between the commit and the hand-over the code has to lie in the store, since
//! the terminal that drew it may die and another one send it. It lies there
//! sealed: XChaCha20-Poly1305 under a key of the key file, bound to its request
//! and generation, so that neither the store alone gives a code away nor can
//! one row's code be put into another row.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key as AeadKey, KeyInit, XChaCha20Poly1305, XNonce};
use hmac::Mac;
use zeroize::Zeroizing;

use crate::domain::code::{Code, CodeBinding};
use crate::domain::key::Key;
use crate::domain::text;

/// Bytes of a nonce: long enough to be drawn at random for each code.
const NONCE: usize = 24;

/// A number that is used for one code and never again.
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

/// A sealed code, as the store keeps it: nonce and ciphertext in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

/// It was sealed under another key, for another request, or changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what is sealed cannot be opened: it was changed, or belongs to another row")]
pub struct SealBroken;

impl Sealed {
    /// Seals a code; `nonce` is drawn for it and for nothing else.
    pub fn close(code: &Code, binding: CodeBinding<'_>, key: &Key, nonce: Nonce) -> Self {
        Self(close_bytes(code.reveal().as_bytes(), &bound(binding), &sealing_key(key), nonce))
    }

    /// The code again, where nothing was changed.
    pub fn open(&self, binding: CodeBinding<'_>, key: &Key) -> Result<Code, SealBroken> {
        let digits = open_bytes(&self.0, &bound(binding), &sealing_key(key))?;
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
    text::hex(&nonce.0) + text::hex(&hidden).as_str()
}

/// The bytes again, where neither they nor what they are bound to was changed.
pub(in crate::domain) fn open_bytes(
    sealed: &str,
    bound: &[u8],
    key: &Key,
) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
    let bytes = text::unhex(sealed).ok_or(SealBroken)?;
    let (nonce, hidden) = bytes.split_first_chunk::<NONCE>().ok_or(SealBroken)?;
    let payload = Payload { msg: hidden, aad: bound };
    let opened = cipher(key).decrypt(&XNonce::from(*nonce), payload);
    opened.map(Zeroizing::new).map_err(|_| SealBroken)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&AeadKey::from(*key.secret()))
}

/// A key for sealing codes, made from one of the file so that digests and seals never
/// share one.
fn sealing_key(key: &Key) -> Key {
    let mut mac = key.hmac();
    mac.update(b"countersign seal 1");
    Key::new(mac.finalize().into_bytes().into())
}

/// The associated data: purpose, request and generation, length first.
fn bound(binding: CodeBinding<'_>) -> Vec<u8> {
    let generation = binding.generation.to_be_bytes();
    let parts =
        [binding.purpose.as_bytes(), binding.request.as_str().as_bytes(), generation.as_slice()];
    let mut bound = Vec::new();
    text::length_prefixed(parts, |bytes| bound.extend_from_slice(bytes));
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::RequestId;

    fn id(bits: u64) -> RequestId {
        RequestId::from_bits(bits)
    }

    #[test]
    fn a_sealed_code_opens_for_its_own_request_alone() {
        let (code, key) = (Code::from_number(42, 6), Key::new([1; 32]));
        let (one, two) = (id(1), id(2));
        let binding = CodeBinding { purpose: "pay bill", request: &one, generation: 1 };
        let sealed = Sealed::close(&code, binding, &key, Nonce([9; NONCE]));
        let opened = sealed.open(binding, &key).map(|code| code.reveal().to_owned());
        assert_eq!(opened, Ok("000042".into()));
        for other in [
            CodeBinding { request: &two, ..binding },
            CodeBinding { generation: 2, ..binding },
            CodeBinding { purpose: "other", ..binding },
        ] {
            assert!(sealed.open(other, &key).is_err(), "{other:?}");
        }
        assert!(sealed.open(binding, &Key::new([2; 32])).is_err());
    }

    #[test]
    fn a_seal_that_was_changed_does_not_open() {
        let (code, key) = (Code::from_number(123_456, 6), Key::new([1; 32]));
        let request = id(1);
        let binding = CodeBinding { purpose: "pay bill", request: &request, generation: 1 };
        let sealed = Sealed::close(&code, binding, &key, Nonce([9; NONCE]));
        assert!(!sealed.as_str().contains(&text::hex(b"123456")));
        for at in 0..sealed.as_str().len() {
            let mut text = sealed.as_str().to_owned();
            let other = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
            text.replace_range(at..=at, other);
            assert!(Sealed::from_store(text).open(binding, &key).is_err(), "place {at}");
        }
        for cut in ["", "00", "zz", &sealed.as_str()[..40]] {
            assert!(Sealed::from_store(cut.into()).open(binding, &key).is_err(), "{cut}");
        }
    }
}
