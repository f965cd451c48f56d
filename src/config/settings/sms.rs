//! Settings of `[sms]` and `[whatsapp]`.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::domain::locale::is_tag;
use crate::domain::message::Fact;

/// The SMS providers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum SmsProvider {
    /// The channel is off.
    Off,
    /// The tray of this machine.
    Tray,
    Twilio,
    /// An HTTP gateway of the office's own.
    Gateway,
    /// A program of the office's own.
    Exec,
}

/// The WhatsApp providers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum WhatsappProvider {
    /// The channel is off.
    Off,
    /// The tray of this machine.
    Tray,
    Twilio,
}

/// The configured SMS provider.
#[derive(Clone, Debug)]
pub enum SmsSettings {
    /// The channel is off.
    Off,
    Tray,
    Twilio(TwilioSettings),
    /// An HTTP gateway of the office's own.
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

/// An SMS gateway with an HTTP API, and the request that it expects.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The URL, without secrets.
    pub url: String,
    pub method: GatewayMethod,
    /// The content type of the body.
    pub content: GatewayContent,
    /// The body template, with `{{to}}`, `{{to_digits}}`, `{{text}}` and `{{reference}}` as
    /// placeholders.
    pub body: String,
    /// Headers in addition to the content type.
    pub headers: Vec<GatewayHeader>,
    /// The registered words.
    pub template_ids: TemplateIds,
    /// What the whole answer is like where the message was taken; `*` stands for anything.
    pub success: Option<String>,
    /// JSON pointer to the message id in the response (RFC 6901).
    pub id_pointer: Option<String>,
    /// PEM file of certificates to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
}

/// The HTTP method of a gateway.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "UPPERCASE")]
pub enum GatewayMethod {
    /// GET: the body is the query of the address.
    Get,
    Post,
    Put,
}

/// The content type of a gateway's body.
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

/// A header; its value may be a secret.
#[derive(Clone, Debug)]
pub struct GatewayHeader {
    pub name: String,
    pub value: SecretString,
}

#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// The account SID (`AC…`).
    pub account_sid: String,
    pub credentials: TwilioCredentials,
    pub sender: TwilioSender,
    /// `https://api.twilio.com`, or a test server.
    pub base_url: String,
}

/// How requests to a Twilio account are authenticated.
#[derive(Clone, Debug)]
pub enum TwilioCredentials {
    /// The account's auth token, which grants full access.
    AuthToken(SecretString),
    /// An API key, which can be revoked alone; preferred.
    ApiKey {
        /// The key SID (`SK…`).
        key: String,
        secret: SecretString,
    },
}

/// The configured WhatsApp provider.
#[derive(Clone, Debug)]
pub enum WhatsappSettings {
    /// The channel is off.
    Off,
    Tray,
    Twilio(TwilioSettings, WhatsappTemplate),
}

/// A template that WhatsApp approved and Twilio stores. Only its variables are filled in: WhatsApp
/// refuses free text outside of a conversation (Twilio's error 63016).
#[derive(Clone, Debug)]
pub struct WhatsappTemplate {
    /// The content SID (`HX…`).
    pub content_sid: String,
    /// The facts for its variables 1, 2, …
    pub variables: Vec<Fact>,
}

/// The sender of a Twilio message.
#[derive(Clone, Debug)]
pub enum TwilioSender {
    /// A phone number or an alphanumeric sender.
    From(String),
    /// A messaging service (`MG…`).
    MessagingService(String),
}
