//! From a file and the environment to one checked [`Config`].
//!
//! ```text
//! table ── kind          what each key may hold
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
mod identifier;
pub mod keys;
mod kind;
mod layer;
mod messages;
mod problem;
mod raw;
mod secret;
pub mod settings;
mod show;
mod sms;
mod store;
mod store_url;
mod strict_modes;
pub mod table;
pub mod terminal;
mod variables;
mod whatsapp;

use std::path::Path;

pub use crate::config::environment::ProcessEnvironment;
pub use crate::config::kind::Kind;
pub use crate::config::problem::{ConfigError, Problem};
pub use crate::config::settings::Config;
pub use crate::config::show::{Effective, Setting};

use crate::config::build::Build;
use crate::config::layer::{Layer, Merged};
use crate::config::problem::Findings;

impl Config {
    /// The configuration of this process: `named` is the file that the command
    /// line names, if it does.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_in(named, &ProcessEnvironment::of_process())
    }

    /// The configuration in given surroundings.
    pub fn load_in(
        named: Option<&Path>,
        surroundings: &ProcessEnvironment,
    ) -> Result<Self, ConfigError> {
        let mut findings = Findings::default();
        let path = file::find(named, surroundings);
        let mut layers = vec![Layer::defaults()];
        if let Some(path) = &path {
            layers.push(file::read(path, surroundings, &mut findings));
        }
        layers.push(variables::read(surroundings, &mut findings));
        Self::put_together(path, layers, findings, surroundings)
    }

    /// A configuration to try things out with: everything lies in `folder`,
    /// and no message leaves the machine, whatever the environment says. Times,
    /// tries, limits and looks can be set by environment variables.
    pub fn demo(folder: &Path) -> Result<Self, ConfigError> {
        Self::demo_in(folder, &ProcessEnvironment::of_process())
    }

    /// The same in given surroundings.
    pub fn demo_in(folder: &Path, surroundings: &ProcessEnvironment) -> Result<Self, ConfigError> {
        let sections = ["environment", "store", "customers", "keys", "email", "tray", "whatsapp"];
        let surroundings = &surroundings.without(&sections);
        let mut findings = Findings::default();
        let folder = surroundings.folder().join(folder);
        let Some(folder) = folder.to_str() else {
            let text = format!("the folder {} has no name in UTF-8", folder.display());
            findings.refuse(None, text);
            return Err(ConfigError::new(None, findings.problems));
        };
        let mut office = Layer::default();
        office.put("office.name", "Riverside Billing", "demo");
        office.put("office.counter", "3", "demo");
        office.put("log.file", format!("{folder}/countersign.log"), "demo");
        let mut fixed = Layer::default();
        fixed.put("environment", "development", "demo");
        fixed.put("store.url", store_url::sqlite_url(&format!("{folder}/countersign.db")), "demo");
        fixed.put("email.provider", "tray", "demo");
        fixed.put("sms.provider", "tray", "demo");
        fixed.put("sms.fallback.provider", "off", "demo");
        fixed.put("whatsapp.provider", "off", "demo");
        let variables = variables::read(surroundings, &mut findings);
        let layers = vec![Layer::defaults(), office, variables, fixed];
        Self::put_together(None, layers, findings, surroundings)
    }

    /// Every key as it works, each with where its value came from.
    pub const fn show(&self) -> &Effective {
        &self.effective
    }

    fn put_together(
        path: Option<std::path::PathBuf>,
        layers: Vec<Layer>,
        mut findings: Findings,
        surroundings: &ProcessEnvironment,
    ) -> Result<Self, ConfigError> {
        match Merged::of(layers) {
            Ok(merged) => Build::new(path, merged, findings, surroundings).finish(),
            Err(error) => {
                findings.refuse(None, error.to_string());
                Err(ConfigError::new(path, findings.problems))
            }
        }
    }
}
