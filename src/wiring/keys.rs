//! The keys in the office's key file.

use std::path::PathBuf;

use crate::config::keys::{KeyFile, KeyFileError};
use crate::domain::key::{KeyId, Keyring};
use crate::domain::time::Timestamp;
use crate::random::OsRandom;
use crate::service::ports::{Keys, KeysError, Random as _};

/// The key file. The store on this machine gets one of its own with the first
/// code, since nobody else would make one.
#[derive(Debug)]
pub(super) struct FileKeys(pub(super) PathBuf);

impl FileKeys {
    /// What the file holds.
    pub(super) fn load(&self) -> Result<KeyFile, KeysError> {
        KeyFile::load_or_create(&self.0, || OsRandom.secret()).map_err(|error| told(&error))
    }

    /// Makes a new current key at this time of the store; gives its name.
    pub(super) fn rotate(&self, now: Timestamp) -> Result<KeyId, KeysError> {
        self.load()?;
        let seconds = u64::try_from(now.millis() / 1_000).unwrap_or_default();
        KeyFile::rotate(&self.0, seconds, || OsRandom.secret()).map_err(|error| told(&error))
    }
}

impl Keys for FileKeys {
    fn read(&self) -> Result<Keyring, KeysError> {
        Ok(self.load()?.ring())
    }
}

fn told(error: &KeyFileError) -> KeysError {
    KeysError(error.to_string())
}
