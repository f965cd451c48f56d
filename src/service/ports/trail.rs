//! The audit trail: the tree over the log, and the keys that sign its checkpoints.

use async_trait::async_trait;

use crate::domain::audit::checkpoint::CheckpointError;
use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::{EventSalt, Proving, StoredEvent};
use crate::domain::audit::tree::{Subtree, TreeEdge};
use crate::domain::event::EventId;
use crate::domain::key::Keyring;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::keys::KeysError;

/// The tree over the log, as the store keeps it.
#[async_trait]
pub trait TrailStore: Send + Sync {
    /// How far the log is sealed.
    async fn trail_head(&self) -> Result<TrailHead, StoreError>;
    /// Seals the next events, at most so many, in one transaction. One process at a time
    /// does so; the others find it taken.
    async fn seal(&self, sealer: &dyn Sealer, most: u32) -> Result<SealOutcome, StoreError>;
    /// How many events are not sealed yet, counted no further than `most`.
    async fn unsealed(&self, most: u32) -> Result<u32, StoreError>;
    /// The leaves from an index on, at most so many.
    async fn leaves(&self, from: u64, most: u32) -> Result<Vec<StoredLeaf>, StoreError>;
    /// The events with numbers after one and up to another, in their order, at most so many.
    async fn stored_events(
        &self,
        after: EventId,
        up_to: EventId,
        most: u32,
    ) -> Result<Vec<StoredEvent>, StoreError>;
    /// The events of these numbers, in their order.
    async fn stored_events_of(&self, events: &[EventId]) -> Result<Vec<StoredEvent>, StoreError>;
    /// The hashes of subtrees of a level that is kept, from one on, at most so many.
    async fn nodes(&self, from: Subtree, most: u32) -> Result<Vec<TreeHash>, StoreError>;
    /// The place of the first leaf whose event has this number or a higher one.
    async fn leaf_from(&self, event: EventId) -> Result<Option<u64>, StoreError>;
    /// The number of the first event at or after a moment; after the last one where there is
    /// none yet.
    async fn event_at(&self, moment: Timestamp) -> Result<EventId, StoreError>;
    /// Older checkpoints of trees over this size, smallest first.
    async fn checkpoints(&self, over: u64, most: u32) -> Result<Vec<String>, StoreError>;
}

/// How far the log is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailHead {
    /// The right edge of the tree.
    pub edge: TreeEdge,
    /// The highest number of an event that is sealed.
    pub last: EventId,
    /// No event up to this number can still be committed.
    pub settled: EventId,
    /// The newest checkpoint; none before the first one.
    pub note: Option<String>,
    /// The highest number of an event that was purged.
    pub purged_up_to: EventId,
}

/// A leaf, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLeaf {
    /// Its place in the tree.
    pub index: u64,
    /// Of which event it is.
    pub event: EventId,
    /// Its hash; none where what lies there is none.
    pub hash: Option<TreeHash>,
    /// What proves the event's personal fields.
    pub proving: Proving,
}

/// A leaf to be written.
#[derive(Clone, Debug)]
pub struct NewLeaf {
    /// Its place in the tree.
    pub index: u64,
    /// Of which event it is.
    pub event: EventId,
    /// Its hash.
    pub hash: TreeHash,
    /// The salt of the event's personal fields.
    pub salt: EventSalt,
}

/// What makes leaves of events, in the store's transaction.
pub trait Sealer: Send + Sync {
    /// Extends the tree by these events.
    fn seal(&self, head: &TrailHead, events: Vec<StoredEvent>) -> Result<SealedBatch, TrailError>;
}

/// What is written when events are sealed.
#[derive(Clone, Debug)]
pub struct SealedBatch {
    /// The new leaves.
    pub leaves: Vec<NewLeaf>,
    /// The subtrees that are kept for proofs.
    pub nodes: Vec<(Subtree, TreeHash)>,
    /// The right edge of the tree with them.
    pub edge: TreeEdge,
    /// The checkpoint of the tree with them.
    pub note: String,
}

/// What came of sealing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealOutcome {
    /// So many events were sealed; whether more were left.
    #[expect(missing_docs, reason = "said above")]
    Sealed { count: u32, more: bool },
    /// Nothing can be sealed now; whether something will be in a moment, without any change.
    #[expect(missing_docs, reason = "said above")]
    Nothing { soon: bool },
    /// The trail is not as this desk left it, or cannot be signed.
    Refused(TrailError),
}

/// Why the audit trail cannot be extended or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum TrailError {
    /// This desk does not hold the key.
    #[error("the key of the audit trail is not here")]
    NoKey,
    /// The newest checkpoint is none of ours.
    #[error("the newest checkpoint of the audit trail: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The tree does not lead to the newest checkpoint.
    #[error("the tree of the audit trail does not lead to its newest checkpoint")]
    Broken,
    /// What is asked for is not sealed yet.
    #[error("it is not sealed yet")]
    Unsealed,
    /// It was purged, or it was never there.
    #[error("there is no such entry in the audit trail")]
    NoEntry,
    /// The older checkpoint is not one of this trail.
    #[error("the trail does not go on from this checkpoint")]
    NotOlder,
    /// A checkpoint that was kept elsewhere is none of ours.
    #[error("the checkpoint that was kept: {0}")]
    Kept(CheckpointError),
    /// The key cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// There are no random numbers for salts.
    #[error("{0}")]
    Random(String),
}

/// Where the keys lie that sign checkpoints. A counter has none.
pub trait TrailKeys: Send + Sync {
    /// The keys; the current one signs. None where there are none.
    fn read(&self) -> Result<Option<Keyring>, KeysError>;
    /// Makes the first key.
    fn create(&self) -> Result<Keyring, KeysError>;
}
