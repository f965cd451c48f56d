//! Why a text cannot be parsed as a phone number.

use std::fmt;

/// Why a text cannot be parsed as a phone number. Nothing is guessed, and each reason says what to
/// change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// There is no digit.
    #[error("the phone number has no digits")]
    NoDigits,
    /// It contains letters that are not a known label.
    #[error("there are letters in the phone number; write its digits alone")]
    Letters,
    /// It has an extension.
    #[error(
        "the phone number has an extension, and no message can be sent to one; write a number \
         that has none"
    )]
    Extension,
    /// It contains several numbers.
    #[error("there is more than one phone number; write one alone")]
    Several,
    /// A spreadsheet rounded it, so its last digits are lost.
    #[error(
        "a spreadsheet wrote the phone number in the form 4.15E+10, which lacks its last digits; \
         format the column as text and export it again"
    )]
    Exponent,
    /// It has decimal places.
    #[error("the phone number has decimal places; format the column as text and export it again")]
    DecimalPlaces,
    /// It contains a character that phone numbers do not have.
    #[error("the character {0:?} does not belong in a phone number")]
    Character(char),
    /// A plus sign is not before the country code.
    #[error("a + belongs before the country code of a phone number alone")]
    Plus,
    /// There is no country code, and no default country.
    #[error("the phone number has no country code; write it as +, country code and number")]
    NoCountryCode,
    /// The country code is not assigned.
    #[error("the phone number begins with a country code that no country has")]
    UnknownCountryCode,
    /// Fewer digits than any number of its country.
    #[error("the phone number is too short{0}")]
    TooShort(ReadAs),
    /// More digits than any number of its country.
    #[error("the phone number is too long{0}")]
    TooLong(ReadAs),
    /// It can be dialled within its area only.
    #[error("the phone number lacks its area code{0}")]
    NoAreaCode(ReadAs),
    /// Its country has no numbers of this form.
    #[error("the phone number has a form that no number of its country has{0}")]
    NotInPlan(ReadAs),
    /// It is ambiguous: it can be read as two different numbers.
    #[error(
        "the phone number can be read as two different numbers; write it as +, country code and \
         number"
    )]
    Ambiguous,
}

/// How the number's country was determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// By the country code in the text.
    Written,
    /// By the default country, since there is no country code.
    Default(String),
}

impl fmt::Display for ReadAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written => Ok(()),
            Self::Default(country) => write!(
                f,
                "; it has no country code and was read as a number of the country that the \
                 configuration names (sms.default_country = \"{country}\")"
            ),
        }
    }
}
