//! The words of a message, from templates in `assets/templates/<language>`.
//!
//! Values are data and never templates: `{{code}}` in a customer's name stays
//! those eight letters. A template that names a value there is not, or that
//! could make a text message longer than one, is refused when a sender is
//! made, not when a customer waits.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::error::DeliveryError;
use super::gsm7;
use crate::domain::message::MessageFacts;
use crate::domain::text;

/// One language's templates: the name's ending decides about escaping.
struct Language {
    tag: &'static str,
    files: [(&'static str, &'static str); 4],
}

/// The languages there are. The first is spoken to whoever has none of them.
const LANGUAGES: [Language; 1] = [Language {
    tag: "en",
    files: [
        ("en/sms.txt", include_str!("../../assets/templates/en/sms.txt")),
        ("en/email.subject.txt", include_str!("../../assets/templates/en/email.subject.txt")),
        ("en/email.txt", include_str!("../../assets/templates/en/email.txt")),
        ("en/email.html", include_str!("../../assets/templates/en/email.html")),
    ],
}];

/// Places of a text message that its template leaves to office, counter and
/// purpose: about a dozen letters for each.
const ROOM_FOR_NAMES: usize = 36;
/// A value is cut to this before anything is measured.
const LONGEST_VALUE: usize = 60;

/// An email, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EmailText {
    pub(super) subject: String,
    pub(super) plain: String,
    pub(super) html: String,
}

/// All templates, checked.
pub(super) struct Templates(Environment<'static>);

/// What a template can name.
#[derive(Clone)]
struct Values {
    office: String,
    counter: String,
    customer: String,
    purpose: String,
    reference: String,
    code: String,
    minutes: u64,
}

impl Templates {
    /// The templates that are part of the program.
    pub(super) fn embedded() -> Result<Self, DeliveryError> {
        let files = LANGUAGES.iter().flat_map(|language| language.files);
        let templates = Self::of(files)?;
        for language in &LANGUAGES {
            templates.check(language.tag)?;
        }
        Ok(templates)
    }

    fn of(
        files: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Result<Self, DeliveryError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
            Some("html") => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        for (name, source) in files {
            environment.add_template(name, source).map_err(|error| broken(name, &error))?;
        }
        Ok(Self(environment))
    }

    /// Renders everything once, and holds the text message to one segment.
    fn check(&self, tag: &str) -> Result<(), DeliveryError> {
        let widest = Values {
            office: String::new(),
            counter: String::new(),
            customer: String::new(),
            purpose: String::new(),
            reference: "W2W".into(),
            code: "0".repeat(10),
            minutes: 10,
        };
        for part in ["email.subject.txt", "email.txt", "email.html"] {
            self.render(tag, part, &widest)?;
        }
        let sms = self.render(tag, "sms.txt", &widest)?;
        if let Some(stranger) = gsm7::stranger(&sms) {
            return Err(DeliveryError::Settings(format!(
                "The template {tag}/sms.txt holds “{stranger}”, which is not in the alphabet of \
                 text messages: every message would be sent in two parts."
            )));
        }
        let length = gsm7::length(&sms).unwrap_or(usize::MAX);
        if length > gsm7::SEGMENT - ROOM_FOR_NAMES {
            return Err(DeliveryError::Settings(format!(
                "The template {tag}/sms.txt takes {length} places of {}; {} at most leave room \
                 for the names of office, counter and purpose.",
                gsm7::SEGMENT,
                gsm7::SEGMENT - ROOM_FOR_NAMES
            )));
        }
        Ok(())
    }

    /// The email for a message.
    pub(super) fn email(&self, facts: &MessageFacts) -> Result<EmailText, DeliveryError> {
        let values = Values::of(facts, text::clean);
        let tag = language(facts);
        Ok(EmailText {
            subject: text::clean(&self.render(tag, "email.subject.txt", &values)?),
            plain: self.render(tag, "email.txt", &values)?,
            html: self.render(tag, "email.html", &values)?,
        })
    }

    /// The text message: always one segment. Where the names are too long, the
    /// longest of them is shortened, a letter at a time.
    pub(super) fn sms(&self, facts: &MessageFacts) -> Result<String, DeliveryError> {
        let values = Values::of(facts, |value| gsm7::transliterate(&text::clean(value)));
        let tag = language(facts);
        let mut keep = values.names().map(|name| name.chars().count().min(LONGEST_VALUE));
        loop {
            let message = self.render(tag, "sms.txt", &values.shortened(keep))?;
            if gsm7::segments(&message) <= 1 {
                return Ok(message);
            }
            match keep.iter_mut().max() {
                Some(longest) if *longest > 0 => *longest -= 1,
                _ => {
                    return Err(DeliveryError::Settings(
                        "The text message does not fit into one message.".into(),
                    ));
                }
            }
        }
    }

    fn render(&self, tag: &str, part: &str, values: &Values) -> Result<String, DeliveryError> {
        let name = format!("{tag}/{part}");
        self.0
            .get_template(&name)
            .and_then(|template| template.render(values.context()))
            .map_err(|error| broken(&name, &error))
    }
}

/// The error names the template and its line; it never holds a value.
fn broken(name: &str, error: &minijinja::Error) -> DeliveryError {
    let line = error.line().unwrap_or_default();
    DeliveryError::Settings(format!("The template {name} is broken in line {line}: {error}."))
}

/// The language to speak: the customer's, without its country, if there are
/// templates in it.
fn language(facts: &MessageFacts) -> &'static str {
    let wished = facts.locale.as_deref().and_then(|tag| tag.split(['-', '_']).next());
    LANGUAGES
        .iter()
        .find(|known| wished.is_some_and(|wished| wished.eq_ignore_ascii_case(known.tag)))
        .unwrap_or(&LANGUAGES[0])
        .tag
}

