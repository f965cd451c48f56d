//! The circuit breakers, which all terminals share.

use async_trait::async_trait;

use crate::domain::circuit_breaker::{BreakerRecord, ProviderSlot};
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The circuit breaker of each provider slot. What a send says about the provider is
/// counted in the transaction that completes its message, see
/// [`MessageOutcome`](crate::service::ports::outbox::MessageOutcome).
#[async_trait]
pub trait BreakerStore: Send + Sync {
    /// All circuit breakers, and the store's clock.
    async fn circuit_breakers(&self) -> Result<(Timestamp, Vec<BreakerRecord>), StoreError>;
    /// Claims the probe of a half-open circuit breaker: one message tries the provider,
    /// and for the others the breaker stays open meanwhile. False where another terminal
    /// has claimed it.
    async fn try_probe(&self, slot: ProviderSlot) -> Result<bool, StoreError>;
}
