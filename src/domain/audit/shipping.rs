//! What a collector of logs gets of each sealed entry, and how far that has come.

use serde::{Deserialize, Serialize};

use crate::domain::audit::export::{ExportedEntry, ExportedLeaf};
use crate::domain::time::Timestamp;

/// What a record says it is.
const FORMAT: &str = "countersign audit record 1";

/// The longest text of a target that is kept.
const TARGET_MAX: usize = 500;

/// Which cursor moves: the name that the configuration gives it, and where it ships to. Another
/// target has a cursor of its own, so that a new collector gets the log from its first entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorId {
    /// The name; hosts that share it take turns.
    pub name: String,
    /// The place of the collector, in words.
    pub target: String,
}

impl CursorId {
    /// The cursor of a name for a target.
    pub fn new(name: &str, target: &str) -> Self {
        Self { name: name.to_owned(), target: target.chars().take(TARGET_MAX).collect() }
    }
}

/// One sealed entry as a collector gets it. With the newest checkpoint in each record, the
/// collector holds what shows that the end of the log was cut off, or that it was made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedRecord {
    /// What this is, with the version.
    pub format: String,
    /// Of which log.
    pub origin: String,
    /// The place of the entry in the log, from 0; a record that comes twice has it twice.
    pub sequence: u64,
    /// The newest signed checkpoint; its tree has the entry.
    pub checkpoint: String,
    /// The entry, without what is personal.
    pub entry: ExportedEntry,
}

impl ShippedRecord {
    /// The record of an entry.
    pub fn new(origin: &str, checkpoint: &str, entry: ExportedEntry) -> Self {
        let sequence = match &entry.entry {
            ExportedLeaf::Entry(it) => it.index,
            ExportedLeaf::Purged(it) => it.index,
        };
        Self {
            format: FORMAT.to_owned(),
            origin: origin.to_owned(),
            sequence,
            checkpoint: checkpoint.to_owned(),
            entry,
        }
    }

    /// When the event happened; none where it was purged.
    pub fn at(&self) -> Option<Timestamp> {
        match &self.entry.entry {
            ExportedLeaf::Entry(it) => Some(it.at),
            ExportedLeaf::Purged(_) => None,
        }
    }

    /// What kind of event it is, in one word.
    pub fn kind(&self) -> &str {
        match &self.entry.entry {
            ExportedLeaf::Entry(it) => &it.kind,
            ExportedLeaf::Purged(_) => "purged",
        }
    }

    /// One line of JSON in ASCII, so that no collector has to guess its characters.
    pub fn line(&self) -> String {
        // Texts, numbers and hashes: there is nothing that cannot be written.
        in_ascii(&serde_json::to_string(self).unwrap_or_default())
    }

    /// These records, each with the end of its line.
    pub fn lines(records: &[Self]) -> String {
        records.iter().flat_map(|it| [it.line(), "\n".to_owned()]).collect()
    }
}

/// JSON with all but ASCII escaped; such characters stand in its texts alone.
fn in_ascii(json: &str) -> String {
    use std::fmt::Write as _;

    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_ascii() {
            out.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// How far a cursor has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingStatus {
    /// Which cursor.
    pub cursor: CursorId,
    /// How many entries were shipped.
    pub shipped: u64,
    /// How many are sealed.
    pub sealed: u64,
    /// When the first of those happened that were not shipped yet; none where there is none, or
    /// it was purged.
    pub waiting_since: Option<Timestamp>,
    /// When the collector took something last.
    pub shipped_at: Option<Timestamp>,
    /// What failed last; none where the last attempt did not fail.
    pub failure: Option<ShippingFailure>,
    /// Now, by the store's clock.
    pub now: Timestamp,
}

impl ShippingStatus {
    /// How many sealed entries were not shipped yet.
    pub const fn waiting(&self) -> u64 {
        self.sealed.saturating_sub(self.shipped)
    }
}

/// Attempts that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingFailure {
    /// How many in a row.
    pub count: u32,
    /// When the last one did.
    pub at: Timestamp,
    /// Why, for an admin.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::leaf::tests::{entry, event};

    #[test]
    fn a_record_is_one_line_of_ascii_without_what_is_personal_and_reads_back() {
        let mut stored = event(42);
        stored.counter = "Schalter \u{201e}Süd\u{201c} \u{1f511}\n".into();
        stored.detail = Some("Dana Rivera".into());
        let mut sealed = entry(41, stored);
        sealed.hide_personal();
        let entry = ExportedEntry { entry: ExportedLeaf::Entry(Box::new(sealed)), erased: false };
        let record = ShippedRecord::new("countersign/riverside", "note\n", entry);
        let line = record.line();
        assert!(line.is_ascii() && !line.contains('\n'), "{line}");
        for hidden in ["Dana", "+4*", "salt"] {
            assert!(!line.contains(hidden), "{line}");
        }
        assert_eq!(record.sequence, 41);
        assert_eq!(serde_json::from_str::<ShippedRecord>(&line).expect("read"), record);
    }
}
