//! All the interface knows. Each screen is a variant that carries what it
//! needs, so that a code cannot be entered without a request and a customer
//! cannot be verified without a session.

use chrono::FixedOffset;
use tui_input::Input;

use super::clock::{Now, StoreClock};
use super::effect::{EffectId, TypedCode};
use super::keymap::{Binding, Context};
use crate::config::settings::ThemeName;
use crate::domain::channel::Channel;
use crate::domain::customer::{Account, Customer};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{Event, EventFilter};
use crate::domain::figures::Figures;
use crate::domain::outcome::Outcome;
use crate::domain::request::Request;
use crate::domain::session::{Session, SessionToken};
use crate::domain::time::Timestamp;
use crate::service::lookup::ChannelChoice;
use crate::service::ports::{Preparing, TrayMessage};
use crate::service::providers::Lines;
use crate::service::request::Refusal;

/// The interface as a whole.
#[derive(Debug)]
pub struct Model {
    /// What does not change while the program runs.
    pub place: Place,
    /// The store's clock; none until it was first read.
    pub clock: Option<StoreClock>,
    /// The reading of it under way. While the store is lost, it is what finds
    /// out that it is back.
    pub reading_clock: Option<EffectId>,
    /// When it was last asked for.
    pub clock_asked: Option<Now>,
    /// How this terminal's own clock is doing.
    pub own_clock: OwnClock,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The colours in use.
    pub theme: ThemeName,
    /// The work.
    pub screen: Screen,
    /// Which part has the keyboard.
    pub focus: Focus,
    /// The log; none while it is closed.
    pub log: Option<LogPanel>,
    /// The log's newest page as it was last read: it is shown again until there
    /// is a newer one.
    pub log_page: Option<LogPage>,
    /// The tray; none while it is closed.
    pub tray: Option<TrayPanel>,
    /// What lies on top of everything.
    pub overlay: Option<Overlay>,
    /// The line that stays until something else is said.
    pub notice: Option<Notice>,
    /// How the parts below are doing, as far as this terminal has seen.
    pub health: Health,
    /// How the providers are doing, as far as any terminal has seen.
    pub providers: Providers,
    /// The program is to end.
    pub quitting: bool,
    /// The id of the last effect.
    pub last_effect: u64,
    /// Effects that are not answered yet.
    pub under_way: Vec<UnderWay>,
    /// What was last searched for: it is there again when the clerk comes back
    /// to the search and is not done with the customer.
    pub search: String,
    /// A name of this process that no other has; its acts are numbered under it.
    pub process: String,
}

impl Model {
    /// The interface as it starts: the search, and nothing known yet.
    pub fn new(place: Place, theme: ThemeName, size: (u16, u16), process: String) -> Self {
        Self {
            place,
            clock: None,
            reading_clock: None,
            clock_asked: None,
            own_clock: OwnClock::default(),
            size,
            theme,
            screen: Screen::Find(Find::default()),
            focus: Focus::Work,
            log: None,
            log_page: None,
            tray: None,
            overlay: None,
            notice: None,
            health: Health::default(),
            providers: Providers::default(),
            quitting: false,
            last_effect: 0,
            under_way: Vec::new(),
            search: String::new(),
            process,
        }
    }

    /// Whether there is room for a panel beside the work.
    pub const fn is_wide(&self) -> bool {
        self.size.0 >= WIDE
    }

    /// The part that has the keyboard: what lies on top, else what has the focus.
    pub fn context(&self) -> Context {
        match (&self.overlay, self.focus, &self.log, &self.tray) {
            (Some(Overlay::Help { .. }), ..) => Context::Help,
            (Some(Overlay::Figures(_)), ..) => Context::Figures,
            (Some(Overlay::Palette(_)), ..) => Context::Palette,
            (Some(Overlay::Confirm(_)), ..) => Context::Confirm,
            (None, Focus::Log, Some(log), _) if log.story.is_some() => Context::Story,
            (None, Focus::Log, Some(log), _) if log.typing.is_some() => Context::LogFilter,
            (None, Focus::Log, Some(_), _) => Context::Log,
            (None, Focus::Tray, _, Some(_)) => Context::Tray,
            _ => match self.screen {
                Screen::Find(_) => Context::Find,
                Screen::Send(_) => Context::Send,
                Screen::Entry(_) => Context::Entry,
                Screen::Verified(_) => Context::Verified,
            },
        }
    }
}

/// Columns from which a panel stands beside the work, not over it.
pub const WIDE: u16 = 110;

/// An effect that is not answered yet.
#[derive(Clone, Debug)]
pub struct UnderWay {
    /// Its name.
    pub id: EffectId,
    /// The part below that has to do it.
    pub by: Below,
    /// Since when.
    pub since: Now,
    /// What it does; none where it only reads.
    pub doing: Option<Doing>,
    /// The connection to the store broke; it is told again.
    pub broke: bool,
}

/// What an effect does that must come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Asks for a code, or for another.
    Ask,
    /// Hands this message over.
    Deliver(DeliveryId),
    /// Checks a code.
    Verify,
    /// Withdraws a request.
    Cancel,
    /// Logs the customer out.
    Logout,
}

