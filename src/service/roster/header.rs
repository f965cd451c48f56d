//! The header of a file of customers, and a record read by it.

use super::cells::split;
use super::{BadLine, RosterError};
use crate::domain::contact::{ContactError, EmailAddress, PhoneNumber};
use crate::domain::customer::{NewCustomer, Unsaid};
use crate::domain::locale::is_tag;
use crate::domain::money::Money;
use crate::domain::text;

/// The columns this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    AccountNo,
    Name,
    Email,
    Phone,
    Address,
    Locale,
    Balance,
    Currency,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::AccountNo,
        Self::Name,
        Self::Email,
        Self::Phone,
        Self::Address,
        Self::Locale,
        Self::Balance,
        Self::Currency,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::AccountNo => "account_no",
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Locale => "locale",
            Self::Balance => "balance",
            Self::Currency => "currency",
        }
    }

    /// `Account No`, `account-no` and `ACCOUNT_NO` are one.
    fn named(cell: &str) -> Option<Self> {
        let name = plain(cell);
        Self::ALL.into_iter().find(|column| column.word() == name)
    }
}

/// The name of a column without what people write differently.
fn plain(cell: &str) -> String {
    let plain = |char: char| match char {
        ' ' | '-' => '_',
        char => char.to_ascii_lowercase(),
    };
    text::clean(cell).trim().chars().map(plain).collect()
}

/// So much alike is a slip, not another word: `e-mail` and `addr` are, `hat
/// size` is not.
const ALIKE: f64 = 0.85;

/// The column that an unknown name was probably meant to be.
pub fn meant(unknown: &str) -> Option<&'static str> {
    let name = plain(unknown);
    Column::ALL
        .into_iter()
        .map(|column| (strsim::jaro_winkler(column.word(), &name), column.word()))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, word)| word)
}

/// What the header says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    width: usize,
    places: [Option<usize>; Column::ALL.len()],
    pub(super) unknown: Vec<String>,
}

impl Header {
    pub(super) fn read(line: &[u8]) -> Result<Self, RosterError> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| RosterError::NotText)?;
        if line.contains('\0') {
            return Err(RosterError::NotText);
        }
        let semicolons = line.matches(';').count();
        let delimiter = if semicolons > line.matches(',').count() { b';' } else { b',' };
        let cells = split(line, delimiter).unwrap_or_default();
        let mut header =
            Self { delimiter, width: cells.len(), places: [None; 8], unknown: Vec::new() };
        for (place, cell) in cells.iter().enumerate() {
            match Column::named(cell) {
                Some(column) if header.places[column as usize].is_some() => {
                    return Err(RosterError::Twice(column.word()));
                }
                Some(column) => header.places[column as usize] = Some(place),
                None => header.unknown.push(text::clean(cell).trim().to_owned()),
            }
        }
        for column in [Column::AccountNo, Column::Name] {
            if header.lacks(column) {
                return Err(RosterError::Missing(column.word()));
            }
        }
        Ok(header)
    }

    pub(super) fn customer(&self, record: &str, country: &str) -> Result<NewCustomer, BadLine> {
        let cells = split(record, self.delimiter).ok_or(BadLine::OpenQuote)?;
        if cells.len() != self.width {
            return Err(BadLine::Cells { expected: self.width, found: cells.len() });
        }
        let cell = |column: Column, name, limit| {
            let place = self.places[column as usize];
            let text = place.and_then(|place| text::clean_optional(cells.get(place)?));
            match text {
                Some(text) if text.chars().count() > limit => {
                    Err(BadLine::CellTooLong { name, limit })
                }
                text => Ok(text),
            }
        };
        let need = |text: Option<String>, name| text.ok_or(BadLine::Missing(name));
        let email = cell(Column::Email, "email address", usize::MAX)?;
        let phone = cell(Column::Phone, "phone number", 64)?;
        let currency = cell(Column::Currency, "currency", usize::MAX)?;
        let balance = cell(Column::Balance, "balance", usize::MAX)?;
        Ok(NewCustomer {
            account_no: need(cell(Column::AccountNo, "account number", 40)?, "account number")?,
            name: need(cell(Column::Name, "name", 200)?, "name")?,
            email: email.map(|raw| EmailAddress::parse(&raw)).transpose()?,
            phone: phone.map(|raw| number(&raw, country)).transpose()?,
            address: cell(Column::Address, "address", 300)?,
            locale: cell(Column::Locale, "locale", 35)?.map(locale).transpose()?,
            balance: balance.map(|raw| money(&raw, currency.as_deref())).transpose()?,
            unsaid: self.unsaid(),
        })
    }

    /// The columns that most files have and this one lacks: they are left alone.
    pub(super) fn lacking(&self) -> impl Iterator<Item = &'static str> {
        [Column::Email, Column::Phone, Column::Address]
            .into_iter()
            .filter(|column| self.lacks(*column))
            .map(Column::word)
    }

    /// What the file has no column for.
    fn unsaid(&self) -> Unsaid {
        Unsaid {
            email: self.lacks(Column::Email),
            phone: self.lacks(Column::Phone),
            address: self.lacks(Column::Address),
            locale: self.lacks(Column::Locale),
        }
    }

    const fn lacks(&self, column: Column) -> bool {
        self.places[column as usize].is_none()
    }
}

fn number(raw: &str, country: &str) -> Result<PhoneNumber, ContactError> {
    Ok(PhoneNumber::parse(raw, country)?)
}

fn locale(tag: String) -> Result<String, BadLine> {
    if is_tag(&tag) { Ok(tag) } else { Err(BadLine::Locale) }
}

/// A sum without separators of thousands, which nobody can tell from a decimal
/// comma: `1234`, `1234.5`, `-1234,50`.
fn money(sum: &str, currency: Option<&str>) -> Result<Money, BadLine> {
    let currency = currency.ok_or(BadLine::Currency)?.to_ascii_uppercase();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(BadLine::Currency);
    }
    let (negative, digits) = match sum.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, sum),
    };
    let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(part) || part.len() > 2 {
        return Err(BadLine::Balance);
    }
    let cents = format!("{whole}{part:0<2}").parse::<i64>().map_err(|_| BadLine::Balance)?;
    Ok(Money { cents: if negative { -cents } else { cents }, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_strictly() {
        let cents = |sum: &str| money(sum, Some("EUR")).map(|it| it.cents);
        assert_eq!(cents("12"), Ok(1_200));
        assert_eq!(cents("0.05"), Ok(5));
        for bad in ["1,234.50", "1,234", "", "-", ".5", "1.", "1e3", "99999999999999999999"] {
            assert_eq!(cents(bad), Err(BadLine::Balance), "{bad:?}");
        }
        assert_eq!(money("1", None).map(|it| it.cents), Err(BadLine::Currency));
    }
}
