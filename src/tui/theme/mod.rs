//! What things look like: styles by meaning, never by place.
//!
//! The terminal theme leaves the user's own text and background alone. It has
//! colours only where it knows that they can be read: where the terminal said
//! what its background is, and has colours that look the same everywhere. Else
//! it says the same by weight, underline and reverse. The other themes bring
//! their own background. Every meaning also has a word or a mark, so that the
//! theme without colours says the same.

pub mod palettes;
pub mod size;
pub mod symbols;

use ratatui::style::{Color, Modifier, Style};

use crate::config::settings::ThemeName;
use crate::tui::terminal::capabilities::Capabilities;
use crate::tui::terminal::color::{
    ColorDepth, LINE_CONTRAST, Rgb, TEXT_CONTRAST, contrast, standing_out,
};
use crate::tui::theme::palettes::{
    DARK, DARK_16, DARK_256, HIGH_CONTRAST, HIGH_CONTRAST_16, HIGH_CONTRAST_256, LIGHT, LIGHT_256,
    Palette, console,
};
use crate::tui::theme::symbols::{ASCII, CONSOLE, Symbols, UNICODE};

/// Styles by meaning; each is patched onto `text`, which fills the screen.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// The marks and lines.
    pub symbols: &'static Symbols,
    /// Whether the screen may hold ASCII only.
    pub ascii: bool,
    /// Whether there is room for lines around things.
    pub framed: bool,
    /// Everything that has no style of its own.
    pub text: Style,
    /// What may be overlooked: labels, explanations.
    pub muted: Style,
    /// What is read first.
    pub strong: Style,
    /// What is current: the step, the focused box.
    pub accent: Style,
    /// It worked.
    pub good: Style,
    /// It needs the clerk.
    pub warning: Style,
    /// It did not work.
    pub bad: Style,
    /// The selected line, over whatever styles it has.
    pub selected: Style,
    /// A box's lines.
    pub border: Style,
    /// The lines of the box that has the keyboard.
    pub focused: Style,
    /// A box's title.
    pub title: Style,
    /// The heading of a table's columns.
    pub heading: Style,
    /// The name of a key.
    pub key: Style,
}

const PLAIN: Style = Style::new();
const BOLD: Style = PLAIN.add_modifier(Modifier::BOLD);

/// What the terminal theme takes its colours from, in this order.
mod candidates {
    pub(in crate::tui) const TEXT: [u8; 2] = [253, 235];
    pub(in crate::tui) const MUTED: [u8; 4] = [247, 250, 240, 236];
    pub(in crate::tui) const ACCENT: [u8; 5] = [117, 75, 32, 25, 18];
    pub(in crate::tui) const GOOD: [u8; 4] = [114, 71, 28, 22];
    pub(in crate::tui) const WARNING: [u8; 4] = [221, 178, 94, 58];
    pub(in crate::tui) const BAD: [u8; 5] = [210, 203, 160, 124, 88];
    pub(in crate::tui) const BORDER: [u8; 4] = [242, 244, 247, 240];
}

impl Theme {
    /// The theme of a name on a terminal of many colours, in Unicode or in ASCII.
    pub fn of(name: ThemeName, ascii: bool) -> Self {
        Self::on(name, ascii, &Capabilities::default())
    }

    /// The theme as it is on a screen of this size.
    #[must_use]
    pub const fn sized(self, size: (u16, u16)) -> Self {
        Self { framed: !size::is_too_small(size), ..self }
    }

    /// The theme of a name on a terminal.
    pub fn on(name: ThemeName, ascii: bool, terminal: &Capabilities) -> Self {
        let symbols = match (ascii, terminal.console) {
            (true, _) => &ASCII,
            (false, true) => &CONSOLE,
            (false, false) => &UNICODE,
        };
        let [light, dark, high] = match (terminal.depth, terminal.console) {
            (ColorDepth::True, _) => [&LIGHT, &DARK, &HIGH_CONTRAST],
            (ColorDepth::Indexed, _) => [&LIGHT_256, &DARK_256, &HIGH_CONTRAST_256],
            (_, true) => [&console::LIGHT, &console::DARK, &console::HIGH_CONTRAST],
            (_, false) => [&console::LIGHT, &DARK_16, &HIGH_CONTRAST_16],
        };
        let sixteen = terminal.depth == ColorDepth::Sixteen;
        let theme = match name {
            _ if terminal.depth == ColorDepth::Monochrome => mono(symbols),
            ThemeName::Mono => mono(symbols),
            ThemeName::Terminal => of_terminal(terminal, symbols),
            ThemeName::Light if sixteen => light_16(light, symbols),
            ThemeName::Light => of_palette(light, symbols),
            ThemeName::Dark => of_palette(dark, symbols),
            ThemeName::HighContrast => of_palette(high, symbols),
        };
        Self { ascii, ..theme }
    }
}

