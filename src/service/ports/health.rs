//! The store itself: its clock, its health, and the signal that something changed.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// What its owner said of a store: its customers are real, and no message of theirs goes to a
/// tray.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductionMark {
    /// Since when.
    pub since: Timestamp,
    /// Who said so.
    pub by: String,
}

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
    /// Since when the store is marked as one of real customers, and by whom; `None` where it is
    /// not.
    async fn production_mark(&self) -> Result<Option<ProductionMark>, StoreError>;
    /// Warnings for the office about a store that works, a sentence each.
    async fn notes(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}
