//! Text fields: what is typed or pasted is made safe before it goes in.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::backend::crossterm::EventHandler as _;
use tui_input::{Input, InputRequest};

use crate::domain::text;

/// The longest text a field takes, in characters: longer than any name.
const MAX_FIELD_CHARS: usize = 120;

/// Edits the field by a key; whether its text has changed.
pub(in crate::tui) fn edit(input: &mut Input, key: KeyEvent) -> bool {
    if let KeyCode::Char(char) = key.code
        && (text::clean(char.encode_utf8(&mut [0; 4])).is_empty() || is_full(input))
        && !key.modifiers.intersects(KeyModifiers::CONTROL)
    {
        return false;
    }
    input.handle_event(&Event::Key(key)).is_some_and(|changed| changed.value)
}

/// Changes a field; whether its text has changed. New text takes the place of what was
/// kept in it from before; a change of what is there makes it the clerk's own.
pub(in crate::tui) fn change(
    input: &mut Input,
    kept: &mut bool,
    is_new: bool,
    change: impl FnOnce(&mut Input) -> bool,
) -> bool {
    if !(*kept && is_new) {
        *kept = false;
        return change(input);
    }
    let mut fresh = Input::default();
    let is_changed = change(&mut fresh);
    if is_changed {
        *input = fresh;
    }
    *kept = !is_changed;
    is_changed
}

/// Whether a key types a character of its own.
pub(in crate::tui) fn types(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(_)) && key.modifiers.difference(KeyModifiers::SHIFT).is_empty()
}

/// The digit that a character is: also one of full width, or in Arabic, Persian
/// or Devanagari, as other keyboards type them.
pub(in crate::tui) fn digit(char: char) -> Option<char> {
    let zero = ['0', '\u{ff10}', '\u{660}', '\u{6f0}', '\u{966}'];
    let value = |zero: char| u32::from(char).checked_sub(zero.into()).filter(|it| *it < 10);
    zero.into_iter().find_map(value).and_then(|value| char::from_digit(value, 10))
}

/// Puts pasted text in at the cursor; whether anything was.
pub(in crate::tui) fn insert(input: &mut Input, pasted: &str) -> bool {
    let mut changed = false;
    for char in text::clean(pasted).trim().chars() {
        if is_full(input) {
            break;
        }
        changed |= input.handle(InputRequest::InsertChar(char)).is_some();
    }
    changed
}

fn is_full(input: &Input) -> bool {
    input.value().chars().count() >= MAX_FIELD_CHARS
}
