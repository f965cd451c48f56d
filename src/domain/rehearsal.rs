//! Rehearsal: customers who behave by a script, to train clerks with. Their addresses are of a
//! domain that nobody can have (RFC 2606).

use std::time::Duration;

/// The domain of their addresses.
const DOMAIN: &str = "@rehearsal.invalid";

/// How a customer of the rehearsal behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Reads the right code out.
    Plain,
    /// Reads a wrong code out, until another one is sent.
    WrongCode,
    /// Has the message only after a minute.
    LateMessage,
    /// Is locked after too many wrong codes.
    Locked,
}

impl Script {
    /// Every script.
    pub const ALL: [Self; 4] = [Self::Plain, Self::WrongCode, Self::LateMessage, Self::Locked];

    /// How long the message of [`Self::LateMessage`] takes.
    pub const LATE: Duration = Duration::from_mins(1);

    /// The account number of its customer.
    pub const fn account_no(self) -> &'static str {
        match self {
            Self::Plain => "R-1001",
            Self::WrongCode => "R-1002",
            Self::LateMessage => "R-1003",
            Self::Locked => "R-1004",
        }
    }

    /// The name of its customer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "Rehearsal, Plain",
            Self::WrongCode => "Rehearsal, Wrong Code",
            Self::LateMessage => "Rehearsal, Late Message",
            Self::Locked => "Rehearsal, Locked",
        }
    }

    /// The address of its customer.
    pub const fn email(self) -> &'static str {
        match self {
            Self::Plain => "plain@rehearsal.invalid",
            Self::WrongCode => "wrong.code@rehearsal.invalid",
            Self::LateMessage => "late.message@rehearsal.invalid",
            Self::Locked => "locked@rehearsal.invalid",
        }
    }

    /// The script of whoever has an address; none where it is nobody of the rehearsal.
    pub fn of_address(address: &str) -> Option<Self> {
        let is_of_rehearsal = address.ends_with(DOMAIN);
        let named = || Self::ALL.into_iter().find(|it| it.email() == address);
        is_of_rehearsal.then(named).flatten()
    }
}

/// A code as it is read out wrongly: its last digit is the next one.
pub fn misread(code: &str) -> String {
    let mut digits: Vec<char> = code.chars().collect();
    if let Some(last) = digits.last_mut() {
        let digit = last.to_digit(10).map_or(0, |it| (it + 1) % 10);
        *last = char::from_digit(digit, 10).unwrap_or('0');
    }
    digits.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_address() {
        for script in Script::ALL {
            assert_eq!(Script::of_address(script.email()), Some(script));
        }
        for other in ["plain@example.org", "other@rehearsal.invalid", ""] {
            assert_eq!(Script::of_address(other), None, "{other}");
        }
    }

    #[test]
    fn a_misread_code_is_another_one_of_the_same_length() {
        assert_eq!(misread("123456"), "123457");
        assert_eq!(misread("000009"), "000000");
    }
}
