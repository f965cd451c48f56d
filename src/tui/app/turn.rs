//! One turn of the application: the model, the moment and the effects so far. It gives each
//! feature a step of its own, and then does what the feature asked for.

use crate::domain::event::EventFilter;
use crate::domain::session::SessionEnd;
use crate::service::verification::calls::EndSession;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::{dispatch, lock};
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
use crate::tui::log::state::LogPanel;
use crate::tui::machine::counter_pad;
use crate::tui::machine::draw_context::Focus;
use crate::tui::machine::effect::Effect;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Notice;
use crate::tui::machine::scroll::Scroll;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::overlays::state::Palette;
use crate::tui::pairing::state::PairingPanel;
use crate::tui::second_person::state::SecondPersonForm;
use crate::tui::send::state::Send;
use crate::tui::sign_in::state::SignInForm;
use crate::tui::sign_up::state::SignUpPanel;
use crate::tui::tray::state::TrayPanel;
use crate::tui::verified::state::Verified;
use crate::tui::{
    dashboard, document, enter_code, enter_factor, factors, find, log, second_person, send,
    sign_up, verified,
};

/// One turn of the application.
pub(in crate::tui) struct Turn<'a> {
    pub(in crate::tui) model: &'a mut Model,
    pub(in crate::tui) now: Now,
    effects: Vec<Effect>,
}

