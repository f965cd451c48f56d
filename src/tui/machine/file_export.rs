//! A file that the interface writes on the terminal's side, whoever the desk is.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

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
        self.write_in(&std::env::current_dir()?)
    }

    fn write_in(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(&self.name);
        let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = new.and_then(|mut file| file.write_all(self.text.as_bytes()));
        let at =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        written.map_err(at)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_the_accounts_own_and_no_other_file_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let export = FileExport { name: "clerks.csv".into(), text: "Clerk,Asked\n".into() };
        let path = export.write_in(folder.path()).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), export.text);
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = export.write_in(folder.path()).expect_err("it is there");
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert!(again.to_string().contains(&path.display().to_string()), "{again}");
    }
}
