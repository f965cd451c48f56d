//! Entering a code.

use crate::domain::code::{Code, CodeFormatError, Guess};
use crate::domain::key::Key;
use crate::domain::outcome::Outcome;
use crate::domain::purpose::{Purpose, SharedContact};
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionId, SessionToken};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{
    Attempt, AttemptOutcome, NewSession, PadEntry, SupersededCode,
};
use crate::service::{Desk, DeskError};

/// What came of entering a code.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Verification {
    Verified(Box<VerifiedCustomer>),
    /// The right code of a sign-up: the contact is verified, and no session was opened.
    ContactVerified(Box<Request>),
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
    /// Wrong, superseded, expired, locked, used or limited.
    pub outcome: Outcome,
    /// The request as it is now.
    pub request: Request,
    /// The older code that it is, where it is one.
    pub superseded: Option<SupersededCode>,
    /// Whether the customer is locked, not only the request.
    pub customer_locked: bool,
    /// When this clerk may enter a code again, where they entered too many wrong ones.
    pub clerk_waits_until: Option<Timestamp>,
}

impl Desk {
    /// Judges a typed code. `key` is the idempotency key: the same attempt, made again
    /// after its answer was lost, is counted once and answered alike, with the same
    /// session token. So the token is not drawn but derived, from the desk's key and the
    /// attempt: nobody else can compute it.
    pub async fn verify(
        &self,
        id: &RequestId,
        typed: &str,
        key: &str,
    ) -> Result<Verification, DeskError> {
        self.verify_for(id, typed, key, None).await
    }

    /// As [`Self::verify`]; where a session is named, the factor is added to it.
    pub async fn verify_for(
        &self,
        id: &RequestId,
        typed: &str,
        key: &str,
        further: Option<&SessionToken>,
    ) -> Result<Verification, DeskError> {
        let code = match Code::parse(typed, self.office.otp.length) {
            Ok(code) => code,
            Err(malformed) => return Ok(Verification::Malformed(malformed)),
        };
        self.ensure_policy().await?;
        // Another code under the same key is another attempt, and counted: else whoever
        // guesses would get the answers to all guesses for the price of one.
        let guess = code_tag(self.keyring().current().1, id, &code);
        let act = self.bound_key(&["attempt", id.as_str(), key, &guess]);
        let (session, token) = session_of(self.keyring().current().1, &act);
        let new = self.new_session(id, session, &token, further.map(SessionToken::digest)).await?;
        let token_of = |it: &Session| match further {
            Some(further) if it.id != new.id => further.clone(),
            _ => token.clone(),
        };
        Ok(match self.judged(id, &act, &code, &new, None).await? {
            AttemptOutcome::Verified { request, session } => {
                let token = token_of(&session);
                Verification::Verified(Box::new(VerifiedCustomer { request, session, token }))
            }
            AttemptOutcome::ContactVerified { request } => {
                Verification::ContactVerified(Box::new(request))
            }
            AttemptOutcome::Refused {
                outcome,
                request,
                superseded,
                customer_locked,
                clerk_waits_until,
            } => Verification::Refused(Box::new(RefusedCode {
                outcome,
                request,
                superseded,
                customer_locked,
                clerk_waits_until,
            })),
            AttemptOutcome::NotFound | AttemptOutcome::NotAtPad => Verification::NoSuchRequest,
        })
    }

    /// The session that a right code of a request opens, or to which it adds its factor.
    pub(in crate::service) async fn new_session(
        &self,
        request: &RequestId,
        id: SessionId,
        token: &SessionToken,
        further: Option<String>,
    ) -> Result<NewSession, DeskError> {
        let shared_contact = self.went_to_shared_contact(request).await?;
        Ok(NewSession { id, token_digest: token.digest(), further, shared_contact })
    }

    /// Has an attempt judged, by keys that are read again where one is missing.
    pub(in crate::service) async fn judged(
        &self,
        id: &RequestId,
        act: &str,
        code: &Code,
        session: &NewSession,
        at_pad: Option<PadEntry<'_>>,
    ) -> Result<AttemptOutcome, DeskError> {
        match self.attempt(id, act, code, session, at_pad).await {
            // No attempt was counted. The key may be newer than this terminal's key ring.
            Err(DeskError::Store(StoreError::MissingKey(_))) => {
                self.renew_keys()?;
                self.attempt(id, act, code, session, at_pad).await
            }
            judged => judged,
        }
    }

    /// Whether the code of a request went to a contact that several customers share, where a
    /// purpose asks.
    async fn went_to_shared_contact(&self, id: &RequestId) -> Result<bool, DeskError> {
        let asks = |it: &Purpose| it.shared_contact != SharedContact::Allow;
        if !self.office.purposes.iter().any(asks) {
            return Ok(false);
        }
        let Some(request) = self.request(id).await? else { return Ok(false) };
        let Some(customer) = self.customer(request.customer).await? else { return Ok(false) };
        let Some(it) = &request.representative else {
            return self.is_shared(&customer, request.channel).await;
        };
        let all = self.representatives(customer.id).await?;
        match all.into_iter().find(|found| found.id == it.id) {
            Some(found) => self.is_shared(&found.in_place_of(&customer), request.channel).await,
            None => Ok(false),
        }
    }

    async fn attempt(
        &self,
        id: &RequestId,
        act: &str,
        code: &Code,
        session: &NewSession,
        at_pad: Option<PadEntry<'_>>,
    ) -> Result<AttemptOutcome, DeskError> {
        let keyring = self.keyring();
        let attempt = Attempt {
            request: id,
            act,
            guess: Guess { code, keyring: &keyring },
            session: session.clone(),
            purposes: &self.office.purposes,
            policy: &self.office.otp,
            limits: &self.office.limits,
            policy_version: &self.policy_version,
            notices: self.notice_providers(&keyring),
            actor: &self.actor,
            at_pad,
        };
        Ok(self.retry(|| self.store.attempt(attempt.clone())).await?)
    }
}

/// A code in an idempotency key, from which it cannot be computed.
pub(in crate::service) fn code_tag(key: &Key, request: &RequestId, code: &Code) -> String {
    hex::encode(key.derive(&["attempted code", request.as_str(), code.reveal()]).secret())
}

/// The name and the token of the session that an attempt opens.
pub(in crate::service) fn session_of(key: &Key, act: &str) -> (SessionId, SessionToken) {
    let drawn = key.derive(&["session name", act]);
    let bits = drawn.secret().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    let token = SessionToken::new(*key.derive(&["session token", act]).secret());
    (SessionId::from_bits(bits & ((1 << 50) - 1)), token)
}
