//! The store on a SQL database, by sqlx: SQLite in a file.
//!
//! ```text
//! sql.rs      statement texts, one for each database, fixed at compile time
//! db.rs       the pools, transactions and rows: all that knows which database it is
//! sqlite.rs   opening the file        migrate.rs  its tables
//! view.rs     rows as domain types    watch.rs    what others have written
//! the rest    one file for each thing the desk does
//! ```
//! What the desk does is written once, above `db.rs`.

mod attempt;
mod customers;
mod db;
mod delivery;
mod events;
mod gate;
mod import;
mod migrate;
mod request;
mod sample;
mod search;
mod session;
mod sql;
mod sqlite;
mod unlock;
mod view;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use crate::domain::customer::{Account, Customer, CustomerId, NewCustomer};
use crate::domain::delivery::{DeliveryId, Report};
use crate::domain::event::{Actor, Event, EventFilter, Page};
use crate::domain::query::Query;
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::time::Timestamp;
use crate::service::ports::{
    Attempt, Attempted, CustomerKey, ImportCount, Issued, NewEvent, NewRequest, Reissue,
    SessionFilter, Store, StoreError,
};
use db::{Db, args};
use sql::{Sql, statements};
use watch::Watch;

statements! {
    NOW { "SELECT " now }
}

/// The store behind the desk's port.
pub struct SqlStore {
    db: Db,
    watch: Watch,
    path: PathBuf,
}

impl SqlStore {
    /// Opens the store of a URL such as `sqlite:store.db`. A file that does not
    /// exist is created, and its tables are brought up to date: it serves one
    /// office on one machine, where nobody else would do it.
    ///
    /// Must be called on a Tokio runtime, which then looks out for changes.
    pub async fn open(url: &SecretString) -> Result<Self, StoreError> {
        let path = sqlite::path(url.expose_secret()).ok_or_else(|| {
            StoreError::Refused(
                "store.url names a kind of database that this program does not know; \
                 use \"sqlite:\" and a path."
                    .into(),
            )
        })?;
        let pools = sqlite::open(&path).await?;
        let store = Self { db: Db::new(pools), watch: Watch::new(Handle::current()), path };
        if migrate::is_needed(&store.db).await? {
            store.migrate().await?;
        }
        Ok(store)
    }

    /// Brings the tables up to what this program needs.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migrate::migrate(&self.db).await
    }

    /// Fills an empty store with the sample office; whether it was empty.
    pub async fn load_sample(&self) -> Result<bool, StoreError> {
        sample::load(&self.db).await
    }

    /// Every statement the store can issue, by name, for the test that reads
    /// their query plans.
    #[doc(hidden)]
    pub fn statements() -> Vec<(String, &'static str)> {
        let modules: [(&str, &[(&str, Sql)]); 13] = [
            ("store", STATEMENTS),
            ("attempt", attempt::STATEMENTS),
            ("customers", customers::STATEMENTS),
            ("delivery", delivery::STATEMENTS),
            ("events", events::STATEMENTS),
            ("gate", gate::STATEMENTS),
            ("import", import::STATEMENTS),
            ("migrate", migrate::STATEMENTS),
            ("request", request::STATEMENTS),
            ("sample", sample::STATEMENTS),
            ("search", search::STATEMENTS),
            ("session", session::STATEMENTS),
            ("unlock", unlock::STATEMENTS),
        ];
        modules
            .iter()
            .flat_map(|(module, list)| list.iter().map(move |(name, sql)| (module, name, sql)))
            .map(|(module, name, sql)| (format!("{module}::{name}"), sql.sqlite))
            .collect()
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let row = self.db.maybe(&NOW, args![]).await?;
        row.map_or_else(|| Err(StoreError::Failed("no time".into())), |row| row.time(0))
    }

    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.watch.changes(&self.db)
    }

    async fn check(&self) -> Result<String, StoreError> {
        let version = migrate::check(&self.db).await?;
        Ok(format!("SQLite, {}, tables version {version}, writable", self.path.display()))
    }

    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        search::find(&self.db, query, limit).await
    }

    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
        customers::identify(&self.db, key).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        customers::customer(&self.db, id).await
    }

    async fn account(&self, id: CustomerId) -> Result<Account, StoreError> {
        customers::account(&self.db, id).await
    }

    async fn import(&self, batch: &[NewCustomer]) -> Result<ImportCount, StoreError> {
        import::import(&self.db, batch).await
    }

    async fn issue(&self, request: NewRequest<'_>) -> Result<Issued, StoreError> {
        request::issue(&self.db, request).await
    }

    async fn reissue(&self, reissue: Reissue<'_>) -> Result<Issued, StoreError> {
        request::reissue(&self.db, reissue).await
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<Attempted, StoreError> {
        attempt::attempt(&self.db, attempt).await
    }

    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError> {
        request::cancel(&self.db, id, actor).await
    }

    async fn unlock(
        &self,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        unlock::unlock(&self.db, customer, reason, actor).await
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        request::request(&self.db, id).await
    }

    async fn report(
        &self,
        id: DeliveryId,
        report: &Report,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        delivery::report(&self.db, id, report, actor).await
    }

    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<Session>, StoreError> {
        session::touch(&self.db, token_digest, idle).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        session::session(&self.db, id).await
    }

    async fn sessions(
        &self,
        filter: SessionFilter,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        session::sessions(&self.db, filter, limit).await
    }

    async fn end_session(
        &self,
        id: &SessionId,
        how: SessionEnd,
        actor: &Actor,
    ) -> Result<Option<Session>, StoreError> {
        session::end(&self.db, id, how, actor).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        events::events(&self.db, filter, page, limit).await
    }

    async fn record(&self, event: NewEvent<'_>) -> Result<(), StoreError> {
        events::record(&self.db, &event).await
    }
}
