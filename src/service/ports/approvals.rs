//! Acts that wait for a second admin.

use async_trait::async_trait;

use crate::domain::approval::{Approval, ApprovalId, ApprovalProof, SignedAct};
use crate::domain::event::Actor;
use crate::service::ports::error::StoreError;

/// The acts that wait.
#[async_trait]
pub trait ApprovalStore: Send + Sync {
    /// Stores an act that waits, with its event. The same act told again is answered with
    /// the one that was stored, as it is then.
    async fn ask_approval(&self, new: NewApproval<'_>) -> Result<StoredApproval, StoreError>;
    /// The acts that wait now, oldest first.
    async fn approvals(&self) -> Result<Vec<StoredApproval>, StoreError>;
    /// One act, and what the desk vouches for of it.
    async fn approval(&self, id: &ApprovalId) -> Result<Option<StoredApproval>, StoreError>;
    /// Approves an act that waits, with its event and the proof of it; whether it was approved
    /// now. Nobody approves what they asked for.
    async fn approve(
        &self,
        approval: &Approval,
        proof: &ApprovalProof,
        by: &Actor,
    ) -> Result<bool, StoreError>;
    /// The act that waits, or was refused, under an idempotency key.
    async fn approval_asked(&self, key: &str) -> Result<Option<StoredApproval>, StoreError>;
    /// Ends the wait of an act that nobody has approved, with its event; whether it waited
    /// until now.
    async fn refuse_approval(&self, approval: &Approval, by: &Actor) -> Result<bool, StoreError>;
}

/// An act about to wait.
#[derive(Clone, Debug)]
pub struct NewApproval<'a> {
    /// The idempotency key.
    pub key: &'a str,
    /// What is to be done to whom, why, by whom, and until when it can be approved.
    pub signed: &'a SignedAct,
}

/// An act as it is stored.
#[derive(Clone, Debug)]
pub struct StoredApproval {
    /// The act.
    pub approval: Approval,
    /// What the desk vouches for of it.
    pub signed: SignedAct,
    /// The proof that it was approved.
    pub proof: Option<ApprovalProof>,
    /// Whether its time is over.
    pub is_over: bool,
}
