//! How email goes out.

use std::path::PathBuf;

use secrecy::SecretString;

/// Through whom email goes out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum EmailProvider {
    /// Nobody: the channel is not offered.
    Off,
    /// The tray of this machine.
    Tray,
    /// Any SMTP server.
    Smtp,
    /// Gmail's SMTP server.
    Gmail,
    /// That of Microsoft 365.
    Office365,
    /// SendGrid's.
    #[strum(serialize = "sendgrid")]
    SendGrid,
    /// SendGrid's Web API.
    #[strum(serialize = "sendgrid-api")]
    SendGridApi,
}

/// What proves the account at an SMTP server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum MailAuth {
    /// A password.
    Password,
    /// A token that is fetched when it is needed.
    Xoauth2,
}

/// How email goes out.
#[derive(Clone, Debug)]
pub enum EmailSettings {
    /// Not at all: the channel is not offered.
    Off,
    /// Into the tray.
    Tray {
        /// The sender's address, as the message shows it.
        from: String,
    },
    /// To an SMTP server; `gmail`, `office365` and `sendgrid` are presets of this.
    Smtp(SmtpSettings),
    /// To SendGrid's Web API.
    SendGridApi(SendGridSettings),
}

/// How the connection to the SMTP server is protected.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum SmtpTls {
    /// TLS from the first byte (RFC 8314): the safest.
    Implicit,
    /// A plain connection that must turn to TLS before anything else.
    StartTls,
    /// No protection: for a server on this machine only.
    None,
}

/// An SMTP server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// `smtp`, `gmail`, `office365` or `sendgrid`, for screens and logs.
    pub provider: &'static str,
    /// The server's name.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The protection.
    pub tls: SmtpTls,
    /// The account; none for a server that asks for none.
    pub login: Option<Login>,
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// Certificates to trust beside the system's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How this machine names itself in EHLO; none means by its own name.
    pub ehlo_name: Option<String>,
}

/// An account and what proves it.
#[derive(Clone, Debug)]
pub struct Login {
    /// The account's name.
    pub username: String,
    /// The proof.
    pub proof: Proof,
}

/// What proves an account.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A password, or one made for this program.
    Password(SecretString),
    /// A token that is fetched when it is needed (XOAUTH2).
    Token(TokenSettings),
}

/// Where tokens are fetched (RFC 6749).
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// The address that gives them.
    pub url: String,
    /// The program's name there.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// What is asked for, where that has to be said.
    pub scope: Option<String>,
    /// What a person agreed to once (section 6). Without it, the program asks
    /// in its own name (section 4.4, client credentials).
    pub refresh_token: Option<SecretString>,
}

/// `SendGrid`'s Web API.
#[derive(Clone, Debug)]
pub struct SendGridSettings {
    /// A key that may send mail.
    pub api_key: SecretString,
    /// The sender: an address, or `Name <address>`.
    pub from: String,
    /// `https://api.sendgrid.com`, or a double of it in a test.
    pub base_url: String,
}