/// Runs a step of the feature that is in this place of the model; none where it is not there.
macro_rules! step_of {
    ($name:ident, $place:ident as $part:pat => $feature:expr, $Feature:ty) => {
        pub(in crate::tui) fn $name<R>(
            &mut self,
            act: impl FnOnce(&mut $Feature, &mut Step<'_>) -> R,
        ) -> Option<R> {
            let Model { shared, $place, .. } = &mut *self.model;
            let $part = $place else { return None };
            let mut step = Step::new(shared, self.now, &mut self.effects);
            let result = act($feature, &mut step);
            let navigation = step.into_navigation();
            self.go(navigation);
            Some(result)
        }
    };
}

impl<'a> Turn<'a> {
    pub(in crate::tui) const fn new(model: &'a mut Model, now: Now) -> Self {
        Self { model, now, effects: Vec::new() }
    }

    pub(in crate::tui) fn done(self) -> Vec<Effect> {
        self.effects
    }

    /// Runs a step that belongs to no feature.
    pub(in crate::tui) fn step<R>(&mut self, act: impl FnOnce(&mut Step<'_>) -> R) -> R {
        let mut step = Step::new(&mut self.model.shared, self.now, &mut self.effects);
        let result = act(&mut step);
        let navigation = step.into_navigation();
        self.go(navigation);
        result
    }

    step_of! { find, screen as Screen::Find(it) => it, Find }
    step_of! { send, screen as Screen::Send(it) => it, Send }
    step_of! { enter_code, screen as Screen::EnterCode(it) => it, EnterCode }
    step_of! { enter_factor, screen as Screen::EnterFactor(it) => it, EnterFactor }
    step_of! { factors, overlay as Some(Overlay::Factors(it)) => it, FactorPanel }
    step_of! { document, overlay as Some(Overlay::Document(it)) => it, DocumentForm }
    step_of! {
        second_person,
        overlay as Some(Overlay::SecondPerson(it)) => it,
        SecondPersonForm
    }
    step_of! { sign_up, overlay as Some(Overlay::SignUp(it)) => it, SignUpPanel }
    step_of! { verified, screen as Screen::Verified(it) => it, Verified }
    step_of! { log, log as Some(it) => it, LogPanel }
    step_of! { dashboard, dashboard as Some(it) => it, Dashboard }
    step_of! { tray, tray as Some(it) => it, TrayPanel }
    step_of! { sign_in, sign_in as Some(it) => it, SignInForm }
    step_of! { customer_act, overlay as Some(Overlay::CustomerAct(it)) => it, ActForm }
    step_of! { incident, overlay as Some(Overlay::Incident(it)) => it, IncidentForm }
    step_of! { approvals, overlay as Some(Overlay::Approvals(it)) => it, ApprovalsPanel }
    step_of! { pairing, overlay as Some(Overlay::Pairing(it)) => it, PairingPanel }
    step_of! { help, overlay as Some(Overlay::Help(it)) => it, Scroll }
    step_of! { palette, overlay as Some(Overlay::Palette(it)) => it, Palette }
    step_of! {
        delivery_stats,
        overlay as Some(Overlay::DeliveryStats(it)) => it,
        DeliveryStatsPanel
    }

    fn go(&mut self, navigation: Vec<Navigation>) {
        for to in navigation {
            self.go_to(to);
        }
    }

    /// Does what a feature asked for.
    fn go_to(&mut self, to: Navigation) {
        if to.is_another_screen() {
            self.model.shared.revealed = None;
        }
        match to {
            Navigation::Find { typed } => {
                self.model.overlay.take_if(|it| matches!(it, Overlay::Factors(_)));
                let begin = |step: &mut Step<'_>| find::update::begin(step, &typed);
                self.model.screen = Screen::Find(Box::new(self.step(begin)));
            }
            Navigation::Send(opened) => {
                let begin = |step: &mut Step<'_>| send::update::begin(step, opened);
                self.model.screen = Screen::Send(Box::new(self.step(begin)));
            }
            Navigation::BackToSend(of) => {
                let begin = |step: &mut Step<'_>| send::update::begin_again(step, *of);
                self.model.screen = Screen::Send(Box::new(self.step(begin)));
            }
            Navigation::EnterCode(code) => {
                let begin = |step: &mut Step<'_>| enter_code::update::begin(step, *code);
                self.model.screen = Screen::EnterCode(Box::new(self.step(begin)));
            }
            Navigation::EnterFactor(of, kind) => {
                let entry = enter_factor::update::begin(*of, kind);
                self.model.screen = Screen::EnterFactor(Box::new(entry));
            }
            Navigation::SecondPerson(of) => {
                let form = second_person::update::begin(*of);
                self.model.overlay = Some(Overlay::SecondPerson(Box::new(form)));
            }
            Navigation::SignUp(of) => {
                let panel = self.step(|step| sign_up::update::begin(step, *of));
                self.model.overlay = Some(Overlay::SignUp(Box::new(panel)));
            }
            Navigation::Document(of) => {
                let form = self.step(|step| document::update::begin(step, *of));
                self.model.overlay = Some(Overlay::Document(Box::new(form)));
            }
            Navigation::Factors(of) => {
                let panel = self.step(|step| factors::update::begin(step, of));
                self.model.overlay = Some(Overlay::Factors(Box::new(panel)));
            }
            Navigation::Verified { customer, session, token } => {
                let begin =
                    |step: &mut Step<'_>| verified::update::begin(step, customer, *session, token);
                self.model.screen = Screen::Verified(Box::new(self.step(begin)));
                if self.model.shared.quitting {
                    self.leave();
                }
            }
            Navigation::Ask(question) => self.model.overlay = Some(Overlay::Confirm(question)),
            Navigation::Perform(context, command) => {
                self.model.overlay = None;
                dispatch::perform_from_palette(self, context, command);
            }
            Navigation::BackToWork
                if self.model.shared.is_wide() && self.model.dashboard.is_none() =>
            {
                self.model.focus = Focus::Work;
            }
            Navigation::BackToWork | Navigation::Close => self.close(),
            Navigation::Log(filter) => self.open_log(*filter),
            Navigation::CloseDashboard => self.close_dashboard(),
            Navigation::SignedIn(signed_in) => lock::signed_in(self, &signed_in),
            Navigation::Uncover => lock::uncover(self),
            Navigation::Leave => self.leave(),
        }
    }

    /// Takes away the answer to a key that did nothing: on another screen nobody reads it as one.
    pub(in crate::tui) fn drop_hint(&mut self) {
        let shared = &mut self.model.shared;
        shared.notice = shared.notice.take().and_then(Notice::without_hint);
    }

    /// Closes what has the keyboard: the overlay, else the panel.
    fn close(&mut self) {
        self.drop_hint();
        if self.model.overlay.take().is_some() {
            return;
        }
        match self.model.focus {
            Focus::Log => self.close_log(),
            Focus::Tray => self.close_tray(),
            Focus::Work | Focus::Dashboard => {}
        }
    }

    pub(in crate::tui) fn close_log(&mut self) {
        if let Some(panel) = self.model.log.take() {
            self.model.shared.revealed = None;
            self.model.log_page = self.step(|step| log::update::close(panel, step));
            self.back_beneath();
        }
    }

    /// Opens the log for the entries of a filter; what it showed before is left.
    fn open_log(&mut self, filter: EventFilter) {
        self.close_log();
        let kept = self.model.log_page.take();
        let log = self.step(|step| log::update::begin_with(step, kept, filter));
        self.model.log = Some(log);
        self.model.focus = Focus::Log;
    }

    /// Gives the keyboard to what lies below the panels. The dashboard reads nothing while it
    /// is out of sight.
    fn back_beneath(&mut self) {
        self.model.focus = self.model.focus_beneath();
        self.dashboard(dashboard::reads::tick);
    }

    pub(in crate::tui) fn close_dashboard(&mut self) {
        if let Some(mut dashboard) = self.model.dashboard.take() {
            self.step(|step| dashboard::reads::stop(&mut dashboard, step));
            if self.model.focus == Focus::Dashboard {
                self.model.focus = Focus::Work;
            }
        }
    }

    pub(in crate::tui) fn close_tray(&mut self) {
        if let Some(mut panel) = self.model.tray.take() {
            self.step(|step| step.forget(panel.reading.stop()));
            self.back_beneath();
        }
    }

    /// Ends the program. A session ends with it: its secret is nowhere else.
    pub(in crate::tui) fn leave(&mut self) {
        self.model.shared.quitting = true;
        self.model.shared.revealed = None;
        self.verified(verified::update::log_out);
        self.step(counter_pad::end);
        let pending = match &self.model.screen {
            Screen::Send(it) => it.session.as_ref(),
            Screen::EnterCode(it) => it.session.as_ref(),
            Screen::EnterFactor(it) => it.of.session.as_ref(),
            Screen::Find(_) | Screen::Verified(_) => None,
        };
        if let Some(session) = pending.map(|it| it.session.id.clone()) {
            self.step(|step| step.call(EndSession { session, how: SessionEnd::Logout }));
        }
    }
}