/// This terminal's own clock beside the store's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnClock {
    /// It is right, or nobody has looked yet.
    #[default]
    Right,
    /// It is ahead by so many milliseconds, and nobody was told yet.
    Off(i64),
    /// It is off, as was said.
    Told,
}

/// The parts below the interface, as [`Health`] tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// The store.
    Store,
    /// The email provider.
    Email,
    /// The SMS provider.
    Sms,
    /// The WhatsApp provider.
    Whatsapp,
}

impl Below {
    /// The provider of a channel.
    pub const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
            Channel::Whatsapp => Self::Whatsapp,
        }
    }
}

/// Who and where, and the rules that the screens show.
#[derive(Clone, Debug)]
pub struct Place {
    /// The office's name.
    pub office: String,
    /// The counter's name.
    pub counter: String,
    /// The clerk's name.
    pub clerk: String,
    /// Digits of a code.
    pub code_length: u8,
    /// What a verification can be for; never empty.
    pub purposes: Vec<String>,
    /// Whether there is a tray to look into.
    pub has_tray: bool,
    /// What to say beside the office's name: `demo`, `development`; none in production.
    pub mark: Option<&'static str>,
    /// Lines and marks in ASCII only.
    pub ascii: bool,
    /// Nothing moves but the digits.
    pub reduced_motion: bool,
    /// The offset of local time, for clocks people read.
    pub zone: FixedOffset,
}

impl Place {
    /// A moment as the clock on the office's wall shows it.
    pub fn wall_clock(&self, moment: Timestamp) -> String {
        moment.to_utc().with_timezone(&self.zone).format("%H:%M").to_string()
    }
}

/// Which part has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The screen.
    Work,
    /// The log, beside the work or over it.
    Log,
    /// The tray, beside the work or over it.
    Tray,
}

/// The four steps.
#[derive(Debug)]
pub enum Screen {
    /// Find the customer.
    Find(Find),
    /// Choose how to send the code.
    Send(Box<Send>),
    /// Enter the code.
    Entry(Box<Entry>),
    /// Serve the verified customer.
    Verified(Box<Verified>),
}

/// Step one.
#[derive(Debug, Default)]
pub struct Find {
    /// The search field.
    pub input: Input,
    /// Its text is from before: the first letter typed takes its place.
    pub kept: bool,
    /// The last answer; none before the first.
    pub found: Option<Box<Hits>>,
    /// The line that is selected.
    pub selected: usize,
    /// The search under way.
    pub searching: Option<EffectId>,
    /// The customer being opened.
    pub opening: Option<EffectId>,
    /// Enter was pressed before the answer came: take the first hit then, unless
    /// the store keeps the clerk waiting.
    pub accept_first: bool,
    /// When it is searched again by itself, since not all customers can be found
    /// yet.
    pub again: Option<Now>,
    /// The store was lost, so that the search is made when it is back.
    pub waits: bool,
}

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct Hits {
    /// What was searched for.
    pub typed: String,
    /// Customers, the likeliest first.
    pub customers: Vec<Customer>,
    /// Whether there are more.
    pub more: bool,
    /// How far customers have been made ready to be found; none where all are.
    pub preparing: Option<Preparing>,
}

/// Step two.
#[derive(Debug)]
pub struct Send {
    /// For whom.
    pub customer: Customer,
    /// The channels, usable ones first.
    pub choices: Vec<ChannelChoice>,
    /// The channel that is selected.
    pub selected: usize,
    /// The purpose that is selected, among [`Place::purposes`].
    pub purpose: usize,
    /// The act under way; its key is dead until it is answered.
    pub sending: Option<EffectId>,
    /// The customer's code that is still open, when the clerk came back from it.
    pub open: Option<Box<Request>>,
}

/// Step three.
#[derive(Debug)]
pub struct Entry {
    /// Of whom.
    pub customer: Customer,
    /// The channels, for another contact.
    pub choices: Vec<ChannelChoice>,
    /// The purpose, among [`Place::purposes`].
    pub purpose: usize,
    /// The request as last seen.
    pub request: Request,
    /// The digits typed so far: never more than a code has.
    pub typed: TypedCode,
    /// The verification under way; the boxes are dead until it is answered.
    pub verifying: Option<EffectId>,
    /// The resend or the cancellation under way.
    pub acting: Option<EffectId>,
    /// The hand-over of the message under way.
    pub delivering: Option<EffectId>,
    /// The re-reading of the request under way.
    pub reading: Option<EffectId>,
    /// Something changed while it could not be read: read again.
    pub stale: bool,
    /// How the last code ended; none while there was none since the last send.
    pub last: Option<Outcome>,
}

