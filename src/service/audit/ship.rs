//! Shipping: sealed entries go to a collector of logs outside of the office's own machines.
//!
//! It stands behind the sealer, reads what is sealed, and holds nobody up: a collector that is
//! slow or away lets the cursor fall behind, which is told. A batch is shipped before the cursor
//! moves, so that whoever is killed between ships it once more and nothing is passed over.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::domain::audit::shipping::{CursorId, ShippedRecord, ShippingStatus};
use crate::domain::timing::{SHIPPING_BACKOFF, SHIPPING_LEASE, SHIPPING_TIMEOUT};
use crate::service::audit::seal::pause;
use crate::service::ports::shipping::{Collector, CollectorError, CursorClaim};
use crate::service::ports::trail::TrailError;
use crate::service::ports::{Store, StoreError};
use crate::service::{Desk, DeskError};

/// How many entries go out at once: some hundred kilobytes.
const SHIPPING_BATCH: u64 = 500;

/// The shortest time between two batches, so that what is sealed meanwhile goes out together.
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// The longest time between two looks: sealing is no change that others are told of.
const MAX_INTERVAL: Duration = Duration::from_secs(2);

/// How long it is left to another process that ships.
const HELD_INTERVAL: Duration = Duration::from_secs(10);

/// Where the log is shipped to.
#[derive(Clone)]
pub struct Shipping {
    cursor: CursorId,
    collector: Arc<dyn Collector>,
}

impl Shipping {
    /// A collector, with the name of its cursor.
    pub fn new(name: &str, collector: Arc<dyn Collector>) -> Self {
        Self { cursor: CursorId::new(name, &collector.target()), collector }
    }

    /// Its cursor.
    pub const fn cursor(&self) -> &CursorId {
        &self.cursor
    }
}

/// What came of one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShippingProgress {
    /// The collector has so many entries more; whether others wait.
    #[expect(missing_docs, reason = "said above")]
    Shipped { count: u64, more: bool },
    /// Nothing waits.
    Nothing,
    /// Another process ships.
    Held,
    /// The collector did not take them, or perhaps did.
    #[expect(missing_docs, reason = "said above")]
    Failed { why: String, retry_after: Option<Duration> },
    /// This desk ships nowhere.
    Off,
}

/// A desk that ships the log.
#[derive(Clone)]
pub struct ShippingWorker(Desk);

impl ShippingWorker {
    /// The worker of a desk; none where it ships nowhere.
    pub fn new(desk: Desk) -> Option<Self> {
        desk.shipping.is_some().then_some(Self(desk))
    }

    /// Ships what is sealed, until `end`.
    pub async fn run(&self, end: CancellationToken) {
        let mut changes = self.0.store.changes();
        let mut failures = 0;
        while !end.is_cancelled() {
            let shipped = tokio::select! {
                () = end.cancelled() => break,
                shipped = self.0.ship_trail() => shipped,
            };
            let shipped = shipped.unwrap_or_else(|error| ShippingProgress::Failed {
                why: error.to_string(),
                retry_after: None,
            });
            let (shortest, longest) = match shipped {
                ShippingProgress::Failed { why, retry_after } => {
                    let wait = SHIPPING_BACKOFF.wait(failures).max(retry_after.unwrap_or_default());
                    failures += 1;
                    // What goes on failing is told once; the store says how often it did.
                    if failures == 1 {
                        tracing::warn!(why, "the log is not being shipped");
                    }
                    (wait, Duration::ZERO)
                }
                progress => {
                    failures = 0;
                    match progress {
                        ShippingProgress::Shipped { more: true, .. } => {
                            (Duration::ZERO, Duration::ZERO)
                        }
                        ShippingProgress::Held => (HELD_INTERVAL, Duration::ZERO),
                        _ => (MIN_INTERVAL, MAX_INTERVAL),
                    }
                }
            };
            let pause = pause(&mut changes, shortest, longest);
            if end.run_until_cancelled(pause).await.is_none() {
                break;
            }
        }
        self.0.stop_shipping().await;
    }
}

