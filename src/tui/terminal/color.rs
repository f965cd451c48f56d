//! Colours as numbers: how many the terminal has, how far two stand apart, and
//! what the 256 of xterm look like.

use ratatui::style::Color;

/// How many colours the terminal is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// None: a terminal of the VT100 family.
    Monochrome,
    /// The sixteen of ANSI, which look as the user set them.
    Sixteen,
    /// The 256 of xterm; those from 16 on look the same everywhere.
    Indexed,
    /// 24 bit.
    #[default]
    True,
}

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// What the terminal draws on and with, as far as it has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The colour of text that has none of its own.
    pub text: Option<Rgb>,
    /// The colour behind it.
    pub background: Option<Rgb>,
}

/// What text has to stand out by (WCAG 2.2, 1.4.3).
pub const TEXT_CONTRAST: f64 = 4.5;
/// What lines have to (WCAG 2.2, 1.4.11).
pub const LINE_CONTRAST: f64 = 3.0;

/// Relative luminance (WCAG 2.2).
pub fn luminance(Rgb(red, green, blue): Rgb) -> f64 {
    let part = |byte: u8| {
        let share = f64::from(byte) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
}

/// The contrast ratio of two colours, from 1 to 21.
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What one of xterm's 256 colours looks like; the first sixteen are the user's.
pub const fn indexed(index: u8) -> Option<Rgb> {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index {
        0..16 => None,
        16..232 => {
            let cube = index - 16;
            Some(Rgb(
                LEVELS[(cube / 36) as usize],
                LEVELS[(cube / 6 % 6) as usize],
                LEVELS[(cube % 6) as usize],
            ))
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            Some(Rgb(grey, grey, grey))
        }
    }
}

/// The first of some of xterm's colours that stands out from a background.
pub fn standing_out(candidates: &[u8], from: Rgb, least: f64) -> Option<Color> {
    let stands_out = |index: &&u8| indexed(**index).is_some_and(|it| contrast(it, from) >= least);
    candidates.iter().find(stands_out).map(|index| Color::Indexed(*index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert!((contrast(black, white) - 21.0).abs() < 0.01);
        assert!((contrast(Rgb(0x76, 0x76, 0x76), white) - 4.54).abs() < 0.01);
    }

    #[test]
    fn xterms_colours_are_a_cube_and_a_ramp() {
        assert_eq!(indexed(15), None);
        assert_eq!(indexed(16), Some(Rgb(0, 0, 0)));
        assert_eq!(indexed(25), Some(Rgb(0, 0x5f, 0xaf)));
        assert_eq!(indexed(231), Some(Rgb(255, 255, 255)));
        assert_eq!(indexed(232), Some(Rgb(8, 8, 8)));
        assert_eq!(indexed(255), Some(Rgb(238, 238, 238)));
    }

    #[test]
    fn a_colour_is_taken_that_can_be_read() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        let take = |from| standing_out(&[117, 25], from, TEXT_CONTRAST);
        assert_eq!(take(black), Some(Color::Indexed(117)));
        assert_eq!(take(white), Some(Color::Indexed(25)));
        assert_eq!(take(Rgb(0x70, 0x70, 0x70)), None);
    }
}
