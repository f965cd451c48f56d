//! The sealer: it makes leaves of committed events, and signs checkpoints.
//!
//! It works behind the acts, some hundred milliseconds late, so that no act waits for it. The
//! newest checkpoint is verified before each batch: a tree that was changed in the store is
//! not signed.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::audit::checkpoint::{Checkpoint, CheckpointSigner, origin_of};
use crate::domain::audit::leaf::{EventSalt, SealedEntry, StoredEvent};
use crate::domain::audit::removal::RemovalKey;
use crate::domain::key::Keyring;
use crate::service::ports::keys::Random;
use crate::service::ports::trail::{
    NewLeaf, SealOutcome, SealedBatch, Sealer, TrailError, TrailHead, TrailKeys,
};
use crate::service::{Desk, DeskError};

/// How many events are sealed in one transaction: some 20 ms on a common machine.
const SEAL_BATCH: u32 = 500;

/// The shortest time between two looks, so that what is written meanwhile is sealed together.
const MIN_INTERVAL: Duration = Duration::from_millis(300);

/// The longest: a change may be missed.
const MAX_INTERVAL: Duration = Duration::from_secs(5);

/// How far one batch came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SealProgress {
    /// How many events were sealed.
    pub sealed: u32,
    /// Whether there is more to seal now.
    pub more: bool,
    /// Whether something can be sealed in a moment, although nothing is written any more.
    pub soon: bool,
}

/// A desk that seals the log.
#[derive(Clone)]
pub struct SealWorker(Desk);

impl SealWorker {
    /// The sealer of a desk that holds the key.
    pub const fn new(desk: Desk) -> Self {
        Self(desk)
    }

