//! The key file: TOML that names keys and says which one signs.
//!
//! ```toml
//! current = "k2-9f31ab04"
//!
//! [keys]
//! k1-5c0a77e1 = "…"
//! k2-9f31ab04 = "…"
//! ```
//!
//! A key's name holds the start of its digest. Where a key file is lost and
//! made anew, the new key is thus never taken for the old one: codes issued
//! before are answered with "this key is missing", not with "wrong".

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::key::{Key, KeyId, Keyring};
use crate::domain::text::without_mark;

/// Size limit of a key file in bytes, for reading and writing.
const FILE_MAX: u64 = 64 * 1024;

/// How long a retired key is kept after the rotation that retired it: much longer than any code or
/// outbox message made with it is usable.
const RETIRED_KEPT: Duration = Duration::from_hours(1);

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// An I/O error.
    #[error("the key file {path} cannot be {act}: {error}", path = .path.display())]
    Io {
        path: PathBuf,
        /// `read` or `written`.
        act: &'static str,
        error: io::Error,
    },
    /// The mode lets others read or write it.
    #[error(
        "the key file {path} is open to others (mode {mode:03o}); run: chmod 600 '{path}'",
        path = .path.display()
    )]
    Open { path: PathBuf, mode: u32 },
    /// It is not a key file, or it is damaged.
    #[error(
        "the key file {path} is damaged: {why}; bring it back from a copy, or move it away and \
         start again, which makes open codes worthless",
        path = .path.display()
    )]
    Damaged {
        path: PathBuf,
        /// What is wrong, without repeating any content.
        why: String,
    },
    /// Another key would exceed the size limit.
    #[error(
        "the key file {path} holds as many keys as it can, since keys were rotated many times \
         within an hour; try again in an hour",
        path = .path.display()
    )]
    TooManyKeys { path: PathBuf },
    /// The random number generator failed.
    #[error("{0}")]
    Random(String),
}

/// The parsed content of a key file.
#[derive(Clone, Debug)]
pub struct KeyFile {
    current: KeyId,
    current_key: Key,
    retired: BTreeMap<KeyId, Key>,
}

/// The serialised form; keys are borrowed, so that no copy of them stays in memory.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFileContent<'a> {
    current: &'a str,
    #[serde(borrow)]
    keys: BTreeMap<&'a str, &'a str>,
}

