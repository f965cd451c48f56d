//! Shipping the sealed log to a collector: how far that has come, and the collector.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::audit::shipping::{CursorId, ShippedRecord, ShippingFailure};
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;

/// The cursors of shipping. One process at a time moves a cursor, by a lease.
#[async_trait]
pub trait ShippingStore: Send + Sync {
    /// How far a cursor has come; none where nothing was ever shipped by it.
    async fn cursor(&self, cursor: &CursorId) -> Result<Option<StoredCursor>, StoreError>;
    /// Takes or prolongs the lease of a cursor, which is made where there is none: that is an
    /// entry of the log. None where another process holds the lease.
    async fn claim_cursor(&self, claim: &CursorClaim<'_>) -> Result<Option<u64>, StoreError>;
    /// Moves a cursor from a place to a later one; whether `owner` still held it there.
    async fn advance_cursor(
        &self,
        cursor: &CursorId,
        owner: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, StoreError>;
    /// Writes down why a collector took nothing, and gives the lease back, since another host
    /// may reach the collector.
    async fn cursor_failed(
        &self,
        cursor: &CursorId,
        owner: &str,
        why: &str,
    ) -> Result<(), StoreError>;
    /// Gives the lease of a cursor back.
    async fn release_cursor(&self, cursor: &CursorId, owner: &str) -> Result<(), StoreError>;
}

/// Who wants to move a cursor.
#[derive(Clone, Copy, Debug)]
pub struct CursorClaim<'a> {
    /// Which one.
    pub cursor: &'a CursorId,
    /// The process.
    pub owner: &'a str,
    /// For how long.
    pub lease: Duration,
    /// Whom the log names where the cursor is made.
    pub actor: &'a Actor,
}

/// A cursor as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCursor {
    /// The place of the first entry that was not shipped.
    pub next: u64,
    /// When the collector took something last.
    pub shipped_at: Option<Timestamp>,
    /// What failed last; none where the last attempt did not fail.
    pub failure: Option<ShippingFailure>,
    /// Now, by the store's clock.
    pub now: Timestamp,
}

/// Why a collector did not take records, or perhaps did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct CollectorError {
    /// Why, for an admin.
    pub why: String,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl CollectorError {
    /// An error for this reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: None }
    }
}

/// Where records are shipped to.
#[async_trait]
pub trait Collector: Send + Sync {
    /// Its place, in words: the cursor's target.
    fn target(&self) -> String;
    /// Gives it records, in their order. It has them for good where this says so; where not, it
    /// may have some of them, and gets all again.
    async fn ship(&self, records: &[ShippedRecord]) -> Result<(), CollectorError>;
}
