//! The port of the staff.

use async_trait::async_trait;

use crate::domain::staff::{AccountName, StaffRecord};
use crate::service::ports::error::StoreError;
use crate::service::ports::staff::{StaffChange, StaffStore, StaffWrite};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::staff::records;

#[async_trait]
impl StaffStore for SqlStore {
    async fn staff_record(&self, account: &AccountName) -> Result<Option<StaffRecord>, StoreError> {
        records::record(&self.db, account).await
    }

    async fn staff_records(&self) -> Result<Vec<StaffRecord>, StoreError> {
        records::records(&self.db).await
    }

    async fn write_staff(&self, change: StaffChange<'_>) -> Result<StaffWrite, StoreError> {
        retry_on_conflict(|| records::write(&self.db, &change)).await
    }
}
