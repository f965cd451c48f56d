//! The ports of the staff.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::Actor;
use crate::domain::sign_in::credentials::SignedCredentials;
use crate::domain::sign_in::sitting::{Sitting, SittingEnd, SittingId};
use crate::domain::staff::{AccountName, StaffRecord};
use crate::service::ports::error::StoreError;
use crate::service::ports::sign_in::{
    CredentialsChange, NewSitting, SignInStore, StoredCredentials,
};
use crate::service::ports::staff::{StaffChange, StaffStore, StaffWrite};
use crate::store::SqlStore;
use crate::store::database::conflict::retry_on_conflict;
use crate::store::staff::{credentials, records, sittings};

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

#[async_trait]
impl SignInStore for SqlStore {
    async fn credentials(
        &self,
        account: &AccountName,
    ) -> Result<Option<StoredCredentials>, StoreError> {
        credentials::credentials(&self.db, account).await
    }

    async fn all_credentials(&self) -> Result<Vec<SignedCredentials>, StoreError> {
        credentials::all(&self.db).await
    }

    async fn write_credentials(&self, change: CredentialsChange<'_>) -> Result<bool, StoreError> {
        retry_on_conflict(|| credentials::write(&self.db, &change)).await
    }

    async fn count_sign_in(&self, account: &AccountName) -> Result<Option<u32>, StoreError> {
        retry_on_conflict(|| credentials::count(&self.db, account)).await
    }

    async fn uncount_sign_in(&self, account: &AccountName, counted: u32) -> Result<(), StoreError> {
        retry_on_conflict(|| credentials::uncount(&self.db, account, counted)).await
    }

    async fn note_failed_sign_in(
        &self,
        account: &AccountName,
        detail: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| credentials::note_failure(&self.db, account, detail, actor)).await
    }

    async fn lift_sign_in_block(
        &self,
        account: &AccountName,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        retry_on_conflict(|| credentials::lift(&self.db, account, actor)).await
    }

    async fn begin_sitting(&self, sitting: NewSitting<'_>) -> Result<bool, StoreError> {
        retry_on_conflict(|| sittings::begin(&self.db, &sitting)).await
    }

    async fn end_sitting(
        &self,
        id: &SittingId,
        how: SittingEnd,
        actor: Option<&Actor>,
    ) -> Result<Option<Sitting>, StoreError> {
        retry_on_conflict(|| sittings::end(&self.db, id, how, actor)).await
    }

    async fn sitting(&self, id: &SittingId) -> Result<Option<Sitting>, StoreError> {
        sittings::sitting(&self.db, id).await
    }

    async fn open_sittings(&self) -> Result<Vec<SittingId>, StoreError> {
        sittings::open_ids(&self.db).await
    }

    async fn sittings(&self) -> Result<Vec<Sitting>, StoreError> {
        sittings::sittings(&self.db).await
    }

    async fn renew_sittings(
        &self,
        service: &str,
        active: &[(SittingId, Duration)],
    ) -> Result<(), StoreError> {
        retry_on_conflict(|| sittings::renew(&self.db, service, active)).await
    }

    async fn resume_sitting(&self, id: &SittingId, service: &str) -> Result<bool, StoreError> {
        retry_on_conflict(|| sittings::resume(&self.db, id, service)).await
    }
}
