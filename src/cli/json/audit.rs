//! The shapes of `audit`.

use serde::Serialize;

use crate::domain::audit::shipping::ShippingFailure;
use crate::domain::audit::walk::Fault;
use crate::domain::time::Timestamp;

/// The newest checkpoint.
#[derive(Debug, Serialize)]
pub struct CheckpointReply<'a> {
    /// sealed.
    pub outcome: &'static str,
    /// How many entries are sealed.
    pub size: u64,
    /// How many newer ones are not.
    pub unsealed: u32,
    /// The checkpoint (C2SP tlog-checkpoint).
    pub checkpoint: &'a str,
}

/// How far the log was shipped.
#[derive(Debug, Serialize)]
pub struct ShippingReply<'a> {
    /// `shipped`, `behind` or `failing`.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    /// The name of the cursor.
    pub name: &'a str,
    /// The place of the collector.
    pub target: &'a str,
    /// How many entries were shipped.
    pub shipped: u64,
    /// How many are sealed.
    pub sealed: u64,
    /// How many of them wait.
    pub waiting: u64,
    /// Since when, in seconds.
    pub lag_seconds: Option<u64>,
    /// When the collector took something last.
    pub shipped_at: Option<Timestamp>,
    /// What failed last; none where the last attempt did not fail.
    pub failure: Option<&'a ShippingFailure>,
}

/// A public key of the trail.
#[derive(Debug, Serialize)]
pub struct TrailKeyLine<'a> {
    /// The key, as signed notes have it: name+id+key.
    pub key: &'a str,
    /// Whether it signs now.
    pub current: bool,
}

/// What a verification found.
#[derive(Debug, Serialize)]
pub struct VerifyReply<'a> {
    /// intact or tampered.
    pub outcome: &'static str,
    /// The same in sentences.
    pub message: String,
    /// How many entries are sealed.
    pub entries: u64,
    /// How many of them were purged.
    pub purged: u64,
    /// Of how many what is personal was erased.
    pub erased: u64,
    /// How many newer ones are not.
    pub unsealed: u32,
    /// How many checkpoints that were kept were compared.
    pub checkpoints_kept: usize,
    /// How much was found.
    pub faults: u64,
    /// What was found, the first hundred.
    pub named: Vec<FaultLine<'a>>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub struct FaultLine<'a> {
    /// What it is, and where.
    #[serde(flatten)]
    pub fault: &'a Fault,
    /// The same in a sentence.
    pub message: String,
}

/// What a proof proves.
#[derive(Debug, Serialize)]
pub struct CheckReply<'a> {
    /// proven or `not_proven`.
    pub outcome: &'static str,
    /// The same in a sentence.
    pub message: &'a str,
    /// How many entries the log had; none where nothing is proven.
    pub entries: Option<u64>,
}
