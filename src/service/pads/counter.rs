//! The counter's side of a pairing.

use crate::domain::event::Actor;
use crate::domain::outcome::Outcome;
use crate::domain::pad::{PairingEnd, PairingId, PairingNumber, PairingState};
use crate::domain::request::{RequestId, Status};
use crate::domain::session::SessionToken;
use crate::domain::sign_in::TypedSecret;
use crate::domain::time::Timestamp;
use crate::service::pads::calls::ShownAtPad;
use crate::service::pads::session_act;
use crate::service::ports::pads::{
    NewOffer, PairingSide, ShownAuthenticator, ShownRequest, StoredPairing,
};
use crate::service::verification::verify::{VerifiedCustomer, session_of};
use crate::service::{Desk, DeskError};

/// A number on the clerk's screen.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct PadOffer {
    /// The pairing that it begins.
    pub pairing: PairingId,
    /// What is typed at the pad.
    pub number: TypedSecret,
    /// Until when it can be.
    pub expires_at: Timestamp,
}

/// A pad as its counter sees it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CounterPad {
    pub pairing: PairingId,
    pub state: PairingState,
    /// Its account, and where it stands; none before one asked.
    pub pad: Option<Actor>,
    /// The end of the number, of the time to confirm, or of the pairing.
    pub expires_at: Timestamp,
    /// What it shows.
    pub shown: Option<RequestId>,
    /// How many digits are typed at it.
    pub typed: u32,
    /// How the last code that was entered at it ended.
    pub outcome: Option<Outcome>,
}

impl From<StoredPairing> for CounterPad {
    fn from(it: StoredPairing) -> Self {
        Self {
            pairing: it.id,
            state: it.state,
            pad: it.pad,
            expires_at: it.expires_at,
            shown: it.shown.map(|it| it.request),
            typed: it.typed,
            outcome: it.outcome,
        }
    }
}

impl Desk {
    /// Draws a number by which a pad is paired with this counter.
    pub async fn offer_pad(&self) -> Result<PadOffer, DeskError> {
        let id = PairingId::from_bits(self.random.below(1 << 50)?);
        let number = PairingNumber::from_number(self.random.below(PairingNumber::space())?);
        let keyring = self.keyring();
        let (key_id, key) = keyring.current();
        let offer = NewOffer {
            id: &id,
            actor: &self.actor,
            key_id: key_id.as_str(),
            number_digest: &number.digest(&id, &self.actor, key),
        };
        let expires_at = self.retry(|| self.store.offer_pad(offer.clone())).await?;
        let number = TypedSecret::new(number.reveal());
        Ok(PadOffer { pairing: id, number, expires_at })
    }

    /// The pad of this counter, which is seen to be there; none where there is no such pairing of
    /// this clerk at this counter.
    pub async fn counter_pad(&self, id: &PairingId) -> Result<Option<CounterPad>, DeskError> {
        let Some(pairing) = self.own_pairing(id).await? else { return Ok(None) };
        if pairing.state == PairingState::Paired {
            let side = PairingSide::Counter;
            self.reading(|| self.store.keep_pairing(id, side)).await?;
        }
        Ok(Some(pairing.into()))
    }

    async fn own_pairing(&self, id: &PairingId) -> Result<Option<StoredPairing>, DeskError> {
        let pairing = self.reading(|| self.store.pairing(id)).await?;
        Ok(pairing.filter(|it| it.of == self.actor))
    }

    /// Confirms the pad that asks; the pairing as it is then.
    pub async fn confirm_pad(&self, id: &PairingId) -> Result<Option<CounterPad>, DeskError> {
        let keyring = self.keyring();
        self.retry(|| self.store.confirm_pad(id, &keyring, &self.actor)).await?;
        self.counter_pad(id).await
    }

    /// Ends the pairing, or refuses the pad that asks; the pairing as it is then.
    pub async fn end_pairing(&self, id: &PairingId) -> Result<Option<CounterPad>, DeskError> {
        let Some(pairing) = self.own_pairing(id).await? else { return Ok(None) };
        let how = match pairing.state {
            PairingState::Asking => PairingEnd::Refused,
            _ => PairingEnd::Unpaired,
        };
        self.retry(|| self.store.end_pairing(id, how, &self.actor)).await?;
        self.counter_pad(id).await
    }

    /// Lets the pad show a request, or ask for the code of an authenticator, or none. A code
    /// adds its factor to `session`, where there is one.
    pub async fn show_at_pad(
        &self,
        id: &PairingId,
        what: ShownAtPad,
        session: Option<&SessionToken>,
    ) -> Result<Option<CounterPad>, DeskError> {
        let shown = match what {
            ShownAtPad::Nothing => None,
            ShownAtPad::Request(request) => {
                Some(ShownRequest { request, session_digest: None, authenticator: None })
            }
            ShownAtPad::Authenticator(it) => {
                Some(self.shown_authenticator(id, &ShownAuthenticator::from(&it), &it.key))
            }
        };
        let session_digest = session.map(SessionToken::digest);
        let shown = shown.map(|it| ShownRequest { session_digest, ..it });
        self.retry(|| self.store.show_at_pad(id, shown.as_ref(), &self.actor)).await?;
        self.counter_pad(id).await
    }

    /// The session that a right code at the pad of this counter opened, or to which it added its
    /// factor; none where there is none, or it is over.
    pub async fn take_from_pad(
        &self,
        id: &PairingId,
        request: &RequestId,
        further: Option<&SessionToken>,
    ) -> Result<Option<VerifiedCustomer>, DeskError> {
        let Some(request) = self.request(request).await? else { return Ok(None) };
        if request.status != Status::Verified {
            return Ok(None);
        }
        let act = session_act(id, &self.actor, &request.id);
        let keyring = self.keyring();
        for key in keyring.all() {
            let (_, token) = session_of(key, &act);
            if let Some(session) = self.session_of(&token, request.customer).await? {
                return Ok(Some(VerifiedCustomer { request, session, token }));
            }
        }
        let Some(token) = further else { return Ok(None) };
        let session = self.session_of(token, request.customer).await?;
        let has_factor =
            |it: &crate::domain::session::Session| it.factors.has(request.channel.factor());
        Ok(session.filter(has_factor).map(|session| VerifiedCustomer {
            request,
            session,
            token: token.clone(),
        }))
    }
}
