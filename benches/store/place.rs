//! The measured store, and bare connections to the same database.

use std::path::PathBuf;

use countersign::config::settings::{
    CustomerSettings, Identifier, ServerAddress, ServerKind, ServerSettings, StoreSettings,
    StoreTls,
};
use countersign::store::SqlStore;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlPool, PgPool, SqlitePool};

/// The location of the store.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
    Mysql(String),
}

impl Place {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
            Self::Mysql(_) => "MySQL or MariaDB",
        }
    }

    pub(crate) fn settings(&self, connections: u32) -> StoreSettings {
        match self {
            Self::Sqlite(file) => StoreSettings::Sqlite { file: file.clone() },
            Self::Postgres(url) => server(url, ServerKind::Postgres, connections),
            Self::Mysql(url) => server(url, ServerKind::Mysql, connections),
        }
    }

    /// Opens the store with this many connections on a server.
    pub(crate) async fn open(&self, connections: u32) -> SqlStore {
        let settings = self.settings(connections);
        let store = SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store");
        store.migrate().await.expect("its tables");
        store
    }

    /// Bare connections, as durable as the store's own.
    pub(crate) async fn bare(&self, connections: u32) -> Bare {
        match self {
            Self::Sqlite(file) => {
                let options = SqliteConnectOptions::new()
                    .filename(file)
                    .pragma("mmap_size", "0")
                    .synchronous(SqliteSynchronous::Full)
                    .disable_statement_logging();
                let pool = SqlitePoolOptions::new()
                    .max_connections(1)
                    .test_before_acquire(false)
                    .connect_with(options);
                Bare::Sqlite(pool.await.expect("a connection"))
            }
            Self::Postgres(url) => {
                let options: PgConnectOptions = url.parse().expect("a URL");
                let options =
                    options.options([("search_path", "countersign")]).disable_statement_logging();
                let pool = PgPoolOptions::new()
                    .max_connections(connections)
                    .test_before_acquire(false)
                    .connect_with(options);
                Bare::Postgres(pool.await.expect("a connection"))
            }
            Self::Mysql(url) => {
                let options: MySqlConnectOptions = url.parse().expect("a URL");
                let pool = MySqlPoolOptions::new()
                    .max_connections(connections)
                    .test_before_acquire(false)
                    .connect_with(options.disable_statement_logging());
                Bare::Mysql(pool.await.expect("a connection"))
            }
        }
    }
}

/// A pool of bare connections.
#[derive(Clone)]
pub(crate) enum Bare {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    Mysql(MySqlPool),
}

impl Bare {
    /// The index of the database in a list of statements.
    pub(crate) fn at(&self) -> usize {
        match self {
            Self::Sqlite(_) => 0,
            Self::Postgres(_) => 1,
            Self::Mysql(_) => 2,
        }
    }

    /// Runs a script.
    pub(crate) async fn run(&self, text: &str) {
        let script = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let done = match self {
            Self::Sqlite(pool) => script.execute(pool).await.map(drop),
            Self::Postgres(pool) => script.execute(pool).await.map(drop),
            Self::Mysql(pool) => script.execute(pool).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// Executes a prepared statement with one number; returns no rows.
    pub(crate) async fn write(&self, text: &'static str, number: i64) {
        let done = match self {
            Self::Sqlite(pool) => sqlx::query(text).bind(number).execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::query(text).bind(number).execute(pool).await.map(drop),
            Self::Mysql(pool) => sqlx::query(text).bind(number).execute(pool).await.map(drop),
        };
        done.expect("written");
    }

    /// Executes a prepared statement with one text; returns the number of rows.
    pub(crate) async fn read(&self, text: &'static str, argument: &str) -> usize {
        let argument = argument.to_owned();
        let rows = match self {
            Self::Sqlite(pool) => {
                sqlx::query(text).bind(argument).fetch_all(pool).await.map(|it| it.len())
            }
            Self::Postgres(pool) => {
                sqlx::query(text).bind(argument).fetch_all(pool).await.map(|it| it.len())
            }
            Self::Mysql(pool) => {
                sqlx::query(text).bind(argument).fetch_all(pool).await.map(|it| it.len())
            }
        };
        rows.expect("rows")
    }

    /// Reads one number.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        let query = AssertSqlSafe(text.to_owned());
        let number: Option<i64> = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
            Self::Mysql(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
        }
        .unwrap_or_else(|error| panic!("{text}: {error}"));
        number.unwrap_or(0)
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
            Self::Mysql(pool) => pool.close().await,
        }
    }
}

/// Parses a URL `scheme://user:password@host:port/database`.
fn server(url: &str, kind: ServerKind, connections: u32) -> StoreSettings {
    let parts = |text: &str, at: &str| -> (String, String) {
        let (before, after) = text.split_once(at).expect("a whole URL");
        (before.to_owned(), after.to_owned())
    };
    let (_, rest) = parts(url, "://");
    let (account, rest) = parts(&rest, "@");
    let (user, password) = parts(&account, ":");
    let (host, rest) = parts(&rest, ":");
    let (port, database) = parts(&rest, "/");
    StoreSettings::Server(ServerSettings {
        kind,
        address: ServerAddress::Tcp { host, port: port.parse().expect("a port") },
        user,
        password: Some(password.into()),
        database,
        tls: StoreTls::Off,
        ca_file: None,
        schema: Identifier::parse("countersign").expect("a name"),
        connections,
    })
}
