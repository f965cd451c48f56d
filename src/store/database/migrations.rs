//! Bringing the tables up to what this program needs.
//!
//! The check before is one read, so that a start costs nothing where there is
//! nothing to do. The work itself is under a lock: of many terminals that start
//! at once, one does it and the others find it done. On SQLite and PostgreSQL
//! it is one transaction; MySQL ends a transaction with each table it makes, so
//! its script can be run again from the beginning.

use crate::service::ports::error::StoreError;
use crate::store::customers::source::Source;
use crate::store::database::engine::{Database, Engine, Pools, ScriptTransaction, Tx, args};
use crate::store::database::error::no_such_table;
use crate::store::database::statement::statements;

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
    mysql: &'static str,
}

/// PostgreSQL and MySQL begin with the second: before it there was SQLite only. One
/// that has nothing to do on a database has no script there.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "the counter desk",
        sqlite: include_str!("../../../migrations/sqlite/0001_the_counter_desk.sql"),
        postgres: "",
        mysql: "",
    },
    Migration {
        version: 2,
        name: "many counters",
        sqlite: include_str!("../../../migrations/sqlite/0002_many_counters.sql"),
        postgres: include_str!("../../../migrations/postgres/0002_many_counters.sql"),
        mysql: include_str!("../../../migrations/mysql/0002_many_counters.sql"),
    },
    Migration {
        version: 3,
        name: "delivery",
        sqlite: include_str!("../../../migrations/sqlite/0003_delivery.sql"),
        postgres: include_str!("../../../migrations/postgres/0003_delivery.sql"),
        mysql: include_str!("../../../migrations/mysql/0003_delivery.sql"),
    },
    Migration {
        version: 4,
        name: "contacts",
        sqlite: include_str!("../../../migrations/sqlite/0004_contacts.sql"),
        postgres: include_str!("../../../migrations/postgres/0004_contacts.sql"),
        mysql: include_str!("../../../migrations/mysql/0004_contacts.sql"),
    },
    Migration {
        version: 5,
        name: "search order",
        sqlite: "",
        postgres: include_str!("../../../migrations/postgres/0005_search_order.sql"),
        mysql: "",
    },
    Migration {
        version: 6,
        name: "names in any order",
        sqlite: include_str!("../../../migrations/sqlite/0006_names_in_any_order.sql"),
        postgres: include_str!("../../../migrations/postgres/0006_names_in_any_order.sql"),
        mysql: include_str!("../../../migrations/mysql/0006_names_in_any_order.sql"),
    },
    Migration {
        version: 7,
        name: "log order",
        sqlite: "",
        postgres: include_str!("../../../migrations/postgres/0007_log_order.sql"),
        mysql: "",
    },
];

impl Migration {
    const fn script(&self, kind: Engine) -> &'static str {
        match kind {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
            Engine::Mysql => self.mysql,
        }
    }
}

/// The version this program works with.
const NEEDED: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The setting that says which table the customers' view was made for.
const SOURCE: &str = "customers";

/// Through it all statements read the customers.
const VIEW: &str = "core_customer_view";

