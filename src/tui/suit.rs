//! What this terminal can show, asked before it is taken over.

use std::env;
use std::io::{self, IsTerminal as _};

use chrono::{FixedOffset, Local, Offset as _};

use super::model::Place;
use crate::config::settings::{ThemeName, UiSettings};
use crate::config::terminal;
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
    if terminal::wants_no_colour() { ThemeName::Mono } else { wanted }
}

/// Who and where this terminal is. `mark` says what it is not: production.
pub fn place(desk: &Desk, settings: &UiSettings, mark: Option<&'static str>) -> Place {
    let (office, actor) = (desk.office(), desk.actor());
    Place {
        office: office.name.clone(),
        counter: actor.counter.clone(),
        clerk: actor.clerk.clone(),
        code_length: office.otp.length,
        purposes: office.purposes.clone(),
        has_tray: desk.tray().is_some(),
        mark,
        ascii: settings.ascii.unwrap_or_else(|| !terminal::writes_utf8()),
        reduced_motion: settings.reduced_motion,
        zone: zone(),
    }
}

/// How far the clock on the wall is from UTC.
fn zone() -> FixedOffset {
    Local::now().offset().fix()
}
