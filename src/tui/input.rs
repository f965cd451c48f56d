//! Reads the keyboard.
//!
//! A thread of its own waits on the terminal and turns bytes into keys. It is
//! not crossterm's reader: that one goes round and round when the terminal
//! has gone, and waits inside an async task for the rest of an escape sequence
//! that a slow line has cut in two. Here the end of the terminal is an event
//! like any other, and a sequence may come in pieces.

use std::io;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::decode::{Decoder, Input};

/// How long the rest of an escape sequence may take; without it, it was the
/// Esc key.
const ESCAPE: Duration = Duration::from_millis(40);

/// Reads until the terminal ends or nobody listens.
pub fn listen(to: mpsc::Sender<Input>) -> io::Result<()> {
    thread::Builder::new().name("input".into()).spawn(move || read(&to)).map(drop)
}

fn read(to: &mpsc::Sender<Input>) {
    let mut decoder = Decoder::default();
    let mut bytes = Zeroizing::new([0; 1_024]);
    loop {
        let inputs = match next(decoder.is_waiting(), bytes.as_mut_slice()) {
            Next::Bytes(length) => decoder.feed(&bytes[..length]),
            Next::Silence => decoder.give_up(),
            Next::End => break,
        };
        for input in inputs {
            if to.blocking_send(input).is_err() {
                return;
            }
        }
    }
    // The receiver may have gone as well.
    let _ = to.blocking_send(Input::Ended);
}

enum Next {
    Bytes(usize),
    Silence,
    End,
}

/// Waits for bytes; no longer than an escape sequence takes, where one has begun.
fn next(in_a_sequence: bool, bytes: &mut [u8]) -> Next {
    let stdin = rustix::stdio::stdin();
    let nanos = Timespec { tv_sec: 0, tv_nsec: i64::from(ESCAPE.subsec_nanos()) };
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, in_a_sequence.then_some(&nanos)) {
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
