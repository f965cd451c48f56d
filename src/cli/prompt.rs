//! Reads a secret: without echo at a terminal, or else one line of standard input; never from the
//! command line (security requirement 41).

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
use crate::domain::outcome::Outcome;
use crate::domain::session::SessionToken;

/// Length limit of a typed line in bytes; no code and no token is longer.
const INPUT_MAX: usize = 1024;

/// How often the reader thread checks whether it was abandoned.
const POLL_INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Reads a line that is not secret, with echo.
pub async fn text(output: &mut Output, question: &str) -> Result<String, Failure> {
    output.question(question);
    let read = tokio::task::spawn_blocking(|| line(&|| false)).await;
    let read = read.map_err(|error| Failure::internal(error.to_string()))??;
    Ok(read.trim().to_owned())
}

/// Reads the secret of a session.
pub async fn session_token(output: &mut Output, question: &str) -> Result<SessionToken, Failure> {
    SessionToken::parse(&secret(output, question).await?).ok_or_else(|| {
        Failure::outcome(
            Outcome::Malformed,
            "That is not a session's token; it has 64 digits and letters from a to f.",
        )
    })
}

/// Reads a secret. `question` is shown only if standard input is a terminal.
pub async fn secret(output: &mut Output, question: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        let read = tokio::task::spawn_blocking(|| line(&|| false)).await;
        return Ok(read.map_err(|error| Failure::internal(error.to_string()))??);
    }
    // Install the signal handlers before echo is switched off, so that no signal can end the
    // process in between and leave the terminal without echo.
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

/// Switches the terminal's echo off, and restores it when dropped.
struct Hidden(Termios);

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        // `Drain` keeps type-ahead, so that a code typed early is not lost.
        tcsetattr(io::stdin(), OptionalActions::Drain, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing can be done if the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

/// Reads one line of standard input without its line end. Reads byte by byte and unbuffered, so
/// that no copy of the secret stays in a buffer.
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
    // Invalid UTF-8 cannot be a code; the replacement characters make it malformed.
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
}

/// Polls standard input once: `true` if there is something to read or the stream has ended.
fn ready() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut wanted, Some(&POLL_INTERVAL)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
