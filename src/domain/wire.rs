//! Serialises domain values where a call to the desk crosses a process boundary.
//!
//! A value with a text form is written as in JSON and in the store, and parsed by its `FromStr`
//! (enums: `domain::word`). Secrets are written in full, since the caller needs them, and zeroised
//! when dropped.

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::domain::code::TypedCode;
use crate::domain::contact::{EmailAddress, PhoneNumber};
use crate::domain::request::{Reference, RequestId};
use crate::domain::session::SessionToken;
use crate::domain::time::Timestamp;

/// Implements `Deserialize` by `FromStr`.
macro_rules! read_by_name {
    ($($value:ty),+ $(,)?) => {$(
        impl<'de> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

read_by_name!(RequestId);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_store(&String::deserialize(deserializer)?))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        Self::from_rfc3339(&written).ok_or_else(|| D::Error::custom("not a moment (RFC 3339)"))
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_e164(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for SessionToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.reveal())
    }
}

impl<'de> Deserialize<'de> for SessionToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&written).ok_or_else(|| D::Error::custom("not the token of a session"))
    }
}

impl Serialize for TypedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TypedCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::session::SessionId;

    fn reads_back<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(value: &T) {
        let written = serde_json::to_string(value).expect("written");
        let read: T = serde_json::from_str(&written).expect("read");
        assert_eq!(&read, value, "{written}");
    }

    #[test]
    fn every_name_reads_back() {
        reads_back(&RequestId::from_bits(7));
        reads_back(&SessionId::from_bits(7));
        reads_back(&Reference::from_bits(7));
        reads_back(&Timestamp::from_millis(1_764_000_000_123));
        reads_back(&EmailAddress::parse("dana@example.org").expect("an address"));
        reads_back(&PhoneNumber::from_e164("+14155550101").expect("a number"));
        reads_back(&TypedCode(Zeroizing::new("481902".into())));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        assert!(serde_json::from_str::<Channel>("\"pigeon\"").is_err());
        assert!(serde_json::from_str::<Timestamp>("\"soon\"").is_err());
        assert!(serde_json::from_str::<PhoneNumber>("\"call me\"").is_err());
        assert!(serde_json::from_str::<SessionToken>("\"07\"").is_err());
    }

    #[test]
    fn a_token_crosses_whole_and_is_never_printed() {
        let token = SessionToken::new([7; 32]);
        let written = serde_json::to_string(&token).expect("written");
        let read: SessionToken = serde_json::from_str(&written).expect("read");
        assert_eq!(read.digest(), token.digest());
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
    }
}