impl KeyFile {
    /// Reads the key file, which must exist.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Open { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_MAX).read_to_string(&mut text).map_err(|error| unreadable(path, error))?;
        Self::parse(without_mark(&text))
            .map_err(|why| KeyFileError::Damaged { path: path.to_owned(), why })
    }

    /// Reads the key file, or creates it with a key from `secret`. If several processes start at
    /// once, all of them end up with the same key.
    pub fn load_or_create<E: Display>(
        path: &Path,
        secret: impl FnOnce() -> Result<[u8; 32], E>,
    ) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {}
            known => return known,
        }
        let (current, current_key) = new_key(1, None, secret)?;
        let made = Self { current, current_key, retired: BTreeMap::new() };
        let folder = folder(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| unwritable(path, error))?;
        // A hard link is created atomically and never replaces an existing file.
        let placed = made.put_beside(path, |beside| fs::hard_link(beside, path));
        match placed {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(unwritable(path, error))
            }
            _ => Self::load(path),
        }
    }

    /// Adds a key from `secret`, which signs from now on; the others still verify, except those
    /// retired more than `RETIRED_KEPT` before `now` (store clock, seconds since 1970), which are
    /// dropped. Returns the new key's name.
    pub fn rotate<E: Display>(
        path: &Path,
        now: u64,
        secret: impl FnOnce() -> Result<[u8; 32], E>,
    ) -> Result<KeyId, KeyFileError> {
        // Serialise rotations, so that two at once do not lose each other's key.
        let folder = File::open(folder(path)).map_err(|error| unwritable(path, error))?;
        flock(&folder, FlockOperation::LockExclusive)
            .map_err(|error| unwritable(path, error.into()))?;
        let mut old = Self::load(path)?;
        old.retired.insert(old.current, old.current_key);
        let last = old.retired.keys().filter_map(Name::of).map(|it| it.number).max();
        let (current, current_key) = new_key(last.unwrap_or_default() + 1, Some(now), secret)?;
        drop_outdated(&mut old.retired, now);
        let new = Self { current, current_key, retired: old.retired };
        if new.text().len() as u64 > FILE_MAX {
            return Err(KeyFileError::TooManyKeys { path: path.to_owned() });
        }
        new.put_beside(path, |beside| fs::rename(beside, path))
            .map_err(|error| unwritable(path, error))?;
        Ok(new.current)
    }

    /// The name of the key that signs.
    pub const fn current(&self) -> &KeyId {
        &self.current
    }

    /// The names of the keys that only verify.
    pub fn retired(&self) -> impl Iterator<Item = &KeyId> {
        self.retired.keys()
    }

    /// The keys as the desk's keyring.
    pub fn ring(self) -> Keyring {
        let ring = Keyring::new(self.current, self.current_key);
        self.retired.into_iter().fold(ring, |ring, (id, key)| ring.with_retired(id, key))
    }

    fn parse(text: &str) -> Result<Self, String> {
        // The parser's message may repeat content of the file, so only the line is reported.
        let written: KeyFileContent<'_> = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
            format!("line {line} is not what a key file holds")
        })?;
        let mut keys = BTreeMap::new();
        for (name, secret) in &written.keys {
            let id = KeyId::new(name).ok_or("a key has a name that no key can have")?;
            let bytes = BASE64_STANDARD.decode(secret).map(Zeroizing::new);
            let bytes = bytes.map_err(|_| format!("the key {id} is not written in base64"))?;
            let bytes: [u8; 32] = bytes
                .as_slice()
                .try_into()
                .map_err(|_| format!("the key {id} does not have 32 bytes"))?;
            keys.insert(id, Key::new(bytes));
        }
        let current = KeyId::new(written.current).and_then(|id| keys.remove_entry(&id));
        let (current, current_key) = current.ok_or("the current key is not among the keys")?;
        Ok(Self { current, current_key, retired: keys })
    }

    fn text(&self) -> Zeroizing<String> {
        // Allocate enough at once: growing would leave copies of keys in freed memory.
        let length = 320 + 100 * (1 + self.retired.len());
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(
            "# Keys that protect stored codes, or sign the audit trail. Whoever reads this file\n\
             # and the store can find the open codes out, or forge the trail: keep it readable\n\
             # by its owner only.\n",
        );
        for part in ["current = \"", self.current.as_str(), "\"\n\n[keys]\n"] {
            text.push_str(part);
        }
        for (id, key) in self.retired.iter().chain([(&self.current, &self.current_key)]) {
            let secret = Zeroizing::new(BASE64_STANDARD.encode(key.secret()));
            for part in [id.as_str(), " = \"", &secret, "\"\n"] {
                text.push_str(part);
            }
        }
        text
    }

    /// Writes and syncs the file under a temporary name next to `path`, then lets `place` put it
    /// there.
    fn put_beside(
        &self,
        path: &Path,
        place: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = folder(path);
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let beside = folder.join(format!(".{name}.{}", self.current));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        let placed = file
            .write_all(self.text().as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| place(&beside));
        // Already gone if `place` renamed it.
        let _ = fs::remove_file(&beside);
        placed.and_then(|()| File::open(folder)?.sync_all())
    }
}

/// What the name of a key encodes.
struct Name {
    /// Sequence number of the key.
    number: u64,
    /// Creation time in seconds since 1970; the first key and keys made by older versions have
    /// none.
    made_at: Option<u64>,
}

impl Name {
    fn of(id: &KeyId) -> Option<Self> {
        let mut parts = id.as_str().strip_prefix('k')?.split('-');
        let number = parts.next()?.parse().ok()?;
        let made_at = parts.nth(1).and_then(|it| u64::from_str_radix(it, 16).ok());
        Some(Self { number, made_at })
    }
}

/// Drops keys that were replaced more than `RETIRED_KEPT` ago. A key is retired when the next one
/// is created, so it is unused as soon as any later key is old enough.
fn drop_outdated(keys: &mut BTreeMap<KeyId, Key>, now: u64) {
    let is_old = |made_at| now.saturating_sub(made_at) > RETIRED_KEPT.as_secs();
    let names = keys.keys().filter_map(Name::of);
    let replaced = names.filter(|it| it.made_at.is_some_and(is_old)).map(|it| it.number).max();
    let Some(replaced) = replaced else { return };
    keys.retain(|id, _| Name::of(id).is_none_or(|it| it.number >= replaced));
}

/// Creates a key and its name: the number gives the order, the start of the digest distinguishes
/// keys of the same number, and the time tells when the key before was retired.
fn new_key<E: Display>(
    number: u64,
    made_at: Option<u64>,
    secret: impl FnOnce() -> Result<[u8; 32], E>,
) -> Result<(KeyId, Key), KeyFileError> {
    let key = Key::new(secret().map_err(|error| KeyFileError::Random(error.to_string()))?);
    let digest = Sha256::digest(key.secret());
    let start = digest.get(..4).unwrap_or_default();
    let since = made_at.map_or_else(String::new, |it| format!("-{it:x}"));
    let id = KeyId::new(&format!("k{number}-{}{since}", hex::encode(start)));
    id.map(|id| (id, key)).ok_or_else(|| KeyFileError::Random("too many keys".into()))
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn unreadable(path: &Path, error: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), act: "read", error }
}

fn unwritable(path: &Path, error: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), act: "written", error }
}
