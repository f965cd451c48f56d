//! The words for how an act ended: the same in the interface, the exit code,
//! the JSON, the log panel and the store.

use crate::domain::word::words;

/// How a request, an attempt or another act of the desk ended.
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
