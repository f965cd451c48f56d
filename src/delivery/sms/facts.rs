//! What a gateway of the office's own is told of a text message: the words, or the template that
//! stands for them, and what fills it in.

use serde::Serialize;

use crate::config::keys::KeyPath;
use crate::config::settings::TemplateIds;
use crate::delivery::error::{DeliveryError, FailureKind};
use crate::delivery::message::MessageKind;
use crate::delivery::templates::{SmsText, Templates};
use crate::domain::text;

/// The facts of one message; what does not apply is empty.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct GatewayFacts {
    /// The number in E.164.
    pub(super) to: String,
    pub(super) text: String,
    pub(super) reference: String,
    pub(super) code: String,
    /// `code`, `notice` or `test`.
    pub(super) kind: String,
    /// The language of the words.
    pub(super) locale: String,
    /// The name under which the words are registered.
    pub(super) template: String,
    pub(super) office: String,
    /// Whole minutes the code works.
    pub(super) minutes: String,
}

impl GatewayFacts {
    /// The facts of a message. Words that are registered go as they are, or not at all: a carrier
    /// compares them letter by letter.
    pub(super) fn of(
        piece: MessageKind<'_>,
        templates: &Templates,
        ids: &TemplateIds,
        key: KeyPath,
    ) -> Result<Self, DeliveryError> {
        let number = piece.phone_number()?;
        let SmsText { text, locale, is_shortened } = piece.sms_text(templates)?;
        let kind = piece.kind();
        let template = match ids.of(kind, &locale) {
            Some(id) => id.to_owned(),
            None if ids.is_empty() => String::new(),
            None => {
                let how = format!(
                    "No template is registered for a {kind} in \"{locale}\": add {kind}.{locale} = \
                     ID to {key}."
                );
                return Err(DeliveryError::misconfigured(key, how));
            }
        };
        if is_shortened && !template.is_empty() {
            let what = "The names in this message are too long for its registered words. Use \
                        another channel.";
            return Err(DeliveryError::new(FailureKind::Message, what));
        }
        let facts = piece.facts();
        Ok(Self {
            to: number.as_str().to_owned(),
            text,
            reference: piece.reference().to_owned(),
            code: facts.map_or("", |it| it.code.reveal()).to_owned(),
            kind: kind.to_owned(),
            locale,
            template,
            office: text::clean(piece.office()),
            minutes: facts.map_or_else(String::new, |it| it.minutes.max(1).to_string()),
        })
    }
}

/// Whether a whole answer is one of success, by a pattern in which `*` stands for anything.
pub(super) fn is_success(pattern: &str, answer: &str) -> bool {
    let answer = answer.trim();
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == answer };
    let Some(mut rest) = answer.strip_prefix(first) else { return false };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_compared_with_the_whole_answer() {
        for (pattern, answer, is) in [
            ("OK", "OK\r\n", true),
            ("OK", "OK 4711", false),
            ("OK*", "OK 4711", true),
            ("OK*", "NOT OK", false),
            ("*\"status\":\"0\"*", "{\"status\":\"0\",\"id\":7}", true),
            ("*\"status\":\"0\"*", "{\"status\":\"02\"}", false),
            ("0: Accepted*", "3: Queued for later delivery", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(is_success(pattern, answer), is, "{pattern} {answer}");
        }
    }
}
