//! The channels by which a code can reach a customer.

use crate::domain::contact::ContactKind;
use crate::domain::word::words;

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
pub enum Channel {
    Email,
    /// An SMS.
    Sms,
    /// A WhatsApp message.
    Whatsapp,
}

words!(Channel, "a channel; use email, sms or whatsapp");

impl Channel {
    /// The channel's name on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Sms => "SMS",
            Self::Whatsapp => "WhatsApp",
        }
    }

    /// The kind of contact that the channel needs.
    pub const fn contact_kind(self) -> ContactKind {
        match self {
            Self::Email => ContactKind::Email,
            Self::Sms | Self::Whatsapp => ContactKind::Phone,
        }
    }

    /// The factor that a code over this channel proves.
    pub const fn factor(self) -> Factor {
        match self {
            Self::Email => Factor::ContactConfirmed,
            Self::Sms => Factor::Sms,
            Self::Whatsapp => Factor::Whatsapp,
        }
    }
}

/// The factor that was proven when a session was opened.
///
/// NIST SP 800-63B-4 never accepts email as an out-of-band authenticator (3.1.3.1) and calls the
/// telephone network restricted (3.2.9), so they are recorded separately. A messenger is neither:
/// its account is registered by a phone number and then read on several devices, so a code over it
/// does not prove possession of one device, as 3.1.3.1 requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Factor {
    /// Reads the email address on file; not an authenticator.
    ContactConfirmed,
    /// Holds the phone on file; a restricted authenticator.
    Sms,
    /// Reads the messenger of the phone number on file; not an authenticator.
    Whatsapp,
    /// The customer has the authenticator that was enrolled at a counter (3.1.4).
    Totp,
    /// The customer has a paper with a code that was never used before (3.1.2).
    BackupCode,
    /// A clerk saw a document of the customer's, whose name and picture matched.
    Document,
    /// A colleague of the clerk's approved it.
    SecondPerson,
}

words!(Factor, "a factor");

impl Factor {
    /// Whether the factor satisfies `assurance`.
    pub const fn satisfies(self, assurance: Assurance) -> bool {
        match assurance {
            Assurance::Any => true,
            Assurance::Nist => matches!(self, Self::Sms | Self::Totp | Self::BackupCode),
        }
    }
}

/// The assurance that the office requires.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Deserialize,
    serde::Serialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Assurance {
    /// Any channel.
    #[default]
    Any,
    /// Only what NIST SP 800-63B-4 accepts as an authenticator.
    Nist,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for channel in Channel::ALL {
            assert_eq!(channel.word().parse(), Ok(channel));
        }
        for factor in Factor::ALL {
            assert_eq!(factor.word().parse(), Ok(factor));
        }
    }

    #[test]
    fn security_15_email_never_satisfies_a_policy_that_asks_for_nist() {
        assert!(!Channel::Email.factor().satisfies(Assurance::Nist));
        assert!(!Channel::Whatsapp.factor().satisfies(Assurance::Nist));
        assert!(Channel::Sms.factor().satisfies(Assurance::Nist));
        assert!(Channel::Email.factor().satisfies(Assurance::Any));
    }
}
