//! A request for verification: its ids, its status and its data.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::domain::channel::Channel;
use crate::domain::customer::CustomerId;
use crate::domain::delivery::Delivery;
use crate::domain::event::Actor;
use crate::domain::outcome::Outcome;
use crate::domain::representative::StandsHere;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// Digits and letters that are not confused when read aloud or written down (Crockford's base 32).
const PLAIN: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A request's public id: ten random characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// The id for 50 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(plain(bits, 10))
    }

    /// The id in text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The reference: a short word such as `K7Q` in the message and on the screen. It tells messages
/// apart; it is not secret and proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference(String);

impl Reference {
    /// The reference for 15 random bits: a letter, a digit and a letter, so that it never spells a
    /// word and never looks like part of a code.
    pub fn from_bits(bits: u64) -> Self {
        let letter = |bits: u64| char::from(PLAIN[10 + usize::try_from(bits % 22).unwrap_or(0)]);
        let digit = char::from(PLAIN[2 + usize::try_from((bits >> 5) % 8).unwrap_or(0)]);
        Self(format!("{}{digit}{}", letter(bits), letter(bits >> 10)))
    }

    /// Parses a typed reference; `None` if it cannot be one.
    pub fn typed(text: &str) -> Option<Self> {
        let word = text.trim().to_ascii_uppercase();
        let [first, middle, last] = *word.as_bytes() else { return None };
        let is_letter = |byte: u8| byte.is_ascii_uppercase() && PLAIN.contains(&byte);
        (is_letter(first) && middle.is_ascii_digit() && is_letter(last)).then_some(Self(word))
    }

    /// Takes a reference from the store.
    pub fn from_store(word: &str) -> Self {
        Self(text::clean(word))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Encodes random bits as `length` characters of five bits each.
pub(in crate::domain) fn plain(bits: u64, length: usize) -> String {
    (0..length)
        .rev()
        .map(|place| char::from(PLAIN[usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0)]))
        .collect()
}

/// A text that is not a request id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a request; requests look like 7K3M9QX2TB")]
pub struct NotARequest(String);

impl FromStr for RequestId {
    type Err = NotARequest;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let name = typed.trim().to_ascii_uppercase();
        let known = name.len() == 10 && name.bytes().all(|byte| PLAIN.contains(&byte));
        if known { Ok(Self(name)) } else { Err(NotARequest(text::clean(typed))) }
    }
}

/// Whether a byte is in the alphabet.
pub(in crate::domain) fn is_plain(byte: u8) -> bool {
    PLAIN.contains(&byte)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The status of a request. An attempt never stores `Expired`: the store's clock alone expires an
/// open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Status {
    /// A code can be entered.
    Open,
    /// The right code was entered.
    Verified,
    /// Replaced by a later request of the customer for the same purpose.
    Superseded,
    /// The validity is over.
    Expired,
    /// Too many wrong codes.
    Locked,
    /// Cancelled by a clerk.
    Cancelled,
}

words!(Status, "a request's status");

impl Status {
    /// The outcome of an attempt in this status, which is not counted; `None` if it is open.
    pub const fn refusal(self) -> Option<Outcome> {
        match self {
            Self::Open => None,
            Self::Verified => Some(Outcome::Used),
            Self::Superseded | Self::Cancelled => Some(Outcome::Superseded),
            Self::Expired => Some(Outcome::Expired),
            Self::Locked => Some(Outcome::Locked),
        }
    }
}

/// A request as read from the store, without its code.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    pub id: RequestId,
    pub customer: CustomerId,
    pub purpose: String,
    /// The channel of the current code.
    pub channel: Channel,
    /// The masked contact of the current code.
    pub contact: String,
    /// The reference of the current message.
    pub reference: Reference,
    /// The generation of the current code, from 1.
    pub generation: u32,
    /// The status by the store's clock at the time of reading.
    pub status: Status,
    pub created_at: Timestamp,
    /// When the current code was sent.
    pub sent_at: Timestamp,
    /// When the current code expires.
    pub expires_at: Timestamp,
    /// The end of the contact's cooldown.
    pub resend_at: Timestamp,
    /// Attempts so far, over all generations.
    pub attempts: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// The delivery of the current message.
    pub delivery: Delivery,
    /// The clerk and counter that asked for it first.
    pub asked_by: Actor,
    /// Who gets the code in the place of the holder.
    #[serde(default)]
    pub representative: Option<StandsHere>,
}

impl Request {
    /// Attempts left.
    pub const fn attempts_left(&self) -> u32 {
        self.max_attempts.saturating_sub(self.attempts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_typed_and_nothing_else_is_one() {
        assert_eq!(Reference::typed(" k7q").map(|it| it.0).as_deref(), Some("K7Q"));
        for text in ["", "K7", "KQ7", "7KQ", "K7QA", "ana", "I7Q", "K\u{b2}Q"] {
            assert_eq!(Reference::typed(text), None, "{text}");
        }
    }

    #[test]
    fn ids_read_back_in_any_case() {
        let id = RequestId::from_bits(0x3_ffff_ffff_ffff);
        assert_eq!(id.as_str(), "ZZZZZZZZZZ");
        assert_eq!("zzzzzzzzzz ".parse(), Ok(id));
        assert!("ZZZ".parse::<RequestId>().is_err());
        assert!("IIIIIIIIII".parse::<RequestId>().is_err());
    }

    proptest! {
        #[test]
        fn a_drawn_reference_reads_back(bits in any::<u64>()) {
            let reference = Reference::from_bits(bits);
            prop_assert_eq!(Reference::typed(reference.as_str()), Some(reference));
        }

        #[test]
        fn every_id_drawn_reads_back(bits in 0_u64..(1 << 50)) {
            let id = RequestId::from_bits(bits);
            prop_assert_eq!(id.as_str().parse(), Ok(id.clone()));
        }

        #[test]
        fn references_are_letter_digit_letter(bits in any::<u64>()) {
            let word = Reference::from_bits(bits);
            let shape: Vec<bool> = word.as_str().chars().map(|it| it.is_ascii_digit()).collect();
            prop_assert_eq!(shape, vec![false, true, false]);
        }
    }
}
