//! Checks that `{{ code }}` is the first number of a message: phones and mail programs that offer
//! to fill in a code take the first one they find.

use crate::config::keys::OFFICE;
use crate::delivery::error::DeliveryError;
use crate::delivery::templates::check::{Finding, State, Work};
use crate::delivery::templates::sources::{EMAIL, SMS};
use crate::delivery::templates::values::Values;
use crate::delivery::templates::{Templates, words};
use crate::domain::text;

impl Templates {
    /// Refuses an office name with digits if a text message has it before the code.
    pub fn check_office(&self, office: &str) -> Result<(), DeliveryError> {
        let findings = self.office_before_code(office);
        let failed = findings.iter().find(|it| it.state == State::Failed);
        failed.map_or(Ok(()), |finding| {
            Err(DeliveryError::misconfigured(&OFFICE.name, finding.to_string()))
        })
    }

    /// Findings on an office name with digits that is before the code.
    pub(super) fn office_before_code(&self, office: &str) -> Vec<Finding> {
        let office = text::clean(office);
        if !has_number(&office) {
            return Vec::new();
        }
        let values = Values { office, ..Values::marked() };
        let sms = self
            .sms
            .keys()
            .filter(|tag| self.render(tag, SMS, &values).is_ok_and(|it| is_late(&it, &values)));
        let said = |tag: &String| Finding {
            locale: Some(tag.clone()),
            part: "sms",
            state: State::Failed,
            text: format!(
                "The digits of office.name stand before {{{{ code }}}} in {tag}/{SMS}, and telephones \
                 take the first number for the code. Put {{{{ code }}}} first."
            ),
        };
        let email = self.email.iter().filter_map(|tag| self.email_note(tag, &values));
        sms.map(said).chain(email).collect()
    }

    fn email_note(&self, tag: &str, values: &Values) -> Option<Finding> {
        let late = self.late_in_email(tag, values);
        (!late.is_empty()).then(|| Finding {
            locale: Some(tag.to_owned()),
            part: "email",
            state: State::Note,
            text: format!(
                "The digits of office.name stand before {{{{ code }}}} in {}: a mail program that \
                 looks for the code may take them for it.",
                late.join(" and ")
            ),
        })
    }

    /// The parts of an email with a digit before the code; the subject has no code and is skipped.
    fn late_in_email(&self, tag: &str, values: &Values) -> Vec<&'static str> {
        let is_late_in = |part: &&str| {
            let Ok(text) = self.render(tag, part, values) else { return false };
            let is_html = part.rsplit('.').next() == Some("html");
            is_late(&if is_html { words::of_html(&text) } else { text }, values)
        };
        EMAIL[1..].iter().copied().filter(is_late_in).collect()
    }
}

impl Work {
    /// Refuses a text message with a digit, or a value that may contain one, before the code.
    pub(super) fn number_before_code(&self, tag: &str) -> Result<(), String> {
        let values = Values::numbered();
        let text = self.templates.render(tag, SMS, &values).map_err(|error| error.to_string())?;
        if !is_late(&text, &values) {
            return Ok(());
        }
        Err(format!(
            "{tag}/{SMS} has a number before {{{{ code }}}}, or counter, customer, purpose, reference \
             or minutes, which may hold one: telephones take the first for the code. Put {{{{ code }}}} \
             before them."
        ))
    }

    /// The same check for an email, which gives only a note.
    pub(super) fn note_of_email(&mut self, tag: &str) {
        let values = Values { customer: String::new(), ..Values::numbered() };
        let late = self.templates.late_in_email(tag, &values);
        if !late.is_empty() {
            let text = format!(
                "A number can stand before {{{{ code }}}} in {}: a mail program that looks for the code \
                 may take that one.",
                late.join(" and ")
            );
            self.say(Some(tag), "email", State::Note, text);
        }
    }
}

/// Whether a digit is before the code. A missing code is reported by another check.
fn is_late(text: &str, values: &Values) -> bool {
    text.split_once(&values.code).is_some_and(|(before, _)| has_number(before))
}

fn has_number(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}
