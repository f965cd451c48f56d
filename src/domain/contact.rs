//! Email addresses and phone numbers that messages can be sent to.
//!
//! A contact is taken from the customer's record, never from input at the counter; it becomes an
//! [`EmailAddress`] or a [`PhoneNumber`] only after a specialised library has parsed it.

use std::fmt;

pub use crate::domain::email::EmailAddress;
pub use crate::domain::phone::{PhoneError, PhoneNumber};

use crate::domain::channel::Channel;
use crate::domain::phone::NumberType;
use crate::domain::word::words;

/// Why a contact cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// It cannot be parsed as an email address.
    #[error("the email address is not valid")]
    EmailSyntax,
    /// Its domain cannot receive mail.
    #[error("the email address has a domain that does not exist in this form")]
    EmailDomain,
    /// RFC 5321, 4.5.3.1: 64 octets before the `@`, 254 in all.
    #[error("the email address is too long")]
    EmailTooLong,
    /// It cannot be parsed as a phone number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// The office does not send to numbers of this type.
    #[error("the phone number is a {0} number, and this office sends to none (sms.number_types)")]
    NumberTypeNotAllowed(NumberType),
    /// The office does not send to this country.
    #[error("this office sends to no phone numbers of {0}")]
    CountryNotAllowed(String),
}

/// The kind of a contact, independent of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ContactKind {
    Email,
    Phone,
}

words!(ContactKind, "a kind of contact; use email or phone");

impl ContactKind {
    /// The name on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "email address",
            Self::Phone => "phone number",
        }
    }

    /// The channel for notices to such a contact.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Email => Channel::Email,
            Self::Phone => Channel::Sms,
        }
    }

    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Email => Self::Phone,
            Self::Phone => Self::Email,
        }
    }
}

/// The recipient of a message.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Contact {
    Email(EmailAddress),
    Phone(PhoneNumber),
}

impl Contact {
    /// Parses an address, or a number in E.164 as stored; a number is not checked against its
    /// numbering plan again.
    pub fn parse(channel: Channel, raw: &str) -> Result<Self, ContactError> {
        match channel {
            Channel::Email => EmailAddress::parse(raw).map(Self::Email),
            Channel::Sms | Channel::Whatsapp => Ok(Self::Phone(PhoneNumber::from_e164(raw)?)),
        }
    }

    pub const fn kind(&self) -> ContactKind {
        match self {
            Self::Email(_) => ContactKind::Email,
            Self::Phone(_) => ContactKind::Phone,
        }
    }

    /// Whether both reach the same mailbox or phone. Addresses are compared ignoring ASCII case
    /// only, and numbers in E.164.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Email(one), Self::Email(other)) => {
                one.on_envelope().eq_ignore_ascii_case(other.on_envelope())
            }
            _ => self.kind() == other.kind() && self.as_str() == other.as_str(),
        }
    }

    /// The address or number as the provider needs it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Phone(number) => number.as_str(),
        }
    }

    /// The number prefix for the rate limits: all but the last three digits, a block of a thousand
    /// numbers. Operators in every country get their numbers in blocks of at least that size. An
    /// email address has none.
    pub fn prefix(&self) -> Option<&str> {
        match self {
            Self::Email(_) => None,
            Self::Phone(number) => {
                let number = number.as_str();
                Some(number.get(..number.len().saturating_sub(3)).unwrap_or(number))
            }
        }
    }

    /// The masked contact for screens, logs and events.
    pub fn masked(&self) -> String {
        match self {
            Self::Email(address) => mask(Channel::Email, address.as_str()),
            Self::Phone(number) => mask(Channel::Sms, number.as_str()),
        }
    }
}

/// Prints the masked contact, so that a contact is never logged by accident.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Masks the middle of a contact: `d***@example.org`, `+4*******12`. Works on any recorded text,
/// valid or not, and leaves masked text as it is.
pub fn mask(channel: Channel, raw: &str) -> String {
    match channel {
        Channel::Email => {
            let (local, domain) = raw.rsplit_once('@').unwrap_or((raw, ""));
            let first: String = local.chars().take(1).filter(|it| *it != '*').collect();
            format!("{first}***@{domain}")
        }
        Channel::Sms | Channel::Whatsapp => {
            let chars: Vec<char> = raw.chars().collect();
            if chars.len() < 6 {
                return "***".to_owned();
            }
            let head: String = chars.iter().take(2).collect();
            let tail: String = chars.iter().skip(chars.len() - 2).collect();
            format!("{head}{}{tail}", "*".repeat((chars.len() - 4).max(3)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_writing_is_the_same_contact() {
        let email = |raw| Contact::parse(Channel::Email, raw).expect("an address");
        let phone = |raw| Contact::Phone(PhoneNumber::parse(raw, "DE").expect("a number"));
        assert!(email("Dana@Example.org").is_same(&email("dana@example.org")));
        assert!(!email("josé@example.org").is_same(&email("jose@example.org")));
        assert!(phone("0151 12345678").is_same(&phone("+49 (151) 1234-5678")));
        assert!(!phone("0151 12345678").is_same(&phone("0151 12345679")));
        for kind in ContactKind::ALL {
            assert_eq!((kind.word().parse(), kind.other().other()), (Ok(kind), kind));
        }
    }

    #[test]
    fn neighbouring_numbers_have_one_prefix() {
        let prefix = |raw| Contact::Phone(PhoneNumber::parse(raw, "DE").expect("a number"));
        assert_eq!(prefix("0151 12345678").prefix(), Some("+4915112345"));
        assert_eq!(prefix("0151 12345999").prefix(), Some("+4915112345"));
        assert_eq!(prefix("0151 12346000").prefix(), Some("+4915112346"));
        let email = Contact::parse(Channel::Email, "dana@example.org").expect("an address");
        assert_eq!(email.prefix(), None);
    }

    #[test]
    fn masks_hide_the_middle_of_anything() {
        assert_eq!(mask(Channel::Sms, "+4915112345612"), "+4**********12");
        assert_eq!(mask(Channel::Email, "dana@example.org"), "d***@example.org");
        assert_eq!(mask(Channel::Sms, "12"), "***");
        assert_eq!(mask(Channel::Email, ""), "***@");
        for raw in ["", "1", "12345", "123456", "1234567", "dana", "dana@example.org", "a@b@c"] {
            for channel in Channel::ALL {
                let masked = mask(channel, raw);
                assert_eq!(mask(channel, &masked), masked, "{raw}");
            }
        }
    }
}
