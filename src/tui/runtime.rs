//! The loop around the machine: the only part of the interface that waits.
//!
//! It takes what has happened, in the order in which it matters (the end, the
//! keyboard, answers, the store, time), lets the machine decide, begins what is
//! to be done, and draws once. Nothing in it waits for the store or a provider.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix;
use tokio::signal::unix::SignalKind;
use tokio::sync::{Notify, mpsc, watch};

use crate::config::settings::UiSettings;
use crate::domain::channel::Channel;
use crate::domain::phone::load_plans;
use crate::domain::timing::INTERFACE_END_TIMEOUT;
use crate::lifecycle::{self, Lifecycle, Signal, Signals};
use crate::service::DeskError;
use crate::service::api::{DeskClient, SignInState};
use crate::service::ports::StoreError;
use crate::tui::app::model::Model;
use crate::tui::app::{deadlines, update, view};
use crate::tui::executor::{Executor, broken};
use crate::tui::machine::counter_info::{CounterInfo, Mark};
use crate::tui::machine::effect::Effect;
use crate::tui::machine::health::{Dependency, DependencyState};
use crate::tui::machine::idle_lock::IdleLock;
use crate::tui::machine::message::{Failure, Msg};
use crate::tui::machine::notice::{Notice, Tone};
use crate::tui::machine::pending::PendingAct;
use crate::tui::sign_in::state::{Reason, SignInForm};
use crate::tui::terminal::capabilities::{self, Capabilities, UnsupportedTerminal};
use crate::tui::terminal::decoder::Input;
use crate::tui::terminal::frame_writer::FrameWriter;
use crate::tui::terminal::ground_query::GroundQuery;
use crate::tui::terminal::guard::{self, TerminalGuard};
use crate::tui::terminal::input::{self, TimedInput};
use crate::tui::terminal::saved_theme::SavedTheme;

/// How long a terminal without room is left alone.
pub(in crate::tui) const FULL_TERMINAL_RETRY: Duration = Duration::from_millis(50);

/// Inputs that may wait for the machine; one more waits in the terminal.
pub(in crate::tui) const MAX_QUEUED_INPUTS: usize = 256;

/// How the interface ended when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The clerk left.
    Quit,
    /// A signal ended the program.
    Signal(Signal),
    /// The terminal is gone.
    HungUp,
}

/// Why the interface could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot be shown here.
    #[error(transparent)]
    UnsupportedTerminal(#[from] UnsupportedTerminal),
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
    /// The desk cannot begin.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// Something was still under way at the end.
    #[error("{}", unanswered(*.0))]
    Unanswered(PendingAct),
    /// A part of the program failed; the log says where.
    #[error("a part of the program failed")]
    Failed,
}

/// What is known of an act whose end the program did not live to see.
const fn unanswered(doing: PendingAct) -> &'static str {
    match doing {
        PendingAct::Ask => {
            "nobody answered whether a code was stored; none was sent. Ask for a new code"
        }
        PendingAct::Deliver(_) => {
            "a message was being sent, and it is not known whether it was. Ask whether it came \
             before sending another"
        }
        PendingAct::Verify => {
            "nobody answered whether the code was right; the log says so as soon as the store is \
             back"
        }
        PendingAct::Cancel => {
            "nobody answered whether the code was cancelled; the log says so as soon as the store \
             is back"
        }
        PendingAct::Administer => {
            "nobody answered whether that was done; the log says so as soon as the store is back"
        }
        PendingAct::Pair => {
            "nobody answered whether the pad was told; if not, its pairing ends within two minutes"
        }
        PendingAct::Logout => {
            "nobody answered whether the customer was logged out; if not, the session ends when \
             its time is over"
        }
    }
}

/// What the interface begins with.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// How it looks.
    pub settings: UiSettings,
    /// What to say beside the office's name where this is not production.
    pub mark: Option<Mark>,
    /// Something that went wrong before and does not stop the work.
    pub warning: Option<String>,
}

