//! Opening a store on PostgreSQL.

use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgPool};

use crate::config::settings::{ServerAddress, ServerSettings, StoreTls};

/// How long an act waits for its connection: then the clerk is told.
const PATIENCE: Duration = Duration::from_secs(3);

/// A pool whose connections are made when they are needed. The round trip that
/// tests one before each use is left out: an act that meets a dead connection
/// says so and can be told again.
pub(super) fn pool(settings: &ServerSettings) -> PgPool {
    PgPoolOptions::new()
        .max_connections(settings.connections)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(options(settings))
}

/// How the server is reached, with our schema in front: `core_otp` is ours,
/// whatever else is called so in this database.
fn options(settings: &ServerSettings) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .username(&settings.user)
        .database(&settings.database)
        .application_name("countersign")
        .options([("search_path", settings.schema.as_str())])
        .statement_cache_capacity(256)
        .ssl_mode(match settings.tls {
            StoreTls::Verify => PgSslMode::VerifyFull,
            StoreTls::Encrypt => PgSslMode::Require,
            StoreTls::Off => PgSslMode::Disable,
        })
        .disable_statement_logging();
    let options = match &settings.address {
        ServerAddress::Tcp { host, port } => options.host(host).port(*port),
        ServerAddress::Socket(folder) => options.socket(folder),
    };
    let options = match &settings.ca_file {
        Some(file) => options.ssl_root_cert(file),
        None => options,
    };
    match &settings.password {
        Some(password) => options.password(password.expose_secret()),
        None => options,
    }
}
