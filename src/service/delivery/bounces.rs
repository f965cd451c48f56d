//! Mail that came back after a server had taken it.

use serde::{Deserialize, Serialize};

use crate::domain::bounce::{BounceStatus, IDS_MAX};
use crate::domain::explanation::Explanation;
use crate::domain::message_id;
use crate::service::ports::bounces::{BounceFound, StoredBounce};
use crate::service::{Desk, DeskError};

const FOR_CLERK: &str = "\
    The email came back: the customer does not have it. Check the address, or use another channel.";

/// What came of mail that came back. It tells nothing of whose it is: anybody can write such mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BounceRecorded {
    /// The message is marked as undeliverable.
    Recorded,
    /// That was known, or it is known that it arrived.
    Known,
    /// It is no message of this office, or one that is no longer kept.
    NotOurs,
}

impl Desk {
    /// Marks the message of one of these Message-IDs as undeliverable, where the desk gave it.
    pub async fn record_bounce(
        &self,
        message_ids: &[String],
        status: BounceStatus,
    ) -> Result<BounceRecorded, DeskError> {
        let keyring = self.keyring();
        let ours = message_ids.iter().take(IDS_MAX).find_map(|it| message_id::read(it, &keyring));
        let Some((request, generation)) = ours else { return Ok(BounceRecorded::NotOurs) };
        let failure = status.failure();
        let detail = Explanation {
            for_clerk: FOR_CLERK.into(),
            for_admin: format!("The email came back ({status}): {}.", failure.label()),
            key: None,
        };
        let bounce = StoredBounce {
            request: &request,
            generation,
            failure,
            detail: &detail,
            actor: &self.actor,
        };
        let found = self.retry(|| self.store.record_bounce(bounce)).await?;
        Ok(match found {
            BounceFound::Recorded => BounceRecorded::Recorded,
            BounceFound::Known => BounceRecorded::Known,
            BounceFound::Nothing => BounceRecorded::NotOurs,
        })
    }
}
