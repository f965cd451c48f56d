//! Whether the store's file is still the one that was opened.
//!
//! A file that was moved away, deleted or replaced by a copy stays open: whoever
//! has it open would go on in a store that nobody else sees. So the file that the
//! path leads to is compared with the one that was opened, and so is the log beside
//! it (`-wal`), in which what was committed last may still be.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::text::clean;
use crate::service::ports::error::StoreError;

/// A file, whatever it is called.
type Identity = (u64, u64);

/// The file that was opened.
#[derive(Clone)]
pub(in crate::store) struct StoreFile(Arc<Opened>);

struct Opened {
    path: PathBuf,
    file: Identity,
    /// None until it was looked at on the connection that writes now.
    log: Mutex<Option<Identity>>,
    /// How many connections have been made to write.
    connections: AtomicI64,
}

impl StoreFile {
    /// The file that is there now.
    pub(in crate::store) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Opened {
            path: path.to_owned(),
            file: identity(path)?,
            log: Mutex::default(),
            connections: AtomicI64::default(),
        })))
    }

    /// Another connection was made to write: the last one that closes takes the log
    /// with it, so that there may be another one.
    pub(in crate::store) fn reconnected(&self) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        *self.log() = None;
    }

    /// How many there have been.
    pub(in crate::store) fn connections(&self) -> i64 {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Fails where the file is another one by now, or gone.
    pub(in crate::store) fn check(&self) -> Result<(), StoreError> {
        let path = &self.0.path;
        match identity(path) {
            Ok(found) if found == self.0.file => {}
            Ok(_) => return Err(self.replaced("another file is in its place")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.replaced("it was moved or deleted"));
            }
            // What cannot be looked at now may still be the same.
            Err(error) => return Err(StoreError::Unreachable(error.to_string())),
        }
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        let mut known = self.log();
        match (identity(Path::new(&name)), *known) {
            (Ok(found), None) => *known = Some(found),
            (Ok(found), Some(known)) if found == known => {}
            (Err(_), None) => {}
            _ => return Err(self.replaced("its log (-wal) was moved, deleted or replaced")),
        }
        drop(known);
        Ok(())
    }

    /// Which process of this machine has the write lock, and whether it stands still;
    /// none where the system does not say.
    pub(in crate::store) fn writer(&self) -> Option<String> {
        let mut name = self.0.path.as_os_str().to_owned();
        name.push("-shm");
        let (_, shared) = identity(Path::new(&name)).ok()?;
        let process = holder(&fs::read_to_string("/proc/locks").ok()?, shared)?;
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let of = |field: &str| status.lines().find_map(|line| line.strip_prefix(field));
        let name = clean(of("Name:").unwrap_or_default());
        let stands = of("State:").is_some_and(|state| state.trim_start().starts_with(['T', 't']));
        let how = if stands { ", which was stopped in the middle of its work" } else { "" };
        Some(format!("process {process} ({name}){how}"))
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Option<Identity>> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replaced(&self, how: &str) -> StoreError {
        StoreError::Replaced(format!("{}: {how}", self.0.path.display()))
    }
}

/// The byte of `-shm` whose lock is the write lock (`WAL_WRITE_LOCK` of SQLite's
/// `wal.c`).
const WRITE_LOCK: u64 = 120;

/// The process that has the write lock, from the system's list of locks:
/// `1: POSIX  ADVISORY  WRITE 4711 00:2b:5678 120 120`
fn holder(locks: &str, shared: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, _, how) = (words.next()?, words.next()?, words.next()?);
        let process = words.next()?.parse().ok()?;
        let inode: u64 = words.next()?.rsplit(':').next()?.parse().ok()?;
        let (from, to) = (words.next()?.parse::<u64>().ok()?, words.next()?.parse::<u64>().ok()?);
        let is_it = kind == "POSIX" && how == "WRITE" && inode == shared;
        (is_it && (from..=to).contains(&WRITE_LOCK)).then_some(process)
    })
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_the_write_lock_is_read_from_the_systems_list() {
        let locks = "\
            1: POSIX  ADVISORY  READ 11 00:2b:5678 128 128\n\
            2: POSIX  ADVISORY  WRITE 12 00:2b:9999 120 120\n\
            2: -> POSIX  ADVISORY  WRITE 13 00:2b:5678 120 120\n\
            3: POSIX  ADVISORY  WRITE 14 00:2b:5678 120 120\n\
            4: FLOCK  ADVISORY  WRITE 15 00:2b:5678 0 EOF\n";
        assert_eq!(holder(locks, 5678), Some(14));
        assert_eq!(holder(locks, 1), None);
    }
}