impl Values {
    fn of(facts: &MessageFacts, cleaned: impl Fn(&str) -> String) -> Self {
        Self {
            office: cleaned(&facts.office),
            counter: cleaned(&facts.counter),
            customer: cleaned(&facts.customer),
            purpose: cleaned(&facts.purpose),
            reference: cleaned(facts.reference.as_str()),
            code: facts.code.reveal().to_owned(),
            minutes: facts.minutes,
        }
    }

    fn context(&self) -> Value {
        Value::from_pairs([
            ("office", Value::from(&*self.office)),
            ("counter", Value::from(&*self.counter)),
            ("customer", Value::from(&*self.customer)),
            ("purpose", Value::from(&*self.purpose)),
            ("reference", Value::from(&*self.reference)),
            ("code", Value::from(&*self.code)),
            ("minutes", Value::from(self.minutes)),
        ])
    }

    /// The values that can be shortened.
    fn names(&self) -> [&str; 4] {
        [&self.office, &self.counter, &self.purpose, &self.customer]
    }

    fn shortened(&self, keep: [usize; 4]) -> Self {
        let [office, counter, purpose, customer] = keep;
        Self {
            office: shorten(&self.office, office),
            counter: shorten(&self.counter, counter),
            purpose: shorten(&self.purpose, purpose),
            customer: shorten(&self.customer, customer),
            ..self.clone()
        }
    }
}

