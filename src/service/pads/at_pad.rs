//! The pad's side of a pairing.

use crate::domain::code::Code;
use crate::domain::customer::CustomerId;
use crate::domain::outcome::Outcome;
use crate::domain::pad::{PadMark, PadToken, PairingEnd, PairingNumber, PairingState, TYPED_FLOOR};
use crate::domain::request::{Reference, Request, Status};
use crate::domain::time::Timestamp;
use crate::domain::totp;
use crate::service::pads::authenticator::{self, AtPad};
use crate::service::pads::session_act;
use crate::service::ports::error::StoreError;
use crate::service::ports::pads::{PadClaim, PadClaimed, PairingSide, ShownRequest, StoredPairing};
use crate::service::ports::verification::{AttemptOutcome, PadEntry};
use crate::service::verification::verify::{code_tag, session_of};
use crate::service::{Desk, DeskError};

/// The call of an entry, as the log names it.
const ENTER_AT_PAD: &str = "EnterAtPad";

/// What came of a number that was typed at a pad.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum PadAsked {
    /// The clerk sees which pad asks; with this token it goes on.
    Asking(PadToken),
    /// No counter shows that number now.
    Wrong,
    /// Too many wrong ones were typed.
    Limited {
        /// When one is looked at again.
        until: Timestamp,
    },
}

/// What a pad shows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PadView {
    pub state: PairingState,
    /// The counter's name, once it is paired.
    pub counter: Option<String>,
    /// The request that the counter lets it show.
    pub request: Option<PadRequest>,
    /// The languages to try, the customer's first.
    pub locales: Vec<String>,
}

/// A request as a pad knows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PadRequest {
    pub mark: PadMark,
    /// The word in the message; none where the code is one of an authenticator.
    pub reference: Option<Reference>,
    /// Digits of a code.
    pub digits: u8,
    pub status: Status,
    /// None where tries are counted for the customer alone.
    pub attempts_left: Option<u32>,
}

/// What came of a code that was entered at a pad.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PadEntered {
    Verified,
    /// It was judged, or could not be judged any more.
    Refused {
        /// Wrong, superseded, expired, locked, used or limited.
        outcome: Outcome,
        attempts_left: Option<u32>,
    },
    /// It cannot be a code; nothing was counted.
    Malformed,
    /// The counter shows something else by now, another code of the request or no request, or
    /// the desk judges no code of that customer; nothing was counted.
    Changed,
}

impl Desk {
    /// Asks to be paired, by a number from a clerk's screen. Told again under the same key it
    /// gets the same answer while the pairing is there.
    pub async fn ask_for_pad(&self, typed: &str, key: &str) -> Result<PadAsked, DeskError> {
        let number = PairingNumber::parse(typed).ok();
        let keyring = self.keyring();
        let token = PadToken::derived(keyring.current().1, &self.bound_key(&["pad", key, typed]));
        let claim = PadClaim {
            number: number.as_ref(),
            keyring: &keyring,
            token_digest: &token.digest(),
            pad: &self.actor,
        };
        Ok(match self.retry(|| self.store.claim_pad(claim.clone())).await? {
            PadClaimed::Asking => PadAsked::Asking(token),
            PadClaimed::Wrong => PadAsked::Wrong,
            PadClaimed::Limited { until } => PadAsked::Limited { until },
        })
    }

    /// What a pad shows now. It is seen to be there.
    pub async fn pad_view(&self, token: &PadToken) -> Result<PadView, DeskError> {
        let found = self.pairing_at(&token.digest()).await?;
        let Some(pairing) = found else { return Ok(self.unpaired(PairingEnd::TimedOut)) };
        match pairing.state {
            PairingState::Paired if !self.is_paired(&pairing) => {
                tracing::error!(pairing = %pairing.id, "a row of the pads was not written here");
                Ok(self.unpaired(PairingEnd::TimedOut))
            }
            PairingState::Paired => self.paired_view(&pairing).await,
            PairingState::Ended(how) => Ok(self.unpaired(how)),
            state @ (PairingState::Offered | PairingState::Asking) => {
                Ok(PadView { state, ..self.unpaired(PairingEnd::TimedOut) })
            }
        }
    }

    /// The pairing of a token, where it is of this pad's account: a token that somebody carried
    /// away serves no other one.
    async fn pairing_at(&self, digest: &str) -> Result<Option<StoredPairing>, DeskError> {
        let found = self.reading(|| self.store.pairing_of_pad(digest)).await?;
        let is_own =
            |it: &StoredPairing| it.pad.as_ref().is_some_and(|it| it.clerk == self.actor.clerk);
        Ok(found.filter(is_own))
    }

    fn unpaired(&self, how: PairingEnd) -> PadView {
        let locales = vec![self.default_locale.to_string()];
        PadView { state: PairingState::Ended(how), counter: None, request: None, locales }
    }

    async fn paired_view(&self, pairing: &StoredPairing) -> Result<PadView, DeskError> {
        let (id, side) = (&pairing.id, PairingSide::Pad);
        self.reading(|| self.store.keep_pairing(id, side)).await?;
        let mut locales = vec![self.default_locale.to_string()];
        let request = match &pairing.shown {
            Some(shown) => self.shown_at_pad(pairing, shown).await?,
            None => None,
        };
        if let Some((_, customer)) = &request
            && let Some(customer) = self.customer(*customer).await?
        {
            locales.splice(0..0, customer.locale);
        }
        let request = request.map(|(request, _)| request);
        let (state, counter) = (PairingState::Paired, Some(pairing.of.counter.clone()));
        Ok(PadView { state, counter, request, locales })
    }

