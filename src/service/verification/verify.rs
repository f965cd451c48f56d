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
    /// The customer is verified.
    Verified(Box<VerifiedCustomer>),
    /// The code was not accepted.
    Refused(Box<RefusedCode>),
    /// It cannot be a code; no attempt was counted.
    Malformed(CodeFormatError),
    /// There is no such request.
    NoSuchRequest,
}

/// A right code.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct VerifiedCustomer {
    /// The request.
    pub request: Request,
    /// The session it opened.
    pub session: Session,
    /// The session's secret; it is nowhere else.
    pub token: SessionToken,
}

/// A code that was not accepted.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RefusedCode {
    /// Wrong, superseded, expired, locked or used.
    pub outcome: Outcome,
    /// The request as it is now.
    pub request: Request,
    /// The older code it is, where it is one.
    pub retired: Option<SupersededCode>,
    /// Whether all of the customer's requests are locked.
    pub customer_locked: bool,
}

impl Desk {
    /// Judges a typed code.
    pub async fn verify(&self, id: &RequestId, typed: &str) -> Result<Verification, DeskError> {
        let code = match Code::parse(typed, self.office.otp.length) {
            Ok(code) => code,
            Err(malformed) => return Ok(Verification::Malformed(malformed)),
        };
        // Drawn once: told again after a break, it is the same act.
        let act = self.new_act()?;
        let session = SessionId::from_bits(self.random.below(1 << 50)?);
        let token = SessionToken::new(self.random.secret()?);
        let new = NewSession { id: session, token_digest: token.digest() };
        let attempted = match self.attempt(id, &act, &code, &new).await {
            // No try was counted. The key may have come since this terminal read them.
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
            AttemptOutcome::Refused { outcome, request, retired, customer_locked } => {
                let refused = RefusedCode { outcome, request, retired, customer_locked };
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
