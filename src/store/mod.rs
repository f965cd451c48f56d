//! The store on a SQL database, by sqlx: SQLite in a file, PostgreSQL, MySQL or
//! MariaDB.
//!
//! ```text
//! sql.rs      statement texts, one for each database, fixed at compile time
//! db.rs       the pools, transactions and rows: all that knows which database it is
//! lent.rs     a server's connections, on which nothing takes for ever
//! fault.rs    what a database's errors mean          server.rs    what a server is like
//! sqlite.rs   postgres.rs  mysql.rs   opening each of them
//! migrate.rs  the tables              source.rs   where the customers are
//! mapping.rs  whether they are there   theirs.rs   writing them there
//! value.rs    what goes into a statement and comes out
//! view.rs     rows as domain types    watch.rs    listen.rs  what others have written
//! index.rs    how customers are found
//! indexing.rs and catch_up.rs keep that up to what others write
//! the rest    one file for each thing the desk does
//! ```
//! What the desk does is written once, above `db.rs`.

mod archive;
mod attempt;
mod catch_up;
mod contact;
mod customers;
mod db;
mod delivery;
mod events;
mod fault;
mod figures;
mod gate;
mod import;
mod index;
mod indexing;
mod keys;
mod lent;
mod line;
mod listen;
mod maintain;
mod mapping;
mod migrate;
mod mysql;
mod notice;
mod outbox;
mod partitions;
mod postgres;
mod request;
mod sample;
mod search;
mod server;
mod session;
mod source;
mod sql;
mod sqlite;
mod theirs;
mod together;
mod trial;
mod unlock;
mod value;
mod view;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;

use crate::config::settings::{CustomerSettings, ServerKind, StoreSettings};
use crate::domain::chore::{Chore, Tidied};
use crate::domain::contact::ContactKind;
use crate::domain::customer::{Account, Customer, CustomerId, NewCustomer};
use crate::domain::delivery::DeliveryId;
use crate::domain::event::{Actor, Event, EventFilter, Page};
use crate::domain::figures::{Queue, Sample};
use crate::domain::line::{Health, Line};
use crate::domain::policy::Retention;
use crate::domain::query::Query;
use crate::domain::request::{Request, RequestId};
use crate::domain::session::{Session, SessionEnd, SessionId};
use crate::domain::time::Timestamp;
use crate::service::ports::notices::{Notice, NoticeOutcome, NoticeProviders, Notices};
use crate::service::ports::outbox::{Errand, Outbox, Outcome, Trial, TrialRefusal};
use crate::service::ports::{
    Attempt, Attempted, Batch, CustomerCheck, CustomerKey, ImportCount, IndexStep, Issued,
    KeysInUse, NewEvent, NewRequest, Preparing, Reissue, SessionFilter, Store, StoreError,
};
use catch_up::CatchUp;
use db::{Db, Kind, Pools, args};
use indexing::{Indexing, Mend};
use source::Source;
use sql::{Sql, statements};
use watch::Watch;

pub use migrate::Migrated;

statements! {
    /// Read from a table, so that a store without one is not taken for well.
    NOW { "SELECT " now " FROM core_lock WHERE name = 'issue'" }
}

/// The store behind the desk's port.
pub struct SqlStore {
    db: Db,
    watch: Watch,
    source: Source,
    indexing: Indexing,
    catch_up: CatchUp,
    read_only: bool,
    place: String,
}

impl SqlStore {
    /// Opens a store. A SQLite file that does not exist is created, and its
    /// tables are brought up to date: it serves one office on one machine, where
    /// nobody else would do it. On a server that is done by whoever has the right
    /// to, with `countersign migrate`.
    ///
    /// Must be called on a Tokio runtime, which then looks out for changes.
    pub async fn open(
        settings: &StoreSettings,
        customers: &CustomerSettings,
    ) -> Result<Self, StoreError> {
        let store = Self::as_it_is(settings, customers).await?;
        if store.db.kind() == Kind::Sqlite && migrate::is_needed(&store.db, &store.source).await? {
            store.migrate().await?;
        }
        Ok(store)
    }

