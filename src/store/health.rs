//! The port of the store's clock and health.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::service::ports::health::{ProductionMark, StoreHealth};
use crate::store::database::engine::args;
use crate::store::database::{migrations, server_check};
use crate::store::upkeep::{partitions, production};
use crate::store::{NOW, SqlStore, requirements};

#[async_trait]
impl StoreHealth for SqlStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let row = self.db.as_it_is().maybe(&NOW, args![]).await?;
        row.map_or_else(|| Err(StoreError::Failed("no time".into())), |row| row.time("read_at"))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.incremental.start(&self.reindexer);
        self.change_feed.changes(&self.db)
    }

    fn connection_state(&self) -> watch::Receiver<Option<Arc<StoreError>>> {
        self.change_feed.lost()
    }

    async fn check(&self) -> Result<String, StoreError> {
        let db = self.db.as_it_is();
        let server = server_check::check(&db).await?;
        let version = migrations::check(&db, &self.source).await?;
        requirements::tables(&db).await?;
        let server = server.map_or_else(String::new, |it| format!("{}, ", it.description()));
        let mut found = format!("{}, {server}tables version {version}, writable", self.description);
        if !partitions::may_make(&db).await? {
            found += "; run by this account, maintain makes no parts of the archive by month";
        }
        Ok(found)
    }

    async fn production_mark(&self) -> Result<Option<ProductionMark>, StoreError> {
        production::read(&self.db.as_it_is()).await
    }

    async fn notes(&self) -> Result<Vec<String>, StoreError> {
        let server = server_check::check(&self.db.as_it_is()).await?;
        Ok(server.map_or_else(Vec::new, |it| it.notes()))
    }
}
