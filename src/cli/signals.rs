//! The signals that end a command which works on until it is told to stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::exit::Exit;

/// Listens for them.
#[derive(Debug)]
pub struct Ends {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Ends {
    /// From now on.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one, as the exit that it asks for.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Exit::INTERRUPTED,
            _ = self.terminate.recv() => Exit::TERMINATED,
            _ = self.hang_up.recv() => Exit::HUNG_UP,
        }
    }
}
