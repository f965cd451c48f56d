//! The retry policy: repeating a call to the store after the connection broke.
//!
//! Every call can be repeated without harm: the store recognises it by its idempotency key,
//! its code or its effect, and answers with what it did the first time. So nobody has to
//! guess whether something was done whose answer was lost: the same call is repeated with
//! growing pauses until the store answers.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::service::Desk;
use crate::service::ports::Random;
use crate::service::ports::error::StoreError;

/// How long a command retries where the store cannot be reached.
const COMMAND_MAX_ELAPSED: Duration = Duration::from_secs(5);

/// How long it retries where others hold the store's locks: longer than one wait of the
/// store.
const BUSY_MAX_ELAPSED: Duration = Duration::from_secs(12);

/// The first pause before a retry, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Told of each attempt that was not answered.
type OnBreak = dyn Fn(&StoreError) + Send + Sync;

/// How often and how long a call is retried.
#[derive(Clone)]
pub struct RetryPolicy {
    max_elapsed: Duration,
    first: Duration,
    most: Duration,
    on_break: Option<Arc<OnBreak>>,
}

impl RetryPolicy {
    /// For a command: it gives up after some seconds and says what is known.
    pub fn brief() -> Self {
        let (first, most) = BACKOFF;
        Self { max_elapsed: COMMAND_MAX_ELAPSED, first, most, on_break: None }
    }

    /// For a counter: without an end. `on_break` is told of each failed attempt.
    pub fn lasting(on_break: impl Fn(&StoreError) + Send + Sync + 'static) -> Self {
        Self { max_elapsed: Duration::MAX, on_break: Some(Arc::new(on_break)), ..Self::brief() }
    }

    /// With another end: how long attempts are made.
    #[must_use]
    pub const fn with_max_elapsed(mut self, max_elapsed: Duration) -> Self {
        self.max_elapsed = max_elapsed;
        self
    }

    /// With other pauses: the first, and the longest that it doubles to.
    #[must_use]
    pub const fn waiting(mut self, first: Duration, most: Duration) -> Self {
        self.first = first;
        self.most = most;
        self
    }
}

/// One attempt of a call.
pub type Attempt<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl Desk {
    /// Repeats a call until it is answered or the time is over. Where an earlier attempt
    /// may have been committed, the error of a later one says so.
    pub(super) async fn retry<'a, T>(
        &self,
        attempt: impl Fn() -> Attempt<'a, T> + Send,
    ) -> Result<T, StoreError> {
        self.retry_while(StoreError::is_break, attempt).await
    }

    /// Reads with the same retries as a command's act. A counter does not retry reads here:
    /// it reads again by itself when the store is back.
    pub(super) async fn reading<'a, T>(
        &self,
        read: impl Fn() -> Attempt<'a, T> + Send,
    ) -> Result<T, StoreError> {
        if self.retry_policy.is_lasting() { read().await } else { self.retry(read).await }
    }

    /// As [`Self::retry`], for other errors than [`StoreError::is_break`].
    pub(super) async fn retry_while<'a, T>(
        &self,
        is_transient: fn(&StoreError) -> bool,
        attempt: impl Fn() -> Attempt<'a, T> + Send,
    ) -> Result<T, StoreError> {
        self.retry_policy.run(self.random.as_ref(), is_transient, attempt).await
    }
}

impl RetryPolicy {
    /// Whether it goes on without an end, as at a counter.
    pub fn is_lasting(&self) -> bool {
        self.max_elapsed == Duration::MAX
    }

    /// Repeats an attempt until it is answered, fails for good, or the time is over.
    pub async fn run<'a, T>(
        &self,
        random: &dyn Random,
        is_transient: fn(&StoreError) -> bool,
        attempt: impl Fn() -> Attempt<'a, T> + Send,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let mut wait = self.first;
        let mut may_be_done = false;
        loop {
            let error = match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            may_be_done |= matches!(error, StoreError::Unknown(_));
            if !is_transient(&error) {
                return Err(final_error(error, may_be_done));
            }
            if let Some(on_break) = &self.on_break {
                on_break(&error);
            }
            // The attempt has waited for the lock already.
            let is_busy = matches!(error, StoreError::Busy(_));
            let pause = jitter(random, if is_busy { self.first } else { wait });
            let max_elapsed =
                self.max_elapsed.max(if is_busy { BUSY_MAX_ELAPSED } else { Duration::ZERO });
            if max_elapsed.saturating_sub(started.elapsed()) < pause {
                return Err(final_error(error, may_be_done));
            }
            tokio::time::sleep(pause).await;
            wait = wait.saturating_mul(2).min(self.most);
        }
    }
}

/// Between half of `wait` and all of it. The counters of an office lose their store at the
/// same moment, and should not come back all at once.
fn jitter(random: &dyn Random, wait: Duration) -> Duration {
    let half = wait / 2;
    let steps = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
    match random.below(steps) {
        Ok(more) => half + Duration::from_micros(more),
        Err(_) => wait,
    }
}

/// The error to report: whether any attempt may have been committed.
fn final_error(error: StoreError, may_be_done: bool) -> StoreError {
    match error {
        // Without the key no attempt was committed.
        StoreError::MissingKey(_) | StoreError::Unknown(_) => error,
        error if may_be_done => StoreError::Unknown(error.to_string()),
        error => error,
    }
}
