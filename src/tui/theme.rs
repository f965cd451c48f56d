//! What things look like: styles by meaning, never by place, and the marks and
//! lines they are drawn with.
//!
//! The terminal theme uses the user's own sixteen colours and no others, since
//! nobody knows their background; "muted" is dim text, because the grey of the
//! sixteen is invisible in some palettes. RGB colours come only with a
//! background of our own. Every meaning also has a word or a mark, so that the
//! theme without colours says the same.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::config::settings::ThemeName;

/// Styles by meaning; each is patched onto `text`, which fills the screen.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// The marks and lines.
    pub symbols: &'static Symbols,
    /// Whether the screen may hold ASCII only.
    pub ascii: bool,
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

/// The marks and lines of one character set.
#[derive(Debug)]
pub struct Symbols {
    /// A panel's lines.
    pub panel: border::Set<'static>,
    /// A code box's lines.
    pub code: border::Set<'static>,
    /// The lines of the code box that is typed into.
    pub code_focused: border::Set<'static>,
    /// A line across.
    pub rule: &'static str,
    /// Between facts of one line.
    pub dot: &'static str,
    /// Between steps; before the selected line.
    pub pointer: &'static str,
    /// Around something that can be changed.
    pub turn: [&'static str; 2],
    /// A try that is left, and one that is used up.
    pub tries: [&'static str; 2],
    /// The full and the empty part of a bar.
    pub bar: [&'static str; 2],
    /// It worked.
    pub check: &'static str,
    /// It did not.
    pub cross: &'static str,
    /// It needs attention.
    pub alert: &'static str,
    /// For information.
    pub info: &'static str,
    /// Text was left out.
    pub ellipsis: &'static str,
    /// There is more above, and more below.
    pub more: [&'static str; 2],
    /// An event on a line of time.
    pub event: &'static str,
    /// The line of time.
    pub timeline: &'static str,
}

/// For terminals with Unicode.
pub const UNICODE: Symbols = Symbols {
    panel: border::ROUNDED,
    code: border::PLAIN,
    code_focused: border::THICK,
    rule: "─",
    dot: "·",
    pointer: "›",
    turn: ["‹", "›"],
    tries: ["●", "○"],
    bar: ["█", "░"],
    check: "✓",
    cross: "✗",
    alert: "!",
    info: "·",
    ellipsis: "…",
    more: ["↑", "↓"],
    event: "●",
    timeline: "│",
};

const ASCII_LINES: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// For terminals without.
pub const ASCII: Symbols = Symbols {
    panel: ASCII_LINES,
    code: ASCII_LINES,
    code_focused: border::Set {
        horizontal_top: "=",
        horizontal_bottom: "=",
        vertical_left: "#",
        vertical_right: "#",
        top_left: "#",
        top_right: "#",
        bottom_left: "#",
        bottom_right: "#",
    },
    rule: "-",
    dot: "|",
    pointer: ">",
    turn: ["<", ">"],
    tries: ["*", "."],
    bar: ["#", "."],
    check: "ok",
    cross: "x",
    alert: "!",
    info: "-",
    ellipsis: "...",
    more: ["^", "v"],
    event: "*",
    timeline: "|",
};

/// The colours of a theme that brings its own background.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Behind everything.
    pub background: Color,
    /// Text.
    pub text: Color,
    /// Text that may be overlooked.
    pub muted: Color,
    /// What is current.
    pub accent: Color,
    /// It worked.
    pub good: Color,
    /// It needs the clerk.
    pub warning: Color,
    /// It did not work.
    pub bad: Color,
    /// Lines.
    pub border: Color,
}

const fn rgb(hex: u32) -> Color {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// Dark text on a light ground.
pub const LIGHT: Palette = Palette {
    background: rgb(0xfa_faf7),
    text: rgb(0x1d_2129),
    muted: rgb(0x59_6270),
    accent: rgb(0x0b_57a4),
    good: rgb(0x1a_6b30),
    warning: rgb(0x85_5000),
    bad: rgb(0xb0_1e2e),
    border: rgb(0x87_909c),
};

/// Light text on a dark ground.
pub const DARK: Palette = Palette {
    background: rgb(0x14_181f),
    text: rgb(0xe4_e8ee),
    muted: rgb(0x97_a2b3),
    accent: rgb(0x78_bdf7),
    good: rgb(0x7f_d99a),
    warning: rgb(0xf0_c365),
    bad: rgb(0xff_8d88),
    border: rgb(0x66_7385),
};

/// As far apart as colours go; nothing is muted.
pub const HIGH_CONTRAST: Palette = Palette {
    background: rgb(0x00_0000),
    text: rgb(0xff_ffff),
    muted: rgb(0xff_ffff),
    accent: rgb(0xff_e600),
    good: rgb(0x5c_ff8a),
    warning: rgb(0xff_c247),
    bad: rgb(0xff_a3a3),
    border: rgb(0xff_ffff),
};

impl Theme {
    /// The theme of a name, in Unicode or in ASCII.
    pub const fn of(name: ThemeName, ascii: bool) -> Self {
        let symbols = if ascii { &ASCII } else { &UNICODE };
        let theme = match name {
            ThemeName::Terminal => Self::terminal(symbols),
            ThemeName::Light => Self::of_palette(&LIGHT, symbols),
            ThemeName::Dark => Self::of_palette(&DARK, symbols),
            ThemeName::HighContrast => Self::of_palette(&HIGH_CONTRAST, symbols),
            ThemeName::Mono => Self::mono(symbols),
        };
        Self { ascii, ..theme }
    }

    const fn terminal(symbols: &'static Symbols) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        Self {
            symbols,
            ascii: false,
            text: plain.fg(Color::Reset).bg(Color::Reset),
            muted: dim,
            strong: bold,
            accent: bold.fg(Color::Cyan),
            good: plain.fg(Color::Green),
            warning: bold.fg(Color::Yellow),
            bad: bold.fg(Color::Red),
            selected: over(Color::Reset, Color::Reset),
            border: dim,
            focused: plain.fg(Color::Cyan),
            title: bold,
            heading: dim.add_modifier(Modifier::UNDERLINED),
            key: bold,
        }
    }

    const fn of_palette(palette: &Palette, symbols: &'static Symbols) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            symbols,
            ascii: false,
            text: plain.fg(palette.text).bg(palette.background),
            muted: plain.fg(palette.muted),
            strong: bold,
            accent: bold.fg(palette.accent),
            good: plain.fg(palette.good),
            warning: bold.fg(palette.warning),
            bad: bold.fg(palette.bad),
            selected: over(palette.text, palette.background),
            border: plain.fg(palette.border),
            focused: plain.fg(palette.accent),
            title: bold,
            heading: plain.fg(palette.muted).add_modifier(Modifier::UNDERLINED),
            key: bold,
        }
    }

    const fn mono(symbols: &'static Symbols) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            symbols,
            ascii: false,
            text: plain.fg(Color::Reset).bg(Color::Reset),
            muted: plain,
            strong: bold,
            accent: bold,
            good: plain,
            warning: bold,
            bad: bold.add_modifier(Modifier::UNDERLINED),
            selected: over(Color::Reset, Color::Reset),
            border: plain,
            focused: bold,
            title: bold,
            heading: plain.add_modifier(Modifier::UNDERLINED),
            key: bold,
        }
    }
}

/// Reverse, whatever the styles below: one even bar in every theme.
const fn over(text: Color, background: Color) -> Style {
    Style::new()
        .fg(text)
        .bg(background)
        .add_modifier(Modifier::REVERSED)
        .remove_modifier(Modifier::DIM.union(Modifier::UNDERLINED))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(color: Color) -> f64 {
        let Color::Rgb(red, green, blue) = color else { panic!("{color:?} is not RGB") };
        let part = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }

    fn contrast(one: Color, other: Color) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_stands_out_from_its_ground_and_lines_can_be_seen() {
        for (palette, least) in [(LIGHT, 4.5), (DARK, 4.5), (HIGH_CONTRAST, 7.0)] {
            let Palette { background, text, muted, accent, good, warning, bad, border } = palette;
            for color in [text, muted, accent, good, warning, bad] {
                let ratio = contrast(color, background);
                assert!(ratio >= least, "{color:?} on {background:?}: {ratio:.2}");
            }
            assert!(contrast(border, background) >= 3.0, "{border:?} on {background:?}");
        }
    }

    #[test]
    fn the_theme_without_colours_has_none() {
        let theme = Theme::of(ThemeName::Mono, false);
        let Theme { muted, strong, accent, good, warning, bad, border, focused, .. } = theme;
        for style in [muted, strong, accent, good, warning, bad, border, focused] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert_eq!((theme.text.fg, theme.selected.fg), (Some(Color::Reset), Some(Color::Reset)));
    }

    #[test]
    fn selection_is_reversed_in_every_theme() {
        for name in [
            ThemeName::Terminal,
            ThemeName::Light,
            ThemeName::Dark,
            ThemeName::HighContrast,
            ThemeName::Mono,
        ] {
            let theme = Theme::of(name, false);
            assert!(theme.selected.add_modifier.contains(Modifier::REVERSED), "{name:?}");
        }
    }
}
