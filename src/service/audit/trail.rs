//! What the trail is: how far it is sealed, and whose key signs it.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::{
    Checkpoint, CheckpointSigner, CheckpointVerifier, origin_of,
};
use crate::service::audit::verify::UNSEALED_MAX;
use crate::service::ports::trail::TrailError;
use crate::service::{Desk, DeskError};

/// How far the log is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailStatus {
    /// How many entries are sealed.
    pub size: u64,
    /// How many are not, as far as they were counted.
    pub unsealed: u32,
    /// The newest checkpoint; none before the first one.
    pub note: Option<String>,
}

impl Desk {
    /// How far the log is sealed.
    pub async fn trail_status(&self) -> Result<TrailStatus, DeskError> {
        let head = self.reading(|| self.store.trail_head()).await?;
        let unsealed = self.reading(|| self.store.unsealed(UNSEALED_MAX)).await?;
        Ok(TrailStatus { size: head.edge.size(), unsealed, note: head.note })
    }

    /// The public keys of the trail, the current one first.
    pub async fn trail_keys(&self) -> Result<Vec<CheckpointVerifier>, DeskError> {
        let head = self.reading(|| self.store.trail_head()).await?;
        let newest = head.note.map(|note| Checkpoint::unverified(&note)).transpose();
        let newest = newest.map_err(TrailError::Checkpoint)?;
        let origin = newest.map_or_else(|| origin_of(&self.office.name), |it| it.origin);
        self.trail_verifiers(&origin)
    }

    /// The public keys of the log of this origin.
    pub(super) fn trail_verifiers(
        &self,
        origin: &str,
    ) -> Result<Vec<CheckpointVerifier>, DeskError> {
        let keys = self.trail_keys.as_deref().ok_or(TrailError::NoKey)?;
        let keyring = keys.read()?.ok_or(TrailError::NoKey)?;
        let verifier = |key| CheckpointSigner::new(origin, key).verifier();
        Ok(keyring.all().map(verifier).collect())
    }
}
