//! From a key to what it means: the gate first, then the keymap, then the field
//! that has the keyboard. A character that means nothing is told why.

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::config::settings::ThemeName;
use crate::tui::machine::keymap::{self, Command, Context, key_name};
use crate::tui::machine::model::{Screen, Tone};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{field, input_gate, providers};
use crate::tui::{enter_code, find, log, overlays, send, tray, verified};

/// A key, read at `at`. Terminals that report releases would have each key mean
/// its thing twice.
pub(in crate::tui) fn key(step: &mut Step<'_>, key: KeyEvent, at: Now) {
    if key.kind == KeyEventKind::Release || step.model.quitting {
        return;
    }
    input_gate::settle(step, at, Some(&key));
    let passed = input_gate::enter(step, &key, at);
    let (context, is_typing) = (step.model.context(), step.model.is_typing());
    let command = keymap::command(context, &key, is_typing);
    if input_gate::is_hidden(step.model) {
        return command.map_or((), |command| input_gate::hidden(step, command, at));
    }
    if passed == input_gate::Key::Stops {
        return;
    }
    verified::update::activity(step);
    match command {
        Some(command) => input_gate::pass(step, command, at),
        None => match context {
            Context::Find => find::update::key(step, key),
            Context::Entry => enter_code::update::key(step, key),
            Context::LogFilter => log::update::key(step, key),
            Context::Palette => overlays::update::key(step, key),
            _ if field::types(key) => say_why(step, context),
            _ => {}
        },
    }
}

/// Why a character that was typed where nothing is typed does nothing.
fn say_why(step: &mut Step<'_>, context: Context) {
    let name = |command| key_name(context, command);
    let to = match step.model.screen {
        Screen::Find(_) => "the search",
        Screen::Send(_) => "the channels",
        Screen::Entry(_) => "the code boxes",
        Screen::Verified(_) => "the customer",
    };
    let text = match (context, &step.model.screen) {
        (Context::Send, Screen::Send(send)) if send.sending.is_some() => {
            "The code is being asked for; it is typed when its boxes are here.".into()
        }
        (Context::Send, Screen::Send(send)) if send.open.is_some() => format!(
            "Nothing is typed here. {} leads to the boxes of the code that is open.",
            name(Command::EnterCode)
        ),
        (Context::Send, _) => format!(
            "Nothing is typed here. {} sends the code; then its digits are typed.",
            name(Command::Accept)
        ),
        (Context::Verified, _) => format!(
            "Nothing is typed here. {} logs the customer out and leads to the search.",
            name(Command::Logout)
        ),
        (Context::Log, _) => format!(
            "The log has the keyboard, so nothing was typed. {} leads back to {to}.",
            name(Command::Back)
        ),
        (Context::Tray, _) => format!(
            "The tray has the keyboard, so nothing was typed. {} leads back to {to}.",
            name(Command::Back)
        ),
        (Context::Confirm, _) => format!(
            "Answer the question first: {} for yes, {} for no.",
            name(Command::Accept),
            name(Command::Back)
        ),
        _ => format!("Nothing is typed here. {} closes it.", name(Command::Back)),
    };
    step.hint(Tone::Plain, text);
}

/// Text that was pasted in one piece: it goes into fields and does nothing else.
pub(in crate::tui) fn paste(step: &mut Step<'_>, text: &str) {
    if step.model.quitting || input_gate::is_hidden(step.model) {
        return;
    }
    verified::update::activity(step);
    match step.model.context() {
        Context::Find => find::update::paste(step, text),
        Context::Entry => enter_code::update::paste(step, text),
        Context::LogFilter => log::update::paste(step, text),
        Context::Palette => overlays::update::paste(step, text),
        _ => {}
    }
}

/// Does what the user means. What makes no sense where they are does nothing.
pub(in crate::tui) fn perform(step: &mut Step<'_>, command: Command) {
    let context = step.model.context();
    match command {
        Command::Quit => overlays::update::quit(step),
        Command::Interrupt => interrupt(step),
        Command::Redraw => step.model.redraw = true,
        Command::NextTheme => change_theme(step),
        _ if context == Context::Confirm => overlays::update::answer(step, command),
        Command::Help => overlays::update::toggle_help(step),
        Command::Palette => overlays::update::toggle_palette(step),
        Command::ToggleLog => log::update::toggle(step),
        Command::ToggleTray => tray::update::toggle(step),
        Command::ToggleFigures => providers::toggle_figures(step),
        _ => match context {
            Context::Find => find::update::command(step, command),
            Context::Send => send::update::command(step, command),
            Context::Entry => enter_code::update::command(step, command),
            Context::Verified => verified::update::command(step, command),
            Context::Log | Context::LogFilter | Context::Timeline => {
                log::update::command(step, command);
            }
            Context::Tray => tray::update::command(step, command),
            Context::Figures => providers::command(step, command),
            Context::Palette => overlays::update::palette(step, command),
            Context::Help => overlays::update::help(step, command),
            Context::Global | Context::Confirm => {}
        },
    }
}

/// Empties the field or closes what is open; where nothing is left of that,
/// leaves.
fn interrupt(step: &mut Step<'_>) {
    let context = step.model.context();
    match (context, &step.model.screen) {
        (Context::Find, Screen::Find(find)) if !find.input.value().is_empty() => {
            perform(step, Command::Clear);
        }
        (Context::Entry, Screen::Entry(entry))
            if !entry.typed.0.is_empty() && entry.verifying.is_none() =>
        {
            perform(step, Command::Clear);
        }
        (Context::LogFilter | Context::Timeline | Context::Log | Context::Tray, _) => {
            perform(step, Command::Close);
        }
        (Context::Palette | Context::Help | Context::Figures, _) => perform(step, Command::Back),
        (Context::Confirm, _) if !overlays::update::is_asking_to_quit(step.model) => {
            perform(step, Command::Back);
        }
        _ => overlays::update::quit(step),
    }
}

fn change_theme(step: &mut Step<'_>) {
    let theme = next_theme(step.model.theme);
    step.model.theme = theme;
    let name = match theme {
        ThemeName::Terminal => "the terminal's own colours",
        ThemeName::Light => "light",
        ThemeName::Dark => "dark",
        ThemeName::HighContrast => "high contrast",
        ThemeName::Mono => "no colours",
    };
    step.hint(Tone::Plain, format!("Theme: {name}."));
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
