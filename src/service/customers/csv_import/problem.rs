//! What is wrong with a file, a row or a cell, each as one sentence.

use std::io;

use crate::domain::channel::Channel;
use crate::domain::contact::{ContactError, mask};
use crate::domain::text;
use crate::service::customers::csv_import::columns::CsvColumn;
use crate::service::customers::csv_import::lines::RECORD_MAX;

/// How many characters of a value are shown.
const SHOWN_MAX: usize = 40;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// It ends before a header.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// It is a file of another kind.
    #[error("the file is {0}, not CSV; {1}")]
    NotCsv(&'static str, &'static str),
    /// The header is not text.
    #[error(
        "the file is not text in an encoding that can be told; save it as \"CSV UTF-8\", or name \
         its encoding: --encoding windows-1252"
    )]
    NotText,
    /// A required column is missing.
    #[error(
        "the first line names no column {}; it must name account_no and name{}",
        .missing.join(" and no column "),
        proposal(.meant)
    )]
    Missing {
        /// The required columns that are missing.
        missing: Vec<&'static str>,
        /// Columns that were probably meant, each with its name in the file.
        meant: Vec<(&'static str, String)>,
    },
    /// A column is named twice.
    #[error("the first line names the column {0} twice")]
    Twice(&'static str),
    /// A column that `--columns` names is missing.
    #[error("the file has no column \"{0}\", which --columns names; its columns are: {1}")]
    NoSuchColumn(String, String),
    /// Reading failed.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

fn proposal(meant: &[(&'static str, String)]) -> String {
    if meant.is_empty() {
        return String::new();
    }
    let quoted = |name: &str| {
        if name.chars().all(|it| it.is_alphanumeric() || "_-.".contains(it)) {
            name.to_owned()
        } else {
            format!("\"{name}\"")
        }
    };
    let names: Vec<String> = meant.iter().map(|(_, name)| quoted(name)).collect();
    let options: Vec<String> =
        meant.iter().map(|(column, name)| format!("--columns {column}={}", quoted(name))).collect();
    format!(". Did you mean {}? Then say {}", names.join(", "), options.join(" "))
}

/// Why a row is left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The line is too long.
    #[error("the line is longer than {RECORD_MAX} bytes")]
    TooLong,
    /// A quote is opened and not closed.
    #[error("a quoted cell does not end")]
    OpenQuote,
    /// It has more cells than the header.
    #[error(
        "it has {found} cells where the header has {expected}; a cell with the delimiter in it \
         must stand in quotes"
    )]
    Cells {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A required cell is blank.
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// The cell that identifies the customer cannot be used.
    #[error("the {0} {1}")]
    Unusable(&'static str, CellFault),
}

/// What is wrong with a cell. An optional one is left out, and the rest of its row is
/// imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellFault {
    /// It is not text in the encoding of the file.
    #[error("is not text in the encoding of the file")]
    NotText,
    /// It is longer than the store keeps.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// It is a word for "none".
    #[error("is no value, but a word for none")]
    Placeholder,
    /// It is a formula or an error of a spreadsheet.
    #[error("is a formula or an error of a spreadsheet, not a value")]
    Formula,
    /// A spreadsheet has rounded it.
    #[error("was rounded by a spreadsheet; format the column as text and save again")]
    Rounded,
    /// It has more than one address.
    #[error("holds more than one address; keep one")]
    Several,
    /// The email address or the phone number cannot be used.
    #[error("{0}")]
    Contact(ContactError),
    /// It is not a language tag.
    #[error("is not a language such as en or de-AT")]
    Locale,
    /// The balance is not a sum.
    #[error("is not a sum such as 1234.50")]
    Balance,
    /// The currency is none, or a balance has none.
    #[error("needs a currency of three letters, such as EUR")]
    Currency,
}

/// A cell that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCell {
    /// The name of its column.
    pub column: &'static str,
    /// Its value, a contact masked.
    pub value: String,
    /// What is wrong, as a sentence without its full stop.
    pub reason: String,
}

impl BadCell {
    pub(super) fn new(column: CsvColumn, raw: &str, fault: &CellFault) -> Self {
        let reason = match fault {
            // These are whole sentences.
            CellFault::Contact(error) => error.to_string(),
            fault => format!("the {} {fault}", column.label()),
        };
        Self { column: column.word(), value: shown(column, raw), reason }
    }
}

fn shown(column: CsvColumn, raw: &str) -> String {
    let value = match column {
        CsvColumn::Email if raw.contains('@') => mask(Channel::Email, raw),
        CsvColumn::Email | CsvColumn::Phone => mask(Channel::Sms, raw),
        _ => raw.to_owned(),
    };
    let value = text::clean(&value);
    if value.chars().count() <= SHOWN_MAX {
        return value;
    }
    let begin: String = value.chars().take(SHOWN_MAX).collect();
    begin + "…"
}
