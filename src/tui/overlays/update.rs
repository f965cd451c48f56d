//! What lies on top: the help, the palette, a question.

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::tui::machine::keymap::{self, Binding, Command, Context};
use crate::tui::machine::model::{Model, Overlay, Palette, Question, Screen};
use crate::tui::machine::step::{Step, motion, moved, scrolled};
use crate::tui::machine::{dispatch, field};
use crate::tui::{enter_code, send, verified, view};

/// Leaves, but asks first: the key may have been meant for another program, or
/// have been the terminal's. Asked twice, it leaves.
pub(in crate::tui) fn quit(step: &mut Step<'_>) {
    if is_asking_to_quit(step.model) {
        leave(step);
    } else {
        step.model.overlay = Some(Overlay::Confirm(Question::Quit));
    }
}

pub(in crate::tui) const fn is_asking_to_quit(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Confirm(Question::Quit)))
}

/// Whether something would be lost by leaving.
pub(in crate::tui) fn is_at_stake(model: &Model) -> bool {
    match &model.screen {
        Screen::Find(_) => false,
        Screen::Send(send) => {
            send.sending.is_some() || send.open.as_deref().is_some_and(send::update::is_open)
        }
        Screen::Entry(entry) => {
            send::update::is_open(&entry.request)
                || entry.verifying.is_some()
                || entry.acting.is_some()
        }
        Screen::Verified(_) => true,
    }
}

/// Ends the program. A session ends with it: its secret is nowhere else.
pub(in crate::tui) fn leave(step: &mut Step<'_>) {
    step.model.quitting = true;
    verified::update::logout(step);
}

pub(in crate::tui) fn answer(step: &mut Step<'_>, command: Command) {
    let Some(Overlay::Confirm(question)) = step.model.overlay else { return };
    match command {
        Command::Accept => {
            step.model.overlay = None;
            match question {
                Question::Quit => leave(step),
                Question::CancelRequest => enter_code::update::cancel(step),
            }
        }
        Command::Back => step.model.overlay = None,
        _ => {}
    }
}

pub(in crate::tui) fn toggle_help(step: &mut Step<'_>) {
    step.model.overlay = match step.model.overlay {
        Some(Overlay::Help { .. }) => None,
        _ => Some(Overlay::Help { scroll: 0 }),
    };
}

pub(in crate::tui) fn help(step: &mut Step<'_>, command: Command) {
    let most = view::most_scroll(step.model, step.now);
    let Some(Overlay::Help { scroll }) = &mut step.model.overlay else { return };
    if let Some(by) = motion(command) {
        *scroll = scrolled(*scroll, most, by);
    } else if matches!(command, Command::Back | Command::Close) {
        step.model.overlay = None;
    }
}

pub(in crate::tui) fn toggle_palette(step: &mut Step<'_>) {
    if matches!(step.model.overlay, Some(Overlay::Palette(_))) {
        step.model.overlay = None;
        return;
    }
    step.model.overlay = None;
    let hits = matching(step.model, "");
    step.model.overlay = Some(Overlay::Palette(Palette { hits, ..Palette::default() }));
}

pub(in crate::tui) fn palette(step: &mut Step<'_>, command: Command) {
    let Some(Overlay::Palette(palette)) = &mut step.model.overlay else { return };
    if let Some(by) = motion(command) {
        palette.selected = moved(palette.selected, palette.hits.len(), by);
        return;
    }
    match command {
        Command::Accept => {
            let chosen = palette.hits.get(palette.selected).copied();
            step.model.overlay = None;
            let Some(chosen) = chosen else { return };
            if [Context::Global, step.model.context()].contains(&chosen.context) {
                dispatch::perform(step, chosen.command);
            } else {
                // What lies below has changed, and the same command means
                // something else there: what is offered now is shown first.
                toggle_palette(step);
            }
        }
        Command::Back => step.model.overlay = None,
        _ => {}
    }
}

pub(in crate::tui) fn key(step: &mut Step<'_>, key: KeyEvent) {
    edit(step, |input| field::edit(input, key));
}

pub(in crate::tui) fn paste(step: &mut Step<'_>, text: &str) {
    edit(step, |input| field::insert(input, text));
}

fn edit(step: &mut Step<'_>, change: impl FnOnce(&mut tui_input::Input) -> bool) {
    let Some(Overlay::Palette(mut palette)) = step.model.overlay.take() else { return };
    if change(&mut palette.input) {
        palette.hits = matching(step.model, palette.input.value());
        palette.selected = 0;
    }
    step.model.overlay = Some(Overlay::Palette(palette));
}

/// The commands that hold where the user is and whose words match, the
/// likeliest first.
fn matching(model: &Model, typed: &str) -> Vec<&'static Binding> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, &Binding)> = Vec::new();
    for binding in keymap::bindings(model.context()).filter(|it| is_offered(model, it)) {
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

/// Moving about is for keys; the palette is for things to do.
fn is_offered(model: &Model, binding: &Binding) -> bool {
    match binding.command {
        Command::Palette | Command::Interrupt => false,
        Command::ToggleTray => model.place.has_tray,
        command => motion(command).is_none(),
    }
}
