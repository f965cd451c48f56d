//! JSON of `audit`.

use serde::Serialize;

use crate::domain::audit::shipping::ShippingFailure;
use crate::domain::audit::walk::Fault;
use crate::domain::time::Timestamp;

/// `audit checkpoint`: the newest checkpoint.
#[derive(Debug, Serialize)]
pub struct CheckpointReply<'a> {
    /// `sealed`.
    pub outcome: &'static str,
    /// Number of sealed entries.
    pub size: u64,
    /// Number of newer entries that are not sealed yet.
    pub unsealed: u32,
    /// The signed checkpoint (C2SP tlog-checkpoint).
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

/// `audit keys`: a public key of the trail.
#[derive(Debug, Serialize)]
pub struct TrailKeyLine<'a> {
    /// The verifier key of a signed note: name+id+key.
    pub key: &'a str,
    /// Whether this key signs now.
    pub current: bool,
}

/// `audit verify`: the result of a verification.
#[derive(Debug, Serialize)]
pub struct VerifyReply<'a> {
    /// `intact` or `tampered`.
    pub outcome: &'static str,
    pub message: String,
    /// Number of sealed entries.
    pub entries: u64,
    /// Number of purged entries among them.
    pub purged: u64,
    /// Number of entries whose personal data was erased.
    pub erased: u64,
    /// Number of entries about that without a proof of the desk, from before there were proofs.
    pub unproven: u64,
    /// Number of newer entries that are not sealed yet.
    pub unsealed: u32,
    /// Number of kept checkpoints that the trail was compared with.
    pub checkpoints_kept: usize,
    /// Number of faults.
    pub faults: u64,
    /// The first hundred faults.
    pub named: Vec<FaultLine<'a>>,
}

/// One fault.
#[derive(Debug, Serialize)]
pub struct FaultLine<'a> {
    /// The kind of the fault and where it is.
    #[serde(flatten)]
    pub fault: &'a Fault,
    pub message: String,
}

/// `audit check`: the result of checking a proof.
#[derive(Debug, Serialize)]
pub struct CheckReply<'a> {
    /// `proven` or `not_proven`.
    pub outcome: &'static str,
    pub message: &'a str,
    /// Number of entries in the log at the time of the proof; `None` if nothing is proven.
    pub entries: Option<u64>,
}
