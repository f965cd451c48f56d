//! Pads and their pairings, as the store keeps them.

use async_trait::async_trait;

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::key::Keyring;
use crate::domain::outcome::Outcome;
use crate::domain::pad::{
    ConfirmedPairing, PadMark, PairingEnd, PairingId, PairingNumber, PairingProof, PairingState,
};
use crate::domain::request::RequestId;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The pairings of pads with counters.
#[async_trait]
pub trait PadStore: Send + Sync {
    /// Stores a number that can be typed from now on, with its event; until when. A number of
    /// the same counter that nobody typed works no more.
    async fn offer_pad(&self, offer: NewOffer<'_>) -> Result<Timestamp, StoreError>;
    /// Judges a number that was typed at a pad, and counts a wrong one. It is used once.
    async fn claim_pad(&self, claim: PadClaim<'_>) -> Result<PadClaimed, StoreError>;
    /// One pairing, as it is by the store's clock.
    async fn pairing(&self, id: &PairingId) -> Result<Option<StoredPairing>, StoreError>;
    /// The pairing of a pad, by the digest of its token.
    async fn pairing_of_pad(&self, token_digest: &str)
    -> Result<Option<StoredPairing>, StoreError>;
    /// Confirms the pad that asks, with its event, and ends the counter's other pairings.
    /// Whether it is paired: told again, it still is.
    async fn confirm_pad(
        &self,
        id: &PairingId,
        keyring: &Keyring,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Ends a pairing, with its event where a pad had asked; whether it went on until now.
    async fn end_pairing(
        &self,
        id: &PairingId,
        how: PairingEnd,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Says that one side of a pairing is there; writes only where that is due.
    async fn keep_pairing(&self, id: &PairingId, side: PairingSide) -> Result<(), StoreError>;
    /// Sets which request the pad shows; whether the pairing goes on.
    async fn show_at_pad(
        &self,
        id: &PairingId,
        shown: Option<&ShownRequest>,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
    /// Says how many digits are typed at a pad that shows this request; whether that came too
    /// soon after the last time, and was not taken.
    async fn type_at_pad(
        &self,
        token_digest: &str,
        mark: &PadMark,
        typed: u32,
    ) -> Result<bool, StoreError>;
}

/// A number about to be shown.
#[derive(Clone, Debug)]
pub struct NewOffer<'a> {
    /// The name drawn for the pairing.
    pub id: &'a PairingId,
    /// The clerk and the counter.
    pub actor: &'a Actor,
    /// The name of the key of the digest.
    pub key_id: &'a str,
    /// The number's keyed digest.
    pub number_digest: &'a str,
}

/// A number that was typed at a pad.
#[derive(Clone, Debug)]
pub struct PadClaim<'a> {
    /// The number; none where it cannot be one.
    pub number: Option<&'a PairingNumber>,
    /// The keys to judge it.
    pub keyring: &'a Keyring,
    /// The digest of the token that the pad gets: the same where it is told again.
    pub token_digest: &'a str,
    /// The pad's account, and where it stands.
    pub pad: &'a Actor,
}

/// What came of a number that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PadClaimed {
    /// The clerk is asked to confirm.
    Asking,
    /// No counter shows it now.
    Wrong,
    /// Too many wrong ones were typed; it was not looked at.
    Limited {
        /// When one is looked at again.
        until: Timestamp,
    },
}

/// One side of a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingSide {
    /// The counter.
    Counter,
    /// The pad.
    Pad,
}

/// What the counter lets the pad show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRequest {
    /// The request.
    pub request: RequestId,
    /// The digest of the token of the session to which a further proof is added.
    pub session_digest: Option<String>,
    /// Whose authenticator is asked for; then `request` is the name of that entry, and there is
    /// no such request.
    pub authenticator: Option<ShownAuthenticator>,
}

/// Whose authenticator a pad asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAuthenticator {
    /// Who they say they are.
    pub customer: CustomerId,
    /// What the verification is for.
    pub purpose: String,
}

/// A pairing as it is stored.
#[derive(Clone, Debug)]
pub struct StoredPairing {
    /// Its name.
    pub id: PairingId,
    /// The clerk and the counter.
    pub of: Actor,
    /// The pad's account and place; none before one asked.
    pub pad: Option<Actor>,
    /// How far it is.
    pub state: PairingState,
    /// The end of the number, of the time to confirm, or of the pairing.
    pub expires_at: Timestamp,
    /// The digest of the pad's token; none before one asked.
    pub token_digest: Option<String>,
    /// The proof that the desk confirmed it; none before.
    pub proof: Option<PairingProof>,
    /// What the pad shows.
    pub shown: Option<ShownRequest>,
    /// How many digits are typed at it.
    pub typed: u32,
    /// How the last code that was entered at it ended.
    pub outcome: Option<Outcome>,
}

impl StoredPairing {
    /// What is confirmed of it until a moment; none before a pad asked.
    pub fn confirmed(&self, expires_at: Timestamp) -> Option<ConfirmedPairing> {
        Some(ConfirmedPairing {
            id: self.id.clone(),
            of: self.of.clone(),
            pad: self.pad.clone()?,
            token_digest: self.token_digest.clone()?,
            expires_at,
        })
    }

    /// Whether it is paired now, and the desk confirmed that.
    pub fn is_paired(&self, keyring: &Keyring) -> bool {
        let confirmed = self.confirmed(self.expires_at);
        let is_genuine = confirmed
            .zip(self.proof.as_ref())
            .is_some_and(|(confirmed, proof)| proof.is_of(&confirmed, keyring));
        self.state == PairingState::Paired && is_genuine
    }
}
