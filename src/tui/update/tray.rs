//! The tray panel: messages that went nowhere, as the customer would read them.

use super::step::{Step, motion, moved};
use crate::service::ports::TrayMessage;
use crate::tui::effect::{Act, EffectId};
use crate::tui::keymap::Command;
use crate::tui::model::{Focus, Tone, TrayPanel};
use crate::tui::msg::Failure;

/// Messages held and read at most.
pub const WINDOW: u32 = 100;

const NO_TRAY: &str = "There is no tray here: every message goes to a provider.";

/// Opens the tray, goes to it where it is open beside the work, or closes it.
pub(super) fn toggle(step: &mut Step<'_>) {
    step.model.overlay = None;
    if !step.model.place.has_tray {
        return step.say(Tone::Plain, NO_TRAY);
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

pub(super) fn close(step: &mut Step<'_>) {
    if let Some(tray) = step.model.tray.take() {
        step.forget(tray.reading);
        step.model.focus = Focus::Work;
    }
}

pub(super) fn command(step: &mut Step<'_>, command: Command) {
    let Some(tray) = step.tray() else { return };
    if let Some(by) = motion(command) {
        tray.selected = moved(tray.selected, tray.messages.len(), by);
    } else if command == Command::Back {
        if step.model.is_wide() {
            step.model.focus = Focus::Work;
        } else {
            close(step);
        }
    }
}

/// Reads what came since the newest message.
pub(super) fn reread(step: &mut Step<'_>) {
    let Some(tray) = step.tray() else { return };
    if tray.reading.is_some() {
        tray.stale = true;
        return;
    }
    tray.stale = false;
    let after = tray.messages.first().map_or(0, |newest| newest.number);
    let id = step.act(Act::ReadTray { after });
    if let Some(tray) = step.tray() {
        tray.reading = Some(id);
    }
}

pub(super) fn answered(
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
    if tray.selected > 0 {
        tray.selected += newer.len();
    }
    newer.append(&mut tray.messages);
    newer.truncate(WINDOW as usize);
    tray.messages = newer;
    tray.selected = moved(tray.selected, tray.messages.len(), 0);
}
