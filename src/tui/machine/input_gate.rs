//! The gate before every act that sends, judges, withdraws, logs out or leaves.
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
//! 2. What came on the screen less than [`SEEN`] ago was not read yet: no act.
//! 3. Enter within [`DOUBLE`] of Enter is the same Enter (CR LF, CR CR), for
//!    every screen. An act's key that comes again within [`REPEAT`] is held down:
//!    neither of the two is done. So that the first is not done before the second
//!    is there, the same key as before is held back for that long.
//! 4. Characters less than [`RUN`] apart are a run. From [`SCAN`] of them on, with
//!    letters among them, with more digits than a code has or with an Enter close
//!    behind, the run is a scan. In a field for text a scan is text, and its Enter
//!    searches; elsewhere nothing comes of it, and digits that it put into the
//!    boxes are taken out again. No act's key counts so close behind a character,
//!    and no control character behind a scan, which ends it on some scanners.
//! 5. The last digit of a code checks it by itself. At the end of a run that
//!    waits for [`RUN`]: more would make it a scan. A code that came with its
//!    Enter in one read was typed while the line stalled, and is checked.
//!    The last digit of a key that is held down, or on a screen that was not read
//!    yet, checks nothing; Enter does then.
//! 6. Ctrl-Q after Ctrl-S is a terminal's flow control, and no key.
//!
//! What a person loses by it: Enter twice within [`SEEN`] of the next screen has
//! to be pressed once more, and the second press is done [`REPEAT`] later. Nothing
//! is done ahead for a screen that is not there yet, however slow the store is:
//! the clerk sees first who was chosen. Letters, Enter, Enter and six digits at a
//! typist's pace verify without a key more.
//!
//! What is refused here is said, except where the key was no key.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use crate::tui::machine::keymap::{Command, Context};
use crate::tui::machine::model::{
    Face, HeldBack, Keyboard, Model, Overlay, Question, Run, Screen, Tone, Withheld,
};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{dispatch, field};
use crate::tui::{enter_code, layout, overlays};

/// How long a screen must have been there before a key can have been meant for it.
const SEEN: Duration = Duration::from_millis(150);

/// Two Enters this close are one.
const DOUBLE: Duration = Duration::from_millis(60);

/// A key that is held down comes again this soon, on the slowest keyboards too.
const REPEAT: Duration = Duration::from_millis(120);

/// Characters this close are a run: scanners type them 1 to 60 ms apart.
const RUN: Duration = Duration::from_millis(80);

/// A run of so many characters was not typed by hand.
const SCAN: usize = 4;

/// The same key within this time may be the first one of a key that is held down:
/// it begins to come again after a quarter of a second to a whole one.
const AGAIN: Duration = Duration::from_millis(1_100);

/// A key that is held down does not come sooner than this; a line that stalled
/// brings what was typed at once.
const AT_ONCE: Duration = Duration::from_millis(15);

/// The same digit so often in a row, as fast as a held key.
const HELD_DIGITS: u16 = 3;

const TOO_SOON: &str = "That key came before this screen could be read, so nothing was done. \
                        Press it again.";
const HELD: &str = "A key that is held down does nothing here. Let it go, then press it once.";
const TOO_SMALL: &str = "This window is too small for that, so nothing was done. Make it larger, \
                         then press the key again.";
const SCANNED: &str = "That came as fast as from a scanner, so nothing was done. Go to the search \
                       to look it up.";
const SCANNED_CODE: &str = "That came as fast as from a scanner, so no code was checked. Type the \
                            code from the customer's message.";

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Key {
    /// It means what it says.
    Goes,
    /// Nothing comes of it.
    Stops,
}

/// What becomes of a code that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Judging {
    /// It is checked.
    Now,
    /// It is checked unless something follows it at once.
    Soon,
    /// Enter checks it.
    ByEnter,
    /// Enter checks it once the window is large enough.
    TooSmall,
}

fn face(model: &Model) -> Face {
    let (width, height) = model.size;
    let question = match model.overlay {
        Some(Overlay::Confirm(question)) => Some(question),
        _ => None,
    };
    let is_hidden = layout::areas(model, Rect::new(0, 0, width, height)).is_none();
    let is_too_small = layout::is_too_small(model.size);
    Face { context: model.context(), question, is_hidden, is_too_small }
}

/// Remembers since when what is shown is shown.
pub(in crate::tui) fn look(step: &mut Step<'_>) {
    let now = face(step.model);
    if step.model.keyboard.shown.is_none_or(|(before, _)| before != now) {
        step.model.keyboard.shown = Some((now, step.now));
        // It was meant for what was there before.
        step.model.keyboard.held_back = None;
    }
}

/// When something that was held back is due.
pub fn held_back_due(model: &Model) -> Option<Now> {
    model.keyboard.held_back.map(|it| it.due)
}

