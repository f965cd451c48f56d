//! What can be asked about the office's policy.

use serde::{Deserialize, Serialize};

use crate::domain::policy_preview::PastSend;
use crate::domain::time::Timestamp;
use crate::service::ports::policy::StoredPolicy;
use crate::service::{Desk, DeskError, PAGE_MAX, typed};

/// Reads the policy that holds, or one that held, by its version; none where there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadPolicy {
    /// Which; none for the one that holds.
    pub version: Option<String>,
}

impl ReadPolicy {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<StoredPolicy>, DeskError> {
        desk.policy_of(self.version.as_deref().map(typed)).await
    }
}

/// Reads messages of the last week, oldest first and without their contacts, to try another
/// policy on them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadPastSends {
    /// From which moment on.
    pub from: Timestamp,
    /// How many at most.
    pub limit: u32,
}

impl ReadPastSends {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<PastSend>, DeskError> {
        desk.past_sends(self.from, self.limit.min(PAGE_MAX)).await
    }
}
