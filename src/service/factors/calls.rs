//! What can be asked about authenticators and backup codes.

use serde::{Deserialize, Serialize};

use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::{CustomerFactors, TypedFactor};
use crate::domain::document::SeenDocument;
use crate::domain::session::SessionToken;
use crate::domain::sign_in::TypedSecret;
use crate::service::factors::document::DocumentSeen;
use crate::service::factors::{BackupCodes, FactorRemoval, FactorVerification, TotpEnrolment};
use crate::service::{Desk, DeskError};

/// Reads what a customer has enrolled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadFactors {
    /// Whose.
    pub customer: CustomerId,
}

impl ReadFactors {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<CustomerFactors, DeskError> {
        desk.customer_factors(self.customer).await
    }
}

/// Judges a code of an authenticator, or a backup code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyFactor {
    /// Who they say they are.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: String,
    /// What was typed.
    pub typed: TypedFactor,
    /// The idempotency key of this attempt.
    pub key: String,
    /// The secret of the session to which the factor is added, where it is a further one.
    #[serde(default)]
    pub session: Option<SessionToken>,
}

impl VerifyFactor {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<FactorVerification, DeskError> {
        desk.verify_factor(&self).await
    }
}

/// Says that a clerk saw a document of a customer. There is no place for its number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeeDocument {
    /// Who they say they are.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: String,
    /// What the clerk saw.
    pub document: SeenDocument,
    /// The idempotency key of this act.
    pub key: String,
    /// The secret of the session to which it is added, where there is one.
    pub session: Option<SessionToken>,
}

impl SeeDocument {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<DocumentSeen, DeskError> {
        desk.see_document(&self).await
    }
}

/// Enrols an authenticator of a verified customer. Without a code it is offered; with the
/// first code that it shows it is enrolled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrolTotp {
    /// The secret of the customer's session.
    pub token: SessionToken,
    /// Whether it takes the place of another one.
    pub replaces: bool,
    /// The seed that was offered.
    pub offer: Option<String>,
    /// The first code.
    pub typed: Option<TypedSecret>,
    /// The idempotency key of this act.
    pub key: String,
}

impl EnrolTotp {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<TotpEnrolment, DeskError> {
        desk.enrol_totp(&self).await
    }
}

/// Removes the authenticator of a verified customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveTotp {
    /// The secret of the customer's session.
    pub token: SessionToken,
    /// The idempotency key of this act.
    pub key: String,
}

impl RemoveTotp {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<FactorRemoval, DeskError> {
        desk.remove_totp(&self.token, &self.key).await
    }
}

/// Makes ten backup codes for a verified customer. They are shown once: where the answer is
/// lost, others are made in their place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MakeBackupCodes {
    /// The secret of the customer's session.
    pub token: SessionToken,
    /// Whether they take the place of others, which stop working.
    pub replaces: bool,
    /// The idempotency key of this act.
    pub key: String,
}

impl MakeBackupCodes {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<BackupCodes, DeskError> {
        desk.make_backup_codes(&self.token, self.replaces, &self.key).await
    }
}
