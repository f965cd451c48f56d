//! The store on a SQL database, by sqlx: SQLite in a file, PostgreSQL, MySQL or
//! MariaDB.
//!
//! ```text
//! database/       engines, statements, transactions, rows, migrations, change feed
//! search_index/   by which customers are found, and the log entries about them
//! customers/      import, the external table
//! approvals/      acts that wait for a second admin
//! audit/          the log of events, and the tree over it
//! delivery/       outbox, leases, send claims, rate limits, circuit breakers, notices, delivery stats
//! factors/        authenticators and backup codes of customers
//! verification/   requests, attempts, sessions, lockout, contact bindings
//! staff/          who works at the office
//! stats/          roll-ups of the log
//! pads/           pads that are paired with counters
//! policy/         the policies that held
//! upkeep/         maintenance tasks, the archive
//! health.rs       the store's clock and state
//! requirements.rs what must hold before anybody works with it
//! ```
//! A task's `port.rs` implements its port of `service::ports`; its other files hold the
//! transactions, written once for all databases.

mod approvals;
mod audit;
mod customers;
mod database;
mod delivery;
mod factors;
mod health;
mod pads;
mod policy;
mod requirements;
mod search_index;
mod staff;
mod stats;
mod upkeep;
mod verification;

use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::settings::{CustomerSettings, ServerKind, StoreSettings};
use crate::domain::customer::NewCustomer;
use crate::domain::event::Actor;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::IssueOutcome;
use crate::store::audit::{events, prefixes, removals, roll_up, shipping, trail};
use crate::store::customers::{
    account_lists, catalogue, erasure, external_writer, import, list_check, lookup, personal_data,
    sample, schema_check,
};
use crate::store::database::change_feed::ChangeFeed;
use crate::store::database::engine::{Database, Engine, Pools};
use crate::store::database::external_table::CustomerSource;
use crate::store::database::statement::{Sql, statements};
use crate::store::database::{
    change_feed, migrations, mysql, postgres, server_check, sqlite, transaction,
};
use crate::store::delivery::{
    bounces, circuit_breaker, completion, contact_notices, contact_state, cooldown_and_rate_limits,
    lease, outbox, send_claim, state, stats as delivery_stats, test_message,
};
use crate::store::requirements::StoreRequirements;
use crate::store::search_index::incremental::IncrementalReindex;
use crate::store::search_index::reindex::Reindexer;
use crate::store::search_index::{index, reindex, search};
use crate::store::staff::{credentials, records, sittings};
use crate::store::upkeep::{archive, event_purge, maintenance, partitions, production, rehearsal};
use crate::store::verification::{
    attempt, clerk_guard, contact_binding, contact_changes, contacts_on_file, customer_guard,
    disown, expiry, flags, keys_in_use, lockout, representatives, request, session,
    superseded_code, told_afterwards,
};

pub use crate::store::database::migrations::Migrated;
pub use crate::store::upkeep::rehearsal::StoreUse;

statements! {
    /// Read from a table, so that a store without tables is not reported as healthy.
    NOW { "SELECT " now " AS read_at FROM core_lock WHERE name = 'issue'" }
}

/// The store: a database, and the background tasks that belong to it.
pub struct SqlStore {
    db: Database,
    change_feed: ChangeFeed,
    source: CustomerSource,
    reindexer: Reindexer,
    incremental: IncrementalReindex,
    read_only: bool,
    description: String,
}

impl SqlStore {
    /// Opens a store. A SQLite file that does not exist is created, and its tables are
    /// migrated: it serves one office on one machine, where nobody else would do it. On a
    /// server, an account with the right to do so runs `countersign migrate`.
    ///
    /// Must be called on a Tokio runtime, which then runs the change feed and the
    /// incremental reindex.
    pub async fn open(
        settings: &StoreSettings,
        customers: &CustomerSettings,
    ) -> Result<Self, StoreError> {
        Self::open_for(settings, customers, StoreUse::Development).await
    }

    /// The same for a use that the store's mark has to agree with.
    pub async fn open_for(
        settings: &StoreSettings,
        customers: &CustomerSettings,
        store_use: StoreUse,
    ) -> Result<Self, StoreError> {
        let store = Self::prepare(settings, customers, store_use).await?;
        let db = store.db.as_it_is();
        if db.kind() == Engine::Sqlite && migrations::is_needed(&db, &store.source).await? {
            // With an external table that cannot be used, every call fails with the reason.
            let obstacle = schema_check::obstacle(&db, &store.source, store.read_only).await?;
            if obstacle.is_none() {
                store.migrate().await?;
            }
        }
        Ok(store)
    }

