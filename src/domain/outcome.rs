//! The words for how an act ended: the same in the interface, the exit code,
//! the JSON, the log panel and the store.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How a request, an attempt or another act of the desk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The code was right; a session was opened.
    Verified,
    /// The code was not the one that was sent.
    Wrong,
    /// The code, or the whole request, was replaced by a later one.
    Superseded,
    /// The time to enter the code was over.
    Expired,
    /// Too many wrong codes, for this request or for this customer.
    Locked,
    /// The request was verified before; a code works once.
    Used,
    /// What was typed cannot be a code; no attempt was counted.
    Malformed,
    /// A limit or a cooldown holds the act back for a while.
    Limited,
    /// No customer, or more than one, answers to what was given.
    UnknownCustomer,
    /// The customer has no usable contact for the channel.
    NoContact,
    /// The provider refused the message for good.
    Undeliverable,
    /// The store or the provider could not be reached.
    Unavailable,
    /// The act is not allowed to this person or in this environment.
    Forbidden,
}

impl Outcome {
    /// Every outcome, in the order of the exit codes.
    pub const ALL: [Self; 13] = [
        Self::Verified,
        Self::Wrong,
        Self::Superseded,
        Self::Expired,
        Self::Locked,
        Self::Used,
        Self::Malformed,
        Self::Limited,
        Self::UnknownCustomer,
        Self::NoContact,
        Self::Undeliverable,
        Self::Unavailable,
        Self::Forbidden,
    ];

    /// The outcome's name in JSON, the store and filters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Wrong => "wrong",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Locked => "locked",
            Self::Used => "used",
            Self::Malformed => "malformed",
            Self::Limited => "limited",
            Self::UnknownCustomer => "unknown_customer",
            Self::NoContact => "no_contact",
            Self::Undeliverable => "undeliverable",
            Self::Unavailable => "unavailable",
            Self::Forbidden => "forbidden",
        }
    }

    /// The process's exit code for this outcome.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Wrong => 10,
            Self::Superseded => 11,
            Self::Expired => 12,
            Self::Locked => 13,
            Self::Used => 14,
            Self::Malformed => 15,
            Self::Limited => 20,
            Self::UnknownCustomer => 21,
            Self::NoContact => 22,
            Self::Undeliverable => 30,
            Self::Unavailable => 31,
            Self::Forbidden => 40,
        }
    }
}

/// A word that names no outcome.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an outcome")]
pub struct UnknownOutcome(String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.word() == word)
            .ok_or_else(|| UnknownOutcome(word.to_owned()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_every_exit_code_is_its_own() {
        let mut codes: Vec<u8> = Outcome::ALL.iter().map(|outcome| outcome.exit_code()).collect();
        for outcome in Outcome::ALL {
            assert_eq!(outcome.word().parse(), Ok(outcome));
        }
        codes.dedup();
        assert_eq!(codes.len(), Outcome::ALL.len());
        assert!("sent".parse::<Outcome>().is_err());
    }
}
