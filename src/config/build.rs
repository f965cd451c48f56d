//! Builds a `Config` from the checked values: derives defaults and checks keys against one another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::config::environment::ProcessEnvironment;
use crate::config::key::{ConfigKey, KeyPath};
use crate::config::keys::{
    ALARMS, DESK, DOCUMENTS, EMAIL, EMAIL_FALLBACK, KEYS, LIMITS, LOG, MAINTENANCE, OFFICE, OTP,
    ROOT, SERVE, SMS, SMS_FALLBACK, STAFF, TRAY, UI,
};
use crate::config::layer::Merged;
use crate::config::problem::{ConfigError, Findings};
use crate::config::settings::{
    Config, EmailSettings, Environment, KeySettings, LogSettings, OfficeSettings, ServeSettings,
    StaffSettings, StoreSettings, TraySettings, UiSettings,
};
use crate::config::show::Effective;
use crate::config::value::{Secret, Value};
use crate::config::{
    channels, customers, email, fallback, file, files, messages, rehearsal, secret, shipping, sms,
    store, whatsapp,
};
use crate::domain::contact::EmailAddress;
use crate::domain::contact_verification::{SIGN_UP, is_sign_up};
use crate::domain::policy::{OtpPolicy, RateLimits, Retention, SendLimits};
use crate::domain::purpose::Purpose;
use crate::domain::sign_in::policy::SignInPolicy;
use crate::domain::text::clean_optional;

/// A file of the program's own next to the store's file: its suffix there, and its location if the
/// store is on a server.
struct OwnFile {
    ending: &'static str,
    variable: &'static str,
    below_home: &'static str,
}

const KEY_FILE: OwnFile =
    OwnFile { ending: "keys", variable: "XDG_CONFIG_HOME", below_home: ".config" };
const TRAY_FILE: OwnFile =
    OwnFile { ending: "tray.jsonl", variable: "XDG_STATE_HOME", below_home: ".local/state" };

/// A configuration under construction.
pub(super) struct Build<'a> {
    pub(super) merged: Merged,
    pub(super) findings: Findings,
    pub(super) surroundings: &'a ProcessEnvironment,
    pub(super) file: Option<PathBuf>,
    /// Whether the configuration file itself contains a secret.
    pub(super) file_has_secret: bool,
}

impl<'a> Build<'a> {
    pub(super) const fn new(
        file: Option<PathBuf>,
        file_has_secret: bool,
        merged: Merged,
        findings: Findings,
        surroundings: &'a ProcessEnvironment,
    ) -> Self {
        Self { merged, findings, surroundings, file, file_has_secret }
    }