    /// Opens a store without migrating it: for `migrate`, which reports what it did.
    pub async fn as_it_is(
        settings: &StoreSettings,
        customers: &CustomerSettings,
    ) -> Result<Self, StoreError> {
        Self::prepare(settings, customers, StoreUse::Development).await
    }

    async fn prepare(
        settings: &StoreSettings,
        customers: &CustomerSettings,
        store_use: StoreUse,
    ) -> Result<Self, StoreError> {
        let source = CustomerSource::new(customers.table.clone());
        let pools = match settings {
            StoreSettings::Sqlite { file } => sqlite::open(file, source.attachment()).await?,
            StoreSettings::Server(server) => match server.kind {
                ServerKind::Postgres => {
                    Pools::Postgres { pool: postgres::pool(server)?, schema: server.schema.clone() }
                }
                ServerKind::Mysql => Pools::Mysql(mysql::pool(server)),
            },
        };
        let requirements = StoreRequirements::new(source.clone(), customers.read_only, store_use);
        let db = Database::new(pools).require(requirements);
        let country = customers.default_country.clone();
        Ok(Self {
            change_feed: ChangeFeed::new(Handle::current(), &db),
            incremental: IncrementalReindex::new(Handle::current()),
            reindexer: Reindexer::new(db.clone(), source.clone(), country),
            read_only: customers.read_only,
            description: description(settings),
            db,
            source,
        })
    }

