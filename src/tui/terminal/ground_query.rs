//! Asks the terminal for its own colours (OSC 10 and 11), so that the terminal
//! theme takes colours that can be read on them.
//!
//! The question for the device attributes follows: every terminal answers that
//! one, and in order, so that its answer ends the wait where the colours are not
//! answered. The first frame waits for a fifth of a second at most; a key ends the wait too. A
//! later answer changes nothing: colours do not change under a clerk at work.

use std::time::{Duration, Instant};

use crate::config::settings::ThemeName;
use crate::tui::terminal::capabilities::Capabilities;
use crate::tui::terminal::color::{Ground, Rgb};

/// How long an answer counts, and the first frame waits for it.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(180);

/// The text's colour, the background's, the device attributes.
const QUESTION: &[u8] = b"\x1b]10;?\x1b\\\x1b]11;?\x1b\\\x1b[c";

/// What a terminal answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalAnswer {
    /// The colour of text that has none of its own.
    Text(Rgb),
    /// The colour behind it.
    Background(Rgb),
    /// What kind of terminal it is.
    Attributes,
}

/// A question that was asked at `asked`, or none.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroundQuery {
    asked: Option<Instant>,
    ground: Ground,
    is_waiting: bool,
}

impl GroundQuery {
    /// What is asked of a terminal: nothing where the answer would not matter.
    pub const fn question(terminal: &Capabilities) -> &'static [u8] {
        if terminal.has_fixed_colours() && !terminal.console { QUESTION } else { b"" }
    }

    /// The question, asked at `now`. The first frame waits for the answer only
    /// where its colours depend on it.
    pub fn asked(terminal: &Capabilities, theme: ThemeName, now: Instant) -> Self {
        let is_asked = !Self::question(terminal).is_empty();
        Self {
            asked: is_asked.then_some(now),
            ground: terminal.ground,
            is_waiting: is_asked && theme == ThemeName::Terminal,
        }
    }

    /// Until when the first frame waits; none where it does not.
    pub fn waits_until(&self) -> Option<Instant> {
        self.asked.filter(|_| self.is_waiting).map(|asked| asked + ANSWER_TIMEOUT)
    }

    /// Whether the first frame still waits.
    pub fn waits(&self, now: Instant) -> bool {
        self.waits_until().is_some_and(|until| now < until)
    }

    /// The clerk is at work: nothing is waited for.
    pub const fn stop_waiting(&mut self) {
        self.is_waiting = false;
    }

    /// Takes an answer that was read at `at`; gives the terminal's colours, where
    /// it says something of them in time.
    pub fn answer(&mut self, answer: TerminalAnswer, at: Instant) -> Option<Ground> {
        if self.asked.is_none_or(|asked| at > asked + ANSWER_TIMEOUT) {
            return None;
        }
        match answer {
            TerminalAnswer::Text(color) => self.ground.text = Some(color),
            TerminalAnswer::Background(color) => {
                self.ground.background = Some(color);
                self.is_waiting = false;
            }
            TerminalAnswer::Attributes => {
                self.is_waiting = false;
                return None;
            }
        }
        Some(self.ground)
    }
}

/// What the text of an OSC says, from its number on; none where it is no answer
/// to what was asked.
pub(in crate::tui) fn read(osc: &[u8]) -> Option<TerminalAnswer> {
    let (number, color) = std::str::from_utf8(osc).ok()?.split_once(';')?;
    let color = self::color(color)?;
    match number {
        "10" => Some(TerminalAnswer::Text(color)),
        "11" => Some(TerminalAnswer::Background(color)),
        _ => None,
    }
}

/// A colour as X11 writes it: `rgb:ffff/ffff/ffff` with one to four digits each,
/// `rgba:` with one part more, or `#ffffff`.
fn color(text: &str) -> Option<Rgb> {
    if let Some(parts) = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:")) {
        let mut parts = parts.split('/').map(part);
        let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
        return (parts.count() <= 1).then_some(Rgb(red, green, blue));
    }
    let digits = text.strip_prefix('#').filter(|it| it.is_ascii())?;
    let each = match digits.len() {
        length @ (3 | 6 | 9 | 12) => length / 3,
        _ => return None,
    };
    let part_at = |at: usize| part(digits.get(at * each..(at + 1) * each)?);
    Some(Rgb(part_at(0)?, part_at(1)?, part_at(2)?))
}

