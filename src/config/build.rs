//! The checked values put together: what follows from what, and what only
//! makes sense together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kind::{Base, Kind, sqlite_file, sqlite_url};
use super::layer::Merged;
use super::problem::{ConfigError, Findings};
use super::raw::Raw;
use super::settings::{
    Config, Environment, KeySettings, LogSettings, OfficeSettings, StoreSettings, ThemeName,
    TraySettings, UiSettings,
};
use super::show::Effective;
use super::surroundings::Surroundings;
use super::{email, secret, sms};
use crate::domain::channel::Assurance;
use crate::domain::policy::{OtpPolicy, SendLimits};
use crate::domain::text::clean_optional;

/// A configuration being put together.
pub(super) struct Build<'a> {
    pub(super) merged: Merged,
    pub(super) findings: Findings,
    surroundings: &'a Surroundings,
    file: Option<PathBuf>,
}

impl<'a> Build<'a> {
    pub(super) const fn new(
        file: Option<PathBuf>,
        merged: Merged,
        findings: Findings,
        surroundings: &'a Surroundings,
    ) -> Self {
        Self { merged, findings, surroundings, file }
    }

    /// The configuration, or everything that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Config, ConfigError> {
        let environment = self.environment();
        let office = self.office();
        let store = self.store();
        let keys = KeySettings { file: self.beside_store("keys.file", "keys") };
        let tray = TraySettings { file: self.beside_store("tray.file", "tray.jsonl") };
        let otp = self.otp();
        let email = email::read(&mut self);
        let sms = sms::read(&mut self);
        let log = self.log();
        let ui = self.ui();
        self.judge_readers(environment);
        let phones = sms::phones(&self);
        let Self { merged, findings, file, .. } = self;
        if !findings.problems.is_empty() {
            return Err(ConfigError::new(file, findings.problems));
        }
        Ok(Config {
            environment,
            office,
            store,
            keys,
            otp,
            purposes: merged.texts("otp.purposes"),
            limits: limits(&merged),
            email,
            sms,
            phones,
            tray,
            log,
            ui,
            warnings: findings.warnings,
            effective: Effective::of(&merged),
            source: file,
        })
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

    fn store(&mut self) -> StoreSettings {
        if let Some(file) = self.merged.path("store.url_file") {
            self.store_from(&file);
        }
        let said = ["store.url", "store.url_file"];
        if !said.iter().any(|key| self.merged.is_set(key) || self.findings.is_broken(key)) {
            let file = self.below("XDG_DATA_HOME", ".local/share", "countersign.db", "store.url");
            if let Some(url) = file.as_deref().and_then(Path::to_str).map(sqlite_url) {
                self.merged.derive("store.url", url);
            }
        }
        StoreSettings { url: self.merged.text("store.url").unwrap_or_default().into() }
    }

    /// Takes the store's URL from a file.
    fn store_from(&mut self, file: &Path) {
        use secrecy::ExposeSecret as _;
        let home = self.surroundings.home();
        let folder = file.parent().unwrap_or_else(|| Path::new("/"));
        let base = Base { folder, home: home.as_deref() };
        let checked = secret::read(file).and_then(|url| {
            let raw = Raw::Text(url.expose_secret().to_owned());
            Kind::StoreUrl.check("the URL in it", &raw, &base)
        });
        match checked {
            Ok(url) => self.merged.derive("store.url", url),
            Err(why) => {
                self.refuse("store.url_file", format!("store.url_file: {}: {why}", file.display()));
            }
        }
    }

    /// A file whose name is the store's with another ending, unless it is set.
    fn beside_store(&mut self, key: &'static str, ending: &str) -> PathBuf {
        let store = self.merged.text("store.url").as_deref().and_then(sqlite_file);
        if let Some(store) = store.as_deref().and_then(Path::to_str) {
            self.merged.derive(key, format!("{store}.{ending}"));
        }
        self.merged.path(key).unwrap_or_default()
    }

    /// A file in a folder of the XDG specification.
    fn below(
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
            match environment {
                Environment::Production => self.findings.refuse(None, text),
                Environment::Development => self.findings.warnings.push(text),
            }
        }
    }

    fn files_with_secrets(&self) -> Vec<PathBuf> {
        let named = ["store.url_file", "email.password_file", "sms.auth_token_file"]
            .into_iter()
            .chain(["sms.api_secret_file"])
            .filter_map(|key| self.merged.path(key));
        let by_itself = ["email.password", "sms.auth_token", "sms.api_secret"]
            .into_iter()
            .filter_map(|key| self.merged.place(key))
            .any(|place| place.contains(" line "));
        named.chain(self.file.clone().filter(|_| by_itself)).collect()
    }
}

fn limits(merged: &Merged) -> SendLimits {
    let standard = SendLimits::default();
    SendLimits {
        per_contact: merged.number("limits.per_contact").unwrap_or(standard.per_contact),
        per_customer: merged.number("limits.per_customer").unwrap_or(standard.per_customer),
        per_clerk: merged.number("limits.per_clerk").unwrap_or(standard.per_clerk),
        per_counter: merged.number("limits.per_counter").unwrap_or(standard.per_counter),
        in_all: merged.number("limits.in_all").unwrap_or(standard.in_all),
    }
}
