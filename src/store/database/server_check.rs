//! Checks of the database server: whether this program can work with it, and which of its
//! settings the office should know of.

use std::collections::HashMap;

use crate::config::settings::Identifier;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, Pools, args};
use crate::store::database::statement::statements;
use crate::store::database::{mysql, pooler, postgres};

statements! {
    POSTGRES {
        (each
            ("VALUES (0)")
            ("SELECT current_setting('server_version') AS version, \
              CAST(current_setting('server_version_num') AS BIGINT) / 10000 AS major_version, \
              (SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend') \
              AS connections, \
              CAST(current_setting('max_connections') AS BIGINT) AS max_connections, \
              (SELECT COUNT(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) \
              AS is_encrypted, \
              CASE WHEN current_setting('fsync') = 'off' THEN 'fsync = off' \
                   WHEN current_setting('synchronous_commit') = 'off' \
                   THEN 'synchronous_commit = off' END AS unsafe_setting, \
              current_setting('search_path') AS search_path, \
              current_setting('transaction_isolation') AS isolation, \
              current_setting('server_encoding') AS encoding, \
              current_setting('session_replication_role') AS replication_role")
            ("SELECT 0"))
    }
    MYSQL {
        (each
            ("VALUES (0)")
            ("SELECT 0")
            ("SHOW VARIABLES WHERE Variable_name IN ('version', 'max_connections', \
              'innodb_flush_log_at_trx_commit', 'log_bin', 'binlog_format', 'sql_mode', \
              'autocommit', 'sql_safe_updates', 'foreign_key_checks', 'unique_checks', \
              'tx_isolation', 'transaction_isolation', 'wsrep_on')"))
    }
    MYSQL_STATUS {
        (each
            ("VALUES (0)")
            ("SELECT 0")
            ("SHOW STATUS WHERE Variable_name IN ('Ssl_cipher', 'Threads_connected')"))
    }
}

/// A server that this program can work with.
#[derive(Debug)]
pub(in crate::store) struct ServerInfo {
    version: String,
    is_encrypted: bool,
    connections: String,
    max_connections: i64,
    /// The setting because of which a power loss could undo a commit.
    unsafe_setting: Option<String>,
    /// Whether it belongs to a cluster whose other members accept writes too.
    is_cluster: bool,
}

impl ServerInfo {
    /// A short description.
    pub(in crate::store) fn description(&self) -> String {
        let encrypted = if self.is_encrypted { "encrypted" } else { "not encrypted" };
        let Self { version, connections, max_connections, .. } = self;
        format!("version {version}, {encrypted}, {connections} of {max_connections} connections")
    }

    /// Warnings for the office, a sentence each.
    pub(in crate::store) fn notes(&self) -> Vec<String> {
        let note = |setting| {
            format!(
                "the server has {setting}: a power cut can undo what it had answered, and a code \
                 that was used would work again"
            )
        };
        let cluster = self.is_cluster.then(|| {
            "the server is one of a Galera cluster: a code works once on all of its servers, but of \
             counters that act at the same moment on two of them one more than a limit allows can \
             get through; name the same server at every counter where you can"
                .to_owned()
        });
        self.unsafe_setting.iter().map(note).chain(cluster).collect()
    }
}

/// Checks the server; `None` where the store is a file. Fails where a setting that this
/// program relies on has another value and no session can change it.
pub(in crate::store) async fn check(db: &Database) -> Result<Option<ServerInfo>, StoreError> {
    match db.pools() {
        Pools::Sqlite { .. } => Ok(None),
        Pools::Postgres { schema, .. } => postgres(db, schema).await.map(Some),
        Pools::Mysql(_) => mysql(db).await.map(Some),
    }
}

