//! From a key to what it means: the gate first, then the keymap, then the field
//! that has the keyboard. For a character that means nothing, the message line says why.

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::config::settings::ThemeName;
use crate::tui::app::extent::extent;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::turn::Turn;
use crate::tui::app::{input_gate, lock, subject};
use crate::tui::machine::draw_context::Focus;
use crate::tui::machine::keymap::{self, Binding, Command, Context, key_name};
use crate::tui::machine::navigation::Question;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::permissions;
use crate::tui::machine::scroll::{Extent, Scroll, motion};
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::text_field;
use crate::tui::{
    approvals, customer_acts, dashboard, deliveries, document, enter_code, enter_factor, factors,
    find, incident, log, overlays, pairing, second_person, send, sign_in, sign_up, tray, verified,
};

const NO_TRAY: &str = "There is no tray here: every message goes to a provider.";

/// A key, read at `at`. Terminals that report releases would have each key mean
/// its thing twice.
pub(in crate::tui) fn key(turn: &mut Turn<'_>, key: KeyEvent, at: Now) {
    if key.kind == KeyEventKind::Release || turn.model.shared.quitting {
        return;
    }
    input_gate::settle(turn, at, Some(&key));
    let passed = input_gate::enter(turn, &key, at);
    let (context, is_typing) = (turn.model.context(), turn.model.is_typing());
    let command = keymap::command(context, &key, is_typing);
    if input_gate::is_hidden(turn.model) {
        return command.map_or((), |command| input_gate::hidden(turn, command, at));
    }
    if passed == input_gate::GatedKey::Stops {
        return;
    }
    lock::active(turn, at);
    if turn.model.sign_in.is_none() {
        turn.verified(verified::update::activity);
    }
    match command {
        Some(command) => input_gate::pass(turn, command, at),
        None => type_key(turn, context, key),
    }
}

/// A key that is no command goes into the field that has the keyboard.
fn type_key(turn: &mut Turn<'_>, context: Context, key: KeyEvent) {
    match context {
        Context::Find => {
            turn.find(|find, step| find::update::key(find, step, key));
        }
        Context::EnterCode => {
            turn.enter_code(|entry, step| enter_code::typing::key(entry, step, key));
        }
        Context::EnterFactor => {
            turn.enter_factor(|entry, step| enter_factor::update::key(entry, step, key));
        }
        Context::Document => {
            turn.document(|form, step| document::update::key(form, step, key));
        }
        Context::Factors => {
            turn.factors(|panel, _| factors::update::key(panel, key));
        }
        Context::LogFilter => {
            turn.log(|log, _| log::update::key(log, key));
        }
        Context::DashboardField => {
            turn.dashboard(|it, _| dashboard::update::key(it, key));
        }
        Context::SignIn => {
            turn.sign_in(|form, _| sign_in::update::key(form, key));
        }
        Context::CustomerAct => {
            turn.customer_act(|form, _| customer_acts::update::key(form, key));
        }
        Context::SecondPerson => {
            turn.second_person(|form, _| second_person::update::key(form, key));
        }
        Context::Incident => {
            turn.incident(|form, _| incident::update::key(form, key));
        }
        Context::Palette => {
            let offered = offered(turn.model);
            turn.palette(|palette, _| overlays::update::key(palette, key, &offered));
        }
        _ if text_field::types(key) => say_why(turn, context),
        _ => {}
    }
}

