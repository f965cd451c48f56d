//! Phone numbers: parsed from recorded text and validated by their country's numbering plan.
//!
//! The result has the digits as written, with the country code before them and without the national
//! trunk prefix. Anything else is rejected with a reason.

pub mod country;
mod error;
mod number_type;
mod plan;
mod writing;

use std::fmt;

pub use crate::domain::phone::error::{PhoneError, ReadAs};
pub use crate::domain::phone::number_type::NumberType;
pub use crate::domain::phone::plan::load as load_plans;

use crate::domain::channel::Channel;
use crate::domain::contact::mask;
use crate::domain::phone::writing::Writing;

/// The digits of a number with its country code: E.164 allows 15, and no country has subscriber
/// numbers with fewer than 7.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A phone number in E.164, such as `+4915112345678`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses a number in any usual notation; one without a country code belongs to
    /// `default_country` (ISO 3166, two letters).
    ///
    /// A number of a possible form is accepted even if the numbering plan does not assign it: plans
    /// change more often than programs, and the provider has the last word. Whether it gets
    /// messages is decided by the policy.
    pub fn parse(raw: &str, default_country: &str) -> Result<Self, PhoneError> {
        let writing = Writing::read(raw)?;
        let e164 = plan::e164(&plan::read(&writing, default_country)?);
        let read_as = || ReadAs::Written;
        match e164.len() - 1 {
            digits if digits < *DIGITS.start() => Err(PhoneError::TooShort(read_as())),
            digits if digits > *DIGITS.end() => Err(PhoneError::TooLong(read_as())),
            _ => Ok(Self(e164)),
        }
    }

    /// Takes a number that was stored in E.164 after parsing, without checking its numbering plan
    /// again.
    pub fn from_e164(raw: &str) -> Result<Self, PhoneError> {
        let digits = raw.strip_prefix('+').ok_or(PhoneError::NoCountryCode)?;
        if let Some(other) = digits.chars().find(|char| !char.is_ascii_digit()) {
            return Err(PhoneError::Character(other));
        }
        match digits.len() {
            _ if digits.starts_with('0') => Err(PhoneError::UnknownCountryCode),
            count if count < *DIGITS.start() => Err(PhoneError::TooShort(ReadAs::Written)),
            count if count > *DIGITS.end() => Err(PhoneError::TooLong(ReadAs::Written)),
            _ => Ok(Self(raw.to_owned())),
        }
    }

    /// The number in E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The countries (ISO 3166) of the number; several if they share a numbering plan.
    pub fn countries(&self) -> Vec<String> {
        let number = plan::of_e164(&self.0);
        let countries = number.map(|it| plan::countries(&it)).unwrap_or_default();
        countries.iter().map(|it| it.as_region_str().to_string()).collect()
    }

    pub fn number_type(&self) -> NumberType {
        let number = plan::of_e164(&self.0);
        number.map_or(NumberType::Unknown, |it| NumberType::of(plan::number_type(&it)))
    }
}

/// Prints the masked number, so that a number is never logged by accident.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(Channel::Sms, &self.0))
    }
}

#[cfg(test)]
mod tests;
