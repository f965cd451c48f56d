//! What the complete sequences mean.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::tui::terminal::decoder::NONE;

/// One parameter: a number and what stands behind its colons.
#[derive(Clone, Copy, Debug, Default)]
struct Parameter<'a> {
    number: Option<u32>,
    rest: &'a [u8],
}

impl<'a> Parameter<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let end = bytes.iter().position(|it| *it == b':').unwrap_or(bytes.len());
        Self { number: number(&bytes[..end]), rest: bytes.get(end + 1..).unwrap_or_default() }
    }

    /// The number behind the first colon.
    fn second(self) -> Option<u32> {
        self.rest.split(|it| *it == b':').next().and_then(number)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What `ESC [`, these parameters and this last byte mean; nothing where it is
/// no key.
pub(in crate::tui) fn csi(parameters: &[u8], last: u8) -> Option<KeyEvent> {
    if let Some(mouse) = parameters.strip_prefix(b"<") {
        let button = mouse.split(|it| *it == b';').next().and_then(number);
        return match (button, last) {
            (Some(64), b'M') => Some(KeyEvent::new(KeyCode::Up, NONE)),
            (Some(65), b'M') => Some(KeyEvent::new(KeyCode::Down, NONE)),
            _ => None,
        };
    }
    // What else has a mark before its parameters is an answer; and a key has
    // nothing between them and the end.
    if !parameters.iter().all(|it| it.is_ascii_digit() || matches!(it, b';' | b':')) {
        return None;
    }
    let mut all = parameters.split(|it| *it == b';').map(Parameter::read);
    let mut next = || all.next().unwrap_or_default();
    let (first, second, third) = (next(), next(), next());
    if all.next().is_some() {
        return None;
    }
    let number = first.number;
    match last {
        b'u' => key(first, second, third.number),
        b'~' if number == Some(27) => {
            let code = Parameter { number: third.number, rest: &[] };
            key(code, second, None)
        }
        b'~' => with(numbered(number?)?, second),
        // rxvt: with Shift, with Control, with both.
        b'$' => with_bits(numbered(number?)?, 1),
        b'^' => with_bits(numbered(number?)?, 4),
        b'@' if number.is_some() => with_bits(numbered(number?)?, 5),
        b'a'..=b'd' if parameters.is_empty() => with_bits(letter(last.to_ascii_uppercase())?, 1),
        b'Z' => Some(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
        // A mouse report with numbers; and where the cursor is, unless it is F3.
        b'M' => None,
        b'R' if number.is_some_and(|it| it != 1) || third.number.is_some() => None,
        // Some terminals send the modifiers alone.
        _ if second.number.is_none() && number.is_some() => with(letter(last)?, first),
        _ if number.is_some_and(|it| it != 1) => None,
        _ => with(letter(last)?, second),
    }
}

/// What `ESC O`, these parameters and this last byte mean.
pub(in crate::tui) fn ss3(parameters: &[u8], last: u8) -> Option<KeyEvent> {
    let code = match last {
        b'M' => KeyCode::Enter,
        b'I' => KeyCode::Tab,
        b' ' => KeyCode::Char(' '),
        b'X' => KeyCode::Char('='),
        // The keypad: * + , - . / and the digits, each in its place.
        b'j'..=b'y' => KeyCode::Char(char::from(last - b'j' + b'*')),
        b'a'..=b'd' => return with_bits(letter(last.to_ascii_uppercase())?, 4),
        _ => letter(last)?,
    };
    // The modifiers are the last parameter, or the only one.
    let held = parameters.split(|it| *it == b';').next_back().unwrap_or_default();
    with(code, Parameter::read(held))
}

/// The wheel in a mouse report of the old form.
pub(in crate::tui) const fn wheel(button: u8) -> Option<KeyCode> {
    match button {
        0x60 => Some(KeyCode::Up),
        0x61 => Some(KeyCode::Down),
        _ => None,
    }
}

/// A key with the modifiers of a parameter: one more than their bits, and
/// behind a colon whether it went down, goes on or came up.
fn with(code: KeyCode, held: Parameter<'_>) -> Option<KeyEvent> {
    let mut key = with_bits(code, bits(held))?;
    key.kind = kind(held)?;
    Some(key)
}

fn bits(held: Parameter<'_>) -> u32 {
    held.number.unwrap_or(1).saturating_sub(1)
}

/// None where the key came up: it meant its thing when it went down.
fn kind(held: Parameter<'_>) -> Option<KeyEventKind> {
    match held.second() {
        None | Some(1) => Some(KeyEventKind::Press),
        Some(2) => Some(KeyEventKind::Repeat),
        Some(_) => None,
    }
}

const SHIFT: u32 = 1;
const CONTROL: u32 = 4;
/// Super, Hyper and Meta: such a key is meant for the window manager.
const ELSEWHERE: u32 = 8 | 16 | 32;
const CAPS_LOCK: u32 = 64;

fn with_bits(code: KeyCode, bits: u32) -> Option<KeyEvent> {
    if bits & ELSEWHERE != 0 {
        return None;
    }
    let held = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(NONE, |all, (_, modifier)| all | modifier);
    Some(match code {
        KeyCode::Tab if held.contains(KeyModifiers::SHIFT) => {
            KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)
        }
        KeyCode::Enter | KeyCode::Esc | KeyCode::Backspace => {
            KeyEvent::new(code, held.difference(KeyModifiers::SHIFT))
        }
        _ => KeyEvent::new(code, held),
    })
}

/// A key by the number of its character (kitty's `CSI u`, modifyOtherKeys).
fn key(code: Parameter<'_>, held: Parameter<'_>, text: Option<u32>) -> Option<KeyEvent> {
    let mut bits = bits(held);
    let number = code.number?;
    let code = if let Some(code) = functional(number) {
        code
    } else {
        let typed = text.or_else(|| code.second().filter(|_| bits & SHIFT != 0));
        let plain = char::from_u32(number).filter(|it| !it.is_control())?;
        if FUNCTIONAL.contains(&number) {
            return None;
        }
        let char = match typed.and_then(char::from_u32).filter(|it| !it.is_control()) {
            Some(typed) if bits & CONTROL == 0 => typed,
            _ => cased(plain, bits),
        };
        match char {
            // As a terminal of old sends them: they are these keys.
            'h' | 'i' | 'j' | 'm' | '[' if bits & CONTROL != 0 && bits & SHIFT == 0 => {
                bits &= !CONTROL;
                match char {
                    'h' => KeyCode::Backspace,
                    'i' => KeyCode::Tab,
                    '[' => KeyCode::Esc,
                    _ => KeyCode::Enter,
                }
            }
            char => KeyCode::Char(char),
        }
    };
    let mut key = with_bits(code, bits)?;
    if let KeyCode::Char(char) = key.code
        && bits & CONTROL == 0
    {
        key.modifiers.set(KeyModifiers::SHIFT, char.is_uppercase());
    }
    key.kind = kind(held)?;
    Some(key)
}

/// A letter as Shift and Caps Lock make it; with Control it stays as it is.
fn cased(char: char, bits: u32) -> char {
    let one = |mut it: std::char::ToUppercase| if it.len() == 1 { it.next() } else { None };
    if bits & CONTROL != 0 {
        return char.to_ascii_lowercase();
    }
    let upper = (bits & SHIFT != 0) != (bits & CAPS_LOCK != 0);
    if upper { one(char.to_uppercase()).unwrap_or(char) } else { char }
}

/// Characters for private use, which kitty takes for keys that have none.
const FUNCTIONAL: std::ops::RangeInclusive<u32> = 0xe000..=0xf8ff;

/// Kitty's numbers for keys without a character, and those of old.
fn functional(number: u32) -> Option<KeyCode> {
    Some(match number {
        13 | 57_414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        9 => KeyCode::Tab,
        127 | 8 => KeyCode::Backspace,
        57_399..=57_408 => KeyCode::Char(char::from_digit(number - 57_399, 10)?),
        57_409 => KeyCode::Char('.'),
        57_410 => KeyCode::Char('/'),
        57_411 => KeyCode::Char('*'),
        57_412 => KeyCode::Char('-'),
        57_413 => KeyCode::Char('+'),
        57_415 => KeyCode::Char('='),
        57_416 => KeyCode::Char(','),
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        _ => return None,
    })
}

const fn letter(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

const fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11 => KeyCode::F(1),
        12 => KeyCode::F(2),
        13 => KeyCode::F(3),
        14 => KeyCode::F(4),
        15 => KeyCode::F(5),
        17 => KeyCode::F(6),
        18 => KeyCode::F(7),
        19 => KeyCode::F(8),
        20 => KeyCode::F(9),
        21 => KeyCode::F(10),
        23 => KeyCode::F(11),
        24 => KeyCode::F(12),
        _ => return None,
    })
}