impl Desk {
    /// Ships the next sealed entries, one batch.
    pub async fn ship_trail(&self) -> Result<ShippingProgress, DeskError> {
        let Some(shipping) = &self.shipping else { return Ok(ShippingProgress::Off) };
        let cursor = &shipping.cursor;
        let head = self.reading(|| self.store.trail_head()).await?;
        let Some(note) = head.note else { return Ok(ShippingProgress::Nothing) };
        let size = head.edge.size();
        let stored = self.reading(|| self.store.cursor(cursor)).await?;
        if stored.is_some_and(|it| it.next >= size) {
            return Ok(ShippingProgress::Nothing);
        }
        let owner = &*self.lease_owner;
        let claim = CursorClaim { cursor, owner, lease: SHIPPING_LEASE, actor: &self.actor };
        let Some(from) = self.retry(|| self.store.claim_cursor(&claim)).await? else {
            return Ok(ShippingProgress::Held);
        };
        let to = size.min(from.saturating_add(SHIPPING_BATCH));
        if from >= to {
            return Ok(ShippingProgress::Nothing);
        }
        let records = self.records(&note, from, to).await?;
        let timeout = tokio::time::timeout(SHIPPING_TIMEOUT, shipping.collector.ship(&records));
        let shipped = timeout.await.unwrap_or_else(|_| {
            let seconds = SHIPPING_TIMEOUT.as_secs();
            Err(CollectorError::new(format!("it did not take a batch within {seconds} s")))
        });
        if let Err(CollectorError { why, retry_after }) = shipped {
            self.retry(|| self.store.cursor_failed(cursor, owner, &why)).await?;
            return Ok(ShippingProgress::Failed { why, retry_after });
        }
        if !self.retry(|| self.store.advance_cursor(cursor, owner, from, to)).await? {
            // The lease went to another process, or the answer to an earlier try was lost.
            return Ok(ShippingProgress::Held);
        }
        Ok(ShippingProgress::Shipped { count: to - from, more: to < size })
    }

    /// The records of a range, without a gap.
    async fn records(
        &self,
        note: &str,
        from: u64,
        to: u64,
    ) -> Result<Vec<ShippedRecord>, DeskError> {
        let origin = note.lines().next().unwrap_or_default();
        let page = self.export_page(from, to, false).await?;
        let records: Vec<_> =
            page.into_iter().map(|it| ShippedRecord::new(origin, note, it)).collect();
        let is_whole = records.iter().map(|it| it.sequence).eq(from..to);
        if is_whole { Ok(records) } else { Err(TrailError::Broken.into()) }
    }

    /// How far the log was shipped; none where this desk ships nowhere.
    pub async fn shipping_status(&self) -> Result<Option<ShippingStatus>, DeskError> {
        let Some(shipping) = &self.shipping else { return Ok(None) };
        let status = self.reading(|| Box::pin(status(self.store.as_ref(), &shipping.cursor)));
        Ok(Some(status.await?))
    }

    /// Gives the lease back, so that another host goes on at once.
    async fn stop_shipping(&self) {
        let Some(shipping) = &self.shipping else { return };
        if let Err(error) = self.store.release_cursor(&shipping.cursor, &self.lease_owner).await {
            tracing::debug!(%error, "the lease of shipping was not given back");
        }
    }
}

/// How far a cursor has come.
pub async fn status(
    store: &(dyn Store + '_),
    cursor: &CursorId,
) -> Result<ShippingStatus, StoreError> {
    let sealed = store.trail_head().await?.edge.size();
    let stored = store.cursor(cursor).await?;
    let shipped = stored.as_ref().map_or(0, |it| it.next);
    let waiting_since = if shipped < sealed { first_at(store, shipped).await? } else { None };
    let now = match &stored {
        Some(it) => it.now,
        None => store.now().await?,
    };
    let (shipped_at, failure) = stored.map_or((None, None), |it| (it.shipped_at, it.failure));
    Ok(ShippingStatus {
        cursor: cursor.clone(),
        shipped,
        sealed,
        waiting_since,
        shipped_at,
        failure,
        now,
    })
}

/// When the event of a leaf happened.
async fn first_at(
    store: &(dyn Store + '_),
    place: u64,
) -> Result<Option<crate::domain::time::Timestamp>, StoreError> {
    let Some(leaf) = store.leaves(place, 1).await?.pop() else { return Ok(None) };
    Ok(store.stored_events_of(&[leaf.event]).await?.pop().map(|it| it.at))
}
