//! The gate before every act that sends, checks a code, cancels, logs out or leaves.
//!
//! Not every key was meant by somebody who looked at the screen: a barcode
//! scanner types as well, a key can be held down or pressed twice, and a line
//! that stalled brings what was typed at another screen. So an act is done only
//! for a key that a person can have meant for it. The rule, by the moments at
//! which the keys were read:
//!
//! 1. While the window is too small no key acts, but for leaving where nothing is
//!    lost by it. Where it is so small that nothing can be seen, no key does
//!    anything else either, but drawing anew.
//! 2. What came on the screen less than [`MIN_READING_TIME`] ago was not read yet: no act.
//! 3. Enter within [`ENTER_DEBOUNCE`] of Enter is the same Enter (CR LF, CR CR), for
//!    every screen. An act's key that comes again within [`MAX_REPEAT_GAP`] is held down:
//!    neither of the two is done. So that the first is not done before the second
//!    is there, the same key as before is deferred for that long.
//! 4. Characters less than [`MAX_BURST_GAP`] apart are a burst. From [`MIN_SCAN_CHARS`] of them on, with
//!    letters among them, with more digits than a code has or with an Enter close
//!    behind, the burst is a scan. In a field for text a scan is text, and its Enter
//!    searches; elsewhere nothing comes of it, and digits that it put into the
//!    boxes are taken out again. No act's key counts so close behind a character,
//!    and no control character behind a scan, which ends it on some scanners.
//! 5. The last digit of a code checks it by itself. At the end of a burst that
//!    waits for [`MAX_BURST_GAP`]: more would make it a scan. A code that came with its
//!    Enter in one read was typed while the line stalled, and is checked.
//!    The last digit of a key that is held down, or on a screen that was not read
//!    yet, checks nothing; Enter does then.
//! 6. Ctrl-Q after Ctrl-S is a terminal's flow control, and no key.
//!
//! What a person loses by it: Enter twice within [`MIN_READING_TIME`] of the next screen has
//! to be pressed once more, and the second press is done [`MAX_REPEAT_GAP`] later. Nothing
//! is done ahead for a screen that is not there yet, however slow the store is:
//! the clerk sees first who was chosen. Letters, Enter, Enter and six digits at a
//! typist's pace verify without a key more.
//!
//! What is refused here is said in the message line, except where the key was no key.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use crate::domain::customer_factor::FactorKind;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::turn::Turn;
use crate::tui::app::{dispatch, layout};
use crate::tui::dashboard::state::TypingPurpose;
use crate::tui::enter_code;
use crate::tui::machine::keyboard::{
    self, DeferredAct, MAX_BURST_GAP, MAX_REPEAT_GAP, MIN_SCAN_CHARS, Shown,
};
use crate::tui::machine::keymap::{Command, Context};
use crate::tui::machine::navigation::Question;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::text_field;
use crate::tui::theme::size;

/// Two Enters this close are one.
const ENTER_DEBOUNCE: Duration = Duration::from_millis(60);

/// The same key within this time may be the first one of a key that is held down:
/// it begins to come again after a quarter of a second to a whole one.
const MAX_REPEAT_DELAY: Duration = Duration::from_millis(1_100);

const TOO_SOON: &str = "That key came before this screen could be read, so nothing was done. \
                        Press it again.";
const HELD: &str = "A key that is held down does nothing here. Let it go, then press it once.";
const SCANNED: &str = "That came as fast as from a scanner, so nothing was done. Go to the search \
                       to look it up.";
const SCANNED_CODE: &str = "That came as fast as from a scanner, so no code was checked. Type the \
                            code from the customer's message.";

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum GatedKey {
    /// It means what it says.
    Goes,
    /// Nothing comes of it.
    Stops,
}

fn shown(model: &Model) -> Shown {
    let (width, height) = model.shared.size;
    let question = match model.overlay {
        Some(Overlay::Confirm(question)) => Some(question),
        _ => None,
    };
    let is_hidden = layout::areas(model, Rect::new(0, 0, width, height)).is_none();
    let is_too_small = size::is_too_small(model.shared.size);
    Shown { context: model.context(), question, is_hidden, is_too_small }
}

