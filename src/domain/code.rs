//! One-time codes: generation, parsing, and the keyed digest that is stored instead of a code.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::code_binding::{BindingVersion, CodeBinding};
use crate::domain::key::{Key, Keyring, MissingKey};
use crate::domain::mac::MacTag;
use crate::domain::version_one;

/// A plaintext code: digits only, with leading zeros; zeroised when dropped and never printed by
/// `Debug`.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

/// A typed code before it is parsed; zeroised when dropped and never printed by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TypedCode(pub Zeroizing<String>);

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedCode({} digits)", self.0.len())
    }
}

/// Why typed text cannot be a code. It does not count as an attempt.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize,
)]
pub enum CodeFormatError {
    /// It contains something other than ASCII digits, spaces and dashes.
    #[error("a code has digits only")]
    NotDigits,
    /// Too few or too many digits.
    #[error("a code has {expected} digits, this has {found}")]
    Length { expected: usize, found: usize },
}

impl Code {
    /// The code for a number drawn uniformly from `0..10^length`.
    pub fn from_number(number: u64, length: u8) -> Self {
        let width = usize::from(length);
        Self(Zeroizing::new(format!("{number:0width$}")))
    }

    /// The number of codes of `length` digits.
    pub const fn space(length: u8) -> u64 {
        10_u64.pow(length as u32)
    }

    /// Parses a typed or pasted code. Spaces and dashes are removed; nothing else is repaired or
    /// truncated.
    pub fn parse(typed: &str, length: u8) -> Result<Self, CodeFormatError> {
        let mut digits = Zeroizing::new(String::with_capacity(usize::from(length)));
        for char in typed.trim().chars() {
            match char {
                '0'..='9' => digits.push(char),
                ' ' | '\u{a0}' | '-' | '\u{2010}'..='\u{2014}' => {}
                _ => return Err(CodeFormatError::NotDigits),
            }
        }
        let expected = usize::from(length);
        if digits.len() != expected {
            return Err(CodeFormatError::Length { expected, found: digits.len() });
        }
        Ok(Self(digits))
    }

