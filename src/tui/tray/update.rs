//! The tray panel: messages that went nowhere, as the customer would read them.

use crate::service::delivery::calls::ReadTray;
use crate::service::ports::TrayMessage;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::scroll::{Extent, Scroll, motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::tray::state::TrayPanel;

/// Messages held and read at most.
const MAX_MESSAGES: u32 = 100;

/// The lines a page key scrolls by: no more than the smallest terminal shows.
const PAGE_LINES: isize = 5;

/// The tray as it is opened.
pub(in crate::tui) fn begin(step: &mut Step<'_>) -> TrayPanel {
    let mut tray = TrayPanel::default();
    reread(&mut tray, step);
    tray
}

/// What a command means; `extent` is that of the selected message.
pub(in crate::tui) fn command(
    tray: &mut TrayPanel,
    step: &mut Step<'_>,
    command: Command,
    extent: Extent,
) {
    if let Some(by) = page(command) {
        tray.preview.follow();
        tray.scroll.by(by, extent);
    } else if let Some(by) = motion(command) {
        let selected = moved(tray.selected, tray.messages.len(), by);
        if selected != tray.selected {
            tray.preview.step(tray.selected, step.now);
            tray.selected = selected;
            tray.scroll = Scroll::default();
        }
    } else if command == Command::Close {
        step.go(Navigation::Close);
    } else if command == Command::Back {
        step.go(Navigation::BackToWork);
    }
}

/// How far a page key scrolls the message, which has few lines beside the list.
const fn page(command: Command) -> Option<isize> {
    match command {
        Command::PageUp => Some(-PAGE_LINES),
        Command::PageDown => Some(PAGE_LINES),
        _ => None,
    }
}

/// Reads what came since the newest message.
pub(in crate::tui) fn reread(tray: &mut TrayPanel, step: &mut Step<'_>) {
    if tray.reading.renew(false) {
        let after = tray.messages.first().map_or(0, |newest| newest.number);
        tray.reading.begin(step.call(ReadTray { after, limit: MAX_MESSAGES }));
    }
}

pub(in crate::tui) fn answered(
    tray: &mut TrayPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vec<TrayMessage>, Failure>,
) {
    if !tray.reading.end(id, answer.is_ok()) {
        return;
    }
    match answer {
        Ok(messages) => take(tray, messages),
        Err(failure) => return step.fail(failure),
    }
    if tray.reading.is_stale() {
        reread(tray, step);
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
        tray.scroll = Scroll::default();
    }
    newer.append(&mut tray.messages);
    newer.truncate(MAX_MESSAGES as usize);
    tray.messages = newer;
    tray.selected = moved(tray.selected, tray.messages.len(), 0);
}
