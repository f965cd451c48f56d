//! Reads the keyboard.
//!
//! A thread of its own waits on the terminal and turns bytes into keys. It is
//! not crossterm's reader: that one goes round and round when the terminal
//! has gone, and waits inside an async task for the rest of an escape sequence
//! that a slow line has cut in two. Here the end of the terminal is an event
//! like any other, and a sequence may come in pieces.
//!
//! Each input carries the moment at which its bytes were read: what a key means
//! can depend on how soon it came after another, and the machine may be busy
//! when it comes.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::tui::terminal::decoder::{Decoder, Input};

/// One input, and when it was read.
#[derive(Debug)]
pub struct TimedInput {
    /// What the terminal sent.
    pub input: Input,
    /// When its last byte was read.
    pub at: Instant,
}

impl TimedInput {
    /// The end of the terminal.
    pub fn end() -> Self {
        Self { input: Input::Ended, at: Instant::now() }
    }
}

/// Reads until the terminal ends or nobody listens.
pub fn listen(to: mpsc::Sender<TimedInput>) -> io::Result<()> {
    thread::Builder::new().name("input".into()).spawn(move || read(&to)).map(drop)
}

fn read(to: &mpsc::Sender<TimedInput>) {
    let mut decoder = Decoder::default();
    let mut bytes = Zeroizing::new([0; 1_024]);
    loop {
        let inputs = match next(decoder.timeout(), bytes.as_mut_slice()) {
            Next::Bytes(length) => decoder.feed(&bytes[..length]),
            Next::Silence => decoder.give_up(),
            Next::End => break,
        };
        let at = Instant::now();
        for input in inputs {
            if to.blocking_send(TimedInput { input, at }).is_err() {
                return;
            }
        }
    }
    // The receiver may have gone as well.
    let _ = to.blocking_send(TimedInput::end());
}

enum Next {
    Bytes(usize),
    Silence,
    End,
}

/// Waits for bytes, where something has begun no longer than its rest may take.
fn next(timeout: Option<Duration>, bytes: &mut [u8]) -> Next {
    let stdin = rustix::stdio::stdin();
    let limit = timeout.and_then(|it| Timespec::try_from(it).ok());
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, limit.as_ref()) {
            Err(Errno::INTR) => continue,
            Err(_) => return Next::End,
            Ok(0) => return Next::Silence,
            Ok(_) => {}
        }
        if !fds[0].revents().contains(PollFlags::IN) {
            return Next::End;
        }
        match rustix::io::read(stdin, &mut *bytes) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(0) | Err(_) => return Next::End,
            Ok(length) => return Next::Bytes(length),
        }
    }
}
