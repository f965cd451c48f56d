//! Syslog (RFC 5424): the header says when and what, the message is the record as JSON.

pub(super) mod local;
mod stream;
pub(super) mod tls;

use crate::domain::audit::shipping::ShippedRecord;

/// Facility 13, log audit; severity 6, informational: what an entry means is for its reader.
const PRIORITY: u8 = 13 * 8 + 6;

/// The longest names of a header (RFC 5424, 6).
const HOST_MAX: usize = 255;
const MESSAGE_ID_MAX: usize = 32;

/// A record as a message.
fn message(record: &ShippedRecord, host: &str) -> String {
    let at = record.at().map_or_else(|| "-".to_owned(), |at| at.to_string());
    let host = printable(host, HOST_MAX);
    let id = printable(record.kind(), MESSAGE_ID_MAX);
    format!("<{PRIORITY}>1 {at} {host} countersign - {id} - {}", record.line())
}

/// A word of a header; `-` where there is none.
fn printable(word: &str, most: usize) -> &str {
    let fits = (1..=most).contains(&word.len()) && word.bytes().all(|it| it.is_ascii_graphic());
    if fits { word } else { "-" }
}

/// A message with its length before it (RFC 6587, 3.4.1; RFC 5425, 4.3).
fn counted(message: &str) -> String {
    format!("{} {message}", message.len())
}

/// The name of this machine.
fn host() -> String {
    whoami::hostname().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::audit::export::{ExportedEntry, ExportedLeaf, PurgedEntry};
    use crate::domain::audit::hash::TreeHash;

    pub(in crate::delivery::collector) fn record(index: u64) -> ShippedRecord {
        let leaf = TreeHash::leaf(&index.to_be_bytes());
        let event = i64::try_from(index).expect("small") + 1;
        let gone = PurgedEntry { index, event, leaf, purged: true };
        let entry = ExportedEntry { entry: ExportedLeaf::Purged(gone), erased: false };
        ShippedRecord::new("countersign/riverside", "a note\n", entry)
    }

    #[test]
    fn a_message_is_one_of_rfc_5424_with_its_octets_counted() {
        let record = record(41);
        let message = message(&record, "desk.example.org");
        let head = "<110>1 - desk.example.org countersign - purged - {\"format\":";
        assert!(message.starts_with(head), "{message}");
        assert!(message.is_ascii());
        let (count, rest) = counted(&message)
            .split_once(' ')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .expect("a count");
        assert_eq!((count.parse(), rest), (Ok(message.len()), message));
    }

    #[test]
    fn what_is_no_word_of_a_header_is_left_out() {
        for (word, header) in [("desk1", "desk1"), ("", "-"), ("two words", "-"), ("süd", "-")] {
            assert_eq!(printable(word, HOST_MAX), header);
        }
        assert_eq!(printable("a_kind_of_event_with_a_long_name_x", MESSAGE_ID_MAX), "-");
    }
}
