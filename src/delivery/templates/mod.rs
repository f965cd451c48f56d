//! Renders messages from the templates in `assets/templates/<language>` and in the configured
//! folder.
//!
//! Values are data and never templates: `{{code}}` in a customer's name stays literal text. A
//! template with an unknown name, whose two parts differ, or that could make a text message longer
//! than one segment is refused when the sender is built, not when a customer waits.

mod addresses;
pub(super) mod alarm_mail;
mod check;
mod first;
mod gsm7;
mod notice;
mod shipped;
mod sms;
mod sources;
pub(super) mod test_message;
mod values;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use crate::config::keys::{MESSAGES, WHATSAPP};
use crate::config::settings::MessageSettings;
use crate::delivery::error::DeliveryError;
use crate::delivery::templates::sms::Form;
use crate::delivery::templates::sources::{EMAIL, SMS};
use crate::delivery::templates::values::Values;
use crate::domain::channel::Channel;
use crate::domain::contact_notice::NoticeAbout;
use crate::domain::message::MessageFacts;
use crate::domain::{locale, text};

pub use crate::delivery::templates::check::{Finding, State};

/// The last fallback language; every part exists in it.
const LAST_RESORT: &str = "en";

/// A text message, ready to go.
pub(super) struct SmsText {
    pub(super) text: String,
    /// The language of its words.
    pub(super) locale: String,
    /// Whether a name in it was shortened.
    pub(super) is_shortened: bool,
}

impl SmsText {
    fn of(fitted: sms::Fitted, locale: &str) -> Self {
        let sms::Fitted { text, is_shortened } = fitted;
        Self { text, locale: locale.to_owned(), is_shortened }
    }
}

/// A rendered email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EmailText {
    pub(super) subject: String,
    pub(super) plain: String,
    pub(super) html: String,
}

/// All templates, compiled and checked.
pub struct Templates {
    environment: Environment<'static>,
    /// The office's default language.
    office: String,
    /// Languages with an email.
    email: BTreeSet<String>,
    /// Languages with a text message.
    sms: BTreeMap<String, Form>,
    /// The same of notices, by what they are about.
    notice_email: BTreeSet<(NoticeAbout, String)>,
    notice_sms: BTreeMap<(NoticeAbout, String), Form>,
    /// The domain that text messages bind the code to.
    bound_domain: Option<String>,
}

/// A message as a customer would get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub locale: String,
    /// The subject of an email.
    pub subject: Option<String>,
    /// The text message, or the plain part of an email.
    pub text: String,
    /// The HTML part of an email.
    pub html: Option<String>,
    /// The length of a text message and the most that fit one segment.
    pub places: Option<(usize, usize)>,
}

impl Templates {
    /// Loads the built-in templates and those of the folder; the error lists everything that is
    /// wrong.
    pub fn load(settings: &MessageSettings) -> Result<Self, DeliveryError> {
        let (templates, findings) = check::assemble(settings);
        let failed = findings.iter().filter(|finding| finding.state == State::Failed);
        let failed: Vec<String> = failed.map(ToString::to_string).collect();
        if failed.is_empty() {
            return Ok(templates);
        }
        let how = format!("The templates of messages cannot be used. {}", failed.join("\n"));
        Err(DeliveryError::misconfigured(&MESSAGES.folder, how))
    }

