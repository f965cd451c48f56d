//! From the bytes a terminal sends to keys and pasted text.
//!
//! The sequences are those of xterm and of what imitates it (screen, tmux),
//! and those of the Linux console and the VT100 where they differ.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

/// One thing the terminal said.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// A key. It may be a digit of a code: never log it.
    Key(KeyEvent),
    /// Text pasted in one piece.
    Paste(Zeroizing<String>),
    /// There is no terminal any more.
    Ended,
}

/// Text longer than this is not pasted into any field of ours.
const LONGEST_PASTE: usize = 64 * 1_024;

/// How long the rest of an escape sequence may take; without it, it was the
/// Esc key.
const ESCAPE: Duration = Duration::from_millis(40);

/// How long a paste may pause. Without a limit, an end that was lost on a broken
/// line would leave the keyboard dead.
const PASTE: Duration = Duration::from_secs(2);

const PASTE_END: &[u8] = b"\x1b[201~";
const NONE: KeyModifiers = KeyModifiers::NONE;

/// Puts sequences together from the pieces they come in.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Zeroizing<Vec<u8>>,
    pasting: bool,
}

/// What the bytes at the beginning of the buffer are.
enum Found {
    /// An input, and how many bytes it took.
    Input(Input, usize),
    /// Bytes that mean nothing here.
    Nothing(usize),
    /// Text is being pasted from here on.
    PasteBegins(usize),
    /// The beginning of something.
    More,
}

impl Decoder {
    /// Takes bytes in; gives what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.bytes.extend_from_slice(bytes);
        let mut inputs = Vec::new();
        while !self.bytes.is_empty() {
            let found = if self.pasting { self.paste() } else { sequence(&self.bytes) };
            let taken = match found {
                Found::More => break,
                Found::Nothing(taken) => taken,
                Found::PasteBegins(taken) => {
                    self.pasting = true;
                    taken
                }
                Found::Input(input, taken) => {
                    inputs.push(input);
                    taken
                }
            };
            let taken = taken.min(self.bytes.len());
            self.bytes.drain(..taken);
        }
        inputs
    }

    /// How long to wait for the rest of what has begun; none where nothing has.
    pub fn patience(&self) -> Option<Duration> {
        if self.pasting {
            return Some(PASTE);
        }
        (!self.bytes.is_empty()).then_some(ESCAPE)
    }

    /// The rest did not come: a lone Esc was the key, and a paste whose end was
    /// lost on the way is what came of it. Anything else is dropped.
    pub fn give_up(&mut self) -> Vec<Input> {
        if self.pasting {
            self.pasting = false;
            let bytes = std::mem::take(&mut self.bytes);
            let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
            return vec![Input::Paste(text)];
        }
        let escape = self.bytes.as_slice() == b"\x1b";
        self.bytes.clear();
        if escape { vec![key(KeyCode::Esc, NONE)] } else { Vec::new() }
    }

    fn paste(&mut self) -> Found {
        let end = self.bytes.windows(PASTE_END.len()).position(|it| it == PASTE_END);
        let Some(end) = end else {
            // The end may be coming: its beginning is kept.
            let over = self.bytes.len().saturating_sub(LONGEST_PASTE);
            return if over > 0 { Found::Nothing(over) } else { Found::More };
        };
        self.pasting = false;
        let text = Zeroizing::new(String::from_utf8_lossy(&self.bytes[..end]).into_owned());
        Found::Input(Input::Paste(text), end + PASTE_END.len())
    }
}

const fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

const fn found(code: KeyCode, modifiers: KeyModifiers, taken: usize) -> Found {
    Found::Input(key(code, modifiers), taken)
}

fn sequence(bytes: &[u8]) -> Found {
    match bytes {
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b] | [0x1b, b'O'] => Found::More,
        [0x1b, b'O', last, ..] => {
            letter(*last).map_or(Found::Nothing(3), |code| found(code, NONE, 3))
        }
        [0x1b, 0x1b, ..] => found(KeyCode::Esc, NONE, 1),
        [0x1b, rest @ ..] => match character(rest) {
            Found::Input(Input::Key(key), taken) => {
                found(key.code, key.modifiers | KeyModifiers::ALT, taken + 1)
            }
            Found::Nothing(taken) => Found::Nothing(taken + 1),
            other => other,
        },
        _ => character(bytes),
    }
}

