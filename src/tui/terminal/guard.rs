//! Takes the terminal over, and gives it back however the program ends.
//!
//! There is one way back, [`TerminalGuard::leave`]: quitting, an error, a signal, a
//! panic and a terminal that has gone all come to it, in any order and as often
//! as they like. It prints nothing, fails silently and never writes to a
//! terminal that is not there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios;
use rustix::termios::{OptionalActions, QueueSelector, Termios};
use tokio::sync::Notify;

/// The size where the terminal does not say.
const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// What the largest screens have in a small font. Of a terminal that claims more,
/// only so much is used: each cell takes memory.
const MAX_SIZE: (u16, u16) = (640, 240);

/// Columns and rows of the terminal.
pub fn size() -> (u16, u16) {
    match termios::tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            (size.ws_col.min(MAX_SIZE.0), size.ws_row.min(MAX_SIZE.1))
        }
        _ => DEFAULT_SIZE,
    }
}

/// The alternate screen.
const ALTERNATE_SCREEN: &[u8] = b"\x1b[?1049h";

/// A known state, whatever a program that crashed or a line that broke has left
/// behind: the keyboard as every terminal has it at first (keypad and cursor
/// keys, Enter, kitty's protocol, modifyOtherKeys), no reports of the mouse or
/// the focus, one character set, no scroll region, no insert mode; then
/// bracketed paste and no cursor. Terminals take what they know of it; what a
/// very old one shows of the rest is emptied away after it.
const RESET_MODES: &[u8] = b"\x1b[>4;0m\x1b>\x1b[?1l\x1b[?66l\x1b[20l\
    \x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\
    \x1b[?1015l\x1b[?1016l\x0f\x1b(B\x1b[4l\x1b[?6l\x1b[?69l\x1b[r\x1b[?2004h\x1b[?25l";

/// Kitty's keyboard protocol: off on top of what it was; off once more.
const KITTY_KEYBOARD_OFF: &[u8] = b"\x1b[>0u";
const KITTY_KEYBOARD_OFF_AGAIN: &[u8] = b"\x1b[=0;1u";

/// Ends a sequence that was cut.
const CANCEL_SEQUENCE: &[u8] = b"\x18";

/// Nothing on the screen.
const CLEAR_SCREEN: &[u8] = b"\x1b[0m\x1b[2J\x1b[H";

