//! Lawful removals from the log, and the entries that announce them.
//!
//! Old events are purged, and personal data is erased. Each removal adds an entry with its count
//! and with the total so far: the newest such entry covers all earlier ones, so that those may be
//! purged themselves. Missing data is accepted only as far as a sealed entry announces it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::event::EventKind;

/// By what something went out of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalKind {
    /// Whole events, which were old enough.
    Purge,
    /// The personal fields of events.
    Erasure,
}

/// The announcement of a removal, from the beginning of an entry's detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// By what.
    pub kind: RemovalKind,
    /// Number of entries removed this time.
    pub count: u64,
    /// Number of entries removed so far, in all.
    pub total: u64,
    /// The highest event number purged so far; 0 for an erasure.
    pub up_to: i64,
    /// Number of entries erased so far; a purge repeats it, since it may remove the entry that
    /// announced it.
    pub erased: u64,
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, count, total, up_to, erased } = self;
        match kind {
            RemovalKind::Purge => {
                write!(f, "events up to number {up_to} purged: {count}, in all {total}")?;
                write!(f, "; erased: {erased}")
            }
            RemovalKind::Erasure => write!(f, "entries erased: {count}, in all {total}"),
        }
    }
}

impl Removal {
    /// An erasure of entries.
    pub const fn erasure(count: u64, total: u64) -> Self {
        Self { kind: RemovalKind::Erasure, count, total, up_to: 0, erased: total }
    }

    /// Parses an event; `None` if it announces no removal.
    pub fn read(kind: &str, detail: Option<&str>) -> Option<Self> {
        let detail = detail?;
        let (kind, up_to, counts) = if kind == EventKind::EventsPurged.word() {
            let rest = detail.strip_prefix("events up to number ")?;
            let (up_to, counts) = rest.split_once(" purged: ")?;
            (RemovalKind::Purge, up_to.parse().ok()?, counts)
        } else if kind == EventKind::Erased.word() {
            (RemovalKind::Erasure, 0, detail.strip_prefix("entries erased: ")?)
        } else {
            return None;
        };
        let (count, totals) = counts.split_once(", in all ")?;
        let (total, erased) = match kind {
            RemovalKind::Purge => totals.split_once("; erased: ")?,
            // A reason may follow.
            RemovalKind::Erasure => {
                let total = totals.split_once(". ").map_or(totals, |(total, _)| total);
                (total, total)
            }
        };
        let (total, erased) = (total.parse().ok()?, erased.parse().ok()?);
        Some(Self { kind, count: count.parse().ok()?, total, up_to, erased })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_entry_says_reads_back() {
        let kind = RemovalKind::Purge;
        let purge = Removal { kind, count: 120, total: 5_120, up_to: 5_130, erased: 7 };
        let text = "events up to number 5130 purged: 120, in all 5120; erased: 7";
        assert_eq!(purge.to_string(), text);
        assert_eq!(Removal::read("events_purged", Some(&purge.to_string())), Some(purge));
        let erasure = Removal::erasure(3, 7);
        assert_eq!(Removal::read("erased", Some(&erasure.to_string())), Some(erasure));
        let reasoned = format!("{erasure}. Ticket 17, in all 9. Done");
        assert_eq!(Removal::read("erased", Some(&reasoned)), Some(erasure));
    }

    #[test]
    fn another_entry_says_nothing_of_it() {
        let text = "events up to number 9 purged: 1, in all 1; erased: 0";
        assert_eq!(Removal::read("attempt", Some(text)), None);
        assert_eq!(Removal::read("erased", Some(text)), None);
        assert_eq!(Removal::read("events_purged", None), None);
        for text in ["", "events up to number 9 purged: 1, in all 1", "1 purged"] {
            assert_eq!(Removal::read("events_purged", Some(text)), None, "{text}");
        }
    }
}