    /// Opens a store and leaves its tables as they are: for who brings them up to
    /// date and says so.
    pub async fn as_it_is(
        settings: &StoreSettings,
        customers: &CustomerSettings,
    ) -> Result<Self, StoreError> {
        let source = Source::new(customers.table.clone());
        let pools = match settings {
            StoreSettings::Sqlite { file } => sqlite::open(file, source.attachment()).await?,
            StoreSettings::Server(server) => match server.kind {
                ServerKind::Postgres => {
                    Pools::Postgres { pool: postgres::pool(server)?, schema: server.schema.clone() }
                }
                ServerKind::Mysql => Pools::Mysql(mysql::pool(server)),
            },
        };
        let db = Db::new(pools);
        let country = customers.default_country.clone();
        Ok(Self {
            watch: Watch::new(Handle::current(), &db),
            catch_up: CatchUp::new(Handle::current()),
            indexing: Indexing::new(db.clone(), source.clone(), country),
            read_only: customers.read_only,
            place: place(settings),
            db,
            source,
        })
    }

    /// Brings the tables up to what this program needs.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        let migrated = migrate::migrate(&self.db, &self.source).await?;
        self.indexing.mark_whole_if_empty().await?;
        Ok(migrated)
    }

    /// Lets a server take so long over a statement of an act; for tests, which
    /// have no time to wait.
    #[doc(hidden)]
    pub const fn set_limit(&mut self, limit: Duration) {
        self.db.set_limit(limit);
    }

    /// Tells other terminals what was committed last, and ends the connections in
    /// order.
    pub async fn close(&self) {
        self.watch.close().await;
        self.db.close().await;
    }

    fn expect(&self, issued: Result<Issued, StoreError>) -> Result<Issued, StoreError> {
        if let Ok(Issued::Fresh(request) | Issued::Already(request)) = &issued {
            self.watch.expect(request);
        }
        issued
    }

    /// Fills an empty store with the sample office; whether it was empty.
    pub async fn load_sample(&self) -> Result<bool, StoreError> {
        sample::load(&self.db).await
    }

    /// What is found of a customer: the columns of its row after the number, and
    /// the words it is looked up by. For benches, which write millions of them by
    /// the database's own tools.
    #[doc(hidden)]
    pub fn entry(customer: &NewCustomer) -> (Vec<Option<String>>, Vec<String>) {
        import::Incoming::from(customer).entry().rows()
    }

    /// Every statement the store can issue, by name, for the test that reads
    /// their query plans.
    #[doc(hidden)]
    pub fn statements() -> Vec<Statement> {
        let modules: [(&str, &[(&str, Sql)]); 30] = [
            ("store", STATEMENTS),
            ("db", db::STATEMENTS),
            ("index", index::STATEMENTS),
            ("indexing", indexing::STATEMENTS),
            ("archive", archive::STATEMENTS),
            ("attempt", attempt::STATEMENTS),
            ("contact", contact::STATEMENTS),
            ("customers", customers::STATEMENTS),
            ("delivery", delivery::STATEMENTS),
            ("events", events::STATEMENTS),
            ("figures", figures::STATEMENTS),
            ("gate", gate::STATEMENTS),
            ("import", import::STATEMENTS),
            ("keys", keys::STATEMENTS),
            ("line", line::STATEMENTS),
            ("maintain", maintain::STATEMENTS),
            ("mapping", mapping::STATEMENTS),
            ("migrate", migrate::STATEMENTS),
            ("notice", notice::STATEMENTS),
            ("outbox", outbox::STATEMENTS),
            ("partitions", partitions::STATEMENTS),
            ("request", request::STATEMENTS),
            ("sample", sample::STATEMENTS),
            ("search", search::STATEMENTS),
            ("server", server::STATEMENTS),
            ("session", session::STATEMENTS),
            ("theirs", theirs::STATEMENTS),
            ("trial", trial::STATEMENTS),
            ("unlock", unlock::STATEMENTS),
            ("watch", watch::STATEMENTS),
        ];
        modules
            .iter()
            .flat_map(|(module, list)| list.iter().map(move |(name, sql)| (module, name, sql)))
            .map(|(module, name, sql)| Statement {
                name: format!("{module}::{name}"),
                sqlite: sql.sqlite,
                postgres: sql.postgres,
                mysql: (sql.mysql.text, sql.mysql.order),
            })
            .collect()
    }
}

/// A statement as each database reads it.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Statement {
    /// The module and its constant.
    pub name: String,
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
    /// For MySQL: the text, and the number of the argument that each `?` takes.
    pub mysql: (&'static str, &'static [u8]),
}

/// Where the store is, for people.
fn place(settings: &StoreSettings) -> String {
    match settings {
        StoreSettings::Sqlite { file } => format!("SQLite, {}", file.display()),
        StoreSettings::Server(server) => {
            let kind = match server.kind {
                ServerKind::Postgres => "PostgreSQL",
                ServerKind::Mysql => "MySQL",
            };
            format!("{kind}, {} at {}", server.database, server.address)
        }
    }
}

