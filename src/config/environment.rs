//! The process environment (variables, working folder, host name), read once, so that tests can
//! substitute their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Prefix of the variables that set a key.
pub(super) const PREFIX: &str = "COUNTERSIGN__";
/// The variable that names the configuration file.
pub(super) const FILE_VARIABLE: &str = "COUNTERSIGN_CONFIG";

/// The folder of the machine-wide configuration.
const SYSTEM: &str = "/etc";

/// A snapshot of the process environment.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment {
    variables: BTreeMap<String, OsString>,
    folder: PathBuf,
    system: Option<PathBuf>,
    host: Option<String>,
}

impl ProcessEnvironment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
            .collect();
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self { variables, folder, system: Some(SYSTEM.into()), host: whoami::hostname().ok() }
    }

    /// A made-up environment, for tests.
    pub fn new<'a>(folder: &Path, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), OsString::from(value)))
            .collect();
        Self { variables, folder: folder.to_owned(), system: None, host: None }
    }

    /// The same environment with `folder` in the place of `/etc`.
    #[must_use]
    pub fn with_system(self, folder: &Path) -> Self {
        Self { system: Some(folder.to_owned()), ..self }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The host name.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        self.absolute("HOME")
    }

    /// A folder of the XDG base directory specification: the variable if it is an absolute path
    /// (the specification ignores relative ones), else the default below the home folder.
    pub(super) fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        self.absolute(variable).or_else(|| Some(self.home()?.join(below_home)))
    }

    /// The folder of the machine-wide configuration.
    pub(super) fn system(&self) -> Option<&Path> {
        self.system.as_deref()
    }

    /// The file named by [`FILE_VARIABLE`].
    pub(super) fn named_file(&self) -> Option<PathBuf> {
        let named = self.variables.get(FILE_VARIABLE)?;
        (!named.is_empty()).then(|| self.folder.join(named))
    }

    /// A variable, unless it is unset or empty.
    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(name).filter(|it| !it.is_empty())
    }

    /// The variables that set keys, sorted by name.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &OsString)> {
        self.variables
            .iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The same environment without the variables that set keys of `sections`.
    pub(super) fn without(&self, sections: &[&str]) -> Self {
        let mut kept = self.clone();
        kept.variables.retain(|name, _| {
            let key = name.strip_prefix(PREFIX).unwrap_or_default();
            let section = key.split("__").next().unwrap_or_default().to_ascii_lowercase();
            !sections.contains(&section.as_str())
        });
        kept
    }

    /// The same environment with these key variables and no others.
    pub(super) fn with_settings_of(&self, settings: Vec<(String, &str)>) -> Self {
        let mut kept = self.clone();
        kept.variables.retain(|name, _| !name.starts_with(PREFIX));
        kept.variables.extend(settings.into_iter().map(|(name, value)| (name, value.into())));
        kept
    }

    fn absolute(&self, variable: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.variables.get(variable)?);
        path.is_absolute().then_some(path)
    }
}