/// What comes without an escape: a control character or a character of text.
fn character(bytes: &[u8]) -> Found {
    let Some(first) = bytes.first().copied() else { return Found::More };
    match first {
        b'\r' | b'\n' => found(KeyCode::Enter, NONE, 1),
        b'\t' => found(KeyCode::Tab, NONE, 1),
        // Some terminals send one for the Backspace key, some the other.
        0x7f | 0x08 => found(KeyCode::Backspace, NONE, 1),
        0x01..=0x1a => found(KeyCode::Char(char::from(first - 1 + b'a')), KeyModifiers::CONTROL, 1),
        0x00..=0x1f => Found::Nothing(1),
        _ => text(bytes, first),
    }
}

fn text(bytes: &[u8], first: u8) -> Found {
    let length = match first {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Found::Nothing(1),
    };
    let Some(own) = bytes.get(..length) else {
        let broken = bytes.iter().skip(1).any(|byte| !(0x80..=0xbf).contains(byte));
        return if broken { Found::Nothing(1) } else { Found::More };
    };
    match std::str::from_utf8(own).ok().and_then(|text| text.chars().next()) {
        Some(char) if char.is_uppercase() => {
            found(KeyCode::Char(char), KeyModifiers::SHIFT, length)
        }
        Some(char) => found(KeyCode::Char(char), NONE, length),
        None => Found::Nothing(1),
    }
}

