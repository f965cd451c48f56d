//! Asking for a secret: hidden at a terminal, one line of standard input
//! otherwise, and never from the command line (security requirement 41).

use std::io;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::cli::exit::Failure;
use crate::cli::output::Output;

/// No code and no token is longer.
const INPUT_MAX: usize = 1024;

/// How soon a reader notices that nobody waits for it any more.
const POLL_INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Reads what is no secret, and is shown as it is typed.
pub async fn text(output: &mut Output, question: &str) -> Result<String, Failure> {
    output.question(question);
    let read = tokio::task::spawn_blocking(|| line(&|| false)).await;
    let read = read.map_err(|error| Failure::internal(error.to_string()))??;
    Ok(read.trim().to_owned())
}

/// Reads a secret; `question` is shown where a person is asked.
pub async fn secret(output: &mut Output, question: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        let read = tokio::task::spawn_blocking(|| line(&|| false)).await;
        return Ok(read.map_err(|error| Failure::internal(error.to_string()))??);
    }
    // Signals are listened for before the terminal changes, so that none can
    // end the process in between and leave it without echo.
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .into_iter()
        .map(signal)
        .collect::<io::Result<Vec<_>>>()?;
    let hidden = Hidden::new()?;
    output.question(question);
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::task::spawn_blocking({
        let over = Arc::clone(&over);
        move || line(&|| over.load(Ordering::Relaxed))
    });
    let [interrupt, terminate, hangup] = signals.as_mut_slice() else {
        return Err(Failure::internal("three signals were asked for"));
    };
    let read = tokio::select! {
        read = reader => Some(read),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        _ = hangup.recv() => None,
    };
    over.store(true, Ordering::Relaxed);
    drop(hidden);
    let Some(read) = read else {
        output.note("");
        return Err(Failure::interrupted());
    };
    Ok(read.map_err(|error| Failure::internal(error.to_string()))??)
}

/// The terminal without echo, until dropped.
struct Hidden(Termios);

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        // What was typed ahead stays: a code that comes quickly is not lost.
        tcsetattr(io::stdin(), OptionalActions::Drain, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing helps a terminal that is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

/// One line of standard input without its end. Bytes are read one by one and
/// behind no buffer, so that no copy of the secret is left in one.
fn line(over: &dyn Fn() -> bool) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(INPUT_MAX));
    let mut byte = Zeroizing::new([0_u8; 1]);
    while bytes.len() < INPUT_MAX {
        if !ready()? {
            if over() {
                break;
            }
            continue;
        }
        match rustix::io::read(io::stdin(), byte.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => bytes.push(byte[0]),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // What is not text is no code either; the marks in its place say so.
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
}

/// Whether there is something to read, or nothing ever to come, within a glance.
fn ready() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut wanted, Some(&POLL_INTERVAL)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
