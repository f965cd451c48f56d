//! What can be asked about acts that wait for a second admin.

use serde::{Deserialize, Serialize};

use crate::domain::approval::{Approval, ApprovalId};
use crate::service::approvals::{ApprovalOutcome, RefusalOutcome};
use crate::service::{Desk, DeskError};

/// Lists the acts that wait for a second admin, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListApprovals;

impl ListApprovals {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<Approval>, DeskError> {
        desk.approvals().await
    }
}

/// Approves an act that another admin asked for, and carries it out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproveAct {
    /// Which.
    pub approval: ApprovalId,
}

impl ApproveAct {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<ApprovalOutcome, DeskError> {
        desk.approve(&self.approval).await
    }
}

/// Ends the wait of an act, which is not done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefuseAct {
    /// Which.
    pub approval: ApprovalId,
}

impl RefuseAct {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<RefusalOutcome, DeskError> {
        desk.refuse_approval(&self.approval).await
    }
}
