//! What the system reports to the machine. What the user means by a key is a
//! [`Command`](crate::tui::machine::keymap::Command), found by the keymap from here.

use crossterm::event::KeyEvent;

use crate::service::api::Answer;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::store_clock::Now;
use crate::tui::terminal::color::Ground;
use zeroize::Zeroizing;

/// One thing that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key went down, and was read at that moment. Its `Debug` may show a digit:
    /// never log a message.
    Key(KeyEvent, Now),
    /// Text was pasted in one piece (bracketed paste).
    Paste(Zeroizing<String>),
    /// The terminal has a new size, in columns and rows.
    Resize(u16, u16),
    /// The terminal says what it draws on.
    Ground(Ground),
    /// The store says that something may have changed.
    StoreChanged,
    /// The change feed finds that the store is lost, or is back.
    Reached(Result<(), Failure>),
    /// The moment named by `next_wake` has come.
    Wake,
    /// The program was stopped and goes on: nobody knows how long it stood.
    Resumed,
    /// The connection to the store broke in the middle of an effect, which is
    /// retried until it is answered.
    Broke(EffectId, Failure),
    /// The desk says that nobody has signed in here, or does no longer sit here.
    SignInNeeded,
    /// A file was written, at this place, or why it was not.
    Written(Result<String, String>),
    /// The program is to end, whoever says so.
    End,
    /// The desk answered an effect.
    Answer(EffectId, Box<Answer<Failure>>),
}

/// Why an effect failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One or two sentences for the clerk.
    pub text: String,
    /// Whether it was the connection to the store that failed.
    pub lost: bool,
    /// Whether the store is there and lets it wait: for its turn, or for room.
    pub waits: bool,
    /// Whether it was asked for, and waits for a second admin.
    pub awaits_approval: bool,
}
