//! What can be asked about the staff.

use serde::{Deserialize, Serialize};

use crate::domain::sign_in::TypedSecret;
use crate::domain::sign_in::sitting::{Sitting, SittingId};
use crate::domain::staff::AccountName;
use crate::service::staff::reset::ResetOutcome;
use crate::service::staff::sign_in::SignInOutcome;
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

/// Lets an account sign in anew, by a set-up code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResetSignIn {
    /// Whose account.
    pub account: AccountName,
}

impl ResetSignIn {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<ResetOutcome, DeskError> {
        desk.reset_sign_in(&self.account).await
    }
}

/// The second admin's word for the reset of an admin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproveReset {
    /// Whose account.
    pub account: AccountName,
}

impl ApproveReset {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<ResetOutcome, DeskError> {
        desk.approve_reset(&self.account).await
    }
}

/// Lets an account that is blocked after wrong attempts to sign in try again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiftSignInBlock {
    /// Whose account.
    pub account: AccountName,
}

impl LiftSignInBlock {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<bool, DeskError> {
        desk.lift_sign_in_block(&self.account).await
    }
}

/// Lists who sits where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListSittings;

impl ListSittings {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<Sitting>, DeskError> {
        desk.sittings().await
    }
}

/// Ends the sitting of somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndSitting {
    /// Which.
    pub sitting: SittingId,
}

impl EndSitting {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Sitting>, DeskError> {
        desk.end_sitting(&self.sitting).await
    }
}

/// Signs in by name and password. The service answers it for its connection
/// (`remote::session`); a desk in the caller's own process knows who they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// The name, as it was typed.
    pub name: String,
    /// The password, or a set-up code.
    pub secret: TypedSecret,
    /// After a set-up code: the password from now on.
    pub new_password: Option<TypedSecret>,
    /// A code of the authenticator.
    pub totp: Option<TypedSecret>,
    /// The authenticator that is being enrolled, as it was offered.
    pub offer: Option<String>,
}

impl SignIn {
    #[expect(clippy::unused_async, reason = "a handler is awaited")]
    pub(in crate::service) async fn handle(self, _: &Desk) -> Result<SignInOutcome, DeskError> {
        Ok(SignInOutcome::NotNeeded)
    }
}

/// Ends the sitting at this terminal. Answered for the connection, as [`SignIn`] is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignOut;

impl SignOut {
    #[expect(clippy::unused_async, reason = "a handler is awaited")]
    pub(in crate::service) async fn handle(self, _: &Desk) -> Result<(), DeskError> {
        Ok(())
    }
}

/// Locks this terminal: whoever comes back signs in anew. Answered for the connection, as
/// [`SignIn`] is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LockTerminal;

impl LockTerminal {
    #[expect(clippy::unused_async, reason = "a handler is awaited")]
    pub(in crate::service) async fn handle(self, _: &Desk) -> Result<(), DeskError> {
        Ok(())
    }
}

/// Somebody is at the keys of this terminal. Answered for the connection, as [`SignIn`] is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeepSitting;

impl KeepSitting {
    #[expect(clippy::unused_async, reason = "a handler is awaited")]
    pub(in crate::service) async fn handle(self, _: &Desk) -> Result<(), DeskError> {
        Ok(())
    }
}
