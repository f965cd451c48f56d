//! The CSV import: reading customers from a file line by line, whatever it holds.
//!
//! A bad cell costs only that cell, and a bad line only that line: the fault is reported,
//! and reading goes on after it. That is why records are split here and not by a library,
//! which reads to the closing quote wherever that is: one stray quote would swallow the
//! rest of the file, and the memory with it.

mod cells;
mod columns;
mod encoding;
mod header;
mod lines;
mod problem;
mod values;

use std::collections::VecDeque;
use std::io;
use std::io::BufRead;

use crate::service::customers::csv_import::encoding::Decoded;
use crate::service::customers::csv_import::header::{Header, NoHeader, Record, said_delimiter};
use crate::service::customers::csv_import::lines::{Lines, RECORD_MAX, Raw};

pub use crate::service::customers::csv_import::columns::{ColumnNames, ColumnNamesError, meant};
pub use crate::service::customers::csv_import::encoding::Encoding;
pub use crate::service::customers::csv_import::problem::{BadCell, CellFault, CsvError, RowError};

use crate::domain::customer::NewCustomer;

/// The lines that one record may span; no address has more.
const SPAN: usize = 20;

/// The lines among which the header is looked for, since a title may precede it.
const TITLE: usize = 10;

/// How a file is to be read.
#[derive(Clone, Default)]
pub struct Reading {
    /// The country of phone numbers without a country code.
    pub country: String,
    /// Its encoding, where it was given.
    pub encoding: Option<Encoding>,
    /// The names of its columns, where they were given.
    pub columns: ColumnNames,
}

/// One row of the file.
#[derive(Debug)]
pub struct CsvRow {
    /// The number of its first line in the file, counted from 1.
    pub number: u64,
    /// Its account number, where that can be read.
    pub account_no: Option<String>,
    /// The customer, or what is wrong.
    pub customer: Result<NewCustomer, RowError>,
    /// The cells that are left out.
    pub bad_cells: Vec<BadCell>,
}

/// A file of customers, read as a stream.
pub struct CsvReader<R> {
    source: Lines<Decoded<R>>,
    header: Header,
    country: String,
    /// Lines read for a quoted cell that then did not end.
    ahead: VecDeque<Raw>,
    number: u64,
    title: u64,
}

impl<R: BufRead> CsvReader<R> {
    /// Reads up to the header.
    pub fn open(source: R, reading: &Reading) -> Result<Self, CsvError> {
        let mut source = Lines::new(Decoded::open(source, reading.encoding)?);
        let (mut number, mut seen, mut delimiter) = (0, 0, None);
        let mut best: Option<NoHeader> = None;
        let mut ahead = VecDeque::new();
        while seen < TITLE {
            let raw = match ahead.pop_front() {
                Some(raw) => raw,
                None => match source.next()? {
                    Some(raw) => raw,
                    None => break,
                },
            };
            number += 1;
            let Raw::Line(line) = raw else { return Err(CsvError::NotText) };
            if is_blank(&line) {
                continue;
            }
            let line = String::from_utf8(line).map_err(|_| CsvError::NotText)?;
            if line.contains(['\0', '\u{fffd}']) {
                return Err(CsvError::NotText);
            }
            if let Some(said) = said_delimiter(&line) {
                delimiter = Some(said);
                continue;
            }
            seen += 1;
            let error = match Header::read(&line, delimiter, &reading.columns) {
                Ok(header) => {
                    let country = reading.country.clone();
                    let title = if seen > 1 { number - 1 } else { 0 };
                    return Ok(Self { source, header, country, ahead, number, title });
                }
                Err(error) => error,
            };
            if let Some((header, lines)) =
                spanning(&line, &mut source, &mut ahead, delimiter, &reading.columns)?
            {
                let country = reading.country.clone();
                let title = if seen > 1 { number - 1 } else { 0 };
                let number = number + lines;
                return Ok(Self { source, header, country, ahead, number, title });
            }
            if best.as_ref().is_none_or(|best| error.known > best.known) {
                best = Some(error);
            }
        }
        Err(best.map_or(CsvError::Empty, |best| best.error))
    }

