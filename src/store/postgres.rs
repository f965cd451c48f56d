//! Opening a store on PostgreSQL.

use std::env;

use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgPool};

use super::lent::PATIENCE;
use crate::config::settings::{ServerAddress, ServerSettings, StoreTls};
use crate::service::ports::StoreError;

/// What the socket of a server is called by where nothing else is said.
const PORT: u16 = 5432;

/// A pool whose connections are made when they are needed. The round trip that
/// tests one before each use is left out: an act that meets a dead connection
/// says so and can be told again.
pub(super) fn pool(settings: &ServerSettings) -> Result<PgPool, StoreError> {
    if let Some(name) = meddler(settings, |name| env::var_os(name).is_some()) {
        return Err(StoreError::Refused(format!(
            "The variable {name} of the environment would have a say in whom countersign trusts \
             and who it is to the store's server, and that is for the configuration alone to say. \
             Start countersign without it: unset {name}."
        )));
    }
    Ok(PgPoolOptions::new()
        .max_connections(settings.connections)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(LIMITS).execute(connection).await.map(drop) })
        })
        .connect_lazy_with(options(settings)))
}

/// What the server is to put an end to by itself: a transaction with which nobody
/// goes on (a suspended terminal, a line that was cut), which would hold up the whole
/// office; and a wait for another's lock, which is told as what it is. A server that
/// lacks one of these goes without it.
const LIMITS: &str = "\
    SELECT set_config(name, value, false) FROM (VALUES \
        ('idle_in_transaction_session_timeout', '6s'), \
        ('lock_timeout', '8s'), \
        ('tcp_keepalives_idle', '10'), \
        ('tcp_keepalives_interval', '5'), \
        ('tcp_keepalives_count', '3'), \
        ('tcp_user_timeout', '20s') \
    ) AS limits (name, value) WHERE current_setting(name, true) IS NOT NULL";

/// A variable that the driver heeds and that no option can overrule. All others
/// are overruled by [`options`].
fn meddler(settings: &ServerSettings, is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
    let tls = settings.tls != StoreTls::Off;
    [
        ("PGOPTIONS", true),
        ("PGSSLROOTCERT", tls && settings.ca_file.is_none()),
        ("PGSSLCERT", tls),
        ("PGSSLKEY", tls),
    ]
    .into_iter()
    .find_map(|(name, is_heeded)| (is_heeded && is_set(name)).then_some(name))
}

/// How the server is reached, with our schema in front: `core_otp` is ours,
/// whatever else is called so in this database.
fn options(settings: &ServerSettings) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .username(&settings.user)
        .database(&settings.database)
        .application_name("countersign")
        // Without the marks, capital letters would not count.
        .options([("search_path", format!("\"{}\"", settings.schema))])
        .statement_cache_capacity(256)
        .ssl_mode(match settings.tls {
            StoreTls::Verify => PgSslMode::VerifyFull,
            StoreTls::Encrypt => PgSslMode::Require,
            StoreTls::Off => PgSslMode::Disable,
        })
        .disable_statement_logging();
    let options = match &settings.address {
        ServerAddress::Tcp { host, port } => options.host(host).port(*port),
        ServerAddress::Socket(folder) => options.socket(folder).port(PORT),
    };
    let options = match &settings.ca_file {
        Some(file) => options.ssl_root_cert(file),
        None => options,
    };
    options.password(settings.password.as_ref().map_or("", ExposeSecret::expose_secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::{Identifier, ServerKind};

    fn settings(tls: StoreTls, ca_file: Option<&str>) -> ServerSettings {
        ServerSettings {
            kind: ServerKind::Postgres,
            address: ServerAddress::Socket("/run/postgresql".into()),
            user: "desk3".into(),
            password: None,
            database: "countersign".into(),
            tls,
            ca_file: ca_file.map(Into::into),
            schema: Identifier::parse("countersign").expect("a name"),
            connections: 1,
        }
    }

    #[test]
    fn security_26_no_variable_says_whom_to_trust() {
        let found = |tls, ca_file, set| meddler(&settings(tls, ca_file), |name| name == set);
        for name in ["PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"] {
            assert_eq!(found(StoreTls::Verify, None, name), Some(name));
        }
        // Where the configuration names one, that is the one.
        assert_eq!(found(StoreTls::Verify, Some("ca.pem"), "PGSSLROOTCERT"), None);
        // Where there is no TLS, nobody asks for a certificate.
        assert_eq!(found(StoreTls::Off, None, "PGSSLCERT"), None);
        assert_eq!(found(StoreTls::Off, None, "PGOPTIONS"), Some("PGOPTIONS"));
    }
}
