//! Proving who a customer is by an authenticator or a backup code.

use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::{FactorGuess, TypedFactor};
use crate::domain::purpose::Purpose;
use crate::domain::session::SessionToken;
use crate::service::factors::calls::VerifyFactor;
use crate::service::factors::{FactorVerification, RefusedFactor, VerifiedByFactor};
use crate::service::ports::error::StoreError;
use crate::service::ports::factors::{FactorAttempt, FactorAttemptOutcome, FactorPadEntry};
use crate::service::ports::verification::NewSession;
use crate::service::verification::verify::session_of;
use crate::service::{Desk, DeskError};

/// An attempt about to be judged.
pub(in crate::service) struct FactorEntry<'a> {
    pub(in crate::service) customer: CustomerId,
    pub(in crate::service) purpose: &'a Purpose,
    pub(in crate::service) guess: &'a FactorGuess,
    pub(in crate::service) act: &'a str,
    pub(in crate::service) session: &'a NewSession,
    pub(in crate::service) at_pad: Option<FactorPadEntry<'a>>,
}

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
        let (keyring, tag) = (self.keyring(), self.factor_tag(it.customer, &it.typed));
        let act = self.bound_key(&["factor", &customer, &purpose.name, &it.key, &tag]);
        let (id, token) = session_of(keyring.current().1, &act);
        let session = NewSession {
            id,
            token_digest: token.digest(),
            further: it.session.as_ref().map(SessionToken::digest),
            shared_contact: false,
        };
        let entry = FactorEntry {
            customer: it.customer,
            purpose: &purpose,
            guess: &guess,
            act: &act,
            session: &session,
            at_pad: None,
        };
        Ok(match self.judged_factor(&entry).await? {
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
            FactorAttemptOutcome::NotEnrolled | FactorAttemptOutcome::NotAtPad => {
                FactorVerification::NotEnrolled(kind)
            }
        })
    }

    /// Has an attempt judged, by keys that are read again where one is missing.
    pub(in crate::service) async fn judged_factor(
        &self,
        entry: &FactorEntry<'_>,
    ) -> Result<FactorAttemptOutcome, DeskError> {
        match self.judge_factor(entry).await {
            // No attempt was counted. The key may be newer than this terminal's key ring.
            Err(DeskError::Store(StoreError::MissingKey(_))) => {
                self.renew_keys()?;
                self.judge_factor(entry).await
            }
            judged => judged,
        }
    }

    /// What was typed in an idempotency key, from which it cannot be computed.
    pub(in crate::service) fn factor_tag(
        &self,
        customer: CustomerId,
        typed: &TypedFactor,
    ) -> String {
        let (keyring, customer) = (self.keyring(), customer.0.to_string());
        let parts = ["attempted factor", &customer, typed.kind.word(), typed.typed.0.as_str()];
        hex::encode(keyring.current().1.derive(&parts).secret())
    }

    async fn judge_factor(
        &self,
        entry: &FactorEntry<'_>,
    ) -> Result<FactorAttemptOutcome, DeskError> {
        let keyring = self.keyring();
        let attempt = FactorAttempt {
            customer: entry.customer,
            purpose: entry.purpose,
            act: entry.act,
            guess: entry.guess,
            keyring: &keyring,
            session: entry.session.clone(),
            at_pad: entry.at_pad,
            policy: &self.office.otp,
            limits: &self.office.limits,
            policy_version: &self.policy_version,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
        };
        Ok(self.retry(|| self.store.attempt_factor(attempt.clone())).await?)
    }
}
