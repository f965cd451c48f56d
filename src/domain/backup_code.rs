//! Backup codes: ten numbered codes on paper, for the day on which a customer has nothing else.
//!
//! Each has 50 random bits (NIST SP 800-63B-4, 3.1.2.2), so that a keyed digest is enough and
//! one look-up by number finds one row. The key of the digests is drawn for each set, and lies
//! in the store sealed: so it can be sealed anew when the keys are rotated, and what is
//! printed on a customer's paper goes on working.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::domain::customer::CustomerId;
use crate::domain::key::Key;
use crate::domain::mac::MacTag;
use crate::domain::request;
use crate::domain::seal::{self, Nonce, SealBroken};
use crate::domain::text;

/// How many codes a set has.
pub const CODES: u8 = 10;

/// So many left are said, so that the customer asks for new ones in time.
pub const FEW: usize = 2;

/// Characters of a code, five bits each.
const LENGTH: usize = 10;

/// The random bits of a code.
pub const BITS: u32 = 50;

/// A backup code with its number; erased when dropped and never printed by `Debug`.
#[derive(Clone)]
pub struct BackupCode {
    number: u8,
    secret: Zeroizing<String>,
}

impl BackupCode {
    /// The code of this number for 50 random bits.
    pub fn from_bits(number: u8, bits: u64) -> Self {
        Self { number, secret: Zeroizing::new(request::plain(bits, LENGTH)) }
    }

    /// Reads what a person typed: the number, then the code. O is read as 0, I and L as 1
    /// (Crockford's base 32); what stands between the characters is dropped. A code has ten
    /// characters, so that all before them is the number.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut plain = Zeroizing::new(String::with_capacity(LENGTH + 2));
        for char in typed.chars() {
            match char.to_ascii_uppercase() {
                ' ' | '-' | '.' | ':' | ')' | '\u{a0}' => {}
                _ if plain.len() > LENGTH + 2 => return None,
                'O' => plain.push('0'),
                'I' | 'L' => plain.push('1'),
                char => plain.push(char),
            }
        }
        if !plain.bytes().all(request::is_plain) {
            return None;
        }
        let (number, secret) = plain.split_at_checked(plain.len().checked_sub(LENGTH)?)?;
        let number: u8 = number.parse().ok()?;
        let secret = Zeroizing::new(secret.to_owned());
        (1..=CODES).contains(&number).then_some(Self { number, secret })
    }

    /// Its place in the set, from 1.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// The code as it is printed: `K7Q29-XBM4T`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let (first, second) = self.secret.split_at(LENGTH / 2);
        Zeroizing::new(format!("{first}-{second}"))
    }

    /// What the store keeps of it.
    pub fn digest(&self, of: SetOf<'_>, key: &SetKey) -> String {
        let number = [self.number];
        let bound = of.bytes();
        let parts = [bound.as_slice(), number.as_slice(), self.secret.as_bytes()];
        MacTag::of(&key.0, "backup code", parts).to_hex()
    }

    /// Whether the store keeps this code.
    pub fn matches(&self, stored: &str, of: SetOf<'_>, key: &SetKey) -> bool {
        self.digest(of, key).as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupCode({}, …)", self.number)
    }
}

/// Whose set it is, and which of theirs.
#[derive(Clone, Copy, Debug)]
pub struct SetOf<'a> {
    /// The customer.
    pub customer: CustomerId,
    /// The account number.
    pub account_no: &'a str,
    /// The generation of the row that has the key.
    pub generation: u32,
}

impl SetOf<'_> {
    fn bytes(self) -> Vec<u8> {
        let mut bound = Vec::new();
        let (customer, generation) = (self.customer.0.to_be_bytes(), self.generation.to_be_bytes());
        let parts = [customer.as_slice(), self.account_no.trim().as_bytes(), &generation];
        text::length_prefixed(parts, |bytes| bound.extend_from_slice(bytes));
        bound
    }
}

