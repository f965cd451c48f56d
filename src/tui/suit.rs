//! What this terminal can show, asked before it is taken over.

use std::env;
use std::io::{self, IsTerminal as _};

use chrono::{FixedOffset, Local, Offset as _};

use super::model::Place;
use crate::config::settings::{ThemeName, UiSettings};
use crate::service::Desk;

/// Why the interface cannot be shown here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsuited {
    /// Keyboard or screen is a file or a pipe.
    #[error(
        "The interface needs a terminal, and this is none. Run countersign in a terminal \
         (over SSH: ssh -t), or use a subcommand: countersign --help"
    )]
    NoTerminal,
    /// The terminal says that it cannot place text.
    #[error(
        "The interface needs a terminal that can place text, and TERM={0:?} is none. \
         Set TERM (xterm-256color suits most), or use a subcommand: countersign --help"
    )]
    Dumb(String),
}

/// Whether the interface can be shown here.
pub fn check() -> Result<(), Unsuited> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Unsuited::NoTerminal);
    }
    let name = env::var("TERM").unwrap_or_default();
    if name.is_empty() || name == "dumb" || name == "unknown" {
        return Err(Unsuited::Dumb(name));
    }
    Ok(())
}

/// The theme to begin with: none with colours for whoever asked every program
/// for none (`NO_COLOR`).
pub fn theme(wanted: ThemeName) -> ThemeName {
    let no_colour = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    if no_colour { ThemeName::Mono } else { wanted }
}

/// Who and where this terminal is. `mark` says what it is not: production.
pub fn place(desk: &Desk, settings: &UiSettings, mark: Option<&'static str>) -> Place {
    let (office, actor) = (desk.office(), desk.actor());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    Place {
        office: office.name.clone(),
        counter: actor.counter.clone(),
        clerk: actor.clerk.clone(),
        code_length: office.otp.length,
        purposes: office.purposes.clone(),
        has_tray: desk.tray().is_some(),
        mark,
        ascii: settings.ascii.unwrap_or_else(|| !is_utf8(locale.as_deref())),
        reduced_motion: settings.reduced_motion,
        zone: zone(),
    }
}

/// Whether a locale writes UTF-8: `de_DE.UTF-8`.
fn is_utf8(locale: Option<&str>) -> bool {
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// How far the clock on the wall is from UTC.
fn zone() -> FixedOffset {
    Local::now().offset().fix()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_locale_of_utf_8_gets_more_than_ascii() {
        for locale in ["de_DE.UTF-8", "C.utf8", "en_GB.utf-8@euro"] {
            assert!(is_utf8(Some(locale)), "{locale}");
        }
        for locale in [None, Some("C"), Some("POSIX"), Some("de_DE.ISO-8859-1")] {
            assert!(!is_utf8(locale), "{locale:?}");
        }
    }
}
