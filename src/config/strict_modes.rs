//! Ownership and mode checks for files that the desk trusts (configuration, keys, secrets,
//! templates, certificates), in the manner of sshd's `StrictModes`: the file and each folder above
//! it must belong to this account or to root, and nobody else may have write permission.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Write permission for the group or for others.
const OTHERS_WRITE: u32 = 0o022;

/// The sticky bit: only the owner of a file may rename or remove it, as in `/tmp`.
const STICKY: u32 = 0o1000;

/// What is wrong with a file or a folder above it; `None` if nothing is, or if the file does not
/// exist. `uid` is this account.
pub(super) fn fault(path: &Path, uid: u32) -> Option<String> {
    // Check the real path behind symbolic links.
    let path = fs::canonicalize(path).ok()?;
    path.ancestors().find_map(|it| fault_of_one(it, uid))
}

fn fault_of_one(path: &Path, uid: u32) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let (owner, mode, shown) = (metadata.uid(), metadata.mode(), path.display());
    if owner != uid && owner != 0 {
        return Some(format!(
            "{shown} belongs to another account (uid {owner}), which could change it: run chown \
             root '{shown}'"
        ));
    }
    let is_shared = metadata.is_dir() && mode & STICKY != 0;
    (mode & OTHERS_WRITE != 0 && !is_shared).then(|| {
        format!("others may write {shown} (mode {:03o}): run chmod go-w '{shown}'", mode & 0o777)
    })
}

/// A folder of templates and all files below it.
pub(super) fn with_content(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = vec![folder];
    let mut next = 0;
    while let Some(path) = found.get(next) {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        found.extend(entries.map(|it| it.path()).collect::<Vec<_>>());
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn security_57_a_file_that_others_can_write_or_reach_is_named() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let inner = folder.path().join("inner");
        fs::create_dir(&inner)?;
        let file = inner.join("office.toml");
        fs::write(&file, "")?;
        let uid = fs::metadata(&file)?.uid();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        set(&inner, 0o755)?;
        set(&file, 0o644)?;
        assert_eq!(fault(&file, uid), None);
        assert_eq!(fault(&inner.join("not there"), uid), None);
        for (path, mode, good) in
            [(&file, 0o664, 0o644), (&file, 0o646, 0o644), (&inner, 0o777, 0o755)]
        {
            set(path, mode)?;
            let named = fault(&file, uid).unwrap_or_default();
            assert!(named.contains(&format!("others may write {}", path.display())), "{named}");
            set(path, good)?;
        }
        // A folder such as `/tmp`.
        set(&inner, 0o1777)?;
        assert_eq!(fault(&file, uid), None);
        if uid == 0 {
            std::os::unix::fs::chown(&file, Some(65_534), None)?;
            let named = fault(&file, uid).unwrap_or_default();
            assert!(named.contains("belongs to another account"), "{named}");
        }
        Ok(())
    }

    #[test]
    fn a_folder_is_looked_at_with_all_that_is_in_it() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("en"))?;
        fs::write(folder.path().join("en/sms.txt"), "")?;
        assert_eq!(with_content(folder.path().to_owned()).len(), 3);
        Ok(())
    }
}
