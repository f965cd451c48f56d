//! Entering a code.

use crate::domain::code::{Code, CodeFormatError, Guess};
use crate::domain::outcome::Outcome;
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionId, SessionToken};
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{Attempt, AttemptOutcome, NewSession, SupersededCode};
use crate::service::{Desk, DeskError};

/// What came of entering a code.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Verification {
    Verified(Box<VerifiedCustomer>),
    Refused(Box<RefusedCode>),
    /// It cannot be a code; no attempt was counted.
    Malformed(CodeFormatError),
    NoSuchRequest,
}

/// A right code.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct VerifiedCustomer {
    pub request: Request,
    /// The session that it opened.
    pub session: Session,
    /// The session's secret, which is stored nowhere.
    pub token: SessionToken,
}

/// A code that was not accepted.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RefusedCode {
    /// Wrong, superseded, expired, locked or used.
    pub outcome: Outcome,
    /// The request as it is now.
    pub request: Request,
    /// The older code that it is, where it is one.
    pub superseded: Option<SupersededCode>,
    /// Whether the customer is locked, not only the request.
    pub customer_locked: bool,
}

impl Desk {
    /// Judges a typed code.
    pub async fn verify(&self, id: &RequestId, typed: &str) -> Result<Verification, DeskError> {
        let code = match Code::parse(typed, self.office.otp.length) {
            Ok(code) => code,
            Err(malformed) => return Ok(Verification::Malformed(malformed)),
        };
        // Drawn once, so that all retries have the same idempotency key.
        let act = self.new_act()?;
        let session = SessionId::from_bits(self.random.below(1 << 50)?);
        let token = SessionToken::new(self.random.secret()?);
        let new = NewSession { id: session, token_digest: token.digest() };
        let attempted = match self.attempt(id, &act, &code, &new).await {
            // No attempt was counted. The key may be newer than this terminal's key ring.
            Err(DeskError::Store(StoreError::MissingKey(_))) => {
                self.renew_keys()?;
                self.attempt(id, &act, &code, &new).await?
            }
            judged => judged?,
        };
        Ok(match attempted {
            AttemptOutcome::Verified { request, session } => {
                Verification::Verified(Box::new(VerifiedCustomer { request, session, token }))
            }
            AttemptOutcome::Refused { outcome, request, superseded, customer_locked } => {
                let refused = RefusedCode { outcome, request, superseded, customer_locked };
                Verification::Refused(Box::new(refused))
            }
            AttemptOutcome::NotFound => Verification::NoSuchRequest,
        })
    }

    async fn attempt(
        &self,
        id: &RequestId,
        act: &str,
        code: &Code,
        session: &NewSession,
    ) -> Result<AttemptOutcome, DeskError> {
        let keyring = self.keyring();
        let attempt = Attempt {
            request: id,
            act,
            guess: Guess { code, keyring: &keyring },
            session: session.clone(),
            policy: &self.office.otp,
            actor: &self.actor,
        };
        Ok(self.retry(|| self.store.attempt(attempt.clone())).await?)
    }
}
