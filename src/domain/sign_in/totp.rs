//! TOTP (RFC 6238): six digits, 30-second steps, SHA-1, as all authenticator apps support. One step
//! of clock skew is accepted either way.

use std::fmt;

use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::domain::key::Key;
use crate::domain::seal::{self, Nonce, SealBroken};
use crate::domain::sign_in::TypedSecret;
use crate::domain::staff::AccountName;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// Bytes of a seed: 160 bits, as RFC 4226 recommends.
const SEED: usize = 20;

/// Seconds of a step.
const STEP: u64 = 30;

/// Digits of a code.
const DIGITS: u8 = 6;

/// The shared secret of an authenticator; zeroised when dropped and never printed by `Debug`.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; SEED]>);

impl Seed {
    /// Takes the first bytes of `random`.
    pub fn new(random: &[u8; 32]) -> Self {
        let mut seed = Zeroizing::new([0; SEED]);
        seed.copy_from_slice(&random[..SEED]);
        Self(seed)
    }

    /// The time step for which a code is valid now; `None` if it is wrong.
    pub fn step_of(&self, typed: &TypedSecret, now: Timestamp) -> Option<u64> {
        let digits: Zeroizing<String> =
            Zeroizing::new(typed.0.chars().filter(|char| !matches!(char, ' ' | '-')).collect());
        let now = u64::try_from(now.millis() / 1_000).ok()?;
        self.totp().check(&digits, now)
    }

    /// The code at a given time.
    pub fn code_at(&self, now: Timestamp) -> String {
        let now = u64::try_from(now.millis() / 1_000).unwrap_or(0);
        self.totp().generate(now).to_string()
    }

    /// The seed for manual entry: base 32 in groups of four.
    pub fn words(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(self.secret().to_base32());
        let groups: Vec<&str> =
            (0..text.len()).step_by(4).map(|at| &text[at..text.len().min(at + 4)]).collect();
        Zeroizing::new(groups.join(" "))
    }

    /// The `otpauth` URI for a QR code (Key Uri Format).
    pub fn uri(&self, office: &str, account: &AccountName) -> Zeroizing<String> {
        let (office, account) = (percent_encoded(office), percent_encoded(account.as_str()));
        let secret = Zeroizing::new(self.secret().to_base32());
        Zeroizing::new(format!(
            "otpauth://totp/{office}:{account}?secret={}&issuer={office}",
            secret.as_str()
        ))
    }

    /// Seals the seed for the store; it does not open in another account's row.
    pub fn seal(&self, bound: Bound<'_>, key: &Key, nonce: Nonce) -> String {
        seal::close_bytes(self.0.as_slice(), &bound.bytes(), &key.derive(&["totp seed"]), nonce)
    }

    /// Opens a sealed seed; fails if anything was changed.
    pub fn open(sealed: &str, bound: Bound<'_>, key: &Key) -> Result<Self, SealBroken> {
        let opened = seal::open_bytes(sealed, &bound.bytes(), &key.derive(&["totp seed"]))?;
        let mut seed = Zeroizing::new([0; SEED]);
        if opened.len() != SEED {
            return Err(SealBroken);
        }
        seed.copy_from_slice(&opened);
        Ok(Self(seed))
    }

    fn secret(&self) -> Secret {
        Secret::from(*self.0)
    }

    fn totp(&self) -> Totp {
        totp(Algorithm::SHA1, DIGITS, self.secret())
    }
}

