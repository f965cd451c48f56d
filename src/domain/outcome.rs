//! The outcomes of acts: the same words in the interface, exit codes, JSON, the log and the store.

use crate::domain::word::words;

/// How a request, an attempt or another act ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Outcome {
    /// The code was right; a session was opened.
    Verified,
    /// The code was wrong.
    Wrong,
    /// The code or its request was replaced by a later one.
    Superseded,
    /// The code's validity was over.
    Expired,
    /// Too many wrong codes, for the request or for the customer (lockout).
    Locked,
    /// The code was used already; it works once.
    Used,
    /// The input cannot be a code; no attempt was counted.
    Malformed,
    /// A rate limit or a cooldown applies.
    Limited,
    /// No customer, or more than one, matches.
    UnknownCustomer,
    /// The customer has no usable contact for the channel.
    NoContact,
    /// The provider refused the message permanently.
    Undeliverable,
    /// The store or the provider is unavailable.
    Unavailable,
    /// The caller's role or the environment does not allow it.
    Forbidden,
}

words!(Outcome, "an outcome");

impl Outcome {
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
