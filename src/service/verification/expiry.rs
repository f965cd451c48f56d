//! Expiry: requests whose time is over are closed soon afterwards, so that the log says so
//! while somebody may still look. Every process that works the outbox does it; the others
//! find it done. Nothing rests on it: a code that has expired is refused by the store's
//! clock, whether its request was closed or not.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::service::delivery::worker::{at, written};
use crate::service::{Desk, DeskError};

/// How many requests are closed at once.
const EXPIRY_BATCH: u32 = 50;

/// The shortest interval between two looks, however much is written: a code that was just
/// asked for works for minutes.
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(15);

/// The pause after an error of the store.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Over this time the processes of an office look one after the other, so that one of them
/// does what the others would wait for.
const MAX_JITTER: Duration = Duration::from_secs(1);

impl Desk {
    /// Closes requests that expire, until `end`.
    pub(in crate::service) async fn run_expiry(&self, end: CancellationToken) {
        let mut changes = self.store.changes();
        let delay = MAX_JITTER
            .mul_f64(f64::from(self.lease_owner.as_bytes().first().map_or(0, |it| it % 16)) / 16.0);
        while !end.is_cancelled() {
            let looked = self.expire_due().await;
            let looked_at = Instant::now();
            let change = async {
                // A store that fails is not asked by everybody each time it comes back.
                if looked.is_err() {
                    return std::future::pending().await;
                }
                written(&mut changes).await;
                tokio::time::sleep_until(looked_at + MIN_POLL_INTERVAL).await;
            };
            let wait = match &looked {
                Ok(wait) => *wait,
                Err(error) => {
                    tracing::warn!(%error, "expired requests are closed later");
                    Some(PAUSE_AFTER_FAILURE)
                }
            };
            tokio::select! {
                () = end.cancelled() => {}
                () = at(wait.map(|wait| looked_at + wait + delay)) => {}
                () = change => {}
            }
        }
    }

    /// Closes requests that have expired; returns how long until the next one expires.
    pub(in crate::service) async fn expire_due(&self) -> Result<Option<Duration>, DeskError> {
        loop {
            match self.store.next_expiry().await? {
                Some(Duration::ZERO) => {}
                wait => return Ok(wait),
            }
            if self.store.expire(EXPIRY_BATCH).await? == 0 {
                // Others hold what is left.
                return Ok(Some(MIN_POLL_INTERVAL));
            }
        }
    }
}
