//! The demo: a temporary folder with sample customers, and the tray instead of providers.
//!
//! The folder has a fixed name per user, so that a second terminal can join a running demo
//! (`countersign --demo tray --follow`). The first demo starts with an empty folder; the last one
//! to end removes it.

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::cli::exit::Failure;
use crate::config::Config;
use crate::store::SqlStore;

/// A participant of the running demo.
#[derive(Debug)]
pub struct Demo {
    folder: PathBuf,
    config: Config,
    /// Locked shared by every participant.
    lock: File,
}

impl Demo {
    /// Starts the demo, or joins the running one.
    pub async fn begin() -> Result<Self, Failure> {
        let folder = folder();
        let unusable = |error: &io::Error| {
            Failure::internal(format!(
                "The demo's folder {} cannot be used: {error}.",
                folder.display()
            ))
        };
        let lock = enter(&folder).map_err(|error| unusable(&error))?;
        let config = Config::demo(&folder)?;
        let store = SqlStore::open(&config.store, &config.customers).await?;
        store.load_sample().await?;
        store.close().await;
        Ok(Self { folder, config, lock })
    }

    /// The configuration of the running demo, if there is one. The caller does not become a
    /// participant: the demo ends with its last interface.
    pub fn running() -> Result<Option<Config>, Failure> {
        let folder = folder();
        let lock = ours(&folder).and_then(|()| File::open(folder.join("lock")));
        match lock {
            Ok(lock) if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() => {
                Ok(Some(Config::demo(&folder)?))
            }
            _ => Ok(None),
        }
    }

    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Leaves the demo; the last participant removes the folder.
    pub fn end(self) {
        leave(&self.lock, &self.folder);
    }
}

fn leave(lock: &File, folder: &Path) {
    if flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
        // What cannot be removed is cleared when the next demo starts.
        let _ = fs::remove_dir_all(folder);
    }
}

fn folder() -> PathBuf {
    let name = format!("countersign-demo-{}", rustix::process::geteuid().as_raw());
    std::env::temp_dir().join(name)
}

/// Joins the folder, and clears it if nobody else is in it. Retries if the last participant removes
/// the folder just before it is locked.
fn enter(folder: &Path) -> io::Result<File> {
    loop {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        match take_hold(folder) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

/// Locks an existing folder; `None` if it was removed meanwhile.
fn take_hold(folder: &Path) -> io::Result<Option<File>> {
    ours(folder)?;
    let name = folder.join("lock");
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&name)?;
    // A lock on a removed file excludes nobody.
    let is_in_place =
        || Ok::<_, io::Error>(lock.metadata()?.ino() == fs::symlink_metadata(&name)?.ino());
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() && is_in_place()? {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path != name {
                fs::remove_file(path)?;
            }
        }
    }
    flock(&lock, FlockOperation::LockShared)?;
    Ok(is_in_place()?.then_some(lock))
}

/// Checks the owner, since another user could have created a folder of this name in the shared one.
fn ours(folder: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    let mine = found.uid() == rustix::process::geteuid().as_raw();
    if found.is_dir() && mine && found.mode() & 0o777 == 0o700 {
        return Ok(());
    }
    Err(io::Error::other("it belongs to somebody else or is open to others"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Many demos start and end concurrently: each participant has a folder that nobody removes or
    /// clears meanwhile.
    #[test]
    fn a_demo_that_begins_while_another_ends_keeps_its_folder() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = &place.path().join("demo");
        let lost = &AtomicBool::new(false);
        std::thread::scope(|scope| {
            for number in 0..4 {
                scope.spawn(move || {
                    let file = folder.join(format!("store-{number}"));
                    for _ in 0..500 {
                        let lock = enter(folder).expect("a part in it");
                        let kept = fs::write(&file, "x").is_ok() && file.exists();
                        std::thread::yield_now();
                        if !kept || !file.exists() {
                            lost.store(true, Ordering::Relaxed);
                        }
                        leave(&lock, folder);
                    }
                });
            }
        });
        assert!(!lost.load(Ordering::Relaxed));
    }
}
