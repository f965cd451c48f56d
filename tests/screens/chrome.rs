//! The chrome has snapshots of its own: the line on top, the steps and the keys, of every state
//! at every size, each line once with the states that show it. So a hint that changes changes
//! them and no picture of a screen, which is drawn without the chrome.

use std::fmt::Write as _;
use std::time::Instant;

use countersign::config::settings::ThemeName;
use countersign::tui::app::layout::{Areas, areas};
use countersign::tui::app::model::Model;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use crate::picture::{Shot, shoot, styles, text};
use crate::snapshots::{SIZES, keep};
use crate::states::{self, ALL, State};

/// A state and its name.
type Named = (&'static str, fn() -> State);

/// Draws a model and blanks the cells of its chrome: those of the chrome's lines that no
/// overlay covers.
pub(crate) fn without_chrome(
    model: &mut Model,
    theme: ThemeName,
    now: Instant,
    size: (u16, u16),
) -> Shot {
    let mut shot = shoot(model, theme, now, size);
    let overlay = model.overlay.take();
    let beneath = shoot(model, theme, now, size).buffer;
    model.overlay = overlay;
    let Some(areas) = areas(model, shot.buffer.area) else { return shot };
    let corner = shot.buffer[(size.0 - 1, size.1 - 1)].clone();
    let mut blank = Cell::default();
    blank.set_style(corner.style());
    // The sign-in form has the place of all but the keys.
    let above = [areas.top, areas.steps].into_iter().filter(|_| model.sign_in.is_none());
    for line in above {
        for at in line.positions() {
            if shot.buffer[at] == beneath[at] {
                shot.buffer[at] = blank.clone();
            }
        }
    }
    for at in areas.hints.positions() {
        shot.buffer[at] = blank.clone();
    }
    shot
}

/// One line of the chrome, as characters and styles.
fn line(buffer: &Buffer, area: Rect) -> String {
    // The last cell is blank: styles are told from what differs from it.
    let mut one = Buffer::empty(Rect::new(0, 0, area.width, 1));
    for (to, from) in (0..area.width).zip(area.left()..area.right()) {
        one[(to, 0)] = buffer[(from, area.y)].clone();
    }
    format!("{}{}", text(&one), styles(&one))
}

/// The different lines that states show, each with the names of those states.
fn lines(
    states: &[Named],
    theme: ThemeName,
    size: (u16, u16),
    of: impl Fn(&Areas) -> Rect,
) -> String {
    let mut found: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (name, state) in states {
        let (mut model, now) = state();
        if model.sign_in.is_some() && of(&areas_of(&model, size)).y < 2 {
            continue;
        }
        // It may cover the lines on top.
        if model.overlay.is_some() && of(&areas_of(&model, size)).y < 2 {
            model.overlay = None;
        }
        let shot = shoot(&model, theme, now, size);
        let line = line(&shot.buffer, of(&areas_of(&model, size)));
        match found.iter_mut().find(|(known, _)| *known == line) {
            Some((_, names)) => names.push(name),
            None => found.push((line, vec![name])),
        }
    }
    let mut picture = format!("{} by {}\n", size.0, size.1);
    for (line, names) in found {
        let _ = writeln!(picture, "{line}in: {}\n", names.join(", "));
    }
    picture
}

fn areas_of(model: &Model, size: (u16, u16)) -> Areas {
    areas(model, Rect::new(0, 0, size.0, size.1)).expect("room for the interface")
}

fn in_sizes(of: impl Fn(&Areas) -> Rect + Copy) -> String {
    SIZES.map(|size| lines(ALL, ThemeName::Terminal, size, of)).join("\n")
}

#[test]
fn chrome_top() {
    keep("chrome_top", &in_sizes(|areas| areas.top));
}

#[test]
fn chrome_steps() {
    keep("chrome_steps", &in_sizes(|areas| areas.steps));
}

#[test]
fn chrome_hints() {
    keep("chrome_hints", &in_sizes(|areas| areas.hints));
}

#[test]
fn chrome_in_themes() {
    let shown: [Named; 2] =
        [("long_names", states::long_names), ("verified_lost", states::verified_lost)];
    let themes = [ThemeName::Light, ThemeName::Dark, ThemeName::HighContrast, ThemeName::Mono].map(
        |theme| {
            let of: [fn(&Areas) -> Rect; 3] =
                [|areas| areas.top, |areas| areas.steps, |areas| areas.hints];
            let all = of.map(|of| lines(&shown, theme, (80, 24), of));
            format!("{theme:?}\n{}", all.concat())
        },
    );
    keep("chrome_in_themes", &themes.join("\n"));
}
