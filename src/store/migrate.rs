//! Bringing the tables up to what this program needs.
//!
//! The check before is one read, so that a start costs nothing where there is
//! nothing to do. The work itself is one transaction under the write lock: of
//! many terminals that start at once, one does it and the others find it done.

use super::db::{Db, args};
use super::sql::statements;
use crate::service::ports::StoreError;

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "the counter desk",
    sqlite: include_str!("../../migrations/sqlite/0001_the_counter_desk.sql"),
}];

/// The version this program works with.
const NEEDED: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

statements! {
    CREATE {
        "CREATE TABLE IF NOT EXISTS core_schema (\
         version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
    }
    VERSION { "SELECT MAX(version) FROM core_schema" }
    APPLIED { "INSERT INTO core_schema (version, name, applied_at) VALUES ($1, $2, " now ")" }
    PROBE { "UPDATE core_schema SET version = version WHERE version = $1" }
}

/// The version of the store's tables; 0 where there are none.
pub(super) async fn version(db: &Db) -> Result<i64, StoreError> {
    match db.maybe(&VERSION, args![]).await {
        Ok(row) => Ok(row.map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0)),
        Err(StoreError::NotMigrated(_)) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Whether there is anything to migrate. A store that a newer program has
/// written is not touched: its rules may be stricter than this one's.
pub(super) async fn is_needed(db: &Db) -> Result<bool, StoreError> {
    let found = version(db).await?;
    if found > NEEDED {
        return Err(StoreError::NotMigrated(format!(
            "it was written by a newer version of countersign (tables {found}, this program \
             knows {NEEDED}); install that version here too"
        )));
    }
    Ok(found < NEEDED)
}

/// Applies what is missing.
pub(super) async fn migrate(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.write(&CREATE, args![]).await?;
    let done = tx.one(&VERSION, args![]).await?.maybe_int(0)?.unwrap_or(0);
    for migration in MIGRATIONS.iter().filter(|it| it.version > done) {
        tx.script(migration.sqlite).await?;
        tx.write(&APPLIED, args![migration.version, migration.name]).await?;
    }
    tx.commit().await
}

/// Proves that the store can be written, without leaving a trace.
pub(super) async fn check(db: &Db) -> Result<i64, StoreError> {
    if is_needed(db).await? {
        let found = version(db).await?;
        return Err(StoreError::NotMigrated(format!(
            "its tables are version {found}, this program needs {NEEDED}; \
             run \"countersign migrate\""
        )));
    }
    let mut tx = db.begin().await?;
    tx.write(&PROBE, args![NEEDED]).await?;
    Ok(NEEDED)
}
