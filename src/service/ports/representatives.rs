//! Who may act for customers.

use async_trait::async_trait;

use crate::domain::customer::CustomerId;
use crate::domain::event::Actor;
use crate::domain::representative::{RepresentativeId, RepresentativeRecord};
use crate::service::ports::error::StoreError;

/// The representatives of customers, as their rows are: whether a row is one, the desk sees by
/// its proof.
#[async_trait]
pub trait RepresentativeStore: Send + Sync {
    /// Those of a customer who were not ended, also ones whose time is over or has not begun.
    async fn representatives(
        &self,
        customer: CustomerId,
    ) -> Result<Vec<RepresentativeRecord>, StoreError>;
    /// Up to `most` of all customers who were not ended, by number above `after`.
    async fn representatives_after(
        &self,
        after: &str,
        most: u32,
    ) -> Result<Vec<RepresentativeRecord>, StoreError>;
    /// Puts another proof in the place of the one that was read, unless it was changed since.
    async fn sign_representative(
        &self,
        read: &RepresentativeRecord,
        anew: &RepresentativeRecord,
    ) -> Result<(), StoreError>;
    /// Writes one with its event, once: `act` is the idempotency key.
    async fn add_representative(
        &self,
        act: &str,
        record: &RepresentativeRecord,
        actor: &Actor,
    ) -> Result<(), StoreError>;
    /// Ends one with its event, and with it their sessions and codes; whether it was there.
    async fn end_representative(
        &self,
        act: &str,
        customer: CustomerId,
        id: &RepresentativeId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError>;
}