statements! {
    /// Whoever has it, migrates; the number tells whether it was got.
    BEGIN_ALONE {
        (each
            ("SELECT 1")
            ("SELECT COUNT(*) FROM (SELECT pg_advisory_xact_lock(hashtext('countersign'))) held")
            ("SELECT GET_LOCK(CONCAT('countersign ', SHA1(DATABASE())), 60)"))
    }
    END_ALONE {
        (each
            ("SELECT 1")
            ("SELECT CAST(1 AS BIGINT)")
            ("SELECT RELEASE_LOCK(CONCAT('countersign ', SHA1(DATABASE())))"))
    }
    /// How many of our tables or views are there, in the place that is to be ours.
    HAS {
        (each
            ("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ($1, $2)")
            ("SELECT COUNT(to_regclass(value)) FROM (VALUES (CAST($1 AS TEXT)), ($2)) list (value)")
            ("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() \
              AND table_name IN ($1, $2)"))
    }
    CREATE {
        "CREATE TABLE IF NOT EXISTS core_schema (\
         version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
        (each
            ("")
            ("")
            (" ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 \
              COLLATE utf8mb4_bin"))
    }
    VERSION { "SELECT MAX(version) FROM core_schema" }
    /// Whether the tables have a place that this account may not look into: then
    /// PostgreSQL says that there are none.
    IS_HIDDEN {
        (each
            ("SELECT 0 WHERE $1 <> ''")
            ("SELECT COUNT(*) FROM pg_namespace \
              WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')")
            ("SELECT 0 FROM DUAL WHERE $1 <> ''"))
    }
    APPLIED { "INSERT INTO core_schema (version, name, applied_at) VALUES ($1, $2, " now ")" }
    PROBE { "UPDATE core_setting SET value = value WHERE name = $1" }
    /// Whether anything has been done here.
    HISTORY {
        "SELECT COALESCE((SELECT MAX(id) FROM core_otp), 0) \
         + COALESCE((SELECT MAX(id) FROM core_event), 0)"
    }
    SETTING { "SELECT value FROM core_setting WHERE name = $1" }
    SET {
        "INSERT INTO core_setting (name, value) VALUES ($1, $2)"
        (each
            (" ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            (" ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            (" ON DUPLICATE KEY UPDATE value = VALUES(value)"))
    }
}

/// The tables that the scripts make on a database, and the one beside them.
pub(in crate::store) fn tables(kind: Engine) -> impl Iterator<Item = &'static str> {
    let made = |line: &'static str| {
        let rest = line.strip_prefix("CREATE TABLE ")?;
        rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest).split([' ', '(']).next()
    };
    let scripts = MIGRATIONS.iter().map(move |it| it.script(kind));
    scripts.flat_map(str::lines).filter_map(made).chain(["core_schema"])
}

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version of the tables before; 0 where there were none.
    pub from: i64,
    /// Their version now.
    pub to: i64,
    /// Whether the view of the customers was made anew, although the tables
    /// were as they had to be.
    pub view: bool,
}

/// The version of the store's tables; 0 where there are none.
pub(in crate::store) async fn version(db: &Database) -> Result<i64, StoreError> {
    match db.maybe(&VERSION, args![]).await {
        Ok(row) => Ok(row.map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0)),
        Err(StoreError::NotMigrated(_)) => {
            let Pools::Postgres { schema, .. } = db.pools() else { return Ok(0) };
            let row = db.maybe(&IS_HIDDEN, args![schema.as_str()]).await?;
            match row.map_or(Ok(0), |row| row.int(0))? {
                0 => Ok(0),
                _ => Err(StoreError::Denied(format!("no rights on schema {schema}"))),
            }
        }
        Err(error) => Err(error),
    }
}

/// Whether there is anything to migrate. A store that a newer program has
/// written is not touched: its rules may be stricter than this one's.
pub(in crate::store) async fn is_needed(
    db: &Database,
    source: &Source,
) -> Result<bool, StoreError> {
    let found = version(db).await?;
    refuse_newer(found)?;
    Ok(found < NEEDED || made_for(db).await?.as_deref() != Some(&source.name()))
}

fn refuse_newer(found: i64) -> Result<(), StoreError> {
    if found <= NEEDED {
        return Ok(());
    }
    Err(StoreError::NotMigrated(format!(
        "it was written by a newer version of countersign (tables {found}, this program \
         knows {NEEDED}); install that version here too"
    )))
}

/// The table that the customers' view was made for.
async fn made_for(db: &Database) -> Result<Option<String>, StoreError> {
    setting(db, SOURCE).await
}

/// What this program wrote down under a name.
pub(in crate::store) async fn setting(
    db: &Database,
    name: &str,
) -> Result<Option<String>, StoreError> {
    db.maybe(&SETTING, args![name]).await?.map(|row| row.text(0)).transpose()
}

/// Writes something down under a name.
pub(in crate::store) async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    tx.write(&SET, args![name, value]).await.map(drop)
}

