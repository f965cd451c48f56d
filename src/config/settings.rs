//! The configuration in the types the program works with. Whatever reaches
//! these types has been checked: nothing after it has to doubt a value.

mod email;
mod shipping;
mod sms;
mod store;

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

pub use crate::config::identifier::{Identifier, TableName};
pub use crate::config::settings::email::{
    EmailProvider, EmailSettings, Login, MailAuth, Proof, SendGridSettings, SmtpSettings, SmtpTls,
    TokenSettings,
};
pub use crate::config::settings::shipping::{
    NamedShipping, ShippingServer, ShippingSettings, ShippingTarget,
};
pub use crate::config::settings::sms::{
    ExecSettings, GatewayContent, GatewayHeader, GatewayMethod, GatewaySettings, SmsProvider,
    SmsSettings, TemplateIds, TwilioCredentials, TwilioSender, TwilioSettings, WhatsappProvider,
    WhatsappSettings, WhatsappTemplate,
};
pub use crate::config::settings::store::{
    CustomerColumns, CustomerSettings, CustomerTable, ServerAddress, ServerKind, ServerSettings,
    StoreSettings, StoreTls,
};

use crate::config::show::Effective;
use crate::domain::approval::GuardedAct;
use crate::domain::customer::PhonePolicy;
use crate::domain::policy::{OtpPolicy, RateLimits, Retention};
use crate::domain::sign_in::policy::SignInPolicy;

/// Where the program runs, and so what it may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Environment {
    /// Trying things out: messages may stay in the tray.
    Development,
    /// Real customers: every message goes to a real provider.
    Production,
    /// Clerks are trained: as in production, but every message goes to the tray.
    Rehearsal,
}

impl Environment {
    /// Whether what is only said in development is refused.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::Production | Self::Rehearsal)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.into()
    }
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
    /// `[staff]`
    pub staff: StaffSettings,
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
    /// `[staff]`
    pub sign_in: SignInPolicy,
    /// `[audit.ship]`: none where the log is shipped nowhere.
    pub shipping: Option<NamedShipping>,
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

/// What holds for the staff.
#[derive(Clone, Debug)]
pub struct StaffSettings {
    /// The acts that take a second admin.
    pub four_eyes: Vec<GuardedAct>,
}

/// Where the keys lie.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// The key file, mode 0600.
    pub file: PathBuf,
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

impl MessageSettings {
    /// The language where none is set.
    pub const DEFAULT_LOCALE: &str = "en";
}

impl Default for MessageSettings {
    fn default() -> Self {
        Self { folder: None, default_locale: Self::DEFAULT_LOCALE.into(), bound_domain: None }
    }
}

/// Where messages lie that go nowhere.
#[derive(Clone, Debug)]
pub struct TraySettings {
    /// The tray's file.
    pub file: PathBuf,
}

/// How much is written about the program's own doings.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may fail.
    Warn,
    /// What was done.
    Info,
    /// How it was done.
    Debug,
    /// Each step.
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// What is written about the program's own doings.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub level: LevelFilter,
    /// Where to.
    pub file: PathBuf,
}

/// A set of colours.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
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