/// Shows the interface until it ends.
pub async fn run(
    desk: DeskClient,
    opening: Opening,
    lifecycle: &Lifecycle,
    signals: &mut Signals,
) -> Result<End, RunError> {
    capabilities::check()?;
    let Opening { settings, mark, warning } = opening;
    let place = CounterInfo::of(desk.profile(), &settings, mark);
    let mut kept = SavedTheme::of_user(settings.theme);
    let theme = capabilities::theme(kept.theme());
    kept.begin(theme);
    let mut model = Model::new(place, theme, guard::size(), desk.idempotency_key());
    model.shared.terminal = Capabilities::of_environment();
    model.shared.idle_lock = IdleLock::of(desk.profile());
    if desk.profile().sign_in == SignInState::Needed {
        model.sign_in = Some(SignInForm::new(Reason::SignedOut));
    }
    let channels = &desk.profile().channels;
    for channel in Channel::ALL.into_iter().filter(|it| !channels.contains(it)) {
        *model.shared.health.part(Dependency::of(channel)) = DependencyState::Off;
    }
    model.shared.notice = warning.map(|text| Notice::new(Tone::Warning, text));
    let failed = Arc::new(Notify::new());
    let resized = unix::signal(SignalKind::window_change())?;
    let (keyboard, inputs) = mpsc::channel(MAX_QUEUED_INPUTS);
    let signals_of_desk = desk.signals();
    let (changes, lost) = (signals_of_desk.changes, signals_of_desk.connection);
    // The first code by text message does not wait for them.
    drop(tokio::task::spawn_blocking(load_plans));
    let (executor, answers) = Executor::new(desk, lifecycle.clone());

    let terminal =
        TerminalGuard::begin(settings.mouse, GroundQuery::question(&model.shared.terminal))?;
    let _guard = terminal.guard_panics(Arc::clone(&failed));
    let query = GroundQuery::asked(&model.shared.terminal, model.shared.theme, Instant::now());
    let screen = FrameWriter::new(model.shared.size)?;
    let mut shell = Shell { model, executor, terminal, screen, kept, query };
    // The clerk sees where to type before the store has answered.
    let end = if let Some(end) = shell.show() {
        Ok(end)
    } else {
        input::listen(keyboard)?;
        let sources = Sources { signals, failed, resized, inputs, changes, lost };
        shell.serve(sources, answers).await
    };
    shell.terminal.leave();
    end
}

/// Where things come from, beside the answers.
pub(in crate::tui) struct Sources<'a> {
    pub(in crate::tui) signals: &'a mut Signals,
    pub(in crate::tui) failed: Arc<Notify>,
    pub(in crate::tui) resized: unix::Signal,
    pub(in crate::tui) inputs: mpsc::Receiver<TimedInput>,
    pub(in crate::tui) changes: watch::Receiver<u64>,
    pub(in crate::tui) lost: watch::Receiver<Option<Arc<StoreError>>>,
}

/// What has happened, as the loop tells it apart.
pub(in crate::tui) enum Event {
    Signal(Signal),
    Failed,
    Resized,
    Input(TimedInput),
    Msg(Msg),
}

/// What an event is to a machine, once the terminal has been seen to.
pub(in crate::tui) enum Happened {
    /// The program ends.
    Ended(End),
    /// It was stopped, and goes on by now.
    Stopped,
    /// It has the terminal again, and draws everything anew.
    Resumed,
    Resized,
    Input(TimedInput),
    Msg(Msg),
}

impl Event {
    /// Does at the terminal what every machine's loop does: gives it back, takes it again, ends.
    ///
    /// A terminal that cannot be taken again is gone: the kernel sends SIGCONT along with SIGHUP
    /// when a terminal hangs up, and either may be seen first.
    pub(in crate::tui) fn at(
        self,
        terminal: &TerminalGuard,
        screen: &mut FrameWriter,
    ) -> Result<Happened, RunError> {
        Ok(match self {
            Self::Signal(Signal::Stop) => {
                terminal.leave();
                lifecycle::stop_here()?;
                Happened::Stopped
            }
            Self::Signal(Signal::Continue) => {
                match terminal.enter().and_then(|()| screen.forget()) {
                    Ok(()) => Happened::Resumed,
                    Err(error) => {
                        tracing::warn!(%error, "the terminal cannot be taken again");
                        Happened::Ended(End::HungUp)
                    }
                }
            }
            Self::Signal(Signal::HangUp) | Self::Input(TimedInput { input: Input::Ended, .. }) => {
                Happened::Ended(End::HungUp)
            }
            Self::Signal(signal) => Happened::Ended(End::Signal(signal)),
            Self::Failed => return Err(RunError::Failed),
            Self::Resized => Happened::Resized,
            Self::Input(input) => Happened::Input(input),
            Self::Msg(msg) => Happened::Msg(msg),
        })
    }
}

