//! How a text message is made to be one: its alphabet, the line that binds
//! the code to a website, and names cut until all fits.

use crate::delivery::error::DeliveryError;
use crate::delivery::templates::gsm7;
use crate::delivery::templates::values::Values;
use crate::domain::message::MessageFacts;
use crate::domain::text;

/// Places in one message that leaves the GSM alphabet, in UTF-16 units.
const UCS2: usize = 70;
/// A value is cut to this before anything is measured.
const VALUE_MAX: usize = 60;

/// The alphabet of a language's text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// 160 places; names are brought into it.
    Gsm7,
    /// 70 places; names stay as they are.
    Ucs2,
}

impl Alphabet {
    /// The alphabet a text is in.
    pub(super) fn of(text: &str) -> Self {
        if gsm7::stranger(text).is_none() { Self::Gsm7 } else { Self::Ucs2 }
    }

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// Places of one message.
    pub(super) const fn places(self) -> usize {
        match self {
            Self::Gsm7 => gsm7::SEGMENT,
            Self::Ucs2 => UCS2,
        }
    }

    /// Places that a template leaves to office, counter and purpose, with the
    /// longest code there can be. It is little where an alphabet has so few.
    pub(super) const fn least_room(self) -> usize {
        match self {
            Self::Gsm7 => 18,
            Self::Ucs2 => 8,
        }
    }

    /// A name, cleaned and in this alphabet.
    pub(super) fn bring(self, name: &str) -> String {
        match self {
            Self::Gsm7 => gsm7::transliterate(&text::clean(name)),
            Self::Ucs2 => text::clean(name),
        }
    }

    /// What marks a name that was cut.
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

/// How the text message of a language is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) alphabet: Alphabet,
    /// Whether the line that binds the code to a website fits as well.
    pub(super) bound: bool,
}

impl Form {
    /// The values of a message in this alphabet.
    pub(super) fn values(self, facts: &MessageFacts) -> Values {
        Values::of(facts, |value| self.alphabet.bring(value))
    }

    /// The message: where the names are too long, the longest of them is
    /// shortened, a letter at a time.
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

/// The last line of a message whose code is bound to a website, as telephones
/// read it ("Origin-bound one-time codes delivered via SMS").
pub(super) fn binding(domain: &str, code: &str) -> String {
    format!("\n@{domain} #{code}")
}

/// The places a text takes of one message, and how many there are.
pub(super) fn places(text: &str) -> (usize, usize) {
    let alphabet = Alphabet::of(text);
    (alphabet.length(text), alphabet.places())
}