/// Remembers since when what is shown is shown.
pub(in crate::tui) fn note_shown(turn: &mut Turn<'_>) {
    let now = shown(turn.model);
    let keyboard = &mut turn.model.shared.keyboard;
    if keyboard.shown.is_none_or(|(before, _)| before != now) {
        keyboard.shown = Some((now, turn.now));
        // It was meant for what was there before.
        keyboard.deferred = None;
    }
}

/// Does what was deferred and is due by `at`. A key that comes first undoes it
/// where it came too close to be another one of a person's.
pub(in crate::tui) fn settle(turn: &mut Turn<'_>, at: Now, next: Option<&KeyEvent>) {
    let Some(deferred) = turn.model.shared.keyboard.deferred else { return };
    let is_command = matches!(deferred.what, DeferredAct::Command(_));
    if deferred.due > at {
        let last = turn.model.shared.keyboard.last.map(|(key, _)| (key.code, key.modifiers));
        let is_other = next.is_some_and(|it| Some((it.code, it.modifiers)) != last);
        if !is_other || !is_command {
            return;
        }
        if at.saturating_duration_since(deferred.since) <= MAX_BURST_GAP {
            turn.model.shared.keyboard.deferred = None;
            return;
        }
    }
    turn.model.shared.keyboard.deferred = None;
    match deferred.what {
        DeferredAct::Command(command) => dispatch::perform(turn, command),
        DeferredAct::CheckCode => {
            turn.enter_code(enter_code::update::check);
        }
    }
    note_shown(turn);
}

/// Takes note of a key before it means anything, and stops what is none.
pub(in crate::tui) fn enter(turn: &mut Turn<'_>, key: &KeyEvent, at: Now) -> GatedKey {
    let is_text = text_field::types(*key);
    let typed = turn.enter_code(|entry, _| entry.typed.0.len()).unwrap_or(0);
    let before = turn.model.shared.keyboard.last.replace((*key, at));
    let same = before.filter(|(it, _)| it.code == key.code && it.modifiers == key.modifiers);
    let since = same.map(|(_, then)| at.saturating_duration_since(then));
    let keyboard = &mut turn.model.shared.keyboard;
    keyboard.since_same = since;
    let is_repeated =
        since.is_some_and(|it| it <= MAX_REPEAT_GAP) || key.kind == KeyEventKind::Repeat;
    keyboard.repeats = if is_repeated { keyboard.repeats.saturating_add(1) } else { 0 };
    if is_hidden(turn.model) {
        return GatedKey::Stops;
    }
    if is_text {
        turn.model.shared.keyboard.burst.push(key, at, typed);
        return text(turn);
    }
    let in_burst = turn.model.shared.keyboard.is_in_burst(at);
    match key.code {
        // What some scanners frame a scan with, such as STX and ETX. Another key between
        // shows that the burst was over.
        KeyCode::Char(_)
            if in_burst
                && key.modifiers == KeyModifiers::CONTROL
                && before.is_some_and(|(it, _)| matches!(it.code, KeyCode::Char(_)))
                && turn.model.shared.keyboard.burst.length >= MIN_SCAN_CHARS =>
        {
            turn.model.shared.keyboard.burst.ended = Some(at);
            GatedKey::Stops
        }
        KeyCode::Enter
            if in_burst && turn.model.shared.keyboard.burst.is_scan && !is_field(turn.model) =>
        {
            GatedKey::Stops
        }
        KeyCode::Enter if since.is_some_and(|it| it <= ENTER_DEBOUNCE) => {
            turn.model.shared.keyboard.deferred = None;
            GatedKey::Stops
        }
        KeyCode::Enter if in_burst && turn.model.context() == Context::EnterCode => {
            enter_behind_burst(turn, at)
        }
        // No scanner checks a code that is typed.
        KeyCode::Enter
            if in_burst
                && turn.model.context() == Context::EnterFactor
                && turn.model.shared.keyboard.burst.length >= MIN_SCAN_CHARS =>
        {
            undo_scan(turn);
            GatedKey::Stops
        }
        KeyCode::Char('q') if key.modifiers == KeyModifiers::CONTROL => {
            let is_ctrl_s =
                |it: &KeyEvent| (it.code, it.modifiers) == (KeyCode::Char('s'), key.modifiers);
            if before.is_some_and(|(it, _)| is_ctrl_s(&it)) {
                GatedKey::Stops
            } else {
                GatedKey::Goes
            }
        }
        _ => GatedKey::Goes,
    }
}

