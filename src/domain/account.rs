//! The office's records on a customer: balance, bills and feedback, shown after verification.

use chrono::{DateTime, Datelike as _, NaiveDate};

use crate::domain::money::Money;
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// The balance owed; `None` if it is not known.
    pub balance: Option<Money>,
    /// The latest bills; `None` if the office has no table of bills.
    pub invoices: Option<Listing<Invoice>>,
    /// The latest feedback; `None` if the office has no table of feedback.
    pub feedback: Option<Listing<Feedback>>,
}

/// A list from one of the office's tables.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Listing<T> {
    /// Newest first.
    pub entries: Vec<T>,
    /// Sentences on rows that cannot be read.
    pub unreadable: Vec<String>,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(entries: Vec<T>) -> Self {
        Self { entries, unreadable: Vec::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Invoice {
    /// The printed bill number.
    pub number: String,
    /// The date of issue or the billing period.
    pub issued_at: RecordedDate,
    pub due_at: Option<RecordedDate>,
    pub amount: Money,
    /// `paid`, `open`, `overdue` or another word of the billing system; empty if there is none.
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Feedback {
    pub at: RecordedDate,
    pub subject: String,
    /// `open`, `answered` or another word of the billing system; empty if there is none.
    pub status: String,
}

/// A date as one of the office's tables has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RecordedDate {
    /// A point in time; its day depends on the time zone.
    Moment(Timestamp),
    /// A calendar day, independent of time zones.
    Day {
        year: i32,
        /// From 1.
        month: u32,
        /// From 1.
        day: u32,
    },
    /// Any other text, such as a month or a quarter.
    Period(String),
}

impl RecordedDate {
    /// Parses a date as databases write it: a day, a local time (which gives its day), a time with
    /// UTC offset, or Unix time in seconds or milliseconds. Any other text is kept as it is; `None`
    /// if it is empty.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(
            unix_time(text)
                .or_else(|| moment(text))
                .or_else(|| day(text))
                .unwrap_or_else(|| Self::Period(text.to_owned())),
        )
    }

    /// Parses a time that is in UTC but has no offset.
    pub fn read_utc(text: &str) -> Option<Self> {
        moment(&format!("{}+00", text.trim())).or_else(|| Self::read(text))
    }
}

/// Unix time by its number of digits: 10 are seconds (2001 to 2286), 12 or 13 are milliseconds
/// (from 1973).
fn unix_time(text: &str) -> Option<RecordedDate> {
    let number: i64 = text.parse().ok().filter(|_| text.bytes().all(|it| it.is_ascii_digit()))?;
    let millis = match text.len() {
        10 => number * 1_000,
        12 | 13 => number,
        _ => return None,
    };
    Some(RecordedDate::Moment(Timestamp::from_millis(millis)))
}

fn moment(text: &str) -> Option<RecordedDate> {
    let text = text.replacen('T', " ", 1).replace('Z', "+00");
    let read = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z");
    Some(RecordedDate::Moment(Timestamp::from_millis(read.ok()?.timestamp_millis())))
}

fn day(text: &str) -> Option<RecordedDate> {
    let of = |text: &str, format| NaiveDate::parse_from_str(text, format).ok();
    let date = match text.split_at_checked(10) {
        Some((date, rest)) if rest.is_empty() || rest.starts_with([' ', 'T']) => {
            of(date, "%Y-%m-%d")
        }
        None if text.len() == 8 => of(text, "%Y%m%d"),
        _ => None,
    }?;
    Some(RecordedDate::Day { year: date.year(), month: date.month(), day: date.day() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_databases_write_them() {
        let is = |text: &str, expected: RecordedDate| {
            assert_eq!(RecordedDate::read(text), Some(expected), "{text}");
        };
        let day = RecordedDate::Day { year: 2026, month: 11, day: 5 };
        for text in [
            "2026-11-05",
            " 2026-11-05 ",
            "20261105",
            "2026-11-05 23:59:59",
            "2026-11-05T00:00:00.000",
        ] {
            is(text, day.clone());
        }
        let moment = RecordedDate::Moment(Timestamp::from_millis(1_793_880_000_000));
        for text in [
            "2026-11-05 12:00:00+00",
            "2026-11-05 13:00:00+01:00",
            "2026-11-05T12:00:00Z",
            "2026-11-05 17:30:00.000+05:30",
            "1793880000",
            "1793880000000",
        ] {
            is(text, moment.clone());
        }
        for text in
            ["2026-11", "202611", "Q4 2026", "2026-02-30", "05.11.2026", "November", "infinity"]
        {
            is(text, RecordedDate::Period(text.to_owned()));
        }
        assert_eq!(RecordedDate::read("  "), None);
        let moment = Some(moment);
        assert_eq!(RecordedDate::read_utc("2026-11-05 12:00:00"), moment);
        assert_eq!(RecordedDate::read_utc(" 2026-11-05 12:00:00.000 "), moment);
        assert_eq!(RecordedDate::read_utc("2026-11-05 13:00:00+01:00"), moment);
        assert_eq!(RecordedDate::read_utc("2026-11-05"), Some(day));
        assert_eq!(RecordedDate::read_utc(""), None);
    }
}
