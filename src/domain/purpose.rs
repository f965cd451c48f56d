//! A purpose is a policy: what a verification is for, and what it takes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::channel::{Assurance, Factor};
use crate::domain::level::{FactorSet, Level};

/// What a code to a contact that several customers share is worth.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SharedContact {
    /// As much as any other.
    #[default]
    Allow,
    /// It takes a second proof of another kind.
    Second,
    /// Nothing.
    Refuse,
}

/// What the staff's word is worth: a document that a clerk has seen, or a colleague's approval.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Attested {
    /// Nothing.
    #[default]
    Refuse,
    /// It is enough alone.
    Alone,
    /// A document, where a second clerk has seen it too.
    Second,
}

/// What a verification is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// Its name, in messages and on screens.
    pub name: String,
    /// What has to be proven.
    pub level: Level,
    /// How long a session for it lasts at most; none where it is as in the office.
    pub session: Option<Duration>,
    pub shared_contact: SharedContact,
    /// What a document that was seen is worth.
    pub document: Attested,
    /// What a colleague's approval is worth where nothing else is left.
    pub second_person: Attested,
    /// Whether a representative can be served for it.
    #[serde(default)]
    pub representative: bool,
    /// Whether the customer's other contact is told afterwards.
    #[serde(default)]
    pub tell: bool,
}

impl From<&str> for Purpose {
    fn from(name: &str) -> Self {
        Self::from(name.to_owned())
    }
}

impl From<String> for Purpose {
    /// One of a plain list: a code to a contact is enough, and nothing else but a code.
    fn from(name: String) -> Self {
        Self {
            name,
            level: Level::Contact,
            session: None,
            shared_contact: SharedContact::Allow,
            document: Attested::Refuse,
            second_person: Attested::Refuse,
            representative: false,
            tell: false,
        }
    }
}

/// The keys of a purpose in the configuration.
pub mod keys {
    pub const NAME: &str = "name";
    pub const LEVEL: &str = "level";
    pub const SESSION: &str = "session_minutes";
    pub const SHARED: &str = "shared_contact";
    pub const DOCUMENT: &str = "document";
    pub const SECOND_PERSON: &str = "second_person";
    pub const REPRESENTATIVE: &str = "representative";
    pub const TELL: &str = "tell";
    pub const ALL: [&str; 8] =
        [NAME, LEVEL, SESSION, SHARED, DOCUMENT, SECOND_PERSON, REPRESENTATIVE, TELL];
}

/// The value of a key of a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurposeEntry {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Purpose {
    /// Whether it is one of a plain list.
    pub fn is_plain(&self) -> bool {
        *self == Self::from(self.name.as_str())
    }

    /// Its keys in the configuration, without what goes without saying.
    pub fn entries(&self) -> Vec<(&'static str, PurposeEntry)> {
        let text = |word: &str| PurposeEntry::Text(word.to_owned());
        let mut entries =
            vec![(keys::NAME, text(&self.name)), (keys::LEVEL, text(self.level.word()))];
        if let Some(session) = self.session {
            let minutes = i64::try_from(session.as_secs() / 60).unwrap_or(i64::MAX);
            entries.push((keys::SESSION, PurposeEntry::Number(minutes)));
        }
        if self.shared_contact != SharedContact::Allow {
            entries.push((keys::SHARED, text(self.shared_contact.into())));
        }
        for (key, attested) in
            [(keys::DOCUMENT, self.document), (keys::SECOND_PERSON, self.second_person)]
        {
            if attested != Attested::Refuse {
                entries.push((key, text(attested.into())));
            }
        }
        for (key, flag) in [(keys::REPRESENTATIVE, self.representative), (keys::TELL, self.tell)] {
            if flag {
                entries.push((key, PurposeEntry::Flag(true)));
            }
        }
        entries
    }

    /// A table of the configuration, on one line.
    pub fn written(&self) -> String {
        let entry = |(key, entry): (&str, PurposeEntry)| match entry {
            // JSON writes a text as TOML does.
            PurposeEntry::Text(text) => format!("{key} = {}", serde_json::Value::from(text)),
            PurposeEntry::Number(number) => format!("{key} = {number}"),
            PurposeEntry::Flag(flag) => format!("{key} = {flag}"),
        };
        let entries: Vec<_> = self.entries().into_iter().map(entry).collect();
        format!("{{ {} }}", entries.join(", "))
    }
}

