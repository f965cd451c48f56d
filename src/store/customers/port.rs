//! Customers and the search index, as the desk asks for them.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::customer::{Account, Customer, CustomerId, NewCustomer};
use crate::domain::event::Actor;
use crate::domain::query::Query;
use crate::service::ports::contact_notices::NoticeProviders;
use crate::service::ports::customers::{CustomerCheck, CustomerKey, CustomerStore, Imported};
use crate::service::ports::error::StoreError;
use crate::service::ports::search_index::{IndexProgress, IndexStep, SearchIndex};
use crate::store::SqlStore;
use crate::store::customers::reindex::RepairMode;
use crate::store::customers::{external_writer, import, lookup, schema_check, search};
use crate::store::database::conflict::retry_on_conflict;
use crate::store::database::engine::Database;
use crate::store::database::sqlite;

#[async_trait]
impl CustomerStore for SqlStore {
    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        self.catch_up.soon(&self.indexing).await;
        search::find(&self.db, query, limit).await
    }

    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
        self.catch_up.first(&self.indexing).await;
        lookup::identify(&self.db, key, self.indexing.country()).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        lookup::customer(&self.db, id).await
    }

    async fn account(&self, id: CustomerId) -> Result<Account, StoreError> {
        // Balances and bills are of our own customers: under the same numbers the
        // office's table has other people.
        if self.source.is_theirs() {
            return Ok(Account::default());
        }
        lookup::account(&self.db, id).await
    }

    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders,
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
        let theirs = match &table.file {
            Some(file) => Database::new(sqlite::theirs(file)),
            None => self.db.clone(),
        };
        let import = || external_writer::import(&theirs, &self.source, table, batch, dry);
        let (count, written) = retry_on_conflict(import).await?;
        if !written.is_empty() {
            retry_on_conflict(|| self.indexing.mend(&written)).await?;
        }
        // Theirs are noticed when a code is asked for.
        Ok(Imported { count, replaced: Vec::new() })
    }

    async fn check_customers(&self) -> Result<CustomerCheck, StoreError> {
        schema_check::check(&self.db.as_it_is(), &self.source, &self.indexing, self.read_only).await
    }
}

#[async_trait]
impl SearchIndex for SqlStore {
    fn index_progress(&self) -> watch::Receiver<Option<IndexProgress>> {
        self.catch_up.preparing()
    }

    async fn index_ready(&self) {
        self.catch_up.first(&self.indexing).await;
    }

    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError> {
        let mend = if dry { RepairMode::Never } else { RepairMode::InTurn };
        let step = retry_on_conflict(|| self.indexing.step(after, limit, mend)).await?;
        if step.next.is_none() && !dry {
            self.indexing.mark_whole().await?;
        }
        Ok(step)
    }
}