impl Sources<'_> {
    pub(in crate::tui) async fn next(
        &mut self,
        answers: &mut mpsc::Receiver<Msg>,
        wake: Option<Instant>,
    ) -> Event {
        tokio::select! {
            biased;
            signal = self.signals.next() => Event::Signal(signal),
            () = self.failed.notified() => Event::Failed,
            Some(()) = self.resized.recv() => Event::Resized,
            input = self.inputs.recv() => Event::Input(input.unwrap_or_else(TimedInput::end)),
            Some(answer) = answers.recv() => Event::Msg(answer),
            Ok(()) = self.lost.changed() => Event::Msg(self.reached()),
            Ok(()) = self.changes.changed() => Event::Msg(Msg::StoreChanged),
            () = until(wake) => Event::Msg(Msg::Wake),
        }
    }

    /// Whether the store can be reached by now.
    fn reached(&mut self) -> Msg {
        Msg::Reached(match &*self.lost.borrow_and_update() {
            None => Ok(()),
            Some(error) => Err(Failure { lost: true, ..broken(error) }),
        })
    }

    /// What is there already, without waiting.
    pub(in crate::tui) fn ready(&mut self, answers: &mut mpsc::Receiver<Msg>) -> Option<Event> {
        let input = self.inputs.try_recv().ok().map(Event::Input);
        input.or_else(|| answers.try_recv().ok().map(Event::Msg))
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

/// The machine with what it acts through: the executor and the terminal.
struct Shell {
    model: Model,
    executor: Executor,
    terminal: TerminalGuard,
    screen: FrameWriter,
    kept: SavedTheme,
    query: GroundQuery,
}

impl Shell {
    async fn serve(
        &mut self,
        mut sources: Sources<'_>,
        mut answers: mpsc::Receiver<Msg>,
    ) -> Result<End, RunError> {
        let first = update::start(&mut self.model, Instant::now());
        self.begin(first);
        let end = self.run_loop(&mut sources, &mut answers).await;
        match (end, self.finish(answers).await) {
            (Ok(End::Quit), Some(doing)) => Err(RunError::Unanswered(doing)),
            (end, _) => end,
        }
    }

    async fn run_loop(
        &mut self,
        sources: &mut Sources<'_>,
        answers: &mut mpsc::Receiver<Msg>,
    ) -> Result<End, RunError> {
        loop {
            let mut next = Some(sources.next(answers, self.next_wake()).await);
            let mut end = None;
            while let Some(event) = next {
                end = self.handle(event)?;
                next = if end.is_none() { sources.ready(answers) } else { None };
            }
            if let Some(end) = end {
                return Ok(end);
            }
            if let Some(end) = self.show() {
                return Ok(end);
            }
        }
    }

    /// Draws what has changed, once the colours are known. A terminal that cannot
    /// be written to is gone.
    fn show(&mut self) -> Option<End> {
        if self.query.waits(Instant::now()) {
            return None;
        }
        let error = self.draw().err()?;
        tracing::warn!(%error, "the terminal cannot be written to");
        Some(End::HungUp)
    }

    /// When to go on without a cause: the picture changes, or the terminal may
    /// have room for the rest of it.
    fn next_wake(&self) -> Option<Instant> {
        let now = Instant::now();
        let room = self.screen.is_behind().then_some(now + FULL_TERMINAL_RETRY);
        let first_frame = self.query.waits_until().filter(|until| now < *until);
        let wakes = [deadlines::next_wake(&self.model, now), room, first_frame];
        wakes.into_iter().flatten().min()
    }

    /// Lets one thing happen; says whether the program is to end.
    fn handle(&mut self, event: Event) -> Result<Option<End>, RunError> {
        match event.at(&self.terminal, &mut self.screen)? {
            Happened::Ended(end) => return Ok(Some(end)),
            Happened::Stopped => {}
            Happened::Resumed => {
                self.update_size();
                self.update(Msg::Resumed);
            }
            Happened::Resized => self.update_size(),
            Happened::Input(TimedInput { input, at }) => match input {
                Input::Answer(answer) => {
                    if let Some(ground) = self.query.answer(answer, at) {
                        self.update(Msg::Ground(ground));
                    }
                }
                Input::Key(key) => {
                    self.query.stop_waiting();
                    self.update(Msg::Key(key, at));
                }
                Input::Paste(text) => {
                    self.query.stop_waiting();
                    self.update(Msg::Paste(text));
                }
                Input::Ended => return Ok(Some(End::HungUp)),
            },
            Happened::Msg(msg) => self.update(msg),
        }
        Ok(self.model.shared.quitting.then_some(End::Quit))
    }

    fn update(&mut self, msg: Msg) {
        let effects = update::update(&mut self.model, msg, Instant::now());
        self.begin(effects);
        if let Some(file) = self.model.shared.export.take() {
            self.executor.write(file);
        }
        if let Some(change) = self.kept.change(self.model.shared.theme) {
            // Nobody waits for it: a home folder may be on a slow network.
            drop(tokio::task::spawn_blocking(|| change.write()));
        }
    }

    fn begin(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.executor.begin(effect);
        }
    }

    fn update_size(&mut self) {
        let (columns, rows) = guard::size();
        self.update(Msg::Resize(columns, rows));
    }

    fn draw(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.model.shared.redraw) {
            self.screen.renew(self.terminal.state())?;
            self.update_size();
        }
        let (model, now) = (&self.model, Instant::now());
        let theme = model.shared.drawn_theme();
        self.terminal.show(&mut self.screen, model.shared.size, |frame| {
            view::view(model, &theme, now, frame);
        })
    }

    /// Gives the terminal back, then waits for a code that is being sent or
    /// judged and ends a session that is open; says what was not done by then.
    async fn finish(&mut self, mut answers: mpsc::Receiver<Msg>) -> Option<PendingAct> {
        self.terminal.leave();
        self.update(Msg::End);
        let end = tokio::time::sleep(INTERFACE_END_TIMEOUT);
        tokio::pin!(end);
        while !self.executor.is_idle() || !answers.is_empty() {
            tokio::select! {
                biased;
                Some(answer) = answers.recv() => self.update(answer),
                () = self.executor.idle() => {}
                () = &mut end => {
                    tracing::warn!("something was still under way at the end");
                    break;
                }
            }
        }
        self.model.shared.pending.iter().find_map(|it| it.act)
    }
}
