//! The port of customers.

use async_trait::async_trait;

use crate::domain::account::Account;
use crate::domain::audit::removal::RemovalKey;
use crate::domain::customer::{Customer, CustomerId, NewCustomer};
use crate::domain::event::Actor;
use crate::domain::query::Query;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::customers::{
    CustomerCheck, CustomerKey, CustomerStore, Imported, NoCustomers,
};
use crate::service::ports::error::StoreError;
use crate::service::ports::personal_data::{DataSection, ErasureOutcome, PersonalDataStore};
use crate::store::SqlStore;
use crate::store::customers::erasure::{self, PersonalDataAct};
use crate::store::customers::{
    account_lists, external_writer, import, lookup, personal_data, schema_check,
};
use crate::store::database::conflict::retry_on_conflict;
use crate::store::database::engine::Database;
use crate::store::database::sqlite;
use crate::store::search_index::search;
use crate::store::verification::flags;

#[async_trait]
impl CustomerStore for SqlStore {
    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        self.incremental.wait_for_search(&self.reindexer).await;
        flags::attach(&self.db, search::find(&self.db, query, limit).await?).await
    }

    async fn no_customers(&self) -> Result<Option<NoCustomers>, StoreError> {
        if lookup::has_customers(&self.db).await? {
            return Ok(None);
        }
        let is_ours = self.source.table().is_none();
        Ok(Some(if is_ours { NoCustomers::EmptyStore } else { NoCustomers::EmptyTable }))
    }

    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
        self.incremental.wait_for_first_pass(&self.reindexer).await;
        let found = lookup::identify(&self.db, key, self.reindexer.country()).await?;
        flags::attach(&self.db, found).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let found = lookup::customer(&self.db, id).await?;
        Ok(flags::attach(&self.db, found.into_iter().collect()).await?.pop())
    }

    async fn account(&self, id: CustomerId) -> Result<Account, StoreError> {
        // Our balances and bills belong to our own customers: in the external table the same
        // numbers are other people.
        if self.source.is_external() {
            return account_lists::account(&self.db, &self.source, id).await;
        }
        lookup::account(&self.db, id).await
    }

    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders<'_>,
        actor: &Actor,
        dry: bool,
    ) -> Result<Imported, StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly);
        }
        let Some(table) = self.source.table() else {
            return retry_on_conflict(|| import::import(&self.db, batch, notices, actor, dry))
                .await;
        };
        let external = match &table.file {
            Some(file) => Database::new(sqlite::open_external(file)),
            None => self.db.clone(),
        };
        let import = || external_writer::import(&external, &self.source, table, batch, dry);
        let (count, written) = retry_on_conflict(import).await?;
        if !written.is_empty() {
            retry_on_conflict(|| self.reindexer.repair(&written)).await?;
        }
        // Changed contacts of the external table are noticed when a code is asked for.
        Ok(Imported { count, replaced: Vec::new() })
    }

    async fn check_customers(&self) -> Result<CustomerCheck, StoreError> {
        schema_check::check(&self.db.as_it_is(), &self.source, &self.reindexer, self.read_only)
            .await
    }
}

#[async_trait]
impl PersonalDataStore for SqlStore {
    async fn personal_data(&self, customer: CustomerId) -> Result<Vec<DataSection>, StoreError> {
        personal_data::read(&self.db, customer, self.source.is_external()).await
    }

    async fn erase_customer(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
        key: Option<&RemovalKey>,
    ) -> Result<ErasureOutcome, StoreError> {
        let it = PersonalDataAct { act, customer, reason, actor };
        retry_on_conflict(|| {
            erasure::erase(&self.db, it, key, self.reindexer.country(), self.source.is_external())
        })
        .await
    }

    async fn set_hold(
        &self,
        act: &str,
        customer: CustomerId,
        hold: bool,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let it = PersonalDataAct { act, customer, reason, actor };
        retry_on_conflict(|| erasure::set_hold(&self.db, it, hold)).await
    }
}
