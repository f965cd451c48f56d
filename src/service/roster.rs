//! Reading customers from a CSV file, line by line, whatever the file holds.
//!
//! A bad line costs that line only: it is named, and reading goes on behind
//! it. That is why records are split here and not by a library that reads to
//! the closing quote wherever it stands: one stray quote would swallow the
//! rest of the file, and memory with it.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use crate::domain::contact::{ContactError, EmailAddress, PhoneNumber};
use crate::domain::customer::NewCustomer;
use crate::domain::money::Money;
use crate::domain::text;

/// The longest line, in bytes; a quoted cell may span lines up to this in all.
const LONGEST: usize = 64 * 1024;

/// The lines one record may span: an address has no more.
const SPAN: usize = 20;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// It ends before a header.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// The header is not text.
    #[error("the first line is not UTF-8 text; save the file as CSV in UTF-8")]
    NotText,
    /// A column that is needed is not there.
    #[error("the first line names no column \"{0}\"; it must name account_no and name")]
    Missing(&'static str),
    /// A column is there twice.
    #[error("the first line names the column {0} twice")]
    Twice(&'static str),
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// It is not text.
    #[error("the line is not UTF-8 text")]
    NotText,
    /// It does not end.
    #[error("the line is longer than {LONGEST} bytes")]
    TooLong,
    /// A quote is opened and not closed.
    #[error("a quoted cell does not end")]
    OpenQuote,
    /// It has more or fewer cells than the header.
    #[error("it has {found} cells where the header has {expected}")]
    Cells {
        /// Columns of the header.
        expected: usize,
        /// Cells of the line.
        found: usize,
    },
    /// A cell that is needed is blank.
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// A cell is longer than the store keeps.
    #[error("the {name} is longer than {limit} characters")]
    CellTooLong {
        /// The cell.
        name: &'static str,
        /// Its limit.
        limit: usize,
    },
    /// The email address or the phone number cannot be used.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The language tag is none.
    #[error("the locale is not a language such as en or de-AT")]
    Locale,
    /// The balance is no sum.
    #[error("the balance is not a sum such as 1234.50")]
    Balance,
    /// The currency is none, or a balance has none.
    #[error("a balance needs a currency of three letters, such as EUR")]
    Currency,
}

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
struct Header {
    delimiter: u8,
    width: usize,
    places: [Option<usize>; Column::ALL.len()],
    unknown: Vec<String>,
}

impl Header {
    fn read(line: &[u8]) -> Result<Self, RosterError> {
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
            if header.places[column as usize].is_none() {
                return Err(RosterError::Missing(column.word()));
            }
        }
        Ok(header)
    }

    fn customer(&self, record: &str, country: &str) -> Result<NewCustomer, BadLine> {
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
            phone: phone.map(|raw| PhoneNumber::parse(&raw, country)).transpose()?,
            address: cell(Column::Address, "address", 300)?,
            locale: cell(Column::Locale, "locale", 35)?.map(locale).transpose()?,
            balance: balance.map(|raw| money(&raw, currency.as_deref())).transpose()?,
        })
    }
}

/// A language tag by its shape (BCP 47): letters, then parts of letters and digits.
fn locale(tag: String) -> Result<String, BadLine> {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let shaped = (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if shaped { Ok(tag) } else { Err(BadLine::Locale) }
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

/// The cells of a record (RFC 4180); none where a quoted cell does not end. A
/// quote inside a cell that does not begin with one is a character like others.
fn split(record: &str, delimiter: u8) -> Option<Vec<String>> {
    let delimiter = char::from(delimiter);
    let mut cells = Vec::new();
    let mut rest = record;
    loop {
        let (mut cell, mut behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => (String::new(), rest),
        };
        // What stands between a closing quote and the delimiter belongs to the cell.
        let end = behind.find(delimiter).unwrap_or(behind.len());
        cell.push_str(&behind[..end]);
        behind = &behind[end..];
        cells.push(cell);
        match behind.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return Some(cells),
        }
    }
}

/// The text up to the closing quote, and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = quoted;
    loop {
        let (inside, behind) = rest.split_once('"')?;
        cell.push_str(inside);
        match behind.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, behind)),
        }
    }
}

/// One line read.
#[derive(Debug)]
pub struct RosterLine {
    /// Its number in the file; the header is line 1.
    pub number: u64,
    /// The customer, or what is wrong.
    pub customer: Result<NewCustomer, BadLine>,
}