/// Does what was held back and is due by `at`. A key that comes first undoes it
/// where it came too close to be another one of a person's.
pub(in crate::tui) fn settle(step: &mut Step<'_>, at: Now, next: Option<&KeyEvent>) {
    let Some(held) = step.model.keyboard.held_back else { return };
    let is_command = matches!(held.what, Withheld::Command(_));
    if held.due > at {
        let last = step.model.keyboard.last.map(|(key, _)| (key.code, key.modifiers));
        let is_other = next.is_some_and(|it| Some((it.code, it.modifiers)) != last);
        if !is_other || !is_command {
            return;
        }
        if at.saturating_duration_since(held.since) <= RUN {
            step.model.keyboard.held_back = None;
            return;
        }
    }
    step.model.keyboard.held_back = None;
    match held.what {
        Withheld::Command(command) => dispatch::perform(step, command),
        Withheld::Code => enter_code::update::check(step),
    }
    look(step);
}

/// Takes note of a key before it means anything, and stops what is none.
pub(in crate::tui) fn enter(step: &mut Step<'_>, key: &KeyEvent, at: Now) -> Key {
    let is_text = field::types(*key);
    let typed = step.entry().map_or(0, |entry| entry.typed.0.len());
    let before = step.model.keyboard.last.replace((*key, at));
    let same = before.filter(|(it, _)| it.code == key.code && it.modifiers == key.modifiers);
    let since = same.map(|(_, then)| at.saturating_duration_since(then));
    let keyboard = &mut step.model.keyboard;
    keyboard.since_same = since;
    let is_repeated = since.is_some_and(|it| it <= REPEAT) || key.kind == KeyEventKind::Repeat;
    keyboard.repeats = if is_repeated { keyboard.repeats.saturating_add(1) } else { 0 };
    if is_hidden(step.model) {
        return Key::Stops;
    }
    if is_text {
        run(&mut step.model.keyboard.run, key, at, typed);
        return text(step);
    }
    let in_run = is_in_run(&step.model.keyboard, at);
    match key.code {
        // What some scanners frame a scan with, such as STX and ETX.
        KeyCode::Char(_)
            if in_run
                && key.modifiers == KeyModifiers::CONTROL
                && step.model.keyboard.run.length >= SCAN =>
        {
            step.model.keyboard.run.ended = Some(at);
            Key::Stops
        }
        KeyCode::Enter if in_run && step.model.keyboard.run.is_scan && !is_field(step.model) => {
            Key::Stops
        }
        KeyCode::Enter if since.is_some_and(|it| it <= DOUBLE) => {
            step.model.keyboard.held_back = None;
            Key::Stops
        }
        KeyCode::Enter if in_run && step.model.context() == Context::Entry => {
            enter_behind(step, at)
        }
        KeyCode::Char('q') if key.modifiers == KeyModifiers::CONTROL => {
            let is_ctrl_s =
                |it: &KeyEvent| (it.code, it.modifiers) == (KeyCode::Char('s'), key.modifiers);
            if before.is_some_and(|(it, _)| is_ctrl_s(&it)) { Key::Stops } else { Key::Goes }
        }
        _ => Key::Goes,
    }
}

/// What goes even while nothing can be seen. Leaving takes the key twice, as the
/// screen says.
pub(in crate::tui) fn hidden(step: &mut Step<'_>, command: Command, at: Now) {
    let is_asking = overlays::update::is_asking_to_quit(step.model);
    let is_meant = step.model.keyboard.repeats == 0 && !is_new(&step.model.keyboard, at);
    match command {
        Command::Redraw => dispatch::perform(step, command),
        Command::Back if is_asking => step.model.overlay = None,
        Command::Quit | Command::Interrupt
            if !overlays::update::is_at_stake(step.model) && (!is_asking || is_meant) =>
        {
            overlays::update::quit(step);
        }
        _ => {}
    }
}

/// Says that the window is too small for what a key would do.
pub(in crate::tui) fn say_too_small(step: &mut Step<'_>) {
    step.hint(Tone::Warning, TOO_SMALL);
}

/// Whether too little can be seen for what a command does. Leaving is another
/// thing where nothing is lost by it: a small window may be all that there is.
fn is_too_small(model: &Model) -> bool {
    let stays = !overlays::update::is_asking_to_quit(model);
    layout::is_too_small(model.size) && (stays || overlays::update::is_at_stake(model))
}

pub(in crate::tui) fn is_hidden(model: &Model) -> bool {
    face(model).is_hidden
}

/// Counts a character among those that came close upon each other.
fn run(run: &mut Run, key: &KeyEvent, at: Now, typed: usize) {
    let KeyCode::Char(char) = key.code else { return };
    let goes_on = run.ended.is_some_and(|then| at.saturating_duration_since(then) <= RUN);
    if !goes_on {
        *run = Run { began: Some(at), before: typed, ..Run::default() };
    }
    run.length += 1;
    run.ended = Some(at);
    let is_between = char == '-' || char.is_whitespace();
    run.has_letters |= !is_between && enter_code::update::digit(char).is_none();
    if run.text.len() < 120 {
        run.text.push(char);
    }
}

fn is_in_run(keyboard: &Keyboard, at: Now) -> bool {
    keyboard.run.ended.is_some_and(|then| at.saturating_duration_since(then) <= RUN)
}

