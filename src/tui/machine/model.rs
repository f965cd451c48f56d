//! All the interface knows. Each screen is a variant that carries what it
//! needs, so that a code cannot be entered without a request and a customer
//! cannot be verified without a session.

mod keyboard;
mod notice;

use chrono::FixedOffset;
use tui_input::Input;

use crate::config::settings::ThemeName;
use crate::domain::channel::Channel;
use crate::domain::delivery::DeliveryId;
use crate::domain::time::Timestamp;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Binding, Context};
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::terminal::capabilities::Capabilities;

pub use crate::tui::machine::model::keyboard::{Face, HeldBack, Keyboard, Run, Withheld};
pub use crate::tui::machine::model::notice::{LiveNotice, Notice, Rank, Tone};

use crate::service::delivery::provider_status::BreakerSnapshot;
pub use crate::tui::deliveries::state::DeliveryStatsPanel;
pub use crate::tui::enter_code::state::Entry;
pub use crate::tui::find::state::{Find, SearchHits};
pub use crate::tui::log::state::{LogPage, LogPanel, Timeline};
pub use crate::tui::send::state::Send;
pub use crate::tui::tray::state::TrayPanel;
pub use crate::tui::verified::state::Verified;

/// The interface as a whole.
#[derive(Debug)]
pub struct Model {
    /// What does not change while the program runs.
    pub place: CounterInfo,
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
    /// What the terminal can show.
    pub terminal: Capabilities,
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
    pub providers: ProviderPanel,
    /// The program is to end.
    pub quitting: bool,
    /// The screen is to be drawn anew, since something else wrote on it.
    pub redraw: bool,
    /// The keys that came last, and when.
    pub keyboard: Keyboard,
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
    pub fn new(place: CounterInfo, theme: ThemeName, size: (u16, u16), process: String) -> Self {
        Self {
            place,
            clock: None,
            reading_clock: None,
            clock_asked: None,
            own_clock: OwnClock::default(),
            size,
            theme,
            terminal: Capabilities::default(),
            screen: Screen::Find(Find::default()),
            focus: Focus::Work,
            log: None,
            log_page: None,
            tray: None,
            overlay: None,
            notice: None,
            health: Health::default(),
            providers: ProviderPanel::default(),
            quitting: false,
            redraw: false,
            keyboard: Keyboard::default(),
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

    /// Whether characters that are typed now go into a field that has text: there a
    /// character has no other meaning.
    pub fn is_typing(&self) -> bool {
        match (self.context(), &self.screen) {
            (Context::Find, Screen::Find(find)) => !find.input.value().is_empty(),
            (Context::LogFilter | Context::Palette, _) => true,
            _ => false,
        }
    }

    /// The part that has the keyboard: what lies on top, else what has the focus.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Help { .. }) => Context::Help,
            Some(Overlay::Figures(_)) => Context::Figures,
            Some(Overlay::Palette(_)) => Context::Palette,
            Some(Overlay::Confirm(_)) => Context::Confirm,
            None => self.context_beneath(),
        }
    }

    /// As [`Self::context`], were there no overlay.
    pub fn context_beneath(&self) -> Context {
        match (self.focus, &self.log, &self.tray) {
            (Focus::Log, Some(log), _) if log.timeline.is_some() => Context::Timeline,
            (Focus::Log, Some(log), _) if log.typing.is_some() => Context::LogFilter,
            (Focus::Log, Some(_), _) => Context::Log,
            (Focus::Tray, _, Some(_)) => Context::Tray,
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
    pub by: Dependency,
    /// Since when.
    pub since: Now,
    /// What it does; none where it only reads.
    pub doing: Option<PendingAct>,
    /// The connection to the store broke; it is told again.
    pub broke: bool,
    /// Why the store lets it wait, where it does; it is told again.
    pub waits: Option<String>,
}

/// What an effect does that must come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingAct {
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
pub enum Dependency {
    /// The store.
    Store,
    /// The email provider.
    Email,
    /// The SMS provider.
    Sms,
    /// The WhatsApp provider.
    Whatsapp,
}

impl Dependency {
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
pub struct CounterInfo {
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
    /// The country of phone numbers written without one (ISO 3166).
    pub country: String,
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

impl CounterInfo {
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

/// What lies on top of everything.
#[derive(Debug)]
pub enum Overlay {
    /// How messages fare.
    Figures(DeliveryStatsPanel),
    /// The keys.
    Help {
        /// Lines scrolled down.
        scroll: u16,
    },
    /// Every command by name.
    Palette(Palette),
    /// A question answered with yes or no.
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

/// How the parts below are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The store.
    pub store: DependencyState,
    /// The email provider.
    pub email: DependencyState,
    /// The SMS provider.
    pub sms: DependencyState,
    /// The WhatsApp provider; offices without one never see it.
    pub whatsapp: DependencyState,
}

impl Health {
    /// How one part is doing.
    pub const fn part(&mut self, below: Dependency) -> &mut DependencyState {
        match below {
            Dependency::Store => &mut self.store,
            Dependency::Email => &mut self.email,
            Dependency::Sms => &mut self.sms,
            Dependency::Whatsapp => &mut self.whatsapp,
        }
    }
}

/// How one part is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DependencyState {
    /// The last use of it went well, or there was none yet.
    #[default]
    Ok,
    /// Of a channel: its second provider does the work of the first.
    Fallback,
    /// It has been at something for longer than usual.
    Slow,
    /// The last use of it failed; the store is lost then, and reconnected to.
    Down,
    /// The office does not have it, and nothing is said of it.
    Off,
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

/// How the providers are doing.
#[derive(Debug, Default)]
pub struct ProviderPanel {
    /// As last read.
    pub known: BreakerSnapshot,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// When it was last asked for.
    pub asked: Option<Now>,
    /// Something was written since.
    pub stale: bool,
}