    /// The columns that are not known, and so not read.
    pub fn unknown_columns(&self) -> &[String] {
        &self.header.unknown
    }

    /// The columns that are missing: customers keep what they have in them.
    pub fn lacking_columns(&self) -> impl Iterator<Item = &'static str> {
        self.header.lacking()
    }

    /// Whether it has balances without a currency: they are not read.
    pub const fn lacks_currency(&self) -> bool {
        self.header.lacks_currency()
    }

    /// The number of lines before the header.
    pub const fn title_lines(&self) -> u64 {
        self.title
    }

    /// The encoding that was found, where it is not UTF-8. It may be found late, at the
    /// first letter that is not ASCII.
    pub fn encoding(&self) -> Option<&'static str> {
        self.source.source().other_than_utf8()
    }

    /// The next row that is not blank; `None` at the end of the file.
    pub fn next_line(&mut self) -> io::Result<Option<CsvRow>> {
        loop {
            let Some(raw) = self.take()? else { return Ok(None) };
            self.number += 1;
            let number = self.number;
            let record = match raw {
                Raw::TooLong => Some(unreadable(RowError::TooLong)),
                Raw::Line(line) if is_blank(&line) => None,
                Raw::Line(line) => self.record(&line)?,
            };
            if let Some(Record { account_no, customer, bad_cells }) = record {
                return Ok(Some(CsvRow { number, account_no, customer, bad_cells }));
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<Raw>> {
        match self.ahead.pop_front() {
            Some(raw) => Ok(Some(raw)),
            None => self.source.next(),
        }
    }

    /// The record that begins with `first`, joined with the lines over which its last
    /// quoted cell goes on; `None` where it is blank.
    fn record(&mut self, first: &[u8]) -> io::Result<Option<Record>> {
        let mut record = String::from_utf8_lossy(first).into_owned();
        let mut joined = Vec::new();
        let cells = loop {
            if let Some(cells) = self.header.cells(&record) {
                break cells;
            }
            let next = if joined.len() < SPAN { self.take()? } else { None };
            match next {
                Some(Raw::Line(line)) if record.len() + line.len() < RECORD_MAX => {
                    record.push('\n');
                    record.push_str(&String::from_utf8_lossy(&line));
                    joined.push(Raw::Line(line));
                }
                other => {
                    // It does not end: the first line is bad, and the others are read
                    // again.
                    joined.extend(other);
                    for raw in joined.into_iter().rev() {
                        self.ahead.push_front(raw);
                    }
                    return Ok(Some(unreadable(RowError::OpenQuote)));
                }
            }
        };
        self.number += joined.len() as u64;
        let says_nothing = self.header.says_nothing(&cells);
        Ok((!says_nothing).then(|| self.header.customer(&cells, &self.country)))
    }
}

fn unreadable(why: RowError) -> Record {
    Record { account_no: None, customer: Err(why), bad_cells: Vec::new() }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// A header with quoted cells that span lines, and how many lines. Where there is none, the
/// lines are read again.
fn spanning<R: BufRead>(
    first: &str,
    source: &mut Lines<Decoded<R>>,
    ahead: &mut VecDeque<Raw>,
    delimiter: Option<u8>,
    names: &ColumnNames,
) -> Result<Option<(Header, u64)>, CsvError> {
    let is_open = |text: &str| text.matches('"').count() % 2 == 1;
    if !is_open(first) {
        return Ok(None);
    }
    let mut joined = first.to_owned();
    let mut lines = VecDeque::new();
    while is_open(&joined) && lines.len() < SPAN {
        let next = match ahead.pop_front() {
            Some(raw) => Some(raw),
            None => source.next()?,
        };
        let Some(raw) = next else { break };
        if let Raw::Line(line) = &raw {
            joined.push(' ');
            joined.push_str(&String::from_utf8_lossy(line));
        }
        lines.push_back(raw);
    }
    if let Ok(header) = Header::read(&joined, delimiter, names) {
        return Ok(Some((header, lines.len() as u64)));
    }
    lines.append(ahead);
    *ahead = lines;
    Ok(None)
}

#[cfg(test)]
mod tests;
