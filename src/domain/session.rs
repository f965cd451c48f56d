//! Sessions of verified customers.

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

/// A session's public id, in the same alphabet as request ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(RequestId);

impl SessionId {
    /// The id for 50 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(RequestId::from_bits(bits))
    }

    /// The id in text form.
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

/// A session's secret token: 256 random bits, new for each verification (ASVS 7.2.3), never printed
/// by `Debug` and never stored.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// Wraps random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// Parses the output of [`Self::reveal`].
    pub fn parse(typed: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(typed.trim(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    /// The stored form: SHA-256 in hexadecimal. A random token of this length needs no key or salt
    /// (ASVS 7.2.4).
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
    /// The clerk ended it.
    Logout,
    /// Ended by its id, perhaps from another terminal.
    Revoked,
    /// Its maximum duration was over.
    TimedOut,
    /// The idle timeout was reached.
    Idle,
}

words!(SessionEnd, "an end of a session");

/// A session as read from the store, without its token.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub customer: CustomerId,
    pub account_no: String,
    pub customer_name: String,
    /// The request that opened it.
    pub request: RequestId,
    /// The factor that was proven.
    pub factor: Factor,
    pub purpose: String,
    pub clerk: String,
    pub counter: String,
    pub created_at: Timestamp,
    /// The end of its maximum duration.
    pub expires_at: Timestamp,
    /// The end of the idle timeout.
    pub idle_at: Timestamp,
    /// When and how it ended, by the store's clock at the time of reading; `None` while it lasts.
    pub ended: Option<(Timestamp, SessionEnd)>,
}

impl Session {
    /// When it ends by itself.
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