/// Why a character that was typed where nothing is typed does nothing.
fn say_why(turn: &mut Turn<'_>, context: Context) {
    let name = |command| key_name(context, command);
    let to = match turn.model.screen {
        Screen::Find(_) => "the search",
        Screen::Send(_) => "the channels",
        Screen::EnterCode(_) => "the code boxes",
        Screen::EnterFactor(_) => "the code",
        Screen::Verified(_) => "the customer",
    };
    let text = match (context, &turn.model.screen) {
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
    turn.step(|step| step.hint(Tone::Plain, text));
}

/// Text that was pasted in one piece: it goes into fields and does nothing else.
pub(in crate::tui) fn paste(turn: &mut Turn<'_>, text: &str) {
    if turn.model.shared.quitting || input_gate::is_hidden(turn.model) {
        return;
    }
    if turn.model.sign_in.is_none() {
        turn.verified(verified::update::activity);
    }
    match turn.model.context() {
        Context::Find => {
            turn.find(|find, step| find::update::paste(find, step, text));
        }
        Context::EnterCode => {
            turn.enter_code(|entry, step| enter_code::typing::paste(entry, step, text));
        }
        Context::EnterFactor => {
            turn.enter_factor(|entry, _| enter_factor::update::paste(entry, text));
        }
        Context::LogFilter => {
            turn.log(|log, _| log::update::paste(log, text));
        }
        Context::DashboardField => {
            turn.dashboard(|it, _| dashboard::update::paste(it, text));
        }
        Context::SignIn => {
            turn.sign_in(|form, _| sign_in::update::paste(form, text));
        }
        Context::CustomerAct => {
            turn.customer_act(|form, _| customer_acts::update::paste(form, text));
        }
        Context::SecondPerson => {
            turn.second_person(|form, _| second_person::update::paste(form, text));
        }
        Context::Incident => {
            turn.incident(|form, _| incident::update::paste(form, text));
        }
        Context::Palette => {
            let offered = offered(turn.model);
            turn.palette(|palette, _| overlays::update::paste(palette, text, &offered));
        }
        _ => {}
    }
}

/// Does what the user means. What makes no sense where they are does nothing.
pub(in crate::tui) fn perform(turn: &mut Turn<'_>, command: Command) {
    let context = turn.model.context();
    match command {
        Command::Quit => quit(turn),
        Command::Interrupt => interrupt(turn),
        Command::Redraw => turn.model.shared.redraw = true,
        Command::NextTheme => change_theme(turn),
        _ if context == Context::Confirm => answer(turn, command),
        _ if context == Context::SignIn => {
            turn.sign_in(|form, step| sign_in::update::command(form, step, command));
        }
        _ if !permissions::may(&turn.model.shared, command) => {
            turn.step(|step| permissions::say_forbidden(step, permissions::needed(command)));
        }
        Command::Lock => lock::lock(turn),
        Command::SignOut => lock::sign_out(turn),
        Command::Help => toggle_help(turn.model),
        Command::Palette => toggle_palette(turn.model),
        Command::ToggleLog => toggle_log(turn),
        Command::ToggleTray => toggle_tray(turn),
        Command::ToggleDeliveryStats => toggle_delivery_stats(turn),
        Command::ToggleApprovals => toggle_approvals(turn),
        Command::ToggleDashboard => toggle_dashboard(turn),
        Command::TogglePad => toggle_pad(turn),
        Command::Reveal => subject::reveal(turn),
        Command::Lift => subject::lift(turn),
        Command::FileIncident => subject::file_incident(turn),
        _ => perform_in(turn, context, command),
    }
}

/// Gives a command to the feature that has the keyboard.
fn perform_in(turn: &mut Turn<'_>, context: Context, command: Command) {
    let extent =
        if motion(command).is_some() { extent(turn.model, turn.now) } else { Extent::default() };
    match context {
        Context::Find => turn.find(|it, step| find::update::command(it, step, command)),
        Context::Send => turn.send(|it, step| send::update::command(it, step, command)),
        Context::EnterCode => {
            turn.enter_code(|it, step| enter_code::update::command(it, step, command))
        }
        Context::EnterFactor => {
            turn.enter_factor(|it, step| enter_factor::update::command(it, step, command))
        }
        Context::Document => turn.document(|it, step| document::update::command(it, step, command)),
        Context::SecondPerson => {
            turn.second_person(|it, step| second_person::update::command(it, step, command))
        }
        Context::SignUp => turn.sign_up(|it, step| sign_up::update::command(it, step, command)),
        Context::Factors => turn.factors(|it, step| factors::update::command(it, step, command)),
        Context::Verified => {
            turn.verified(|it, step| verified::update::command(it, step, command, extent))
        }
        Context::Log | Context::LogFilter | Context::Timeline => {
            turn.log(|it, step| log::update::command(it, step, command, extent))
        }
        Context::Tray => turn.tray(|it, step| tray::update::command(it, step, command, extent)),
        Context::Dashboard | Context::DashboardField => {
            turn.dashboard(|it, step| dashboard::update::command(it, step, command))
        }
        Context::DeliveryStats => {
            turn.delivery_stats(|it, step| deliveries::update::command(it, step, command, extent))
        }
        Context::CustomerAct => {
            turn.customer_act(|it, step| customer_acts::update::command(it, step, command))
        }
        Context::Incident => turn.incident(|it, step| incident::update::command(it, step, command)),
        Context::Approvals => {
            turn.approvals(|it, step| approvals::update::command(it, step, command))
        }
        Context::Pairing => turn.pairing(|it, step| pairing::update::command(it, step, command)),
        Context::Palette => turn.palette(|it, step| overlays::update::palette(it, step, command)),
        Context::Help => turn.help(|it, step| overlays::update::help(it, step, command, extent)),
        Context::Global | Context::Confirm | Context::SignIn => None,
    };
}

/// Leaves, but asks first: the key may have been meant for another program, or
/// have been the terminal's. Asked twice, it leaves.
pub(in crate::tui) fn quit(turn: &mut Turn<'_>) {
    if turn.model.is_asking_to_quit() {
        turn.leave();
    } else {
        turn.model.overlay = Some(Overlay::Confirm(Question::Quit));
    }
}

/// The answer to a question.
fn answer(turn: &mut Turn<'_>, command: Command) {
    let Some(Overlay::Confirm(question)) = turn.model.overlay else { return };
    if !matches!(command, Command::Accept | Command::Back) {
        return;
    }
    turn.model.overlay = None;
    match (command, question) {
        (Command::Accept, Question::Quit) => turn.leave(),
        (Command::Accept, Question::CancelRequest) => {
            turn.enter_code(enter_code::update::cancel);
        }
        _ => {}
    }
}

fn toggle_help(model: &mut Model) {
    model.overlay = match model.overlay {
        Some(Overlay::Help(_)) => None,
        _ => Some(Overlay::Help(Scroll::default())),
    };
}

fn toggle_palette(model: &mut Model) {
    if matches!(model.overlay.take(), Some(Overlay::Palette(_))) {
        return;
    }
    model.overlay = Some(Overlay::Palette(overlays::update::begin_palette(&offered(model))));
}

/// The commands that the palette offers where the user is. Moving about is for keys; the
/// palette is for things to do.
fn offered(model: &Model) -> Vec<&'static Binding> {
    let is_offered = |binding: &&Binding| match binding.command {
        Command::Palette | Command::Interrupt => false,
        command if !permissions::may(&model.shared, command) => false,
        Command::Reveal | Command::Lift => subject::is_there(model),
        Command::ToggleTray => model.shared.place.has_tray,
        command => motion(command).is_none(),
    };
    keymap::bindings(model.context_beneath()).filter(is_offered).collect()
}