    /// The digits, only for the message to the customer.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// HMAC-SHA-256 over a code and its binding (ASVS 11.2.4).
///
/// A plain hash of six digits is reversed in about a second; this one cannot be without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `code` under the digest key derived from `key`.
    pub fn of(code: &Code, binding: &CodeBinding, key: &Key) -> Self {
        let canonical = binding.canonical();
        let parts = [canonical.as_slice(), code.reveal().as_bytes()];
        Self(MacTag::of(key, "code digest", parts).into_bytes())
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Parses the output of [`Self::to_hex`].
    pub fn from_hex(text: &str) -> Option<Self> {
        Some(Self(hex::decode(text).ok()?.try_into().ok()?))
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A code as stored.
#[derive(Clone, Debug)]
pub struct StoredCode {
    /// The id of the digest's key.
    pub key_id: String,
    /// The keyed digest; `None` once it was erased.
    pub digest: Option<Digest>,
    pub version: BindingVersion,
    /// The binding, built from the row's columns.
    pub binding: CodeBinding,
}

/// A typed code to be compared, with the keys for it. The store compares it inside the transaction
/// that counted the attempt.
#[derive(Clone, Copy, Debug)]
pub struct Guess<'a> {
    /// The parsed code.
    pub code: &'a Code,
    pub keyring: &'a Keyring,
}

impl Guess<'_> {
    /// Whether the guess is the stored code.
    pub fn matches(&self, stored: &StoredCode) -> Result<bool, MissingKey> {
        let key = self.keyring.get(&stored.key_id)?;
        let digest = match stored.version {
            BindingVersion::One => Digest(version_one::digest(self.code, &stored.binding, key)),
            BindingVersion::Two => Digest::of(self.code, &stored.binding, key),
        };
        Ok(stored.digest.is_some_and(|it| it.matches(&digest)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::code_binding::tests::{binding, others};
    use crate::domain::key::KeyId;
    use crate::domain::request::RequestId;

    #[test]
    fn security_01_codes_are_strings_with_their_leading_zeros() {
        assert_eq!(Code::from_number(42, 6).reveal(), "000042");
        assert_eq!(Code::from_number(0, 8).reveal(), "00000000");
        assert_eq!(Code::space(6), 1_000_000);
    }

    #[test]
    fn security_08_input_is_strict_and_never_cut() {
        for good in ["123456", "123 456", "123-456", " 12-34 56 ", "123\u{2011}456", "123\u{a0}456"]
        {
            assert_eq!(
                Code::parse(good, 6).map(|code| code.reveal().to_owned()),
                Ok("123456".into())
            );
        }
        for bad in [
            "",
            "12345",
            "1234567",
            "+12345",
            "１２３４５６",
            "12345a",
            "123.456",
            "1e5",
            "12345\u{661}",
        ] {
            assert!(Code::parse(bad, 6).is_err(), "{bad:?}");
        }
        assert_eq!(
            Code::parse("12345", 6).map(|_| ()),
            Err(CodeFormatError::Length { expected: 6, found: 5 })
        );
    }

    #[test]
    fn security_09_a_digest_is_bound_to_key_purpose_request_and_generation() {
        let code = Code::from_number(123_456, 6);
        let (binding, key) = (binding(), Key::new([1; 32]));
        let base = Digest::of(&code, &binding, &key);
        let others = [
            Digest::of(&code, &binding, &Key::new([2; 32])),
            Digest::of(&code, &CodeBinding { purpose: "other".into(), ..binding.clone() }, &key),
            Digest::of(
                &code,
                &CodeBinding { request: RequestId::from_bits(2), ..binding.clone() },
                &key,
            ),
            Digest::of(&code, &CodeBinding { generation: 2, ..binding.clone() }, &key),
            Digest::of(&Code::from_number(123_457, 6), &binding, &key),
        ];
        assert!(others.iter().all(|other| !other.matches(&base)));
        assert_eq!(Digest::from_hex(&base.to_hex()), Some(base));
    }

    #[test]
    fn security_52_a_digest_is_bound_to_each_field_of_its_binding() {
        let (code, key) = (Code::from_number(123_456, 6), Key::new([1; 32]));
        let base = Digest::of(&code, &binding(), &key);
        for other in others() {
            assert!(!Digest::of(&code, &other, &key).matches(&base), "{other:?}");
        }
        let one = Digest(version_one::digest(&code, &binding(), &key));
        assert!(!one.matches(&base), "the versions have nothing in common");
    }

    #[test]
    fn security_10_a_code_from_before_a_rotation_verifies_and_a_missing_key_fails_closed() {
        let (Some(old), Some(new)) = (KeyId::new("k1"), KeyId::new("k2")) else { panic!("names") };
        let code = Code::from_number(7, 6);
        let stored = StoredCode {
            key_id: "k1".into(),
            digest: Some(Digest::of(&code, &binding(), &Key::new([1; 32]))),
            version: BindingVersion::Two,
            binding: binding(),
        };
        let fresh = Keyring::new(new, Key::new([2; 32]));
        let guess = Guess { code: &code, keyring: &fresh };
        assert_eq!(guess.matches(&stored), Err(MissingKey("k1".into())));
        let rotated = fresh.clone().with_retired(old, Key::new([1; 32]));
        assert_eq!(Guess { code: &code, keyring: &rotated }.matches(&stored), Ok(true));
    }

    #[test]
    fn security_33_debug_shows_no_digit() {
        assert_eq!(format!("{:?}", Code::from_number(123_456, 6)), "Code(…)");
    }

    proptest! {
        #[test]
        fn any_text_is_a_code_or_is_refused(typed in any::<String>(), length in 6_u8..=10) {
            if let Ok(code) = Code::parse(&typed, length) {
                prop_assert_eq!(code.reveal().len(), usize::from(length));
                prop_assert!(code.reveal().bytes().all(|byte| byte.is_ascii_digit()));
            }
        }

        #[test]
        fn a_drawn_code_reads_back(number in 0_u64..1_000_000) {
            let code = Code::from_number(number, 6);
            prop_assert_eq!(Code::parse(code.reveal(), 6).map(|it| it.reveal().to_owned()), Ok(code.reveal().to_owned()));
        }
    }
}