/// What goes even while nothing can be seen. Leaving takes the key twice, as the
/// screen says.
pub(in crate::tui) fn hidden(turn: &mut Turn<'_>, command: Command, at: Now) {
    let is_asking = turn.model.is_asking_to_quit();
    let keyboard = &turn.model.shared.keyboard;
    let is_meant = keyboard.repeats == 0 && !keyboard.is_unread(at);
    match command {
        Command::Redraw => dispatch::perform(turn, command),
        Command::Back if is_asking => turn.model.overlay = None,
        Command::Quit | Command::Interrupt
            if !turn.model.is_at_stake() && (!is_asking || is_meant) =>
        {
            dispatch::quit(turn);
        }
        _ => {}
    }
}

/// Whether too little can be seen for what a command does. Leaving is another
/// thing where nothing is lost by it: a small window may be all that there is.
fn is_too_small(model: &Model) -> bool {
    let stays = !model.is_asking_to_quit();
    size::is_too_small(model.shared.size) && (stays || model.is_at_stake())
}

pub(in crate::tui) fn is_hidden(model: &Model) -> bool {
    shown(model).is_hidden
}

/// Whether codes are typed where the keyboard is.
fn is_for_codes(model: &Model) -> bool {
    matches!(model.context(), Context::EnterCode | Context::EnterFactor | Context::Factors)
}

/// Whether the code that is typed has letters.
fn takes_letters(model: &Model) -> bool {
    matches!(&model.screen, Screen::EnterFactor(it) if it.kind == FactorKind::BackupCodes)
}

/// Whether characters are text where the keyboard is.
fn is_field(model: &Model) -> bool {
    matches!(
        model.context(),
        Context::Find
            | Context::LogFilter
            | Context::DashboardField
            | Context::Palette
            | Context::SignIn
            | Context::CustomerAct
            | Context::Incident
    )
}

/// A character: one more of a scan, where that is known by now, and no text.
fn text(turn: &mut Turn<'_>) -> GatedKey {
    if is_field(turn.model) {
        return GatedKey::Goes;
    }
    let at_the_boxes = is_for_codes(turn.model);
    let takes_letters = takes_letters(turn.model);
    let keyboard = &mut turn.model.shared.keyboard;
    let has_letters = keyboard.burst.has_letters && !takes_letters;
    let is_too_much = keyboard.defers_check() || !at_the_boxes || has_letters;
    keyboard.burst.is_scan |= keyboard.burst.length >= MIN_SCAN_CHARS && is_too_much;
    if !keyboard.burst.is_scan {
        return GatedKey::Goes;
    }
    undo_scan(turn);
    GatedKey::Stops
}

/// A scan that came where it means nothing: what it did is undone, and said.
fn undo_scan(turn: &mut Turn<'_>) {
    let keyboard = &mut turn.model.shared.keyboard;
    keyboard.burst.is_scan = true;
    keyboard.deferred = None;
    let before = keyboard.burst.digits_before;
    let text = match &mut turn.model.screen {
        Screen::EnterCode(entry) if entry.verifying.is_none() => {
            entry.typed.0.truncate(before);
            SCANNED_CODE
        }
        Screen::EnterFactor(entry) if entry.verifying.is_none() => {
            entry.typed.0.clear();
            SCANNED_CODE
        }
        Screen::Send(_) => {
            // Going back to the search finds it there.
            let shared = &mut turn.model.shared;
            shared.search.clone_from(&shared.keyboard.burst.text);
            SCANNED
        }
        _ => SCANNED,
    };
    turn.step(|step| step.hint(Tone::Warning, text));
}

