//! Adding a representative, which always takes a second person.

use crate::domain::representative::Representative;
use crate::service::approvals::WaitingAct;
use crate::service::customers::calls::AddRepresentative;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Adds a representative, once a second person has approved it.
    pub async fn add_representative(
        &self,
        it: &AddRepresentative,
    ) -> Result<Representative, DeskError> {
        let approval = self.asked_approval(&WaitingAct::Represent(it.clone())).await?;
        match &approval.approved_by {
            Some(by) => self.write_representative(it, by).await,
            None => Err(DeskError::AwaitsApproval(Box::new(approval))),
        }
    }
}