/// What follows `ESC [`.
fn csi(rest: &[u8]) -> Found {
    const START: usize = 2;
    // The Linux console's first five function keys.
    if let [b'[', last, ..] = rest {
        return match last {
            b'A'..=b'E' => found(KeyCode::F(last - b'A' + 1), NONE, START + 2),
            _ => Found::Nothing(START + 2),
        };
    }
    let Some(length) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        // No key has a sequence this long: something else was sent.
        return if rest.len() > 32 { Found::Nothing(START + rest.len()) } else { Found::More };
    };
    if rest == b"[" {
        return Found::More;
    }
    let (parameters, last) = (&rest[..length], rest[length]);
    let taken = START + length + 1;
    if let Some(mouse) = parameters.strip_prefix(b"<") {
        return wheel(mouse, taken);
    }
    let mut numbers = parameters.split(|byte| *byte == b';').map(number);
    let first = numbers.next().flatten();
    let modifiers = modifiers(numbers.next().flatten());
    match (last, first) {
        (b'~', Some(200)) => Found::PasteBegins(taken),
        (b'~', Some(number)) => {
            numbered(number).map_or(Found::Nothing(taken), |code| found(code, modifiers, taken))
        }
        (b'Z', _) => found(KeyCode::BackTab, KeyModifiers::SHIFT, taken),
        (last, _) => {
            letter(last).map_or(Found::Nothing(taken), |code| found(code, modifiers, taken))
        }
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The second parameter is one more than the modifiers' bits.
fn modifiers(parameter: Option<u16>) -> KeyModifiers {
    let bits = parameter.unwrap_or(1).saturating_sub(1);
    [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(NONE, |all, (_, modifier)| all | modifier)
}

const fn letter(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

const fn numbered(number: u16) -> Option<KeyCode> {
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

/// The mouse wheel moves by lines; anything else the mouse does means nothing.
fn wheel(parameters: &[u8], taken: usize) -> Found {
    match parameters.split(|byte| *byte == b';').next().and_then(number) {
        Some(64) => found(KeyCode::Up, NONE, taken),
        Some(65) => found(KeyCode::Down, NONE, taken),
        _ => Found::Nothing(taken),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
        let mut decoder = Decoder::default();
        let mut inputs = decoder.feed(bytes);
        inputs.append(&mut decoder.give_up());
        inputs
            .into_iter()
            .map(|input| match input {
                Input::Key(key) => (key.code, key.modifiers),
                other => panic!("no key: {other:?}"),
            })
            .collect()
    }

    fn one(bytes: &[u8]) -> (KeyCode, KeyModifiers) {
        let keys = keys(bytes);
        assert_eq!(keys.len(), 1, "{bytes:?}: {keys:?}");
        keys[0]
    }

    #[test]
    fn keys_are_read_as_every_terminal_sends_them() {
        let cases: [(&[u8], KeyCode, KeyModifiers); 26] = [
            (b"a", KeyCode::Char('a'), NONE),
            (b"A", KeyCode::Char('A'), KeyModifiers::SHIFT),
            ("ñ".as_bytes(), KeyCode::Char('ñ'), NONE),
            ("😀".as_bytes(), KeyCode::Char('😀'), NONE),
            (b"\r", KeyCode::Enter, NONE),
            (b"\n", KeyCode::Enter, NONE),
            (b"\t", KeyCode::Tab, NONE),
            (b"\x7f", KeyCode::Backspace, NONE),
            (b"\x08", KeyCode::Backspace, NONE),
            (b"\x12", KeyCode::Char('r'), KeyModifiers::CONTROL),
            (b"\x1b", KeyCode::Esc, NONE),
            (b"\x1bb", KeyCode::Char('b'), KeyModifiers::ALT),
            (b"\x1b\x7f", KeyCode::Backspace, KeyModifiers::ALT),
            (b"\x1b[A", KeyCode::Up, NONE),
            (b"\x1bOB", KeyCode::Down, NONE),
            (b"\x1b[1;5D", KeyCode::Left, KeyModifiers::CONTROL),
            (b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT),
            (b"\x1b[1~", KeyCode::Home, NONE),
            (b"\x1b[4~", KeyCode::End, NONE),
            (b"\x1b[3~", KeyCode::Delete, NONE),
            (b"\x1b[6~", KeyCode::PageDown, NONE),
            (b"\x1bOP", KeyCode::F(1), NONE),
            (b"\x1b[[B", KeyCode::F(2), NONE),
            (b"\x1b[13~", KeyCode::F(3), NONE),
            (b"\x1b[24~", KeyCode::F(12), NONE),
            (b"\x1b[<64;10;5M", KeyCode::Up, NONE),
        ];
        for (bytes, code, modifiers) in cases {
            assert_eq!(one(bytes), (code, modifiers), "{bytes:?}");
        }
    }

    #[test]
    fn a_sequence_may_come_in_pieces() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b"), []);
        assert_eq!(decoder.patience(), Some(ESCAPE));
        assert_eq!(decoder.feed(b"[1;"), []);
        assert_eq!(decoder.feed(b"5C"), [key(KeyCode::Right, KeyModifiers::CONTROL)]);
        assert_eq!(decoder.patience(), None);
        assert_eq!(decoder.feed(&"é".as_bytes()[..1]), []);
        assert_eq!(decoder.feed(&"é".as_bytes()[1..]), [key(KeyCode::Char('é'), NONE)]);
    }

    #[test]
    fn a_paste_is_one_piece_however_it_comes() {
        let mut decoder = Decoder::default();
        let mut inputs = Vec::new();
        for piece in [b"\x1b[200~12\r".as_slice(), b"34\x1b[20", b"1~x"] {
            inputs.append(&mut decoder.feed(piece));
        }
        assert_eq!(
            inputs,
            [Input::Paste(Zeroizing::new("12\r34".into())), key(KeyCode::Char('x'), NONE)]
        );
    }

    #[test]
    fn a_paste_without_an_end_does_not_swallow_the_keyboard() {
        let mut decoder = Decoder::default();
        assert!(decoder.feed(b"\x1b[200~123").is_empty());
        assert_eq!(decoder.patience(), Some(PASTE));
        let text = Zeroizing::new("123".to_owned());
        assert_eq!(decoder.give_up(), [Input::Paste(text)]);
        assert_eq!(decoder.patience(), None);
        assert_eq!(decoder.feed(b"4"), [key(KeyCode::Char('4'), NONE)]);
    }

    #[test]
    fn what_is_not_known_does_nothing() {
        assert_eq!(keys(b"\x1b[?1;2c\x1b[99~\x00\xff\x1b[[Z"), []);
        assert_eq!(one(b"\x1b[<0;10;5Ma").0, KeyCode::Char('a'));
        assert_eq!(keys(b"\x1b[12"), [], "a sequence cut off is dropped");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_and_none_are_kept_for_ever(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..16)
        ) {
            let mut decoder = Decoder::default();
            for piece in &pieces {
                decoder.feed(piece);
            }
            decoder.pasting = false;
            decoder.give_up();
            prop_assert!(decoder.bytes.is_empty());
        }

        #[test]
        fn text_comes_out_as_it_was_typed(text in "[ -~à-ÿ一-龥]{0,40}") {
            let typed: String = keys(text.as_bytes())
                .into_iter()
                .map(|(code, _)| match code { KeyCode::Char(char) => char, _ => '\0' })
                .collect();
            prop_assert_eq!(typed, text);
        }
    }
}