/// Step four.
#[derive(Debug)]
pub struct Verified {
    /// Who was verified.
    pub customer: Customer,
    /// The session as last seen.
    pub session: Session,
    /// Its secret.
    pub token: SessionToken,
    /// What the office has on the customer; none until it was read.
    pub account: Option<Account>,
    /// Lines scrolled down.
    pub scroll: u16,
    /// The reading of the account under way.
    pub reading: Option<EffectId>,
    /// The prolonging or the re-reading of the session under way.
    pub touching: Option<EffectId>,
    /// Something changed while the session was being asked about: ask again.
    pub stale: bool,
    /// When the session was last prolonged.
    pub touched: Now,
    /// When it was last asked about.
    pub checked: Now,
    /// The logout under way.
    pub leaving: Option<EffectId>,
}

/// The log of what happened.
#[derive(Debug, Default)]
pub struct LogPanel {
    /// Entries, newest first; a bounded window of the whole log.
    pub events: Vec<Event>,
    /// Whether there are older ones than the last.
    pub older: bool,
    /// Whether there are newer ones than the first: it was paged too far down
    /// to hold them all.
    pub newer: bool,
    /// The entry that is selected.
    pub selected: usize,
    /// What is shown.
    pub filter: EventFilter,
    /// The filter being typed.
    pub typing: Option<Input>,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Something changed while a reading was under way: read again.
    pub stale: bool,
    /// When the entries were last read, by the store's clock.
    pub read_at: Option<Timestamp>,
    /// One request's story, open over the list.
    pub story: Option<Story>,
}

/// The newest page of the log, without a filter.
#[derive(Debug)]
pub struct LogPage {
    /// Its entries, newest first.
    pub events: Vec<Event>,
    /// Whether there are older ones than the last.
    pub older: bool,
    /// When they were read, by the store's clock.
    pub read_at: Timestamp,
}

/// One request's story.
#[derive(Debug)]
pub struct Story {
    /// Its entries, oldest first; none until they were read.
    pub events: Option<Vec<Event>>,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Lines scrolled down.
    pub scroll: u16,
}

/// The tray of messages that went nowhere.
#[derive(Debug, Default)]
pub struct TrayPanel {
    /// Messages, newest first; a bounded window.
    pub messages: Vec<TrayMessage>,
    /// The message that is selected.
    pub selected: usize,
    /// Lines of it scrolled down.
    pub scroll: u16,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Something changed while a reading was under way: read again.
    pub stale: bool,
}

/// How the providers are doing.
#[derive(Debug, Default)]
pub struct Providers {
    /// As last read.
    pub known: Lines,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// When it was last asked for.
    pub asked: Option<Now>,
    /// Something was written since.
    pub stale: bool,
}

/// What the messages come to.
#[derive(Debug, Default)]
pub struct FiguresPanel {
    /// The figures; none until they were read.
    pub figures: Option<Figures>,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Something was written since.
    pub stale: bool,
    /// Lines scrolled down.
    pub scroll: u16,
}

/// What lies on top of everything.
#[derive(Debug)]
pub enum Overlay {
    /// How messages fare.
    Figures(FiguresPanel),
    /// The keys.
    Help {
        /// Lines scrolled down.
        scroll: u16,
    },
    /// Every command by name.
    Palette(Palette),
    /// A question answered with Enter or Esc.
    Confirm(Question),
}

/// The palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// The field.
    pub input: Input,
    /// What matches, the likeliest first, each as it is called where the user is.
    pub hits: Vec<&'static Binding>,
    /// The line that is selected.
    pub selected: usize,
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Leave, though a code is open or a customer is verified?
    Quit,
    /// Withdraw the code?
    CancelRequest,
}

/// The line of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// One or two sentences.
    pub text: String,
    /// What the sentences are made from again as time goes by.
    pub live: Option<Live>,
}

/// A message that counts down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    /// No code was sent; it says when it may be tried again.
    Refused(Box<Refusal>),
    /// Another code may be sent in a while.
    Cooldown,
    /// The store is lost; said until it is back.
    Lost,
    /// The same, to somebody who chose a customer meanwhile.
    NotChosen,
    /// An effect is told again; said until it is answered.
    Again(EffectId),
}

impl Live {
    /// Whether it holds as long as the store is lost.
    pub const fn is_of_loss(&self) -> bool {
        matches!(self, Self::Lost | Self::NotChosen)
    }
}

impl Notice {
    /// A message that stays as it is.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into(), live: None }
    }
}

/// How a line is meant; the words carry it, the colour only helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// For information.
    Plain,
    /// It worked.
    Good,
    /// Something needs the clerk.
    Warning,
    /// It did not work.
    Bad,
}

/// How the parts below are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The store.
    pub store: Part,
    /// The email provider.
    pub email: Part,
    /// The SMS provider.
    pub sms: Part,
    /// The WhatsApp provider; offices without one never see it.
    pub whatsapp: Part,
}

impl Health {
    /// How one part is doing.
    pub const fn part(&mut self, below: Below) -> &mut Part {
        match below {
            Below::Store => &mut self.store,
            Below::Email => &mut self.email,
            Below::Sms => &mut self.sms,
            Below::Whatsapp => &mut self.whatsapp,
        }
    }
}

/// How one part is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The last use of it went well, or there was none yet.
    #[default]
    Ok,
    /// It has been at something for longer than usual.
    Slow,
    /// The last use of it failed; the store is lost then, and reconnected to.
    Down,
}
