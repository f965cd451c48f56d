//! The time in which a verified customer is served.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::request::{NotARequest, RequestId};
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// A session's public name, in the same writing as a request's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(RequestId);

impl SessionId {
    /// The name for 50 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(RequestId::from_bits(bits))
    }

    /// The name as people and programs write it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for SessionId {
    type Err = NotARequest;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        typed.parse().map(Self)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The secret that speaks for a session: 256 random bits, new with each
/// verification (ASVS 7.2.3), never printed by `Debug` and never stored.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// Wraps random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// Reads what [`Self::reveal`] wrote.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(typed.trim(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// What the store keeps: the token's SHA-256 in hexadecimal. A random
    /// token of this length needs no key or salt (ASVS 7.2.4).
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_slice()))
    }

    /// The token in hexadecimal, for the program that asked for it.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum SessionEnd {
    /// The clerk logged the customer out.
    Logout,
    /// Someone ended it by name, perhaps from another terminal.
    Revoked,
    /// Its time was over.
    TimedOut,
    /// Nobody touched it for too long.
    Idle,
}

words!(SessionEnd, "an end of a session");

/// A session as the store holds it, without its token.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    /// Its public name.
    pub id: SessionId,
    /// The verified customer.
    pub customer: CustomerId,
    /// The customer's account number.
    pub account_no: String,
    /// The customer's name.
    pub customer_name: String,
    /// The request whose code opened it; none where another factor did.
    pub request: Option<RequestId>,
    /// What was proven.
    pub factor: Factor,
    /// What the verification was for.
    pub purpose: String,
    /// The clerk who serves.
    pub clerk: String,
    /// The counter where.
    pub counter: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// When it ends if nobody touches it.
    pub idle_at: Timestamp,
    /// When and how it ended, by the store's clock at reading; none while it lives.
    pub ended: Option<(Timestamp, SessionEnd)>,
}

impl Session {
    /// The moment it ends by itself.
    pub fn ends_at(&self) -> Timestamp {
        self.expires_at.min(self.idle_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_29_a_token_is_256_bits_and_stored_hashed() {
        let token = SessionToken::new([7; 32]);
        assert_eq!(token.reveal().len(), 64);
        assert_eq!(token.digest().len(), 64);
        assert_ne!(token.digest(), *token.reveal());
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        let read = SessionToken::parse(&format!(" {}\n", token.reveal().as_str()));
        assert_eq!(read.map(|it| it.digest()), Some(token.digest()));
        for bad in ["", "07", &"g".repeat(64), &"é".repeat(32), &"+7".repeat(32)] {
            assert!(SessionToken::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn ends_read_back() {
        for end in SessionEnd::ALL {
            assert_eq!(end.word().parse(), Ok(end));
        }
    }
}
