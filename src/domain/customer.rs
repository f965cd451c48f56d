//! The customer in front of the counter, and the account the office keeps.

use super::channel::Channel;
use super::contact::{Contact, ContactError, EmailAddress, PhoneNumber, mask};
use super::money::Money;
use super::time::Timestamp;

/// The customer's number in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct CustomerId(pub i64);

/// A customer as the store holds one; every text is clean to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The store's number.
    pub id: CustomerId,
    /// The account number on the bill.
    pub account_no: String,
    /// The name on the account.
    pub name: String,
    /// The email address as recorded, perhaps not valid.
    pub email: Option<String>,
    /// The phone number as recorded, perhaps not valid.
    pub phone: Option<String>,
    /// The address that is served.
    pub address: Option<String>,
    /// The language of messages (BCP 47), when it is not the office's.
    pub locale: Option<String>,
}

/// Why a channel cannot be used for a customer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContact {
    /// The record has none.
    #[error("{}", match .0 {
        Channel::Email => "no email address on file",
        Channel::Sms | Channel::Whatsapp => "no phone number on file",
    })]
    Missing(Channel),
    /// The record has one that cannot be used.
    #[error(transparent)]
    Unusable(#[from] ContactError),
}

/// Which phone numbers the office sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhonePolicy {
    /// The country of numbers written without one (ISO 3166).
    pub default_country: String,
    /// The countries that may be sent to; none means only the default.
    pub allowed_countries: Vec<String>,
}

impl PhonePolicy {
    /// Whether a number of `country` may be sent to.
    pub fn allows(&self, country: &str) -> bool {
        if self.allowed_countries.is_empty() {
            return country == self.default_country;
        }
        self.allowed_countries.iter().any(|allowed| allowed == country)
    }
}

impl Customer {
    /// What the record holds for a channel, as recorded.
    pub fn recorded(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Sms | Channel::Whatsapp => self.phone.as_deref(),
        }
    }

    /// The recorded contact with its middle hidden.
    pub fn masked(&self, channel: Channel) -> Option<String> {
        self.recorded(channel).map(|raw| mask(channel, raw))
    }

    /// The contact a message over `channel` goes to.
    pub fn contact(&self, channel: Channel, phones: &PhonePolicy) -> Result<Contact, NoContact> {
        let raw = self.recorded(channel).ok_or(NoContact::Missing(channel))?;
        match channel {
            Channel::Email => Ok(Contact::Email(EmailAddress::parse(raw)?)),
            Channel::Sms | Channel::Whatsapp => {
                let number = PhoneNumber::parse(raw, &phones.default_country)?;
                if !phones.allows(number.country()) {
                    let country = number.country().to_owned();
                    return Err(ContactError::CountryNotAllowed(country).into());
                }
                Ok(Contact::Phone(number))
            }
        }
    }
}

/// A customer to be written by an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    /// The account number; the record of this number is replaced.
    pub account_no: String,
    /// The name on the account.
    pub name: String,
    /// A valid email address.
    pub email: Option<EmailAddress>,
    /// A valid phone number.
    pub phone: Option<PhoneNumber>,
    /// The address that is served.
    pub address: Option<String>,
    /// The language of messages (BCP 47).
    pub locale: Option<String>,
    /// What the customer owes; none leaves a recorded balance as it is.
    pub balance: Option<Money>,
    /// What is not said of the customer here, and stays as it is on file.
    pub unsaid: Unsaid,
}

/// What a file has no column for.
#[expect(clippy::struct_excessive_bools, reason = "they are columns, each alone")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsaid {
    /// The email address.
    pub email: bool,
    /// The phone number.
    pub phone: bool,
    /// The address.
    pub address: bool,
    /// The language.
    pub locale: bool,
}

/// What the office has on the customer: shown once they are verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What is owed in all; none where that is not known here.
    pub balance: Option<Money>,
    /// The latest bills, newest first; none where the office keeps its bills elsewhere.
    pub invoices: Option<Vec<Invoice>>,
    /// The latest feedback and complaints, newest first; none where the office keeps
    /// them elsewhere.
    pub feedback: Option<Vec<Feedback>>,
}

/// One bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The number printed on it.
    pub number: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
    /// Its sum.
    pub amount: Money,
    /// `paid`, `open`, `overdue`, or whatever the billing system says.
    pub status: String,
}

/// One complaint or other feedback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// When it was received.
    pub at: Timestamp,
    /// What it is about.
    pub subject: String,
    /// `open`, `answered`, or whatever the billing system says.
    pub status: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dana() -> Customer {
        Customer {
            id: CustomerId(1),
            account_no: "WB-004217".into(),
            name: "Dana Rivera".into(),
            email: Some("dana@example.org".into()),
            phone: Some("0151 12345678".into()),
            address: None,
            locale: None,
        }
    }

    fn phones(allowed: &[&str]) -> PhonePolicy {
        PhonePolicy {
            default_country: "DE".into(),
            allowed_countries: allowed.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    #[test]
    fn a_channel_is_open_when_its_contact_is_usable() {
        let contact = dana().contact(Channel::Sms, &phones(&[])).map(|it| it.as_str().to_owned());
        assert_eq!(contact, Ok("+4915112345678".into()));
        let mut without = dana();
        without.email = None;
        let missing = without.contact(Channel::Email, &phones(&[]));
        assert_eq!(missing.map_err(|it| it.to_string()), Err("no email address on file".into()));
    }

    #[test]
    fn security_19_countries_outside_the_list_are_refused() {
        let refused = dana().contact(Channel::Sms, &phones(&["US", "CA"]));
        assert_eq!(refused, Err(NoContact::Unusable(ContactError::CountryNotAllowed("DE".into()))));
        assert!(dana().contact(Channel::Sms, &phones(&["FR", "DE"])).is_ok());
    }
}
