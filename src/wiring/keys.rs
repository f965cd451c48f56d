//! The office's key file, and the key file of the audit trail.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::key_file::{KeyFile, KeyFileError};
use crate::domain::key::{KeyId, Keyring};
use crate::domain::time::Timestamp;
use crate::random::OsRandom;
use crate::service::ports::{Keys, KeysError, Random as _, TrailKeys};

/// The key file. It is created with the first code if it is missing.
#[derive(Debug)]
pub(super) struct FileKeys(pub(super) PathBuf);

impl FileKeys {
    /// Loads or creates the file.
    pub(super) fn load(&self) -> Result<KeyFile, KeysError> {
        KeyFile::load_or_create(&self.0, || OsRandom.secret()).map_err(|error| keys_error(&error))
    }

    /// Creates a new current key and returns its id; `now` is the store's time.
    pub(super) fn rotate(&self, now: Timestamp) -> Result<KeyId, KeysError> {
        self.load()?;
        let seconds = u64::try_from(now.millis() / 1_000).unwrap_or_default();
        KeyFile::rotate(&self.0, seconds, || OsRandom.secret()).map_err(|error| keys_error(&error))
    }
}

impl Keys for FileKeys {
    fn read(&self) -> Result<Keyring, KeysError> {
        Ok(self.load()?.ring())
    }
}

/// The keys that sign checkpoints, in a separate file next to the key file: counters get a copy of
/// that one and not of this.
#[derive(Debug)]
pub(super) struct FileTrailKeys(PathBuf);

impl FileTrailKeys {
    /// The trail's file that belongs to a key file.
    pub(super) fn beside(key_file: &Path) -> Self {
        let mut name = key_file.file_name().unwrap_or_default().to_owned();
        name.push(".audit");
        Self(key_file.with_file_name(name))
    }
}

impl TrailKeys for FileTrailKeys {
    fn read(&self) -> Result<Option<Keyring>, KeysError> {
        match KeyFile::load(&self.0) {
            Ok(file) => Ok(Some(file.ring())),
            Err(KeyFileError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(keys_error(&error)),
        }
    }

    fn create(&self) -> Result<Keyring, KeysError> {
        let made = KeyFile::load_or_create(&self.0, || OsRandom.secret());
        made.map(KeyFile::ring).map_err(|error| keys_error(&error))
    }
}

fn keys_error(error: &KeyFileError) -> KeysError {
    KeysError(error.to_string())
}