/// What is still to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Any code.
    Code,
    /// A strong proof.
    Strong,
    /// A proof of another kind.
    OtherKind,
    /// A strong proof of another kind.
    OtherStrong,
    /// A document.
    Document,
    /// A second clerk, who sees the document too.
    SecondPerson,
}

/// What was proven in a session, or nothing yet.
#[derive(Clone, Copy, Debug)]
pub struct Proven<'a> {
    pub factors: &'a FactorSet,
    /// Whether a contact that several customers share was among it.
    pub shared_contact: bool,
}

impl Purpose {
    /// The level that codes have to reach.
    fn needed(&self, proven: Proven<'_>) -> Level {
        match self.shared_contact {
            SharedContact::Second if proven.shared_contact => self.level.max(Level::Two),
            _ => self.level,
        }
    }

    /// The codes that count.
    fn counted(&self, proven: Proven<'_>) -> FactorSet {
        let is_worthless = self.shared_contact == SharedContact::Refuse && proven.shared_contact;
        proven.factors.only(|it| it.is_by_code() && !(is_worthless && it.is_by_contact()))
    }

    /// Whether what the staff attests is enough.
    fn is_attested(&self, factors: &FactorSet) -> bool {
        let is_seconded = factors.has(Factor::SecondPerson);
        let document = match self.document {
            Attested::Refuse => false,
            Attested::Alone => true,
            Attested::Second => is_seconded,
        };
        (document && factors.has(Factor::Document))
            || (self.second_person == Attested::Alone && is_seconded)
    }

    /// Whether a colleague's approval is worth anything for it.
    pub const fn takes_second_person(&self) -> bool {
        matches!(self.second_person, Attested::Alone) || matches!(self.document, Attested::Second)
    }

    /// What is still to be proven; none where nothing is.
    pub fn missing(&self, proven: Proven<'_>) -> Option<Missing> {
        if self.level == Level::None || self.is_attested(proven.factors) {
            return None;
        }
        let (needed, counted) = (self.needed(proven), self.counted(proven));
        match (needed, counted.level()) {
            (Level::Document, _) if !proven.factors.has(Factor::Document) => {
                Some(Missing::Document)
            }
            (Level::Document, _) => Some(Missing::SecondPerson),
            (needed, reached) if reached >= needed => None,
            (Level::Two, Level::Contact) => Some(Missing::OtherStrong),
            (Level::Two, Level::Nist) => Some(Missing::OtherKind),
            (Level::Nist, _) => Some(Missing::Strong),
            _ => Some(Missing::Code),
        }
    }

    /// Whether enough was proven.
    pub fn is_reached(&self, proven: Proven<'_>) -> bool {
        self.missing(proven).is_none()
    }

    /// Whether a session serves for it: something has to be proven, and enough was.
    pub fn is_served_by(&self, proven: Proven<'_>) -> bool {
        self.level != Level::None && self.is_reached(proven)
    }