/// How often an act is begun anew that lost against others.
const TRIES: u32 = 5;

/// Does an act, and begins it anew where the database ended it in favour of
/// another one (a deadlock, a lock that took too long): then nothing of it was
/// done.
async fn in_turn<T, F>(mut act: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 1..TRIES {
        match act().await {
            Err(StoreError::Conflict(_)) => {}
            done => return done,
        }
    }
    act().await
}

#[async_trait]
impl Store for SqlStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let row = self.db.maybe(&NOW, args![]).await?;
        row.map_or_else(|| Err(StoreError::Failed("no time".into())), |row| row.time(0))
    }

    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.catch_up.begin(&self.indexing);
        self.watch.changes(&self.db)
    }

    fn lost(&self) -> tokio::sync::watch::Receiver<Option<Arc<StoreError>>> {
        self.watch.lost()
    }

    async fn check(&self) -> Result<String, StoreError> {
        let server = server::look(&self.db).await?;
        let version = migrate::check(&self.db, &self.source).await?;
        let server = server.map_or_else(String::new, |it| format!("{}, ", it.told()));
        let mut found = format!("{}, {server}tables version {version}, writable", self.place);
        if !partitions::may_make(&self.db).await? {
            found += "; run by this account, maintain makes no parts of the archive by month";
        }
        Ok(found)
    }

    async fn notes(&self) -> Result<Vec<String>, StoreError> {
        let server = server::look(&self.db).await?;
        Ok(server.map_or_else(Vec::new, |it| it.notes()))
    }

    async fn check_customers(&self) -> Result<CustomerCheck, StoreError> {
        mapping::check(&self.db, &self.source).await
    }

    async fn keys_in_use(&self) -> Result<KeysInUse, StoreError> {
        keys::in_use(&self.db).await
    }

    fn preparing(&self) -> tokio::sync::watch::Receiver<Option<Preparing>> {
        self.catch_up.preparing()
    }

    async fn prepared(&self) {
        self.catch_up.first(&self.indexing).await;
    }

    async fn find_customers(&self, query: &Query, limit: u32) -> Result<Vec<Customer>, StoreError> {
        self.catch_up.soon(&self.indexing).await;
        search::find(&self.db, query, limit).await
    }

    async fn identify(&self, key: CustomerKey<'_>) -> Result<Vec<Customer>, StoreError> {
        self.catch_up.first(&self.indexing).await;
        customers::identify(&self.db, key, self.indexing.country()).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        customers::customer(&self.db, id).await
    }

    async fn account(&self, id: CustomerId) -> Result<Account, StoreError> {
        // Balances and bills are of our own customers: under the same numbers the
        // office's table has other people.
        if self.source.is_theirs() {
            return Ok(Account::default());
        }
        customers::account(&self.db, id).await
    }

    async fn import(
        &self,
        batch: &[NewCustomer],
        notices: NoticeProviders,
        actor: &Actor,
    ) -> Result<ImportCount, StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly);
        }
        let Some(table) = self.source.table() else {
            return in_turn(|| import::import(&self.db, batch, notices, actor)).await;
        };
        let theirs = match &table.file {
            Some(file) => Db::new(sqlite::theirs(file)),
            None => self.db.clone(),
        };
        let import = || theirs::import(&theirs, &self.source, table, batch);
        let (count, written) = in_turn(import).await?;
        in_turn(|| self.indexing.mend(&written)).await?;
        Ok(count)
    }

    async fn index_customers(
        &self,
        after: Option<CustomerId>,
        limit: u32,
        dry: bool,
    ) -> Result<IndexStep, StoreError> {
        let mend = if dry { Mend::Never } else { Mend::InTurn };
        let step = in_turn(|| self.indexing.step(after, limit, mend)).await?;
        if step.next.is_none() && !dry {
            self.indexing.mark_whole().await?;
        }
        Ok(step)
    }

    async fn issue(&self, request: NewRequest<'_>) -> Result<Issued, StoreError> {
        let country = self.indexing.country();
        let issued = in_turn(|| request::issue(&self.db, country, request.clone())).await;
        self.expect(issued)
    }

    async fn reissue(&self, reissue: Reissue<'_>) -> Result<Issued, StoreError> {
        let country = self.indexing.country();
        let issued = in_turn(|| request::reissue(&self.db, country, reissue.clone())).await;
        self.expect(issued)
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<Attempted, StoreError> {
        in_turn(|| attempt::attempt(&self.db, attempt.clone())).await
    }

    async fn cancel(&self, id: &RequestId, actor: &Actor) -> Result<Option<Request>, StoreError> {
        in_turn(|| request::cancel(&self.db, id, actor)).await
    }

    async fn unlock(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        in_turn(|| unlock::unlock(&self.db, act, customer, reason, actor)).await
    }

    async fn confirm_contact(
        &self,
        act: &str,
        customer: CustomerId,
        kind: ContactKind,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        in_turn(|| contact::confirm(&self.db, act, customer, kind, reason, actor)).await
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        request::request(&self.db, id).await
    }

    async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, StoreError> {
        request::open_of(&self.db, customer).await
    }

    async fn touch(
        &self,
        token_digest: &str,
        idle: Duration,
    ) -> Result<Option<Session>, StoreError> {
        in_turn(|| session::touch(&self.db, token_digest, idle)).await
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
        in_turn(|| session::end(&self.db, id, how, actor)).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        events::events(&self.db, filter, page, limit).await
    }

    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError> {
        events::record(&self.db, act, &event).await
    }

    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        archive::request(&self.db, id).await
    }

    async fn due(&self, chore: Chore, retention: &Retention, most: u32) -> Result<u64, StoreError> {
        maintain::due(&self.db, chore, retention, most).await
    }

    async fn tidy(&self, batch: Batch<'_>) -> Result<Tidied, StoreError> {
        in_turn(|| maintain::tidy(&self.db, batch)).await
    }
}

