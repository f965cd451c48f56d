//! What lies on top: the help, the palette.

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;

use crate::tui::machine::keymap::{Binding, Command};
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::scroll::{Extent, Scroll, motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::text_field;
use crate::tui::overlays::state::Palette;

pub(in crate::tui) fn help(
    scroll: &mut Scroll,
    step: &mut Step<'_>,
    command: Command,
    extent: Extent,
) {
    if let Some(by) = motion(command) {
        scroll.by(by, extent);
    } else if matches!(command, Command::Back | Command::Close) {
        step.go(Navigation::Close);
    }
}

/// The palette as it is opened, with the commands that can be given where the user is.
pub(in crate::tui) fn begin_palette(offered: &[&'static Binding]) -> Palette {
    Palette { hits: matching(offered, ""), ..Palette::default() }
}

pub(in crate::tui) fn palette(palette: &mut Palette, step: &mut Step<'_>, command: Command) {
    if let Some(by) = motion(command) {
        palette.selected = moved(palette.selected, palette.hits.len(), by);
        return;
    }
    match command {
        Command::Accept => step.go(match palette.hits.get(palette.selected) {
            Some(chosen) => Navigation::Perform(chosen.context, chosen.command),
            None => Navigation::Close,
        }),
        Command::Back => step.go(Navigation::Close),
        _ => {}
    }
}

pub(in crate::tui) fn key(palette: &mut Palette, key: KeyEvent, offered: &[&'static Binding]) {
    edit(palette, offered, |input| text_field::edit(input, key));
}

pub(in crate::tui) fn paste(palette: &mut Palette, text: &str, offered: &[&'static Binding]) {
    edit(palette, offered, |input| text_field::insert(input, text));
}

fn edit(
    palette: &mut Palette,
    offered: &[&'static Binding],
    change: impl FnOnce(&mut Input) -> bool,
) {
    if change(&mut palette.input) {
        palette.hits = matching(offered, palette.input.value());
        palette.selected = 0;
    }
}

/// The commands whose words match, the likeliest first.
fn matching(offered: &[&'static Binding], typed: &str) -> Vec<&'static Binding> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, &Binding)> = Vec::new();
    for binding in offered {
        let words = format!("{} {} {}", binding.hint, binding.help, binding.key);
        let score = pattern.score(Utf32Str::new(&words, &mut buffer), &mut matcher);
        let is_new = scored.iter().all(|(_, it)| it.command != binding.command);
        if let Some(score) = score.filter(|_| is_new) {
            scored.push((score, binding));
        }
    }
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, binding)| binding).collect()
}
