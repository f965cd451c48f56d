//! The log file: shared by several processes, and rotated by size.

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

/// A file that lines are appended to. At its size limit it is renamed, overwriting the previously
/// renamed one.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    largest: u64,
    file: File,
}

impl LogFile {
    /// Opens or creates the file and its folders.
    pub(super) fn open(path: &Path, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        Ok(Self { path: path.to_owned(), largest, file: open(path)? })
    }

    /// Appends a line with one write, so that the lines of two processes never mix. A write error
    /// loses the line and does not stop the program.
    pub(super) fn add(&mut self, line: &str) {
        if self.is_done(line.len()) {
            let _ = self.move_aside();
        }
        let _ = self.file.write_all(line.as_bytes());
    }

    /// Whether the file is too full for one more line, or was rotated away by other processes.
    fn is_done(&self, line: usize) -> bool {
        self.file.metadata().is_ok_and(|metadata| {
            let full = metadata.len().saturating_add(line as u64) > self.largest;
            metadata.nlink() == 0 || (full && metadata.len() > 0)
        })
    }

    fn move_aside(&mut self) -> io::Result<()> {
        flock(&self.file, FlockOperation::LockExclusive)?;
        // Another process may have rotated it while this one waited for the lock.
        let is_ours = fs::metadata(&self.path)
            .and_then(|there| Ok(there.ino() == self.file.metadata()?.ino()))
            .unwrap_or(false);
        if is_ours {
            let mut aside = self.path.clone().into_os_string();
            aside.push(".1");
            fs::rename(&self.path, aside)?;
        }
        // Closing the old file releases the lock.
        self.file = open(&self.path)?;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Non-blocking, since a pipe without a reader must not block the start.
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
