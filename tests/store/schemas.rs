//! The tables are the same on every database, column by column: a migration
//! that was written for one of them only is found out here.

use std::collections::BTreeSet;

use countersign::config::settings::{Identifier, StoreSettings};
use countersign::service::ports::StoreHealth;

use crate::support::{Kind, TestStore, open, server_settings};

/// What is only there, and why.
const ONLY: &[(Kind, &str, &str)] = &[(
    Kind::Postgres,
    "core_otp_archive_other",
    "the part of the archive that no month has taken",
)];

/// What each database says about its tables, in the same words: each column with
/// its kind of type and whether it may be empty, each key and index by its
/// columns, what refers to what, and the columns of the views.
const SQLITE: &str = "
    WITH tables AS (SELECT name, type FROM sqlite_master
        WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'),
    parts AS (SELECT t.name AS of, l.name AS part, l.\"unique\" AS single, l.origin
        FROM tables t, pragma_index_list(t.name) l WHERE l.origin <> 'pk')
    SELECT t.name || '.' || c.name
        || CASE WHEN t.type = 'view' THEN ' in a view'
            WHEN c.type IN ('INTEGER', 'BIGINT', 'SMALLINT') THEN ' integer'
            WHEN c.type = 'TEXT' THEN ' text' ELSE ' ' || c.type END
        || CASE WHEN t.type = 'table' AND (c.\"notnull\" OR c.pk) THEN ' not null' ELSE '' END
        FROM tables t, pragma_table_xinfo(t.name) c
    UNION ALL SELECT of || ' primary (' || group_concat(name, ', ') || ')'
        FROM (SELECT t.name AS of, c.name FROM tables t, pragma_table_info(t.name) c
            WHERE c.pk > 0 ORDER BY t.name, c.pk) GROUP BY of
    UNION ALL SELECT of || CASE WHEN single THEN ' unique (' ELSE ' index (' END
        || group_concat(name, ', ') || ')'
        FROM (SELECT p.of, p.part, p.single, c.name FROM parts p, pragma_index_info(p.part) c
            ORDER BY p.part, c.seqno) GROUP BY of, part
    UNION ALL SELECT t.name || ' (' || f.\"from\" || ') refers to ' || f.\"table\" || ', '
        || f.on_delete FROM tables t, pragma_foreign_key_list(t.name) f";

const POSTGRES: &str = "
    SELECT c.table_name || '.' || c.column_name
        || CASE WHEN t.table_type = 'VIEW' THEN ' in a view'
            WHEN c.data_type IN ('bigint', 'smallint') THEN ' integer'
            WHEN c.data_type = 'text' THEN ' text' ELSE ' ' || c.data_type END
        || CASE WHEN t.table_type <> 'VIEW' AND c.is_nullable = 'NO' THEN ' not null' ELSE '' END
        FROM information_schema.columns c JOIN information_schema.tables t
            USING (table_schema, table_name) WHERE table_schema = 'countersign'
    UNION ALL SELECT t.relname
        || CASE WHEN i.indisprimary THEN ' primary (' WHEN i.indisunique THEN ' unique ('
            ELSE ' index (' END
        || string_agg(a.attname, ', ' ORDER BY k.place) || ')'
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        CROSS JOIN unnest(i.indkey) WITH ORDINALITY k (number, place)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
        WHERE t.relnamespace = 'countersign'::regnamespace
        GROUP BY t.relname, i.indexrelid, i.indisprimary, i.indisunique
    UNION ALL SELECT t.relname || ' (' || a.attname || ') refers to ' || o.relname || ', '
        || CASE f.confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END
        FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid
        JOIN pg_class o ON o.oid = f.confrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (f.conkey)
        WHERE f.contype = 'f' AND t.relnamespace = 'countersign'::regnamespace";

const MARIADB: &str = "
    SELECT CONCAT(c.table_name, '.', c.column_name,
        CASE WHEN t.table_type = 'VIEW' THEN ' in a view'
            WHEN c.data_type IN ('bigint', 'smallint') THEN ' integer'
            WHEN c.data_type IN ('varchar', 'text') THEN ' text' ELSE c.data_type END,
        IF(t.table_type <> 'VIEW' AND c.is_nullable = 'NO', ' not null', ''))
        FROM information_schema.columns c JOIN information_schema.tables t
            USING (table_schema, table_name) WHERE table_schema = DATABASE()
    UNION ALL SELECT CONCAT(table_name,
        CASE WHEN index_name = 'PRIMARY' THEN ' primary (' WHEN non_unique = 0 THEN ' unique ('
            ELSE ' index (' END,
        GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '), ')')
        FROM information_schema.statistics WHERE table_schema = DATABASE()
        GROUP BY table_name, index_name, non_unique
    UNION ALL SELECT CONCAT(k.table_name, ' (', k.column_name, ') refers to ',
        k.referenced_table_name, ', ', IF(r.delete_rule = 'CASCADE', 'CASCADE', 'NO ACTION'))
        FROM information_schema.key_column_usage k
        JOIN information_schema.referential_constraints r
            USING (constraint_schema, constraint_name, table_name)
        WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL";

async fn schema(fixture: &TestStore) -> BTreeSet<String> {
    // A store in a file is migrated when it is opened.
    fixture.open().await;
    let facts = fixture
        .texts(match fixture.kind() {
            Kind::Sqlite => SQLITE,
            Kind::Postgres => POSTGRES,
            Kind::MariaDb => MARIADB,
        })
        .await;
    let only = |fact: &String| {
        ONLY.iter().any(|(kind, table, _)| *kind == fixture.kind() && fact.starts_with(table))
    };
    // On the others every index ends in the row's key by itself.
    let keyed =
        [("core_customer_search index (", ", customer_id)"), ("core_event index (", ", id)")];
    let with_key = |fact: String| {
        let is_keyed = |(table, _): &&(&str, &str)| {
            fixture.kind() == Kind::Postgres && fact.starts_with(*table)
        };
        let columns = keyed.iter().find(is_keyed).and_then(|(_, key)| fact.strip_suffix(key));
        columns.map(|columns| format!("{columns})")).unwrap_or(fact)
    };
    facts.into_iter().filter(|fact| !only(fact)).map(with_key).collect()
}

/// What one schema has and the other one has not.
fn differences(here: &BTreeSet<String>, there: &BTreeSet<String>) -> Vec<String> {
    let more = here.difference(there).map(|fact| format!("only on SQLite: {fact}"));
    let less = there.difference(here).map(|fact| format!("not on SQLite: {fact}"));
    more.chain(less).collect()
}

#[tokio::test]
async fn the_tables_are_the_same_on_every_database() {
    let sqlite = schema(&TestStore::sqlite()).await;
    for fact in [
        "core_otp.closed_at integer",
        "core_otp.masked text not null",
        "core_otp primary (id)",
        "core_otp unique (customer_id, open_purpose)",
        "core_otp index (customer_id, purpose, id)",
        "core_delivery (otp_id) refers to core_otp, CASCADE",
        "core_otp_readable.created_at in a view",
    ] {
        assert!(sqlite.contains(fact), "{fact} is not in {sqlite:#?}");
    }
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let there = schema(&TestStore::new(kind)).await;
        assert_eq!(differences(&sqlite, &there), [] as [&str; 0], "{kind:?}");
    }
}

#[tokio::test]
async fn a_migration_that_was_forgotten_is_a_difference() {
    let sqlite = schema(&TestStore::sqlite()).await;
    for (kind, change) in [
        (Kind::Postgres, "ALTER TABLE core_otp ALTER COLUMN masked DROP NOT NULL"),
        (Kind::Postgres, "DROP INDEX core_event_customer"),
        (Kind::MariaDb, "ALTER TABLE core_otp ADD COLUMN colour VARCHAR(9)"),
        (Kind::MariaDb, "ALTER TABLE core_session MODIFY request BIGINT NOT NULL"),
    ] {
        let fixture = TestStore::new(kind);
        fixture.sql(change).await;
        assert_ne!(differences(&sqlite, &schema(&fixture).await), [] as [&str; 0], "{change}");
    }
}

#[tokio::test]
async fn a_schema_may_have_capital_letters() {
    let fixture = TestStore::empty(Kind::Postgres);
    let mut settings = server_settings(&fixture.database().url);
    settings.schema = Identifier::parse("Desk").expect("a name");
    let store = open(&StoreSettings::Server(settings)).await.expect("opened");
    store.migrate().await.expect("made");
    store.check().await.expect("a store that can be used");
    let here = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'Desk'";
    assert!(fixture.number(here).await > 10);
}
