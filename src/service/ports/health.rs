//! The store itself: its clock, its health, and the signal that something changed.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// What is asked of the store itself, whatever task it serves.
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// The store's clock, the only one by which anything is decided.
    async fn now(&self) -> Result<Timestamp, StoreError>;
    /// A counter that goes up whenever this or another terminal may have changed
    /// something.
    fn changes(&self) -> watch::Receiver<u64>;
    /// Why the change feed cannot reach the store, sent anew with each failed try;
    /// `None` while it can.
    fn connection_state(&self) -> watch::Receiver<Option<Arc<StoreError>>>;
    /// Checks that the store is reachable, migrated and writable; describes it in one
    /// sentence.
    async fn check(&self) -> Result<String, StoreError>;
    /// Warnings for the office about a store that works, a sentence each.
    async fn notes(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}