    /// Seals what is written, until `end`.
    pub async fn run(&self, end: CancellationToken) {
        let mut changes = self.0.store.changes();
        let mut reported = None;
        while !end.is_cancelled() {
            let began = Instant::now();
            let (shortest, longest) = match self.0.seal_trail().await {
                Ok(progress) => {
                    reported = None;
                    match progress {
                        // The store is left to the counters for as long as the batch took.
                        SealProgress { more: true, .. } => (began.elapsed(), Duration::ZERO),
                        SealProgress { soon: true, .. } => (MIN_INTERVAL, Duration::ZERO),
                        _ => (MIN_INTERVAL, MAX_INTERVAL),
                    }
                }
                Err(error) => {
                    // What goes on failing alike is told once.
                    let why = error.to_string();
                    if reported.as_ref() != Some(&why) {
                        tracing::error!(why, "the log is not being sealed");
                        reported = Some(why);
                    }
                    (MAX_INTERVAL, Duration::ZERO)
                }
            };
            let pause = pause(&mut changes, shortest, longest);
            if end.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }
}

/// Waits for `shortest`, then for a change, but no longer than `longest`.
pub(super) async fn pause(
    changes: &mut watch::Receiver<u64>,
    shortest: Duration,
    longest: Duration,
) {
    tokio::time::sleep(shortest).await;
    // That it took so long is no failure.
    let _ = tokio::time::timeout(longest, changed(changes)).await;
}

/// Waits for a change; where the store is closed, for ever.
async fn changed(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Desk {
    /// Seals the next events, one batch.
    pub async fn seal_trail(&self) -> Result<SealProgress, DeskError> {
        let keys = self.trail_keys.as_deref().ok_or(TrailError::NoKey)?;
        let sealer = DeskSealer { keys, random: self.random.as_ref(), office: &self.office.name };
        match self.retry(|| self.store.seal(&sealer, SEAL_BATCH)).await? {
            SealOutcome::Sealed { count, more } => {
                Ok(SealProgress { sealed: count, more, soon: false })
            }
            SealOutcome::Nothing { soon } => Ok(SealProgress { soon, ..SealProgress::default() }),
            SealOutcome::Refused(error) => Err(error.into()),
        }
    }
}

/// How many batches are sealed so that what was removed is told by a sealed entry.
const REMOVAL_BATCHES: usize = 1_000;

impl Desk {
    /// What a removal is proven with; none where no desk here seals the log. Without the key of a
    /// log that was sealed nothing is removed.
    pub(in crate::service) async fn removal_key(&self) -> Result<Option<RemovalKey>, DeskError> {
        let Some(keys) = self.trail_keys.as_deref() else { return Ok(None) };
        let keyring = match keys.read().map_err(TrailError::from)? {
            Some(keyring) => keyring,
            None if self.reading(|| self.store.trail_head()).await?.note.is_some() => {
                return Err(TrailError::NoKey.into());
            }
            None => keys.create().map_err(TrailError::from)?,
        };
        Ok(Some(RemovalKey::of(keyring.current().1).or(keyring.all())))
    }

    /// What the proofs of removals are checked with; empty where the key is not here.
    pub(in crate::service) fn removal_keys(&self) -> Result<Vec<RemovalKey>, DeskError> {
        let Some(keys) = self.trail_keys.as_deref() else { return Ok(Vec::new()) };
        let keyring = keys.read().map_err(TrailError::from)?;
        Ok(keyring.iter().flat_map(Keyring::all).map(RemovalKey::of).collect())
    }

    /// Seals what there is, so that a verification finds a sealed entry of what was just
    /// removed. What cannot be sealed now is left to the sealer.
    pub(in crate::service) async fn seal_removal(&self) {
        for _ in 0..REMOVAL_BATCHES {
            match self.seal_trail().await {
                Ok(SealProgress { more: true, .. }) => {}
                Ok(_) => return,
                Err(error) => return tracing::warn!(%error, "a removal is not sealed yet"),
            }
        }
    }
}

/// Makes leaves with random salts, and signs with the key of the trail.
struct DeskSealer<'a> {
    keys: &'a dyn TrailKeys,
    random: &'a dyn Random,
    office: &'a str,
}

impl DeskSealer<'_> {
    /// The key, and the origin of the log. Only a log that was never sealed gets a new key. Beside
    /// it whether all removals have proofs: a log that begins now has none without.
    fn signer(&self, head: &TrailHead) -> Result<(CheckpointSigner, bool), TrailError> {
        let keyring = self.keys.read()?;
        let Some(note) = &head.note else {
            if head.edge.size() > 0 {
                return Err(TrailError::Broken);
            }
            let keyring = keyring.map_or_else(|| self.keys.create(), Ok)?;
            return Ok((CheckpointSigner::new(&origin_of(self.office), keyring.current().1), true));
        };
        let keyring = keyring.ok_or(TrailError::NoKey)?;
        let origin = Checkpoint::unverified(note)?.origin;
        let verifier = |key| CheckpointSigner::new(&origin, key).verifier();
        let verifiers: Vec<_> = keyring.all().map(verifier).collect();
        let newest = Checkpoint::open(note, &verifiers)?;
        if (newest.size, newest.root) != (head.edge.size(), head.edge.root()) {
            return Err(TrailError::Broken);
        }
        Ok((CheckpointSigner::new(&origin, keyring.current().1), newest.removals_proven))
    }

    fn salt(&self) -> Result<EventSalt, TrailError> {
        let secret = self.random.secret().map_err(|error| TrailError::Random(error.to_string()))?;
        let mut salt = [0; 16];
        salt.copy_from_slice(&secret[..16]);
        Ok(EventSalt::new(salt))
    }
}

impl Sealer for DeskSealer<'_> {
    fn seal(&self, head: &TrailHead, events: Vec<StoredEvent>) -> Result<SealedBatch, TrailError> {
        let (signer, removals_proven) = self.signer(head)?;
        let (mut edge, mut leaves, mut nodes) = (head.edge.clone(), Vec::new(), Vec::new());
        for event in events {
            let (index, id, salt) = (edge.size(), event.id, self.salt()?);
            let hash = SealedEntry::new(index, event, &salt).leaf;
            edge.append(hash, |subtree, hash| {
                nodes.extend(subtree.is_kept().then_some((subtree, hash)));
            });
            leaves.push(NewLeaf { index, event: id, hash, salt });
        }
        let origin = signer.verifier().name().to_owned();
        let (size, root) = (edge.size(), edge.root());
        let checkpoint = Checkpoint { origin, size, root, removals_proven };
        Ok(SealedBatch { leaves, nodes, edge, note: checkpoint.signed(&signer) })
    }
}
