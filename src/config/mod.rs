//! From a file and the environment to one checked [`Config`].
//!
//! ```text
//! table ── key ── kind   the typed keys, and what each may hold
//!   │
//! file ─┐                each value with the place that set it
//! variables ─ layer ─ build (store, customers, email, sms …) ─ Config
//! defaults ─┘               │
//!                           └─ show, or every problem at once
//! ```

pub mod account_lists;
mod build;
mod channels;
mod customers;
mod email;
pub(super) mod environment;
mod fallback;
mod file;
mod files;
mod identifier;
mod key;
pub mod key_file;
pub mod keys;
mod kind;
mod layer;
mod messages;
mod problem;
mod purposes;
mod raw;
mod rehearsal;
mod secret;
pub mod settings;
mod shipping;
mod show;
mod sms;
mod store;
mod store_url;
mod strict_modes;
pub mod terminal;
mod value;
mod variables;
mod whatsapp;

use std::path::{Path, PathBuf};

pub use crate::config::environment::ProcessEnvironment;
pub use crate::config::kind::KeyKind;
pub use crate::config::problem::{ConfigError, Problem};
pub use crate::config::settings::Config;
pub use crate::config::show::{Effective, Setting};

use crate::config::build::Build;
use crate::config::layer::{Layer, Merged};
use crate::config::problem::Findings;
use crate::config::settings::{EmailProvider, Environment, SmsProvider, WhatsappProvider};

/// The origin of values that the demo sets.
const DEMO: &str = "demo";

impl Config {
    /// Loads the configuration of this process. `named` is the file named on the command line.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_in(named, &ProcessEnvironment::of_process())
    }

    /// Loads the configuration in a given environment.
    pub fn load_in(
        named: Option<&Path>,
        surroundings: &ProcessEnvironment,
    ) -> Result<Self, ConfigError> {
        let mut findings = Findings::default();
        let path = file::find(named, surroundings);
        let file = path.as_ref().map(|path| file::read(path, surroundings, &mut findings));
        let has_secret = file.as_ref().is_some_and(Layer::has_secret);
        let variables = variables::read(surroundings, &mut findings);
        let layers = [Some(Layer::defaults()), file, Some(variables)].into_iter().flatten();
        match Merged::of(layers.collect()) {
            Ok(merged) => Build::new(path, has_secret, merged, findings, surroundings).finish(),
            Err(error) => Err(unmerged(path, findings, &error)),
        }
    }

    /// Builds a configuration to preview a policy: `policy` in TOML, changed by a file and by
    /// single keys such as `otp.length=8`. Only policy keys of the result have a meaning;
    /// environment variables are ignored.
    pub fn of_policy(
        policy: &str,
        file: Option<&Path>,
        set: &[String],
        surroundings: &ProcessEnvironment,
    ) -> Result<Self, ConfigError> {
        let mut findings = Findings::default();
        let mut settings = Vec::new();
        for it in set {
            match it.split_once('=').map(|(path, value)| (path.trim(), value)) {
                Some((path, value)) => match keys::key(path) {
                    Some(key) => settings.push((key.path.variable(), value)),
                    None => findings.refuse(None, file::unknown_key(path)),
                },
                None => findings.refuse(None, format!("{it} is not of the form KEY=VALUE")),
            }
        }
        let surroundings = &surroundings.with_settings_of(settings);
        let folder = surroundings.folder().to_owned();
        let policy = file::parse("policy", policy, &folder, surroundings, &mut findings);
        let file = file.map(|it| file::read(&folder.join(it), surroundings, &mut findings));
        let variables = variables::read(surroundings, &mut findings);
        let layers = [Some(Layer::defaults()), Some(policy), file, Some(variables)];
        match Merged::of(layers.into_iter().flatten().collect()) {
            Ok(merged) => Build::new(None, false, merged, findings, surroundings).finish(),
            Err(error) => Err(unmerged(None, findings, &error)),
        }
    }

    /// The configuration of the demo: all files are in `folder` and no message leaves the machine,
    /// whatever the environment says. Environment variables may set times, attempts, limits and the
    /// theme.
    pub fn demo(folder: &Path) -> Result<Self, ConfigError> {
        Self::demo_in(folder, &ProcessEnvironment::of_process())
    }

    /// The demo configuration in a given environment.
    pub fn demo_in(folder: &Path, surroundings: &ProcessEnvironment) -> Result<Self, ConfigError> {
        let sections =
            ["environment", "store", "customers", "keys", "email", "tray", "whatsapp", "audit"];
        let surroundings = &surroundings.without(&sections);
        let mut findings = Findings::default();
        let folder = surroundings.folder().join(folder);
        let Some(folder) = folder.to_str() else {
            let text = format!("the folder {} has no name in UTF-8", folder.display());
            findings.refuse(None, text);
            return Err(ConfigError::new(None, findings.problems));
        };
        let mut office = Layer::default();
        office.set(&keys::OFFICE.name, &"Riverside Billing".into(), DEMO);
        office.set(&keys::OFFICE.counter, &Some("3".into()), DEMO);
        office.set(&keys::LOG.file, &Some(format!("{folder}/countersign.log").into()), DEMO);
        let mut fixed = Layer::default();
        fixed.set(&keys::ROOT.environment, &Environment::Development, DEMO);
        let store = store_url::sqlite_url(&format!("{folder}/countersign.db"));
        fixed.set(&keys::STORE.url, &Some(store), DEMO);
        fixed.set(&keys::EMAIL.provider, &EmailProvider::Tray, DEMO);
        fixed.set(&keys::SMS.provider, &SmsProvider::Tray, DEMO);
        fixed.set(&keys::SMS_FALLBACK.provider, &SmsProvider::Off, DEMO);
        fixed.set(&keys::WHATSAPP.provider, &WhatsappProvider::Off, DEMO);
        let variables = variables::read(surroundings, &mut findings);
        let layers = vec![Layer::defaults(), office, variables, fixed];
        match Merged::of(layers) {
            Ok(merged) => Build::new(None, false, merged, findings, surroundings).finish(),
            Err(error) => Err(unmerged(None, findings, &error)),
        }
    }

    /// Every key with its effective value and origin.
    pub const fn show(&self) -> &Effective {
        &self.effective
    }
}

/// The error for layers that cannot be merged.
fn unmerged(
    file: Option<PathBuf>,
    mut findings: Findings,
    error: &::config::ConfigError,
) -> ConfigError {
    findings.refuse(None, error.to_string());
    ConfigError::new(file, findings.problems)
}
