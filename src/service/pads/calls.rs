//! What can be asked about pads: by the counter, and by the pad itself.

use serde::{Deserialize, Serialize};

use crate::domain::code::TypedCode;
use crate::domain::customer::CustomerId;
use crate::domain::pad::{PadMark, PadToken, PairingId};
use crate::domain::request::RequestId;
use crate::domain::session::SessionToken;
use crate::domain::sign_in::TypedSecret;
use crate::service::factors::VerifiedByFactor;
use crate::service::pads::{CounterPad, PadAsked, PadEntered, PadOffer, PadView};
use crate::service::verification::verify::VerifiedCustomer;
use crate::service::{Desk, DeskError};

/// Asks for a number by which a pad is paired with this counter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfferPad;

impl OfferPad {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<PadOffer, DeskError> {
        desk.offer_pad().await
    }
}

/// Reads the pad of this counter, and says that the counter is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadCounterPad {
    /// The pairing.
    pub pairing: PairingId,
}

impl ReadCounterPad {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<CounterPad>, DeskError> {
        desk.counter_pad(&self.pairing).await
    }
}

/// Confirms the pad that asks; answered with the pairing as it is then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConfirmPad {
    /// The pairing.
    pub pairing: PairingId,
}

impl ConfirmPad {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<CounterPad>, DeskError> {
        desk.confirm_pad(&self.pairing).await
    }
}

/// Ends a pairing, or refuses the pad that asks; answered with the pairing as it is then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndPairing {
    /// The pairing.
    pub pairing: PairingId,
}

impl EndPairing {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<CounterPad>, DeskError> {
        desk.end_pairing(&self.pairing).await
    }
}

/// What a counter lets its pad show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShownAtPad {
    Nothing,
    /// The request whose code is asked for.
    Request(RequestId),
    /// The code of an authenticator is asked for.
    Authenticator(PadAuthenticator),
}

/// Whose authenticator is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PadAuthenticator {
    /// Who they say they are.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: String,
    /// The idempotency key of this entry, which proves once.
    pub key: String,
}

/// Lets the pad show what is asked for at its counter, or nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShowAtPad {
    /// The pairing.
    pub pairing: PairingId,
    pub shown: ShownAtPad,
    /// The secret of the session to which the factor is added, where it is a further one.
    pub session: Option<SessionToken>,
}

impl ShowAtPad {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<CounterPad>, DeskError> {
        desk.show_at_pad(&self.pairing, self.shown, self.session.as_ref()).await
    }
}

/// Takes over the session that a right code at the pad of this counter opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeFromPad {
    /// The pairing.
    pub pairing: PairingId,
    /// The request.
    pub request: RequestId,
    /// The secret of the session to which the factor was added, where it was a further one.
    pub session: Option<SessionToken>,
}

impl TakeFromPad {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Box<VerifiedCustomer>>, DeskError> {
        let taken = desk.take_from_pad(&self.pairing, &self.request, self.session.as_ref()).await?;
        Ok(taken.map(Box::new))
    }
}

/// Takes over the session that a right code of an authenticator at the pad of this counter opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeFactorFromPad {
    /// The pairing.
    pub pairing: PairingId,
    /// The entry that the pad shows.
    pub entry: RequestId,
    /// Who they say they are.
    pub customer: CustomerId,
    /// The secret of the session to which the factor was added, where it was a further one.
    pub session: Option<SessionToken>,
}

impl TakeFactorFromPad {
    pub(in crate::service) async fn handle(
        self,
        desk: &Desk,
    ) -> Result<Option<Box<VerifiedByFactor>>, DeskError> {
        let Self { pairing, entry, customer, session } = self;
        let taken = desk.take_factor_from_pad(&pairing, &entry, customer, session.as_ref()).await?;
        Ok(taken.map(Box::new))
    }
}

/// Asks to be paired, by a number from a clerk's screen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskForPad {
    /// What was typed.
    pub number: TypedSecret,
    /// The idempotency key of this act.
    pub key: String,
}

impl AskForPad {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<PadAsked, DeskError> {
        desk.ask_for_pad(&self.number.0, &self.key).await
    }
}

/// Reads what a pad shows, and says that the pad is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadPad {
    /// The pad's secret.
    pub token: PadToken,
}

impl ReadPad {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<PadView, DeskError> {
        desk.pad_view(&self.token).await
    }
}

/// Says how many digits are typed at a pad.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TypeAtPad {
    /// The pad's secret.
    pub token: PadToken,
    /// What it shows.
    pub mark: PadMark,
    /// How many.
    pub typed: u32,
}

impl TypeAtPad {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        desk.type_at_pad(&self.token, &self.mark, self.typed).await
    }
}

/// Judges a code that a customer typed at a pad.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnterAtPad {
    /// The pad's secret.
    pub token: PadToken,
    /// What it shows.
    pub mark: PadMark,
    /// What was typed.
    pub code: TypedCode,
    /// The idempotency key of this attempt.
    pub key: String,
}

impl EnterAtPad {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<PadEntered, DeskError> {
        desk.enter_at_pad(&self.token, &self.mark, &self.code.0, &self.key).await
    }
}

/// Says that the pad's program ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeavePad {
    /// The pad's secret.
    pub token: PadToken,
}

impl LeavePad {
    pub(in crate::service) async fn handle(self, desk: &Desk) -> Result<(), DeskError> {
        desk.leave_pad(&self.token).await
    }
}
