//! The terminal's answers to what its colours are (OSC 10 and 11), read from the
//! same bytes as the keys; whoever decodes the keys drops them.

use super::color::Rgb;

/// The questions: the colour of text, and the one behind it.
pub const QUESTION: &[u8] = b"\x1b]10;?\x1b\\\x1b]11;?\x1b\\";

/// More than any colour is written with.
const LONGEST: usize = 40;

/// One of the terminal's own colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The colour of text.
    Text(Rgb),
    /// The colour behind it.
    Background(Rgb),
}

/// Finds answers among what a terminal sends, in whatever pieces it comes.
#[derive(Debug, Default)]
pub struct Answers {
    state: State,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Outside,
    Escape,
    Inside,
    InsideEscape,
}

impl Answers {
    /// Takes bytes in; gives the answers that are complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Answer> {
        bytes.iter().filter_map(|byte| self.take(*byte)).collect()
    }

    fn take(&mut self, byte: u8) -> Option<Answer> {
        self.state = match (self.state, byte) {
            (State::Outside, 0x1b) => State::Escape,
            (State::Escape, b']') => {
                self.text.clear();
                State::Inside
            }
            (State::Inside, 0x1b) => State::InsideEscape,
            (State::Inside, 0x07) | (State::InsideEscape, b'\\') => {
                self.state = State::Outside;
                return read(&self.text);
            }
            (State::Inside, b' '..=b'~') if self.text.len() < LONGEST => {
                self.text.push(byte);
                State::Inside
            }
            (_, 0x1b) => State::Escape,
            _ => State::Outside,
        };
        None
    }
}

fn read(text: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(text).ok()?;
    let (which, color) = text.split_once(';')?;
    match which {
        "10" => color_of(color).map(Answer::Text),
        "11" => color_of(color).map(Answer::Background),
        _ => None,
    }
}

/// `rgb:ffff/ffff/ffff`, with one to four digits each, `rgba:…` or `#ffffff`.
fn color_of(text: &str) -> Option<Rgb> {
    if let Some(hex) = text.strip_prefix('#').filter(|hex| hex.len() == 6) {
        let all = u32::from_str_radix(hex, 16).ok()?;
        let [_, red, green, blue] = all.to_be_bytes();
        return Some(Rgb(red, green, blue));
    }
    let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
    let mut parts = parts.split('/').map(part);
    Some(Rgb(parts.next()??, parts.next()??, parts.next()??))
}

/// A share of all that its digits can say, as a byte.
fn part(hex: &str) -> Option<u8> {
    if !(1..=4).contains(&hex.len()) {
        return None;
    }
    let value = u32::from_str_radix(hex, 16).ok()?;
    let most = (1_u32 << (4 * hex.len())) - 1;
    u8::try_from((value * 255 + most / 2) / most).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_terminals_write_them() {
        let white = Rgb(255, 255, 255);
        for (text, answer) in [
            ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", Answer::Background(white)),
            ("\x1b]11;rgb:ff/ff/ff\x07", Answer::Background(white)),
            ("\x1b]10;rgb:f/f/f\x07", Answer::Text(white)),
            ("\x1b]11;rgba:0000/8080/ffff/ffff\x1b\\", Answer::Background(Rgb(0, 128, 255))),
            ("\x1b]11;#fdf6e3\x07", Answer::Background(Rgb(0xfd, 0xf6, 0xe3))),
        ] {
            assert_eq!(Answers::default().feed(text.as_bytes()), [answer], "{text:?}");
            let mut pieces = Answers::default();
            let found: Vec<_> = text.bytes().flat_map(|byte| pieces.feed(&[byte])).collect();
            assert_eq!(found, [answer], "{text:?} byte by byte");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        for text in [
            "481516",
            "\x1b]52;c;ZXZpbA==\x07",
            "\x1b]11;?\x1b\\",
            "\x1b]11;rgb:fffff/0/0\x07",
            "\x1b]11;rgb:zz/0/0\x07",
            "\x1b]11;rgb:ff/ff\x07",
            "\x1b]11;rgb:ff/ff/f\x1b[A\x07",
            "\x1b]11;#ffffff",
            "\x1b]é;rgb:ff/ff/ff\x07",
        ] {
            assert_eq!(Answers::default().feed(text.as_bytes()), [], "{text:?}");
        }
        let long = format!("\x1b]11;{}\x07", "f".repeat(10_000));
        assert_eq!(Answers::default().feed(long.as_bytes()), []);
    }

    #[test]
    fn an_answer_is_found_among_keys() {
        let found = Answers::default().feed(b"da\x1b]10;rgb:0/0/0\x1b\\na\x1b[A\x1b]11;rgb:f/f/f\x07");
        assert_eq!(found, [Answer::Text(Rgb(0, 0, 0)), Answer::Background(Rgb(255, 255, 255))]);
    }
}
