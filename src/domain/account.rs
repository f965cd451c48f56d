//! What the office has on a customer: the balance, bills and feedback. It is shown once they
//! are verified.

use chrono::{DateTime, Datelike as _, NaiveDate};

use crate::domain::money::Money;
use crate::domain::time::Timestamp;

/// What the office has on a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// What is owed in all; none where that is not known here.
    pub balance: Option<Money>,
    /// The latest bills; none where the office keeps its bills elsewhere.
    pub invoices: Option<Listing<Invoice>>,
    /// The latest feedback and complaints; none where the office keeps them elsewhere.
    pub feedback: Option<Listing<Feedback>>,
}

/// A list of the office's.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Listing<T> {
    /// Newest first.
    pub entries: Vec<T>,
    /// What else there is and cannot be read, each in words.
    pub unreadable: Vec<String>,
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(entries: Vec<T>) -> Self {
        Self { entries, unreadable: Vec::new() }
    }
}

/// One bill.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Invoice {
    /// The number printed on it.
    pub number: String,
    /// When it was issued, or what time it is for.
    pub issued_at: RecordedDate,
    /// When it is due.
    pub due_at: Option<RecordedDate>,
    /// Its sum.
    pub amount: Money,
    /// `paid`, `open`, `overdue`, or whatever the billing system says; empty where it says
    /// nothing.
    pub status: String,
}

/// One complaint or other feedback.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Feedback {
    /// When it was received.
    pub at: RecordedDate,
    /// What it is about.
    pub subject: String,
    /// `open`, `answered`, or whatever the billing system says; empty where it says
    /// nothing.
    pub status: String,
}

/// A date as a table of the office's has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum RecordedDate {
    /// A moment, which is of one day here and of another one elsewhere.
    Moment(Timestamp),
    /// A day, the same everywhere.
    Day {
        /// The year.
        year: i32,
        /// The month, from 1.
        month: u32,
        /// The day, from 1.
        day: u32,
    },
    /// Any other text, such as a month or a quarter.
    Period(String),
}

impl RecordedDate {
    /// Reads a date as databases write it: a day, a local time (whose day it is), a time
    /// with its offset from UTC, or a Unix time in seconds or milliseconds. Any other text
    /// stays as it is.
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

    /// Reads a date whose time is in UTC without saying so.
    pub fn read_utc(text: &str) -> Option<Self> {
        moment(&format!("{}+00", text.trim())).or_else(|| Self::read(text))
    }
}

/// Seconds since 2001 or milliseconds since 1973, until the year 2286.
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