    /// The finished configuration, or everything that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Config, ConfigError> {
        let environment = self.get(&ROOT.environment);
        let office = self.office();
        let store = store::read(&mut self);
        let keys = KeySettings { file: self.beside(&store, &KEYS.file, &KEY_FILE) };
        let tray = TraySettings { file: self.beside(&store, &TRAY.file, &TRAY_FILE) };
        let customers = customers::read(&mut self, &store);
        let retention = self.retention();
        let otp = self.otp();
        let email = email::read(&mut self, &EMAIL);
        let email_fallback = fallback::read(&mut self, &EMAIL, &EMAIL_FALLBACK, email::read);
        let sms = sms::read(&mut self, &SMS);
        let sms_fallback = fallback::read(&mut self, &SMS, &SMS_FALLBACK, sms::read);
        let whatsapp = whatsapp::read(&mut self);
        channels::judge(&mut self, &email, &sms, otp.assurance);
        let alarm_mail = self.alarm_mail(&email);
        let messengers = (email, email_fallback, sms, sms_fallback, whatsapp);
        let (email, email_fallback, sms, sms_fallback, whatsapp) = match environment {
            Environment::Rehearsal => rehearsal::to_the_tray(messengers),
            Environment::Development | Environment::Production => messengers,
        };
        let messages = messages::read(&mut self);
        let serve =
            ServeSettings { socket: self.get(&SERVE.socket), group: self.get(&SERVE.group) };
        let sign_in = SignInPolicy {
            mode: self.get(&STAFF.sign_in),
            totp: self.get(&STAFF.totp),
            idle_lock: self.get(&STAFF.idle_lock_minutes),
        };
        let shipping = shipping::read(&mut self);
        let log = self.log();
        let ui = self.ui();
        files::judge(&mut self, environment, &keys.file);
        let phones = sms::phones(&self);
        let no_file = self.no_file();
        self.judge_purposes();
        let limits = limits(&mut self.merged);
        let Self { merged, findings, file, .. } = self;
        if !findings.problems.is_empty() {
            return Err(ConfigError::new(file, findings.problems));
        }
        Ok(Config {
            environment,
            office,
            store,
            customers,
            retention,
            keys,
            otp,
            purposes: purposes(&merged),
            documents: merged.get(&DOCUMENTS.kinds),
            limits,
            staff: StaffSettings { four_eyes: merged.get(&STAFF.four_eyes).unwrap_or_default() },
            email,
            email_fallback,
            sms,
            sms_fallback,
            whatsapp,
            phones,
            messages,
            tray,
            desk_socket: merged.get(&DESK.socket),
            serve,
            sign_in,
            shipping,
            alarm_mail,
            log,
            ui,
            warnings: findings.warnings,
            effective: Effective::of(&merged),
            source: file,
            no_file,
        })
    }

    /// Whom the desk service tells of alarms.
    fn alarm_mail(&mut self, email: &EmailSettings) -> Vec<EmailAddress> {
        let written = self.get(&ALARMS.mail);
        if !written.is_empty() && matches!(email, EmailSettings::Off) {
            let text = format!(
                "{} names addresses, and this office sends no email: set {}",
                ALARMS.mail.path(),
                EMAIL.provider.path()
            );
            self.refuse(&ALARMS.mail, text);
        }
        written.iter().filter_map(|it| EmailAddress::parse(it).ok()).collect()
    }

    /// A note for accounts without a configuration file: they get a development desk, which must
    /// not be mistaken for the office's.
    fn no_file(&self) -> Option<String> {
        if self.file.is_some() || self.merged.is_set(&ROOT.environment) {
            return None;
        }
        let places: Vec<String> =
            file::places(self.surroundings).map(|it| it.display().to_string()).collect();
        Some(format!(
            "There is no configuration file; looked for {}. This is a desk for development, \
             whose messages stay in a tray.",
            places.join(" and ")
        ))
    }

    pub(super) fn get<T: Value>(&self, key: &ConfigKey<T>) -> T {
        self.merged.get(key)
    }

    /// Refuses the value of a key.
    pub(super) fn refuse(&mut self, key: impl Into<KeyPath>, text: impl Into<String>) {
        let key = key.into();
        let place = self.merged.place(key).map(str::to_owned);
        self.findings.refuse_key(key, place.as_deref(), text);
    }

    /// Reports a required key that is not set.
    pub(super) fn miss(&mut self, key: impl Into<KeyPath>, text: &str) {
        let key = key.into();
        self.findings.refuse_key(key, None, format!("{key} is missing: {text}"));
    }

    /// A required text. If it is missing, that is reported and an empty text returned.
    pub(super) fn needed(&mut self, key: &ConfigKey<Option<String>>, what: &str) -> String {
        if let Some(text) = self.get(key) {
            return text;
        }
        if !self.findings.is_broken(key) {
            self.miss(key, what);
        }
        String::new()
    }

    /// A secret, set directly or by a file.
    pub(super) fn secret(
        &mut self,
        key: &ConfigKey<Option<Secret>>,
        file: &ConfigKey<Option<PathBuf>>,
    ) -> Option<SecretString> {
        secret::find(key, file, &self.merged, &mut self.findings)
    }

    /// Whether the value of any of these keys was refused.
    pub(super) fn is_refused<const COUNT: usize>(&self, keys: [KeyPath; COUNT]) -> bool {
        keys.into_iter().any(|key| self.findings.is_broken(key))
    }

    /// Checks that a file which is read later can be opened now.
    pub(super) fn readable(&mut self, key: &ConfigKey<Option<PathBuf>>, file: &Path) {
        if let Err(error) = std::fs::File::open(file) {
            self.refuse(key, format!("{key}: {} cannot be read: {error}", file.display()));
        }
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        self.surroundings.home()
    }

    /// Refuses the tray in production, where real messages must be sent.
    pub(super) fn refuse_tray(&mut self, key: KeyPath, instead: &str) {
        if self.get(&ROOT.environment) == Environment::Production {
            self.refuse(
                key,
                format!(
                    "{key} = \"tray\" is not allowed where environment = \"production\": \
                     no customer would get a message; allowed there: {instead}"
                ),
            );
        }
    }

    fn office(&mut self) -> OfficeSettings {
        let host = self.surroundings.host().and_then(|host| host.split('.').next());
        let host = host.and_then(clean_optional).filter(|host| host.chars().count() <= 20);
        let counter = self.merged.get_or(&OFFICE.counter, host.unwrap_or_else(|| "1".into()));
        OfficeSettings { name: self.get(&OFFICE.name), counter }
    }

    /// The path of a file of the program's own, unless the key is set: the store's file with
    /// another suffix, or for a store on a server a file in one of the account's XDG folders.
    fn beside(
        &mut self,
        store: &StoreSettings,
        key: &ConfigKey<Option<PathBuf>>,
        own: &OwnFile,
    ) -> PathBuf {
        if self.merged.is_set(key) || self.findings.is_broken(key) {
            return self.get(key).unwrap_or_default();
        }
        let file = match store.sqlite_file() {
            Some(store) => Some(PathBuf::from(format!("{}.{}", store.display(), own.ending))),
            None => self.below(own.variable, own.below_home, own.ending, key.path()),
        };
        file.map(|file| self.merged.get_or(key, file)).unwrap_or_default()
    }

    /// A file in a folder of the XDG base directory specification.
    pub(super) fn below(
        &mut self,
        variable: &str,
        below_home: &str,
        name: &str,
        key: KeyPath,
    ) -> Option<PathBuf> {
        let folder = self.surroundings.xdg(variable, below_home);
        if folder.as_deref().is_none_or(|folder| folder.to_str().is_none()) {
            let text = format!("there is no home folder: set {key}, or the variable HOME");
            self.findings.refuse_key(key, None, text);
            return None;
        }
        folder.map(|folder| folder.join("countersign").join(name))
    }

    /// The name under which contacts are verified is no purpose of the office's.
    fn judge_purposes(&mut self) {
        if purposes(&self.merged).iter().any(|it| is_sign_up(&it.name)) {
            let text = format!("\"{SIGN_UP}\" is the purpose of a sign-up; choose another name");
            let is_table = self.merged.get(&ROOT.purpose).is_some();
            let key = if is_table { ROOT.purpose.path() } else { OTP.purposes.path() };
            self.refuse(key, text);
        }
    }

    fn otp(&mut self) -> OtpPolicy {
        let finer = |seconds: &ConfigKey<Option<Duration>>, minutes: &ConfigKey<Duration>| {
            self.get(seconds).unwrap_or_else(|| self.get(minutes))
        };
        let expiry = finer(&OTP.expiry_seconds, &OTP.expiry_minutes);
        let session = finer(&OTP.session_seconds, &OTP.session_minutes);
        let idle = finer(&OTP.session_idle_seconds, &OTP.session_idle_minutes);
        let policy = OtpPolicy {
            length: self.get(&OTP.length),
            expiry,
            max_attempts: self.get(&OTP.max_attempts),
            failure_cap: self.get(&OTP.failure_cap),
            resend_cooldown: self.get(&OTP.resend_cooldown_seconds),
            session,
            session_idle: idle.min(session),
            assurance: self.get(&OTP.assurance),
            verified_contacts: self.get(&OTP.verified_contacts),
            contact_quarantine: self.get(&OTP.contact_quarantine_hours),
        };
        let idle_keys = [OTP.session_idle_seconds.path(), OTP.session_idle_minutes.path()];
        let set_idle = idle_keys.into_iter().find(|key| self.merged.is_set(*key));
        let is_known = !self.is_refused([OTP.session_seconds.path(), OTP.session_minutes.path()]);
        if let Some(key) = set_idle.filter(|_| idle > session && is_known) {
            let text = format!(
                "{key} is longer than a session, which lasts {} seconds",
                session.as_secs()
            );
            self.refuse(key, text);
        }
        policy
    }

    fn retention(&mut self) -> Retention {
        let (archive, purge) =
            (&MAINTENANCE.archive_after_days, &MAINTENANCE.purge_archive_after_days);
        let retention = Retention {
            archive_after: self.get(archive),
            purge_archive_after: self.get(purge),
            purge_events_after: self.get(&MAINTENANCE.purge_events_after_days),
            purge_sessions_after: self.get(&MAINTENANCE.purge_sessions_after_days),
        };
        let is_known = !self.is_refused([archive.path(), purge.path()]);
        if is_known && retention.purge_archive_after <= retention.archive_after {
            // Report the key that was set explicitly.
            let key = if self.merged.is_set(purge) { purge } else { archive };
            let days = |time: Duration| time.as_secs() / 86_400;
            let text = format!(
                "{purge} is {} and {archive} is {}: requests would leave the archive before they \
                 come into it; it must be more",
                days(retention.purge_archive_after),
                days(retention.archive_after),
            );
            self.refuse(key, text);
        }
        retention
    }

    fn log(&mut self) -> LogSettings {
        let key = &LOG.file;
        if !self.merged.is_set(key) && !self.findings.is_broken(key) {
            let file = self.below("XDG_STATE_HOME", ".local/state", "countersign.log", key.path());
            if let Some(file) = file {
                self.merged.get_or(key, file);
            }
        }
        LogSettings { level: self.get(&LOG.level).into(), file: self.get(key).unwrap_or_default() }
    }

    fn ui(&self) -> UiSettings {
        UiSettings {
            theme: self.get(&UI.theme),
            ascii: self.get(&UI.ascii),
            reduced_motion: self.get(&UI.reduced_motion),
            mouse: self.get(&UI.mouse),
        }
    }
}