    /// Whether this factor, by a contact that is shared or not, brings a session closer.
    pub fn is_helped_by(&self, factor: Factor, is_shared: bool, proven: Proven<'_>) -> bool {
        let with = proven.factors.with(factor);
        let shared_contact = proven.shared_contact || is_shared;
        let after = Proven { factors: &with, shared_contact };
        if self.is_reached(proven) {
            return false;
        }
        if self.is_reached(after) {
            return true;
        }
        match factor {
            Factor::Document => self.document == Attested::Second,
            Factor::SecondPerson => false,
            _ if is_shared && self.shared_contact == SharedContact::Refuse => false,
            _ if self.needed(after) != Level::Two => false,
            // The first of two, or the strong one beside others that are not.
            _ => {
                let counted = self.counted(proven);
                !counted.has_kind(factor.kind())
                    && (counted.is_empty() || factor.satisfies(Assurance::Nist))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn purpose(level: Level) -> Purpose {
        Purpose { level, ..Purpose::from("a change") }
    }

    fn any_purpose() -> impl Strategy<Value = Purpose> {
        let attested =
            || prop::sample::select(vec![Attested::Refuse, Attested::Alone, Attested::Second]);
        let shared = prop::sample::select(vec![
            SharedContact::Allow,
            SharedContact::Second,
            SharedContact::Refuse,
        ]);
        (prop::sample::select(Level::ALL.to_vec()), shared, attested(), attested()).prop_map(
            |(level, shared_contact, document, second_person)| Purpose {
                shared_contact,
                document,
                second_person,
                ..purpose(level)
            },
        )
    }

    fn any_factors() -> impl Strategy<Value = Vec<Factor>> {
        prop::sample::subsequence(Factor::ALL.to_vec(), 0..=Factor::ALL.len()).prop_shuffle()
    }

    /// The rules as the manual has them, said another way: by counting.
    fn reference(purpose: &Purpose, factors: &[Factor], shared: bool) -> bool {
        let seen = factors.contains(&Factor::Document);
        let seconded = factors.contains(&Factor::SecondPerson);
        let attested = match (purpose.document, purpose.second_person) {
            (_, Attested::Alone) if seconded => true,
            (Attested::Alone, _) => seen,
            (Attested::Second, _) => seen && seconded,
            (Attested::Refuse, _) => false,
        };
        let ignored = shared && purpose.shared_contact == SharedContact::Refuse;
        let email = factors.contains(&Factor::ContactConfirmed) && !ignored;
        let sms = factors.contains(&Factor::Sms) && !ignored;
        let chat = factors.contains(&Factor::Whatsapp) && !ignored;
        let totp = factors.contains(&Factor::Totp);
        let paper = factors.contains(&Factor::BackupCode);
        let kinds = [email, sms || chat, totp, paper].into_iter().filter(|it| *it).count();
        let is_strong = sms || totp || paper;
        let takes_two = shared && purpose.shared_contact == SharedContact::Second;
        attested
            || match purpose.level {
                Level::None => true,
                Level::Document => false,
                Level::Two => kinds >= 2 && is_strong,
                _ if takes_two => kinds >= 2 && is_strong,
                Level::Nist => is_strong,
                Level::Contact => kinds >= 1,
            }
    }

    proptest! {
        #[test]
        fn security_67_a_purpose_is_reached_as_the_reference_says(
            purpose in any_purpose(), factors in any_factors(), shared in any::<bool>(),
        ) {
            let set: FactorSet = factors.iter().copied().collect();
            let proven = Proven { factors: &set, shared_contact: shared };
            prop_assert_eq!(purpose.is_reached(proven), reference(&purpose, &factors, shared));
        }

        /// More proof never takes away what was reached.
        #[test]
        fn security_67_a_further_factor_never_lowers(
            purpose in any_purpose(), factors in any_factors(), further in any_factors(),
            shared in any::<bool>(),
        ) {
            let before: FactorSet = factors.iter().copied().collect();
            let after: FactorSet = factors.into_iter().chain(further).collect();
            prop_assert!(after.level() >= before.level());
            let proven = |factors| Proven { factors, shared_contact: shared };
            if purpose.is_reached(proven(&before)) {
                prop_assert!(purpose.is_reached(proven(&after)));
            }
        }

        /// Who is asked for what helps, one after the other, arrives wherever it can be reached.
        #[test]
        fn what_helps_leads_there(purpose in any_purpose(), factors in any_factors()) {
            let mut set = FactorSet::default();
            for _ in 0..Factor::ALL.len() {
                for factor in &factors {
                    let proven = Proven { factors: &set, shared_contact: false };
                    if purpose.is_helped_by(*factor, false, proven) {
                        set = set.with(*factor);
                    }
                }
            }
            let all: FactorSet = factors.iter().copied().collect();
            let reaches = |factors| {
                purpose.is_reached(Proven { factors, shared_contact: false })
            };
            // A messenger first takes the place of the SMS of the same telephone.
            let has_both = all.has(Factor::Sms) && all.has(Factor::Whatsapp);
            prop_assert!(has_both || reaches(&set) == reaches(&all), "{purpose:?} {set} of {all}");
        }
    }

    #[test]
    fn security_67_what_is_missing_is_said() {
        let missing = |level, factors: &[Factor]| {
            let factors = &factors.iter().copied().collect();
            purpose(level).missing(Proven { factors, shared_contact: false })
        };
        let (email, sms) = (Factor::ContactConfirmed, Factor::Sms);
        assert_eq!(missing(Level::None, &[]), None);
        assert_eq!(missing(Level::Contact, &[]), Some(Missing::Code));
        assert_eq!(missing(Level::Nist, &[email]), Some(Missing::Strong));
        assert_eq!(missing(Level::Two, &[]), Some(Missing::Code));
        assert_eq!(missing(Level::Two, &[email]), Some(Missing::OtherStrong));
        assert_eq!(missing(Level::Two, &[sms]), Some(Missing::OtherKind));
        assert_eq!(missing(Level::Two, &[sms, email]), None);
        assert_eq!(missing(Level::Document, &[sms, email]), Some(Missing::Document));
        assert_eq!(missing(Level::Document, &[Factor::Document]), Some(Missing::SecondPerson));
    }
}