/// Does what was chosen in the palette, which is closed by now.
pub(in crate::tui) fn perform_from_palette(
    turn: &mut Turn<'_>,
    context: Context,
    command: Command,
) {
    if [Context::Global, turn.model.context()].contains(&context) {
        perform(turn, command);
    } else {
        // What lies below has changed, and the same command means something else there: what
        // is offered now is shown first.
        toggle_palette(turn.model);
    }
}

/// Opens the log, goes to it where it is open beside the work, or closes it.
fn toggle_log(turn: &mut Turn<'_>) {
    turn.drop_hint();
    turn.model.overlay = None;
    if turn.model.log.is_some() && turn.model.focus == Focus::Log {
        return turn.close_log();
    }
    turn.model.focus = Focus::Log;
    if turn.model.log.is_none() {
        let kept = turn.model.log_page.take();
        turn.model.log = Some(turn.step(|step| log::update::begin(step, kept)));
    }
}

/// The same for the tray.
fn toggle_tray(turn: &mut Turn<'_>) {
    turn.drop_hint();
    turn.model.overlay = None;
    if !turn.model.shared.place.has_tray {
        return turn.step(|step| step.hint(Tone::Plain, NO_TRAY));
    }
    if turn.model.tray.is_some() && turn.model.focus == Focus::Tray {
        return turn.close_tray();
    }
    turn.model.focus = Focus::Tray;
    if turn.model.tray.is_none() {
        turn.model.tray = Some(turn.step(tray::update::begin));
    }
}