/// The mouse's buttons and wheel, in the form without a limit on columns.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// All of it undone, and the keyboard's modes as they were before. The screen
/// is emptied first: a terminal without an alternate one would keep a
/// customer's data in sight.
const RESTORE: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[>4m\x1b[<u\
    \x1b[0m\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h";

/// How long a terminal that has no room is waited for, when it is taken or
/// given back. A frame never waits.
const WRITE_TIMEOUT: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };

/// The terminal, taken over; dropped, it is given back.
#[derive(Debug)]
pub struct TerminalGuard {
    state: Arc<TerminalState>,
}

#[derive(Debug)]
struct TerminalState {
    /// The modes to go back to while the terminal is ours.
    before: Mutex<Option<Termios>>,
    mouse: bool,
    out: Option<OwnedFd>,
}

impl TerminalGuard {
    /// Takes the terminal over, and asks it `question`. What is taken is given back
    /// even if it fails half-way.
    pub fn begin(mouse: bool, question: &[u8]) -> io::Result<Self> {
        let state = TerminalState { before: Mutex::new(None), mouse, out: open_own() };
        let guard = Self { state: Arc::new(state) };
        guard.take(question)?;
        Ok(guard)
    }

    /// Takes the terminal once more, after the program was stopped.
    pub fn enter(&self) -> io::Result<()> {
        self.take(&[])
    }

    fn take(&self, question: &[u8]) -> io::Result<()> {
        let mut before = self.state.lock();
        let modes = match before.take() {
            Some(modes) => modes,
            None => termios::tcgetattr(stdin())?,
        };
        let mut raw = modes.clone();
        *before = Some(modes);
        raw.make_raw();
        termios::tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        let mouse = if self.state.mouse { MOUSE_ON } else { &[] };
        let all =
            [ALTERNATE_SCREEN, KITTY_KEYBOARD_OFF, RESET_MODES, question, CLEAR_SCREEN, mouse]
                .concat();
        write_all(self.state.out(), &all)
    }

    /// The known state once more, for a terminal that something else wrote to.
    pub fn state(&self) -> Vec<u8> {
        let mouse = if self.state.mouse { MOUSE_ON } else { &[] };
        [CANCEL_SEQUENCE, KITTY_KEYBOARD_OFF_AGAIN, RESET_MODES, CLEAR_SCREEN, mouse].concat()
    }

    /// Gives the terminal back.
    pub fn leave(&self) {
        self.state.leave();
    }

    /// Writes what of a frame the terminal has room for, in one piece, and says
    /// how much that was. While the terminal is not ours, nothing is written.
    pub fn write(&self, frame: &[u8]) -> io::Result<usize> {
        let before = self.state.lock();
        if before.is_some() { write_some(self.state.out(), frame) } else { Ok(frame.len()) }
    }

    /// From now on a panic, on whatever thread, gives the terminal back, says
    /// in one line where it was, and tells `panicked`.
    pub fn guard_panics(&self, panicked: Arc<Notify>) -> PanicGuard {
        let state = Arc::clone(&self.state);
        let before: Arc<PanicHook> = Arc::from(panic::take_hook());
        panic::set_hook(Box::new(move |info| {
            state.leave();
            report(info);
            panicked.notify_one();
        }));
        PanicGuard { before }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        self.leave();
    }
}

impl TerminalState {
    /// Nothing under this lock panics; were it so, giving back still comes first.
    fn lock(&self) -> MutexGuard<'_, Option<Termios>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn out(&self) -> BorrowedFd<'_> {
        match &self.out {
            Some(own) => own.as_fd(),
            None => stdout(),
        }
    }

    fn leave(&self) {
        let mut before = self.lock();
        let Some(modes) = before.take() else { return };
        // Each of these fails only where there is no terminal left to give back.
        let _ = write_all(self.out(), RESTORE);
        // Digits typed ahead must not end up on the shell's command line.
        let _ = termios::tcflush(stdin(), QueueSelector::IFlush);
        let _ = termios::tcsetattr(stdin(), OptionalActions::Now, &modes);
    }
}

/// A way to the terminal that is ours alone, so that it can be set not to wait
/// without changing that for the shell, who shares ours. Where the terminal
/// cannot be opened (after `su`, say), there is only the shared one.
fn open_own() -> Option<OwnedFd> {
    let name = termios::ttyname(stdout(), Vec::new()).ok()?;
    let how = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(name, how, Mode::empty()).ok()
}

/// Waits for room in the terminal; whether there is a terminal, and room.
fn has_room(out: BorrowedFd<'_>, timeout: &Timespec) -> bool {
    let mut fds = [PollFd::new(&out, PollFlags::OUT)];
    poll(&mut fds, Some(timeout)).is_ok() && fds[0].revents() == PollFlags::OUT
}

/// Writes as much as there is room for; says how much that was.
fn write_some(out: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match rustix::io::write(out, rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => done += written,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// Writes all of it, unless there is no room for too long or no terminal.
fn write_all(out: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        if !has_room(out, &WRITE_TIMEOUT) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let written = write_some(out, bytes)?;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

type PanicHook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static;

/// While this lives, panics give the terminal back; then they are reported as
/// they were before.
pub struct PanicGuard {
    before: Arc<PanicHook>,
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        // A panicking thread may not change the hook.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

/// Where and what, in one line. Only a text that stands in the source is
/// repeated: one that was put together could hold a digit or a name.
fn report(info: &PanicHookInfo<'_>) {
    use io::Write as _;

    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let what = info.payload().downcast_ref::<&str>().copied().unwrap_or("details withheld");
    tracing::error!(place, what, "the program failed");
    // Without a standard error there is nobody to report to.
    let _ = writeln!(io::stderr(), "countersign failed at {place}: {what}");
}