/// At most `keep` characters; a full stop marks what was cut, as in any
/// abbreviation.
fn shorten(value: &str, keep: usize) -> String {
    if value.chars().count() <= keep {
        return value.to_owned();
    }
    let head: String = value.chars().take(keep.saturating_sub(1)).collect();
    if keep == 0 { head } else { format!("{}.", head.trim_end()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::code::Code;
    use crate::domain::request::Reference;

    fn facts() -> MessageFacts {
        MessageFacts {
            office: "Riverside Billing".into(),
            counter: "3".into(),
            customer: "Dana Rivera".into(),
            purpose: "pay bill".into(),
            reference: Reference::from_store("K7Q"),
            code: Code::from_number(481_920, 6),
            minutes: 5,
            locale: None,
        }
    }

    fn templates() -> Templates {
        Templates::embedded().unwrap_or_else(|error| panic!("{error}"))
    }

    fn sms(facts: &MessageFacts) -> String {
        templates().sms(facts).unwrap_or_else(|error| panic!("{error}"))
    }

    fn email(facts: &MessageFacts) -> EmailText {
        templates().email(facts).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_messages_read_as_they_should() {
        assert_eq!(
            sms(&facts()),
            "Riverside Billing, counter 3: 481920 is your code (pay bill). Ref K7Q. Valid 5 min. \
             Tell it only at the counter, never by phone."
        );
        let email = email(&facts());
        assert_eq!(email.subject, "Riverside Billing: your code for the counter, reference K7Q");
        for part in [&email.plain, &email.html] {
            for word in ["Dana Rivera", "Riverside Billing, counter 3", "pay bill", "K7Q"] {
                assert!(part.contains(word), "{word}: {part}");
            }
            assert!(part.contains("only at the counter, never by phone"), "{part}");
            assert!(part.contains("We never ask for it by phone or email."), "{part}");
        }
        assert!(email.plain.lines().any(|line| line == "481920"), "{}", email.plain);
        assert!(email.plain.contains("5 minutes"));
        assert!(email.html.contains(">481920<"));
    }

    #[test]
    fn an_unknown_language_falls_back_to_english() {
        for locale in ["en-GB", "EN_us", "tlh", "", "-"] {
            let spoken = MessageFacts { locale: Some(locale.into()), ..facts() };
            assert_eq!(sms(&spoken), sms(&facts()), "{locale}");
        }
    }

    #[test]
    fn security_25_values_are_data_and_never_templates() {
        let hostile = MessageFacts {
            customer: "{{code}}<b>&\"'{% raw %}x\r\nBcc: v@evil.test\u{202e}".into(),
            purpose: "{{ code }}".into(),
            office: "A & B".into(),
            ..facts()
        };
        let email = email(&hostile);
        assert!(email.plain.contains("Hello {{code}}<b>&\"'{% raw %}x  Bcc: v@evil.test,"));
        assert!(email.html.contains("{{code}}&lt;b&gt;&amp;"), "{}", email.html);
        assert!(email.html.contains("A &amp; B"));
        assert!(email.subject.starts_with("A & B:"));
        assert_eq!(email.plain.matches("481920").count(), 1);
        assert_eq!(email.html.matches("481920").count(), 1);
        assert!(sms(&hostile).contains("({{ code }})"));
    }

    #[test]
    fn security_21_long_names_are_shortened_and_the_message_stays_one() {
        let long = MessageFacts {
            office: "Abfallwirtschaftsbetrieb der Großen Kreisstadt Überlingen “Süd”".into(),
            counter: "Schalter 12 – links".into(),
            purpose: "a very long purpose of forty characters.".into(),
            code: Code::from_number(1, 10),
            minutes: 10,
            ..facts()
        };
        let message = sms(&long);
        assert_eq!(gsm7::segments(&message), 1, "{message}");
        assert_eq!(gsm7::length(&message), Some(160), "{message}");
        assert!(message.contains("0000000001"));
        assert!(message.contains("Ref K7Q"));
        assert!(message.starts_with("Abfallwirtscha"), "{message}");
    }

    #[test]
    fn security_21_a_template_that_makes_two_messages_is_refused() {
        let check = |source: &'static str| {
            let mut files = LANGUAGES[0].files;
            files[0].1 = source;
            Templates::of(files).and_then(|templates| templates.check("en"))
        };
        let curly = "{{ office }}’s code {{ code }} for {{ purpose }}";
        assert!(check(curly).is_err_and(|error| error.to_string().contains('’')));
        assert!(check("{{ office }}'s code {{ code }} for {{ purpose }}").is_ok());
        let long: &'static str = Box::leak(format!("{}{{{{ code }}}}", "a".repeat(115)).into());
        assert!(check(long).is_err_and(|error| error.to_string().contains("125 places of 160")));
        let fits: &'static str = Box::leak(format!("{}{{{{ code }}}}", "a".repeat(114)).into());
        assert_eq!(check(fits), Ok(()));
        for broken in ["{{ codes }}", "{{ code", "{% for %}"] {
            assert!(check(broken).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn security_21_every_message_is_one_segment(
            office in any::<String>(),
            counter in any::<String>(),
            purpose in any::<String>(),
            number in 0_u64..10_000_000_000,
        ) {
            let code = Code::from_number(number, 10);
            let message = sms(&MessageFacts { office, counter, purpose, code, ..facts() });
            prop_assert!(gsm7::segments(&message) <= 1, "{}", message);
        }
    }
}
