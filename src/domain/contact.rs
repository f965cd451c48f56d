//! Email addresses and phone numbers a message can be sent to.
//!
//! A contact is what the customer's record says, never what someone typed at
//! the counter; it becomes an [`EmailAddress`] or a [`PhoneNumber`] only after
//! a library made for the field has read it.

use std::fmt;

pub use crate::domain::email::EmailAddress;
pub use crate::domain::phone::{PhoneError, PhoneNumber};

use crate::domain::channel::Channel;
use crate::domain::phone::NumberType;
use crate::domain::word::words;

/// Why a contact cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// It does not read as an email address.
    #[error("the email address is not valid")]
    EmailSyntax,
    /// Its domain is none that mail can go to.
    #[error("the email address has a domain that does not exist in this form")]
    EmailDomain,
    /// RFC 5321, 4.5.3.1: 64 octets before the `@`, 254 in all.
    #[error("the email address is too long")]
    EmailTooLong,
    /// It does not read as a phone number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// The office sends nothing to numbers of this type.
    #[error("the phone number is a {0} number, and this office sends to none (sms.number_types)")]
    NumberTypeNotAllowed(NumberType),
    /// The number's country is not on the office's list.
    #[error("this office sends to no phone numbers of {0}")]
    CountryNotAllowed(String),
}

/// What a contact is, whatever channel a message to it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ContactKind {
    /// An email address.
    Email,
    /// A phone number.
    Phone,
}

words!(ContactKind, "a kind of contact; use email or phone");

impl ContactKind {
    /// What a clerk calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "email address",
            Self::Phone => "phone number",
        }
    }

    /// The channel by which something is told to such a contact.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Email => Channel::Email,
            Self::Phone => Channel::Sms,
        }
    }

    /// The other kind.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Email => Self::Phone,
            Self::Phone => Self::Email,
        }
    }
}

/// Where a message goes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Contact {
    /// An email address.
    Email(EmailAddress),
    /// A phone number.
    Phone(PhoneNumber),
}

impl Contact {
    /// Reads an address or a number in E.164, as a channel takes it and the store
    /// keeps it; a number is not looked up in its country's plan again.
    pub fn parse(channel: Channel, raw: &str) -> Result<Self, ContactError> {
        match channel {
            Channel::Email => EmailAddress::parse(raw).map(Self::Email),
            Channel::Sms | Channel::Whatsapp => Ok(Self::Phone(PhoneNumber::from_e164(raw)?)),
        }
    }

    /// What it is.
    pub const fn kind(&self) -> ContactKind {
        match self {
            Self::Email(_) => ContactKind::Email,
            Self::Phone(_) => ContactKind::Phone,
        }
    }

    /// Whether both reach the same mailbox or phone: addresses to the letter but
    /// for ASCII case, as customers are named by them, and numbers in E.164.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Email(one), Self::Email(other)) => {
                one.on_envelope().eq_ignore_ascii_case(other.on_envelope())
            }
            _ => self.kind() == other.kind() && self.as_str() == other.as_str(),
        }
    }

    /// The address or number as the provider takes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Phone(number) => number.as_str(),
        }
    }

    /// The beginning that a phone number shares with its neighbours, for the rate limits:
    /// all but the last three digits, a thousand numbers. Operators get their numbers in
    /// blocks of that size at least, in every country. An email address has none.
    pub fn prefix(&self) -> Option<&str> {
        match self {
            Self::Email(_) => None,
            Self::Phone(number) => {
                let number = number.as_str();
                Some(number.get(..number.len().saturating_sub(3)).unwrap_or(number))
            }
        }
    }

    /// The contact as screens, logs and events show it.
    pub fn masked(&self) -> String {
        match self {
            Self::Email(address) => mask(Channel::Email, address.as_str()),
            Self::Phone(number) => mask(Channel::Sms, number.as_str()),
        }
    }
}

/// Contacts never print in full by accident.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A contact with its middle hidden: `d***@example.org`, `+4*******12`.
/// Works on whatever a record holds, also on what is no valid contact. What is masked
/// already stays as it is.
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
