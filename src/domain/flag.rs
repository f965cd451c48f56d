//! Flags of customers: what the staff has to know of somebody before anybody is verified for their
//! account. A flag raises what has to be proven, or refuses it.
//!
//! The flag `hold` stops verifications. It has nothing to do with a legal hold, which stops the
//! erasure of what is kept of a customer.

use serde::{Deserialize, Serialize};

use crate::domain::channel::Factor;
use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::level::Level;
use crate::domain::purpose::Purpose;
use crate::domain::representative::StandsHere;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// What is known of a customer.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Flag {
    /// Nobody is verified for the account.
    Hold,
    /// The holder is dead: nothing that was theirs proves anything.
    Deceased,
    /// Somebody may be after the account: each purpose takes a rung more.
    AtRisk,
    /// Nothing of the account is for a representative.
    DoNotDisclose,
}

words!(Flag, "a flag; use hold, deceased, at_risk or do_not_disclose");

impl Flag {
    /// Its name in a clerk's words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hold => "on hold",
            Self::Deceased => "deceased",
            Self::AtRisk => "at risk",
            Self::DoNotDisclose => "do not disclose",
        }
    }

    /// What it does, in a clerk's words.
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Hold => "Nobody is verified for this account until an admin lifts it.",
            Self::Deceased => {
                "No code goes to the contacts of the holder, and nothing of the holder's proves \
                 anything."
            }
            Self::AtRisk => "Each purpose takes a stronger proof than usual.",
            Self::DoNotDisclose => "Nothing of the account is for anybody but the holder.",
        }
    }

    /// Whether what somebody proved before it was set counts no more: their sessions end.
    pub const fn ends_sessions_of(self, who: Standing) -> bool {
        match self {
            Self::Hold | Self::AtRisk => true,
            Self::Deceased => matches!(who, Standing::Holder),
            Self::DoNotDisclose => matches!(who, Standing::Representative),
        }
    }

    /// Whether a code that is under way to somebody counts no more.
    pub const fn ends_codes_of(self, who: Standing) -> bool {
        !matches!(self, Self::AtRisk) && self.ends_sessions_of(who)
    }
}

/// Who stands at the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Holder,
    Representative,
}

impl Standing {
    /// Somebody who is represented by this one, or stands here in person.
    pub const fn of(representative: Option<&StandsHere>) -> Self {
        if representative.is_some() { Self::Representative } else { Self::Holder }
    }
}

/// A flag that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFlag {
    pub flag: Flag,
    /// Why, in the words of whoever set it.
    pub reason: String,
    /// Who set it, and where.
    pub set_by: Actor,
    pub set_at: Timestamp,
    /// When it ends by itself; none where it has to be lifted.
    pub until: Option<Timestamp>,
}

/// Why something is refused for a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagRefusal {
    pub customer: CustomerId,
    pub flag: CustomerFlag,
    /// The customer's account number, where it is known by the time that the refusal is told.
    pub account_no: Option<String>,
}

/// The flags of a customer that hold now, the gravest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(Vec<CustomerFlag>);

impl FromIterator<CustomerFlag> for Flags {
    fn from_iter<I: IntoIterator<Item = CustomerFlag>>(flags: I) -> Self {
        let mut flags: Vec<CustomerFlag> = flags.into_iter().collect();
        flags.sort_by_key(|it| it.flag);
        flags.dedup_by_key(|it| it.flag);
        Self(flags)
    }
}

impl Flags {
    pub fn iter(&self) -> impl Iterator<Item = &CustomerFlag> {
        self.0.iter()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of them, where it is set.
    pub fn get(&self, flag: Flag) -> Option<&CustomerFlag> {
        self.iter().find(|it| it.flag == flag)
    }

    /// Their names, such as "on hold, at risk".
    pub fn labels(&self) -> String {
        let labels: Vec<_> = self.iter().map(|it| it.flag.label()).collect();
        labels.join(", ")
    }

    /// The flag that stops every verification.
    pub fn stop(&self) -> Option<&CustomerFlag> {
        self.get(Flag::Hold)
    }

    /// The flag for which a factor of somebody proves nothing; none where it counts. Where the
    /// holder is dead, a second person can say who may be served, or a representative stands here.
    pub fn refusal_of(&self, who: Standing, factor: Factor) -> Option<&CustomerFlag> {
        let of_person = match who {
            Standing::Holder if factor == Factor::SecondPerson => None,
            Standing::Holder => self.get(Flag::Deceased),
            Standing::Representative => self.get(Flag::DoNotDisclose),
        };
        self.stop().or(of_person)
    }

    /// What a purpose takes of this customer.
    #[must_use]
    pub fn raise(&self, purpose: &Purpose) -> Purpose {
        let is_at_risk = self.get(Flag::AtRisk).is_some();
        let level = if is_at_risk { purpose.level.raised() } else { purpose.level };
        Purpose { level, ..purpose.clone() }
    }
}

impl Level {
    /// The rung above on the ladder of codes. Where nothing has to be proven nothing can be raised,
    /// and two proofs are all that codes can be.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Contact => Self::Nist,
            Self::Nist | Self::Two => Self::Two,
            Self::Document => Self::Document,
        }
    }
}

