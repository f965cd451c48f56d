//! From the bytes a terminal sends to keys and pasted text.
//!
//! The sequences are those of xterm and of what imitates it (screen, tmux,
//! `PuTTY`, rxvt), those of the Linux console and the VT100 where they differ,
//! and those of the kitty keyboard protocol and of modifyOtherKeys, which a
//! program that crashed may have left on. A report of the terminal or of its mouse
//! is read to its end: none of it is ever typed, and all of it is
//! dropped but the answers to [`ground_query`].
//!
//! Bytes are taken one at a time, so it does not matter how the line cuts them.
//! Only silence matters, since a lone Esc begins like every sequence: see
//! [`Decoder::timeout`].

mod sequences;
#[cfg(test)]
mod tests;

use std::mem;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

use crate::tui::terminal::ground_query::{self, TerminalAnswer};

/// One input from the terminal.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// A key. It may be a digit of a code: never log it.
    Key(KeyEvent),
    /// Text pasted in one piece.
    Paste(Zeroizing<String>),
    /// What the terminal answers about itself.
    Answer(TerminalAnswer),
    /// There is no terminal any more.
    Ended,
}

/// Text longer than this is not pasted into any field of ours.
const MAX_PASTE_BYTES: usize = 64 * 1_024;

/// No key has a sequence longer than this; the rest of a longer one is dropped.
const MAX_SEQUENCE_BYTES: usize = 64;

/// A character this soon after Esc was sent with it: Alt and that key.
const ALT_KEY_TIMEOUT: Duration = Duration::from_millis(40);

/// How much longer the rest of an escape sequence may take; without it, it was
/// the Esc key. A slow line pauses for a fifth of a second between two bytes.
const ESCAPE_KEY_TIMEOUT: Duration = Duration::from_millis(210);

/// How long a sequence that has certainly begun may pause.
const SEQUENCE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a paste or a terminal's answer may pause. Without a limit, an end
/// that was lost on a broken line would leave the keyboard dead.
const PASTE_TIMEOUT: Duration = Duration::from_secs(2);

const PASTE_END: &[u8] = b"\x1b[201~";
const NONE: KeyModifiers = KeyModifiers::NONE;

/// Puts sequences together from the pieces they come in.
#[derive(Debug, Default)]
pub struct Decoder {
    state: DecoderState,
    /// What belongs to the state: parameters, the bytes of a character, a paste.
    bytes: Zeroizing<Vec<u8>>,
    inputs: Vec<Input>,
}

/// What the bytes so far are the beginning of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum DecoderState {
    /// Nothing.
    #[default]
    Ground,
    /// The Enter key, which some terminals and scanners send as CR LF.
    Return,
    /// A character of several bytes; `alt` where Esc came before it.
    Character { alt: bool, length: usize },
    /// An escape sequence, or the Esc key; `late` after [`ALT_KEY_TIMEOUT`].
    Escape { late: bool },
    /// What follows `ESC [`.
    Csi,
    /// What follows `ESC [ [`: a function key of the Linux console.
    Console,
    /// What follows `ESC O`.
    Ss3,
    /// A mouse report in the old form: so many characters are still to come.
    Mouse { left: u8 },
    /// A terminal's answer (OSC, DCS, APC, PM, SOS), begun by this letter; up
    /// to BEL or `ESC \`.
    Answer { first: u8, begun: bool },
    /// An Esc within an answer.
    AnswerEscape { is_osc: bool },
    /// Pasted text.
    Paste,
}

