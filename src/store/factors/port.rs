//! The port of what customers have enrolled.

use async_trait::async_trait;

use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::{CustomerFactors, FactorKind, StoredFactor};
use crate::domain::session::Session;
use crate::service::ports::error::StoreError;
use crate::service::ports::factors::{
    Attestation, FactorAttempt, FactorAttemptOutcome, FactorChange, FactorPage, FactorStore,
    Resealed,
};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::factors::{attempt, attest, records};

#[async_trait]
impl FactorStore for SqlStore {
    async fn customer_factors(&self, customer: CustomerId) -> Result<CustomerFactors, StoreError> {
        records::of_customer(&self.db, customer).await
    }

    async fn stored_factor(
        &self,
        customer: CustomerId,
        kind: FactorKind,
    ) -> Result<Option<StoredFactor>, StoreError> {
        records::stored(&self.db, customer, kind).await
    }

    async fn change_factor(&self, change: FactorChange<'_>) -> Result<bool, StoreError> {
        retry_on_conflict(|| records::change(&self.db, &change)).await
    }

    async fn was_done(&self, act: &str) -> Result<bool, StoreError> {
        records::was_done(&self.db, act).await
    }

    async fn attempt_factor(
        &self,
        attempt: FactorAttempt<'_>,
    ) -> Result<FactorAttemptOutcome, StoreError> {
        let country = self.reindexer.country();
        retry_on_conflict(|| attempt::attempt(&self.db, country, &attempt)).await
    }

    async fn attest(&self, attestation: Attestation<'_>) -> Result<Option<Session>, StoreError> {
        let country = self.reindexer.country();
        retry_on_conflict(|| attest::attest(&self.db, country, &attestation)).await
    }

    async fn factors_after(
        &self,
        after: CustomerId,
        most: u32,
        key_id: &str,
    ) -> Result<FactorPage, StoreError> {
        records::after(&self.db, after, most, key_id).await
    }

    async fn reseal_factors(&self, anew: &[Resealed]) -> Result<(), StoreError> {
        retry_on_conflict(|| records::reseal(&self.db, anew)).await
    }
}
