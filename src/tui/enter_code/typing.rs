//! The digits in the code boxes: typed, pasted, and why they are not taken.

use crossterm::event::{KeyCode, KeyEvent};
use zeroize::Zeroizing;

use crate::domain::request::Status;
use crate::service::messages;
use crate::tui::enter_code::state::EnterCode;
use crate::tui::enter_code::update::{self, ACTING, CHECKING, code_length};
use crate::tui::machine::keyboard::{self, CodeCheck};
use crate::tui::machine::keymap::{self, Command, Context};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_lost;
use crate::tui::machine::text_field::{self, digit};

const CHECK_TYPED: &str = "Press Enter to check the code.";
const ONLY_DIGITS: &str = "A code has digits only; that key typed nothing.";
const CHECK_PASTED: &str = "Press Enter to check the pasted code.";
const NO_CODE_PASTED: &str = "The clipboard holds no code; nothing was entered.";

pub(in crate::tui) fn key(entry: &mut EnterCode, step: &mut Step<'_>, key: KeyEvent) {
    let is_text = text_field::types(key);
    match key.code {
        _ if entry.verifying.is_some() && is_text => store_lost::wait(step, CHECKING),
        _ if entry.verifying.is_some() => {}
        KeyCode::Backspace => {
            entry.typed.0.pop();
        }
        KeyCode::Char(char) if is_text => match digit(char) {
            Some(digit) => type_digit(entry, step, digit),
            None if char == '-' || char.is_whitespace() => {}
            None => step.hint(Tone::Plain, ONLY_DIGITS),
        },
        _ => {}
    }
}

fn type_digit(entry: &mut EnterCode, step: &mut Step<'_>, digit: char) {
    let length = code_length(step);
    if !entry.is_open() {
        return say_what_helps(entry, step);
    }
    if entry.typed.0.len() >= length {
        return step.hint(Tone::Plain, CHECK_TYPED);
    }
    entry.typed.0.push(digit);
    if entry.typed.0.len() == length {
        match keyboard::check_of_code(step) {
            CodeCheck::Now => update::verify(entry, step),
            CodeCheck::Deferred => {}
            CodeCheck::ByEnter => step.hint(Tone::Plain, CHECK_TYPED),
            CodeCheck::TooSmall => keyboard::say_too_small(step),
        }
    }
}

/// Digits are taken from the clipboard, but never sent off by it: the clerk
/// looks first, and presses Enter.
pub(in crate::tui) fn paste(entry: &mut EnterCode, step: &mut Step<'_>, text: &str) {
    let length = code_length(step);
    if entry.verifying.is_some() {
        return;
    }
    if !entry.is_open() {
        return say_what_helps(entry, step);
    }
    let Some(digits) = pasted_digits(text, length) else {
        return step.hint(Tone::Warning, NO_CODE_PASTED);
    };
    let all = entry.typed.0.len() + digits.len();
    if digits.len() == length {
        entry.typed.0.clear();
    } else if all > length {
        let text = format!("A code has {length} digits; with what was pasted these are {all}.");
        return step.hint(Tone::Warning, text);
    }
    entry.typed.0.push_str(&digits);
    if entry.typed.0.len() == length {
        step.hint(Tone::Plain, CHECK_PASTED);
    }
}

/// The digits of `text` without spaces and dashes; none where it holds
/// anything else, no digit, or more digits than a code has.
fn pasted_digits(text: &str, length: usize) -> Option<Zeroizing<String>> {
    let mut digits = Zeroizing::new(String::with_capacity(length));
    for char in text.chars() {
        match (char, digit(char)) {
            (_, Some(digit)) if digits.len() < length => digits.push(digit),
            ('-' | '\u{2010}'..='\u{2014}', _) => {}
            (char, _) if char.is_whitespace() => {}
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some(digits)
}

/// Digits for a code that takes none: what was said when it ended may still be
/// up, and the same words again would look as if nothing had happened.
fn say_what_helps(entry: &EnterCode, step: &mut Step<'_>) {
    if entry.acting.is_some() {
        return store_lost::wait(step, ACTING);
    }
    if entry.is_customer_locked() {
        let help = messages::CUSTOMER_LOCKED_HELP;
        let text = format!("No code is taken while the customer is locked. {help}");
        return step.say(Tone::Warning, text);
    }
    let happened = match entry.request.status {
        Status::Open => return,
        Status::Expired => "The code has expired.",
        Status::Locked => "The code is locked.",
        Status::Verified => "The code was used; it works once.",
        Status::Superseded => "The code was replaced by a later one.",
        Status::Cancelled => "The code was cancelled.",
    };
    let resend = keymap::key_name(Context::EnterCode, Command::Resend);
    let change = keymap::key_name(Context::EnterCode, Command::ChangeContact);
    let other = match entry.request.status {
        // It may have been the contact that changed.
        Status::Cancelled => format!(", {change} shows the customer's other contacts"),
        _ => String::new(),
    };
    step.say(Tone::Warning, format!("{happened} {resend} sends a new code{other}."));
}
