//! How text messages and WhatsApp messages go out.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::domain::locale::is_tag;
use crate::domain::message::Fact;

/// Through whom text messages go out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum SmsProvider {
    /// Nobody: the channel is not offered.
    Off,
    /// The tray of this machine.
    Tray,
    /// Twilio.
    Twilio,
    /// A gateway of the office's own.
    Gateway,
    /// A program of the office's own.
    Exec,
}

/// Through whom WhatsApp messages go out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum WhatsappProvider {
    /// Nobody: the channel is not offered.
    Off,
    /// The tray of this machine.
    Tray,
    /// Twilio.
    Twilio,
}

/// How text messages go out.
#[derive(Clone, Debug)]
pub enum SmsSettings {
    /// Not at all: the channel is not offered.
    Off,
    /// Into the tray.
    Tray,
    /// To Twilio.
    Twilio(TwilioSettings),
    /// To a gateway of the office's own.
    Gateway(GatewaySettings),
    /// To a program of the office's own.
    Exec(ExecSettings),
}

/// The names under which the words of messages are registered, by kind and language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateIds(Vec<(String, String, String)>);

impl TemplateIds {
    /// The kinds of messages.
    const KINDS: [&str; 3] = ["code", "notice", "test"];

    /// Reads lines such as `code.en = 1107160000000012345`; none where one is no such line.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let read = |line: &str| {
            let (name, id) = line.split_once('=')?;
            let (kind, locale) = name.trim().split_once('.')?;
            let (locale, id) = (locale.trim(), id.trim());
            let fits = Self::KINDS.contains(&kind) && is_tag(locale) && !id.is_empty();
            fits.then(|| (kind.to_owned(), locale.to_owned(), id.to_owned()))
        };
        lines.into_iter().map(read).collect::<Option<_>>().map(Self)
    }

    /// Whether nothing is registered.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a kind of message in a language.
    pub fn of(&self, kind: &str, locale: &str) -> Option<&str> {
        let found = self.0.iter().find(|(it, tag, _)| it == kind && tag == locale);
        found.map(|(_, _, id)| id.as_str())
    }
}

/// A program that sends text messages.
#[derive(Clone, Debug)]
pub struct ExecSettings {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The registered words.
    pub template_ids: TemplateIds,
}

/// An SMS gateway with an HTTP interface, and how it wants to be asked.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// Its address, without anything secret.
    pub url: String,
    /// How it is asked.
    pub method: GatewayMethod,
    /// The kind of content of the body.
    pub content: GatewayContent,
    /// The body, with `{{to}}`, `{{to_digits}}`, `{{text}}` and `{{reference}}`
    /// where values go.
    pub body: String,
    /// Headers beside the kind of content.
    pub headers: Vec<GatewayHeader>,
    /// The registered words.
    pub template_ids: TemplateIds,
    /// What the whole answer is like where the message was taken; `*` stands for anything.
    pub success: Option<String>,
    /// Where in its answer the message's name is (RFC 6901).
    pub id_pointer: Option<String>,
    /// Certificates to trust beside the system's own, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// How a gateway is asked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "UPPERCASE")]
pub enum GatewayMethod {
    /// GET: the body is the query of the address.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
}

/// The kind of content of a gateway's body.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum GatewayContent {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// A header; any of them may hold a secret.
#[derive(Clone, Debug)]
pub struct GatewayHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SecretString,
}

/// A Twilio account.
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// The account (`AC…`).
    pub account_sid: String,
    /// How it is spoken for.
    pub credentials: TwilioCredentials,
    /// Whom the message comes from.
    pub sender: TwilioSender,
    /// `https://api.twilio.com`, or a double of it in a test.
    pub base_url: String,
}

/// How a Twilio account is spoken for.
#[derive(Clone, Debug)]
pub enum TwilioCredentials {
    /// The account's own token: it can do everything.
    AuthToken(SecretString),
    /// A key that can be revoked alone: better.
    ApiKey {
        /// The key (`SK…`).
        key: String,
        /// Its secret.
        secret: SecretString,
    },
}

/// How WhatsApp messages go out.
#[derive(Clone, Debug)]
pub enum WhatsappSettings {
    /// Not at all: the channel is not offered.
    Off,
    /// Into the tray.
    Tray,
    /// To Twilio.
    Twilio(TwilioSettings, WhatsappTemplate),
}

/// A message that WhatsApp approved and Twilio keeps: only its variables are
/// filled in, since a free text is not taken (Twilio's error 63016).
#[derive(Clone, Debug)]
pub struct WhatsappTemplate {
    /// Its name at Twilio (`HX…`).
    pub content_sid: String,
    /// What its variables 1, 2, … say.
    pub variables: Vec<Fact>,
}

/// Whom a text message comes from.
#[derive(Clone, Debug)]
pub enum TwilioSender {
    /// A number or an alphanumeric sender.
    From(String),
    /// A messaging service (`MG…`).
    MessagingService(String),
}
