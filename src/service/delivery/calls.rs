//! What can be asked about messages and their providers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::bounce::BounceStatus;
use crate::domain::delivery::{DeliveryId, SendReport};
use crate::domain::delivery_stats::{DeliveryStats, QueueStats};
use crate::service::delivery::bounces::BounceRecorded;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::service::ports::TrayMessage;
use crate::service::{Desk, DeskError, PAGE_MAX};

/// How many messages one call sends at once at most.
const CONCURRENT_MAX: usize = 64;

/// How long one call keeps trying a message at most.
const ELAPSED_MAX: Duration = Duration::from_mins(1);

/// Sends the message of a code that was just asked for; none where another
/// worker has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliverCode {
    /// Which message.
    pub delivery: DeliveryId,
    /// How long a message that has to wait is tried again before it is left to
    /// the outbox; zero for one attempt.
    pub max_elapsed: Duration,
}

impl DeliverCode {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<SendReport>, DeskError> {
        if self.max_elapsed.is_zero() {
            desk.deliver(self.delivery).await
        } else {
            desk.deliver_within(self.delivery, self.max_elapsed.min(ELAPSED_MAX)).await
        }
    }
}

/// Reads the circuit breakers of the providers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadBreakers;

impl ReadBreakers {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<BreakerSnapshot, DeskError> {
        desk.circuit_breakers().await
    }
}

/// Adds up the messages of the last hours.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadDeliveryStats {
    /// Of how long a time.
    pub within: Duration,
}

impl ReadDeliveryStats {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<DeliveryStats, DeskError> {
        desk.delivery_stats(self.within).await
    }
}

/// Reads how many messages wait in the outbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadQueue;

impl ReadQueue {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<QueueStats, DeskError> {
        Ok(desk.store.queue_stats().await?)
    }
}

/// Does what is due in the outbox, and what follows from it at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliverDue {
    /// Messages at once.
    pub concurrent: usize,
}

/// What came of [`DeliverDue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueWork {
    /// How many things were done.
    pub done: u64,
    /// How many messages wait.
    pub waiting: u64,
    /// How long until the next is due; none where nothing is.
    pub next: Option<Duration>,
}

impl DeliverDue {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<DueWork, DeskError> {
        let done = desk.work_off_outbox(self.concurrent.min(CONCURRENT_MAX)).await?;
        let waiting = desk.store.queue_stats().await?.length;
        Ok(DueWork { done, waiting, next: desk.next_due().await? })
    }
}

/// Marks a message as undeliverable that came back as mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordBounce {
    /// The Message-IDs that the notification names.
    pub message_ids: Vec<String>,
    /// The status that it gives.
    pub status: BounceStatus,
}

impl RecordBounce {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<BounceRecorded, DeskError> {
        desk.record_bounce(&self.message_ids, self.status).await
    }
}

/// Reads the tray of a development set-up: messages numbered over `after`, oldest
/// first; where there are more than `limit`, the newest of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadTray {
    /// The last number known.
    pub after: u64,
    /// How many at most.
    pub limit: u32,
}

impl ReadTray {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<TrayMessage>, DeskError> {
        let Some(tray) = desk.tray() else { return Ok(Vec::new()) };
        Ok(tray.messages(self.after, self.limit.min(PAGE_MAX)).await?)
    }
}
