//! The plans of SQLite, which it makes without knowing the arguments.

use countersign::store::SqlStore;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::*;

/// Read by `doctor` alone: SQLite goes through all rows to find one without a key.
const OF_DOCTOR: &str = "schema_check::KEYLESS";

/// What is wrong with a step of a plan; none where nothing is.
fn fault(step: &str) -> Option<String> {
    let scanned = step.strip_prefix("SCAN ")?;
    let table = scanned.split(' ').next().unwrap_or_default();
    (table != "CONSTANT" && !SMALL.contains(&table)).then(|| step.to_owned())
}

async fn faults(raw: &mut SqliteConnection) -> Vec<String> {
    let mut faults = Vec::new();
    let each = |it: countersign::store::Statement| {
        it.sqlite.split("; ").map(move |text| (it.name.clone(), text)).collect::<Vec<_>>()
    };
    let read_at_work = SqlStore::statements().into_iter().filter(|it| it.name != OF_DOCTOR);
    for (name, text) in read_at_work.flat_map(each) {
        let explain = format!("EXPLAIN QUERY PLAN {text}");
        let plan = sqlx::raw_sql(AssertSqlSafe(explain))
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
    let fixture = TestStore::sqlite();
    fill(&fixture).await;
    assert!(planned().len() > 60);
    let mut raw = fixture.raw().await;
    assert_eq!(faults(&mut raw).await, [] as [&str; 0], "as a store is in use");
    sqlx::raw_sql("ANALYZE").execute(&mut raw).await.expect("analysed");
    assert_eq!(faults(&mut raw).await, [] as [&str; 0], "after somebody ran ANALYZE");
}

#[tokio::test]
async fn what_is_no_longer_so_leaves_the_index() {
    let fixture = TestStore::sqlite();
    let desk = Terminal::new(fixture.open().await);
    let entries = "SELECT COUNT(*) FROM core_customer_word WHERE phrase LIKE";
    let names = [("WB-1", "Dana Rivera"), ("WB-2", "Thomas Rivera"), ("WB-1", "Dana Stone")];
    for (at, (account, name)) in names.into_iter().enumerate() {
        desk.import(&[new_customer(account, name)]).await;
        let found = fixture.number(&format!("{entries} 'rivera %'")).await;
        assert_eq!(found, [1, 2, 1][at], "after {name}");
    }
    assert_eq!(fixture.number(&format!("{entries} 'stone %'")).await, 1);
}

#[test]
fn a_scan_is_a_fault() {
    assert!(fault("SCAN e").is_some());
    assert!(fault("SCAN core_otp USING COVERING INDEX core_otp_latest").is_some());
    assert_eq!(fault("SEARCH e USING INTEGER PRIMARY KEY (rowid<?)"), None);
}
