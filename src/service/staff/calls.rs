//! What can be asked about the staff.

use serde::{Deserialize, Serialize};

use crate::domain::staff::AccountName;
use crate::service::staff::{StaffAct, StaffEntry, StaffOutcome};
use crate::service::{Desk, DeskError};

/// Lists the staff, by account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListStaff;

impl ListStaff {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Vec<StaffEntry>, DeskError> {
        desk.staff().await
    }
}

/// Changes what somebody of the staff may do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeStaff {
    /// Whose account.
    pub account: AccountName,
    /// What is done.
    pub act: StaffAct,
}

impl ChangeStaff {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<StaffOutcome, DeskError> {
        desk.change_staff(&self.account, self.act).await
    }
}

/// Makes somebody an admin again, whatever they were: only for the owner of the desk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RescueStaff {
    /// Whose account.
    pub account: AccountName,
}

impl RescueStaff {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<StaffOutcome, DeskError> {
        desk.rescue_staff(&self.account).await
    }
}
