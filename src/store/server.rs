//! What a database server is like: whether this program can work with it, and
//! which of its settings the office should know of.

use super::db::{Db, Kind, args};
use super::sql::statements;
use crate::service::ports::StoreError;

statements! {
    POSTGRES {
        (each
            ("VALUES (0)")
            ("SELECT current_setting('server_version'), \
              CAST(current_setting('server_version_num') AS BIGINT) / 10000, \
              (SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), \
              CAST(current_setting('max_connections') AS BIGINT), \
              (SELECT COUNT(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), \
              CASE WHEN current_setting('fsync') = 'off' THEN 'fsync = off' \
                   WHEN current_setting('synchronous_commit') = 'off' \
                   THEN 'synchronous_commit = off' END")
            ("SELECT 0"))
    }
    MYSQL {
        (each
            ("VALUES (0)")
            ("SELECT 0")
            ("SELECT VERSION(), CAST(@@max_connections AS SIGNED), \
              CAST(@@innodb_flush_log_at_trx_commit AS SIGNED), CAST(@@log_bin AS SIGNED), \
              @@binlog_format"))
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
pub(super) struct Server {
    version: String,
    is_encrypted: bool,
    connections: String,
    max_connections: i64,
    /// The setting by which a power cut could undo a commit.
    forgetful: Option<String>,
}

impl Server {
    /// In a few words.
    pub(super) fn told(&self) -> String {
        let encrypted = if self.is_encrypted { "encrypted" } else { "not encrypted" };
        let Self { version, connections, max_connections, .. } = self;
        format!("version {version}, {encrypted}, {connections} of {max_connections} connections")
    }

    /// What the office should know of it.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = |setting| {
            format!(
                "the server has {setting}: a power cut can undo what it had answered, and a code \
                 that was used would work again"
            )
        };
        self.forgetful.iter().map(note).collect()
    }
}

/// Looks at the server; none where the store is a file.
pub(super) async fn look(db: &Db) -> Result<Option<Server>, StoreError> {
    let gone = || StoreError::Failed("the server tells nothing of itself".into());
    match db.kind() {
        Kind::Sqlite => Ok(None),
        Kind::Postgres => {
            let row = db.maybe(&POSTGRES, args![]).await?.ok_or_else(gone)?;
            let version = row.text(0)?;
            judge("PostgreSQL", &version, (row.int(1)?, 0), (13, 0))?;
            Ok(Some(Server {
                version,
                is_encrypted: row.int(4)? > 0,
                connections: row.int(2)?.to_string(),
                max_connections: row.int(3)?,
                forgetful: row.maybe_text(5)?,
            }))
        }
        Kind::Mysql => {
            let row = db.maybe(&MYSQL, args![]).await?.ok_or_else(gone)?;
            let version = row.text(0)?;
            let (name, oldest) =
                if version.contains("MariaDB") { ("MariaDB", (10, 6)) } else { ("MySQL", (8, 0)) };
            judge(name, &version, numbers(&version), oldest)?;
            judge_log(row.int(3)? != 0, &row.text(4)?)?;
            let flush = row.int(2)?;
            let mut server = Server {
                version,
                is_encrypted: false,
                connections: String::new(),
                max_connections: row.int(1)?,
                forgetful: (flush != 1)
                    .then(|| format!("innodb_flush_log_at_trx_commit = {flush}")),
            };
            for row in db.all(&MYSQL_STATUS, args![]).await? {
                match row.text(0)?.as_str() {
                    "Ssl_cipher" => server.is_encrypted = !row.text(1)?.is_empty(),
                    _ => server.connections = row.text(1)?,
                }
            }
            Ok(Some(server))
        }
    }
}

/// The first two numbers of a version. Before its own, MariaDB may name the one
/// that old programs expect.
fn numbers(version: &str) -> (i64, i64) {
    let version = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = version.split(['.', '-']).map(|it| it.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Refuses a server that is too old.
fn judge(name: &str, told: &str, found: (i64, i64), oldest: (i64, i64)) -> Result<(), StoreError> {
    if found >= oldest {
        return Ok(());
    }
    let oldest =
        if oldest.1 == 0 { oldest.0.to_string() } else { format!("{}.{}", oldest.0, oldest.1) };
    Err(StoreError::Refused(format!(
        "The store's server is {name} {told}, and countersign works with {name} {oldest} or later. \
         Have the server updated, or name another one in store.url."
    )))
}

/// Refuses a server whose log of changes cannot take ours: statements are no
/// record of what READ COMMITTED decides, so that every write would fail.
fn judge_log(kept: bool, format: &str) -> Result<(), StoreError> {
    if kept && format.eq_ignore_ascii_case("statement") {
        return Err(StoreError::Refused(
            "The store's server has binlog_format = STATEMENT, with which no counter can write. \
             Set binlog_format = MIXED or ROW at the server."
                .into(),
        ));
    }
    Ok(())
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
            let judged = judge(name, version, numbers(version), oldest);
            assert_eq!(judged.is_ok(), fits, "{version}: {judged:?}");
        }
        let refused = judge("PostgreSQL", "12.22", (12, 0), (13, 0)).expect_err("too old");
        assert!(refused.to_string().contains("PostgreSQL 13 or later"), "{refused}");
    }

    #[test]
    fn a_log_of_statements_is_refused_where_it_is_kept() {
        assert!(judge_log(true, "STATEMENT").is_err());
        assert!(judge_log(false, "STATEMENT").is_ok());
        assert!(judge_log(true, "MIXED").is_ok());
    }
}
