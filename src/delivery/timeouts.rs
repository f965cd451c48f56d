//! Timeouts of a send.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::domain::timing::{SEND_STEP_TIMEOUT, SEND_TIMEOUT};

/// The timeouts of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendTimeouts {
    /// For one step: connecting, or the reply to a command.
    pub step: Duration,
    /// For the whole send.
    pub total: Duration,
}

impl Default for SendTimeouts {
    fn default() -> Self {
        Self { step: SEND_STEP_TIMEOUT, total: SEND_TIMEOUT }
    }
}

#[derive(Debug)]
pub(super) struct TimedOut;

/// The timeouts of a send that has started.
pub(super) struct Deadline {
    step: Duration,
    end: Instant,
}

impl SendTimeouts {
    /// Starts a send now.
    pub(super) fn begin(self) -> Deadline {
        Deadline { step: self.step, end: Instant::now() + self.total }
    }
}

impl Deadline {
    /// Runs one step with the step timeout, at most until the end of the whole send.
    pub(super) async fn step<F: IntoFuture>(&self, future: F) -> Result<F::Output, TimedOut> {
        timeout_at(self.end.min(Instant::now() + self.step), future).await.map_err(|_| TimedOut)
    }

    /// Runs the last step with all the time that is left.
    pub(super) async fn rest<F: IntoFuture>(&self, future: F) -> Result<F::Output, TimedOut> {
        timeout_at(self.end, future).await.map_err(|_| TimedOut)
    }
}
