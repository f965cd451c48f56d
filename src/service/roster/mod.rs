//! Reading customers from a CSV file, line by line, whatever the file holds.
//!
//! A bad line costs that line only: it is named, and reading goes on behind
//! it. That is why records are split here and not by a library that reads to
//! the closing quote wherever it stands: one stray quote would swallow the
//! rest of the file, and memory with it.

mod cells;
mod header;

use std::collections::VecDeque;
use std::io::{self, BufRead};

use cells::split;
use header::Header;

pub use header::meant;

use crate::domain::contact::ContactError;
use crate::domain::customer::NewCustomer;

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

    /// The columns that are not there: what they would hold stays as it is on file.
    pub fn lacking_columns(&self) -> impl Iterator<Item = &'static str> {
        self.header.lacking()
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
    use crate::domain::money::Money;

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