/// The user's own text and background, with what can be read on it.
fn of_terminal(terminal: &Capabilities, symbols: &'static Symbols) -> Theme {
    if terminal.console && terminal.depth == ColorDepth::Sixteen {
        // A text console is black, and its sixteen colours are those of VGA.
        let palette = &console::DARK;
        let text = PLAIN.fg(Color::Reset).bg(Color::Reset);
        return Theme {
            text,
            muted: PLAIN,
            border: PLAIN,
            heading: PLAIN.add_modifier(Modifier::UNDERLINED),
            selected: over(Color::Reset, Color::Reset),
            ..of_palette(palette, symbols)
        };
    }
    let Some(background) = terminal.ground.background.filter(|_| terminal.has_fixed_colours())
    else {
        return mono(symbols);
    };
    colored(terminal, background, symbols)
}

fn colored(terminal: &Capabilities, background: Rgb, symbols: &'static Symbols) -> Theme {
    let text = |candidates: &[u8]| standing_out(candidates, background, TEXT_CONTRAST);
    let with = |style: Style, color: Option<Color>| color.map_or(style, |color| style.fg(color));
    let accent = text(&candidates::ACCENT);
    let muted = text(&candidates::MUTED);
    // Some palettes keep their own text fainter than it should be.
    let faint = terminal.ground.text.is_some_and(|it| contrast(it, background) < TEXT_CONTRAST);
    let own = text(&candidates::TEXT).filter(|_| faint).unwrap_or(Color::Reset);
    Theme {
        symbols,
        ascii: false,
        framed: true,
        text: PLAIN.fg(own).bg(Color::Reset),
        muted: with(PLAIN, muted),
        strong: BOLD,
        accent: with(BOLD, accent),
        good: with(BOLD, text(&candidates::GOOD)),
        warning: with(BOLD, text(&candidates::WARNING)),
        bad: with(BOLD, text(&candidates::BAD)),
        selected: over(own, Color::Reset),
        border: with(PLAIN, standing_out(&candidates::BORDER, background, LINE_CONTRAST)),
        focused: with(PLAIN, accent),
        title: BOLD,
        heading: with(PLAIN, muted).add_modifier(Modifier::UNDERLINED),
        key: BOLD,
    }
}

const fn of_palette(palette: &Palette, symbols: &'static Symbols) -> Theme {
    Theme {
        symbols,
        ascii: false,
        framed: true,
        text: PLAIN.fg(palette.text).bg(palette.background),
        muted: PLAIN.fg(palette.muted),
        strong: BOLD,
        accent: BOLD.fg(palette.accent),
        good: BOLD.fg(palette.good),
        warning: BOLD.fg(palette.warning),
        bad: BOLD.fg(palette.bad),
        selected: over(palette.text, palette.background),
        border: PLAIN.fg(palette.border),
        focused: PLAIN.fg(palette.accent),
        title: BOLD,
        heading: PLAIN.fg(palette.muted).add_modifier(Modifier::UNDERLINED),
        key: BOLD,
    }
}

/// Black on the white of the sixteen. Many terminals draw bold black as grey,
/// which could not be read there, so that reverse takes the place of bold.
const fn light_16(palette: &Palette, symbols: &'static Symbols) -> Theme {
    let reversed = PLAIN.add_modifier(Modifier::REVERSED);
    Theme {
        strong: PLAIN,
        accent: reversed,
        good: PLAIN,
        warning: reversed,
        bad: reversed,
        title: PLAIN,
        key: PLAIN,
        ..of_palette(palette, symbols)
    }
}

const fn mono(symbols: &'static Symbols) -> Theme {
    Theme {
        symbols,
        ascii: false,
        framed: true,
        text: PLAIN.fg(Color::Reset).bg(Color::Reset),
        muted: PLAIN,
        strong: BOLD,
        accent: BOLD,
        good: BOLD,
        warning: BOLD,
        bad: BOLD.add_modifier(Modifier::UNDERLINED),
        selected: over(Color::Reset, Color::Reset),
        border: PLAIN,
        focused: BOLD,
        title: BOLD,
        heading: PLAIN.add_modifier(Modifier::UNDERLINED),
        key: BOLD,
    }
}

/// Reverse, whatever the styles below: one even bar in every theme.
const fn over(text: Color, background: Color) -> Style {
    Style::new()
        .fg(text)
        .bg(background)
        .add_modifier(Modifier::REVERSED)
        .remove_modifier(Modifier::DIM.union(Modifier::UNDERLINED).union(Modifier::BOLD))
}

#[cfg(test)]
mod tests;