/// A file of customers, read as a stream.
pub struct Roster<R> {
    source: R,
    header: Header,
    country: String,
    /// Lines read ahead for a quoted cell that then did not end.
    ahead: VecDeque<Raw>,
    number: u64,
}

/// A line without its end.
#[derive(Debug)]
enum Raw {
    Line(Vec<u8>),
    TooLong,
}

impl<R: BufRead> Roster<R> {
    /// Reads the header. Phone numbers without a country code belong to `country`.
    pub fn open(mut source: R, country: &str) -> Result<Self, RosterError> {
        let header = match next_raw(&mut source)? {
            None => return Err(RosterError::Empty),
            Some(Raw::TooLong) => return Err(RosterError::NotText),
            Some(Raw::Line(line)) => Header::read(&line)?,
        };
        Ok(Self { source, header, country: country.to_owned(), ahead: VecDeque::new(), number: 1 })
    }

    /// The columns that are not known and so not read.
    pub fn unknown_columns(&self) -> &[String] {
        &self.header.unknown
    }

    /// The next line that is not blank; none at the end of the file.
    pub fn next_line(&mut self) -> io::Result<Option<RosterLine>> {
        loop {
            let Some(raw) = self.take()? else { return Ok(None) };
            self.number += 1;
            let number = self.number;
            let customer = match raw {
                Raw::TooLong => Err(BadLine::TooLong),
                Raw::Line(line) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Raw::Line(line) => self.record(line)?,
            };
            return Ok(Some(RosterLine { number, customer }));
        }
    }

    fn take(&mut self) -> io::Result<Option<Raw>> {
        match self.ahead.pop_front() {
            Some(raw) => Ok(Some(raw)),
            None => next_raw(&mut self.source),
        }
    }

    /// The record that begins with `first`, joined with the lines its last
    /// quoted cell goes on over.
    fn record(&mut self, first: Vec<u8>) -> io::Result<Result<NewCustomer, BadLine>> {
        let Ok(mut record) = String::from_utf8(first) else { return Ok(Err(BadLine::NotText)) };
        let mut joined = Vec::new();
        while split(&record, self.header.delimiter).is_none() {
            let next = if joined.len() < SPAN { self.take()? } else { None };
            match next {
                Some(Raw::Line(line))
                    if record.len() + line.len() < LONGEST
                        && std::str::from_utf8(&line).is_ok() =>
                {
                    record.push('\n');
                    record.push_str(&String::from_utf8_lossy(&line));
                    joined.push(Raw::Line(line));
                }
                other => {
                    // It does not end: the first line is bad, the others are read again.
                    joined.extend(other);
                    for raw in joined.into_iter().rev() {
                        self.ahead.push_front(raw);
                    }
                    return Ok(Err(BadLine::OpenQuote));
                }
            }
        }
        self.number += joined.len() as u64;
        Ok(self.header.customer(&record, &self.country))
    }
}