#[async_trait]
impl Notices for SqlStore {
    async fn take_notices(&self, providers: &[&str], most: u32) -> Result<Vec<Notice>, StoreError> {
        in_turn(|| notice::take(&self.db, providers, most)).await
    }

    async fn next_notice(&self, providers: &[&str]) -> Result<Option<Duration>, StoreError> {
        notice::next(&self.db, providers).await
    }

    async fn conclude_notice(&self, outcome: NoticeOutcome<'_>) -> Result<(), StoreError> {
        in_turn(|| notice::conclude(&self.db, &outcome)).await
    }
}

#[async_trait]
impl Outbox for SqlStore {
    async fn errand(
        &self,
        delivery: DeliveryId,
        holder: &str,
    ) -> Result<Option<Errand>, StoreError> {
        outbox::errand(&self.db, delivery, holder).await
    }

    async fn take(
        &self,
        holder: &str,
        providers: &[&str],
        most: u32,
    ) -> Result<Vec<Errand>, StoreError> {
        in_turn(|| outbox::take(&self.db, holder, providers, most)).await
    }

    async fn next_errand(
        &self,
        holder: &str,
        providers: &[&str],
    ) -> Result<Option<Duration>, StoreError> {
        outbox::next(&self.db, holder, providers).await
    }

    async fn release(&self, errand: &Errand, holder: &str) -> Result<(), StoreError> {
        in_turn(|| outbox::release(&self.db, errand, holder)).await
    }

    async fn take_back(&self, errand: &Errand, holder: &str) -> Result<(), StoreError> {
        in_turn(|| outbox::take_back(&self.db, errand, holder)).await
    }

    async fn hold(&self, errand: &Errand, holder: &str) -> Result<bool, StoreError> {
        in_turn(|| outbox::hold(&self.db, errand, holder)).await
    }

    async fn begin(
        &self,
        errands: &[(&Errand, Line)],
        holder: &str,
    ) -> Result<Vec<bool>, StoreError> {
        in_turn(|| outbox::begin(&self.db, errands, holder)).await
    }

    async fn postpone(
        &self,
        errand: &Errand,
        holder: &str,
        wait: Duration,
        reason: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        in_turn(|| outbox::postpone(&self.db, errand, holder, wait, reason, actor)).await
    }

    async fn conclude(&self, outcomes: &[Outcome<'_>]) -> Result<(), StoreError> {
        in_turn(|| outbox::conclude(&self.db, outcomes)).await
    }

    async fn lines(&self) -> Result<(Timestamp, Vec<Health>), StoreError> {
        line::all(&self.db).await
    }

    async fn try_line(&self, line: Line) -> Result<bool, StoreError> {
        in_turn(|| line::try_one(&self.db, line)).await
    }

    async fn begin_trial(&self, trial: Trial<'_>) -> Result<Option<TrialRefusal>, StoreError> {
        in_turn(|| trial::begin(&self.db, &trial)).await
    }

    async fn samples(&self, within: Duration, most: u32) -> Result<Vec<Sample>, StoreError> {
        figures::samples(&self.db, within, most).await
    }

    async fn queue(&self) -> Result<Queue, StoreError> {
        figures::queue(&self.db).await
    }
}
