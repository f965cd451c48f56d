//! How text messages and WhatsApp messages go out.

use std::path::PathBuf;

use secrecy::SecretString;

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
