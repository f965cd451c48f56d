//! Whether the store's file is still the one that was opened.
//!
//! A file that is moved, deleted or replaced by a copy stays open for those who opened it,
//! and they would go on in a store that nobody else sees. So device and inode of the path
//! are compared with those of the file that was opened, and the same for its write-ahead
//! log (`-wal`), which may hold the newest commits.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::text::clean;
use crate::service::ports::error::StoreError;

/// Device and inode.
type Identity = (u64, u64);

#[derive(Clone)]
pub(in crate::store) struct StoreFile(Arc<OpenedFile>);

struct OpenedFile {
    path: PathBuf,
    file: Identity,
    /// `None` until the present writing connection has first been checked.
    wal: Mutex<Option<Identity>>,
    /// How many writing connections were opened.
    connections: AtomicI64,
}

impl StoreFile {
    /// The file that is at `path` now.
    pub(in crate::store) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(OpenedFile {
            path: path.to_owned(),
            file: identity(path)?,
            wal: Mutex::default(),
            connections: AtomicI64::default(),
        })))
    }

    /// Notes that a new writing connection was opened. The last connection to close deletes
    /// the write-ahead log, so that there may be a new one.
    pub(in crate::store) fn reconnected(&self) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        *self.wal() = None;
    }

    /// How many writing connections were opened.
    pub(in crate::store) fn connections(&self) -> i64 {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Fails where another file is at the path by now, or none.
    pub(in crate::store) fn check(&self) -> Result<(), StoreError> {
        let path = &self.0.path;
        match identity(path) {
            Ok(found) if found == self.0.file => {}
            Ok(_) => return Err(self.replaced("another file is in its place")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.replaced("it was moved or deleted"));
            }
            // It may still be the same file.
            Err(error) => return Err(StoreError::Unreachable(error.to_string())),
        }
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        let mut known = self.wal();
        if known.is_some() && fs::metadata(path).is_ok_and(|found| found.len() == 0) {
            return Err(self.replaced("it was emptied"));
        }
        match (identity(Path::new(&name)), *known) {
            (Ok(found), None) => *known = Some(found),
            (Ok(found), Some(known)) if found == known => {}
            (Err(_), None) => {}
            _ => return Err(self.replaced("its log (-wal) was moved, deleted or replaced")),
        }
        drop(known);
        Ok(())
    }

    /// Which process of this machine has SQLite's write lock, and whether it is stopped;
    /// `None` where the system does not say.
    pub(in crate::store) fn writer(&self) -> Option<String> {
        let mut name = self.0.path.as_os_str().to_owned();
        name.push("-shm");
        let (_, shared) = identity(Path::new(&name)).ok()?;
        let process = lock_owner(&fs::read_to_string("/proc/locks").ok()?, shared)?;
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let of = |field: &str| status.lines().find_map(|line| line.strip_prefix(field));
        let name = clean(of("Name:").unwrap_or_default().trim());
        let is_stopped =
            of("State:").is_some_and(|state| state.trim_start().starts_with(['T', 't']));
        let how = if is_stopped { ", which was stopped in the middle of its work" } else { "" };
        Some(format!("process {process} ({name}){how}"))
    }

    fn wal(&self) -> std::sync::MutexGuard<'_, Option<Identity>> {
        self.0.wal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replaced(&self, how: &str) -> StoreError {
        StoreError::Replaced(format!("{}: {how}", self.0.path.display()))
    }
}

/// The byte of `-shm` whose lock is the write lock (`WAL_WRITE_LOCK` in SQLite's `wal.c`).
const WRITE_LOCK: u64 = 120;

/// The process that has the write lock, from `/proc/locks`: `1: POSIX ADVISORY WRITE 4711
/// 00:2b:5678 120 120`
fn lock_owner(locks: &str, shared: u64) -> Option<u32> {
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
        assert_eq!(lock_owner(locks, 5678), Some(14));
        assert_eq!(lock_owner(locks, 1), None);
    }
}
