//! The tray panel: messages that went nowhere, as the customer would read them.

use crate::service::delivery::calls::ReadTray;
use crate::service::ports::TrayMessage;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{Focus, Tone, TrayPanel};
use crate::tui::machine::step::{Step, motion, moved, scrolled};
use crate::tui::view;

/// Messages held and read at most.
pub const WINDOW: u32 = 100;

/// The lines a page key scrolls by: no more than the smallest terminal shows.
const PAGE: isize = 5;

const NO_TRAY: &str = "There is no tray here: every message goes to a provider.";

/// Opens the tray, goes to it where it is open beside the work, or closes it.
pub(in crate::tui) fn toggle(step: &mut Step<'_>) {
    step.model.overlay = None;
    if !step.model.place.has_tray {
        return step.hint(Tone::Plain, NO_TRAY);
    }
    if step.model.tray.is_some() && step.model.focus == Focus::Tray {
        return close(step);
    }
    step.model.focus = Focus::Tray;
    if step.model.tray.is_none() {
        step.model.tray = Some(TrayPanel::default());
        reread(step);
    }
}

pub(in crate::tui) fn close(step: &mut Step<'_>) {
    if let Some(tray) = step.model.tray.take() {
        step.forget(tray.reading);
        step.model.focus = Focus::Work;
    }
}

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let now = step.now;
    let is_page = page(command).is_some();
    if let Some(tray) = step.tray().filter(|_| is_page) {
        tray.preview.follow();
    }
    let most = view::most_scroll(step.model, now);
    let Some(tray) = step.tray() else { return };
    if let Some(by) = page(command) {
        tray.scroll = scrolled(tray.scroll, most, by);
    } else if let Some(by) = motion(command) {
        let selected = moved(tray.selected, tray.messages.len(), by);
        if selected != tray.selected {
            tray.preview.step(tray.selected, now);
            tray.selected = selected;
            tray.scroll = 0;
        }
    } else if command == Command::Close {
        close(step);
    } else if command == Command::Back {
        if step.model.is_wide() {
            step.model.focus = Focus::Work;
        } else {
            close(step);
        }
    }
}

/// How far a page key scrolls the message, which has few lines beside the list.
const fn page(command: Command) -> Option<isize> {
    match command {
        Command::PageUp => Some(-PAGE),
        Command::PageDown => Some(PAGE),
        _ => None,
    }
}

/// Reads what came since the newest message.
pub(in crate::tui) fn reread(step: &mut Step<'_>) {
    let Some(tray) = step.tray() else { return };
    if tray.reading.is_some() {
        tray.stale = true;
        return;
    }
    tray.stale = false;
    let after = tray.messages.first().map_or(0, |newest| newest.number);
    let id = step.call(ReadTray { after, limit: WINDOW });
    if let Some(tray) = step.tray() {
        tray.reading = Some(id);
    }
}

pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vec<TrayMessage>, Failure>,
) {
    let Some(tray) = step.tray().filter(|tray| tray.reading == Some(id)) else { return };
    tray.reading = None;
    match answer {
        Ok(messages) => take(tray, messages),
        Err(failure) => return step.fail(failure),
    }
    if step.tray().is_some_and(|tray| tray.stale) {
        reread(step);
    }
}

/// Puts newer messages on top. Whoever looks at the newest goes on looking at
/// the newest; a message further down stays selected.
fn take(tray: &mut TrayPanel, mut newer: Vec<TrayMessage>) {
    newer.reverse();
    tray.preview.follow();
    if tray.selected > 0 {
        tray.selected += newer.len();
    }
    if tray.selected == 0 && !newer.is_empty() {
        tray.scroll = 0;
    }
    newer.append(&mut tray.messages);
    newer.truncate(WINDOW as usize);
    tray.messages = newer;
    tray.selected = moved(tray.selected, tray.messages.len(), 0);
}