    /// Checks all templates, and the office's names that they contain; each name comes with its
    /// key.
    pub fn check(settings: &MessageSettings, names: &[(&'static str, &str)]) -> Vec<Finding> {
        let (templates, mut findings) = check::assemble(settings);
        findings.extend(check::lost_letters(names));
        let office = names.iter().find(|(key, _)| *key == "office.name");
        findings.extend(office.into_iter().flat_map(|(_, it)| templates.office_before_code(it)));
        findings
    }

    /// Renders a message as it would be sent.
    pub fn sample(&self, channel: Channel, facts: &MessageFacts) -> Result<Sample, DeliveryError> {
        Ok(match channel {
            Channel::Email => {
                let EmailText { subject, plain, html } = self.email(facts)?;
                Sample {
                    locale: self.email_language(facts).to_owned(),
                    subject: Some(subject),
                    text: plain,
                    html: Some(html),
                    places: None,
                }
            }
            Channel::Whatsapp => {
                return Err(DeliveryError::misconfigured(
                    &WHATSAPP.content_sid,
                    "The words of a WhatsApp message lie at Twilio, in the template that \
                     whatsapp.content_sid names.",
                ));
            }
            Channel::Sms => {
                let text = self.sms(facts)?;
                let (tag, _) = self.sms_language(facts)?;
                Sample {
                    locale: tag.to_owned(),
                    subject: None,
                    places: Some(sms::places(&text)),
                    text,
                    html: None,
                }
            }
        })
    }

    /// Renders an email.
    pub(super) fn email(&self, facts: &MessageFacts) -> Result<EmailText, DeliveryError> {
        let values = Values::of(facts, text::clean);
        let tag = self.email_language(facts);
        let [subject, plain, html] = EMAIL.map(|part| self.render(tag, part, &values));
        Ok(EmailText { subject: text::clean(&subject?), plain: plain?, html: html? })
    }

    /// Renders a text message, always of one segment.
    pub(super) fn sms(&self, facts: &MessageFacts) -> Result<String, DeliveryError> {
        Ok(self.sms_text(facts)?.text)
    }

    /// The same with its language.
    pub(super) fn sms_text(&self, facts: &MessageFacts) -> Result<SmsText, DeliveryError> {
        let (tag, form) = self.sms_language(facts)?;
        let (values, domain) = (form.values(facts), self.bound_domain.as_deref());
        let fitted = form.fit(&values, domain, |values| self.render(tag, SMS, values))?;
        Ok(SmsText::of(fitted, tag))
    }

    /// The languages to try in order: the customer's, the office's, English.
    fn languages(&self, wished: Option<&str>) -> Vec<String> {
        locale::chain(wished.into_iter().chain([self.office.as_str(), LAST_RESORT]))
    }

    fn email_language(&self, facts: &MessageFacts) -> &str {
        self.languages(facts.locale.as_deref())
            .iter()
            .find_map(|tag| self.email.get(tag))
            .map_or(LAST_RESORT, String::as_str)
    }

    fn sms_language(&self, facts: &MessageFacts) -> Result<(&str, Form), DeliveryError> {
        self.languages(facts.locale.as_deref())
            .iter()
            .find_map(|tag| self.sms.get_key_value(tag))
            .map(|(tag, form)| (tag.as_str(), *form))
            .ok_or_else(|| DeliveryError::unusable("There is no template of a text message."))
    }

    fn render(&self, tag: &str, part: &str, values: &Values) -> Result<String, DeliveryError> {
        let name = format!("{tag}/{part}");
        self.environment
            .get_template(&name)
            .and_then(|template| template.render(values.context()))
            .map_err(|error| DeliveryError::misconfigured(&MESSAGES.folder, broken(&name, &error)))
    }

    /// Renders one block of a template; `None` if it has no such block.
    fn block(&self, tag: &str, part: &str, block: &str) -> Option<String> {
        let template = self.environment.get_template(&format!("{tag}/{part}")).ok()?;
        let mut rendered = template.render_captured(Values::marked().context()).ok()?;
        rendered.with_state_mut(|state| state.render_block(block)).ok()
    }
}

/// Limit on the instructions of one rendering, a hundred times the longest built-in template: an
/// endless loop fails instead of blocking.
const RENDER_FUEL: u64 = 100_000;

/// A template environment in which an unknown name is an error, and the file extension decides on
/// escaping.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(RENDER_FUEL));
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment
}

/// The sentence for a template error: it names the template and the line, never a value.
fn broken(name: &str, error: &minijinja::Error) -> String {
    let place = match error.line() {
        Some(line) => format!("{} line {line}", error.name().unwrap_or(name)),
        None => name.to_owned(),
    };
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    format!("{place}: {what}.")
}
