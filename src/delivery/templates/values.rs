//! The values that a template can name, and how they are shortened.

use minijinja::value::Value;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::message::MessageFacts;

/// The names of the values.
pub(super) const NAMES: [&str; 7] =
    ["office", "counter", "customer", "purpose", "reference", "code", "minutes"];

/// The values of one message. They are data and never templates.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) office: String,
    pub(super) counter: String,
    pub(super) customer: String,
    pub(super) purpose: String,
    pub(super) reference: String,
    pub(super) code: String,
    pub(super) minutes: u64,
    /// When something happened, for notices alone.
    pub(super) time: String,
}

impl Values {
    /// The values of a message, each cleaned.
    pub(super) fn of(facts: &MessageFacts, cleaned: impl Fn(&str) -> String) -> Self {
        Self {
            office: cleaned(&facts.office),
            counter: cleaned(&facts.counter),
            customer: cleaned(&facts.customer),
            purpose: cleaned(&facts.purpose),
            reference: cleaned(facts.reference.as_str()),
            code: facts.code.reveal().to_owned(),
            // Less than a minute occurs only in tests of expiry.
            minutes: facts.minutes.max(1),
            time: String::new(),
        }
    }

    /// Empty names and the longest code, reference and time: the length of a template without
    /// names.
    pub(super) fn bare() -> Self {
        Self {
            office: String::new(),
            counter: String::new(),
            customer: String::new(),
            purpose: String::new(),
            reference: "W2W".into(),
            code: "0".repeat(10),
            minutes: 10,
            time: "2030-12-31 23:59".into(),
        }
    }

    /// Values that cannot occur in a template, so that they can be searched for.
    pub(super) fn marked() -> Self {
        Self {
            office: "Qoffq".into(),
            counter: "Qcouq".into(),
            customer: "Qcusq".into(),
            purpose: "Qpurq".into(),
            reference: "Q8R".into(),
            code: "9481036275".into(),
            minutes: 777,
            time: "Qtimq".into(),
        }
    }

    /// A digit in each value that may contain one, except the office's name, which is known and
    /// checked separately.
    pub(super) fn numbered() -> Self {
        let numbered = |name: &str| format!("{name} 7");
        let marked = Self::marked();
        Self {
            counter: numbered(&marked.counter),
            customer: numbered(&marked.customer),
            purpose: numbered(&marked.purpose),
            ..marked
        }
    }

    /// The same with another time, which may change the words around it.
    pub(super) fn lasting(&self, minutes: u64) -> Self {
        Self { minutes, ..self.clone() }
    }

    /// Each value with its name: those of [`NAMES`], and those of notices.
    pub(super) fn named(&self) -> [(&'static str, Value); 8] {
        [
            ("office", Value::from(&*self.office)),
            ("counter", Value::from(&*self.counter)),
            ("customer", Value::from(&*self.customer)),
            ("purpose", Value::from(&*self.purpose)),
            ("reference", Value::from(&*self.reference)),
            ("code", Value::from(&*self.code)),
            ("minutes", Value::from(self.minutes)),
            ("time", Value::from(&*self.time)),
        ]
    }

    /// The template context.
    pub(super) fn context(&self) -> Value {
        Value::from_pairs(self.named())
    }

    /// The lengths of the values that can be shortened, in graphemes.
    pub(super) fn lengths(&self) -> [usize; 4] {
        [&self.office, &self.counter, &self.purpose, &self.customer]
            .map(|name| name.graphemes(true).count())
    }

    /// Shortens the values to these lengths; a shortened one ends in `mark`.
    pub(super) fn shortened(&self, keep: [usize; 4], mark: char) -> Self {
        let [office, counter, purpose, customer] = keep;
        Self {
            office: shorten(&self.office, office, mark),
            counter: shorten(&self.counter, counter, mark),
            purpose: shorten(&self.purpose, purpose, mark),
            customer: shorten(&self.customer, customer, mark),
            ..self.clone()
        }
    }
}

/// Keeps at most `keep` graphemes, so that a vowel sign stays with its consonant.
fn shorten(value: &str, keep: usize, mark: char) -> String {
    if value.graphemes(true).count() <= keep {
        return value.to_owned();
    }
    let head: String = value.graphemes(true).take(keep.saturating_sub(1)).collect();
    if keep == 0 { head } else { format!("{}{mark}", head.trim_end()) }
}
