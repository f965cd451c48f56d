//! Codes of an authenticator (RFC 6238): six digits, a new one every 30 seconds, SHA-1, as
//! every authenticator takes them. One step of skew either way. The staff signs in with one,
//! and customers prove with one who they are.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::domain::customer::CustomerId;
use crate::domain::key::Key;
use crate::domain::seal::{self, Nonce, SealBroken};
use crate::domain::session::SessionId;
use crate::domain::sign_in::TypedSecret;
use crate::domain::staff::AccountName;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// Bytes of a seed: 160 bits, as RFC 4226 recommends.
const SEED: usize = 20;

/// Seconds of a step.
const STEP: u64 = 30;

/// Digits of a code.
pub const DIGITS: u8 = 6;

/// Bytes of the office's name and the account number in a short address: with the rest of it
/// they make 78, as many as a QR code of 33 modules holds.
const SHORT_LABEL: usize = 22;

/// Steps either way within which a code that is not taken shows that a clock is wrong: ten
/// minutes.
const CLOCK_STEPS: u64 = 20;

/// The secret that an authenticator shares with the desk; erased when dropped and never
/// printed by `Debug`.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; SEED]>);

impl Seed {
    /// Takes as many of the random bytes as are needed.
    pub fn new(random: &[u8; 32]) -> Self {
        let mut seed = Zeroizing::new([0; SEED]);
        seed.copy_from_slice(&random[..SEED]);
        Self(seed)
    }

    /// The step whose code this is, at that moment; none where it is none.
    pub fn step_of(&self, typed: &TypedSecret, now: Timestamp) -> Option<u64> {
        self.totp().check(&digits(typed), seconds(now)?)
    }

    /// How an authenticator whose clock is wrong would have come to this code, by up to ten
    /// minutes; none where it would not, and where the code is taken as it is.
    pub fn wrong_clock(&self, typed: &TypedSecret, now: Timestamp) -> Option<WrongClock> {
        let (typed, step) = (digits(typed), seconds(now)? / STEP);
        let totp = self.totp();
        let is_code = |step: u64| {
            let code = totp.generate(step.saturating_mul(STEP)).to_string();
            bool::from(code.as_bytes().ct_eq(typed.as_bytes()))
        };
        let early = (2..=CLOCK_STEPS).filter_map(|by| step.checked_sub(by));
        let late = (2..=CLOCK_STEPS).filter_map(|by| step.checked_add(by));
        let shown = early.chain(late).fold(None, |found, it| is_code(it).then_some(it).or(found));
        shown.map(|shown| WrongClock { shown, step })
    }

    /// The code at a moment, as the authenticator shows it.
    pub fn code_at(&self, now: Timestamp) -> String {
        self.totp().generate(seconds(now).unwrap_or(0)).to_string()
    }

    /// What the authenticator takes by hand: base 32 in groups of four.
    pub fn words(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(self.secret().to_base32());
        let groups: Vec<&str> =
            (0..text.len()).step_by(4).map(|at| &text[at..text.len().min(at + 4)]).collect();
        Zeroizing::new(groups.join(" "))
    }

    /// What a QR code holds for it (the Key Uri Format that authenticators read).
    pub fn uri(&self, office: &str, account: &str) -> Zeroizing<String> {
        let (office, account) = (percent_encoded(office), percent_encoded(account));
        let secret = Zeroizing::new(self.secret().to_base32());
        Zeroizing::new(format!(
            "otpauth://totp/{office}:{account}?secret={}&issuer={office}",
            secret.as_str()
        ))
    }

    /// The same in as few bytes as can be: the QR code of an office and an account number of
    /// the usual length has 33 modules then, for which the smallest window has room.
    pub fn short_uri(&self, office: &str, account: &str) -> Zeroizing<String> {
        let account = percent_encoded(account);
        let issuer = short_issuer(office, SHORT_LABEL.saturating_sub(account.len()));
        let secret = Zeroizing::new(self.secret().to_base32());
        Zeroizing::new(format!("otpauth://totp/{issuer}:{account}?secret={}", secret.as_str()))
    }

    /// The seed as somebody is offered it, to be enrolled.
    pub fn offer(&self, uri: Zeroizing<String>, sealed: String) -> TotpOffer {
        TotpOffer { uri: TypedSecret(uri), words: TypedSecret(self.words()), sealed }
    }

    /// The seed for the store: sealed, and of no use in another row.
    pub fn seal(&self, bound: Bound<'_>, key: &Key, nonce: Nonce) -> String {
        seal::close_bytes(self.0.as_slice(), &bound.bytes(), &key.derive(&["totp seed"]), nonce)
    }

