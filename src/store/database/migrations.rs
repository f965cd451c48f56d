//! Migrations: bringing the tables up to the version that this program needs.
//!
//! Whether there is anything to do is one read, so that a normal start costs nothing.
//! Migrating takes a lock: of many terminals that start at once, one migrates and the
//! others find it done. On SQLite and PostgreSQL all migrations are one transaction; MySQL
//! commits at each statement that creates a table, so that its scripts can be run again
//! from the beginning.

use crate::domain::event::EventKind;
use crate::service::ports::error::StoreError;
use crate::store::database::account_views;
use crate::store::database::engine::{Database, Engine, Pools, ScriptTransaction, Tx, args};
use crate::store::database::error::no_such_table;
use crate::store::database::external_table::CustomerSource;
use crate::store::database::statement::statements;

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
    mysql: &'static str,
}

/// A migration: its version, its name, the name of its files, and the databases that have a
/// script for it. On the others it changes nothing.
macro_rules! migration {
    ($version:literal, $name:literal, $file:literal, $($engine:ident)+) => {{
        let mut migration = Migration::without_scripts($version, $name);
        $(migration.$engine = include_str!(concat!(
            "../../../migrations/", stringify!($engine), "/", $file, ".sql"
        ));)+
        migration
    }};
}

/// PostgreSQL and MySQL begin with the second: the first version knew only SQLite.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "the counter desk", "0001_the_counter_desk", sqlite),
    migration!(2, "many counters", "0002_many_counters", sqlite postgres mysql),
    migration!(3, "delivery", "0003_delivery", sqlite postgres mysql),
    migration!(4, "contacts", "0004_contacts", sqlite postgres mysql),
    migration!(5, "search order", "0005_search_order", postgres),
    migration!(6, "names in any order", "0006_names_in_any_order", sqlite postgres mysql),
    migration!(7, "log order", "0007_log_order", postgres),
    migration!(8, "clerk detail", "0008_clerk_detail", sqlite postgres mysql),
    migration!(9, "staff", "0009_staff", sqlite postgres mysql),
    migration!(10, "late failures", "0010_late_failures", sqlite postgres mysql),
    migration!(11, "locks are written", "0011_locks_are_written", sqlite postgres mysql),
    migration!(12, "audit trail", "0012_audit_trail", sqlite postgres mysql),
    migration!(13, "code binding", "0013_code_binding", sqlite postgres mysql),
    migration!(14, "sign in", "0014_sign_in", sqlite postgres mysql),
    migration!(15, "removals", "0015_removals", sqlite postgres mysql),
    migration!(16, "limits", "0016_limits", sqlite postgres mysql),
    migration!(17, "stats", "0017_stats", sqlite postgres mysql),
    migration!(18, "alarms", "0018_alarms", sqlite postgres mysql),
    migration!(19, "factors", "0019_factors", sqlite postgres mysql),
    migration!(20, "shipping", "0020_shipping", sqlite postgres mysql),
    migration!(21, "gate", "0021_gate", sqlite postgres mysql),
    migration!(22, "rehearsal", "0022_rehearsal", sqlite postgres mysql),
    migration!(23, "purposes", "0023_purposes", sqlite postgres mysql),
    migration!(24, "pad", "0024_pad", sqlite postgres mysql),
    migration!(25, "who stands here", "0025_who_stands_here", sqlite postgres mysql),
    migration!(26, "contact state", "0026_contact_state", sqlite postgres mysql),
    migration!(27, "event stamps", "0027_event_stamps", sqlite postgres mysql),
    migration!(28, "told afterwards", "0028_told_afterwards", sqlite postgres mysql),
    migration!(29, "alarm mail", "0029_alarm_mail", sqlite postgres mysql),
    migration!(30, "typed at", "0030_typed_at", sqlite postgres mysql),
    migration!(31, "words of messages", "0031_words_of_messages", sqlite postgres mysql),
    migration!(32, "proofs of notices", "0032_proofs_of_notices", sqlite postgres mysql),
    migration!(33, "authenticator at pad", "0033_authenticator_at_pad", sqlite postgres mysql),
];

