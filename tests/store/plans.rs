//! No statement reads a big table from end to end.

use countersign::store::SqlStore;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::support::{House, Terminal, new_customer, with_email};

const ROWS: u32 = 20_000;

/// Fills every table that grows.
async fn fill(house: &House) {
    let desk = Terminal::new(house.open().await);
    let batch: Vec<_> = (0..ROWS)
        .map(|at| {
            let new = new_customer(&format!("WB-{at:06}"), &format!("Person {at}"));
            with_email(new, &format!("person{at}@example.org"))
        })
        .collect();
    for batch in batch.chunks(2_000) {
        desk.store.import(batch).await.expect("written");
    }
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})");
    for (table, columns, values) in [
        (
            "core_otp",
            "public_id, customer_id, email, otp_code, otp_type, created_at, expires_at, attempts, \
             max_attempts, purpose, key_id, reference, generation, status, sent_at, resend_at, \
             idempotency, clerk, counter, masked",
            "printf('%010d', i), i % 997 + 1, 'a', '', 'email', i, i, 0, 5, 'p', 'k', 'r', 1, \
             'verified', i, i, i, 'c', '1', 'm'",
        ),
        (
            "core_otp_retired",
            "customer_id, purpose, public_id, generation, otp_code, key_id, reference, sent_at, \
             expires_at",
            "i % 997 + 1, 'p', i, 1, '', 'k', 'r', i, i",
        ),
        ("core_guard", "customer_id, failures, updated_at", "i, 0, i"),
        (
            "core_delivery",
            "otp_id, generation, customer_id, channel, contact, provider, state, progress, clerk, \
             counter, created_at, updated_at",
            "i, 1, i % 997 + 1, 'email', i % 977, 'tray', 'sent', 3, i % 7, i % 5, i, i",
        ),
        (
            "core_session",
            "public_id, token_digest, customer_id, request, factor, purpose, clerk, counter, \
             created_at, expires_at, idle_at",
            "i, i, i, i, 'sms', 'p', 'c', '1', i, i, i",
        ),
        (
            "core_event",
            "at, kind, outcome, request, customer_id, channel, clerk, counter",
            "i, 'attempt', CASE i % 3 WHEN 0 THEN 'wrong' WHEN 1 THEN 'verified' END, i / 4, \
             i % 997 + 1, CASE i % 2 WHEN 0 THEN 'email' ELSE 'sms' END, 'c', '1'",
        ),
        (
            "core_invoice",
            "customer_id, number, issued_at, due_at, amount_cents, currency, status",
            "i % 997 + 1, i, i, i, 1, 'USD', 'open'",
        ),
        (
            "core_feedback",
            "customer_id, received_at, subject, status",
            "i % 997 + 1, i, 's', 'open'",
        ),
    ] {
        house
            .sql(&format!("{numbers} INSERT INTO {table} ({columns}) SELECT {values} FROM n"))
            .await;
    }
}

/// What is wrong with a step of a plan; none where nothing is.
fn fault(step: &str) -> Option<String> {
    let small = ["core_schema", "core_setting", "CONSTANT", "json_each", "list", "few"];
    let scanned = step.strip_prefix("SCAN ")?;
    let table = scanned.split(' ').next().unwrap_or_default();
    (!small.contains(&table)).then(|| step.to_owned())
}

async fn faults(raw: &mut SqliteConnection) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, text) in SqlStore::statements() {
        let plan = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")))
            .fetch_all(&mut *raw)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for row in plan {
            let step: String = row.get(3);
            faults.extend(fault(&step).map(|fault| format!("{name}: {fault}")));
        }
    }
    faults
}

#[tokio::test]
async fn no_statement_scans_a_big_table() {
    let house = House::sqlite();
    fill(&house).await;
    let statements = SqlStore::statements();
    assert!(statements.len() > 60, "only {} statements are listed", statements.len());
    let mut raw = house.raw().await;
    assert_eq!(faults(&mut raw).await, [] as [&str; 0], "as a store is in use");
    sqlx::raw_sql("ANALYZE").execute(&mut raw).await.expect("analysed");
    assert_eq!(faults(&mut raw).await, [] as [&str; 0], "after somebody ran ANALYZE");
}

#[tokio::test]
async fn what_is_no_longer_so_leaves_the_index() {
    let house = House::sqlite();
    let desk = Terminal::new(house.open().await);
    let entries = "SELECT COUNT(*) FROM core_customer_word WHERE word =";
    let names = [("WB-1", "Dana Rivera"), ("WB-2", "Thomas Rivera"), ("WB-1", "Dana Stone")];
    for (at, (account, name)) in names.into_iter().enumerate() {
        desk.store.import(&[new_customer(account, name)]).await.expect("written");
        let found = house.number(&format!("{entries} 'rivera'")).await;
        assert_eq!(found, [1, 2, 1][at], "after {name}");
    }
    assert_eq!(house.number(&format!("{entries} 'stone'")).await, 1);
}

#[test]
fn a_scan_is_a_fault() {
    assert!(fault("SCAN e").is_some());
    assert!(fault("SCAN core_otp USING COVERING INDEX core_otp_latest").is_some());
    assert_eq!(fault("SEARCH e USING INTEGER PRIMARY KEY (rowid<?)"), None);
}
