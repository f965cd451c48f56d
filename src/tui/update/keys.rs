//! From a key to what it means: the keymap first, then the field that has the
//! keyboard.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::step::Step;
use super::{entry, find, log, overlay, providers, send, tray, verified};
use crate::config::settings::ThemeName;
use crate::tui::keymap::{self, Command, Context};
use crate::tui::model::Tone;

/// A key. Terminals that report releases would have each key mean its thing twice.
pub(super) fn key(step: &mut Step<'_>, key: KeyEvent) {
    if key.kind == KeyEventKind::Release || step.model.quitting {
        return;
    }
    verified::activity(step);
    let context = step.model.context();
    match keymap::command(context, &key) {
        Some(command) => perform(step, command),
        None => match context {
            Context::Find => find::key(step, key),
            Context::Entry => entry::key(step, key),
            Context::LogFilter => log::key(step, key),
            Context::Palette => overlay::key(step, key),
            _ => {}
        },
    }
}

/// Text that was pasted in one piece: it goes into fields and does nothing else.
pub(super) fn paste(step: &mut Step<'_>, text: &str) {
    if step.model.quitting {
        return;
    }
    verified::activity(step);
    match step.model.context() {
        Context::Find => find::paste(step, text),
        Context::Entry => entry::paste(step, text),
        Context::LogFilter => log::paste(step, text),
        Context::Palette => overlay::paste(step, text),
        _ => {}
    }
}

/// Does what the user means. What makes no sense where they are does nothing.
pub(super) fn perform(step: &mut Step<'_>, command: Command) {
    let context = step.model.context();
    match command {
        Command::Quit => overlay::quit(step),
        Command::NextTheme => change_theme(step),
        _ if context == Context::Confirm => overlay::answer(step, command),
        Command::Help => overlay::toggle_help(step),
        Command::Palette => overlay::toggle_palette(step),
        Command::ToggleLog => log::toggle(step),
        Command::ToggleTray => tray::toggle(step),
        Command::ToggleFigures => providers::toggle_figures(step),
        _ => match context {
            Context::Find => find::command(step, command),
            Context::Send => send::command(step, command),
            Context::Entry => entry::command(step, command),
            Context::Verified => verified::command(step, command),
            Context::Log | Context::LogFilter | Context::Story => log::command(step, command),
            Context::Tray => tray::command(step, command),
            Context::Figures => providers::command(step, command),
            Context::Palette => overlay::palette(step, command),
            Context::Help => overlay::help(step, command),
            Context::Global | Context::Confirm => {}
        },
    }
}

fn change_theme(step: &mut Step<'_>) {
    let theme = next_theme(step.model.theme);
    step.model.theme = theme;
    let name = match theme {
        ThemeName::Terminal => "the terminal's own",
        ThemeName::Light => "light",
        ThemeName::Dark => "dark",
        ThemeName::HighContrast => "high contrast",
        ThemeName::Mono => "none",
    };
    step.say(Tone::Plain, format!("Colours: {name}."));
}

const fn next_theme(theme: ThemeName) -> ThemeName {
    match theme {
        ThemeName::Terminal => ThemeName::Light,
        ThemeName::Light => ThemeName::Dark,
        ThemeName::Dark => ThemeName::HighContrast,
        ThemeName::HighContrast => ThemeName::Mono,
        ThemeName::Mono => ThemeName::Terminal,
    }
}
