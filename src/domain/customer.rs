//! Customers and their contacts.

use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, ContactError, EmailAddress, PhoneNumber, mask};
use crate::domain::flag::Flags;
use crate::domain::money::Money;
use crate::domain::phone::NumberType;

/// The customer's id in the store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct CustomerId(pub i64);

/// A customer as read from the store; every text is clean to show.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    /// The account number on the bill.
    pub account_no: String,
    pub name: String,
    /// The recorded email address, perhaps invalid; masked outside of the desk.
    pub email: Option<String>,
    /// The recorded phone number, perhaps invalid; masked outside of the desk.
    pub phone: Option<String>,
    /// The service address.
    pub address: Option<String>,
    /// The language of messages (BCP 47) if it is not the office's.
    pub locale: Option<String>,
    /// The flags that hold now.
    #[serde(default)]
    pub flags: Flags,
}

/// Why a channel cannot be used for a customer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContact {
    /// No contact on file.
    #[error("{}", match .0 {
        Channel::Email => "no email address on file",
        Channel::Sms | Channel::Whatsapp => "no phone number on file",
    })]
    Missing(Channel),
    /// The contact on file cannot be used.
    #[error(transparent)]
    Unusable(#[from] ContactError),
}

/// The phone numbers that the office sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhonePolicy {
    /// The country (ISO 3166) of numbers without a country code.
    pub default_country: String,
    /// The allowed countries; if empty, only the default country.
    pub allowed_countries: Vec<String>,
    /// The allowed types of numbers.
    pub number_types: Vec<NumberType>,
}

impl PhonePolicy {
    /// Allows the default country only, and the default number types.
    pub fn of(default_country: &str) -> Self {
        Self {
            default_country: default_country.to_owned(),
            allowed_countries: Vec::new(),
            number_types: NumberType::DEFAULT.to_vec(),
        }
    }

    /// Checks whether the office sends to a number over a channel. A landline can have WhatsApp.
    pub fn check(&self, number: &PhoneNumber, channel: Channel) -> Result<(), ContactError> {
        let countries = number.countries();
        if !countries.iter().any(|country| self.allows(country)) {
            let country = countries.into_iter().next().unwrap_or_default();
            return Err(ContactError::CountryNotAllowed(country));
        }
        let number_type = number.number_type();
        let has_whatsapp = channel == Channel::Whatsapp && number_type == NumberType::FixedLine;
        if has_whatsapp || self.number_types.contains(&number_type) {
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
    /// The recorded contact for a channel, unparsed.
    pub fn recorded(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Sms | Channel::Whatsapp => self.phone.as_deref(),
        }
    }

    /// The recorded contact, masked.
    pub fn masked(&self, channel: Channel) -> Option<String> {
        self.recorded(channel).map(|raw| mask(channel, raw))
    }

    /// The customer with masked contacts, as clients get it.
    #[must_use]
    pub fn with_masked_contacts(self) -> Self {
        let (email, phone) = (self.masked(Channel::Email), self.masked(Channel::Sms));
        Self { email, phone, ..self }
    }

    /// The recorded contact for a channel, parsed.
    pub fn parsed(&self, channel: Channel, country: &str) -> Result<Contact, NoContact> {
        let raw = self.recorded(channel).ok_or(NoContact::Missing(channel))?;
        match channel {
            Channel::Email => Ok(Contact::Email(EmailAddress::parse(raw)?)),
            Channel::Sms | Channel::Whatsapp => {
                let number = PhoneNumber::parse(raw, country).map_err(ContactError::from)?;
                Ok(Contact::Phone(number))
            }
        }
    }

    /// The same, where the office sends to it.
    pub fn contact(&self, channel: Channel, phones: &PhonePolicy) -> Result<Contact, NoContact> {
        let contact = self.parsed(channel, &phones.default_country)?;
        if let Contact::Phone(number) = &contact {
            phones.check(number, channel)?;
        }
        Ok(contact)
    }
}

/// A customer to be imported.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NewCustomer {
    /// The account number; an existing customer with this number is updated.
    pub account_no: String,
    pub name: String,
    pub email: Option<EmailAddress>,
    pub phone: Option<PhoneNumber>,
    /// The service address.
    pub address: Option<String>,
    /// The language of messages (BCP 47).
    pub locale: Option<String>,
    /// The balance owed; `None` keeps the recorded balance.
    pub balance: Option<Money>,
    /// The fields that the import does not set and that keep their recorded values.
    pub unsaid: Unsaid,
}

/// Fields for which a file has no column or an unreadable cell.
#[expect(clippy::struct_excessive_bools, reason = "they are columns, each alone")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unsaid {
    pub email: bool,
    pub phone: bool,
    pub address: bool,
    pub locale: bool,
    /// Removes the recorded balance: the file has one that cannot be read.
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
            flags: Flags::default(),
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
            policy.check(&PhoneNumber::from_e164(raw).expect("a number"), Channel::Sms)
        };
        let mut policy = PhonePolicy::of("GB");
        for (number, refused) in [
            ("+447012345678", Some(NumberType::Personal)),
            ("+447640123456", Some(NumberType::Pager)),
            ("+449012345678", Some(NumberType::PremiumRate)),
            ("+445512345678", Some(NumberType::Uan)),
            ("+447400123456", None),
            ("+442070313000", Some(NumberType::FixedLine)),
        ] {
            let refused = refused.map(ContactError::NumberTypeNotAllowed);
            assert_eq!(check(number, &policy).err(), refused, "{number}");
        }
        policy.number_types.push(NumberType::Pager);
        assert_eq!(check("+447640123456", &policy), Ok(()));
    }

    #[test]
    fn a_landline_gets_no_text_message_where_the_plan_tells() {
        let check = |raw: &str, country: &str, channel| {
            let number = PhoneNumber::parse(raw, country).expect("a number");
            PhonePolicy::of(country).check(&number, channel)
        };
        let landline = Err(ContactError::NumberTypeNotAllowed(NumberType::FixedLine));
        assert_eq!(check("030 123456", "DE", Channel::Sms), landline);
        assert_eq!(check("030 123456", "DE", Channel::Whatsapp), Ok(()));
        assert_eq!(check("0151 12345678", "DE", Channel::Sms), Ok(()));
        // The North American plan does not tell them apart.
        assert_eq!(check("(212) 555-2368", "US", Channel::Sms), Ok(()));
        let mut all = PhonePolicy::of("DE");
        all.number_types.push(NumberType::FixedLine);
        let number = PhoneNumber::parse("030 123456", "DE").expect("a number");
        assert_eq!(all.check(&number, Channel::Sms), Ok(()));
    }

    #[test]
    fn security_19_a_number_of_a_shared_plan_is_of_the_countries_that_have_it() {
        let check = |raw: &str, country: &str| {
            let number = PhoneNumber::parse(raw, country).expect("a number");
            PhonePolicy::of(country).check(&number, Channel::Sms)
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
