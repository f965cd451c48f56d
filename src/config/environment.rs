//! What the program is started in: environment variables, the working folder
//! and the machine's name, read once, so that tests can give their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The prefix of variables that set a key.
pub(super) const PREFIX: &str = "COUNTERSIGN__";
/// The variable that names the configuration file.
pub(super) const FILE_VARIABLE: &str = "COUNTERSIGN_CONFIG";

/// The folder of the machine's configurations.
const SYSTEM: &str = "/etc";

/// What the program is started in.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment {
    variables: BTreeMap<String, OsString>,
    folder: PathBuf,
    system: Option<PathBuf>,
    host: Option<String>,
}

impl ProcessEnvironment {
    /// Those of this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
            .collect();
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self { variables, folder, system: Some(SYSTEM.into()), host: whoami::hostname().ok() }
    }

    /// Made-up ones.
    pub fn new<'a>(folder: &Path, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), OsString::from(value)))
            .collect();
        Self { variables, folder: folder.to_owned(), system: None, host: None }
    }

    /// The same on a machine whose configurations lie in `folder`.
    #[must_use]
    pub fn with_system(self, folder: &Path) -> Self {
        Self { system: Some(folder.to_owned()), ..self }
    }

    /// The working folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The machine's name.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The clerk's home folder.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.absolute("HOME")
    }

    /// A folder of the XDG base directory specification, which ignores
    /// relative paths: the variable, else a place below the home folder.
    pub(super) fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        self.absolute(variable).or_else(|| Some(self.home()?.join(below_home)))
    }

    /// The folder of the machine's configurations.
    pub(super) fn system(&self) -> Option<&Path> {
        self.system.as_deref()
    }

    /// The file that [`FILE_VARIABLE`] names.
    pub(super) fn named_file(&self) -> Option<PathBuf> {
        let named = self.variables.get(FILE_VARIABLE)?;
        (!named.is_empty()).then(|| self.folder.join(named))
    }

    /// A variable that is set to something.
    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(name).filter(|it| !it.is_empty())
    }

    /// The variables that set keys, by name.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &OsString)> {
        self.variables
            .iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The same without the variables that set keys of `sections`.
    pub(super) fn without(&self, sections: &[&str]) -> Self {
        let mut kept = self.clone();
        kept.variables.retain(|name, _| {
            let key = name.strip_prefix(PREFIX).unwrap_or_default();
            let section = key.split("__").next().unwrap_or_default().to_ascii_lowercase();
            !sections.contains(&section.as_str())
        });
        kept
    }

    /// The same with these settings alone.
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
