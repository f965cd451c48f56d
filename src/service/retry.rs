//! Telling the store again after the connection broke.
//!
//! Every act can be told twice without harm: the store knows it again by its
//! name, its code or its effect, and answers with what it did the first time.
//! So nobody guesses whether an act was done whose answer was lost: the same
//! act is told again, at growing intervals, until the store says.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::service::Desk;
use crate::service::ports::error::StoreError;

/// How long whoever started a command waits for a store that went away.
const BRIEF: Duration = Duration::from_secs(5);

/// How long it waits for its turn where others write: longer than the store waits
/// at one go.
const TURN: Duration = Duration::from_secs(12);

/// The first wait before an act is told again, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Hears of a telling that was not answered.
type OnBreak = dyn Fn(&StoreError) + Send + Sync;

/// How long and how often an act is told again.
#[derive(Clone)]
pub struct RetryPolicy {
    patience: Duration,
    first: Duration,
    most: Duration,
    on_break: Option<Arc<OnBreak>>,
}

impl RetryPolicy {
    /// For a command: it gives up after some seconds and says what is known.
    pub fn brief() -> Self {
        let (first, most) = WAITS;
        Self { patience: BRIEF, first, most, on_break: None }
    }

    /// For a counter: as long as it takes. `on_break` hears of each failure.
    pub fn lasting(on_break: impl Fn(&StoreError) + Send + Sync + 'static) -> Self {
        Self { patience: Duration::MAX, on_break: Some(Arc::new(on_break)), ..Self::brief() }
    }

    /// With other waits: the first, and the longest that it doubles to.
    #[must_use]
    pub const fn waiting(mut self, first: Duration, most: Duration) -> Self {
        self.first = first;
        self.most = most;
        self
    }
}

/// One telling of an act.
type Telling<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl Desk {
    /// Tells the store the same thing until it answers or patience ends. Where
    /// one telling may have been carried out, an error of a later one says so.
    pub(super) async fn retry<'a, T>(
        &self,
        tell: impl Fn() -> Telling<'a, T> + Send,
    ) -> Result<T, StoreError> {
        self.insist_while(StoreError::is_break, tell).await
    }

    /// Reads what a command acts on, as persistently as it acts. A counter reads
    /// again by itself when the store is back.
    pub(super) async fn reading<'a, T>(
        &self,
        read: impl Fn() -> Telling<'a, T> + Send,
    ) -> Result<T, StoreError> {
        if self.retry_policy.patience == Duration::MAX {
            read().await
        } else {
            self.retry(read).await
        }
    }

    /// As [`Self::insist`], as long as errors are such.
    pub(super) async fn insist_while<'a, T>(
        &self,
        passes: fn(&StoreError) -> bool,
        tell: impl Fn() -> Telling<'a, T> + Send,
    ) -> Result<T, StoreError> {
        let retry_policy = &self.retry_policy;
        let begun = Instant::now();
        let mut wait = retry_policy.first;
        let mut unsure = false;
        loop {
            let error = match tell().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            unsure |= matches!(error, StoreError::Unknown(_));
            if !passes(&error) {
                return Err(told(error, unsure));
            }
            if let Some(on_break) = &retry_policy.on_break {
                on_break(&error);
            }
            // Whoever waits for its turn has waited already.
            let is_turn = matches!(error, StoreError::Busy(_));
            let pause = self.spread(if is_turn { retry_policy.first } else { wait });
            let patience = retry_policy.patience.max(if is_turn { TURN } else { Duration::ZERO });
            if patience.saturating_sub(begun.elapsed()) < pause {
                return Err(told(error, unsure));
            }
            tokio::time::sleep(pause).await;
            wait = wait.saturating_mul(2).min(retry_policy.most);
        }
    }

    /// Between half of `wait` and all of it: the counters of an office lose
    /// their store at one moment and shall not come back at one.
    fn spread(&self, wait: Duration) -> Duration {
        let half = wait / 2;
        let steps = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
        match self.random.below(steps) {
            Ok(more) => half + Duration::from_micros(more),
            Err(_) => wait,
        }
    }
}

/// The last error, as far as it is the truth about all tellings.
fn told(error: StoreError, unsure: bool) -> StoreError {
    match error {
        // Nothing is done without the key, nor was it before.
        StoreError::MissingKey(_) | StoreError::Unknown(_) => error,
        error if unsure => StoreError::Unknown(error.to_string()),
        error => error,
    }
}
