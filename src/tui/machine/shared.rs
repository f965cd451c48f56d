//! What all features share: who and where, the store's clock, the terminal, the message line,
//! how the parts below are doing, and the effects that are not answered yet.

use crate::config::settings::ThemeName;
use crate::domain::time::Timestamp;
use crate::tui::machine::circuit_breakers::KnownBreakers;
use crate::tui::machine::counter_info::CounterInfo;
use crate::tui::machine::counter_pad::PadLink;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::file_export::FileExport;
use crate::tui::machine::health::Health;
use crate::tui::machine::idle_lock::IdleLock;
use crate::tui::machine::keyboard::Keyboard;
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::notice::Notice;
use crate::tui::machine::open_alarms::OpenAlarms;
use crate::tui::machine::pending::PendingEffect;
use crate::tui::machine::revealed::Revealed;
use crate::tui::machine::store_clock::{Now, OwnClock, StoreClock};
use crate::tui::machine::waiting_approvals::WaitingApprovals;
use crate::tui::machine::why_ended::WhyEnded;
use crate::tui::terminal::capabilities::Capabilities;
use crate::tui::theme::{Theme, size};

/// What every feature may read and change.
#[derive(Debug)]
pub struct Shared {
    /// What does not change while the program runs.
    pub place: CounterInfo,
    /// The store's clock; none until it was first read.
    pub clock: Option<StoreClock>,
    /// The read of it. While the store is lost, it is what finds out that it is back.
    pub clock_reading: Reading,
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
    /// The message line: it stays until something else is said.
    pub notice: Option<Notice>,
    /// A contact that is shown in full for some seconds.
    pub revealed: Option<Revealed>,
    /// The acts that wait for a second admin; read only where one sits here.
    pub approvals: WaitingApprovals,
    /// How many alarms are open; counted only where somebody sits here who may see them.
    pub alarms: OpenAlarms,
    /// The pad of this counter.
    pub pad: PadLink,
    /// When this terminal is locked.
    pub idle_lock: IdleLock,
    /// How the parts below are doing, as far as this terminal has seen.
    pub health: Health,
    /// How the providers are doing, as far as any terminal has seen.
    pub providers: KnownBreakers,
    /// The program is to end.
    pub quitting: bool,
    /// The screen is to be drawn anew, since something else wrote on it.
    pub redraw: bool,
    /// A file that is to be written.
    pub export: Option<FileExport>,
    /// A code or a session that ended, while it is found out why.
    pub why_ended: Option<WhyEnded>,
    /// The keys that came last, and when.
    pub keyboard: Keyboard,
    /// The id of the last effect.
    pub last_effect: u64,
    /// Effects that are not answered yet.
    pub pending: Vec<PendingEffect>,
    /// What was last searched for: it is there again when the clerk comes back
    /// to the search and is not done with the customer.
    pub search: String,
    /// A name of this process that no other has; its acts are numbered under it.
    pub process: String,
}

impl Shared {
    /// What is shared as the interface starts: nothing is known yet.
    pub fn new(place: CounterInfo, theme: ThemeName, size: (u16, u16), process: String) -> Self {
        Self {
            place,
            clock: None,
            clock_reading: Reading::default(),
            clock_asked: None,
            own_clock: OwnClock::default(),
            size,
            theme,
            terminal: Capabilities::default(),
            notice: None,
            revealed: None,
            approvals: WaitingApprovals::default(),
            alarms: OpenAlarms::default(),
            pad: PadLink::default(),
            idle_lock: IdleLock::default(),
            health: Health::default(),
            providers: KnownBreakers::default(),
            quitting: false,
            redraw: false,
            export: None,
            why_ended: None,
            keyboard: Keyboard::default(),
            last_effect: 0,
            pending: Vec::new(),
            search: String::new(),
            process,
        }
    }

    /// What the store's clock says; none until it was first read.
    pub fn time(&self, now: Now) -> Option<Timestamp> {
        self.clock.map(|clock| clock.time(now))
    }

    /// Whether there is room for a panel beside the work.
    pub const fn is_wide(&self) -> bool {
        self.size.0 >= size::WIDE
    }

    /// The theme that is drawn with.
    pub fn drawn_theme(&self) -> Theme {
        Theme::on(self.theme, self.place.ascii, &self.terminal)
    }

    /// The effect that is waited for under this name.
    pub fn pending_mut(&mut self, id: EffectId) -> Option<&mut PendingEffect> {
        self.pending.iter_mut().find(|it| it.id == id)
    }
}
