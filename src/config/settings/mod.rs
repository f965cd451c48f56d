//! The configuration in the types that the program works with. All values have been validated
//! before they get here.

mod email;
mod shipping;
mod sms;
mod store;

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

pub use crate::config::identifier::{Identifier, TableName};
pub use crate::config::settings::email::{
    EmailProvider, EmailSettings, Login, LoginSecret, MailAuth, SendGridSettings, SmtpSettings,
    SmtpTls, TokenSettings,
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
use crate::domain::contact::EmailAddress;
use crate::domain::customer::PhonePolicy;
use crate::domain::policy::{OtpPolicy, RateLimits, Retention};
use crate::domain::purpose::Purpose;
use crate::domain::sign_in::policy::SignInPolicy;

/// Where the program runs, which decides what is allowed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Environment {
    /// For development: messages may go to the tray.
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

/// The complete configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from, if any.
    pub source: Option<PathBuf>,
    /// A note on where a file was looked for and which defaults apply; `None` if there is a file or
    /// `environment` is set.
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
    /// `[[purpose]]` or `otp.purposes`, never empty.
    pub purposes: Vec<Purpose>,
    /// `[documents]`: the kinds that clerks look at, never empty.
    pub documents: Vec<String>,
    /// `[limits]`
    pub limits: RateLimits,
    /// `[staff]`
    pub staff: StaffSettings,
    /// `[email]`
    pub email: EmailSettings,
    /// `[email.fallback]`
    pub email_fallback: Option<EmailSettings>,
    /// `[sms]`
    pub sms: SmsSettings,
    /// `[sms.fallback]`
    pub sms_fallback: Option<SmsSettings>,
    /// `[whatsapp]`
    pub whatsapp: WhatsappSettings,
    /// `sms.default_country`, `sms.allowed_countries`
    pub phones: PhonePolicy,
    /// `[messages]`
    pub messages: MessageSettings,
    /// `[tray]`
    pub tray: TraySettings,
    /// `desk.socket`: the desk service that this terminal uses; `None` for an embedded desk.
    pub desk_socket: Option<PathBuf>,
    /// `[serve]`
    pub serve: ServeSettings,
    /// `[staff]`
    pub sign_in: SignInPolicy,
    /// `[audit.ship]`: none where the log is shipped nowhere.
    pub shipping: Option<NamedShipping>,
    /// `[alarms]`: whom the desk service tells of alarms by email.
    pub alarm_mail: Vec<EmailAddress>,
    /// `[log]`
    pub log: LogSettings,
    /// `[ui]`
    pub ui: UiSettings,
    /// What works but should be changed, in sentences.
    pub warnings: Vec<String>,
    /// Every key with its effective value and origin.
    pub effective: Effective,
}

impl Config {
    /// A warning for a terminal that runs an embedded desk in production: it cannot protect keys,
    /// limits and log from the person who uses it.
    pub fn own_desk_in_production(&self) -> Option<&'static str> {
        let is_own = self.desk_socket.is_none() && self.environment == Environment::Production;
        is_own.then_some(
            "This terminal holds the desk itself: whoever sits here can read its keys and go round \
             its limits and its log. With several clerks, use a desk service \
             (docs/desk-service.md).",
        )
    }

    /// Whether any channel sends to the tray.
    pub fn uses_tray(&self) -> bool {
        let email = [Some(&self.email), self.email_fallback.as_ref()];
        let sms = [Some(&self.sms), self.sms_fallback.as_ref()];
        email.into_iter().flatten().any(|it| matches!(it, EmailSettings::Tray { .. }))
            || sms.into_iter().flatten().any(|it| matches!(it, SmsSettings::Tray))
            || matches!(self.whatsapp, WhatsappSettings::Tray)
    }
}

#[derive(Clone, Debug)]
pub struct OfficeSettings {
    pub name: String,
    /// The name of this terminal's counter.
    pub counter: String,
}

#[derive(Clone, Debug)]
pub struct ServeSettings {
    pub socket: PathBuf,
    /// The group whose accounts may connect; `None` means the group of the service.
    pub group: Option<String>,
}

#[derive(Clone, Debug)]
pub struct StaffSettings {
    /// The acts that need the approval of a second admin.
    pub four_eyes: Vec<GuardedAct>,
}

#[derive(Clone, Debug)]
pub struct KeySettings {
    /// The path of the key file, mode 0600.
    pub file: PathBuf,
}

#[derive(Clone, Debug)]
pub struct MessageSettings {
    /// The folder of the office's own templates.
    pub folder: Option<PathBuf>,
    /// The language for customers whose language has no template.
    pub default_locale: String,
    /// The domain that messages bind the code to, so that phones fill it into no other site.
    pub bound_domain: Option<String>,
}

impl MessageSettings {
    /// The default of `default_locale`.
    pub const DEFAULT_LOCALE: &str = "en";
}

impl Default for MessageSettings {
    fn default() -> Self {
        Self { folder: None, default_locale: Self::DEFAULT_LOCALE.into(), bound_domain: None }
    }
}

#[derive(Clone, Debug)]
pub struct TraySettings {
    pub file: PathBuf,
}

/// The level of the log file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
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

/// The program's own log file.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub level: LevelFilter,
    pub file: PathBuf,
}

/// The colour theme of the interface.
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
    /// For a light background.
    Light,
    /// For a dark background.
    Dark,
    /// High contrast, for accessibility.
    HighContrast,
    /// No colours: bold, underline and reverse only.
    Mono,
}

/// The look of the interface.
#[derive(Clone, Copy, Debug, Default)]
pub struct UiSettings {
    pub theme: ThemeName,
    /// Whether to draw with plain ASCII; `None` decides by the locale.
    pub ascii: Option<bool>,
    /// Reduced motion: only countdown digits change by themselves.
    pub reduced_motion: bool,
    /// Whether mouse reporting is switched on.
    pub mouse: bool,
}
