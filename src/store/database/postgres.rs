//! Connecting to PostgreSQL.

use std::env;
use std::sync::Arc;

use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool};
use tokio::sync::OnceCell;

use crate::config::settings::{Identifier, ServerAddress, ServerSettings, StoreTls};
use crate::service::ports::error::StoreError;
use crate::store::database::pooled_connection::ACQUIRE_TIMEOUT;
use crate::store::database::pooler;

/// The port in the name of a server's socket, where the configuration gives none.
const PORT: u16 = 5432;

/// A pool that connects when a connection is needed.
pub(in crate::store) fn pool(settings: &ServerSettings) -> Result<PgPool, StoreError> {
    if let Some(name) = unsafe_variable(settings, |name| env::var_os(name).is_some()) {
        return Err(StoreError::misconfigured(
            "store.url",
            format!(
                "The variable {name} of the environment would have a say in whom countersign trusts \
             and who it is to the store's server, and that is for the configuration alone to say. \
             Start countersign without it: unset {name}."
            ),
        ));
    }
    let options = options(settings);
    Ok(pool_options(&settings.schema, &options)
        .max_connections(settings.connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options))
}

/// A pool each of whose connections sets its session before it is used. Connections are not
/// tested before each use, which would cost a round trip: a dead one fails, and the call is
/// retried.
///
/// Behind a transaction pooler nothing is set, since it would change the sessions of other
/// programs; the requirements then refuse the server with the reason.
pub(in crate::store) fn pool_options(
    schema: &Identifier,
    options: &PgConnectOptions,
) -> PgPoolOptions {
    let (schema, options) = (schema.clone(), options.clone());
    let keeps_sessions = Arc::new(OnceCell::new());
    PgPoolOptions::new().test_before_acquire(false).after_connect(move |connection, _| {
        let (direct, always) = (session(&schema, IF_DIRECT), session(&schema, ""));
        let (options, keeps_sessions) = (options.clone(), Arc::clone(&keeps_sessions));
        Box::pin(async move {
            let set = sqlx::raw_sql(AssertSqlSafe(direct)).fetch_optional(&mut *connection);
            if set.await?.is_some() {
                return sqlx::raw_sql(SESSION_TIMEOUTS).execute(connection).await.map(drop);
            }
            let kept = keeps_sessions.get_or_try_init(|| pooler::keeps_sessions(&options));
            if *kept.await? {
                sqlx::raw_sql(AssertSqlSafe(always)).execute(&mut *connection).await?;
                sqlx::raw_sql(SESSION_TIMEOUTS).execute(connection).await?;
            }
            Ok(())
        })
    })
}

/// Whether the server itself received the startup parameters. A pooler sets them later.
const IF_DIRECT: &str = " FROM pg_settings WHERE name = 'application_name' AND source = 'client'";

/// The search path that holds our schema alone: `core_otp` is ours, whatever other tables
/// of this name the database has. The quotes keep capital letters.
pub(in crate::store) fn search_path(schema: &Identifier) -> String {
    format!("\"{schema}\"")
}

/// What each session sets, whatever the server's settings are: the schema of our tables,
/// READ COMMITTED, and that a commit survives a loss of power.
fn session(schema: &Identifier, condition: &str) -> String {
    let path = search_path(schema);
    format!(
        "SELECT set_config('search_path', '{path}', false), \
         set_config('default_transaction_isolation', 'read committed', false), \
         set_config('standard_conforming_strings', 'on', false), \
         set_config('transform_null_equals', 'off', false), \
         set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
             WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false){condition}"
    )
}

/// What the server ends by itself: a transaction with which nobody goes on (a suspended
/// terminal, a broken connection), since its locks would stop the whole office; and a wait
/// for a lock. A server that lacks one of these settings goes without it.
const SESSION_TIMEOUTS: &str = "\
    SELECT set_config(name, value, false) FROM (VALUES \
        ('idle_in_transaction_session_timeout', '6s'), \
        ('lock_timeout', '8s'), \
        ('tcp_keepalives_idle', '10'), \
        ('tcp_keepalives_interval', '5'), \
        ('tcp_keepalives_count', '3'), \
        ('tcp_user_timeout', '20s') \
    ) AS limits (name, value) WHERE current_setting(name, true) IS NOT NULL";

/// An environment variable that the driver obeys and no option overrides. [`options`]
/// overrides all others.
fn unsafe_variable(
    settings: &ServerSettings,
    is_set: impl Fn(&str) -> bool,
) -> Option<&'static str> {
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

/// How the server is reached, with nothing that a pooler refuses.
fn options(settings: &ServerSettings) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .username(&settings.user)
        .database(&settings.database)
        .application_name("countersign")
        .extra_float_digits(None)
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
    use crate::config::settings::ServerKind;

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
        let found =
            |tls, ca_file, set| unsafe_variable(&settings(tls, ca_file), |name| name == set);
        for name in ["PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"] {
            assert_eq!(found(StoreTls::Verify, None, name), Some(name));
        }
        // The configuration names a certificate, which overrides the variable.
        assert_eq!(found(StoreTls::Verify, Some("ca.pem"), "PGSSLROOTCERT"), None);
        // Without TLS no certificate is used.
        assert_eq!(found(StoreTls::Off, None, "PGSSLCERT"), None);
        assert_eq!(found(StoreTls::Off, None, "PGOPTIONS"), Some("PGOPTIONS"));
    }
}
