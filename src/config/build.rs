//! The checked values put together: what follows from what, and what only
//! makes sense together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::config::environment::ProcessEnvironment;
use crate::config::layer::Merged;
use crate::config::problem::{ConfigError, Findings};
use crate::config::settings::{
    Config, Environment, Identifier, KeySettings, LogSettings, OfficeSettings, ServeSettings,
    StoreSettings, ThemeName, TraySettings, UiSettings,
};
use crate::config::show::Effective;
use crate::config::table::{Section, TABLE};
use crate::config::{
    channels, customers, email, fallback, file, messages, secret, sms, store, strict_modes,
    whatsapp,
};
use crate::domain::channel::Assurance;
use crate::domain::policy::{OtpPolicy, RateLimits, Retention};
use crate::domain::text::clean_optional;

const PURGE_ARCHIVE: &str = "maintenance.purge_archive_after_days";

/// A file of the program's own that lies beside a store's file: its ending
/// there, and where it lies when the store has no file.
struct OwnFile {
    ending: &'static str,
    variable: &'static str,
    below_home: &'static str,
}

const KEYS: OwnFile =
    OwnFile { ending: "keys", variable: "XDG_CONFIG_HOME", below_home: ".config" };
const TRAY: OwnFile =
    OwnFile { ending: "tray.jsonl", variable: "XDG_STATE_HOME", below_home: ".local/state" };

/// A configuration being put together.
pub(super) struct Build<'a> {
    pub(super) merged: Merged,
    pub(super) findings: Findings,
    surroundings: &'a ProcessEnvironment,
    file: Option<PathBuf>,
}

impl<'a> Build<'a> {
    pub(super) const fn new(
        file: Option<PathBuf>,
        merged: Merged,
        findings: Findings,
        surroundings: &'a ProcessEnvironment,
    ) -> Self {
        Self { merged, findings, surroundings, file }
    }