    /// What a pad shows, with whose it is.
    async fn shown_at_pad(
        &self,
        pairing: &StoredPairing,
        shown: &ShownRequest,
    ) -> Result<Option<(PadRequest, CustomerId)>, DeskError> {
        if let Some(of) = &shown.authenticator {
            return Ok(Some((authenticator::pad_request(pairing, shown), of.customer)));
        }
        let request = self.request(&shown.request).await?;
        Ok(request.map(|it| {
            let customer = it.customer;
            let request = PadRequest {
                attempts_left: Some(it.attempts_left()),
                mark: mark(&it),
                reference: Some(it.reference),
                digits: self.office.otp.length,
                status: it.status,
            };
            (request, customer)
        }))
    }

    fn is_paired(&self, pairing: &StoredPairing) -> bool {
        let key_id = pairing.proof.as_ref().map(|it| it.key_id.as_str());
        let keyring = key_id.map_or_else(|| self.keyring(), |it| self.keyring_with(it));
        pairing.is_paired(&keyring)
    }

    /// Says how many digits are typed at a pad, and never which.
    pub async fn type_at_pad(
        &self,
        token: &PadToken,
        mark: &PadMark,
        typed: u32,
    ) -> Result<(), DeskError> {
        let typed = typed.min(self.office.otp.length.max(totp::DIGITS).into());
        let digest = token.digest();
        if self.pairing_at(&digest).await?.is_none() {
            return Ok(());
        }
        // One that comes too soon waits its turn, once: the last one of a pad that tells one after
        // the other is not lost.
        if self.retry(|| self.store.type_at_pad(&digest, mark, typed)).await? {
            tokio::time::sleep(TYPED_FLOOR).await;
            self.retry(|| self.store.type_at_pad(&digest, mark, typed)).await?;
        }
        Ok(())
    }

    /// Judges a code that a customer typed at a pad, as if the clerk of its counter had. `key` is
    /// the idempotency key of the attempt.
    pub async fn enter_at_pad(
        &self,
        token: &PadToken,
        mark: &PadMark,
        typed: &str,
        key: &str,
    ) -> Result<PadEntered, DeskError> {
        let digest = token.digest();
        let found = self.pairing_at(&digest).await?;
        let Some(pairing) = found.filter(|it| self.is_paired(it)) else {
            return Ok(PadEntered::Changed);
        };
        let (Some(shown), Some(pad)) = (&pairing.shown, &pairing.pad) else {
            return Ok(PadEntered::Changed);
        };
        if let Some(of) = &shown.authenticator {
            if shown.request != mark.request {
                return Ok(PadEntered::Changed);
            }
            let it = AtPad { pairing: &pairing, shown, of, typed, key };
            return self.authenticator_at_pad(it).await;
        }
        let Ok(code) = Code::parse(typed, self.office.otp.length) else {
            return Ok(PadEntered::Malformed);
        };
        let request = self.request(&shown.request).await?;
        let Some(request) = request.filter(|it| self::mark(it) == *mark) else {
            return Ok(PadEntered::Changed);
        };
        self.ensure_policy().await?;
        let desk = Self { actor: pairing.of.clone(), ..self.clone() };
        let keyring = self.keyring();
        let guess = code_tag(keyring.current().1, &request.id, &code);
        let act = self.bound_key(&["pad attempt", pairing.id.as_str(), &guess, key]);
        let session = session_act(&pairing.id, &pairing.of, &request.id);
        let (id, session) = session_of(keyring.current().1, &session);
        let new = desk.new_session(&request.id, id, &session, shown.session_digest.clone()).await?;
        let at_pad = Some(PadEntry { token_digest: &digest, pad, generation: mark.generation });
        let attempted = match desk.judged(&request.id, &act, &code, &new, at_pad).await {
            Err(DeskError::Store(refusal)) => return desk.refused_at_pad(refusal).await,
            attempted => attempted?,
        };
        Ok(match attempted {
            AttemptOutcome::Verified { .. } | AttemptOutcome::ContactVerified { .. } => {
                PadEntered::Verified
            }
            AttemptOutcome::Refused { outcome, request, .. } => {
                let attempts_left = Some(request.attempts_left());
                PadEntered::Refused { outcome, attempts_left }
            }
            AttemptOutcome::NotFound | AttemptOutcome::NotAtPad => PadEntered::Changed,
        })
    }

    /// What a pad is told of a refusal that is not of the code: no more than that nothing was
    /// judged. Why is for the staff: a customer may be warned by it, or it names an admin.
    pub(super) async fn refused_at_pad(
        &self,
        refusal: StoreError,
    ) -> Result<PadEntered, DeskError> {
        match refusal {
            StoreError::Flagged(refusal) => self.record_flagged(ENTER_AT_PAD, &refusal).await,
            // The clerk's own entry is refused with the same sentence.
            StoreError::Refused(_) => tracing::warn!("a code that was typed at a pad was refused"),
            failed => return Err(failed.into()),
        }
        Ok(PadEntered::Changed)
    }

    /// Ends the pairing of a pad whose program ends.
    pub async fn leave_pad(&self, token: &PadToken) -> Result<(), DeskError> {
        if let Some(pairing) = self.pairing_at(&token.digest()).await? {
            let (id, how) = (&pairing.id, PairingEnd::PadLeft);
            self.retry(|| self.store.end_pairing(id, how, &self.actor)).await?;
        }
        Ok(())
    }
}

fn mark(request: &Request) -> PadMark {
    PadMark { request: request.id.clone(), generation: request.generation }
}
