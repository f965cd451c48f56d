//! The configuration in the types the program works with. Whatever reaches
//! these types has been checked: nothing after it has to doubt a value.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::account_lists::AccountLists;
pub use crate::config::identifier::{Identifier, TableName};
use crate::config::kind;
use crate::config::show::Effective;
use crate::domain::customer::PhonePolicy;
use crate::domain::message::Fact;
use crate::domain::policy::{OtpPolicy, RateLimits, Retention};

/// Where the program runs, and so what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Trying things out: messages may stay in the tray.
    Development,
    /// Real customers: every message goes to a real provider.
    Production,
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from; none where there was no file.
    pub source: Option<PathBuf>,
    /// Where a file was looked for, and what holds without one, in a sentence; none
    /// where there was one, or where somebody said what this is for.
    pub no_file: Option<String>,
    /// `environment`
    pub environment: Environment,
    /// `[office]`
    pub office: OfficeSettings,
    /// `[store]`
    pub store: StoreSettings,
    /// `[customers]`
    pub customers: CustomerSettings,
    /// `[maintenance]`
    pub retention: Retention,
    /// `[keys]`
    pub keys: KeySettings,
    /// `[otp]`
    pub otp: OtpPolicy,
    /// `otp.purposes`: what a verification can be for, never empty.
    pub purposes: Vec<String>,
    /// `[limits]`
    pub limits: RateLimits,
    /// `[email]`
    pub email: EmailSettings,
    /// `[email.fallback]`: what stands in for it.
    pub email_fallback: Option<EmailSettings>,
    /// `[sms]`
    pub sms: SmsSettings,
    /// `[sms.fallback]`: what stands in for it.
    pub sms_fallback: Option<SmsSettings>,
    /// `[whatsapp]`
    pub whatsapp: WhatsappSettings,
    /// `sms.default_country`, `sms.allowed_countries`
    pub phones: PhonePolicy,
    /// `[messages]`
    pub messages: MessageSettings,
    /// `[tray]`
    pub tray: TraySettings,
    /// `desk.socket`: the desk service at which this terminal works.
    pub desk_socket: Option<PathBuf>,
    /// `[serve]`
    pub serve: ServeSettings,
    /// `[log]`
    pub log: LogSettings,
    /// `[ui]`
    pub ui: UiSettings,
    /// What works but should not stay so, in sentences.
    pub warnings: Vec<String>,
    /// Every key with its value and where it came from.
    pub effective: Effective,
}

impl Config {
    /// What this terminal cannot protect from, where it holds the desk of real customers
    /// itself.
    pub fn own_desk_in_production(&self) -> Option<&'static str> {
        let is_own = self.desk_socket.is_none() && self.environment == Environment::Production;
        is_own.then_some(
            "This terminal holds the desk itself: whoever sits here can read its keys and go round \
             its limits and its log. With several clerks, use a desk service \
             (docs/desk-service.md).",
        )
    }

    /// Whether a message can end in the tray.
    pub fn uses_tray(&self) -> bool {
        let email = [Some(&self.email), self.email_fallback.as_ref()];
        let sms = [Some(&self.sms), self.sms_fallback.as_ref()];
        email.into_iter().flatten().any(|it| matches!(it, EmailSettings::Tray { .. }))
            || sms.into_iter().flatten().any(|it| matches!(it, SmsSettings::Tray))
            || matches!(self.whatsapp, WhatsappSettings::Tray)
    }
}

/// Who we are.
#[derive(Clone, Debug)]
pub struct OfficeSettings {
    /// The office's name.
    pub name: String,
    /// This terminal's counter.
    pub counter: String,
}

/// Where the desk service listens.
#[derive(Clone, Debug)]
pub struct ServeSettings {
    /// The socket.
    pub socket: PathBuf,
    /// The group whose accounts may connect; the service's own where there is none.
    pub group: Option<String>,
}

/// Where the data lie.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// In a file of this machine.
    Sqlite {
        /// The file.
        file: PathBuf,
    },
    /// On a database server.
    Server(ServerSettings),
}

impl StoreSettings {
    /// The file of a SQLite store.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { file } => Some(file.clone()),
            Self::Server(_) => None,
        }
    }
}