    /// The seed again, where nothing was changed.
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

/// The first words of an office's name, as far as there is room for them; the first one
/// always.
fn short_issuer(office: &str, room: usize) -> String {
    let mut issuer = String::new();
    for word in office.split_whitespace() {
        let longer = if issuer.is_empty() { word.to_owned() } else { format!("{issuer} {word}") };
        if !issuer.is_empty() && percent_encoded(&longer).len() > room {
            break;
        }
        issuer = longer;
    }
    percent_encoded(&issuer)
}

/// What was typed, without what stands between the digits.
fn digits(typed: &TypedSecret) -> Zeroizing<String> {
    Zeroizing::new(typed.0.chars().filter(|char| !matches!(char, ' ' | '-')).collect())
}

/// Whether something typed can be a code at all: only what can is counted as an attempt.
pub fn is_code(typed: &TypedSecret) -> bool {
    let digits = digits(typed);
    digits.len() == usize::from(DIGITS) && digits.bytes().all(|it| it.is_ascii_digit())
}

fn seconds(at: Timestamp) -> Option<u64> {
    u64::try_from(at.millis() / 1_000).ok()
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

/// An authenticator to be enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpOffer {
    /// What its QR code holds.
    pub uri: TypedSecret,
    /// The same to be typed.
    pub words: TypedSecret,
    /// The seed as the desk takes it back with the first code.
    pub sealed: String,
}

/// A code that an authenticator shows whose clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongClock {
    /// The step of the code.
    pub shown: u64,
    /// The step of our clock.
    pub step: u64,
}

impl WrongClock {
    /// How far the authenticator is ahead, in seconds; below zero where it is behind.
    pub fn ahead(self) -> i64 {
        let steps = i128::from(self.shown) - i128::from(self.step);
        i64::try_from(steps * i128::from(STEP)).unwrap_or(0)
    }
}

/// What a sealed seed belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Bound<'a> {
    /// An account, for good.
    Account(&'a AccountName),
    /// The enrolment of an account whose row has this version.
    Enrolment(&'a AccountName, u32),
    /// A customer with this account number, in the row of this generation.
    Customer(CustomerId, &'a str, u32),
    /// The enrolment of a customer in a session.
    CustomerEnrolment(CustomerId, &'a SessionId),
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
            Self::Customer(customer, account_no, generation) => {
                let generation = generation.to_be_bytes();
                add([b"customer", &customer.0.to_be_bytes(), &generation]);
                add([account_no.trim().as_bytes(), b"", b""]);
            }
            Self::CustomerEnrolment(customer, session) => {
                let session = session.as_str().as_bytes();
                add([b"customer enrolment", &customer.0.to_be_bytes(), session]);
            }
        }
        bound
    }
}

/// RFC 3986, 2.1: what is not unreserved is escaped.
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
        // And the desk's own way to the same code.
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
    fn security_14_a_customers_sealed_seed_opens_for_that_customer_alone() {
        let (seed, key) = (Seed::new(&[9; 32]), Key::new([1; 32]));
        let (dana, session) = (CustomerId(17), SessionId::from_bits(7));
        let bound = Bound::Customer(dana, "WB-004217", 1);
        let sealed = seed.seal(bound, &key, Nonce::from([3; 32]));
        let opens = |bound| Seed::open(&sealed, bound, &key).is_ok();
        assert!(opens(bound));
        for other in [
            Bound::Customer(CustomerId(18), "WB-004217", 1),
            Bound::Customer(dana, "WB-004218", 1),
            Bound::Customer(dana, "WB-004217", 2),
            Bound::CustomerEnrolment(dana, &session),
            Bound::Account(&account("dana")),
        ] {
            assert!(!opens(other), "{other:?}");
        }
    }

    #[test]
    fn a_wrong_clock_is_recognised_up_to_ten_minutes_either_way() {
        let seed = Seed::new(&[9; 32]);
        let now = Timestamp::from_millis(1_000_000_000_000);
        for (seconds, ahead) in [
            (0, None),
            (30, None),
            (-30, None),
            (60, Some(60)),
            (-60, Some(-60)),
            (600, Some(600)),
            (-600, Some(-600)),
            (630, None),
            (-630, None),
        ] {
            let code = seed.code_at(Timestamp::from_millis(now.millis() + seconds * 1_000));
            let wrong = seed.wrong_clock(&TypedSecret::new(code), now);
            assert_eq!(wrong.map(WrongClock::ahead), ahead, "{seconds}");
        }
        assert_eq!(seed.wrong_clock(&TypedSecret::new("000000"), now), None);
    }

    #[test]
    fn an_authenticator_reads_the_uri() {
        let seed = Seed::new(&[0; 32]);
        assert_eq!(seed.words().as_str(), "AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA");
        let uri = seed.uri("Riverside & Sons", "dana");
        let office = "Riverside%20%26%20Sons";
        let secret = "A".repeat(32);
        let expected = format!("otpauth://totp/{office}:dana?secret={secret}&issuer={office}");
        assert_eq!(uri.as_str(), expected);
        for (office, account, label) in [
            ("Riverside & Sons Billing", "WB-004217", "Riverside"),
            ("The City Waste", "WB-004217", "The%20City"),
            ("Abfallwirtschaftsbetrieb Süd", "WB-004217", "Abfallwirtschaftsbetrieb"),
        ] {
            let uri = seed.short_uri(office, account);
            assert_eq!(uri.as_str(), format!("otpauth://totp/{label}:{account}?secret={secret}"));
        }
        assert!(seed.short_uri("Riverside Billing", "WB-004217").len() <= 78);
    }
}
