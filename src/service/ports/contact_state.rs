//! What is known of contacts from the messages before.

use async_trait::async_trait;

use crate::domain::channel::Channel;
use crate::domain::contact_state::{ContactFailure, ContactState};
use crate::domain::customer::CustomerId;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// What became of messages to each contact. It is written where a message is completed.
#[async_trait]
pub trait ContactStateStore: Send + Sync {
    /// What is known of the contacts of these names
    /// ([`contact_state::name`](crate::domain::contact_state::name)); of the others nothing is.
    async fn contact_states(
        &self,
        names: &[&str],
    ) -> Result<Vec<(String, ContactState)>, StoreError>;
    /// Up to `most` contacts whose last message failed for good, the newest first, from the one
    /// after `after` on.
    async fn bad_contacts(
        &self,
        after: Option<&BadContactPlace>,
        most: u32,
    ) -> Result<Vec<BadContactRow>, StoreError>;
}

/// A place in the list of bad contacts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BadContactPlace {
    pub failed_at: Timestamp,
    pub name: String,
}

/// A contact whose last message failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadContactRow {
    /// Its name, and when it failed.
    pub place: BadContactPlace,
    pub channel: Channel,
    /// For whom the message was.
    pub customer: CustomerId,
    pub failure: ContactFailure,
}
