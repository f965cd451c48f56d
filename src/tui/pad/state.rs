//! What a pad knows.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::config::settings::ThemeName;
use crate::domain::code::TypedCode;
use crate::domain::outcome::Outcome;
use crate::domain::pad::PadToken;
use crate::domain::sign_in::TypedSecret;
use crate::service::pads::PadRequest;
use crate::tui::machine::counter_info::Mark;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::store_clock::Now;
use crate::tui::terminal::capabilities::Capabilities;
use crate::tui::theme::Theme;

/// How long the thanks for a right code stay after the counter has gone on.
pub const THANKS_TIME: Duration = Duration::from_secs(8);

/// The pad as a whole.
#[derive(Debug)]
pub struct Pad {
    /// The office's name.
    pub office: String,
    /// What it is where it is not production.
    pub mark: Option<Mark>,
    pub screen: Screen,
    /// The pad's secret; none before it asked to be paired.
    pub token: Option<PadToken>,
    /// The read of what it shows.
    pub reading: Reading,
    /// When that was last asked for.
    pub asked: Option<Now>,
    /// When the pad was last said to be there; none where nobody had to sign in at it.
    pub kept: Option<Now>,
    /// Whether the desk cannot be reached.
    pub is_lost: bool,
    pub leaving: Leaving,
    /// The screen is to be drawn anew, since something else wrote on it.
    pub redraw: bool,
    pub size: (u16, u16),
    pub theme: ThemeName,
    /// Lines and marks in ASCII only.
    pub ascii: bool,
    pub terminal: Capabilities,
    /// The id of the last effect.
    pub last_effect: u64,
    /// A name of this process that no other has; its acts are numbered under it.
    pub process: String,
}

/// Whether the pad is being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    No,
    /// The key was pressed once.
    Asked,
    /// It was pressed again: the program ends.
    Now,
}

/// What stands on the screen.
#[derive(Debug)]
pub enum Screen {
    /// The number from the clerk's screen is typed.
    Pairing(PairingForm),
    /// The clerk is to confirm.
    Waiting,
    Paired(Box<Paired>),
}

/// The number that is typed, and what came of the last one.
#[derive(Debug, Default)]
pub struct PairingForm {
    pub typed: TypedSecret,
    /// The question to the desk under way.
    pub asking: Option<EffectId>,
    /// One sentence for the staff.
    pub said: Option<String>,
}

/// A pad that belongs to a counter.
#[derive(Debug)]
pub struct Paired {
    /// The counter's name.
    pub counter: String,
    /// The request that the counter lets it show.
    pub request: Option<PadRequest>,
    /// The languages to try, the customer's first.
    pub locales: Vec<String>,
    /// The digits typed so far: never more than a code has.
    pub typed: TypedCode,
    /// The entry under way; the boxes are dead until it is answered.
    pub entering: Option<EffectId>,
    /// The report of how many digits are typed that is under way.
    pub telling: Option<EffectId>,
    /// How many the counter was told of.
    pub told: u32,
    /// What the customer is told of the last entry.
    pub said: Option<Said>,
    /// Until when the thanks stay.
    pub thanks_until: Option<Now>,
}

/// What a customer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The code was right.
    Thanks,
    /// It was not, or could not be judged any more.
    Refused(Outcome),
    /// Another message was sent meanwhile.
    Replaced,
    /// Some digits are missing.
    TooShort,
}

impl Pad {
    /// A pad that nobody has paired yet.
    pub fn new(office: String, theme: ThemeName, ascii: bool, process: String) -> Self {
        Self {
            office,
            mark: None,
            screen: Screen::Pairing(PairingForm::default()),
            token: None,
            reading: Reading::default(),
            asked: None,
            kept: None,
            is_lost: false,
            leaving: Leaving::No,
            redraw: false,
            size: (80, 24),
            theme,
            ascii,
            terminal: Capabilities::default(),
            last_effect: 0,
            process,
        }
    }

    /// The theme that is drawn with.
    pub fn drawn_theme(&self) -> Theme {
        Theme::on(self.theme, self.ascii, &self.terminal)
    }

    /// Whether only letters of Latin alphabets can be shown.
    pub const fn is_latin(&self) -> bool {
        self.ascii || self.terminal.console
    }
}

impl Paired {
    /// A pad at a counter, with nothing to show yet.
    pub fn new(counter: String) -> Self {
        Self {
            counter,
            request: None,
            locales: Vec::new(),
            typed: empty(),
            entering: None,
            telling: None,
            told: 0,
            said: None,
            thanks_until: None,
        }
    }

    /// The digits of a code; none where nothing is asked for.
    pub fn digits(&self) -> usize {
        self.request.as_ref().map_or(0, |it| usize::from(it.digits))
    }
}

/// No digits, and room for all: the text never moves in memory, so no copy of it stays behind.
pub(in crate::tui) fn empty() -> TypedCode {
    TypedCode(Zeroizing::new(String::with_capacity(16)))
}
