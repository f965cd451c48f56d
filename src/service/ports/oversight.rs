//! What goes on in the office right now.

use async_trait::async_trait;

use crate::domain::oversight::Oversight;
use crate::service::ports::error::StoreError;

/// What no roll-up has, since it is about now.
#[async_trait]
pub trait OversightStore: Send + Sync {
    /// What goes on right now. A customer with `failure_cap` wrong codes is locked.
    async fn oversight(&self, failure_cap: u32) -> Result<Oversight, StoreError>;
}