fn totp(algorithm: Algorithm, digits: u8, secret: Secret) -> Totp {
    Builder::new()
        .with_algorithm(algorithm)
        .with_digits(digits)
        .with_skew(1)
        .with_step_duration(STEP)
        .with_secret(secret)
        .build_noncompliant()
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// What a sealed seed is bound to.
#[derive(Clone, Copy, Debug)]
pub enum Bound<'a> {
    /// An enrolled authenticator of an account.
    Account(&'a AccountName),
    /// An enrolment in progress of an account whose row has this version.
    Enrolment(&'a AccountName, u32),
}

impl Bound<'_> {
    fn bytes(self) -> Vec<u8> {
        let mut bound = Vec::new();
        let mut add = |parts: [&[u8]; 3]| {
            text::length_prefixed(parts, |bytes| bound.extend_from_slice(bytes));
        };
        match self {
            Self::Account(account) => add([b"account", account.as_str().as_bytes(), b""]),
            Self::Enrolment(account, version) => {
                add([b"enrolment", account.as_str().as_bytes(), &version.to_be_bytes()]);
            }
        }
        bound
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986).
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> AccountName {
        name.parse().expect("an account")
    }

    #[test]
    fn security_12_the_codes_are_those_of_rfc_4226_and_rfc_6238() {
        let seed = b"12345678901234567890";
        let six = totp(Algorithm::SHA1, 6, Secret::from(*seed));
        let counters: Vec<_> = (0..5).map(|it| six.generate(it * STEP).to_string()).collect();
        assert_eq!(counters, ["755224", "287082", "359152", "969429", "338314"]);
        let long = |length: usize| seed.iter().copied().cycle().take(length).collect::<Vec<u8>>();
        let at = |algorithm, length: usize, time| {
            totp(algorithm, 8, Secret::from(long(length))).generate(time).to_string()
        };
        for (time, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            let made = [
                at(Algorithm::SHA1, 20, time),
                at(Algorithm::SHA256, 32, time),
                at(Algorithm::SHA512, 64, time),
            ];
            assert_eq!(made, codes, "{time}");
        }
        // The same code by `Seed`.
        let mut random = [0; 32];
        random[..20].copy_from_slice(seed);
        let own = Seed::new(&random);
        assert_eq!(own.code_at(Timestamp::from_millis(59_000)), "287082");
    }

    #[test]
    fn security_13_a_code_is_taken_one_step_early_or_late_and_no_more() {
        let seed = Seed::new(&[9; 32]);
        let now = Timestamp::from_millis(1_000_000_000_000);
        let step = 1_000_000_000_000 / 30_000;
        for (steps, taken) in [(-2, None), (-1, Some(-1)), (0, Some(0)), (1, Some(1)), (2, None)] {
            let code = seed.code_at(Timestamp::from_millis((step + steps) * 30_000));
            let typed = TypedSecret::new(format!("{} {}", &code[..3], &code[3..]));
            let expected = taken.and_then(|it| u64::try_from(step + it).ok());
            assert_eq!(seed.step_of(&typed, now), expected, "{steps}");
        }
        for bad in ["", "12345", "1234567", "abcdef", "+12345"] {
            assert_eq!(seed.step_of(&TypedSecret::new(bad), now), None, "{bad}");
        }
    }

    #[test]
    fn security_14_a_sealed_seed_opens_for_its_own_account_alone() {
        let (seed, key) = (Seed::new(&[9; 32]), Key::new([1; 32]));
        const { assert!(SEED * 8 >= 112) };
        let (dana, bob) = (account("dana"), account("bob"));
        let nonce = || Nonce::from([3; 32]);
        let of_dana = seed.seal(Bound::Account(&dana), &key, nonce());
        let open = |sealed: &str, bound, key: &Key| {
            Seed::open(sealed, bound, key).map(|it| *it.0).map_err(drop)
        };
        assert_eq!(open(&of_dana, Bound::Account(&dana), &key), Ok(*seed.0));
        assert_eq!(open(&of_dana, Bound::Account(&bob), &key), Err(()), "swapped");
        assert_eq!(open(&of_dana, Bound::Enrolment(&dana, 1), &key), Err(()));
        assert_eq!(open(&of_dana, Bound::Account(&dana), &Key::new([2; 32])), Err(()));
        assert!(!of_dana.contains(&hex::encode(seed.0.as_slice())));
        let offer = seed.seal(Bound::Enrolment(&dana, 1), &key, nonce());
        assert_eq!(open(&offer, Bound::Enrolment(&dana, 2), &key), Err(()), "of an older row");
    }

    #[test]
    fn an_authenticator_reads_the_uri() {
        let seed = Seed::new(&[0; 32]);
        assert_eq!(seed.words().as_str(), "AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA");
        let uri = seed.uri("Riverside & Sons", &account("dana"));
        let office = "Riverside%20%26%20Sons";
        let secret = "A".repeat(32);
        let expected = format!("otpauth://totp/{office}:dana?secret={secret}&issuer={office}");
        assert_eq!(uri.as_str(), expected);
    }
}
