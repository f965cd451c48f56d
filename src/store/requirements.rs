//! What must hold before anybody works with the store. It is checked before the first
//! statement of a process, and by `migrate` and `doctor`.
//!
//! That two people are kept apart, and that a code works once, rests on settings of the
//! server, on how each of our tables is stored, and on the key of the external table. Where
//! one of them is wrong nobody works: every call fails with the sentence that `doctor`
//! shows.

use std::sync::OnceLock;

use async_trait::async_trait;

use crate::service::ports::error::StoreError;
use crate::store::customers::schema_check;
use crate::store::database::engine::{Database, Engine, Requirements, args};
use crate::store::database::external_table::CustomerSource;
use crate::store::database::statement::statements;
use crate::store::database::{migrations, server_check};
use crate::store::upkeep::rehearsal::{self, StoreUse};

statements! {
    /// How each table is stored: its name, its engine and its collation. SQLite has one
    /// encoding for the file; on PostgreSQL a table can be unlogged, and is then emptied by
    /// a crash.
    STORAGE {
        (each
            ("SELECT '' AS table_name, encoding AS engine, '' AS collation FROM pragma_encoding AS list")
            ("SELECT CAST(t.relname AS TEXT) AS table_name, \
              CASE t.relpersistence WHEN 'p' THEN 'logged' ELSE 'unlogged' END AS engine, \
              '' AS collation \
              FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace \
              WHERE t.relkind IN ('r', 'p') AND n.nspname = current_schema() ORDER BY 1")
            ("SELECT CAST(table_name AS CHAR) AS table_name, \
              COALESCE(CAST(engine AS CHAR), 'none') AS engine, \
              COALESCE(CAST(table_collation AS CHAR), '') AS collation FROM information_schema.tables \
              WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1"))
    }
}

/// The requirements of the store, and whether they were found to be met.
pub(in crate::store) struct StoreRequirements {
    source: CustomerSource,
    read_only: bool,
    store_use: StoreUse,
    met: OnceLock<()>,
}

impl StoreRequirements {
    pub(in crate::store) fn new(
        source: CustomerSource,
        read_only: bool,
        store_use: StoreUse,
    ) -> Self {
        Self { source, read_only, store_use, met: OnceLock::new() }
    }
}

#[async_trait]
impl Requirements for StoreRequirements {
    /// Several callers may check at the same time; none waits for another.
    async fn met(&self, db: &Database) -> Result<(), StoreError> {
        if self.met.get().is_none() {
            before_migration(db, &self.source, self.read_only).await?;
            migrations::is_ready(db, &self.source).await?;
            tables(db).await?;
            rehearsal::check(db, self.store_use).await?;
            self.met.get_or_init(|| ());
        }
        Ok(())
    }
}

/// The requirements that need no tables of ours.
pub(in crate::store) async fn before_migration(
    db: &Database,
    source: &CustomerSource,
    read_only: bool,
) -> Result<(), StoreError> {
    server_check::check(db).await?;
    match schema_check::obstacle(db, source, read_only).await? {
        Some(why) => Err(StoreError::misconfigured("customers.table", why)),
        None => Ok(()),
    }
}

/// Fails unless all our tables are stored so that transactions are safe in them.
pub(in crate::store) async fn tables(db: &Database) -> Result<(), StoreError> {
    let ours: Vec<&str> = migrations::tables(db.kind()).collect();
    let (mut wrong, mut repairs) = (Vec::new(), Vec::new());
    for row in db.all(&STORAGE, args![]).await? {
        let (table, engine) = (row.text("table_name")?, row.text("engine")?);
        let collation = row.text("collation")?;
        if db.kind() != Engine::Sqlite && !ours.contains(&table.as_str()) {
            continue;
        }
        if let Some((what, repair)) = fault(db.kind(), &table, &engine, &collation) {
            wrong.push(what);
            repairs.push(repair);
        }
    }
    let Some(first) = wrong.first() else { return Ok(()) };
    let more = match wrong.len() {
        1 => String::new(),
        many => format!(" (and {} more)", many - 1),
    };
    let why = format!("{first}{more}. {}", repairs.join("; "));
    Err(StoreError::misconfigured("store.url", why))
}

/// What is wrong with how a table is stored, and how to repair it.
fn fault(kind: Engine, table: &str, engine: &str, collation: &str) -> Option<(String, String)> {
    match kind {
        Engine::Sqlite if engine == "UTF-8" => None,
        Engine::Sqlite => Some((
            format!("The file of the store is written in {engine}, in which no search works"),
            "Name another file in store.url; countersign makes it as it has to be.".into(),
        )),
        Engine::Postgres if engine == "logged" => None,
        Engine::Postgres => Some((
            format!(
                "The store's table {table} is {engine}: a crash of the server empties it, and a \
                 code that was used would work again"
            ),
            format!("Let its owner run: ALTER TABLE {table} SET LOGGED"),
        )),
        Engine::Mysql if !engine.eq_ignore_ascii_case("InnoDB") => Some((
            format!(
                "The store's table {table} is kept by the engine {engine}, which has no \
                 transactions that countersign can rely on: one code could be used twice"
            ),
            format!("Let its owner run: ALTER TABLE {table} ENGINE = InnoDB ROW_FORMAT = DYNAMIC"),
        )),
        // Only numbers are compared in it.
        Engine::Mysql if table == "core_schema" || collation == "utf8mb4_bin" => None,
        Engine::Mysql => Some((
            format!(
                "The store's table {table} has the collation {collation}, which takes different \
                 names for one"
            ),
            format!(
                "Let its owner run: ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE \
                 utf8mb4_bin"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_with_transactions_are_taken() {
        let kept = |engine, collation| fault(Engine::Mysql, "core_otp", engine, collation);
        assert_eq!(kept("InnoDB", "utf8mb4_bin"), None);
        for engine in ["Aria", "MyISAM", "MEMORY", "none"] {
            let (what, repair) = kept(engine, "utf8mb4_bin").expect("refused");
            assert!(what.contains(engine) && repair.contains("ENGINE = InnoDB"), "{what} {repair}");
        }
        assert!(kept("InnoDB", "utf8mb4_general_ci").is_some());
        assert_eq!(fault(Engine::Mysql, "core_schema", "InnoDB", "latin1_swedish_ci"), None);
        assert!(fault(Engine::Postgres, "core_otp", "unlogged", "").is_some());
        assert!(fault(Engine::Sqlite, "", "UTF-16le", "").is_some());
    }

    #[test]
    fn the_tables_are_those_of_the_migrations() {
        let tables: Vec<_> = migrations::tables(Engine::Mysql).collect();
        for table in ["core_customer", "core_otp", "core_outbox", "core_contact", "core_schema"] {
            assert!(tables.contains(&table), "{tables:?}");
        }
    }
}