async fn postgres(db: &Database, schema: &Identifier) -> Result<ServerInfo, StoreError> {
    let gone = || StoreError::Failed("the server tells nothing of itself".into());
    let row = db.maybe(&POSTGRES, args![]).await?.ok_or_else(gone)?;
    let version = row.text("version")?;
    check_version("PostgreSQL", &version, (row.int("major_version")?, 0), (13, 0))?;
    let is_set = row.text("search_path")? == postgres::search_path(schema)
        && row.text("isolation")? == "read committed";
    if !is_set {
        return Err(pooler::refused());
    }
    check_encoding(&row.text("encoding")?)?;
    check_role(&row.text("replication_role")?)?;
    Ok(ServerInfo {
        version,
        is_encrypted: row.flag("is_encrypted")?,
        connections: row.int("connections")?.to_string(),
        max_connections: row.int("max_connections")?,
        unsafe_setting: row.maybe_text("unsafe_setting")?,
        is_cluster: false,
    })
}

async fn mysql(db: &Database) -> Result<ServerInfo, StoreError> {
    let mut variables = HashMap::new();
    for row in db.all(&MYSQL, args![]).await? {
        variables.insert(row.text("Variable_name")?.to_lowercase(), row.text("Value")?);
    }
    let of = |name: &str| variables.get(name).map_or("", String::as_str);
    let version = of("version").to_owned();
    let (name, oldest) =
        if version.contains("MariaDB") { ("MariaDB", (10, 6)) } else { ("MySQL", (8, 0)) };
    check_version(name, &version, numbers(&version), oldest)?;
    check_binlog(of("log_bin") == "ON", of("binlog_format"))?;
    check_session(&of)?;
    let flush = of("innodb_flush_log_at_trx_commit");
    let mut server = ServerInfo {
        is_encrypted: false,
        connections: String::new(),
        max_connections: of("max_connections").parse().unwrap_or(0),
        unsafe_setting: (flush != "1").then(|| format!("innodb_flush_log_at_trx_commit = {flush}")),
        is_cluster: of("wsrep_on") == "ON",
        version,
    };
    for row in db.all(&MYSQL_STATUS, args![]).await? {
        match row.text("Variable_name")?.as_str() {
            "Ssl_cipher" => server.is_encrypted = !row.text("Value")?.is_empty(),
            _ => server.connections = row.text("Value")?,
        }
    }
    Ok(server)
}

