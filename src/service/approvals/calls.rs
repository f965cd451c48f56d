//! What can be asked about acts that wait for a second admin.

use serde::{Deserialize, Serialize};

use crate::domain::approval::{Approval, ApprovalId};
use crate::domain::customer::CustomerId;
use crate::domain::session::SessionToken;
use crate::service::approvals::vouch::Vouched;
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

/// Asks for a colleague's approval that a customer is who they say, and, told again once it was
/// given, opens or raises the session by it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VouchFor {
    /// Who they say they are.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: String,
    /// Why nothing else is left, for the colleague and the log.
    pub reason: String,
    /// The idempotency key of this act.
    pub key: String,
    /// The secret of the session to which it is added, where there is one.
    pub session: Option<SessionToken>,
}

impl VouchFor {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vouched, DeskError> {
        desk.vouch(self).await
    }
}

/// Asks no more for a colleague's approval: whoever asked left, and nothing would come of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeaveVouch {
    /// What was asked, under the same key; without the secret of the session.
    pub asked: VouchFor,
}

impl LeaveVouch {
    /// Whether it waited until now.
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.leave_vouch(&self.asked).await
    }
}
