//! Opening a store on MySQL or MariaDB.

use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{ConnectOptions as _, Executor as _, MySqlPool};

use super::lent::PATIENCE;
use crate::config::settings::{ServerAddress, ServerSettings, StoreTls};

/// A pool whose connections are made when they are needed.
pub(super) fn pool(settings: &ServerSettings) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(settings.connections)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE)
        // The default, REPEATABLE READ, goes on reading what was there before
        // another terminal's commit, and deadlocks where many claim.
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                    .await?;
                connection.execute(LIMITS).await.map(drop)
            })
        })
        .idle_timeout(IDLE)
        .connect_lazy_with(options(settings))
}

/// What the server is to put an end to by itself: a transaction with which nobody
/// goes on (a suspended terminal, a line that was cut), which would hold up the whole
/// office; and a wait for another's lock, which is told as what it is. MySQL can only
/// end a connection that is silent, in a transaction or not.
const LIMITS: &str = "SET SESSION innodb_lock_wait_timeout = 8 \
    /*M!100300 , SESSION idle_transaction_timeout = 6, SESSION idle_write_transaction_timeout = 6 */ \
    /*!80000 , SESSION wait_timeout = 30 */";

/// A connection that nobody needs is ended here before a server does it.
const IDLE: Duration = Duration::from_secs(20);

fn options(settings: &ServerSettings) -> MySqlConnectOptions {
    let options = MySqlConnectOptions::new()
        .username(&settings.user)
        .database(&settings.database)
        .charset("utf8mb4")
        .collation("utf8mb4_bin")
        .statement_cache_capacity(256)
        .ssl_mode(match settings.tls {
            StoreTls::Verify => MySqlSslMode::VerifyIdentity,
            StoreTls::Encrypt => MySqlSslMode::Required,
            StoreTls::Off => MySqlSslMode::Disabled,
        })
        .disable_statement_logging();
    let options = match &settings.address {
        ServerAddress::Tcp { host, port } => options.host(host).port(*port),
        ServerAddress::Socket(path) => options.socket(path),
    };
    let options = match &settings.ca_file {
        Some(file) => options.ssl_ca(file),
        None => options,
    };
    match &settings.password {
        Some(password) => options.password(password.expose_secret()),
        None => options,
    }
}