/// Major and minor version. MariaDB may put the prefix `5.5.5-` in front, which old clients
/// expect.
fn numbers(version: &str) -> (i64, i64) {
    let version = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = version.split(['.', '-']).map(|it| it.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Refuses a server that is too old.
fn check_version(
    name: &str,
    told: &str,
    found: (i64, i64),
    oldest: (i64, i64),
) -> Result<(), StoreError> {
    if found >= oldest {
        return Ok(());
    }
    let oldest =
        if oldest.1 == 0 { oldest.0.to_string() } else { format!("{}.{}", oldest.0, oldest.1) };
    Err(StoreError::misconfigured(
        "store.url",
        format!(
            "The store's server is {name} {told}, and countersign works with {name} {oldest} or later. \
         Have the server updated, or name another one in store.url."
        ),
    ))
}

/// Refuses a server that logs statements for replication (`binlog_format = STATEMENT`):
/// MySQL forbids that under READ COMMITTED, so that every write would fail.
fn check_binlog(kept: bool, format: &str) -> Result<(), StoreError> {
    if kept && format.eq_ignore_ascii_case("statement") {
        return Err(StoreError::misconfigured(
            "store.url",
            "The store's server has binlog_format = STATEMENT, with which no counter can write. \
             Set binlog_format = MIXED or ROW at the server.",
        ));
    }
    Ok(())
}

/// Refuses a database that is not in UTF-8.
fn check_encoding(encoding: &str) -> Result<(), StoreError> {
    if encoding.eq_ignore_ascii_case("UTF8") {
        return Ok(());
    }
    Err(StoreError::misconfigured(
        "store.url",
        format!(
            "The store's database is written in {encoding}, and countersign needs UTF8: no search \
         would work. Make another one for it (CREATE DATABASE countersign ENCODING 'UTF8' \
         TEMPLATE template0) and name that in store.url."
        ),
    ))
}

/// Refuses a session in which foreign keys are not enforced.
fn check_role(role: &str) -> Result<(), StoreError> {
    if role == "origin" {
        return Ok(());
    }
    Err(StoreError::misconfigured(
        "store.url",
        format!(
            "The store's server has session_replication_role = {role} for this account, so that no \
         foreign key holds. Have it taken back: ALTER ROLE … RESET session_replication_role."
        ),
    ))
}

/// Refuses a session whose settings are not those that were set: a proxy between this
/// program and the server ignored them.
fn check_session<'a>(of: &impl Fn(&str) -> &'a str) -> Result<(), StoreError> {
    let mut modes: Vec<&str> = of("sql_mode").split(',').collect();
    modes.sort_unstable();
    let isolation = match of("transaction_isolation") {
        "" => of("tx_isolation"),
        isolation => isolation,
    };
    let wanted = [
        ("sql_mode", modes.join(","), mysql::SQL_MODE.join(",")),
        ("autocommit", of("autocommit").to_owned(), "ON".into()),
        ("sql_safe_updates", of("sql_safe_updates").to_owned(), "OFF".into()),
        ("foreign_key_checks", of("foreign_key_checks").to_owned(), "ON".into()),
        ("unique_checks", of("unique_checks").to_owned(), "ON".into()),
        ("transaction isolation", isolation.to_owned(), "READ-COMMITTED".into()),
    ];
    match wanted.into_iter().find(|(_, found, wanted)| found != wanted) {
        None => Ok(()),
        Some((name, found, wanted)) => Err(StoreError::misconfigured(
            "store.url",
            format!(
                "countersign sets {name} to {wanted} in each of its sessions, and the store's server \
             has {found} all the same, as behind a proxy that keeps settings back. Name the \
             server itself in store.url."
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused_in_a_sentence() {
        for (name, version, oldest, fits) in [
            ("MariaDB", "10.11.6-MariaDB-0+deb12u1", (10, 6), true),
            ("MariaDB", "5.5.5-10.6.1-MariaDB", (10, 6), true),
            ("MariaDB", "11.4.2-MariaDB", (10, 6), true),
            ("MariaDB", "10.5.29-MariaDB", (10, 6), false),
            ("MySQL", "8.0.36", (8, 0), true),
            ("MySQL", "8.4.0-commercial", (8, 0), true),
            ("MySQL", "5.7.44-log", (8, 0), false),
        ] {
            let judged = check_version(name, version, numbers(version), oldest);
            assert_eq!(judged.is_ok(), fits, "{version}: {judged:?}");
        }
        let refused = check_version("PostgreSQL", "12.22", (12, 0), (13, 0)).expect_err("too old");
        assert!(refused.to_string().contains("PostgreSQL 13 or later"), "{refused}");
    }

    #[test]
    fn a_log_of_statements_is_refused_where_it_is_kept() {
        assert!(check_binlog(true, "STATEMENT").is_err());
        assert!(check_binlog(false, "STATEMENT").is_ok());
        assert!(check_binlog(true, "MIXED").is_ok());
    }

    #[test]
    fn a_session_that_is_not_as_it_was_set_is_refused() {
        let modes = "STRICT_ALL_TABLES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION,\
                     ERROR_FOR_DIVISION_BY_ZERO";
        let judged = |wrong: &str, value: &'static str| {
            let of = |name: &str| match name {
                _ if name == wrong => value,
                "sql_mode" => modes,
                "autocommit" | "foreign_key_checks" | "unique_checks" => "ON",
                "sql_safe_updates" => "OFF",
                "tx_isolation" => "READ-COMMITTED",
                _ => "",
            };
            check_session(&of)
        };
        judged("", "").expect("as it was set");
        for (name, value) in [
            ("sql_mode", "ORACLE"),
            ("autocommit", "OFF"),
            ("sql_safe_updates", "ON"),
            ("tx_isolation", "REPEATABLE-READ"),
            ("transaction_isolation", "SERIALIZABLE"),
        ] {
            assert!(judged(name, value).is_err(), "{name} = {value}");
        }
    }

    #[test]
    fn a_database_in_another_encoding_is_refused() {
        check_encoding("UTF8").expect("fits");
        for encoding in ["LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP"] {
            let told = check_encoding(encoding).expect_err("refused").to_string();
            assert!(told.contains(encoding) && told.contains("UTF8"), "{told}");
        }
    }
}
