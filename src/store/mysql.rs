//! Opening a store on MySQL or MariaDB.

use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{ConnectOptions as _, MySqlPool};

use super::lent::PATIENCE;
use crate::config::settings::{ServerAddress, ServerSettings, StoreTls};

/// The SQL mode of each session, whatever the server's own is: `||` joins texts,
/// and a value that does not fit is refused and not cut.
pub(super) const SQL_MODE: [&str; 4] = [
    "ERROR_FOR_DIVISION_BY_ZERO",
    "NO_ENGINE_SUBSTITUTION",
    "PIPES_AS_CONCAT",
    "STRICT_ALL_TABLES",
];

/// What each session sets, whatever the server's own settings are. The default
/// isolation, REPEATABLE READ, goes on reading what was there before another
/// terminal's commit, and deadlocks where many claim.
const SESSION: &str = "\
    SET SESSION sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT,\
    STRICT_ALL_TABLES', autocommit = 1, sql_safe_updates = 0, foreign_key_checks = 1, \
    unique_checks = 1, sql_big_selects = 1, sql_select_limit = DEFAULT, sql_auto_is_null = 0, \
    completion_type = 0; \
    SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// A pool whose connections are made when they are needed.
pub(super) fn pool(settings: &ServerSettings) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(settings.connections)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(SESSION).execute(connection).await.map(drop) })
        })
        .connect_lazy_with(options(settings))
}

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
