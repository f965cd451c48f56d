//! A file that the interface writes on the terminal's side, whoever the desk is.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// What is to be written, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileExport {
    /// The name of the file, in the folder in which the program was started.
    pub name: String,
    /// What goes into it.
    pub text: String,
}

impl FileExport {
    /// Writes a new file that only this account can read; where it is.
    pub fn write(&self) -> io::Result<PathBuf> {
        let path = std::env::current_dir()?.join(&self.name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(self.text.as_bytes())?;
        Ok(path)
    }
}
