//! The demo's office: a folder that is thrown away, sample customers, and the
//! tray in a provider's place.
//!
//! The folder has one place for each user, so that a second terminal can join
//! a running demo (`countersign --demo tray --follow`). A demo that begins alone
//! begins anew; the last one to end takes the folder with it.

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::cli::exit::Failure;
use crate::config::Config;
use crate::store::SqlStore;

/// A part in the running demo.
#[derive(Debug)]
pub struct Demo {
    folder: PathBuf,
    config: Config,
    /// Held shared by everyone who takes part.
    lock: File,
}

impl Demo {
    /// Begins the demo, or joins the one that runs.
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

    /// The configuration of the demo that runs now, if one does. Looking at it
    /// takes no part in it: it ends with its last interface.
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

    /// The demo's configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Leaves the demo; the last one to leave takes the folder away.
    pub fn end(self) {
        leave(&self.lock, &self.folder);
    }
}

fn leave(lock: &File, folder: &Path) {
    if flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
        // What cannot be removed now is emptied when the next demo begins.
        let _ = fs::remove_dir_all(folder);
    }
}

fn folder() -> PathBuf {
    let name = format!("countersign-demo-{}", rustix::process::geteuid().as_raw());
    std::env::temp_dir().join(name)
}

/// Takes part in the folder: empty where nobody else is in it. The last one to
/// leave may take it away just before this one has hold of it: then once more.
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

/// Takes hold of a folder that is there; none where it was taken away meanwhile.
fn take_hold(folder: &Path) -> io::Result<Option<File>> {
    ours(folder)?;
    let name = folder.join("lock");
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&name)?;
    // A lock whose file has gone holds nobody back from what lies there now.
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

/// Somebody else could have put a folder of this name into the common one.
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

    /// Many demos begin and end at once: whoever is in one has a folder, and
    /// nobody takes it away or empties it meanwhile.
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
