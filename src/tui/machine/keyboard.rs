//! What is known of the keys that came last: enough to tell a person from a
//! barcode scanner and from a key that is held down. The rules that follow from it
//! are those of `tui::app::input_gate`.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use zeroize::Zeroizing;

use crate::tui::machine::keymap::{Command, Context};
use crate::tui::machine::navigation::Question;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::text_field;
use crate::tui::theme::size;

/// How long a screen must have been there before a key can have been meant for it.
pub(in crate::tui) const MIN_READING_TIME: Duration = Duration::from_millis(150);

/// A key that is held down comes again this soon, on the slowest keyboards too.
pub(in crate::tui) const MAX_REPEAT_GAP: Duration = Duration::from_millis(120);

/// A key that is held down does not come sooner than this; a line that stalled
/// brings what was typed at once.
const MIN_REPEAT_GAP: Duration = Duration::from_millis(15);

/// Characters this close are a burst: scanners type them 1 to 60 ms apart.
pub(in crate::tui) const MAX_BURST_GAP: Duration = Duration::from_millis(80);

/// A burst of so many characters was not typed by hand.
pub(in crate::tui) const MIN_SCAN_CHARS: usize = 4;

/// The bytes of a burst that are kept for a search.
const MAX_BURST_BYTES: usize = 120;

/// The same digit so often in a row, as fast as a held key, is a held key.
const MAX_REPEATED_DIGITS: u16 = 3;

const TOO_SMALL: &str = "This window is too small for that, so nothing was done. Make it larger, \
                         then press the key again.";

/// The keys that came last, and since when the screen has been there.
#[derive(Debug, Default)]
pub struct Keyboard {
    /// The last key, and when it was read.
    pub last: Option<(KeyEvent, Now)>,
    /// How long before it the same key came; none where another came before it.
    pub since_same: Option<Duration>,
    /// How often it came again as fast as a key that is held down.
    pub repeats: u16,
    /// The characters that came last, one close upon the other.
    pub burst: Burst,
    /// What is on the screen, and since when.
    pub shown: Option<(Shown, Now)>,
    /// What is done later, unless a key comes first.
    pub deferred: Option<Deferred>,
}

/// Characters that came faster than anybody types.
#[derive(Debug, Default)]
pub struct Burst {
    /// How many there are.
    pub length: usize,
    /// When the first of them was read.
    pub began: Option<Now>,
    /// When the last of them was read.
    pub ended: Option<Now>,
    /// Whether there is more among them than digits and what stands between them.
    pub has_letters: bool,
    /// They are known to come from a scanner.
    pub is_scan: bool,
    /// The digits in the code boxes before the first of them.
    pub digits_before: usize,
    /// The characters, as far as a search has room for them.
    pub text: Zeroizing<String>,
}

/// What the clerk looks at, as far as it matters for what a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The part that has the keyboard.
    pub context: Context,
    /// The question that is open.
    pub question: Option<Question>,
    /// Nothing is to be seen, since the window is too small.
    pub is_hidden: bool,
    /// Less is to be seen than whoever acts has to see.
    pub is_too_small: bool,
}

/// Something that is done at a moment, unless a key comes first that shows what
/// it was.
#[derive(Clone, Copy, Debug)]
pub struct Deferred {
    /// What is to be done.
    pub what: DeferredAct,
    /// Since when.
    pub since: Now,
    /// When it is done.
    pub due: Now,
}

/// What can be deferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferredAct {
    /// What a key means.
    Command(Command),
    /// Checking the code, which is complete.
    CheckCode,
}

/// What becomes of a code that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum CodeCheck {
    /// It is checked.
    Now,
    /// It is checked unless something follows it at once.
    Deferred,
    /// Enter checks it.
    ByEnter,
    /// Enter checks it once the window is large enough.
    TooSmall,
}

impl Keyboard {
    /// Whether what is shown was not read yet when a key came.
    pub(in crate::tui) fn is_unread(&self, at: Now) -> bool {
        self.shown.is_some_and(|(_, since)| at < since + MIN_READING_TIME)
    }

    /// Whether a key came close behind a character.
    pub(in crate::tui) fn is_in_burst(&self, at: Now) -> bool {
        self.burst.ended.is_some_and(|then| at.saturating_duration_since(then) <= MAX_BURST_GAP)
    }

    /// Defers something that a key gave.
    pub(in crate::tui) fn defer(&mut self, what: DeferredAct, since: Now, by: Duration) {
        self.deferred = Some(Deferred { what, since, due: since + by });
    }

    /// Whether the check of a complete code is deferred.
    pub(in crate::tui) fn defers_check(&self) -> bool {
        self.deferred.is_some_and(|it| it.what == DeferredAct::CheckCode)
    }
}

impl Burst {
    /// Counts a character among those that came close upon each other. `typed` is how many
    /// digits are in the code boxes.
    pub(in crate::tui) fn push(&mut self, key: &KeyEvent, at: Now, typed: usize) {
        let KeyCode::Char(char) = key.code else { return };
        let goes_on =
            self.ended.is_some_and(|then| at.saturating_duration_since(then) <= MAX_BURST_GAP);
        if !goes_on {
            *self = Self { began: Some(at), digits_before: typed, ..Self::default() };
        }
        self.length += 1;
        self.ended = Some(at);
        let is_between = char == '-' || char.is_whitespace();
        self.has_letters |= !is_between && text_field::digit(char).is_none();
        if self.text.len() < MAX_BURST_BYTES {
            self.text.push(char);
        }
    }
}

/// What becomes of the code whose last digit was just typed.
pub(in crate::tui) fn check_of_code(step: &mut Step<'_>) -> CodeCheck {
    if size::is_too_small(step.shared.size) {
        return CodeCheck::TooSmall;
    }
    let keyboard = &mut step.shared.keyboard;
    let Some((key, at)) = keyboard.last else { return CodeCheck::ByEnter };
    let is_held = key.kind == KeyEventKind::Repeat
        || (keyboard.repeats >= MAX_REPEATED_DIGITS && keyboard.since_same >= Some(MIN_REPEAT_GAP));
    if keyboard.is_unread(at) || is_held {
        return CodeCheck::ByEnter;
    }
    if keyboard.burst.length >= MIN_SCAN_CHARS {
        keyboard.defer(DeferredAct::CheckCode, at, MAX_BURST_GAP);
        return CodeCheck::Deferred;
    }
    CodeCheck::Now
}

/// Says that the window is too small for what a key would do.
pub(in crate::tui) fn say_too_small(step: &mut Step<'_>) {
    step.hint(Tone::Warning, TOO_SMALL);
}
