//! Opening a store on MySQL or MariaDB.

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
                    .await
                    .map(drop)
            })
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
