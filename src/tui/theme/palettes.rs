//! The colours of the themes that bring their own background, for each number
//! of colours that a terminal may have.

use ratatui::style::Color;

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

/// [`LIGHT`] in the colours of xterm that look the same everywhere.
pub const LIGHT_256: Palette = Palette {
    background: Color::Indexed(231),
    text: Color::Indexed(234),
    muted: Color::Indexed(241),
    accent: Color::Indexed(25),
    good: Color::Indexed(22),
    warning: Color::Indexed(94),
    bad: Color::Indexed(124),
    border: Color::Indexed(245),
};

/// [`DARK`] in the colours of xterm that look the same everywhere.
pub const DARK_256: Palette = Palette {
    background: Color::Indexed(234),
    text: Color::Indexed(254),
    muted: Color::Indexed(247),
    accent: Color::Indexed(117),
    good: Color::Indexed(114),
    warning: Color::Indexed(221),
    bad: Color::Indexed(210),
    border: Color::Indexed(243),
};

/// [`HIGH_CONTRAST`] in the colours of xterm that look the same everywhere.
pub const HIGH_CONTRAST_256: Palette = Palette {
    background: Color::Indexed(16),
    text: Color::Indexed(231),
    muted: Color::Indexed(231),
    accent: Color::Indexed(226),
    good: Color::Indexed(84),
    warning: Color::Indexed(221),
    bad: Color::Indexed(217),
    border: Color::Indexed(231),
};

/// Of sixteen colours that look as the user set them only black and white are
/// far enough apart in every palette: weight and marks say the rest.
pub const DARK_16: Palette = only(Color::Gray, Color::Black);

/// The same, as far apart as sixteen colours go.
pub const HIGH_CONTRAST_16: Palette = only(Color::White, Color::Black);

const fn only(text: Color, background: Color) -> Palette {
    Palette {
        background,
        text,
        muted: text,
        accent: text,
        good: text,
        warning: text,
        bad: text,
        border: text,
    }
}

/// Text consoles, whose sixteen colours are those of VGA.
pub mod console {
    use crate::tui::theme::palettes::{Color, Palette, only};

    /// Light text on black.
    pub const DARK: Palette = Palette {
        accent: Color::LightCyan,
        good: Color::LightGreen,
        warning: Color::LightYellow,
        bad: Color::LightRed,
        ..only(Color::Gray, Color::Black)
    };

    /// Black on white.
    pub const LIGHT: Palette = only(Color::Black, Color::Gray);

    /// White on black.
    pub const HIGH_CONTRAST: Palette = Palette {
        accent: Color::LightYellow,
        good: Color::LightGreen,
        warning: Color::LightYellow,
        bad: Color::LightRed,
        ..only(Color::White, Color::Black)
    };
}
