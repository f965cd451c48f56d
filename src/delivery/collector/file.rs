//! A file of JSON lines. It is opened anew for each batch, so that a file that was rotated away
//! is followed by a new one, and what is in it is on the disk before the cursor moves.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};

use crate::domain::audit::shipping::ShippedRecord;
use crate::service::ports::{Collector, CollectorError};

/// A line that was cut off is looked for so far from the end at a time.
const CHUNK: u64 = 64 * 1024;

/// Ships to a file.
pub(super) struct FileCollector(PathBuf);

impl FileCollector {
    /// A file that need not be there yet.
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

#[async_trait]
impl Collector for FileCollector {
    fn target(&self) -> String {
        format!("file {}", self.0.display())
    }

    async fn ship(&self, records: &[ShippedRecord]) -> Result<(), CollectorError> {
        let lines = ShippedRecord::lines(records);
        let path = self.0.clone();
        let written = tokio::task::spawn_blocking(move || append(&path, &lines)).await;
        let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| {
            CollectorError::new(format!("{} cannot be written: {error}", self.0.display()))
        })
    }
}

/// Writes whole lines behind those that are there, and waits until the disk has them.
fn append(path: &Path, lines: &str) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("it is no file of its owner's alone to write"));
    }
    // Another process that still writes has not given up yet.
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let whole = end_of_last_line(&mut file)?;
    if whole < file.metadata()?.len() {
        // Half a line: whoever wrote it was killed, and its entry comes again.
        file.set_len(whole)?;
    }
    let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // A full disk: the lines come again as a whole.
        let _ = file.set_len(whole);
    }
    written?;
    match path.parent() {
        Some(folder) if is_new => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Where the last whole line ends.
fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        file.seek(SeekFrom::Start(start))?;
        let mut chunk = Vec::new();
        io::Read::by_ref(file).take(end - start).read_to_end(&mut chunk)?;
        if let Some(at) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + u64::try_from(at).unwrap_or(0) + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn lines_are_appended_to_a_file_of_its_owner_and_to_the_next_one_after_a_rotation() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        append(&path, "one\ntwo\n").expect("written");
        assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
        let rotated = folder.path().join("audit.jsonl.1");
        fs::rename(&path, &rotated).expect("rotated");
        append(&path, "three\n").expect("written");
        append(&path, "four\n").expect("written");
        assert_eq!(fs::read_to_string(&rotated).expect("read"), "one\ntwo\n");
        assert_eq!(fs::read_to_string(&path).expect("read"), "three\nfour\n");
    }

    #[test]
    fn a_line_that_was_cut_off_makes_room_for_the_whole_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let long = "x".repeat(200_000);
        for (before, whole) in [("one\nha", "one\n"), ("", ""), ("ha", ""), (&*long, "")] {
            fs::write(&path, before).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
            append(&path, "half\n").expect("written");
            assert_eq!(fs::read_to_string(&path).expect("read"), format!("{whole}half\n"));
        }
        let (long, whole) = (format!("one\n{long}"), "one\nhalf\n");
        fs::write(&path, long).expect("written");
        append(&path, "half\n").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), whole);
    }

    #[test]
    fn a_file_that_others_may_write_and_a_link_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("set");
        append(&path, "one\n").expect_err("open to others");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        append(&path, "one\n").expect("a group may read it");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        append(&link, "one\n").expect_err("a link");
    }
}
