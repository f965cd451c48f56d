//! What can be asked about requests, codes and sessions.

use serde::{Deserialize, Serialize};

use crate::domain::code::TypedCode;
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId, SessionToken};
use crate::service::ports::SessionFilter;
use crate::service::verification::amount_due::AmountDue;
use crate::service::verification::gate::VerifiedNow;
use crate::service::verification::request::{CodeRequest, CodeRequestOutcome};
use crate::service::verification::session::ServedFor;
use crate::service::verification::verify::Verification;
use crate::service::{Desk, DeskError, PAGE_MAX};

/// Asks for a code. It is stored and its message queued, not sent yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskForCode(pub CodeRequest);

impl AskForCode {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<CodeRequestOutcome, DeskError> {
        desk.ask(&self.0).await
    }
}

/// Asks for a new code for an open request; none where there is no such request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResendCode {
    /// Which request.
    pub request: RequestId,
    /// The generation of the code that the caller knows. Where a newer one is there,
    /// somebody was faster, or this call was made before: no further code is sent.
    pub after: u32,
}

impl ResendCode {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<CodeRequestOutcome>, DeskError> {
        desk.resend(&self.request, self.after).await
    }
}

/// Judges a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyCode {
    /// Of which request.
    pub request: RequestId,
    /// What was typed.
    pub code: TypedCode,
    /// The idempotency key of this attempt.
    pub key: String,
    /// The secret of the session to which the factor is added, where it is a further one.
    #[serde(default)]
    pub session: Option<SessionToken>,
}

impl VerifyCode {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Verification, DeskError> {
        desk.verify_for(&self.request, &self.code.0, &self.key, self.session.as_ref()).await
    }
}

/// Lets a session serve for another purpose, where what was proven in it is enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServeFor {
    /// Its secret.
    pub token: SessionToken,
    /// The purpose.
    pub purpose: String,
}

impl ServeFor {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<ServedFor, DeskError> {
        desk.serve_for(&self.token, &self.purpose).await
    }
}

/// Asks for the amount that is due on the account of the number that a customer brings, where
/// the office has a purpose for which nothing has to be proven.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadAmountDue {
    /// The account number, exactly.
    pub account_no: String,
    /// The purpose.
    pub purpose: String,
}

impl ReadAmountDue {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<AmountDue, DeskError> {
        desk.amount_due(&self.account_no, &self.purpose).await
    }
}

/// Cancels an open request; answered with the request as it is then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Which.
    pub request: RequestId,
}

impl CancelRequest {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Request>, DeskError> {
        desk.cancel(&self.request).await
    }
}

/// Reads a request as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadRequest {
    /// Which.
    pub request: RequestId,
}

impl ReadRequest {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Request>, DeskError> {
        desk.request(&self.request).await
    }
}

/// Reads what is known of a request that was moved to the archive.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadArchivedRequest {
    /// Which.
    pub request: RequestId,
}

impl ReadArchivedRequest {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Request>, DeskError> {
        desk.archived(&self.request).await
    }
}

/// Proves that a session is alive, and prolongs it; none where there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TouchSession {
    /// Its secret.
    pub token: SessionToken,
}

impl TouchSession {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Session>, DeskError> {
        desk.touch(&self.token).await
    }
}

/// Reads a session without prolonging it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadSession {
    /// Which.
    pub session: SessionId,
}

impl ReadSession {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Session>, DeskError> {
        desk.session(&self.session).await
    }
}

/// Reads sessions, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListSessions {
    /// Which of them.
    pub filter: SessionFilter,
    /// How many at most.
    pub limit: u32,
}

impl ListSessions {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<Vec<Session>, DeskError> {
        desk.sessions(self.filter, self.limit.min(PAGE_MAX)).await
    }
}

/// Asks whether a customer is verified now for a purpose; none where not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskGate {
    /// The account number, exactly.
    pub account_no: String,
    /// The purpose.
    pub purpose: String,
}

impl AskGate {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Box<VerifiedNow>>, DeskError> {
        Ok(desk.verified_now(&self.account_no, &self.purpose).await?.map(Box::new))
    }
}

/// Ends a session; answered with the session as it is then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndSession {
    /// Which.
    pub session: SessionId,
    /// How it ends.
    pub how: SessionEnd,
}

impl EndSession {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Session>, DeskError> {
        // Only the store says that a session's time was over.
        let how = match self.how {
            SessionEnd::Logout => SessionEnd::Logout,
            SessionEnd::Revoked | SessionEnd::TimedOut | SessionEnd::Idle => SessionEnd::Revoked,
        };
        desk.end_session(&self.session, how).await
    }
}