/// What somebody saw who files an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum IncidentKind {
    /// Somebody pretends to be the customer.
    Impersonation,
    /// Somebody tells the customer what to say, beside them or by telephone.
    Coached,
    /// A document looks forged or altered.
    ForgedDocument,
    /// Somebody wants to know what is no business of theirs.
    Fishing,
    /// A contact was changed that the customer knows nothing of.
    UnknownChange,
    /// Somebody of the staff was threatened.
    Threat,
    /// Anything else.
    Other,
}

words!(IncidentKind, "a kind of incident");

impl IncidentKind {
    /// In a clerk's words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Impersonation => "Somebody pretends to be the customer",
            Self::Coached => "The customer is told what to say",
            Self::ForgedDocument => "A document looks forged or altered",
            Self::Fishing => "Somebody asks for what is not theirs",
            Self::UnknownChange => "A change that the customer does not know",
            Self::Threat => "Somebody of the staff was threatened",
            Self::Other => "Something else",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::level::FactorSet;
    use crate::domain::purpose::{Attested, Proven, SharedContact};

    fn set(flag: Flag) -> CustomerFlag {
        CustomerFlag {
            flag,
            reason: "a letter of the bank".into(),
            set_by: Actor { clerk: "amira".into(), counter: "3".into() },
            set_at: Timestamp::from_millis(1_000),
            until: None,
        }
    }

    fn any_flags() -> impl Strategy<Value = Vec<Flag>> {
        prop::sample::subsequence(Flag::ALL.to_vec(), 0..=Flag::ALL.len()).prop_shuffle()
    }

    fn any_factors() -> impl Strategy<Value = Vec<Factor>> {
        prop::sample::subsequence(Factor::ALL.to_vec(), 0..=Factor::ALL.len()).prop_shuffle()
    }

    fn any_purpose() -> impl Strategy<Value = Purpose> {
        let attested =
            || prop::sample::select(vec![Attested::Refuse, Attested::Alone, Attested::Second]);
        (prop::sample::select(Level::ALL.to_vec()), attested(), attested()).prop_map(
            |(level, document, second_person)| Purpose {
                level,
                document,
                second_person,
                shared_contact: SharedContact::Allow,
                ..Purpose::from("a change")
            },
        )
    }

    /// What a desk does with the factors that somebody brings, one after the other.
    fn served(purpose: &Purpose, flags: &[Flag], who: Standing, factors: &[Factor]) -> bool {
        let flags: Flags = flags.iter().map(|it| set(*it)).collect();
        let counted = factors.iter().filter(|it| flags.refusal_of(who, **it).is_none());
        let proven: FactorSet = counted.copied().collect();
        let proven = Proven { factors: &proven, shared_contact: false };
        flags.raise(purpose).is_served_by(proven)
    }

    /// The rules as the manual has them, said another way: by counting.
    fn reference(purpose: &Purpose, flags: &[Flag], who: Standing, factors: &[Factor]) -> bool {
        let is = |flag| flags.contains(&flag);
        let has = |factor| factors.contains(&factor);
        let is_holder = who == Standing::Holder;
        let is_kept_from = is(Flag::DoNotDisclose) && !is_holder;
        if is(Flag::Hold) || is_kept_from || purpose.level == Level::None {
            return false;
        }
        let seconded = has(Factor::SecondPerson);
        if purpose.second_person == Attested::Alone && seconded {
            return true;
        }
        if is(Flag::Deceased) && is_holder {
            return false;
        }
        let document = has(Factor::Document);
        match purpose.document {
            Attested::Alone if document => return true,
            Attested::Second if document && seconded => return true,
            _ => {}
        }
        let phone = has(Factor::Sms) || has(Factor::Whatsapp);
        let strong = has(Factor::Sms) || has(Factor::Totp) || has(Factor::BackupCode);
        let kinds =
            [has(Factor::ContactConfirmed), phone, has(Factor::Totp), has(Factor::BackupCode)];
        let kinds = kinds.into_iter().filter(|it| *it).count();
        let rungs = [kinds >= 1, strong, strong && kinds >= 2];
        let rung = match purpose.level {
            Level::Contact => 0,
            Level::Nist => 1,
            Level::Two => 2,
            _ => return false,
        };
        rungs[(rung + usize::from(is(Flag::AtRisk))).min(2)]
    }

    proptest! {
        #[test]
        fn security_67_flags_raise_or_refuse_as_the_reference_says(
            purpose in any_purpose(), flags in any_flags(), factors in any_factors(),
            who in prop::sample::select(vec![Standing::Holder, Standing::Representative]),
        ) {
            let expected = reference(&purpose, &flags, who, &factors);
            prop_assert_eq!(served(&purpose, &flags, who, &factors), expected);
        }

        /// A flag opens nothing, whatever is proven.
        #[test]
        fn security_67_a_further_flag_never_opens(
            purpose in any_purpose(), flags in any_flags(), further in any_flags(),
            factors in any_factors(),
            who in prop::sample::select(vec![Standing::Holder, Standing::Representative]),
        ) {
            let more: Vec<Flag> = flags.iter().chain(&further).copied().collect();
            if served(&purpose, &more, who, &factors) {
                prop_assert!(served(&purpose, &flags, who, &factors));
            }
        }
    }

    #[test]
    fn words_read_back_and_the_gravest_is_first() {
        for flag in Flag::ALL {
            assert_eq!(flag.word().parse(), Ok(flag));
        }
        for kind in IncidentKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
        let flags: Flags = [Flag::AtRisk, Flag::Hold, Flag::AtRisk].map(set).into_iter().collect();
        assert_eq!(flags.labels(), "on hold, at risk");
    }
}