/// One to four hexadecimal digits, as a share of the most that they can say.
fn part(digits: &str) -> Option<u8> {
    let length = u32::try_from(digits.len()).ok().filter(|it| (1..=4).contains(it))?;
    let is_hex = digits.bytes().all(|it| it.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    let most = 16_u32.pow(length) - 1;
    u8::try_from((value * 255 + most / 2) / most).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::terminal::color::ColorDepth;

    #[test]
    fn colours_are_read_as_terminals_write_them() {
        let white = Rgb(255, 255, 255);
        for (text, expected) in [
            ("rgb:ffff/ffff/ffff", Some(white)),
            ("rgb:ff/ff/ff", Some(white)),
            ("rgb:f/f/f", Some(white)),
            ("rgb:FFF/FFF/FFF", Some(white)),
            ("rgba:ffff/ffff/ffff/8000", Some(white)),
            ("rgb:0000/2b2b/3636", Some(Rgb(0, 0x2b, 0x36))),
            ("rgb:1234/5678/9abc", Some(Rgb(0x12, 0x56, 0x9a))),
            ("#fdf6e3", Some(Rgb(0xfd, 0xf6, 0xe3))),
            ("#fff", Some(white)),
            ("#ffffffffffff", Some(white)),
            ("rgb:ff/ff", None),
            ("rgb:ff/ff/ff/ff/ff", None),
            ("rgb:fffff/ff/ff", None),
            ("rgb:+f/ff/ff", None),
            ("rgb:/ff/ff", None),
            ("#ff", None),
            ("#ffé", None),
            ("?", None),
            ("white", None),
            ("", None),
        ] {
            assert_eq!(color(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_two_colours_that_were_asked_for_are_taken() {
        let black = Rgb(0, 0, 0);
        assert_eq!(read(b"11;rgb:0/0/0"), Some(TerminalAnswer::Background(black)));
        assert_eq!(read(b"10;rgb:0/0/0"), Some(TerminalAnswer::Text(black)));
        for other in ["4;1;rgb:0/0/0", "12;rgb:0/0/0", "11", "52;c;NDgx", "11;?", ""] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
        assert_eq!(read(b"11;\xff"), None);
    }

    fn terminal(depth: ColorDepth) -> Capabilities {
        Capabilities { depth, ground: Ground::default(), console: false }
    }

    #[test]
    fn an_answer_counts_in_time_only() {
        let now = Instant::now();
        let asked = || GroundQuery::asked(&terminal(ColorDepth::Indexed), ThemeName::Terminal, now);
        let white = Rgb(255, 255, 255);
        let mut query = asked();
        assert!(query.waits(now));
        let at = now + ANSWER_TIMEOUT / 2;
        query.answer(TerminalAnswer::Text(Rgb(0, 0, 0)), at);
        assert!(query.waits(at));
        let changed = query.answer(TerminalAnswer::Background(white), at);
        let ground = Ground { text: Some(Rgb(0, 0, 0)), background: Some(white) };
        assert_eq!((changed, query.waits(at)), (Some(ground), false));
        let mut late = asked();
        let at = now + ANSWER_TIMEOUT + Duration::from_millis(1);
        assert!(!late.waits(at));
        assert_eq!(late.answer(TerminalAnswer::Background(white), at), None);
        let mut without = asked();
        assert_eq!(without.answer(TerminalAnswer::Attributes, now), None);
        assert!(!without.waits(now), "it answers nothing more");
        let mut at_work = asked();
        at_work.stop_waiting();
        assert!(!at_work.waits(now));
        assert!(at_work.answer(TerminalAnswer::Background(white), now).is_some());
    }

    #[test]
    fn nothing_is_asked_or_waited_for_where_it_would_not_matter() {
        let now = Instant::now();
        let query = |terminal: &Capabilities, theme| GroundQuery::asked(terminal, theme, now);
        let many = terminal(ColorDepth::True);
        assert!(!query(&many, ThemeName::Light).waits(now));
        for depth in [ColorDepth::Sixteen, ColorDepth::Monochrome] {
            assert!(GroundQuery::question(&terminal(depth)).is_empty());
            let mut query = query(&terminal(depth), ThemeName::Terminal);
            assert!(!query.waits(now));
            assert_eq!(query.answer(TerminalAnswer::Background(Rgb(0, 0, 0)), now), None);
        }
        let console = Capabilities { console: true, ..many };
        assert!(GroundQuery::question(&console).is_empty());
    }
}
