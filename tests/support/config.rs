//! A configuration in a temporary folder.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use countersign::config::{Config, ConfigError, ProcessEnvironment};

/// A folder with a configuration file, and a process environment whose home it is.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode set");
        path
    }

    pub(crate) fn load(
        &self,
        file: &str,
        variables: &[(&str, &str)],
    ) -> Result<Config, ConfigError> {
        let file = self.write("config.toml", file, 0o600);
        self.load_named(Some(&file), variables)
    }

    pub(crate) fn load_named(
        &self,
        file: Option<&Path>,
        variables: &[(&str, &str)],
    ) -> Result<Config, ConfigError> {
        let home = self.path().to_str().expect("UTF-8");
        let variables = [("HOME", home)].into_iter().chain(variables.iter().copied());
        Config::load_in(file, &ProcessEnvironment::new(self.path(), variables))
    }

    /// The problems of an invalid configuration, one per line.
    pub(crate) fn problems(&self, file: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let error = self.load(file, variables).expect_err("it is refused");
        error.problems().iter().map(ToString::to_string).collect()
    }
}
