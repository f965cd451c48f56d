//! The header of a file of customers, and records read by it.

use crate::domain::customer::{NewCustomer, Unsaid};
use crate::domain::money::Money;
use crate::domain::text;
use crate::service::customers::csv_import::cells::{split, value};
use crate::service::customers::csv_import::columns::{ColumnNames, CsvColumn, plain, probably};
use crate::service::customers::csv_import::problem::{BadCell, CellFault, CsvError, RowError};
use crate::service::customers::csv_import::values;

/// The possible delimiters; of two that fit equally well, the first is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The most names that an error repeats.
const LISTED: usize = 20;

/// What the decoder writes for a byte that is not text.
const NO_TEXT: char = '\u{fffd}';

/// The columns that a header names.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    /// Its cells, normalised: a repeated header is not a customer.
    cells: Vec<String>,
    places: [Option<usize>; CsvColumn::ALL.len()],
    pub(super) unknown: Vec<String>,
}

/// A line that is not a header, and how many known columns it names.
pub(super) struct NoHeader {
    pub(super) known: usize,
    pub(super) error: CsvError,
}

/// A record: its customer, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) account_no: Option<String>,
    pub(super) customer: Result<NewCustomer, RowError>,
    pub(super) bad_cells: Vec<BadCell>,
}

/// The delimiter of a line such as `sep=;`, which spreadsheets obey.
pub(super) fn said_delimiter(line: &str) -> Option<u8> {
    let line = line.trim_matches(['"', ' ', '\u{feff}']).trim_end_matches(['\r', '\n']);
    let said = line.get(..4).filter(|it| it.eq_ignore_ascii_case("sep="))?;
    let delimiter = &line.as_bytes()[said.len()..];
    DELIMITERS.into_iter().find(|known| delimiter.first() == Some(known))
}

impl Header {
    /// Reads a header with the delimiter that makes most columns known, unless it was
    /// given.
    pub(super) fn read(
        line: &str,
        delimiter: Option<u8>,
        names: &ColumnNames,
    ) -> Result<Self, NoHeader> {
        let mut best: Option<(usize, u8, Vec<String>)> = None;
        for candidate in
            DELIMITERS.into_iter().filter(|it| delimiter.is_none_or(|said| said == *it))
        {
            let Some(cells) = split(line, candidate) else { continue };
            let known = cells.iter().filter(|cell| names.find(value(cell)).is_some()).count();
            let score = |known: usize, cells: &[String]| (known, cells.len());
            if best.as_ref().is_none_or(|it| score(known, &cells) > score(it.0, &it.2)) {
                best = Some((known, candidate, cells));
            }
        }
        let (known, delimiter, cells) = best.unwrap_or((0, b',', Vec::new()));
        Self::of(delimiter, &cells, names).map_err(|error| NoHeader { known, error })
    }

    fn of(delimiter: u8, cells: &[String], names: &ColumnNames) -> Result<Self, CsvError> {
        let mut header = Self {
            delimiter,
            cells: cells.iter().map(|cell| plain(value(cell))).collect(),
            places: [None; CsvColumn::ALL.len()],
            unknown: Vec::new(),
        };
        let cells: Vec<String> = cells.iter().map(|it| text::clean(value(it))).collect();
        if let Some(absent) = names.absent(&cells) {
            return Err(CsvError::NoSuchColumn(absent.to_owned(), listed(&cells)));
        }
        for (place, cell) in cells.iter().enumerate() {
            match names.find(cell) {
                Some(column) if header.places[column as usize].is_some() => {
                    return Err(CsvError::Twice(column.word()));
                }
                Some(column) => header.places[column as usize] = Some(place),
                None if plain(cell).is_empty() => {}
                None => header.unknown.push(cell.trim().to_owned()),
            }
        }
        let missing: Vec<&str> = [CsvColumn::AccountNo, CsvColumn::Name]
            .into_iter()
            .filter(|column| header.lacks(*column))
            .map(CsvColumn::word)
            .collect();
        if missing.is_empty() {
            return Ok(header);
        }
        Err(CsvError::Missing { missing, meant: header.meant() })
    }

    /// The missing columns, each with the unknown name that is most similar to it.
    fn meant(&self) -> Vec<(&'static str, String)> {
        let guesses: Vec<(f64, CsvColumn, &String)> = self
            .unknown
            .iter()
            .filter_map(|name| probably(name).map(|(alike, column)| (alike, column, name)))
            .collect();
        let best = |column: CsvColumn| {
            let of = guesses.iter().filter(|it| it.1 == column);
            let best = of.max_by(|one, other| one.0.total_cmp(&other.0))?;
            Some((column.word(), best.2.clone()))
        };
        CsvColumn::ALL.iter().copied().filter(|it| self.lacks(*it)).filter_map(best).collect()
    }

    /// The cells of a record; `None` where a quoted one does not end.
    pub(super) fn cells(&self, record: &str) -> Option<Vec<String>> {
        split(record, self.delimiter)
    }

    /// Whether a record is blank, or repeats the header.
    pub(super) fn says_nothing(&self, cells: &[String]) -> bool {
        cells.iter().all(|cell| value(cell).is_empty())
            || (cells.len() == self.cells.len()
                && cells.iter().zip(&self.cells).all(|(cell, name)| plain(value(cell)) == *name))
    }

