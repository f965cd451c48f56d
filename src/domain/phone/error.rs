//! Why a text is not read as a phone number.

use std::fmt;

/// Why a text is not read as a phone number: nothing is guessed, and each
/// reason says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// There is no digit.
    #[error("the phone number has no digits")]
    NoDigits,
    /// There are letters that are no label before the number.
    #[error("there are letters in the phone number; write its digits alone")]
    Letters,
    /// There is an extension behind the number.
    #[error(
        "the phone number has an extension, and no message can be sent to one; write a number \
         that has none"
    )]
    Extension,
    /// There are several numbers.
    #[error("there is more than one phone number; write one alone")]
    Several,
    /// A spreadsheet rounded the number: its last digits are lost.
    #[error(
        "a spreadsheet wrote the phone number in the form 4.15E+10, which lacks its last digits; \
         format the column as text and export it again"
    )]
    Exponent,
    /// The number has decimal places.
    #[error("the phone number has decimal places; format the column as text and export it again")]
    DecimalPlaces,
    /// A character that is not written in phone numbers.
    #[error("the character {0:?} does not belong in a phone number")]
    Character(char),
    /// A plus sign that is not before the country code.
    #[error("a + belongs before the country code of a phone number alone")]
    Plus,
    /// There is no country code, and no default country.
    #[error("the phone number has no country code; write it as +, country code and number")]
    NoCountryCode,
    /// The country code is not assigned.
    #[error("the phone number begins with a country code that no country has")]
    UnknownCountryCode,
    /// It has fewer digits than any number of its country.
    #[error("the phone number is too short{0}")]
    TooShort(ReadAs),
    /// It has more digits than any number of its country.
    #[error("the phone number is too long{0}")]
    TooLong(ReadAs),
    /// It can be dialled inside its area only.
    #[error("the phone number lacks its area code{0}")]
    NoAreaCode(ReadAs),
    /// Its country has no numbers of this form.
    #[error("the phone number has a form that no number of its country has{0}")]
    NotInPlan(ReadAs),
    /// It can be read as two different numbers.
    #[error(
        "the phone number can be read as two different numbers; write it as +, country code and \
         number"
    )]
    Ambiguous,
}

/// Which country's number a text was read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// That of the country code written before it.
    Written,
    /// The default country, since no country code is written.
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
