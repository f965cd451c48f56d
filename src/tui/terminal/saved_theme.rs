//! The colours chosen with the keyboard, kept for the next start: one line in
//! the user's state folder (XDG base directory specification).
//!
//! The line also says what was configured at the time. Once that is changed, the
//! configuration counts again. A folder that cannot be read or written costs
//! nothing but the memory.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::settings::ThemeName;

const NAMES: [(ThemeName, &str); 5] = [
    (ThemeName::Terminal, "terminal"),
    (ThemeName::Light, "light"),
    (ThemeName::Dark, "dark"),
    (ThemeName::HighContrast, "high-contrast"),
    (ThemeName::Mono, "mono"),
];

/// The choice of this user.
#[derive(Debug)]
pub struct SavedTheme {
    file: Option<PathBuf>,
    configured: ThemeName,
    shown: ThemeName,
}

impl SavedTheme {
    /// That of the user whose environment this is.
    pub fn of_user(configured: ThemeName) -> Self {
        let folder = |name| env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
        let state = folder("XDG_STATE_HOME")
            .or_else(|| folder("HOME").map(|home| home.join(".local").join("state")));
        Self::in_folder(state, configured)
    }

    fn in_folder(state: Option<PathBuf>, configured: ThemeName) -> Self {
        let file = state.map(|state| state.join("countersign").join("theme"));
        Self { file, configured, shown: configured }
    }

    /// The colours to begin with: those chosen last, else those configured.
    pub fn theme(&self) -> ThemeName {
        self.file.as_deref().and_then(|file| self.read(file)).unwrap_or(self.configured)
    }

    fn read(&self, file: &Path) -> Option<ThemeName> {
        let line = fs::read_to_string(file).ok()?;
        let (chosen, configured) = line.trim().split_once(' ')?;
        let named = |word: &str| NAMES.iter().find(|it| it.1 == word).map(|it| it.0);
        named(chosen).filter(|_| named(configured) == Some(self.configured))
    }

    /// The colours that the interface begins with are no choice.
    pub const fn begin(&mut self, theme: ThemeName) {
        self.shown = theme;
    }

    /// What is to be written now that these colours are shown; none where they
    /// were before.
    pub fn change(&mut self, theme: ThemeName) -> Option<Change> {
        if theme == self.shown {
            return None;
        }
        self.shown = theme;
        let name = |wanted| NAMES.iter().find(|it| it.0 == wanted).map_or("", |it| it.1);
        let line = format!("{} {}\n", name(theme), name(self.configured));
        Some(Change { file: self.file.clone()?, line })
    }
}

/// A choice that is to be written.
#[derive(Debug)]
pub struct Change {
    file: PathBuf,
    line: String,
}

impl Change {
    /// Writes it.
    pub fn write(self) {
        let folder = self.file.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| fs::write(&self.file, self.line)) {
            tracing::debug!(%error, "the colours are not kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(folder: &Path, configured: ThemeName) -> SavedTheme {
        SavedTheme::in_folder(Some(folder.to_owned()), configured)
    }

    #[test]
    fn a_choice_is_there_at_the_next_start_until_the_configuration_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut first = kept(folder.path(), ThemeName::Terminal);
        assert_eq!(first.theme(), ThemeName::Terminal);
        assert!(first.change(ThemeName::Terminal).is_none());
        first.change(ThemeName::HighContrast).expect("a change").write();
        assert_eq!(kept(folder.path(), ThemeName::Terminal).theme(), ThemeName::HighContrast);
        assert_eq!(kept(folder.path(), ThemeName::Dark).theme(), ThemeName::Dark);
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_harmless() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "no folder").expect("a file");
        for state in [Some(file), None] {
            let mut kept = SavedTheme::in_folder(state, ThemeName::Light);
            assert_eq!(kept.theme(), ThemeName::Light);
            if let Some(change) = kept.change(ThemeName::Dark) {
                change.write();
            }
        }
        let odd = folder.path().join("countersign");
        fs::create_dir(&odd).expect("a folder");
        for text in ["", "dark", "purple terminal", "dark terminal light"] {
            fs::write(odd.join("theme"), text).expect("a file");
            assert_eq!(kept(folder.path(), ThemeName::Terminal).theme(), ThemeName::Terminal);
        }
    }
}
