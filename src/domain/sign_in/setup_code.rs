//! Set-up codes, with which staff members set their own passwords, so that no admin chooses or
//! knows one.

use std::fmt;
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::domain::key::Key;
use crate::domain::mac::MacTag;
use crate::domain::request;
use crate::domain::staff::AccountName;

/// Validity of a set-up code.
pub const LIFE: Duration = Duration::from_hours(24);

/// Characters of a code, five bits each.
const LENGTH: usize = 12;

/// A set-up code: 60 random bits, `K7Q2-9XBM-4TRA`; zeroised when dropped and never printed by
/// `Debug`.
#[derive(Clone)]
pub struct SetupCode(Zeroizing<String>);

impl SetupCode {
    /// The code for 60 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(Zeroizing::new(request::plain(bits, LENGTH)))
    }

    /// Parses a typed code; `None` if it cannot be one. O is read as 0, I and L as 1 (Crockford's
    /// base 32).
    pub fn parse(typed: &str) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        for char in typed.chars().filter(|char| !matches!(char, ' ' | '-')).take(LENGTH + 1) {
            code.push(match char.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                char => char,
            });
        }
        (code.len() == LENGTH && code.bytes().all(request::is_plain)).then_some(Self(code))
    }

    /// The code in groups of four, to be shown.
    pub fn reveal(&self) -> Zeroizing<String> {
        let (first, rest) = self.0.split_at(4);
        let (second, third) = rest.split_at(4);
        Zeroizing::new(format!("{first}-{second}-{third}"))
    }

    /// The stored form: a keyed digest, bound to the account. 60 random bits need no slow hash.
    pub fn digest(&self, account: &AccountName, key: &Key) -> String {
        let parts = [account.as_str().as_bytes(), self.0.as_bytes()];
        MacTag::of(key, "set-up code", parts).to_hex()
    }

    /// Whether the digest is of this code and account; compared in constant time.
    pub fn matches(&self, digest: &str, account: &AccountName, key: &Key) -> bool {
        self.digest(account, key).as_bytes().ct_eq(digest.as_bytes()).into()
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_up_code_is_read_as_it_is_written() {
        let code = SetupCode::from_bits(0x0123_4567_89ab_cdef);
        let shown = code.reveal();
        assert_eq!(shown.len(), 14);
        let typed = SetupCode::parse(&format!(" {} ", shown.to_lowercase().replace('0', "o")));
        let (account, key) = ("dana".parse().expect("an account"), Key::new([7; 32]));
        let digest = code.digest(&account, &key);
        assert!(typed.is_some_and(|it| it.matches(&digest, &account, &key)));
        let bob = "bob".parse().expect("an account");
        assert!(!code.matches(&digest, &bob, &key), "bound to the account");
        assert!(!code.matches(&digest, &account, &Key::new([8; 32])), "and to the key");
        for bad in ["", "K7Q2-9XBM", "K7Q2-9XBM-4TRAX", "K7Q2-9XBM-4TR!", "é7Q2-9XBM-4TRA"] {
            assert!(SetupCode::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{code:?}"), "SetupCode(…)");
    }
}
