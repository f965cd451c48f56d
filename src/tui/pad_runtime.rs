//! The loop around the pad's machine: what [`runtime`](crate::tui::runtime) is for the clerk's,
//! without what a customer has no use for.

use std::sync::Arc;
use std::time::Instant;

use tokio::signal::unix;
use tokio::signal::unix::SignalKind;
use tokio::sync::{Notify, mpsc};

use crate::config::settings::UiSettings;
use crate::config::terminal;
use crate::domain::timing::INTERFACE_END_TIMEOUT;
use crate::lifecycle::{Lifecycle, Signals};
use crate::service::api::{DeskClient, SignInState};
use crate::tui::executor::Executor;
use crate::tui::machine::counter_info::Mark;
use crate::tui::machine::effect::Effect;
use crate::tui::machine::message::Msg;
use crate::tui::pad::state::{Leaving, Pad};
use crate::tui::pad::{update, view};
use crate::tui::runtime::{
    End, Event, FULL_TERMINAL_RETRY, Happened, MAX_QUEUED_INPUTS, RunError, Sources,
};
use crate::tui::terminal::capabilities::{self, Capabilities};
use crate::tui::terminal::decoder::Input;
use crate::tui::terminal::frame_writer::FrameWriter;
use crate::tui::terminal::guard::{self, TerminalGuard};
use crate::tui::terminal::input::{self, TimedInput};

/// Shows the pad until somebody closes it.
pub async fn run_pad(
    desk: DeskClient,
    settings: UiSettings,
    mark: Option<Mark>,
    lifecycle: &Lifecycle,
    signals: &mut Signals,
) -> Result<End, RunError> {
    capabilities::check()?;
    let ascii = settings.ascii.unwrap_or_else(|| !terminal::writes_utf8());
    let theme = capabilities::theme(settings.theme);
    let mut pad = Pad::new(desk.profile().office.clone(), theme, ascii, desk.idempotency_key());
    pad.mark = mark;
    pad.kept = (desk.profile().sign_in == SignInState::SignedIn).then(Instant::now);
    pad.size = guard::size();
    pad.terminal = Capabilities::of_environment();
    let failed = Arc::new(Notify::new());
    let resized = unix::signal(SignalKind::window_change())?;
    let (keyboard, inputs) = mpsc::channel(MAX_QUEUED_INPUTS);
    let of_desk = desk.signals();
    let (changes, lost) = (of_desk.changes, of_desk.connection);
    let (executor, mut answers) = Executor::new(desk, lifecycle.clone());
    let terminal = TerminalGuard::begin(false, &[])?;
    let _guard = terminal.guard_panics(Arc::clone(&failed));
    let screen = FrameWriter::new(pad.size)?;
    let mut shell = Shell { pad, executor, terminal, screen };
    let end = if let Some(end) = shell.show() {
        Ok(end)
    } else {
        input::listen(keyboard)?;
        let mut sources = Sources { signals, failed, resized, inputs, changes, lost };
        shell.serve(&mut sources, &mut answers).await
    };
    shell.finish(&mut answers).await;
    end
}

struct Shell {
    pad: Pad,
    executor: Executor,
    terminal: TerminalGuard,
    screen: FrameWriter,
}

impl Shell {
    async fn serve(
        &mut self,
        sources: &mut Sources<'_>,
        answers: &mut mpsc::Receiver<Msg>,
    ) -> Result<End, RunError> {
        loop {
            let event = sources.next(answers, self.next_wake()).await;
            if let Some(end) = self.handle(event)? {
                return Ok(end);
            }
            while let Some(event) = sources.ready(answers) {
                if let Some(end) = self.handle(event)? {
                    return Ok(end);
                }
            }
            if let Some(end) = self.show() {
                return Ok(end);
            }
        }
    }

    /// When to go on without a cause: time is due, or the terminal may have room.
    fn next_wake(&self) -> Option<Instant> {
        let room = self.screen.is_behind().then(|| Instant::now() + FULL_TERMINAL_RETRY);
        [update::next_wake(&self.pad), room].into_iter().flatten().min()
    }

    /// Lets one thing happen; says whether the program is to end.
    fn handle(&mut self, event: Event) -> Result<Option<End>, RunError> {
        match event.at(&self.terminal, &mut self.screen)? {
            Happened::Ended(end) => return Ok(Some(end)),
            Happened::Resumed => self.update(Msg::Resumed),
            Happened::Resized => {
                let (columns, rows) = guard::size();
                self.update(Msg::Resize(columns, rows));
            }
            Happened::Input(TimedInput { input: Input::Key(key), at }) => {
                self.update(Msg::Key(key, at));
            }
            // Nothing is pasted at a pad.
            Happened::Stopped | Happened::Input(_) => {}
            Happened::Msg(msg) => self.update(msg),
        }
        Ok((self.pad.leaving == Leaving::Now).then_some(End::Quit))
    }

    fn update(&mut self, msg: Msg) {
        let effects: Vec<Effect> = update::update(&mut self.pad, msg, Instant::now());
        for effect in effects {
            self.executor.begin(effect);
        }
    }

    /// Draws what has changed. A terminal that cannot be written to is gone.
    fn show(&mut self) -> Option<End> {
        let error = self.draw().err()?;
        tracing::warn!(%error, "the terminal cannot be written to");
        Some(End::HungUp)
    }

    fn draw(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.pad.redraw) {
            self.screen.renew(self.terminal.state())?;
        }
        let (pad, theme) = (&self.pad, self.pad.drawn_theme());
        self.terminal.show(&mut self.screen, pad.size, |frame| view::view(pad, &theme, frame))
    }

    /// Gives the terminal back, and tells the counter that the pad is gone.
    async fn finish(&mut self, answers: &mut mpsc::Receiver<Msg>) {
        self.terminal.leave();
        self.update(Msg::End);
        let end = tokio::time::sleep(INTERFACE_END_TIMEOUT);
        tokio::pin!(end);
        while !self.executor.is_idle() {
            tokio::select! {
                biased;
                Some(_) = answers.recv() => {}
                () = self.executor.idle() => {}
                () = &mut end => break,
            }
        }
    }
}