/// Enter close behind characters at the boxes.
fn enter_behind_burst(turn: &mut Turn<'_>, at: Now) -> GatedKey {
    let keyboard = &mut turn.model.shared.keyboard;
    if keyboard.burst.length < MIN_SCAN_CHARS {
        return GatedKey::Goes;
    }
    let in_one_read = keyboard.burst.began == Some(at);
    if in_one_read && keyboard.defers_check() {
        keyboard.deferred = None;
        turn.enter_code(enter_code::update::check);
        return GatedKey::Stops;
    }
    let is_checked = turn.enter_code(|entry, _| entry.verifying.is_some()).unwrap_or(false);
    if in_one_read || is_checked {
        return GatedKey::Goes;
    }
    undo_scan(turn);
    GatedKey::Stops
}

/// Whether a command does something that cannot be undone.
fn is_act(model: &Model, command: Command) -> bool {
    match (model.context(), command) {
        (
            Context::Send
            | Context::Confirm
            | Context::Palette
            | Context::CustomerAct
            | Context::Incident
            | Context::EnterFactor
            | Context::Document
            | Context::SignUp
            | Context::SecondPerson
            | Context::Factors,
            Command::Accept,
        )
        | (Context::Approvals, Command::Approve | Command::Refuse)
        | (Context::EnterCode, Command::Resend)
        | (Context::Verified, Command::Logout) => true,
        (Context::DashboardField, Command::Accept) => model.dashboard.as_ref().is_some_and(|it| {
            it.typing.as_ref().is_some_and(|it| it.purpose != TypingPurpose::Filter)
        }),
        (Context::EnterCode, Command::Accept) => match &model.screen {
            Screen::EnterCode(entry) => {
                entry.typed.0.len() == usize::from(model.shared.place.code_length)
            }
            _ => false,
        },
        (Context::Confirm, Command::Quit | Command::Interrupt) => {
            shown(model).question == Some(Question::Quit)
        }
        _ => false,
    }
}

/// A command that a key gave, if the key can have been meant for it.
pub(in crate::tui) fn pass(turn: &mut Turn<'_>, command: Command, at: Now) {
    if !is_act(turn.model, command) {
        return dispatch::perform(turn, command);
    }
    if is_too_small(turn.model) {
        return turn.step(keyboard::say_too_small);
    }
    match refusal(turn.model, at) {
        Some(text) => turn.step(|step| step.hint(Tone::Warning, text)),
        None => perform_or_defer(turn, command, at),
    }
}

/// Why an act is not done for the key that came last; none where it is.
fn refusal(model: &mut Model, at: Now) -> Option<&'static str> {
    let at_the_boxes = is_for_codes(model);
    let max_behind = if is_field(model) { MIN_SCAN_CHARS } else { 1 };
    let keyboard = &mut model.shared.keyboard;
    if keyboard.repeats > 0 {
        keyboard.deferred = None;
        return Some(HELD);
    }
    if keyboard.is_unread(at) {
        return Some(TOO_SOON);
    }
    let is_text = keyboard.last.is_some_and(|(key, _)| text_field::types(key));
    let before = keyboard.burst.length.saturating_sub(usize::from(is_text));
    let is_behind = keyboard.is_in_burst(at) && before >= max_behind && !at_the_boxes;
    is_behind.then_some(SCANNED)
}

/// Does an act, or defers it where the next key may tell that this one was none of a person's.
fn perform_or_defer(turn: &mut Turn<'_>, command: Command, at: Now) {
    let keyboard = &mut turn.model.shared.keyboard;
    let is_text = keyboard.last.is_some_and(|(key, _)| text_field::types(key));
    let wait = if is_text {
        MAX_BURST_GAP
    } else if keyboard.since_same.is_some_and(|it| it <= MAX_REPEAT_DELAY) {
        MAX_REPEAT_GAP
    } else {
        return dispatch::perform(turn, command);
    };
    keyboard.defer(DeferredAct::Command(command), at, wait);
}
