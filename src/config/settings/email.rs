//! Settings of `[email]`.

use std::path::PathBuf;

use secrecy::SecretString;

/// The email providers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum EmailProvider {
    /// The channel is off.
    Off,
    /// The tray of this machine.
    Tray,
    /// Any SMTP server.
    Smtp,
    /// Gmail over SMTP.
    Gmail,
    /// Microsoft 365 over SMTP.
    Office365,
    /// SendGrid over SMTP.
    #[strum(serialize = "sendgrid")]
    SendGrid,
    /// SendGrid's Web API.
    #[strum(serialize = "sendgrid-api")]
    SendGridApi,
}

/// The authentication method at an SMTP server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum MailAuth {
    Password,
    /// OAuth 2.0 with an access token that is fetched on demand.
    Xoauth2,
}

/// The configured email provider.
#[derive(Clone, Debug)]
pub enum EmailSettings {
    /// The channel is off.
    Off,
    Tray {
        /// The sender's address, as the message shows it.
        from: String,
    },
    /// SMTP; `gmail`, `office365` and `sendgrid` are presets of this.
    Smtp(SmtpSettings),
    /// SendGrid's Web API.
    SendGridApi(SendGridSettings),
}

/// The protection of the connection to the SMTP server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum SmtpTls {
    /// TLS from the first byte (RFC 8314): the safest.
    Implicit,
    /// A plain connection that must be upgraded by STARTTLS before anything else is sent.
    StartTls,
    /// No TLS: only for a server on this machine.
    None,
}

#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// `smtp`, `gmail`, `office365` or `sendgrid`, for screens and logs.
    pub provider: &'static str,
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// The account; `None` for a server that requires no authentication.
    pub login: Option<Login>,
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// PEM file of certificates to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// The name sent in EHLO; `None` means this machine's host name.
    pub ehlo_name: Option<String>,
}

/// An account and its credential.
#[derive(Clone, Debug)]
pub struct Login {
    pub username: String,
    pub proof: LoginSecret,
}

/// The credential of an account.
#[derive(Clone, Debug)]
pub enum LoginSecret {
    /// A password or app password.
    Password(SecretString),
    /// An access token (XOAUTH2).
    Token(TokenSettings),
}

/// The OAuth 2.0 token endpoint and client (RFC 6749).
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// The token endpoint.
    pub url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// The scope to request, if the provider requires one.
    pub scope: Option<String>,
    /// The refresh token of a user's consent (section 6). Without it the client credentials grant
    /// is used (section 4.4).
    pub refresh_token: Option<SecretString>,
}

#[derive(Clone, Debug)]
pub struct SendGridSettings {
    /// An API key with the permission to send mail.
    pub api_key: SecretString,
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// `https://api.sendgrid.com`, or a test server.
    pub base_url: String,
}
