//! The port of acts that wait for a second admin.

use async_trait::async_trait;

use crate::domain::approval::{Approval, ApprovalId, ApprovalProof};
use crate::domain::event::Actor;
use crate::service::ports::approvals::{ApprovalStore, NewApproval, StoredApproval};
use crate::service::ports::error::StoreError;
use crate::store::SqlStore;
use crate::store::approvals::records;
use crate::store::database::conflict::retry_on_conflict;

#[async_trait]
impl ApprovalStore for SqlStore {
    async fn ask_approval(&self, new: NewApproval<'_>) -> Result<StoredApproval, StoreError> {
        retry_on_conflict(|| records::ask(&self.db, &new)).await
    }

    async fn approvals(&self) -> Result<Vec<StoredApproval>, StoreError> {
        records::waiting(&self.db).await
    }

    async fn approval(&self, id: &ApprovalId) -> Result<Option<StoredApproval>, StoreError> {
        records::approval(&self.db, id).await
    }

    async fn approve(
        &self,
        approval: &Approval,
        proof: &ApprovalProof,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| records::approve(&self.db, approval, proof, by)).await
    }

    async fn approval_asked(&self, key: &str) -> Result<Option<StoredApproval>, StoreError> {
        records::asked(&self.db, key).await
    }

    async fn refuse_approval(&self, approval: &Approval, by: &Actor) -> Result<bool, StoreError> {
        retry_on_conflict(|| records::refuse(&self.db, approval, by)).await
    }
}
