//! All the interface knows. Each screen is a variant that carries what it
//! needs, so that a code cannot be entered without a request and a customer
//! cannot be verified without a session.

use crate::config::settings::ThemeName;
use crate::tui::approvals::state::ApprovalsPanel;
use crate::tui::customer_acts::state::ActForm;
use crate::tui::dashboard::state::Dashboard;
use crate::tui::deliveries::state::DeliveryStatsPanel;
use crate::tui::document::state::DocumentForm;
use crate::tui::enter_code::state::EnterCode;
use crate::tui::enter_factor::state::EnterFactor;
use crate::tui::factors::state::FactorPanel;
use crate::tui::find::state::Find;
use crate::tui::incident::state::IncidentForm;
use crate::tui::log::state::{LogPage, LogPanel};
use crate::tui::machine::counter_info::CounterInfo;
use crate::tui::machine::draw_context::Focus;
use crate::tui::machine::keymap::Context;
use crate::tui::machine::navigation::Question;
use crate::tui::machine::scroll::Scroll;
use crate::tui::machine::shared::Shared;
use crate::tui::overlays::state::Palette;
use crate::tui::pairing::state::PairingPanel;
use crate::tui::second_person::state::SecondPersonForm;
use crate::tui::send::state::Send;
use crate::tui::sign_in::state::SignInForm;
use crate::tui::sign_up::state::SignUpPanel;
use crate::tui::tray::state::TrayPanel;
use crate::tui::verified::state::Verified;

/// The interface as a whole.
#[derive(Debug)]
pub struct Model {
    /// What all features share.
    pub shared: Shared,
    /// The work.
    pub screen: Screen,
    /// Which part has the keyboard.
    pub focus: Focus,
    /// The log; none while it is closed.
    pub log: Option<LogPanel>,
    /// The log's newest page as it was last read: it is shown again when the log is opened
    /// again, until there is a newer one.
    pub log_page: Option<LogPage>,
    /// The tray; none while it is closed.
    pub tray: Option<TrayPanel>,
    /// The dashboard; none while it is closed.
    pub dashboard: Option<Box<Dashboard>>,
    /// What lies on top of everything.
    pub overlay: Option<Overlay>,
    /// What covers all of it while nobody sits here; none while somebody does.
    pub sign_in: Option<SignInForm>,
}

/// The four steps.
#[derive(Debug)]
pub enum Screen {
    /// Find the customer.
    Find(Box<Find>),
    /// Choose how to send the code.
    Send(Box<Send>),
    /// Enter the code.
    EnterCode(Box<EnterCode>),
    /// Enter a code that needs no message.
    EnterFactor(Box<EnterFactor>),
    /// Serve the verified customer.
    Verified(Box<Verified>),
}

/// What lies on top of everything.
#[derive(Debug)]
pub enum Overlay {
    /// How messages fare.
    DeliveryStats(DeliveryStatsPanel),
    /// The form in which a colleague's approval is asked for.
    SecondPerson(Box<SecondPersonForm>),
    /// The contacts of a sign-up.
    SignUp(Box<SignUpPanel>),
    /// The form of a document.
    Document(Box<DocumentForm>),
    /// What the verified customer has enrolled.
    Factors(Box<FactorPanel>),
    /// The reason for an act on a customer.
    CustomerAct(ActForm),
    /// The form of an incident.
    Incident(IncidentForm),
    /// The acts that wait for a second admin.
    Approvals(ApprovalsPanel),
    /// The pad of this counter.
    Pairing(PairingPanel),
    /// The keys.
    Help(Scroll),
    /// Every command by name.
    Palette(Palette),
    /// A question answered with yes or no.
    Confirm(Question),
}

impl Model {
    /// The interface as it starts: the search, and nothing known yet.
    pub fn new(place: CounterInfo, theme: ThemeName, size: (u16, u16), process: String) -> Self {
        Self {
            shared: Shared::new(place, theme, size, process),
            screen: Screen::Find(Box::default()),
            focus: Focus::Work,
            log: None,
            log_page: None,
            tray: None,
            dashboard: None,
            overlay: None,
            sign_in: None,
        }
    }

    /// Whether characters that are typed now go into a field that has text: there a
    /// character has no other meaning.
    pub fn is_typing(&self) -> bool {
        match (self.context(), &self.screen) {
            (Context::Find, Screen::Find(find)) => !find.input.value().is_empty(),
            (context, _) => matches!(
                context,
                Context::LogFilter
                    | Context::DashboardField
                    | Context::Palette
                    | Context::SignIn
                    | Context::CustomerAct
                    | Context::SecondPerson
                    | Context::Incident
                    | Context::EnterFactor
            ),
        }
    }

    /// The part that has the keyboard: what lies on top, else what has the focus.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Confirm(_)) => Context::Confirm,
            _ if self.sign_in.is_some() => Context::SignIn,
            Some(Overlay::Help(_)) => Context::Help,
            Some(Overlay::DeliveryStats(_)) => Context::DeliveryStats,
            Some(Overlay::CustomerAct(_)) => Context::CustomerAct,
            Some(Overlay::Incident(_)) => Context::Incident,
            Some(Overlay::Approvals(_)) => Context::Approvals,
            Some(Overlay::Pairing(_)) => Context::Pairing,
            Some(Overlay::Palette(_)) => Context::Palette,
            Some(Overlay::Document(_)) => Context::Document,
            Some(Overlay::SignUp(_)) => Context::SignUp,
            Some(Overlay::SecondPerson(_)) => Context::SecondPerson,
            Some(Overlay::Factors(_)) => Context::Factors,
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
            _ if self.is_at_dashboard() => match &self.dashboard {
                Some(it) if it.typing.is_some() => Context::DashboardField,
                _ => Context::Dashboard,
            },
            _ => match self.screen {
                Screen::Find(_) => Context::Find,
                Screen::Send(_) => Context::Send,
                Screen::EnterCode(_) => Context::EnterCode,
                Screen::EnterFactor(_) => Context::EnterFactor,
                Screen::Verified(_) => Context::Verified,
            },
        }
    }

    /// The part whose lines are drawn as those of the one that has the keyboard.
    pub const fn drawn_focus(&self) -> Option<Focus> {
        if self.overlay.is_some() {
            return None;
        }
        Some(self.drawn_beneath())
    }

    /// What has the keyboard where no panel has it.
    pub const fn focus_beneath(&self) -> Focus {
        if self.dashboard.is_some() { Focus::Dashboard } else { Focus::Work }
    }

    /// Whether the dashboard is in sight: it is open, and no panel lies over it.
    pub fn is_at_dashboard(&self) -> bool {
        self.drawn_beneath() == Focus::Dashboard
    }

    /// The part whose lines are drawn as those of the one that has the keyboard, were there no
    /// overlay.
    const fn drawn_beneath(&self) -> Focus {
        match self.focus {
            Focus::Log if self.log.is_some() => Focus::Log,
            Focus::Tray if self.tray.is_some() => Focus::Tray,
            Focus::Work | Focus::Log | Focus::Tray | Focus::Dashboard => self.focus_beneath(),
        }
    }

    /// Whether the program asks whether to leave.
    pub const fn is_asking_to_quit(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Confirm(Question::Quit)))
    }

    /// Whether something would be lost by leaving.
    pub fn is_at_stake(&self) -> bool {
        match &self.screen {
            Screen::Find(_) => false,
            Screen::Send(send) => send.is_at_stake(),
            Screen::EnterCode(entry) => entry.is_at_stake(),
            Screen::EnterFactor(entry) => entry.is_at_stake(),
            Screen::Verified(_) => true,
        }
    }
}