/// What a verification can be for: the tables, or the plain list.
fn purposes(merged: &Merged) -> Vec<Purpose> {
    let plain = || merged.get(&OTP.purposes).into_iter().map(Purpose::from).collect();
    merged.get(&ROOT.purpose).unwrap_or_else(plain)
}

fn limits(merged: &mut Merged) -> RateLimits {
    let hour = SendLimits {
        per_contact: merged.get(&LIMITS.per_contact),
        per_prefix: SendLimits::HOUR.per_prefix.max(merged.get(&LIMITS.per_contact)),
        per_customer: merged.get(&LIMITS.per_customer),
        per_clerk: merged.get(&LIMITS.per_clerk),
        per_counter: merged.get(&LIMITS.per_counter),
        in_all: merged.get(&LIMITS.in_all),
    };
    let hour =
        SendLimits { per_prefix: merged.get_or(&LIMITS.per_prefix, hour.per_prefix), ..hour };
    // If only the hourly limit was raised, raise the default daily limit with it.
    let day = SendLimits::DAY.or_more(&hour);
    RateLimits {
        per_hour: hour,
        per_day: SendLimits {
            per_contact: merged.get_or(&LIMITS.per_contact_per_day, day.per_contact),
            per_prefix: merged.get_or(&LIMITS.per_prefix_per_day, day.per_prefix),
            per_customer: merged.get_or(&LIMITS.per_customer_per_day, day.per_customer),
            per_clerk: merged.get_or(&LIMITS.per_clerk_per_day, day.per_clerk),
            per_counter: merged.get_or(&LIMITS.per_counter_per_day, day.per_counter),
            in_all: merged.get_or(&LIMITS.in_all_per_day, day.in_all),
        },
        wrong_codes_per_clerk: merged.get(&LIMITS.wrong_codes_per_clerk),
        lookups_per_clerk: merged.get(&LIMITS.lookups_per_clerk),
    }
}
