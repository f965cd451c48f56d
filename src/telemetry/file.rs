//! A log file that several terminals may share and that stays small.

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

/// A file that lines are added to. At its largest it is moved aside, over the
/// one that was moved aside before.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    largest: u64,
    file: File,
}

impl LogFile {
    /// Opens the file, and makes it and its folders where they are missing.
    pub(super) fn open(path: &Path, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        Ok(Self { path: path.to_owned(), largest, file: open(path)? })
    }

    /// Adds a line, in one write, so that lines of two terminals never mix.
    /// A log that cannot be written is no reason to stop: the line is lost.
    pub(super) fn add(&mut self, line: &str) {
        if self.is_done(line.len()) {
            let _ = self.move_aside();
        }
        let _ = self.file.write_all(line.as_bytes());
    }

    /// Whether the file is too full for one more line, or has been moved aside
    /// and away by other terminals.
    fn is_done(&self, line: usize) -> bool {
        self.file.metadata().is_ok_and(|metadata| {
            let full = metadata.len().saturating_add(line as u64) > self.largest;
            metadata.nlink() == 0 || (full && metadata.len() > 0)
        })
    }

    fn move_aside(&mut self) -> io::Result<()> {
        flock(&self.file, FlockOperation::LockExclusive)?;
        // Another terminal may have moved it while this one waited.
        let is_ours = fs::metadata(&self.path)
            .and_then(|there| Ok(there.ino() == self.file.metadata()?.ino()))
            .unwrap_or(false);
        if is_ours {
            let mut aside = self.path.clone().into_os_string();
            aside.push(".1");
            fs::rename(&self.path, aside)?;
        }
        // Closing the old file gives the lock back.
        self.file = open(&self.path)?;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Opened without waiting: a pipe that nobody reads must not stop the start.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY).bits();
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags.cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}