/// Whether characters are text where the keyboard is.
fn is_field(model: &Model) -> bool {
    matches!(model.context(), Context::Find | Context::LogFilter | Context::Palette)
}

/// A character: one more of a scan, where that is known by now, and no text.
fn text(step: &mut Step<'_>) -> Key {
    if is_field(step.model) {
        return Key::Goes;
    }
    let waits = step.model.keyboard.held_back.is_some_and(|it| it.what == Withheld::Code);
    let at_the_boxes = step.model.context() == Context::Entry;
    let run = &mut step.model.keyboard.run;
    run.is_scan |= run.length >= SCAN && (waits || !at_the_boxes || run.has_letters);
    if !run.is_scan {
        return Key::Goes;
    }
    scanned(step);
    Key::Stops
}

/// A scan that came where it means nothing: what it did is undone, and said.
fn scanned(step: &mut Step<'_>) {
    let keyboard = &mut step.model.keyboard;
    keyboard.run.is_scan = true;
    keyboard.held_back = None;
    let (before, text) = (keyboard.run.before, keyboard.run.text.to_string());
    if let Some(entry) = step.entry().filter(|entry| entry.verifying.is_none()) {
        entry.typed.0.truncate(before);
        return step.hint(Tone::Warning, SCANNED_CODE);
    }
    // Going back to the search finds it there.
    if step.send().is_some() {
        step.model.search = text;
    }
    step.hint(Tone::Warning, SCANNED);
}

/// Enter close behind characters at the boxes.
fn enter_behind(step: &mut Step<'_>, at: Now) -> Key {
    let keyboard = &mut step.model.keyboard;
    if keyboard.run.length < SCAN {
        return Key::Goes;
    }
    let in_one_read = keyboard.run.began == Some(at);
    let is_whole = keyboard.held_back.is_some_and(|it| it.what == Withheld::Code);
    let is_checked = step.entry().is_some_and(|entry| entry.verifying.is_some());
    if in_one_read && is_whole {
        step.model.keyboard.held_back = None;
        enter_code::update::check(step);
    } else if in_one_read || is_checked {
        return Key::Goes;
    } else {
        scanned(step);
    }
    Key::Stops
}

/// Whether a command does something that cannot be undone.
fn is_act(model: &Model, command: Command) -> bool {
    match (model.context(), command) {
        (Context::Send | Context::Confirm | Context::Palette, Command::Accept)
        | (Context::Entry, Command::Resend)
        | (Context::Verified, Command::Logout) => true,
        (Context::Entry, Command::Accept) => match &model.screen {
            Screen::Entry(entry) => entry.typed.0.len() == usize::from(model.place.code_length),
            _ => false,
        },
        (Context::Confirm, Command::Quit | Command::Interrupt) => {
            face(model).question == Some(Question::Quit)
        }
        _ => false,
    }
}

/// A command that a key gave, if the key can have been meant for it.
pub(in crate::tui) fn pass(step: &mut Step<'_>, command: Command, at: Now) {
    if !is_act(step.model, command) {
        return dispatch::perform(step, command);
    }
    if is_too_small(step.model) {
        return say_too_small(step);
    }
    let context = step.model.context();
    let close = if is_field(step.model) { SCAN } else { 1 };
    let keyboard = &mut step.model.keyboard;
    let is_text = keyboard.last.is_some_and(|(key, _)| field::types(key));
    let run = keyboard.run.length.saturating_sub(usize::from(is_text));
    if keyboard.repeats > 0 {
        keyboard.held_back = None;
        return step.hint(Tone::Warning, HELD);
    }
    if is_new(keyboard, at) {
        return step.hint(Tone::Warning, TOO_SOON);
    }
    if is_in_run(keyboard, at) && run >= close && context != Context::Entry {
        return step.hint(Tone::Warning, SCANNED);
    }
    let wait = if is_text {
        RUN
    } else if keyboard.since_same.is_some_and(|it| it <= AGAIN) {
        REPEAT
    } else {
        return dispatch::perform(step, command);
    };
    let what = Withheld::Command(command);
    keyboard.held_back = Some(HeldBack { what, since: at, due: at + wait });
}

/// Whether what is shown was not read yet when a key came.
fn is_new(keyboard: &Keyboard, at: Now) -> bool {
    keyboard.shown.is_some_and(|(_, since)| at < since + SEEN)
}

/// What becomes of the code whose last digit was just typed.
pub(in crate::tui) fn judging(step: &mut Step<'_>) -> Judging {
    if layout::is_too_small(step.model.size) {
        return Judging::TooSmall;
    }
    let keyboard = &mut step.model.keyboard;
    let Some((key, at)) = keyboard.last else { return Judging::ByEnter };
    let is_held = key.kind == KeyEventKind::Repeat
        || (keyboard.repeats >= HELD_DIGITS && keyboard.since_same >= Some(AT_ONCE));
    if is_new(keyboard, at) || is_held {
        return Judging::ByEnter;
    }
    if keyboard.run.length >= SCAN {
        let what = Withheld::Code;
        keyboard.held_back = Some(HeldBack { what, since: at, due: at + RUN });
        return Judging::Soon;
    }
    Judging::Now
}