/// Which database a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

/// Where a database server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAddress {
    /// Over the network.
    Tcp {
        /// Its name or address, an IPv6 address without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// On this machine: the folder of PostgreSQL's sockets, or MySQL's socket.
    Socket(PathBuf),
}

impl ServerAddress {
    /// Whether what is said to it never leaves this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp { host, .. } => kind::is_loopback(host),
            Self::Socket(_) => true,
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// How the connection to a database server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreTls {
    /// Encrypted, and the certificate and the server's name are checked.
    Verify,
    /// Encrypted, but nobody looks who is at the other end.
    Encrypt,
    /// Not at all.
    Off,
}

/// A database on a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// What runs there.
    pub kind: ServerKind,
    /// Where.
    pub address: ServerAddress,
    /// The account.
    pub user: String,
    /// Its password; none where the server asks for none.
    pub password: Option<SecretString>,
    /// The database.
    pub database: String,
    /// The protection.
    pub tls: StoreTls,
    /// Certificates to trust beside the system's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The schema of our tables; PostgreSQL only.
    pub schema: Identifier,
    /// The most connections this terminal holds for its statements.
    pub connections: u32,
}

/// Where the customers are, and whether they may be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerSettings {
    /// The office's own table; none means `core_customer` of the store.
    pub table: Option<CustomerTable>,
    /// Customers are read and never written.
    pub read_only: bool,
    /// The country of phone numbers written without one (ISO 3166), for those
    /// in a table that others write.
    pub default_country: String,
}

/// An office's own table of customers, read where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerTable {
    /// The table. On PostgreSQL it has its schema; without one, on MySQL it is
    /// in the store's database, and on SQLite in [`Self::file`].
    pub name: TableName,
    /// The file that holds it; there with SQLite, and only there.
    pub file: Option<PathBuf>,
    /// What its columns are called.
    pub columns: CustomerColumns,
    /// The office's tables of bills and feedback beside it.
    pub lists: AccountLists,
}

/// What the columns of a table of customers are called; none where there is no
/// such column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerColumns {
    /// The primary key.
    pub id: Identifier,
    /// The account's number.
    pub account_no: Identifier,
    /// The customer's name.
    pub name: Identifier,
    /// The email address.
    pub email: Option<Identifier>,
    /// The phone number, in whatever writing.
    pub phone: Option<Identifier>,
    /// The postal address.
    pub address: Option<Identifier>,
    /// The language.
    pub locale: Option<Identifier>,
}

/// Where the keys lie.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// The key file, mode 0600.
    pub file: PathBuf,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayMethod {
    /// POST.
    Post,
    /// PUT.
    Put,
}

/// The kind of content of a gateway's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What messages say.
#[derive(Clone, Debug)]
pub struct MessageSettings {
    /// Templates of the office's own, by language.
    pub folder: Option<PathBuf>,
    /// The language for whoever has none of those that there are.
    pub default_locale: String,
    /// The website that a telephone may fill the code into, and no other.
    pub bound_domain: Option<String>,
}

impl Default for MessageSettings {
    fn default() -> Self {
        Self { folder: None, default_locale: "en".into(), bound_domain: None }
    }
}

/// Where messages lie that go nowhere.
#[derive(Clone, Debug)]
pub struct TraySettings {
    /// The tray's file.
    pub file: PathBuf,
}

/// What is written about the program's own doings.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::level_filters::LevelFilter,
    /// Where to.
    pub file: PathBuf,
}

/// A set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// The terminal's own colours.
    #[default]
    Terminal,
    /// For a light screen.
    Light,
    /// For a dark screen.
    Dark,
    /// For eyes that need it.
    HighContrast,
    /// No colours: bold, underline and reverse.
    Mono,
}

/// How the interface looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct UiSettings {
    /// The colours.
    pub theme: ThemeName,
    /// Plain ASCII lines and marks; none lets the locale decide.
    pub ascii: Option<bool>,
    /// Nothing moves but the digits.
    pub reduced_motion: bool,
    /// The mouse is taken from the terminal.
    pub mouse: bool,
}