impl Migration {
    const fn without_scripts(version: i64, name: &'static str) -> Self {
        Self { version, name, sqlite: "", postgres: "", mysql: "" }
    }

    const fn script(&self, kind: Engine) -> &'static str {
        match kind {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
            Engine::Mysql => self.mysql,
        }
    }
}

/// The version of the tables that this program needs.
const NEEDED_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The setting that names the table for which the customers' view was created.
const CUSTOMER_TABLE_SETTING: &str = "customers";

/// The view through which all statements read customers.
const CUSTOMER_VIEW: &str = "core_customer_view";

statements! {
    /// Waits for the lock under which migrations run; 1 where it was got.
    LOCK {
        (each
            ("SELECT 1 AS is_held")
            ("SELECT COUNT(*) AS is_held \
              FROM (SELECT pg_advisory_xact_lock(hashtext('countersign'))) held")
            ("SELECT GET_LOCK(CONCAT('countersign ', SHA1(DATABASE())), 60) AS is_held"))
    }
    UNLOCK {
        (each
            ("SELECT 1")
            ("SELECT CAST(1 AS BIGINT)")
            ("SELECT RELEASE_LOCK(CONCAT('countersign ', SHA1(DATABASE())))"))
    }
    /// How many of these tables or views exist in our schema.
    COUNT_TABLES {
        (each
            ("SELECT COUNT(*) AS tables_found FROM sqlite_master WHERE type = 'table' AND name IN ($1, $2)")
            ("SELECT COUNT(to_regclass(value)) AS tables_found \
              FROM (VALUES (CAST($1 AS TEXT)), ($2)) list (value)")
            ("SELECT COUNT(*) AS tables_found FROM information_schema.tables WHERE table_schema = DATABASE() \
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
    VERSION { "SELECT MAX(version) AS version FROM core_schema" }
    /// The log's entry of a migration, in its transaction.
    LOG_MIGRATION {
        "INSERT INTO core_event (at, kind, clerk, counter, detail) \
         VALUES (" now ", $1, 'countersign', 'migrate', $2)"
    }
    /// Whether the schema exists, but this account may not use it: PostgreSQL then reports
    /// its tables as missing.
    IS_SCHEMA_HIDDEN {
        (each
            ("SELECT 0 AS is_hidden WHERE $1 <> ''")
            ("SELECT COUNT(*) AS is_hidden FROM pg_namespace \
              WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')")
            ("SELECT 0 AS is_hidden FROM DUAL WHERE $1 <> ''"))
    }
    APPLIED { "INSERT INTO core_schema (version, name, applied_at) VALUES ($1, $2, " now ")" }
    TRIAL_WRITE { "UPDATE core_setting SET value = value WHERE name = $1" }
    /// Whether the store has ever been used.
    HISTORY {
        "SELECT COALESCE((SELECT MAX(id) FROM core_otp), 0) \
         + COALESCE((SELECT MAX(id) FROM core_event), 0) AS newest"
    }
    READ_SETTING { "SELECT value FROM core_setting WHERE name = $1" }
    WRITE_SETTING {
        "INSERT INTO core_setting (name, value) VALUES ($1, $2)"
        (each
            (" ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            (" ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            (" ON DUPLICATE KEY UPDATE value = VALUES(value)"))
    }
}

/// The names of all our tables on a database.
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
    /// Whether only the view of the customers was created anew.
    pub view: bool,
}

/// The version of the store's tables; 0 where there are none.
pub(in crate::store) async fn version(db: &Database) -> Result<i64, StoreError> {
    match db.maybe(&VERSION, args![]).await {
        Ok(row) => Ok(row.map_or(Ok(None), |row| row.maybe_int("version"))?.unwrap_or(0)),
        Err(StoreError::NotMigrated(_)) => {
            let Pools::Postgres { schema, .. } = db.pools() else { return Ok(0) };
            let row = db.maybe(&IS_SCHEMA_HIDDEN, args![schema.as_str()]).await?;
            match row.map_or(Ok(0), |row| row.int("is_hidden"))? {
                0 => Ok(0),
                _ => Err(StoreError::Denied(format!("no rights on schema {schema}"))),
            }
        }
        Err(error) => Err(error),
    }
}

/// Whether there is anything to migrate. A store of a newer version is refused: its rules
/// may be stricter than this program's.
pub(in crate::store) async fn is_needed(
    db: &Database,
    source: &CustomerSource,
) -> Result<bool, StoreError> {
    let found = version(db).await?;
    refuse_newer(found)?;
    Ok(found < NEEDED_VERSION || view_made_for(db).await?.as_deref() != Some(&source.name()))
}

fn refuse_newer(found: i64) -> Result<(), StoreError> {
    if found <= NEEDED_VERSION {
        return Ok(());
    }
    Err(StoreError::NotMigrated(format!(
        "it was written by a newer version of countersign (tables {found}, this program \
         knows {NEEDED_VERSION}); install that version here too"
    )))
}

/// The table for which the customers' view was created.
async fn view_made_for(db: &Database) -> Result<Option<String>, StoreError> {
    setting(db, CUSTOMER_TABLE_SETTING).await
}

/// How many of two tables or views exist in our schema.
async fn tables_found(tx: &mut Tx, one: &str, other: &str) -> Result<i64, StoreError> {
    tx.one(&COUNT_TABLES, args![one, other]).await?.int("tables_found")
}

/// Reads a setting that the program keeps in the store.
pub(in crate::store) async fn setting(
    db: &Database,
    name: &str,
) -> Result<Option<String>, StoreError> {
    db.maybe(&READ_SETTING, args![name]).await?.map(|row| row.text("value")).transpose()
}

/// Writes such a setting.
pub(in crate::store) async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    tx.write(&WRITE_SETTING, args![name, value]).await.map(drop)
}

/// The script that creates the schema for the tables; `None` where there is none to create.
fn create_schema(db: &Database) -> Option<String> {
    match db.pools() {
        Pools::Postgres { schema, .. } => Some(format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")),
        Pools::Sqlite { .. } | Pools::Mysql(_) => None,
    }
}

/// Refuses a schema in which another program has tables of the same names.
async fn refuse_others(tx: &mut Tx) -> Result<(), StoreError> {
    if tables_found(tx, "core_schema", "core_schema").await? > 0
        || tables_found(tx, "core_customer", "core_otp").await? == 0
    {
        return Ok(());
    }
    Err(StoreError::misconfigured(
        "store.url",
        "The place that store.url names holds core_customer or core_otp of another program. Give \
         countersign a schema, a database or a file of its own, and name that table in \
         customers.table.",
    ))
}

/// Refuses another table of customers for a store that has been used: requests, sessions
/// and the log name customers by number, and the same number would be somebody else.
async fn refuse_other_customers(tx: &mut Tx, source: &CustomerSource) -> Result<(), StoreError> {
    let Some(before) = tx.maybe(&READ_SETTING, args![CUSTOMER_TABLE_SETTING]).await? else {
        return Ok(());
    };
    let has_history = tx.one(&HISTORY, args![]).await?.int("newest")? > 0;
    if !has_history || source.is_same_table(&before.text("value")?) {
        return Ok(());
    }
    Err(StoreError::misconfigured(
        "customers.table",
        "This store already knows customers of another table than customers.table names now: its \
         requests and its log would show other people's names. Begin a new store for the new \
         table (another file, schema or database in [store]), or name the old table again.",
    ))
}

/// Applies the migrations that are missing.
pub(in crate::store) async fn migrate(
    db: &Database,
    source: &CustomerSource,
) -> Result<Migrated, StoreError> {
    let mut tx = db.begin().await?;
    tx.lift_timeouts().await?;
    if tx.one(&LOCK, args![]).await?.int("is_held")? != 1 {
        return Err(StoreError::Busy("another terminal is preparing its tables".into()));
    }
    let applied = apply(db, &mut tx, source).await;
    // MySQL's lock would outlive a transaction that failed. After a failure PostgreSQL
    // answers nothing but errors, which say nothing new.
    let freed = tx.one(&UNLOCK, args![]).await;
    let migrated = applied?;
    freed?;
    tx.commit().await?;
    Ok(migrated)
}

async fn apply(
    db: &Database,
    tx: &mut Tx,
    source: &CustomerSource,
) -> Result<Migrated, StoreError> {
    if let Some(schema) = create_schema(db) {
        tx.script(ScriptTransaction::Built(schema)).await?;
    }
    refuse_others(tx).await?;
    tx.write(&CREATE, args![]).await?;
    let done = tx.one(&VERSION, args![]).await?.maybe_int("version")?.unwrap_or(0);
    refuse_newer(done)?;
    for migration in MIGRATIONS.iter().filter(|it| it.version > done) {
        let script = migration.script(db.kind());
        if !script.is_empty() {
            tx.script(ScriptTransaction::Fixed(script)).await?;
        }
        tx.write(&APPLIED, args![migration.version, migration.name]).await?;
    }
    if done > 0 && done < NEEDED_VERSION {
        let detail = format!(
            "version {done} to {NEEDED_VERSION}, by countersign {}",
            env!("CARGO_PKG_VERSION")
        );
        tx.write(&LOG_MIGRATION, args![EventKind::Migrated.word(), &detail]).await?;
    }
    refuse_other_customers(tx, source).await?;
    let view_made_for = tx
        .maybe(&READ_SETTING, args![CUSTOMER_TABLE_SETTING])
        .await?
        .map(|row| row.text("value"))
        .transpose()?;
    let mut is_made = done == NEEDED_VERSION && view_made_for.as_deref() == Some(&source.name());
    let views = source.table().into_iter().flat_map(account_views::views);
    for view in [CUSTOMER_VIEW].into_iter().chain(views) {
        is_made = is_made && tables_found(tx, view, view).await? > 0;
    }
    let view = source.view(db.kind()).filter(|_| !is_made);
    let migrated =
        Migrated { from: done, to: NEEDED_VERSION, view: view.is_some() && done == NEEDED_VERSION };
    // A new view has lost the rights that were granted on the old one.
    if let Some(view) = view {
        let made = tx.script(ScriptTransaction::Built(view)).await;
        made.map_err(|error| if source.is_external() { table_not_found(error) } else { error })?;
    }
    set(tx, CUSTOMER_TABLE_SETTING, &source.name()).await?;
    Ok(migrated)
}

/// The view could not be created, since the table or a column does not exist.
fn table_not_found(error: StoreError) -> StoreError {
    match error {
        StoreError::NotMigrated(text) | StoreError::Failed(text) => no_such_table(&text),
        other => other,
    }
}

/// Fails unless the tables are as this program needs them.
pub(in crate::store) async fn is_ready(
    db: &Database,
    source: &CustomerSource,
) -> Result<(), StoreError> {
    if !is_needed(db, source).await? {
        return Ok(());
    }
    let found = version(db).await?;
    let why = if found < NEEDED_VERSION {
        format!("its tables are version {found}, this program needs {NEEDED_VERSION}")
    } else {
        "it was prepared for another table of customers than the configuration names".into()
    };
    Err(StoreError::NotMigrated(format!("{why}; run \"countersign migrate\"")))
}

/// Proves that the store can be written, by a transaction that is rolled back.
pub(in crate::store) async fn check(
    db: &Database,
    source: &CustomerSource,
) -> Result<i64, StoreError> {
    is_ready(db, source).await?;
    let mut tx = db.begin().await?;
    tx.write(&TRIAL_WRITE, args![CUSTOMER_TABLE_SETTING]).await?;
    Ok(NEEDED_VERSION)
}
