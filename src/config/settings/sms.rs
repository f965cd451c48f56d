//! Settings of `[sms]` and `[whatsapp]`.

use std::path::PathBuf;

use secrecy::SecretString;

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
