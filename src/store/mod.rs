//! The store on a SQL database, by sqlx: SQLite in a file, PostgreSQL, MySQL or
//! MariaDB.
//!
//! ```text
//! database/       engines, statements, transactions, rows, migrations, change feed
//! customers/      the external table, the search index, import, contact bindings
//! verification/   requests, attempts, sessions, rate limits, lockout
//! delivery/       outbox, send claims, circuit breakers, notices, delivery stats
//! audit/          the log of events
//! upkeep/         maintenance tasks, the archive
//! health.rs       the store's clock and state
//! ```
//! A task's `port.rs` implements its port of `service::ports`; its other files hold the
//! transactions, written once for all databases.

mod audit;
mod customers;
mod database;
mod delivery;
mod health;
mod upkeep;
mod verification;

use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::settings::{CustomerSettings, ServerKind, StoreSettings};
use crate::domain::customer::NewCustomer;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::IssueOutcome;
use crate::store::audit::events;
use crate::store::customers::incremental::IncrementalReindex;
use crate::store::customers::reindex::Reindexer;
use crate::store::customers::source::Source;
use crate::store::customers::{
    contact_binding, external_writer, import, index, lookup, reindex, sample, schema_check, search,
};
use crate::store::database::change_feed::ChangeFeed;
use crate::store::database::engine::{Database, Engine, Pools};
use crate::store::database::requirements::Requirements;
use crate::store::database::statement::{Sql, statements};
use crate::store::database::{
    change_feed, migrations, mysql, postgres, requirements, server_check, sqlite, transaction,
};
use crate::store::delivery::{
    circuit_breaker, contact_notices, outbox, send_claim, state, stats, test_message,
};
use crate::store::upkeep::{archive, maintenance, partitions};
use crate::store::verification::{attempt, keys_in_use, lockout, rate_limits, request, session};

pub use crate::store::database::migrations::Migrated;

statements! {
    /// Read from a table, so that a store without one is not taken for well.
    NOW { "SELECT " now " FROM core_lock WHERE name = 'issue'" }
}

/// The store behind the desk's port.
pub struct SqlStore {
    db: Database,
    watch: ChangeFeed,
    source: Source,
    indexing: Reindexer,
    catch_up: IncrementalReindex,
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
        let db = store.db.as_it_is();
        if db.kind() == Engine::Sqlite && migrations::is_needed(&db, &store.source).await? {
            // Of an office's table that cannot be used every act tells; so does doctor.
            let obstacle = schema_check::obstacle(&db, &store.source, store.read_only).await?;
            if obstacle.is_none() {
                store.migrate().await?;
            }
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
        let requirements = Requirements::new(source.clone(), customers.read_only);
        let db = Database::new(pools).require(requirements);
        let country = customers.default_country.clone();
        Ok(Self {
            watch: ChangeFeed::new(Handle::current(), &db),
            catch_up: IncrementalReindex::new(Handle::current()),
            indexing: Reindexer::new(db.clone(), source.clone(), country),
            read_only: customers.read_only,
            place: place(settings),
            db,
            source,
        })
    }

    /// Brings the tables up to what this program needs.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        let db = self.db.as_it_is();
        requirements::before_migration(&db, &self.source, self.read_only).await?;
        let migrated = migrations::migrate(&db, &self.source).await?;
        requirements::tables(&db).await?;
        self.indexing.mark_whole_if_empty().await?;
        Ok(migrated)
    }

    /// Whether everything is as it must be for anybody to work here. Every act
    /// looks at it too, until it is.
    pub async fn is_fit(&self) -> Result<(), StoreError> {
        self.db.is_fit().await
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

    fn expect(&self, issued: Result<IssueOutcome, StoreError>) -> Result<IssueOutcome, StoreError> {
        if let Ok(IssueOutcome::Fresh(request) | IssueOutcome::Already(request)) = &issued {
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
        import::IncomingCustomer::from(customer).entry().rows()
    }

    /// Every statement the store can issue, by name, for the test that reads
    /// their query plans.
    #[doc(hidden)]
    pub fn statements() -> Vec<Statement> {
        let modules: [(&str, &[(&str, Sql)]); 32] = [
            ("store", STATEMENTS),
            ("tx", transaction::STATEMENTS),
            ("index", index::STATEMENTS),
            ("indexing", reindex::STATEMENTS),
            ("archive", archive::STATEMENTS),
            ("attempt", attempt::STATEMENTS),
            ("contact", contact_binding::STATEMENTS),
            ("customers", lookup::STATEMENTS),
            ("delivery", state::STATEMENTS),
            ("events", events::STATEMENTS),
            ("figures", stats::STATEMENTS),
            ("gate", rate_limits::STATEMENTS),
            ("handover", send_claim::STATEMENTS),
            ("import", import::STATEMENTS),
            ("keys", keys_in_use::STATEMENTS),
            ("line", circuit_breaker::STATEMENTS),
            ("maintain", maintenance::STATEMENTS),
            ("mapping", schema_check::STATEMENTS),
            ("migrate", migrations::STATEMENTS),
            ("notice", contact_notices::STATEMENTS),
            ("outbox", outbox::STATEMENTS),
            ("partitions", partitions::STATEMENTS),
            ("request", request::STATEMENTS),
            ("requirements", requirements::STATEMENTS),
            ("sample", sample::STATEMENTS),
            ("search", search::STATEMENTS),
            ("server", server_check::STATEMENTS),
            ("session", session::STATEMENTS),
            ("theirs", external_writer::STATEMENTS),
            ("trial", test_message::STATEMENTS),
            ("unlock", lockout::STATEMENTS),
            ("watch", change_feed::STATEMENTS),
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
