//! Reads secrets from files and checks the files' permissions.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::config::key::ConfigKey;
use crate::config::kind::is_secret;
use crate::config::layer::Merged;
use crate::config::problem::Findings;
use crate::config::value::Secret;
use crate::domain::text::without_mark;

/// Size limit of a secret file in bytes; no password or token is longer.
const FILE_MAX: u64 = 4096;

/// The secret of `key`, set directly or by the file that `file_key` names.
pub(super) fn find(
    key: &ConfigKey<Option<Secret>>,
    file_key: &ConfigKey<Option<PathBuf>>,
    merged: &Merged,
    findings: &mut Findings,
) -> Option<SecretString> {
    if let Some(secret) = merged.secret(key) {
        return Some(secret);
    }
    let path = merged.get(file_key)?;
    match read(&path) {
        Ok(secret) => Some(secret),
        Err(why) => {
            let text = format!("{file_key}: {} {why}", path.display());
            findings.refuse_key(file_key, merged.place(file_key), text);
            None
        }
    }
}

/// Reads a file of one line, without a byte order mark and without the line end.
pub(super) fn read(path: &Path) -> Result<SecretString, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if !metadata.is_file() {
        return Err("is not a file".into());
    }
    if metadata.len() > FILE_MAX {
        return Err(format!("is too long for a secret: over {FILE_MAX} bytes"));
    }
    let bytes = Zeroizing::new(std::fs::read(path).map_err(cannot)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| "is not text in UTF-8")?;
    let text = without_mark(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if !is_secret(text) {
        return Err("does not hold a text on one line".into());
    }
    Ok(text.into())
}

/// Whether a file is world-readable.
pub(super) fn is_open(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o004 != 0
}
