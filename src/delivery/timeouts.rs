//! How long a provider may take.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::domain::timing::{SEND_STEP_TIMEOUT, SEND_TIMEOUT};

/// The time limits of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendTimeouts {
    /// For one step: to connect, to get the answer to a command.
    pub step: Duration,
    /// For the whole hand-over.
    pub total: Duration,
}

impl Default for SendTimeouts {
    fn default() -> Self {
        Self { step: SEND_STEP_TIMEOUT, total: SEND_TIMEOUT }
    }
}

/// A step was not done in time.
#[derive(Debug)]
pub(super) struct TimedOut;

/// The limits of one hand-over that has begun.
pub(super) struct Deadline {
    step: Duration,
    end: Instant,
}

impl SendTimeouts {
    /// Begins a hand-over now.
    pub(super) fn begin(self) -> Deadline {
        Deadline { step: self.step, end: Instant::now() + self.total }
    }
}

impl Deadline {
    /// One step: its own limit, but never past the end of the whole.
    pub(super) async fn step<F: IntoFuture>(&self, future: F) -> Result<F::Output, TimedOut> {
        timeout_at(self.end.min(Instant::now() + self.step), future).await.map_err(|_| TimedOut)
    }

    /// The last step: all the time that is left.
    pub(super) async fn rest<F: IntoFuture>(&self, future: F) -> Result<F::Output, TimedOut> {
        timeout_at(self.end, future).await.map_err(|_| TimedOut)
    }
}
