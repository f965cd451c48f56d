//! Fits a text message into one segment: its alphabet, the line that binds the code to a domain,
//! and shortened names.

use crate::delivery::error::DeliveryError;
use crate::delivery::templates::gsm7;
use crate::delivery::templates::values::Values;
use crate::domain::message::MessageFacts;
use crate::domain::text;

/// UTF-16 units of one segment in UCS-2.
const UCS2: usize = 70;
/// Values are cut to this length before the message is fitted.
const VALUE_MAX: usize = 60;

/// The alphabet of a language's text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// 160 septets; names are transliterated.
    Gsm7,
    /// 70 UTF-16 units; names stay as they are.
    Ucs2,
}

impl Alphabet {
    /// The alphabet that a text needs.
    pub(super) fn of(text: &str) -> Self {
        if gsm7::stranger(text).is_none() { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// The name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// The length of one segment.
    pub(super) const fn places(self) -> usize {
        match self {
            Self::Gsm7 => gsm7::SEGMENT,
            Self::Ucs2 => UCS2,
        }
    }

    /// The least room that a template must leave for office, counter and purpose, with the longest
    /// possible code. In UCS-2 it is small because a segment is short.
    pub(super) const fn least_room(self) -> usize {
        match self {
            Self::Gsm7 => 18,
            Self::Ucs2 => 8,
        }
    }

    /// Cleans a name and transliterates it to this alphabet.
    pub(super) fn bring(self, name: &str) -> String {
        match self {
            Self::Gsm7 => gsm7::transliterate(&text::clean(name)),
            Self::Ucs2 => text::clean(name),
        }
    }

    /// Marks a shortened name.
    const fn mark(self) -> char {
        match self {
            Self::Gsm7 => '.',
            Self::Ucs2 => '…',
        }
    }

    pub(super) fn length(self, text: &str) -> usize {
        match self {
            Self::Gsm7 => gsm7::length(text).unwrap_or(usize::MAX),
            Self::Ucs2 => text.encode_utf16().count(),
        }
    }
}

/// The form of a language's text message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) alphabet: Alphabet,
    /// Whether the line that binds the code to a domain fits too.
    pub(super) bound: bool,
}

impl Form {
    /// The values of a message in this alphabet.
    pub(super) fn values(self, facts: &MessageFacts) -> Values {
        Values::of(facts, |value| self.alphabet.bring(value))
    }

    /// Renders the message; if it is too long, shortens the longest name letter by letter.
    pub(super) fn fit(
        self,
        values: &Values,
        domain: Option<&str>,
        render: impl Fn(&Values) -> Result<String, DeliveryError>,
    ) -> Result<Fitted, DeliveryError> {
        let domain = domain.filter(|_| self.bound);
        let whole = values.lengths();
        let mut keep = whole.map(|length| length.min(VALUE_MAX));
        loop {
            let mut message = render(&values.shortened(keep, self.alphabet.mark()))?;
            if let Some(domain) = domain {
                message.push_str(&binding(domain, &values.code));
            }
            if gsm7::segments(&message) <= 1 {
                return Ok(Fitted { text: message, is_shortened: keep != whole });
            }
            match keep.iter_mut().max() {
                Some(longest) if *longest > 0 => *longest -= 1,
                _ => {
                    let how = "The text message does not fit into one message.";
                    return Err(DeliveryError::unusable(how));
                }
            }
        }
    }
}

/// A text message that is one.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) text: String,
    /// Whether a name in it was shortened.
    pub(super) is_shortened: bool,
}

/// The last line that binds a code to a domain ("Origin-bound one-time codes delivered via SMS").
pub(super) fn binding(domain: &str, code: &str) -> String {
    format!("\n@{domain} #{code}")
}

/// The length of a text and the most that fit one segment.
pub(super) fn places(text: &str) -> (usize, usize) {
    let alphabet = Alphabet::of(text);
    (alphabet.length(text), alphabet.places())
}
