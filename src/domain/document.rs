//! A document that a clerk saw: its kind, that name and picture match, and until when it is good.
//! Its number is nowhere: nothing here has room for it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// The last year of an expiry date. What lies beyond is no date of a document.
const LAST_YEAR: i32 = 2099;

/// What a clerk says of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenDocument {
    /// Its kind, one of the office's.
    pub kind: String,
    /// Whether the name on it is the customer's.
    pub name_matches: bool,
    /// Whether its picture is of whoever stands here.
    pub photo_matches: bool,
    /// Its last day, such as 2031-04-30; empty where it has none.
    pub expires: String,
}

/// Why a document proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DocumentFault {
    /// No such kind.
    #[error("the office takes: {}; type nothing else of the document", .0.join(", "))]
    Kind(Vec<String>),
    /// Name or picture are another's.
    #[error("the name and the picture have to be the customer's, both")]
    NoMatch,
    /// No date.
    #[error("the last day of the document is a date such as 2031-04-30; never type its number")]
    NoDate,
    /// It is over.
    #[error("the document is not good any more")]
    Expired,
}

/// A document that proves who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    kind: String,
    expires: Option<NaiveDate>,
}

impl SeenDocument {
    /// Judges what is said of it, on the day of `now`.
    pub fn judge(&self, kinds: &[String], now: Timestamp) -> Result<Document, DocumentFault> {
        let typed = self.kind.trim();
        let kind = kinds.iter().find(|it| it.eq_ignore_ascii_case(typed));
        let kind = kind.ok_or_else(|| DocumentFault::Kind(kinds.to_vec()))?.clone();
        if !(self.name_matches && self.photo_matches) {
            return Err(DocumentFault::NoMatch);
        }
        let expires = match self.expires.trim() {
            "" => None,
            day => Some(date(day).ok_or(DocumentFault::NoDate)?),
        };
        if expires.is_some_and(|it| it < now.to_utc().date_naive()) {
            return Err(DocumentFault::Expired);
        }
        Ok(Document { kind, expires })
    }
}

/// A date written in full, and no other digits.
fn date(day: &str) -> Option<NaiveDate> {
    use chrono::Datelike as _;
    let date: NaiveDate = day.parse().ok()?;
    (date.to_string() == day && date.year() <= LAST_YEAR).then_some(date)
}

impl Document {
    /// What the log says of it.
    pub fn detail(&self) -> String {
        match self.expires {
            Some(day) => format!("{}, good until {day}; name and picture match", self.kind),
            None => format!("{}; name and picture match", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(kind: &str, expires: &str) -> SeenDocument {
        SeenDocument {
            kind: kind.into(),
            name_matches: true,
            photo_matches: true,
            expires: expires.into(),
        }
    }

    fn judged(seen: &SeenDocument) -> Result<String, DocumentFault> {
        let now = Timestamp::from_rfc3339("2026-11-30T12:00:00Z").unwrap_or_default();
        seen.judge(&["passport".into()], now).map(|it| it.detail())
    }

    #[test]
    fn security_70_nothing_but_a_kind_and_a_date_can_be_said_of_a_document() {
        let good = judged(&seen(" Passport", "2031-04-30"));
        assert_eq!(good.as_deref(), Ok("passport, good until 2031-04-30; name and picture match"));
        assert_eq!(
            judged(&seen("passport", "")).as_deref(),
            Ok("passport; name and picture match")
        );
        for number in ["C01X00T47", "passport C01X00T47", "passport 123456789", "123456789", ""] {
            let refused = judged(&seen(number, ""));
            assert!(matches!(refused, Err(DocumentFault::Kind(_))), "{number}: {refused:?}");
        }
        for number in
            ["C01X00T47", "123456789", "20310430", "12345-01-01", "+12345-01-01", "9999-01-01"]
        {
            assert_eq!(judged(&seen("passport", number)), Err(DocumentFault::NoDate), "{number}");
        }
    }

    #[test]
    fn a_document_that_is_over_or_anothers_proves_nothing() {
        assert!(judged(&seen("passport", "2026-11-30")).is_ok(), "on its last day");
        assert_eq!(judged(&seen("passport", "2026-11-29")), Err(DocumentFault::Expired));
        for (name_matches, photo_matches) in [(true, false), (false, true), (false, false)] {
            let other = SeenDocument { name_matches, photo_matches, ..seen("passport", "") };
            assert_eq!(judged(&other), Err(DocumentFault::NoMatch));
        }
    }
}
