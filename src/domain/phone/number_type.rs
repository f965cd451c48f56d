//! What a phone number is for, by its country's numbering plan.

use std::fmt;

use rlibphonenumber::PhoneNumberType;

/// What a phone number is for.
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
    /// A mobile phone.
    Mobile,
    /// A fixed line or a mobile phone: the plan does not tell them apart.
    FixedOrMobile,
    /// A fixed line.
    FixedLine,
    /// A phone on the internet.
    Voip,
    /// A number whose calls cost the caller nothing.
    TollFree,
    /// A number whose calls cost a premium.
    PremiumRate,
    /// A number whose calls are paid by both sides.
    SharedCost,
    /// A number that follows a person to whatever phone they use.
    Personal,
    /// A pager.
    Pager,
    /// A company's universal access number.
    Uan,
    /// A mailbox for spoken messages.
    Voicemail,
    /// A number of a possible form that the plan does not assign.
    Unknown,
}

impl NumberType {
    /// The types that get messages where the configuration names none.
    pub const DEFAULT: [Self; 6] = [
        Self::Mobile,
        Self::FixedOrMobile,
        Self::FixedLine,
        Self::Voip,
        Self::TollFree,
        Self::Unknown,
    ];

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

/// As a clerk calls it.
impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mobile => "mobile",
            Self::FixedOrMobile => "fixed-line or mobile",
            Self::FixedLine => "fixed-line",
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