impl Decoder {
    /// Takes bytes in; gives what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if self.state == (DecoderState::Escape { late: true }) && !goes_on(bytes) {
            self.key(KeyCode::Esc, NONE);
            self.state = DecoderState::Ground;
        }
        for byte in bytes {
            self.take(*byte);
        }
        mem::take(&mut self.inputs)
    }

    /// How long to wait for the rest of what has begun; none where nothing has.
    pub fn timeout(&self) -> Option<Duration> {
        match self.state {
            DecoderState::Ground | DecoderState::Return => None,
            DecoderState::Escape { late: false } => Some(ALT_KEY_TIMEOUT),
            DecoderState::Escape { late: true } => Some(ESCAPE_KEY_TIMEOUT),
            DecoderState::Answer { begun: false, .. }
            | DecoderState::Character { .. }
            | DecoderState::Csi
            | DecoderState::Console
            | DecoderState::Ss3
            | DecoderState::Mouse { .. } => Some(SEQUENCE_TIMEOUT),
            DecoderState::Answer { .. }
            | DecoderState::AnswerEscape { .. }
            | DecoderState::Paste => Some(PASTE_TIMEOUT),
        }
    }

    /// The rest did not come in time: a lone Esc was the key, a letter after it
    /// was Alt and that letter, and a paste whose end was lost on the way is
    /// what came of it. Anything else is dropped.
    pub fn give_up(&mut self) -> Vec<Input> {
        match mem::take(&mut self.state) {
            DecoderState::Escape { late: false } => {
                self.state = DecoderState::Escape { late: true }
            }
            DecoderState::Escape { late: true } => self.key(KeyCode::Esc, NONE),
            DecoderState::Ss3 if self.bytes.is_empty() => self.alt('O'),
            DecoderState::Csi if self.bytes.is_empty() => self.alt('['),
            DecoderState::Answer { first, begun: false } => self.alt(char::from(first)),
            DecoderState::Paste => self.paste(),
            _ => {}
        }
        if !matches!(self.state, DecoderState::Escape { .. }) {
            self.bytes.clear();
        }
        mem::take(&mut self.inputs)
    }

    fn take(&mut self, byte: u8) {
        match self.state {
            DecoderState::Ground => self.ground(byte),
            DecoderState::Return => {
                self.state = DecoderState::Ground;
                if byte != b'\n' {
                    self.ground(byte);
                }
            }
            DecoderState::Character { alt, length } => self.character(byte, alt, length),
            DecoderState::Csi => self.csi(byte),
            DecoderState::Console => {
                self.state = DecoderState::Ground;
                if let b'A'..=b'E' = byte {
                    self.key(KeyCode::F(byte - b'A' + 1), NONE);
                } else if byte < 0x20 {
                    self.ground(byte);
                }
            }
            DecoderState::Ss3 => self.ss3(byte),
            DecoderState::Mouse { left } => self.mouse(byte, left),
            DecoderState::Answer { .. } => self.answer(byte),
            DecoderState::AnswerEscape { is_osc } if byte == b'\\' => self.answered(is_osc),
            DecoderState::AnswerEscape { .. } if byte == 0x1b => {}
            // What comes after an Esc of its own is no answer any more.
            DecoderState::AnswerEscape { .. } => {
                self.bytes.clear();
                self.escape(byte);
            }
            DecoderState::Escape { .. } => self.escape(byte),
            DecoderState::Paste => self.pasted(byte),
        }
    }

    /// What comes without an escape: a control character or a character of text.
    fn ground(&mut self, byte: u8) {
        self.bytes.clear();
        match byte {
            0x1b => self.state = DecoderState::Escape { late: false },
            b'\r' => {
                self.key(KeyCode::Enter, NONE);
                self.state = DecoderState::Return;
            }
            _ => self.plain(byte, false),
        }
    }

    fn plain(&mut self, byte: u8, alt: bool) {
        let held = if alt { KeyModifiers::ALT } else { NONE };
        let length = match byte {
            b'\r' | b'\n' => return self.key(KeyCode::Enter, held),
            // Shift-Tab of the Linux console.
            b'\t' if alt => return self.key(KeyCode::BackTab, KeyModifiers::SHIFT),
            b'\t' => return self.key(KeyCode::Tab, held),
            // Some terminals send one for the Backspace key, some the other.
            0x7f | 0x08 => return self.key(KeyCode::Backspace, held),
            0x01..=0x1a => {
                let letter = char::from(byte - 1 + b'a');
                return self.key(KeyCode::Char(letter), held | KeyModifiers::CONTROL);
            }
            0x20..=0x7e => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0x9f if !alt => return self.control(byte),
            _ => return,
        };
        self.state = DecoderState::Character { alt, length };
        self.character(byte, alt, length);
    }

    /// A byte of a character. One that does not belong there begins anew.
    fn character(&mut self, byte: u8, alt: bool, length: usize) {
        if !self.bytes.is_empty() && !(0x80..=0xbf).contains(&byte) {
            self.state = DecoderState::Ground;
            return self.ground(byte);
        }
        self.bytes.push(byte);
        if self.bytes.len() < length {
            return;
        }
        self.state = DecoderState::Ground;
        let text = std::str::from_utf8(&self.bytes).ok();
        if let Some(char) = text.and_then(|text| text.chars().next()) {
            if let '\u{80}'..='\u{9f}' = char {
                let control = self.bytes[length - 1];
                self.bytes.clear();
                return self.control(control);
            }
            let shift = if char.is_uppercase() { KeyModifiers::SHIFT } else { NONE };
            let alt = if alt { KeyModifiers::ALT } else { NONE };
            self.key(KeyCode::Char(char), shift | alt);
        }
        self.bytes.clear();
    }

    /// A control character of eight bits, which stands for Esc and a letter. No key sends
    /// one; answers of old terminals begin so.
    fn control(&mut self, byte: u8) {
        let letter = byte - 0x40;
        if matches!(letter, b'[' | b'O' | b']' | b'P' | b'_' | b'^' | b'X') {
            self.escape(letter);
        }
    }

    fn escape(&mut self, byte: u8) {
        self.state = DecoderState::Ground;
        match byte {
            b'[' => self.state = DecoderState::Csi,
            b'O' => self.state = DecoderState::Ss3,
            b']' | b'P' | b'_' | b'^' | b'X' => {
                self.state = DecoderState::Answer { first: byte, begun: false };
            }
            0x1b => {
                self.key(KeyCode::Esc, NONE);
                self.state = DecoderState::Escape { late: false };
            }
            _ => self.plain(byte, true),
        }
    }

    fn csi(&mut self, byte: u8) {
        match byte {
            // The line lost the end of a sequence: this begins anew.
            0x00..=0x1f => {
                self.state = DecoderState::Ground;
                self.ground(byte);
            }
            b'[' if self.bytes.is_empty() => self.state = DecoderState::Console,
            b'M' if self.bytes.is_empty() => self.state = DecoderState::Mouse { left: 3 },
            // rxvt ends a key with Shift so; in an answer it stands before the end.
            b'$' if !self.bytes.starts_with(b"?") => self.end(byte),
            0x40..=0x7e => self.end(byte),
            _ if self.bytes.len() < MAX_SEQUENCE_BYTES => self.bytes.push(byte),
            _ => {}
        }
    }

    /// The last byte of what follows `ESC [`.
    fn end(&mut self, last: u8) {
        self.state = DecoderState::Ground;
        if self.bytes.as_slice() == b"200" && last == b'~' {
            self.state = DecoderState::Paste;
        } else if self.bytes.starts_with(b"?") && last == b'c' {
            self.inputs.push(Input::Answer(TerminalAnswer::Attributes));
        } else if self.bytes.len() < MAX_SEQUENCE_BYTES
            && let Some(key) = sequences::csi(&self.bytes, last)
        {
            self.inputs.push(Input::Key(key));
        }
        self.bytes.clear();
    }

    fn ss3(&mut self, byte: u8) {
        match byte {
            0x00..=0x1f => {
                self.state = DecoderState::Ground;
                self.ground(byte);
            }
            b'0'..=b'9' | b';' if self.bytes.len() < MAX_SEQUENCE_BYTES => self.bytes.push(byte),
            _ => {
                self.state = DecoderState::Ground;
                if let Some(key) = sequences::ss3(&self.bytes, byte) {
                    self.inputs.push(Input::Key(key));
                }
                self.bytes.clear();
            }
        }
    }

    /// A byte of a mouse report in the old form: the button and two places. Of
    /// a place sent as a character of two bytes the second does not count.
    fn mouse(&mut self, byte: u8, left: u8) {
        if byte < 0x20 {
            self.state = DecoderState::Ground;
            return self.ground(byte);
        }
        let goes_on = matches!(self.bytes.last(), Some(0xc2..=0xdf)) && byte & 0xc0 == 0x80;
        self.bytes.push(byte);
        if goes_on {
            return;
        }
        self.state = DecoderState::Mouse { left: left - 1 };
        if left == 1 {
            self.state = DecoderState::Ground;
            if let Some(code) = self.bytes.first().and_then(|it| sequences::wheel(*it)) {
                self.key(code, NONE);
            }
            self.bytes.clear();
        }
    }

    fn answer(&mut self, byte: u8) {
        let DecoderState::Answer { first, begun } = &mut self.state else { return };
        let is_osc = *first == b']';
        match byte {
            0x1b => self.state = DecoderState::AnswerEscape { is_osc },
            0x07 => self.answered(is_osc),
            // No answer has a line's end in it, nor CAN or SUB: the end was lost, and
            // the keyboard comes back.
            b'\r' | b'\n' | 0x18 | 0x1a => {
                self.state = DecoderState::Ground;
                self.bytes.clear();
            }
            _ => {
                *begun = true;
                // What is longer is no answer that is asked for.
                if is_osc && self.bytes.len() <= MAX_SEQUENCE_BYTES {
                    self.bytes.push(byte);
                }
            }
        }
    }

    /// An answer is whole.
    fn answered(&mut self, is_osc: bool) {
        self.state = DecoderState::Ground;
        let known = is_osc && self.bytes.len() <= MAX_SEQUENCE_BYTES;
        let answer = known.then(|| ground_query::read(&self.bytes)).flatten();
        self.inputs.extend(answer.map(Input::Answer));
        self.bytes.clear();
    }

    fn pasted(&mut self, byte: u8) {
        // Of a text that is too long the end is kept, where its end will be.
        if self.bytes.len() >= MAX_PASTE_BYTES + PASTE_END.len() {
            self.bytes.drain(..MAX_PASTE_BYTES / 2);
        }
        self.bytes.push(byte);
        if self.bytes.ends_with(PASTE_END) {
            self.state = DecoderState::Ground;
            let text = self.bytes.len() - PASTE_END.len();
            self.bytes.truncate(text);
            self.paste();
            self.bytes.clear();
        }
    }

    fn paste(&mut self) {
        let text = Zeroizing::new(String::from_utf8_lossy(&self.bytes).into_owned());
        self.inputs.push(Input::Paste(text));
    }

    fn alt(&mut self, char: char) {
        self.key(KeyCode::Char(char), KeyModifiers::ALT);
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.inputs.push(Input::Key(KeyEvent::new(code, modifiers)));
    }
}

/// Whether bytes that come later than [`ALT_KEY_TIMEOUT`] go on with the sequence that an
/// Esc began, and are not keys pressed after it. Nobody types `[` or `]` there;
/// a capital letter can begin a name, unless more came with it. A digit is the
/// second way to a function key, for keyboards where Alt does not arrive.
const fn goes_on(bytes: &[u8]) -> bool {
    matches!(bytes, [b'[' | b']', ..] | [b'1'..=b'4'] | [b'O' | b'P' | b'X' | b'_' | b'^', _, ..])
}
