//! The fault-injecting port of pads.

use countersign::domain::pad::{PadMark, PairingEnd, PairingId};
use countersign::service::ports::PadStore;
use countersign::service::ports::pads::{
    NewOffer, PadClaim, PadClaimed, PairingSide, ShownRequest, StoredPairing,
};

use super::*;

#[async_trait]
impl PadStore for Breaking {
    async fn offer_pad(&self, offer: NewOffer<'_>) -> Result<Timestamp, StoreError> {
        self.act(self.inner.offer_pad(offer)).await
    }

    async fn claim_pad(&self, claim: PadClaim<'_>) -> Result<PadClaimed, StoreError> {
        self.act(self.inner.claim_pad(claim)).await
    }

    async fn pairing(&self, id: &PairingId) -> Result<Option<StoredPairing>, StoreError> {
        self.read(self.inner.pairing(id)).await
    }

    async fn pairing_of_pad(
        &self,
        token_digest: &str,
    ) -> Result<Option<StoredPairing>, StoreError> {
        self.read(self.inner.pairing_of_pad(token_digest)).await
    }

    async fn confirm_pad(
        &self,
        id: &PairingId,
        keyring: &Keyring,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.confirm_pad(id, keyring, actor)).await
    }

    async fn end_pairing(
        &self,
        id: &PairingId,
        how: PairingEnd,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.end_pairing(id, how, actor)).await
    }

    async fn keep_pairing(&self, id: &PairingId, side: PairingSide) -> Result<(), StoreError> {
        self.read(self.inner.keep_pairing(id, side)).await
    }

    async fn show_at_pad(
        &self,
        id: &PairingId,
        shown: Option<&ShownRequest>,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.show_at_pad(id, shown, actor)).await
    }

    async fn type_at_pad(
        &self,
        token_digest: &str,
        mark: &PadMark,
        typed: u32,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.type_at_pad(token_digest, mark, typed)).await
    }
}