    /// Migrates the tables to the version that this program needs.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        let db = self.db.as_it_is();
        requirements::before_migration(&db, &self.source, self.read_only).await?;
        if let Some(why) = list_check::obstacle(&db, &self.source).await? {
            return Err(StoreError::misconfigured("customers", why));
        }
        let migrated = migrations::migrate(&db, &self.source).await?;
        requirements::tables(&db).await?;
        self.reindexer.mark_complete_if_empty().await?;
        Ok(migrated)
    }

    /// Marks the store as one of real customers, for good; whether it was not yet.
    pub async fn mark_production(&self, actor: &Actor) -> Result<bool, StoreError> {
        production::mark(&self.db, actor).await
    }

    /// Marks the store as one of a rehearsal, with customers who behave by a script; whether it
    /// was not yet.
    pub async fn mark_rehearsal(&self, actor: &Actor) -> Result<bool, StoreError> {
        let db = self.db.as_it_is();
        let marked = rehearsal::mark(&db, actor, self.source.is_external()).await?;
        self.reindexer.mark_complete_if_empty().await?;
        Ok(marked)
    }

    /// Fails unless the requirements of the store are met. Every call checks them too,
    /// until they are.
    pub async fn is_fit(&self) -> Result<(), StoreError> {
        self.db.is_fit().await
    }

    /// Sets the time-out of statements on a server; for tests.
    #[doc(hidden)]
    pub const fn set_limit(&mut self, limit: Duration) {
        self.db.set_limit(limit);
    }

    /// Notifies other processes of the last commit, and closes the connections in order.
    pub async fn close(&self) {
        self.change_feed.close().await;
        self.db.close().await;
    }

    fn expect_attempts(
        &self,
        issued: Result<IssueOutcome, StoreError>,
    ) -> Result<IssueOutcome, StoreError> {
        if let Ok(IssueOutcome::Fresh(request) | IssueOutcome::Already(request)) = &issued {
            self.change_feed.expect(request);
        }
        issued
    }

    /// Fills an empty store with the sample office; whether it was empty.
    pub async fn load_sample(&self) -> Result<bool, StoreError> {
        sample::load(&self.db).await
    }

    /// The entry of a customer in the search index: the columns of its row after the
    /// number, and its phrases. For benches, which write millions of rows by the database's
    /// own tools.
    #[doc(hidden)]
    pub fn entry(customer: &NewCustomer) -> (Vec<Option<String>>, Vec<String>) {
        import::IncomingCustomer::from(customer).entry().rows()
    }

    /// Every statement of the store by name, for the test of their query plans.
    #[doc(hidden)]
    pub fn statements() -> Vec<Statement> {
        let modules: [(&str, &[(&str, Sql)]); 73] = [
            ("store", STATEMENTS),
            ("account_lists", account_lists::STATEMENTS),
            ("approvals", approvals::records::STATEMENTS),
            ("archive", archive::STATEMENTS),
            ("attempt", attempt::STATEMENTS),
            ("bounces", bounces::STATEMENTS),
            ("catalogue", catalogue::STATEMENTS),
            ("change_feed", change_feed::STATEMENTS),
            ("circuit_breaker", circuit_breaker::STATEMENTS),
            ("clerk_guard", clerk_guard::STATEMENTS),
            ("completion", completion::STATEMENTS),
            ("contact_binding", contact_binding::STATEMENTS),
            ("contact_changes", contact_changes::STATEMENTS),
            ("contact_notices", contact_notices::STATEMENTS),
            ("contact_state", contact_state::STATEMENTS),
            ("contacts_on_file", contacts_on_file::STATEMENTS),
            ("customer_guard", customer_guard::STATEMENTS),
            ("disown", disown::STATEMENTS),
            ("erasure", erasure::STATEMENTS),
            ("event_purge", event_purge::STATEMENTS),
            ("removals", removals::STATEMENTS),
            ("events", events::STATEMENTS),
            ("expiry", expiry::STATEMENTS),
            ("flags", flags::STATEMENTS),
            ("attest", factors::attest::STATEMENTS),
            ("factor_attempt", factors::attempt::STATEMENTS),
            ("factors", factors::records::STATEMENTS),
            ("external_writer", external_writer::STATEMENTS),
            ("import", import::STATEMENTS),
            ("index", index::STATEMENTS),
            ("keys_in_use", keys_in_use::STATEMENTS),
            ("lockout", lockout::STATEMENTS),
            ("lookup", lookup::STATEMENTS),
            ("maintenance", maintenance::STATEMENTS),
            ("migrations", migrations::STATEMENTS),
            ("lease", lease::STATEMENTS),
            ("outbox", outbox::STATEMENTS),
            ("partitions", partitions::STATEMENTS),
            ("personal_data", personal_data::STATEMENTS),
            ("pad_claim", pads::claim::STATEMENTS),
            ("pairings", pads::pairings::STATEMENTS),
            ("policy", policy::records::STATEMENTS),
            ("production", production::STATEMENTS),
            ("cooldown_and_rate_limits", cooldown_and_rate_limits::STATEMENTS),
            ("staff", records::STATEMENTS),
            ("credentials", credentials::STATEMENTS),
            ("sittings", sittings::STATEMENTS),
            ("rehearsal", rehearsal::STATEMENTS),
            ("reindex", reindex::STATEMENTS),
            ("representatives", representatives::STATEMENTS),
            ("request", request::STATEMENTS),
            ("requirements", requirements::STATEMENTS),
            ("sample", sample::STATEMENTS),
            ("schema_check", schema_check::STATEMENTS),
            ("search", search::STATEMENTS),
            ("send_claim", send_claim::STATEMENTS),
            ("server_check", server_check::STATEMENTS),
            ("session", session::STATEMENTS),
            ("shipping", shipping::STATEMENTS),
            ("state", state::STATEMENTS),
            ("delivery_stats", delivery_stats::STATEMENTS),
            ("alarm_mail", stats::alarm_mail::STATEMENTS),
            ("alarms", stats::alarms::STATEMENTS),
            ("oversight", stats::oversight::STATEMENTS),
            ("stats_read", stats::read::STATEMENTS),
            ("stats_rebuild", stats::rebuild::STATEMENTS),
            ("prefixes", prefixes::STATEMENTS),
            ("roll_up", roll_up::STATEMENTS),
            ("superseded_code", superseded_code::STATEMENTS),
            ("test_message", test_message::STATEMENTS),
            ("told_afterwards", told_afterwards::STATEMENTS),
            ("trail", trail::STATEMENTS),
            ("transaction", transaction::STATEMENTS),
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

/// A statement in the SQL of each database.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Statement {
    /// The module and its constant.
    pub name: String,
    pub sqlite: &'static str,
    pub postgres: &'static str,
    /// The text, and the number of the argument that each `?` takes.
    pub mysql: (&'static str, &'static [u8]),
}

/// A description of the database for people.
fn description(settings: &StoreSettings) -> String {
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