fn next_raw(source: &mut impl BufRead) -> io::Result<Option<Raw>> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let buffer = match source.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() && line.is_empty() && !too_long {
            return Ok(None);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        too_long |= line.len() + part.len() > LONGEST;
        if !too_long {
            line.extend_from_slice(part);
        }
        let (read, last) = (part.len() + usize::from(end.is_some()), buffer.is_empty());
        source.consume(read);
        if end.is_some() || last {
            break;
        }
    }
    if too_long {
        return Ok(Some(Raw::TooLong));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(Raw::Line(line)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(file: &[u8]) -> Vec<(u64, Result<NewCustomer, BadLine>)> {
        let mut roster = Roster::open(file, "DE").expect("a header");
        let mut lines = Vec::new();
        while let Some(line) = roster.next_line().expect("memory reads") {
            lines.push((line.number, line.customer));
        }
        lines
    }

    fn accounts(file: &[u8]) -> Vec<(u64, Result<String, BadLine>)> {
        let account = |(number, customer): (_, Result<NewCustomer, _>)| {
            (number, customer.map(|customer| customer.account_no))
        };
        read(file).into_iter().map(account).collect()
    }

    #[test]
    fn columns_stand_in_any_order_and_writing() {
        let file = b"\xef\xbb\xbfPhone;Account No;NAME;balance;currency;shoe size\r\n\
            0151 12345678;WB-1;\"Rivera; Dana \"\"D\"\"\";-12,5;eur;43\r\n";
        let mut roster = Roster::open(file.as_slice(), "DE").expect("a header");
        assert_eq!(roster.unknown_columns(), ["shoe size"]);
        let line = roster.next_line().expect("reads").expect("a line");
        let customer = line.customer.expect("a good line");
        assert_eq!(customer.name, "Rivera; Dana \"D\"");
        assert_eq!(customer.phone.map(|it| it.as_str().to_owned()), Some("+4915112345678".into()));
        assert_eq!(customer.balance, Some(Money { cents: -1_250, currency: "EUR".into() }));
        assert!(roster.next_line().expect("reads").is_none());
    }

    #[test]
    fn each_bad_line_is_named_and_costs_itself_only() {
        let file = b"account_no,name,email\n\
            WB-1,Dana,dana@example.org\n\
            WB-2,Bo,no address\n\
            WB-3,\xff\xfe,a@example.org\n\
            ,Nameless,\n\
            WB-5,,\n\
            WB-6,Six\n\
            \n\
            WB-8,\"Eight,\n\
            WB-9,Nine,\n";
        assert_eq!(
            accounts(file),
            [
                (2, Ok("WB-1".into())),
                (3, Err(BadLine::Contact(ContactError::EmailSyntax))),
                (4, Err(BadLine::NotText)),
                (5, Err(BadLine::Missing("account number"))),
                (6, Err(BadLine::Missing("name"))),
                (7, Err(BadLine::Cells { expected: 3, found: 2 })),
                (9, Err(BadLine::OpenQuote)),
                (10, Ok("WB-9".into())),
            ]
        );
    }

    #[test]
    fn a_quoted_cell_spans_lines_and_the_count_goes_on_right() {
        let file = b"account_no,name,address\nWB-1,Dana,\"1 Main St\nTown\"\nWB-2,,\n";
        let lines = read(file);
        assert_eq!(
            lines[0].1.as_ref().map(|it| it.address.clone()),
            Ok(Some("1 Main St Town".into()))
        );
        assert_eq!(lines[1], (4, Err(BadLine::Missing("name"))));
    }

    #[test]
    fn a_line_without_end_does_not_fill_memory() {
        let mut file = b"account_no,name\nWB-1,".to_vec();
        file.extend(std::iter::repeat_n(b'x', 3 * LONGEST));
        file.extend(b"\nWB-2,Bo");
        assert_eq!(accounts(&file), [(2, Err(BadLine::TooLong)), (3, Ok("WB-2".into()))]);
    }

    #[test]
    fn a_header_that_cannot_be_used_is_refused() {
        let refusal = |file: &[u8]| Roster::open(file, "DE").err().map(|it| it.to_string());
        assert!(refusal(b"").is_some_and(|it| it.contains("empty")));
        assert!(refusal(b"name\nDana").is_some_and(|it| it.contains("account_no")));
        assert!(refusal(b"account_no,name,name\n").is_some_and(|it| it.contains("twice")));
        assert!(refusal(b"\xff\xfea\0c\0").is_some_and(|it| it.contains("UTF-8")));
    }

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

    #[test]
    fn security_38_imported_text_is_cleaned() {
        let file = "account_no,name\nWB-1,Da\u{1b}]52;c;x\u{7}na\u{202e}\n";
        let lines = read(file.as_bytes());
        assert_eq!(lines[0].1.as_ref().map(|it| it.name.clone()), Ok("Da]52;c;xna".into()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_the_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut file = b"account_no,name,email,phone,balance,currency\n".to_vec();
            file.extend(&bytes);
            let lines = read(&file);
            prop_assert!(lines.len() <= bytes.split(|byte| *byte == b'\n').count());
            let _ = Roster::open(bytes.as_slice(), "DE");
        }

        #[test]
        fn what_a_csv_library_writes_is_read_back(
            cells in proptest::collection::vec("[^\r\0]{0,12}", 1..5),
            semicolon in any::<bool>(),
        ) {
            let delimiter = if semicolon { b';' } else { b',' };
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            writer.write_record(&cells).expect("memory writes");
            let written = String::from_utf8(writer.into_inner().expect("memory")).expect("text");
            let record = written.strip_suffix('\n').expect("an end of line");
            prop_assert_eq!(split(record, delimiter), Some(cells));
        }
    }
}
