//! Password policy and password hashing.
//!
//! At least eight characters of any kind, and none of the most common passwords (NIST SP 800-63B-4,
//! 3.1.1.2; ASVS 6.2). Hashed with Argon2id (19 MiB, two passes, one lane: OWASP Password Storage
//! Cheat Sheet) in the PHC string format, which records the parameters.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash as PhcString;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::domain::sign_in::TypedSecret;

/// Minimum length in characters.
pub const LEAST: usize = 8;

/// Maximum length in characters, far above what anybody types, to bound the hashing.
pub const MAX_LENGTH: usize = 128;

/// Argon2 memory in KiB, passes and lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Common passwords of eight characters or more, one per line, in lower case.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../../assets/sign-in/common-passwords.txt").lines().collect()
});

/// An acceptable password: zeroised when dropped and never printed by `Debug`.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Why a text is not an acceptable password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PasswordFault {
    /// Fewer than [`LEAST`] characters.
    #[error("a password has {LEAST} characters or more")]
    TooShort,
    /// More than [`MAX_LENGTH`] characters.
    #[error("a password has {MAX_LENGTH} characters at most")]
    TooLong,
    /// One of the most common passwords.
    #[error("this password is one of the most common ones, which are tried first")]
    Common,
    /// Little more than a well-known name.
    #[error("this password is little more than the name of the office, the account or the program")]
    Guessable,
}

impl Password {
    /// Validates a typed password. `names` are well-known words: the office, the account.
    pub fn new(typed: &TypedSecret, names: &[&str]) -> Result<Self, PasswordFault> {
        let normal = normal(typed);
        match normal.chars().count() {
            0..LEAST => return Err(PasswordFault::TooShort),
            LEAST..=MAX_LENGTH => {}
            _ => return Err(PasswordFault::TooLong),
        }
        let lower = Zeroizing::new(normal.to_lowercase());
        if COMMON.contains(lower.as_str()) {
            return Err(PasswordFault::Common);
        }
        if is_guessable(&lower, names) {
            return Err(PasswordFault::Guessable);
        }
        Ok(Self(normal))
    }
}

/// Whether fewer than the minimum of characters remain after the names are removed.
fn is_guessable(lower: &str, names: &[&str]) -> bool {
    let mut rest = Zeroizing::new(lower.to_owned());
    let words = names.iter().flat_map(|name| {
        let name = name.to_lowercase();
        let parts: Vec<String> =
            name.split(|char: char| !char.is_alphanumeric()).map(str::to_owned).collect();
        std::iter::once(name.replace(' ', "")).chain(parts)
    });
    for word in words.chain(["countersign".to_owned()]).filter(|word| word.chars().count() >= 3) {
        rest = Zeroizing::new(rest.replace(&word, ""));
    }
    rest.len() < lower.len() && rest.chars().count() < LEAST
}

/// Unicode normalisation, so that the keyboard does not matter (NIST SP 800-63B-4, 3.1.1.2).
fn normal(typed: &TypedSecret) -> Zeroizing<String> {
    Zeroizing::new(typed.0.nfc().collect())
}

/// A password hash as a PHC string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password: tens of milliseconds and 19 MiB. `salt` must be drawn for it alone.
    pub fn of(password: &Password, salt: [u8; 16]) -> Self {
        Self::hashed(&password.0, salt)
    }

    /// A hash that matches no password, to compare with if an account has none.
    pub fn of_nobody(salt: [u8; 16]) -> Self {
        Self::hashed("", salt)
    }

    fn hashed(password: &str, salt: [u8; 16]) -> Self {
        #[expect(clippy::expect_used, reason = "the bounds are held by the constants here")]
        let hash: PhcString = argon2()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .expect("a short password and a salt of 16 bytes");
        Self(hash.to_string())
    }

    /// Verifies a password. Takes as long as hashing, whatever was typed.
    pub fn matches(&self, typed: &TypedSecret) -> bool {
        let normal = normal(typed);
        let end = normal.char_indices().nth(MAX_LENGTH).map_or(normal.len(), |(at, _)| at);
        let is_whole = end == normal.len() && !normal.is_empty();
        let Ok(hash) = PhcString::new(&self.0) else { return false };
        // Hash even if it cannot match, so that the timing reveals nothing.
        argon2().verify_password(&normal.as_bytes()[..end], &hash).is_ok() && is_whole
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the stored form; `None` if it demands more work than the current parameters.
    pub fn from_store(text: &str) -> Option<Self> {
        let hash = PhcString::new(text).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let (memory, passes, lanes) = COST;
        let is_bounded = params.m_cost() <= 4 * memory
            && params.t_cost() <= 4 * passes
            && params.p_cost() <= 4 * lanes;
        is_bounded.then(|| Self(text.to_owned()))
    }
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    #[expect(clippy::expect_used, reason = "the parameters are constants within the bounds")]
    let params = Params::new(memory, passes, lanes, None).expect("parameters of Argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(typed: &str) -> Result<(), PasswordFault> {
        Password::new(&TypedSecret::new(typed), &["Riverside Billing", "dana"]).map(drop)
    }

    #[test]
    fn security_32_passwords_have_a_length_and_no_composition_rules() {
        for good in [
            "violet otter skates",
            "aaaaaaab",
            "12 monkeys eat",
            &"x7".repeat(32),
            &"é".repeat(128),
            "пароль-из-слов",
        ] {
            assert_eq!(judged(good), Ok(()), "{good}");
        }
        assert_eq!(judged("seven77"), Err(PasswordFault::TooShort));
        assert_eq!(judged(&"é".repeat(129)), Err(PasswordFault::TooLong));
        for common in ["password", "Password1", "12345678", "qwertyuiop", "iloveyou", "aaaaaaaa"] {
            assert_eq!(judged(common), Err(PasswordFault::Common), "{common}");
        }
        for guessable in ["riversidebilling", "Riverside2026!", "dana-1234", "countersign1"] {
            assert_eq!(judged(guessable), Err(PasswordFault::Guessable), "{guessable}");
        }
        assert_eq!(judged("dana walks 3 otters"), Ok(()));
    }

    #[test]
    fn security_32_a_password_is_stored_as_argon2id_with_its_parameters() {
        let typed = TypedSecret::new("violet otter skates");
        let password = Password::new(&typed, &[]).expect("a password");
        let hash = PasswordHash::of(&password, [7; 16]);
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.matches(&typed));
        assert!(!hash.matches(&TypedSecret::new("violet otter skate")));
        assert_ne!(hash, PasswordHash::of(&password, [8; 16]), "another salt");
        assert_eq!(PasswordHash::from_store(hash.as_str()), Some(hash));
        assert!(!PasswordHash::of_nobody([7; 16]).matches(&TypedSecret::new("")));
        let costly = "$argon2id$v=19$m=4194304,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$\
                      2CVe9FGYM1GtwPBMmW4mVq5VmsCoEoUUIZFLX5LFRaE";
        assert_eq!(PasswordHash::from_store(costly), None, "a row asks for 4 GiB");
    }

    #[test]
    fn one_password_typed_on_two_keyboards_is_one_password() {
        let password = Password::new(&TypedSecret::new("caf\u{e9} au lait"), &[]);
        let hash = PasswordHash::of(&password.expect("a password"), [1; 16]);
        assert!(hash.matches(&TypedSecret::new("cafe\u{301} au lait")));
    }
}
