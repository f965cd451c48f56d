//! What the owner of the desk does to it, in the log: a start, a rotation of the keys.

use sha2::{Digest as _, Sha256};

use crate::domain::event::EventKind;
use crate::domain::key::KeyId;
use crate::service::ports::audit::NewEvent;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Writes into the log that a desk service was started, by which version and with which
    /// policy, so that a change of either can be found.
    pub async fn record_service_start(&self, version: &str) -> Result<(), DeskError> {
        self.ensure_policy().await?;
        let sign_in = Sha256::digest(format!("{:?}", self.sign_in.policy));
        let sign_in = hex::encode(&sign_in[..6]);
        let policy = &self.policy_version;
        let detail = format!("countersign {version}, policy {policy}, sign-in policy {sign_in}");
        self.record_owner(EventKind::ServiceStarted, detail).await
    }

    /// After the keys were rotated: the log says so, and what an older key signed for longer
    /// than a code lives is signed anew.
    pub async fn keys_rotated(&self, current: &KeyId) -> Result<(), DeskError> {
        self.renew_keys()?;
        self.record_owner(EventKind::KeysRotated, format!("{current} signs now")).await?;
        self.sign_staff_anew().await?;
        self.sign_credentials_anew().await?;
        self.reseal_factors().await?;
        self.sign_representatives_anew().await?;
        self.sign_notices_anew().await
    }

    /// Before the keys are rotated: nothing depends on a key that the rotation drops.
    pub async fn keys_about_to_rotate(&self) -> Result<(), DeskError> {
        self.renew_keys()?;
        self.reseal_factors().await?;
        self.sign_representatives_anew().await?;
        self.sign_notices_anew().await
    }

    async fn record_owner(&self, kind: EventKind, detail: String) -> Result<(), DeskError> {
        self.record(NewEvent::of_office(kind, detail, &self.actor)).await
    }
}
