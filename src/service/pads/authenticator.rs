//! The code of a customer's authenticator at the pad. Nothing was sent, so there is no request:
//! what the pad shows is an entry, which the desk names when the counter asks for it, and which
//! proves once.

use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::{FactorGuess, FactorKind, TypedFactor};
use crate::domain::outcome::Outcome;
use crate::domain::pad::{PadMark, PairingId};
use crate::domain::request::{RequestId, Status};
use crate::domain::session::SessionToken;
use crate::domain::sign_in::TypedSecret;
use crate::domain::totp;
use crate::service::factors::VerifiedByFactor;
use crate::service::factors::verify::FactorEntry;
use crate::service::pads::at_pad::{PadEntered, PadRequest};
use crate::service::pads::calls::PadAuthenticator;
use crate::service::pads::session_act;
use crate::service::ports::factors::{FactorAttemptOutcome, FactorPadEntry};
use crate::service::ports::pads::{ShownAuthenticator, ShownRequest, StoredPairing};
use crate::service::ports::verification::NewSession;
use crate::service::verification::verify::session_of;
use crate::service::{Desk, DeskError};

/// What a customer typed at a pad whose counter asks for a code of their authenticator.
pub(super) struct AtPad<'a> {
    pub(super) pairing: &'a StoredPairing,
    pub(super) shown: &'a ShownRequest,
    pub(super) of: &'a ShownAuthenticator,
    /// What was typed.
    pub(super) typed: &'a str,
    /// The idempotency key of the attempt.
    pub(super) key: &'a str,
}

impl Desk {
    /// What a pad shows that asks for the code of an authenticator.
    pub(super) fn shown_authenticator(
        &self,
        pairing: &PairingId,
        it: &ShownAuthenticator,
        key: &str,
    ) -> ShownRequest {
        let customer = it.customer.0.to_string();
        let act = self.bound_key(&["pad entry", pairing.as_str(), &customer, &it.purpose, key]);
        let keyring = self.keyring();
        let drawn = keyring.current().1.derive(&["pad entry", &act]);
        let bits = drawn.secret().iter().take(8).fold(0, |it, byte| it << 8 | u64::from(*byte));
        ShownRequest {
            request: RequestId::from_bits(bits & ((1 << 50) - 1)),
            session_digest: None,
            authenticator: Some(it.clone()),
        }
    }

    /// Judges a code of an authenticator as if the clerk of the counter had typed it.
    pub(super) async fn authenticator_at_pad(
        &self,
        it: AtPad<'_>,
    ) -> Result<PadEntered, DeskError> {
        let AtPad { pairing, shown, of, .. } = it;
        let (Some(pad), Some(token_digest)) = (&pairing.pad, &pairing.token_digest) else {
            return Ok(PadEntered::Changed);
        };
        let typed = TypedFactor { kind: FactorKind::Totp, typed: TypedSecret::new(it.typed) };
        let Some(guess) = FactorGuess::parse(&typed) else { return Ok(PadEntered::Malformed) };
        // The clerk is told why nothing is proven for such a purpose.
        let Ok(purpose) = self.provable(&of.purpose) else { return Ok(PadEntered::Changed) };
        self.ensure_policy().await?;
        let desk = Self { actor: pairing.of.clone(), ..self.clone() };
        let keyring = self.keyring();
        let tag = self.factor_tag(of.customer, &typed);
        let act = ["pad factor", pairing.id.as_str(), shown.request.as_str(), &tag, it.key];
        let act = self.bound_key(&act);
        let session = session_act(&pairing.id, &pairing.of, &shown.request);
        let (id, token) = session_of(keyring.current().1, &session);
        let session = NewSession {
            id,
            token_digest: token.digest(),
            further: shown.session_digest.clone(),
            shared_contact: false,
        };
        let at_pad = Some(FactorPadEntry { token_digest, pad, entry: &shown.request });
        let entry = FactorEntry {
            customer: of.customer,
            purpose: &purpose,
            guess: &guess,
            act: &act,
            session: &session,
            at_pad,
        };
        let attempted = match desk.judged_factor(&entry).await {
            Err(DeskError::Store(refusal)) => return desk.refused_at_pad(refusal).await,
            attempted => attempted?,
        };
        Ok(match attempted {
            FactorAttemptOutcome::Verified { .. } => PadEntered::Verified,
            FactorAttemptOutcome::Refused { customer_locked: true, .. } => {
                PadEntered::Refused { outcome: Outcome::Locked, attempts_left: None }
            }
            FactorAttemptOutcome::Refused { outcome, .. } => {
                PadEntered::Refused { outcome, attempts_left: None }
            }
            FactorAttemptOutcome::NotEnrolled | FactorAttemptOutcome::NotAtPad => {
                PadEntered::Changed
            }
        })
    }

    /// The session that a right code of an authenticator at the pad of this counter opened, or to
    /// which it added its factor; none where there is none, or it is over.
    pub async fn take_factor_from_pad(
        &self,
        pairing: &PairingId,
        entry: &RequestId,
        customer: CustomerId,
        further: Option<&SessionToken>,
    ) -> Result<Option<VerifiedByFactor>, DeskError> {
        let factor = FactorKind::Totp.factor();
        let act = session_act(pairing, &self.actor, entry);
        let keyring = self.keyring();
        let opened = keyring.all().map(|key| session_of(key, &act).1);
        for token in opened.chain(further.cloned()) {
            let session = self.session_of(&token, customer).await?;
            if let Some(session) = session.filter(|it| it.factors.has(factor)) {
                return Ok(Some(VerifiedByFactor { session, token, codes_left: None }));
            }
        }
        Ok(None)
    }
}

/// An entry as its pad shows it.
pub(super) fn pad_request(pairing: &StoredPairing, shown: &ShownRequest) -> PadRequest {
    PadRequest {
        mark: PadMark { request: shown.request.clone(), generation: 0 },
        reference: None,
        digits: totp::DIGITS,
        status: match pairing.outcome {
            Some(Outcome::Verified) => Status::Verified,
            Some(Outcome::Locked) => Status::Locked,
            _ => Status::Open,
        },
        attempts_left: None,
    }
}

impl From<&PadAuthenticator> for ShownAuthenticator {
    fn from(it: &PadAuthenticator) -> Self {
        Self { customer: it.customer, purpose: it.purpose.clone() }
    }
}