fn toggle_delivery_stats(turn: &mut Turn<'_>) {
    turn.drop_hint();
    let is_open = matches!(turn.model.overlay, Some(Overlay::DeliveryStats(_)));
    turn.model.overlay =
        (!is_open).then(|| Overlay::DeliveryStats(turn.step(deliveries::update::begin)));
}

/// Opens the box of the pad. It closes itself, since what it began may have to be ended.
fn toggle_pad(turn: &mut Turn<'_>) {
    let panel = turn.step(pairing::update::begin);
    turn.model.overlay = Some(Overlay::Pairing(panel));
}

fn toggle_approvals(turn: &mut Turn<'_>) {
    turn.drop_hint();
    let is_open = matches!(turn.model.overlay, Some(Overlay::Approvals(_)));
    turn.model.overlay =
        (!is_open).then(|| Overlay::Approvals(turn.step(approvals::update::begin)));
}

/// Opens the dashboard, goes back to it where a panel lies over it, or closes it.
fn toggle_dashboard(turn: &mut Turn<'_>) {
    turn.drop_hint();
    turn.model.overlay = None;
    if turn.model.is_at_dashboard() {
        return turn.close_dashboard();
    }
    turn.model.focus = Focus::Dashboard;
    if turn.model.dashboard.is_none() {
        let dashboard = turn.step(dashboard::update::begin);
        turn.model.dashboard = Some(Box::new(dashboard));
    }
}

/// Empties the field or closes what is open; where nothing is left of that,
/// leaves.
fn interrupt(turn: &mut Turn<'_>) {
    let context = turn.model.context();
    match (context, &turn.model.screen) {
        (Context::Find, Screen::Find(find)) if !find.input.value().is_empty() => {
            perform(turn, Command::Clear);
        }
        (Context::EnterCode, Screen::EnterCode(entry))
            if !entry.typed.0.is_empty() && entry.verifying.is_none() =>
        {
            perform(turn, Command::Clear);
        }
        (Context::EnterFactor, Screen::EnterFactor(entry))
            if !entry.typed.0.is_empty() && entry.verifying.is_none() =>
        {
            perform(turn, Command::Clear);
        }
        (
            Context::LogFilter
            | Context::Timeline
            | Context::Log
            | Context::Tray
            | Context::Dashboard
            | Context::DashboardField,
            _,
        ) => perform(turn, Command::Close),
        (
            Context::Palette
            | Context::Help
            | Context::DeliveryStats
            | Context::CustomerAct
            | Context::Incident
            | Context::Approvals
            | Context::Pairing
            | Context::Document
            | Context::SignUp
            | Context::SecondPerson
            | Context::Factors,
            _,
        ) => perform(turn, Command::Back),
        (Context::Confirm, _) if !turn.model.is_asking_to_quit() => perform(turn, Command::Back),
        _ => quit(turn),
    }
}

fn change_theme(turn: &mut Turn<'_>) {
    let theme = next_theme(turn.model.shared.theme);
    turn.model.shared.theme = theme;
    let name = match theme {
        ThemeName::Terminal => "the terminal's own colours",
        ThemeName::Light => "light",
        ThemeName::Dark => "dark",
        ThemeName::HighContrast => "high contrast",
        ThemeName::Mono => "no colours",
    };
    turn.step(|step| step.hint(Tone::Plain, format!("Theme: {name}.")));
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