/// The script that makes the place for the tables, where there has to be one.
fn place(db: &Database) -> Option<String> {
    match db.pools() {
        Pools::Postgres { schema, .. } => Some(format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")),
        Pools::Sqlite { .. } | Pools::Mysql(_) => None,
    }
}

/// A place where another program keeps tables that are called as ours are is
/// left to it.
async fn refuse_others(tx: &mut Tx) -> Result<(), StoreError> {
    let ours = tx.one(&HAS, args!["core_schema", "core_schema"]).await?.int(0)?;
    if ours > 0 || tx.one(&HAS, args!["core_customer", "core_otp"]).await?.int(0)? == 0 {
        return Ok(());
    }
    Err(StoreError::Refused(
        "The place that store.url names holds core_customer or core_otp of another program. Give \
         countersign a schema, a database or a file of its own, and name that table in \
         customers.table."
            .into(),
    ))
}

/// Requests, sessions and the log name their customers by number. Under another
/// table the same numbers are other people.
async fn refuse_other_customers(tx: &mut Tx, source: &Source) -> Result<(), StoreError> {
    let Some(before) = tx.maybe(&SETTING, args![SOURCE]).await? else { return Ok(()) };
    let has_history = tx.one(&HISTORY, args![]).await?.int(0)? > 0;
    if !has_history || source.is_same_table(&before.text(0)?) {
        return Ok(());
    }
    Err(StoreError::Refused(
        "This store already knows customers of another table than customers.table names now: its \
         requests and its log would show other people's names. Begin a new store for the new \
         table (another file, schema or database in [store]), or name the old table again."
            .into(),
    ))
}

/// Applies what is missing.
pub(in crate::store) async fn migrate(
    db: &Database,
    source: &Source,
) -> Result<Migrated, StoreError> {
    let mut tx = db.begin().await?;
    tx.take_time().await?;
    if tx.one(&BEGIN_ALONE, args![]).await?.int(0)? != 1 {
        return Err(StoreError::Busy("another terminal is preparing its tables".into()));
    }
    let applied = apply(db, &mut tx, source).await;
    // MySQL's lock would outlive a transaction that failed; what PostgreSQL says
    // after a failure is no news.
    let freed = tx.one(&END_ALONE, args![]).await;
    let migrated = applied?;
    freed?;
    tx.commit().await?;
    Ok(migrated)
}

async fn apply(db: &Database, tx: &mut Tx, source: &Source) -> Result<Migrated, StoreError> {
    if let Some(place) = place(db) {
        tx.script(ScriptTransaction::Made(place)).await?;
    }
    refuse_others(tx).await?;
    tx.write(&CREATE, args![]).await?;
    let done = tx.one(&VERSION, args![]).await?.maybe_int(0)?.unwrap_or(0);
    refuse_newer(done)?;
    for migration in MIGRATIONS.iter().filter(|it| it.version > done) {
        let script = migration.script(db.kind());
        if !script.is_empty() {
            tx.script(ScriptTransaction::Fixed(script)).await?;
        }
        tx.write(&APPLIED, args![migration.version, migration.name]).await?;
    }
    refuse_other_customers(tx, source).await?;
    let made_for = tx.maybe(&SETTING, args![SOURCE]).await?.map(|row| row.text(0)).transpose()?;
    let is_made = done == NEEDED
        && made_for.as_deref() == Some(&source.name())
        && tx.one(&HAS, args![VIEW, VIEW]).await?.int(0)? > 0;
    let view = source.view(db.kind()).filter(|_| !is_made);
    let migrated = Migrated { from: done, to: NEEDED, view: view.is_some() && done == NEEDED };
    // A view that is made anew has lost the rights that were given on it.
    if let Some(view) = view {
        let made = tx.script(ScriptTransaction::Made(view)).await;
        made.map_err(|error| if source.is_theirs() { not_found(error) } else { error })?;
    }
    set(tx, SOURCE, &source.name()).await?;
    Ok(migrated)
}

/// The view could not be made, since there is no such table or column.
fn not_found(error: StoreError) -> StoreError {
    match error {
        StoreError::NotMigrated(text) | StoreError::Failed(text) => {
            StoreError::Refused(no_such_table(&text))
        }
        other => other,
    }
}

/// Whether the tables are what this program needs.
pub(in crate::store) async fn is_ready(db: &Database, source: &Source) -> Result<(), StoreError> {
    if !is_needed(db, source).await? {
        return Ok(());
    }
    let found = version(db).await?;
    let why = if found < NEEDED {
        format!("its tables are version {found}, this program needs {NEEDED}")
    } else {
        "it was prepared for another table of customers than the configuration names".into()
    };
    Err(StoreError::NotMigrated(format!("{why}; run \"countersign migrate\"")))
}

/// Proves that the store can be written, without leaving a trace.
pub(in crate::store) async fn check(db: &Database, source: &Source) -> Result<i64, StoreError> {
    is_ready(db, source).await?;
    let mut tx = db.begin().await?;
    tx.write(&PROBE, args![SOURCE]).await?;
    Ok(NEEDED)
}
