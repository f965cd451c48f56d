//! What the system reports to the machine. What the user means by a key is a
//! [`Command`](crate::tui::machine::keymap::Command), found by the keymap from here.

use crossterm::event::KeyEvent;

use crate::domain::customer::{Account, Customer};
use crate::domain::delivery::SendReport;
use crate::domain::delivery_stats::DeliveryStats;
use crate::domain::event::{Event, EventPage};
use crate::domain::request::Request;
use crate::domain::session::Session;
use crate::service::customers::lookup::{ChannelChoice, SearchResult};
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::ports::TrayMessage;
use crate::service::verification::request::CodeRequestOutcome;
use crate::service::verification::verify::Verification;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::store_clock::{ClockReading, Now};
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
    /// The store says that something may have changed.
    StoreChanged,
    /// Whoever looks out for changes finds that the store is lost, or is back.
    Reached(Result<(), Failure>),
    /// The moment named by `next_wake` has come.
    Wake,
    /// The program was stopped and goes on: nobody knows how long it stood.
    Resumed,
    /// The connection to the store broke in the middle of an effect, which is
    /// told again until it is answered.
    Broke(EffectId, Failure),
    /// The program is to end, whoever says so.
    End,
    /// An effect was carried out.
    Reply(EffectId, Box<Reply>),
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
}

/// A customer as opened.
#[derive(Debug)]
pub struct Opened {
    /// Who it is.
    pub customer: Customer,
    /// The channels open to them.
    pub choices: Vec<ChannelChoice>,
    /// The request whose code can be entered already.
    pub open: Option<Box<Request>>,
}

/// What an effect brought.
#[derive(Debug)]
pub enum Reply {
    /// To `ReadClock`.
    Clock(Result<ClockReading, Failure>),
    /// To `Find`.
    Found(Result<SearchResult, Failure>),
    /// To `Open`; no customer where there is none any more.
    Opened(Result<Option<Opened>, Failure>),
    /// To `Ask`.
    Asked(Result<CodeRequestOutcome, Failure>),
    /// To `Resend`; none where the request is gone.
    Resent(Result<Option<CodeRequestOutcome>, Failure>),
    /// To `Deliver`; none where another terminal has the message by now.
    Delivered(Result<Option<SendReport>, Failure>),
    /// To `Verify`.
    Verified(Result<Verification, Failure>),
    /// To `Cancel`.
    Cancelled(Result<Option<Request>, Failure>),
    /// To `ReadRequest`.
    Request(Result<Option<Request>, Failure>),
    /// To `ReadAccount`.
    Account(Result<Account, Failure>),
    /// To `Touch` and `ReadSession`.
    Session(Result<Option<Session>, Failure>),
    /// To `Logout`.
    LoggedOut(Result<Option<Session>, Failure>),
    /// To `ReadLog`, with the page that was asked for.
    Log(EventPage, Result<Vec<Event>, Failure>),
    /// To `ReadStory`.
    Story(Result<Vec<Event>, Failure>),
    /// To `ReadLines`.
    Lines(Result<BreakerSnapshot, Failure>),
    /// To `ReadFigures`.
    Figures(Result<DeliveryStats, Failure>),
    /// To `ReadTray`.
    Tray(Result<Vec<TrayMessage>, Failure>),
}
