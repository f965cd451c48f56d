//! The staff, as the store keeps it.

use async_trait::async_trait;

use crate::domain::event::Actor;
use crate::domain::staff::{AccountName, StaffRecord};
use crate::service::ports::error::StoreError;

/// The table of the staff.
#[async_trait]
pub trait StaffStore: Send + Sync {
    /// The row of an account.
    async fn staff_record(&self, account: &AccountName) -> Result<Option<StaffRecord>, StoreError>;
    /// All rows, by account.
    async fn staff_records(&self) -> Result<Vec<StaffRecord>, StoreError>;
    /// Writes a row, with its event, if nobody wrote it meanwhile and an enabled admin
    /// remains.
    async fn write_staff(&self, change: StaffChange<'_>) -> Result<StaffWrite, StoreError>;
}

/// A row about to be written.
#[derive(Clone, Debug)]
pub struct StaffChange<'a> {
    /// The row; its version is one more than that of the row it replaces.
    pub record: &'a StaffRecord,
    /// What is done, for the log.
    pub detail: &'a str,
    /// Who does it.
    pub actor: &'a Actor,
}

/// What came of writing a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffWrite {
    /// It is written.
    Written,
    /// The row is not the one before this: read it again.
    Outdated,
    /// No enabled admin would remain.
    LastAdmin,
}
