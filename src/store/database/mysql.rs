//! Connecting to MySQL or MariaDB.

use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{ConnectOptions as _, MySqlPool};

use crate::config::settings::{ServerAddress, ServerSettings, StoreTls};
use crate::store::database::pooled_connection::ACQUIRE_TIMEOUT;

/// The SQL mode of each session, whatever the server's is: `||` joins texts, and a value
/// that does not fit is refused, not cut.
pub(in crate::store) const SQL_MODE: [&str; 4] = [
    "ERROR_FOR_DIVISION_BY_ZERO",
    "NO_ENGINE_SUBSTITUTION",
    "PIPES_AS_CONCAT",
    "STRICT_ALL_TABLES",
];

/// What each session sets, whatever the server's settings are. A `TIMESTAMP` is read in UTC.
/// The default isolation,
/// REPEATABLE READ, would read what was there before another terminal's commit, and
/// deadlock where many terminals claim.
const SESSION: &str = "\
    SET SESSION time_zone = '+00:00', sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT,\
    STRICT_ALL_TABLES', autocommit = 1, sql_safe_updates = 0, foreign_key_checks = 1, \
    unique_checks = 1, sql_big_selects = 1, sql_select_limit = DEFAULT, sql_auto_is_null = 0, \
    completion_type = 0; \
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// A pool that connects when a connection is needed.
pub(in crate::store) fn pool(settings: &ServerSettings) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(settings.connections)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(SESSION).execute(&mut *connection).await?;
                sqlx::raw_sql(SESSION_TIMEOUTS).execute(connection).await.map(drop)
            })
        })
        .idle_timeout(IDLE_TIMEOUT)
        .connect_lazy_with(options(settings))
}

/// What the server ends by itself: a transaction with which nobody goes on (a suspended
/// terminal, a broken connection), since its locks would stop the whole office; and a wait
/// for a lock. MySQL can only end an idle connection as a whole, in a transaction or not. A
/// member of a Galera cluster (MariaDB) first applies what the others have committed, for
/// reads and writes alike.
const SESSION_TIMEOUTS: &str = "SET SESSION innodb_lock_wait_timeout = 8 \
    /*M!100300 , SESSION idle_transaction_timeout = 6, SESSION idle_write_transaction_timeout = 6 */ \
    /*M!100600 , SESSION wsrep_sync_wait = 7 */ \
    /*!80000 , SESSION wait_timeout = 30 */";

/// An idle connection is closed before the server does it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_sets_the_sql_mode_that_is_looked_for() {
        assert!(SESSION.contains(&format!("'{}'", SQL_MODE.join(","))), "{SESSION}");
    }
}
