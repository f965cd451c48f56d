//! Proving who a customer is by an authenticator or a backup code.

use crate::domain::customer_factor::FactorGuess;
use crate::domain::purpose::Purpose;
use crate::domain::session::SessionToken;
use crate::service::factors::calls::VerifyFactor;
use crate::service::factors::{FactorVerification, RefusedFactor, VerifiedByFactor};
use crate::service::ports::error::StoreError;
use crate::service::ports::factors::{FactorAttempt, FactorAttemptOutcome};
use crate::service::ports::verification::NewSession;
use crate::service::verification::verify::session_of;
use crate::service::{Desk, DeskError};

impl Desk {
    /// Judges what was typed. As for a code to a contact, the same attempt made again is
    /// counted once and answered alike, with the same session token.
    pub async fn verify_factor(&self, it: &VerifyFactor) -> Result<FactorVerification, DeskError> {
        let kind = it.typed.kind;
        let purpose = match self.provable(&it.purpose) {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(FactorVerification::NoSuchPurpose(refusal)),
        };
        let Some(guess) = FactorGuess::parse(&it.typed) else {
            return Ok(FactorVerification::Malformed(kind));
        };
        self.ensure_policy().await?;
        // Another code under the same key is another attempt, and counted.
        let customer = it.customer.0.to_string();
        let (keyring, typed) = (self.keyring(), it.typed.typed.0.as_str());
        let tag = keyring.current().1.derive(&["attempted factor", &customer, kind.word(), typed]);
        let tag = hex::encode(tag.secret());
        let act = self.bound_key(&["factor", &customer, &purpose.name, &it.key, &tag]);
        let (id, token) = session_of(keyring.current().1, &act);
        let session = NewSession {
            id,
            token_digest: token.digest(),
            further: it.session.as_ref().map(SessionToken::digest),
            shared_contact: false,
        };
        let judge = || self.judge_factor(it, &purpose, &guess, &act, &session);
        let attempted = match judge().await {
            // No attempt was counted. The key may be newer than this terminal's key ring.
            Err(DeskError::Store(StoreError::MissingKey(_))) => {
                self.renew_keys()?;
                judge().await?
            }
            judged => judged?,
        };
        Ok(match attempted {
            FactorAttemptOutcome::Verified { session: proven, codes_left } => {
                let token = match &it.session {
                    Some(further) if proven.id != session.id => further.clone(),
                    _ => token,
                };
                FactorVerification::Verified(Box::new(VerifiedByFactor {
                    session: proven,
                    token,
                    codes_left,
                }))
            }
            FactorAttemptOutcome::Refused {
                outcome,
                customer_locked,
                clerk_waits_until,
                clock,
            } => FactorVerification::Refused(RefusedFactor {
                kind,
                outcome,
                customer_locked,
                clerk_waits_until,
                clock,
            }),
            FactorAttemptOutcome::NotEnrolled => FactorVerification::NotEnrolled(kind),
        })
    }

    async fn judge_factor(
        &self,
        it: &VerifyFactor,
        purpose: &Purpose,
        guess: &FactorGuess,
        act: &str,
        session: &NewSession,
    ) -> Result<FactorAttemptOutcome, DeskError> {
        let keyring = self.keyring();
        let attempt = FactorAttempt {
            customer: it.customer,
            purpose,
            act,
            guess,
            keyring: &keyring,
            session: session.clone(),
            policy: &self.office.otp,
            limits: &self.office.limits,
            policy_version: &self.policy_version,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        Ok(self.retry(|| self.store.attempt_factor(attempt.clone())).await?)
    }
}
