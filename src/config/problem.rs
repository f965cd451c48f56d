//! Problems of a configuration, in sentences that never contain a secret: a value that may be one
//! is not repeated.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::key::KeyPath;

/// One problem: where it is and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// `config.toml line 12` or the name of an environment variable; `None` if something is
    /// missing.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// The key that it is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyPath>,
    /// What is wrong and what is allowed.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// An invalid configuration with all of its problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    file: Option<PathBuf>,
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) const fn new(file: Option<PathBuf>, problems: Vec<Problem>) -> Self {
        Self { file, problems }
    }

    /// The file that was read, if any.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// All problems, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The configuration cannot be used")?;
        if let Some(file) = &self.file {
            write!(f, " ({})", file.display())?;
        }
        f.write_str(":")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// Problems and warnings collected while reading a configuration.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    /// What works but should be changed.
    pub(super) warnings: Vec<String>,
    /// Keys whose value was refused; checks that depend on them are skipped.
    broken: BTreeSet<KeyPath>,
}

impl Findings {
    /// Records a problem at a place.
    pub(super) fn refuse(&mut self, place: Option<&str>, text: impl Into<String>) {
        self.add(None, place, text.into());
    }

    /// Records that the value of `key` was refused.
    pub(super) fn refuse_key(
        &mut self,
        key: impl Into<KeyPath>,
        place: Option<&str>,
        text: impl Into<String>,
    ) {
        let key = key.into();
        self.broken.insert(key);
        self.add(Some(key), place, text.into());
    }

    fn add(&mut self, key: Option<KeyPath>, place: Option<&str>, text: String) {
        self.problems.push(Problem { place: place.map(str::to_owned), key, text });
    }

    /// Whether the value of a key was refused.
    pub(super) fn is_broken(&self, key: impl Into<KeyPath>) -> bool {
        self.broken.contains(&key.into())
    }
}