    /// The configuration, or everything that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Config, ConfigError> {
        let environment = self.environment();
        let office = self.office();
        let store = store::read(&mut self);
        let keys = KeySettings { file: self.beside(&store, "keys.file", &KEYS) };
        let tray = TraySettings { file: self.beside(&store, "tray.file", &TRAY) };
        let customers = customers::read(&mut self, &store);
        let retention = self.retention();
        let otp = self.otp();
        let email = email::read(&mut self, Section::EMAIL);
        let email_fallback =
            fallback::read(&mut self, Section::EMAIL, Section::EMAIL_FALLBACK, email::read);
        let sms = sms::read(&mut self, Section::SMS);
        let sms_fallback =
            fallback::read(&mut self, Section::SMS, Section::SMS_FALLBACK, sms::read);
        let whatsapp = whatsapp::read(&mut self);
        channels::judge(&mut self, &email, &sms, otp.assurance);
        let messages = messages::read(&mut self);
        let desk_socket = self.merged.path("desk.socket");
        let serve = ServeSettings {
            socket: self.merged.path("serve.socket").unwrap_or_default(),
            group: self.merged.text("serve.group"),
        };
        let log = self.log();
        let ui = self.ui();
        self.judge_readers(environment);
        self.judge_writers(environment, &keys.file);
        self.judge_trust(environment);
        let phones = sms::phones(&self);
        let no_file = self.no_file();
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
            purposes: merged.texts("otp.purposes"),
            limits: limits(&merged),
            email,
            email_fallback,
            sms,
            sms_fallback,
            whatsapp,
            phones,
            messages,
            tray,
            desk_socket,
            serve,
            log,
            ui,
            warnings: findings.warnings,
            effective: Effective::of(&merged),
            source: file,
            no_file,
        })
    }

    /// Nobody should take a desk for development, which an account without a
    /// configuration gets, for the office's.
    fn no_file(&self) -> Option<String> {
        if self.file.is_some() || self.merged.is_set("environment") {
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

    /// Something is wrong with the value of a key.
    pub(super) fn refuse(&mut self, key: &'static str, text: impl Into<String>) {
        let place = self.merged.place(key).map(str::to_owned);
        self.findings.refuse_key(key, place.as_deref(), text);
    }

    /// A key has to be set and is not.
    pub(super) fn miss(&mut self, key: &'static str, text: &str) {
        self.findings.refuse_key(key, None, format!("{key} is missing: {text}"));
    }

    /// A text that has to be there; empty, and refused, where it is not.
    pub(super) fn needed(&mut self, key: &'static str, what: &str) -> String {
        if let Some(text) = self.merged.text(key) {
            return text;
        }
        if !self.findings.is_broken(key) {
            self.miss(key, what);
        }
        String::new()
    }

    /// The secret of a section by the name of its key, given by itself or in a
    /// file.
    pub(super) fn secret(&mut self, at: Section, name: &str) -> Option<SecretString> {
        let file_key = at.key(&format!("{name}_file"));
        secret::find(at.key(name), file_key, &self.merged, &mut self.findings)
    }

    /// Whether what was given for a secret was refused.
    pub(super) fn is_refused(&self, at: Section, name: &str) -> bool {
        let keys = [at.key(name), at.key(&format!("{name}_file"))];
        keys.iter().any(|key| self.findings.is_broken(key))
    }

    /// The name of a column or a schema.
    pub(super) fn identifier(&self, key: &str) -> Option<Identifier> {
        self.merged.text(key).as_deref().and_then(Identifier::parse)
    }

    /// A file that has to be read later can be read now.
    pub(super) fn readable(&mut self, key: &'static str, file: &Path) {
        if let Err(error) = std::fs::File::open(file) {
            self.refuse(key, format!("{key}: {} cannot be read: {error}", file.display()));
        }
    }

    /// The clerk's home folder.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.surroundings.home()
    }

    /// Production sends real messages: the tray is refused there.
    pub(super) fn refuse_tray(&mut self, key: &'static str, instead: &str) {
        if self.merged.text("environment").as_deref() == Some("production") {
            self.refuse(
                key,
                format!(
                    "{key} = \"tray\" is not allowed where environment = \"production\": \
                     no customer would get a message; allowed there: {instead}"
                ),
            );
        }
    }

    fn environment(&self) -> Environment {
        match self.merged.text("environment").as_deref() {
            Some("production") => Environment::Production,
            _ => Environment::Development,
        }
    }

    fn office(&mut self) -> OfficeSettings {
        let host = self.surroundings.host().and_then(|host| host.split('.').next());
        let host = host.and_then(clean_optional).filter(|host| host.chars().count() <= 20);
        self.merged.derive("office.counter", host.unwrap_or_else(|| "1".into()));
        OfficeSettings {
            name: self.merged.text("office.name").unwrap_or_default(),
            counter: self.merged.text("office.counter").unwrap_or_default(),
        }
    }

    /// A file of the program's own: beside the store's file, with another
    /// ending; for a store on a server, where there is none, in a folder of the
    /// clerk. Unless it is set.
    fn beside(&mut self, store: &StoreSettings, key: &'static str, own: &OwnFile) -> PathBuf {
        if self.merged.is_set(key) || self.findings.is_broken(key) {
            return self.merged.path(key).unwrap_or_default();
        }
        let file = match store.sqlite_file() {
            Some(store) => Some(PathBuf::from(format!("{}.{}", store.display(), own.ending))),
            None => self.below(own.variable, own.below_home, own.ending, key),
        };
        if let Some(file) = file.as_deref().and_then(Path::to_str) {
            self.merged.derive(key, file);
        }
        file.unwrap_or_default()
    }

    /// A file in a folder of the XDG specification.
    pub(super) fn below(
        &mut self,
        variable: &str,
        below_home: &str,
        name: &str,
        key: &'static str,
    ) -> Option<PathBuf> {
        let folder = self.surroundings.xdg(variable, below_home);
        if folder.as_deref().is_none_or(|folder| folder.to_str().is_none()) {
            let text = format!("there is no home folder: set {key}, or the variable HOME");
            self.findings.refuse_key(key, None, text);
            return None;
        }
        folder.map(|folder| folder.join("countersign").join(name))
    }

    fn otp(&mut self) -> OtpPolicy {
        let standard = OtpPolicy::default();
        let merged = &self.merged;
        let span = |seconds: &str, minutes: &str, standard: Duration| {
            let seconds = merged.number(seconds).map(Duration::from_secs);
            seconds.or_else(|| merged.number(minutes).map(Duration::from_mins)).unwrap_or(standard)
        };
        let expiry = span("otp.expiry_seconds", "otp.expiry_minutes", standard.expiry);
        let session = span("otp.session_seconds", "otp.session_minutes", standard.session);
        let idle_keys = ["otp.session_idle_seconds", "otp.session_idle_minutes"];
        let idle = span(idle_keys[0], idle_keys[1], standard.session_idle);
        let set_idle = idle_keys.into_iter().find(|key| merged.is_set(key));
        let policy = OtpPolicy {
            length: merged.number("otp.length").unwrap_or(standard.length),
            expiry,
            max_attempts: merged.number("otp.max_attempts").unwrap_or(standard.max_attempts),
            failure_cap: merged.number("otp.failure_cap").unwrap_or(standard.failure_cap),
            resend_cooldown: merged
                .number("otp.resend_cooldown_seconds")
                .map_or(standard.resend_cooldown, Duration::from_secs),
            session,
            session_idle: idle.min(session),
            assurance: match merged.text("otp.assurance").as_deref() {
                Some("nist") => Assurance::Nist,
                _ => Assurance::Any,
            },
            contact_quarantine: merged
                .number("otp.contact_quarantine_hours")
                .map_or(standard.contact_quarantine, Duration::from_hours),
        };
        let session_refused = ["otp.session_seconds", "otp.session_minutes"]
            .iter()
            .any(|key| self.findings.is_broken(key));
        if let Some(key) = set_idle.filter(|_| idle > session && !session_refused) {
            let text = format!(
                "{key} is longer than a session, which lasts {} seconds",
                session.as_secs()
            );
            self.refuse(key, text);
        }
        policy
    }

    fn retention(&mut self) -> Retention {
        let standard = Retention::default();
        let days = |key: &str, standard: Duration| {
            let days = self.merged.number::<u64>(key);
            days.map_or(standard, |days| Duration::from_hours(days * 24))
        };
        let retention = Retention {
            archive_after: days("maintenance.archive_after_days", standard.archive_after),
            purge_archive_after: days(PURGE_ARCHIVE, standard.purge_archive_after),
            purge_events_after: days(
                "maintenance.purge_events_after_days",
                standard.purge_events_after,
            ),
            purge_sessions_after: days(
                "maintenance.purge_sessions_after_days",
                standard.purge_sessions_after,
            ),
        };
        let judged = ["maintenance.archive_after_days", PURGE_ARCHIVE];
        let known = !judged.iter().any(|key| self.findings.is_broken(key));
        if known && retention.purge_archive_after <= retention.archive_after {
            // The one that somebody set is the one to be mended.
            let key = if self.merged.is_set(PURGE_ARCHIVE) { PURGE_ARCHIVE } else { judged[0] };
            let days = |time: Duration| time.as_secs() / 86_400;
            let text = format!(
                "{PURGE_ARCHIVE} is {} and maintenance.archive_after_days is {}: requests would \
                 leave the archive before they come into it; it must be more",
                days(retention.purge_archive_after),
                days(retention.archive_after),
            );
            self.refuse(key, text);
        }
        retention
    }

    fn log(&mut self) -> LogSettings {
        if !self.merged.is_set("log.file") && !self.findings.is_broken("log.file") {
            let file = self.below("XDG_STATE_HOME", ".local/state", "countersign.log", "log.file");
            if let Some(file) = file.as_deref().and_then(Path::to_str) {
                self.merged.derive("log.file", file);
            }
        }
        let level = self.merged.text("log.level");
        LogSettings {
            level: level
                .and_then(|level| level.parse().ok())
                .unwrap_or(tracing::level_filters::LevelFilter::INFO),
            file: self.merged.path("log.file").unwrap_or_default(),
        }
    }

    fn ui(&self) -> UiSettings {
        UiSettings {
            theme: match self.merged.text("ui.theme").as_deref() {
                Some("light") => ThemeName::Light,
                Some("dark") => ThemeName::Dark,
                Some("high-contrast") => ThemeName::HighContrast,
                Some("mono") => ThemeName::Mono,
                _ => ThemeName::Terminal,
            },
            ascii: self.merged.flag("ui.ascii"),
            reduced_motion: self.merged.flag("ui.reduced_motion").unwrap_or_default(),
            mouse: self.merged.flag("ui.mouse").unwrap_or_default(),
        }
    }

    /// A file with a secret that everybody can read is refused in production;
    /// in development it is said.
    fn judge_readers(&mut self, environment: Environment) {
        for file in self.files_with_secrets() {
            let open = std::fs::metadata(&file).is_ok_and(|metadata| secret::is_open(&metadata));
            if !open {
                continue;
            }
            let file = file.display();
            let text = format!(
                "{file} holds a secret and everybody on this machine can read it: \
                 run chmod o-rwx '{file}'"
            );
            self.judge(environment, text);
        }
    }

    /// A file that decides and that others could change is refused in production; in
    /// development it is said.
    fn judge_writers(&mut self, environment: Environment, key_file: &Path) {
        let named = TABLE.iter().filter(|key| key.path.ends_with("_file"));
        let mut files: Vec<_> = named.filter_map(|key| self.merged.path(key.path)).collect();
        files.extend(self.file.clone());
        files.push(key_file.to_owned());
        let templates = self.merged.path("messages.folder");
        files.extend(templates.into_iter().flat_map(strict_modes::with_content));
        let uid = rustix::process::geteuid().as_raw();
        let mut faults: Vec<_> =
            files.iter().filter_map(|file| strict_modes::fault(file, uid)).collect();
        faults.sort();
        faults.dedup();
        for text in faults {
            self.judge(environment, text);
        }
    }

    /// Certificates to trust are named by the configuration, not by variables that anybody
    /// can set who starts the program.
    fn judge_trust(&mut self, environment: Environment) {
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if self.surroundings.variable(variable).is_some() {
                let text = format!(
                    "the variable {variable} would decide whose certificates are trusted: unset \
                     it, and name certificates of your own with ca_file in the configuration"
                );
                self.judge(environment, text);
            }
        }
    }

    fn judge(&mut self, environment: Environment, text: String) {
        match environment {
            Environment::Production => self.findings.refuse(None, text),
            Environment::Development => self.findings.warnings.push(text),
        }
    }

    fn files_with_secrets(&self) -> Vec<PathBuf> {
        let secrets = TABLE.iter().filter(|key| key.kind.is_secret()).map(|key| key.path);
        let named = secrets
            .chain(["store.url"])
            .filter_map(|secret| self.merged.path(&format!("{secret}_file")));
        let by_itself = TABLE
            .iter()
            .map(|key| key.path)
            .filter(|key| self.merged.secret(key).is_some())
            .filter_map(|key| self.merged.place(key))
            .any(|place| place.contains(" line "));
        named.chain(self.file.clone().filter(|_| by_itself)).collect()
    }
}

fn limits(merged: &Merged) -> RateLimits {
    let standard = RateLimits::default();
    RateLimits {
        per_contact: merged.number("limits.per_contact").unwrap_or(standard.per_contact),
        per_customer: merged.number("limits.per_customer").unwrap_or(standard.per_customer),
        per_clerk: merged.number("limits.per_clerk").unwrap_or(standard.per_clerk),
        per_counter: merged.number("limits.per_counter").unwrap_or(standard.per_counter),
        in_all: merged.number("limits.in_all").unwrap_or(standard.in_all),
    }
}
