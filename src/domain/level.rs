//! How surely it is known who stands at the counter, and what was proven for that.
//!
//! The levels are a ladder: who reaches one has reached those below it. So a session has one
//! level, and "never lower" has one meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::channel::{Assurance, Factor};
use crate::domain::contact::ContactKind;
use crate::domain::word::{UnknownWord, words};

/// How surely it is known who the customer is.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Level {
    /// Nothing was proven.
    #[default]
    None,
    /// One code.
    Contact,
    /// One factor that NIST SP 800-63B-4 accepts: never email, nor a messenger.
    Nist,
    /// Two factors of different kinds, one of which NIST accepts.
    Two,
    /// A document was seen, or whatever else the purpose takes in its place.
    Document,
}

words!(Level, "a level; use none, contact, nist, two or document");

impl Level {
    /// What it takes, in a clerk's words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "no proof",
            Self::Contact => "one code",
            Self::Nist => "one strong proof",
            Self::Two => "two proofs of different kinds",
            Self::Document => "a document",
        }
    }
}

/// The kinds of factors. Two proofs of one kind are one: whoever has the telephone reads its SMS
/// and its messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProofKind {
    Email,
    Phone,
    Authenticator,
    BackupCode,
    Document,
    SecondPerson,
}

impl Factor {
    /// Its kind.
    pub const fn kind(self) -> ProofKind {
        match self {
            Self::ContactConfirmed => ProofKind::Email,
            Self::Sms | Self::Whatsapp => ProofKind::Phone,
            Self::Totp => ProofKind::Authenticator,
            Self::BackupCode => ProofKind::BackupCode,
            Self::Document => ProofKind::Document,
            Self::SecondPerson => ProofKind::SecondPerson,
        }
    }

    /// Whether the customer proved it by a code. What the staff attests counts only where the
    /// purpose says so.
    pub const fn is_by_code(self) -> bool {
        !matches!(self, Self::Document | Self::SecondPerson)
    }

    /// Whether it is proven by a code to a contact.
    pub const fn is_by_contact(self) -> bool {
        matches!(self.kind(), ProofKind::Email | ProofKind::Phone)
    }
}

/// What was proven, in that order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactorSet(Vec<Factor>);

impl FactorSet {
    /// Whether a code to a contact of this kind is among them.
    pub fn has_contact(&self, kind: ContactKind) -> bool {
        self.has_kind(kind.channel().factor().kind())
    }

    /// With one more.
    #[must_use]
    pub fn with(&self, factor: Factor) -> Self {
        let mut factors = self.clone();
        if !factors.has(factor) {
            factors.0.push(factor);
        }
        factors
    }

    /// Those that pass.
    #[must_use]
    pub fn only(&self, passes: impl Fn(Factor) -> bool) -> Self {
        Self(self.iter().filter(|it| passes(*it)).collect())
    }

    pub fn has(&self, factor: Factor) -> bool {
        self.0.contains(&factor)
    }

    /// Whether one of this kind is among them.
    pub fn has_kind(&self, kind: ProofKind) -> bool {
        self.iter().any(|it| it.kind() == kind)
    }

    /// Whether one of them is strong.
    pub fn is_strong(&self) -> bool {
        self.iter().any(|it| it.satisfies(Assurance::Nist))
    }

    pub fn iter(&self) -> impl Iterator<Item = Factor> {
        self.0.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The level that codes alone reach.
    pub fn level(&self) -> Level {
        let codes = self.only(Factor::is_by_code);
        let Some(first) = codes.iter().next() else { return Level::None };
        let are_two = codes.iter().any(|it| it.kind() != first.kind());
        match (codes.is_strong(), are_two) {
            (true, true) => Level::Two,
            (true, false) => Level::Nist,
            (false, _) => Level::Contact,
        }
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(words: &str) -> Result<Self, UnknownWord> {
        let mut factors = words.split_whitespace().map(str::parse::<Factor>);
        factors.try_fold(Self::default(), |set, it| Ok(set.with(it?)))
    }
}

impl FromIterator<Factor> for FactorSet {
    fn from_iter<I: IntoIterator<Item = Factor>>(factors: I) -> Self {
        factors.into_iter().fold(Self::default(), |set, it| set.with(it))
    }
}

impl fmt::Display for FactorSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Factor::word).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_one_kind_are_one() {
        let level = |factors: &[Factor]| factors.iter().copied().collect::<FactorSet>().level();
        assert_eq!(level(&[]), Level::None);
        assert_eq!(level(&[Factor::ContactConfirmed]), Level::Contact);
        assert_eq!(level(&[Factor::Sms, Factor::Whatsapp, Factor::Sms]), Level::Nist);
        assert_eq!(level(&[Factor::ContactConfirmed, Factor::Whatsapp]), Level::Contact);
        assert_eq!(level(&[Factor::ContactConfirmed, Factor::Sms]), Level::Two);
        assert_eq!(level(&[Factor::Document, Factor::SecondPerson]), Level::None);
        assert_eq!(level(&[Factor::Document, Factor::Totp]), Level::Nist);
    }

    #[test]
    fn sets_read_back() {
        let set: FactorSet = Factor::ALL.into_iter().collect();
        assert_eq!(FactorSet::parse(&set.to_string()), Ok(set));
        assert_eq!(FactorSet::parse(""), Ok(FactorSet::default()));
        assert!(FactorSet::parse("sms fax").is_err());
    }
}
