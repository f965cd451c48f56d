//! What is known of the keys that came last: enough to tell a person from a
//! barcode scanner and from a key that is held down.

use std::time::Duration;

use crossterm::event::KeyEvent;
use zeroize::Zeroizing;

use crate::tui::machine::keymap::{Command, Context};
use crate::tui::machine::model::Question;
use crate::tui::machine::store_clock::Now;

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
    pub run: Run,
    /// What is on the screen, and since when.
    pub shown: Option<(Face, Now)>,
    /// What waits for what comes next, or for nothing to come.
    pub held_back: Option<HeldBack>,
}

/// Characters that came faster than anybody types.
#[derive(Debug, Default)]
pub struct Run {
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
    pub before: usize,
    /// The characters, as far as a search has room for them.
    pub text: Zeroizing<String>,
}

/// What the clerk looks at, as far as it matters for what a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// The part that has the keyboard.
    pub context: Context,
    /// The question that is open.
    pub question: Option<Question>,
    /// Nothing is to be seen, since the window is too small.
    pub is_hidden: bool,
    /// Less is to be seen than whoever acts has to see.
    pub is_too_small: bool,
}

/// Something that is done at a moment, unless a key comes first that tells what
/// it was.
#[derive(Clone, Copy, Debug)]
pub struct HeldBack {
    /// What is to be done.
    pub what: Withheld,
    /// Since when.
    pub since: Now,
    /// When it is done.
    pub due: Now,
}

/// What can be held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// What a key means.
    Command(Command),
    /// Checking the code, which is complete.
    Code,
}
