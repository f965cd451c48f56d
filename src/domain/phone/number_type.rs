//! Types of phone numbers by their country's numbering plan.

use std::fmt;

use rlibphonenumber::PhoneNumberType;

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum NumberType {
    Mobile,
    /// Fixed line or mobile: the plan does not distinguish them.
    FixedOrMobile,
    FixedLine,
    /// Voice over IP.
    Voip,
    /// Free for the caller.
    TollFree,
    PremiumRate,
    /// The cost is shared by both sides.
    SharedCost,
    /// A personal number that is routed to any phone.
    Personal,
    Pager,
    /// A universal access number of a company.
    Uan,
    Voicemail,
    /// A possible number that the plan does not assign.
    Unknown,
}

impl NumberType {
    /// The types that get messages by default. Landlines are not among them: nobody can read one.
    pub const DEFAULT: [Self; 5] =
        [Self::Mobile, Self::FixedOrMobile, Self::Voip, Self::TollFree, Self::Unknown];

    pub(super) const fn of(library: PhoneNumberType) -> Self {
        match library {
            PhoneNumberType::Mobile => Self::Mobile,
            PhoneNumberType::FixedLineOrMobile => Self::FixedOrMobile,
            PhoneNumberType::FixedLine => Self::FixedLine,
            PhoneNumberType::VoIP => Self::Voip,
            PhoneNumberType::TollFree => Self::TollFree,
            PhoneNumberType::PremiumRate => Self::PremiumRate,
            PhoneNumberType::SharedCost => Self::SharedCost,
            PhoneNumberType::PersonalNumber => Self::Personal,
            PhoneNumberType::Pager => Self::Pager,
            PhoneNumberType::UAN => Self::Uan,
            PhoneNumberType::VoiceMail => Self::Voicemail,
            PhoneNumberType::Unknown => Self::Unknown,
        }
    }
}

/// The name on screens.
impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mobile => "mobile",
            Self::FixedOrMobile => "fixed-line or mobile",
            Self::FixedLine => "landline",
            Self::Voip => "internet phone",
            Self::TollFree => "toll-free",
            Self::PremiumRate => "premium-rate",
            Self::SharedCost => "shared-cost",
            Self::Personal => "personal",
            Self::Pager => "pager",
            Self::Uan => "universal access",
            Self::Voicemail => "voicemail",
            Self::Unknown => "unassigned",
        })
    }
}