/// The key of the digests of one set.
#[derive(Clone, Debug)]
pub struct SetKey(Key);

impl SetKey {
    /// A key of random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Key::new(random))
    }

    /// The key for the store: sealed, and of no use in another customer's row.
    pub fn seal(&self, of: SetOf<'_>, key: &Key, nonce: Nonce) -> String {
        seal::close_bytes(self.0.secret(), &of.bytes(), &key.derive(&["backup codes"]), nonce)
    }

    /// The key again, where nothing was changed.
    pub fn open(sealed: &str, of: SetOf<'_>, key: &Key) -> Result<Self, SealBroken> {
        let opened = seal::open_bytes(sealed, &of.bytes(), &key.derive(&["backup codes"]))?;
        let secret = opened.as_slice().try_into().map_err(|_| SealBroken)?;
        Ok(Self(Key::new(secret)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: SetOf<'static> =
        SetOf { customer: CustomerId(17), account_no: "WB-004217", generation: 1 };

    #[test]
    fn security_11_a_backup_code_is_read_as_it_is_printed() {
        let key = SetKey::new([7; 32]);
        for number in [1, 9, 10] {
            let code = BackupCode::from_bits(number, 0x0001_2345_6789_abcd);
            let shown = code.reveal();
            assert_eq!(shown.len(), LENGTH + 1);
            let digest = code.digest(OF, &key);
            let soft = shown.to_lowercase().replace('0', "o").replace('1', "l");
            for typed in [
                format!("{number} {}", shown.as_str()),
                format!(" {number}. {soft} "),
                format!("{number}{}", shown.replace('-', "")),
            ] {
                let read = BackupCode::parse(&typed).expect("a code");
                assert_eq!(read.number(), number);
                assert!(read.matches(&digest, OF, &key), "{typed}");
            }
        }
        for bad in [
            "",
            "K7Q29-XBM4T",
            "0 K7Q29-XBM4T",
            "11 K7Q29-XBM4T",
            "3 K7Q29-XBM4",
            "3 K7Q29-XBM4!",
            "3 é7Q29-XBM4T",
            "333 K7Q29-XBM4T",
        ] {
            assert!(BackupCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn security_11_the_digest_of_a_backup_code_is_keyed_and_bound() {
        let (key, code) = (SetKey::new([7; 32]), BackupCode::from_bits(3, 42));
        let digest = code.digest(OF, &key);
        const { assert!(BITS >= 50 && LENGTH * 5 == BITS as usize) };
        assert!(code.matches(&digest, OF, &key));
        assert!(!code.matches(&digest, OF, &SetKey::new([8; 32])), "another key");
        assert!(!BackupCode::from_bits(4, 42).matches(&digest, OF, &key), "another number");
        for other in [
            SetOf { customer: CustomerId(18), ..OF },
            SetOf { account_no: "WB-004218", ..OF },
            SetOf { generation: 2, ..OF },
        ] {
            assert!(!code.matches(&digest, other, &key), "{other:?}");
        }
        assert!(!code.matches("", OF, &key), "one that was used");
        assert_eq!(format!("{code:?}"), "BackupCode(3, …)");
    }

    #[test]
    fn security_11_the_key_of_a_set_opens_for_its_own_customer_alone() {
        let (set, key) = (SetKey::new([7; 32]), Key::new([1; 32]));
        let sealed = set.seal(OF, &key, Nonce::from([3; 32]));
        assert_eq!(SetKey::open(&sealed, OF, &key).map(|it| *it.0.secret()), Ok([7; 32]));
        assert!(SetKey::open(&sealed, SetOf { customer: CustomerId(18), ..OF }, &key).is_err());
        assert!(SetKey::open(&sealed, SetOf { generation: 2, ..OF }, &key).is_err());
        assert!(SetKey::open(&sealed, OF, &Key::new([2; 32])).is_err());
    }
}
