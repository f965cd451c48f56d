//! The customer in front of the counter, and the account the office keeps.

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactError, EmailAddress, PhoneNumber, mask};
use crate::domain::money::Money;
use crate::domain::phone::NumberType;

/// The customer's number in the store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct CustomerId(pub i64);

/// A customer as the store holds one; every text is clean to show.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Customer {
    /// The store's number.
    pub id: CustomerId,
    /// The account number on the bill.
    pub account_no: String,
    /// The name on the account.
    pub name: String,
    /// The email address as recorded, perhaps not valid; masked where it left the desk.
    pub email: Option<String>,
    /// The phone number as recorded, perhaps not valid; masked where it left the desk.
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
    /// The types of numbers that may be sent to.
    pub number_types: Vec<NumberType>,
}

impl PhonePolicy {
    /// Allows the default country alone, and the types of numbers that get messages
    /// by default.
    pub fn of(default_country: &str) -> Self {
        Self {
            default_country: default_country.to_owned(),
            allowed_countries: Vec::new(),
            number_types: NumberType::DEFAULT.to_vec(),
        }
    }

    /// Judges whether a number may be sent to.
    pub fn check(&self, number: &PhoneNumber) -> Result<(), ContactError> {
        let countries = number.countries();
        if !countries.iter().any(|country| self.allows(country)) {
            let country = countries.into_iter().next().unwrap_or_default();
            return Err(ContactError::CountryNotAllowed(country));
        }
        let number_type = number.number_type();
        if self.number_types.contains(&number_type) {
            Ok(())
        } else {
            Err(ContactError::NumberTypeNotAllowed(number_type))
        }
    }

    fn allows(&self, country: &str) -> bool {
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

    /// The customer as a clerk's process gets one: with the contacts masked.
    #[must_use]
    pub fn with_masked_contacts(self) -> Self {
        let (email, phone) = (self.masked(Channel::Email), self.masked(Channel::Sms));
        Self { email, phone, ..self }
    }

    /// The contact a message over `channel` goes to.
    pub fn contact(&self, channel: Channel, phones: &PhonePolicy) -> Result<Contact, NoContact> {
        let raw = self.recorded(channel).ok_or(NoContact::Missing(channel))?;
        match channel {
            Channel::Email => Ok(Contact::Email(EmailAddress::parse(raw)?)),
            Channel::Sms | Channel::Whatsapp => {
                let number =
                    PhoneNumber::parse(raw, &phones.default_country).map_err(ContactError::from)?;
                phones.check(&number)?;
                Ok(Contact::Phone(number))
            }
        }
    }
}

/// A customer to be written by an import.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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

/// What a file has no column for, and what of it cannot be read.
#[expect(clippy::struct_excessive_bools, reason = "they are columns, each alone")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unsaid {
    /// The email address.
    pub email: bool,
    /// The phone number.
    pub phone: bool,
    /// The address.
    pub address: bool,
    /// The language.
    pub locale: bool,
    /// The balance on file is not to stay, although none is said: the file has one that
    /// cannot be read.
    pub void_balance: bool,
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
            allowed_countries: allowed.iter().map(|it| (*it).to_owned()).collect(),
            ..PhonePolicy::of("DE")
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
    fn types_of_numbers_outside_the_list_are_refused() {
        let check = |raw: &str, policy: &PhonePolicy| {
            policy.check(&PhoneNumber::from_e164(raw).expect("a number"))
        };
        let mut policy = PhonePolicy::of("GB");
        for (number, refused) in [
            ("+447012345678", Some(NumberType::Personal)),
            ("+447640123456", Some(NumberType::Pager)),
            ("+449012345678", Some(NumberType::PremiumRate)),
            ("+445512345678", Some(NumberType::Uan)),
            ("+447400123456", None),
            ("+442070313000", None),
        ] {
            let refused = refused.map(ContactError::NumberTypeNotAllowed);
            assert_eq!(check(number, &policy).err(), refused, "{number}");
        }
        policy.number_types.push(NumberType::Pager);
        assert_eq!(check("+447640123456", &policy), Ok(()));
    }

    #[test]
    fn security_19_a_number_of_a_shared_plan_is_of_the_countries_that_have_it() {
        let check = |raw: &str, country: &str| {
            let number = PhoneNumber::parse(raw, country).expect("a number");
            PhonePolicy::of(country).check(&number)
        };
        assert_eq!(check("0690 12 34 56", "MF"), Ok(()));
        assert_eq!(check("41 23 45 67", "SJ"), Ok(()));
        let refused = |country: &str| Err(ContactError::CountryNotAllowed(country.into()));
        assert_eq!(check("07797 712345", "GB"), refused("JE"));
        assert_eq!(check("+1 876 000 1234", "US"), refused("JM"));
        assert_eq!(check("+1 416 000 1234", "US"), refused("CA"));
        assert_eq!(check("+882 1312 3456", "US"), refused("001"));
    }

    #[test]
    fn security_19_countries_outside_the_list_are_refused() {
        let refused = dana().contact(Channel::Sms, &phones(&["US", "CA"]));
        assert_eq!(refused, Err(NoContact::Unusable(ContactError::CountryNotAllowed("DE".into()))));
        assert!(dana().contact(Channel::Sms, &phones(&["FR", "DE"])).is_ok());
    }
}