    /// Reads a record. Missing cells at its end are empty: some programs leave out the last
    /// delimiters.
    pub(super) fn customer(&self, cells: &[String], country: &str) -> Record {
        let mut reader = Reader { header: self, cells, bad_cells: Vec::new() };
        let account_no = reader.needed(CsvColumn::AccountNo, 40);
        let found = cells.iter().rposition(|cell| !value(cell).is_empty()).map_or(0, |at| at + 1);
        let expected = self.cells.len();
        let customer = match &account_no {
            _ if found > expected => Err(RowError::Cells { expected, found }),
            Ok(account_no) => reader.customer(account_no.clone(), country),
            Err(error) => Err(error.clone()),
        };
        Record { account_no: account_no.ok(), customer, bad_cells: reader.bad_cells }
    }

    /// The columns that most files have and this one lacks.
    pub(super) fn lacking(&self) -> impl Iterator<Item = &'static str> {
        [CsvColumn::Email, CsvColumn::Phone, CsvColumn::Address]
            .into_iter()
            .filter(|column| self.lacks(*column))
            .map(CsvColumn::word)
    }

    /// Whether it has balances without a currency.
    pub(super) const fn lacks_currency(&self) -> bool {
        !self.lacks(CsvColumn::Balance) && self.lacks(CsvColumn::Currency)
    }

    const fn lacks(&self, column: CsvColumn) -> bool {
        self.places[column as usize].is_none()
    }
}

fn listed(cells: &[String]) -> String {
    let names = cells.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
    names.take(LISTED).collect::<Vec<_>>().join(", ")
}

/// Reads one record, and collects the faults of its cells.
struct Reader<'a> {
    header: &'a Header,
    cells: &'a [String],
    bad_cells: Vec<BadCell>,
}

impl Reader<'_> {
    fn text(&self, column: CsvColumn) -> Option<String> {
        let place = self.header.places[column as usize]?;
        text::clean_optional(value(self.cells.get(place)?))
    }

    /// A cell without which the customer is not known.
    fn needed(&self, column: CsvColumn, limit: usize) -> Result<String, RowError> {
        let text = self.text(column).ok_or(RowError::Missing(column.label()))?;
        let fault = if text.contains(NO_TEXT) {
            CellFault::NotText
        } else if values::is_formula(&text) {
            CellFault::Formula
        } else if values::is_rounded(&text) {
            CellFault::Rounded
        } else if values::is_placeholder(&text) {
            CellFault::Placeholder
        } else if text.chars().count() > limit {
            CellFault::TooLong(limit)
        } else {
            return Ok(text);
        };
        Err(RowError::Unusable(column.label(), fault))
    }

    fn customer(&mut self, account_no: String, country: &str) -> Result<NewCustomer, RowError> {
        let name = self.name()?;
        let email = self.optional(CsvColumn::Email, usize::MAX, values::email);
        let phone = self.optional(CsvColumn::Phone, 64, |raw| values::phone(raw, country));
        let address = self.optional(CsvColumn::Address, 300, |raw| Ok(raw.to_owned()));
        let locale = self.optional(CsvColumn::Locale, 64, values::locale);
        let (balance, void_balance) = self.balance();
        Ok(NewCustomer {
            account_no,
            name,
            email,
            phone,
            address,
            locale,
            balance,
            unsaid: Unsaid {
                email: self.header.lacks(CsvColumn::Email),
                phone: self.header.lacks(CsvColumn::Phone),
                address: self.header.lacks(CsvColumn::Address),
                locale: self.header.lacks(CsvColumn::Locale),
                void_balance,
            },
        })
    }

    /// A name is cut where it is too long, and kept where a letter is lost, so that the
    /// customer can still be found.
    fn name(&mut self) -> Result<String, RowError> {
        const LIMIT: usize = 200;
        let name = self.text(CsvColumn::Name).ok_or(RowError::Missing(CsvColumn::Name.label()))?;
        if values::is_formula(&name) {
            return Err(RowError::Unusable(CsvColumn::Name.label(), CellFault::Formula));
        }
        let is_long = name.chars().count() > LIMIT;
        for (is_bad, fault) in
            [(name.contains(NO_TEXT), CellFault::NotText), (is_long, CellFault::TooLong(LIMIT))]
        {
            if is_bad {
                self.bad_cells.push(BadCell::new(CsvColumn::Name, &name, &fault));
            }
        }
        Ok(name.chars().take(LIMIT).collect())
    }

    /// A cell that may be empty, and counts as empty where it is bad.
    fn optional<T>(
        &mut self,
        column: CsvColumn,
        limit: usize,
        read: impl FnOnce(&str) -> Result<T, CellFault>,
    ) -> Option<T> {
        let raw = self.text(column)?;
        let usable = if raw.contains(NO_TEXT) {
            Err(CellFault::NotText)
        } else if values::is_placeholder(&raw) {
            Err(CellFault::Placeholder)
        } else if values::is_formula(&raw) {
            Err(CellFault::Formula)
        } else if raw.chars().count() > limit {
            Err(CellFault::TooLong(limit))
        } else {
            read(&raw)
        };
        usable.map_err(|fault| self.bad_cells.push(BadCell::new(column, &raw, &fault))).ok()
    }

    /// The balance, and whether the file says nothing about it, so that the one on file
    /// stays.
    fn balance(&mut self) -> (Option<Money>, bool) {
        if self.header.lacks_currency() || self.text(CsvColumn::Balance).is_none() {
            return (None, false);
        }
        let currency = self.text(CsvColumn::Currency);
        let balance = self.optional(CsvColumn::Balance, 64, |raw| {
            let currency = values::currency(currency.as_deref().unwrap_or_default())?;
            values::money(raw, currency)
        });
        let is_void = balance.is_none();
        (balance, is_void)
    }
}
