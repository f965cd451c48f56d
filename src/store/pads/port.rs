//! The port of pads.

use async_trait::async_trait;

use crate::domain::event::Actor;
use crate::domain::key::Keyring;
use crate::domain::pad::{PadMark, PairingEnd, PairingId};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::pads::{
    NewOffer, PadClaim, PadClaimed, PadStore, PairingSide, ShownRequest, StoredPairing,
};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::pads::{claim, pairings};

#[async_trait]
impl PadStore for SqlStore {
    async fn offer_pad(&self, offer: NewOffer<'_>) -> Result<Timestamp, StoreError> {
        retry_on_conflict(|| claim::offer(&self.db, &offer)).await
    }

    async fn claim_pad(&self, it: PadClaim<'_>) -> Result<PadClaimed, StoreError> {
        retry_on_conflict(|| claim::claim(&self.db, &it)).await
    }

    async fn pairing(&self, id: &PairingId) -> Result<Option<StoredPairing>, StoreError> {
        retry_on_conflict(|| pairings::pairing(&self.db, id)).await
    }

    async fn pairing_of_pad(
        &self,
        token_digest: &str,
    ) -> Result<Option<StoredPairing>, StoreError> {
        retry_on_conflict(|| pairings::of_pad(&self.db, token_digest)).await
    }

    async fn confirm_pad(
        &self,
        id: &PairingId,
        keyring: &Keyring,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| claim::confirm(&self.db, id, keyring, actor)).await
    }

    async fn end_pairing(
        &self,
        id: &PairingId,
        how: PairingEnd,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| pairings::end(&self.db, id, how, actor)).await
    }

    async fn keep_pairing(&self, id: &PairingId, side: PairingSide) -> Result<(), StoreError> {
        pairings::keep(&self.db, id, side).await
    }

    async fn show_at_pad(
        &self,
        id: &PairingId,
        shown: Option<&ShownRequest>,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| pairings::show(&self.db, id, shown, actor)).await
    }

    async fn type_at_pad(
        &self,
        token_digest: &str,
        mark: &PadMark,
        typed: u32,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| pairings::say_typed(&self.db, token_digest, mark, typed)).await
    }
}
