//! Contrast of each theme's styles, on each kind of terminal, in the palettes
//! that clerks have.

use super::*;
use crate::tui::terminal::color::{Ground, indexed};

const ALL: [ThemeName; 5] = [
    ThemeName::Terminal,
    ThemeName::Light,
    ThemeName::Dark,
    ThemeName::HighContrast,
    ThemeName::Mono,
];

/// A terminal's own colours.
struct Own {
    name: &'static str,
    text: u32,
    background: u32,
    sixteen: [u32; 16],
}

const VGA: [u32; 16] = [
    0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa,
    0x55_5555, 0xff_5555, 0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
];
const PUTTY: [u32; 16] = [
    0x00_0000, 0xbb_0000, 0x00_bb00, 0xbb_bb00, 0x00_00bb, 0xbb_00bb, 0x00_bbbb, 0xbb_bbbb,
    0x55_5555, 0xff_5555, 0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
];
const XTERM: [u32; 16] = [
    0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5,
    0x7f_7f7f, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
];
const SOLARIZED: [u32; 16] = [
    0x07_3642, 0xdc_322f, 0x85_9900, 0xb5_8900, 0x26_8bd2, 0xd3_3682, 0x2a_a198, 0xee_e8d5,
    0x00_2b36, 0xcb_4b16, 0x58_6e75, 0x65_7b83, 0x83_9496, 0x6c_71c4, 0x93_a1a1, 0xfd_f6e3,
];

const OWN: [Own; 8] = [
    Own { name: "xterm, white", text: 0, background: 0xff_ffff, sixteen: XTERM },
    Own { name: "xterm, black", text: 0xe5_e5e5, background: 0, sixteen: XTERM },
    Own { name: "Solarized light", text: 0x65_7b83, background: 0xfd_f6e3, sixteen: SOLARIZED },
    Own { name: "Solarized dark", text: 0x83_9496, background: 0x00_2b36, sixteen: SOLARIZED },
    Own { name: "PuTTY", text: 0xbb_bbbb, background: 0, sixteen: PUTTY },
    Own { name: "PuTTY, white", text: 0, background: 0xff_ffff, sixteen: PUTTY },
    Own { name: "a grey in the middle", text: 0, background: 0x80_8080, sixteen: XTERM },
    CONSOLE_OWN,
];
const CONSOLE_OWN: Own =
    Own { name: "Linux console", text: 0xaa_aaaa, background: 0, sixteen: VGA };

const fn rgb(hex: u32) -> Rgb {
    let [_, red, green, blue] = hex.to_be_bytes();
    Rgb(red, green, blue)
}

impl Own {
    /// What a colour looks like; `bold` turns the first eight bright on many terminals.
    fn shows(&self, color: Color, default: u32, bold: bool) -> Rgb {
        let named = match color {
            Color::Reset => return rgb(default),
            Color::Rgb(red, green, blue) => return Rgb(red, green, blue),
            Color::Indexed(index) => return indexed(index).expect("a colour that is no user's"),
            Color::Black => 0,
            Color::Gray => 7,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightCyan => 14,
            Color::White => 15,
            other => panic!("{other:?} is in no theme"),
        };
        rgb(self.sixteen[if bold && named < 8 { named + 8 } else { named }])
    }

    fn ground(&self) -> Ground {
        Ground { text: Some(rgb(self.text)), background: Some(rgb(self.background)) }
    }

    /// The least contrast of a style, whether or not bold turns colours bright.
    fn contrast(&self, theme: &Theme, style: Style) -> f64 {
        let style = theme.text.patch(style);
        let (text, ground) = (style.fg.unwrap_or_default(), style.bg.unwrap_or_default());
        let is_bold = style.add_modifier.contains(Modifier::BOLD);
        let of = |bold| {
            let text = self.shows(text, self.text, bold && is_bold);
            contrast(text, self.shows(ground, self.background, false))
        };
        of(false).min(of(true))
    }
}

fn terminals(own: &Own) -> Vec<Capabilities> {
    let console = own.name == CONSOLE_OWN.name;
    let known = own.ground();
    [ColorDepth::Monochrome, ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::True]
        .into_iter()
        .flat_map(|depth| {
            [known, Ground::default()].map(|ground| Capabilities { depth, ground, console })
        })
        .collect()
}

#[test]
fn text_can_be_read_in_every_theme_on_every_terminal() {
    for own in &OWN {
        let own_contrast = contrast(rgb(own.text), rgb(own.background));
        for terminal in terminals(own) {
            for name in ALL {
                let theme = Theme::on(name, false, &terminal);
                let Theme { text, muted, strong, accent, good, warning, bad, .. } = theme;
                let Theme { title, heading, key, selected, border, focused, .. } = theme;
                let texts = [
                    text, muted, strong, accent, good, warning, bad, title, heading, key, selected,
                ];
                // Text in the user's own colours is as they set it; nothing is fainter.
                let least = TEXT_CONTRAST.min(own_contrast);
                for style in texts {
                    let ratio = own.contrast(&theme, style);
                    let place = format!("{}, {name:?}, {terminal:?}, {style:?}", own.name);
                    assert!(ratio >= least, "{place}: {ratio:.2}");
                    let colour = theme.text.patch(style).fg;
                    assert!(colour == Some(Color::Reset) || ratio >= TEXT_CONTRAST, "{place}");
                }
                for style in [border, focused] {
                    let ratio = own.contrast(&theme, style);
                    assert!(
                        ratio >= LINE_CONTRAST,
                        "{}, {name:?}, {terminal:?}: {ratio:.2}",
                        own.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_faint_palette_gets_text_that_can_be_read() {
    for own in &OWN[2..4] {
        let terminal =
            Capabilities { depth: ColorDepth::Indexed, ground: own.ground(), console: false };
        let theme = Theme::on(ThemeName::Terminal, false, &terminal);
        assert!(own.contrast(&theme, theme.text) >= TEXT_CONTRAST, "{}", own.name);
    }
}

#[test]
fn what_is_sent_is_what_the_terminal_has() {
    let fits = |depth: ColorDepth, color: Option<Color>| match color {
        None | Some(Color::Reset) => true,
        Some(Color::Rgb(..)) => depth == ColorDepth::True,
        Some(Color::Indexed(_)) => matches!(depth, ColorDepth::True | ColorDepth::Indexed),
        Some(_) => depth != ColorDepth::Monochrome,
    };
    for own in &OWN {
        for terminal in terminals(own) {
            for name in ALL {
                let theme = Theme::on(name, false, &terminal);
                let Theme { text, muted, accent, good, warning, bad, border, focused, .. } = theme;
                for style in [text, muted, accent, good, warning, bad, border, focused] {
                    let fine = fits(terminal.depth, style.fg) && fits(terminal.depth, style.bg);
                    assert!(fine, "{name:?}, {terminal:?}: {style:?}");
                }
            }
        }
    }
}

#[test]
fn an_error_is_told_by_weight_as_well() {
    for own in &OWN {
        for terminal in terminals(own) {
            for name in ALL {
                let bad = Theme::on(name, false, &terminal).bad.add_modifier;
                assert!(bad.intersects(Modifier::BOLD | Modifier::REVERSED), "{name:?}");
            }
        }
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
    for name in ALL {
        let theme = Theme::of(name, false);
        assert!(theme.selected.add_modifier.contains(Modifier::REVERSED), "{name:?}");
    }
}
