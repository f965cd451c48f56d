//! What this terminal can show, asked before it is taken over.

use std::env;
use std::io;
use std::io::IsTerminal as _;

use crate::config::settings::ThemeName;
use crate::config::terminal;
use crate::tui::terminal::color::{ColorDepth, Ground, Rgb};

/// Why the interface cannot be shown here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedTerminal {
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
pub fn check() -> Result<(), UnsupportedTerminal> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(UnsupportedTerminal::NoTerminal);
    }
    let name = env::var("TERM").unwrap_or_default();
    if name.is_empty() || name == "dumb" || name == "unknown" {
        return Err(UnsupportedTerminal::Dumb(name));
    }
    Ok(())
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many colours it is sent.
    pub depth: ColorDepth,
    /// Its own text and background, as far as it has said.
    pub ground: Ground,
    /// Its font is that of a text console: lines, but no ticks and dots.
    pub console: bool,
}

impl Default for Capabilities {
    /// A terminal of today: 24 bit on black.
    fn default() -> Self {
        Self { depth: ColorDepth::True, ground: BLACK, console: false }
    }
}

/// Text consoles, and terminals with their fonts.
const CONSOLES: [&str; 8] = ["linux", "cons25", "wsvt25", "vt", "ansi", "pcansi", "pcvt", "bterm"];

/// Terminals that have 256 colours without saying so in their name.
const MANY_COLOURS: [&str; 9] =
    ["alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "rio", "wezterm", "xterm-kitty"];

impl Capabilities {
    /// Those of this terminal, by its environment.
    pub fn of_environment() -> Self {
        let [term, colorterm, background] =
            ["TERM", "COLORTERM", "COLORFGBG"].map(|name| env::var(name).unwrap_or_default());
        Self::of(&term, &colorterm, &background)
    }

    fn of(term: &str, colorterm: &str, background: &str) -> Self {
        let console = CONSOLES.iter().any(|it| term.starts_with(it));
        // GNU screen hands COLORTERM on and misreads 24 bit.
        let says_24_bit = matches!(colorterm, "truecolor" | "24bit") && !term.starts_with("screen");
        let many = term.contains("256color")
            || term.contains("direct")
            || MANY_COLOURS.iter().any(|it| term.contains(it))
            || matches!(colorterm, "truecolor" | "24bit");
        let depth = if says_24_bit {
            ColorDepth::True
        } else if many {
            ColorDepth::Indexed
        } else if term.starts_with("vt") && !term.starts_with("vt5") {
            ColorDepth::Monochrome
        } else {
            ColorDepth::Sixteen
        };
        let ground = match by_variable(background) {
            Ground { background: None, .. } if console => BLACK,
            said => said,
        };
        Self { depth, ground, console }
    }

    /// Whether the terminal has colours that look the same everywhere.
    pub const fn has_fixed_colours(&self) -> bool {
        matches!(self.depth, ColorDepth::Indexed | ColorDepth::True)
    }
}

/// A text console's own.
const BLACK: Ground = Ground { text: None, background: Some(Rgb(0, 0, 0)) };

/// What `COLORFGBG` says of the background, which is light or dark and no more:
/// `15;0`, the last being one of the sixteen. The fainter end of each is taken.
fn by_variable(text: &str) -> Ground {
    const LIGHT: Rgb = Rgb(0xee, 0xe8, 0xd5);
    const DARK: Rgb = Rgb(0x30, 0x30, 0x30);
    let background = match text.rsplit(';').next().and_then(|last| last.parse::<u8>().ok()) {
        Some(0..=6 | 8) => Some(DARK),
        Some(7 | 15) => Some(LIGHT),
        _ => None,
    };
    Ground { text: None, background }
}

/// The theme to begin with: none with colours for whoever asked every program
/// for none (`NO_COLOR`).
pub fn theme(wanted: ThemeName) -> ThemeName {
    if terminal::wants_no_colour() { ThemeName::Mono } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_sent_as_the_terminal_has_them() {
        for (term, colorterm, depth) in [
            ("xterm-256color", "truecolor", ColorDepth::True),
            ("xterm-256color", "24bit", ColorDepth::True),
            ("xterm-256color", "", ColorDepth::Indexed),
            ("tmux-256color", "yes", ColorDepth::Indexed),
            ("xterm-kitty", "", ColorDepth::Indexed),
            ("screen.xterm-256color", "truecolor", ColorDepth::Indexed),
            ("screen", "", ColorDepth::Sixteen),
            ("xterm", "", ColorDepth::Sixteen),
            ("putty", "", ColorDepth::Sixteen),
            ("linux", "", ColorDepth::Sixteen),
            ("vt220", "", ColorDepth::Monochrome),
            ("vt525", "", ColorDepth::Sixteen),
        ] {
            assert_eq!(Capabilities::of(term, colorterm, "").depth, depth, "{term} {colorterm}");
        }
    }

    #[test]
    fn the_variable_says_light_or_dark() {
        let light = |text: &str| {
            let background = Capabilities::of("rxvt", "", text).ground.background;
            background.map(|it| crate::tui::terminal::color::luminance(it) > 0.5)
        };
        assert_eq!(light("15;0"), Some(false));
        assert_eq!(light("0;default;15"), Some(true));
        assert_eq!(light("default;default"), None);
        assert_eq!(light(""), None);
    }
}
