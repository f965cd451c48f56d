//! The plans of MariaDB, which it makes for the arguments each time.

use serde_json::Value;
use sqlx::{AssertSqlSafe, MySqlConnection};

use super::*;

/// The most rows of a big table in a part of a plan. What a part makes for itself
/// is as small as its LIMIT, which these figures do not know of.
fn rows(plan: &Value) -> f64 {
    match plan {
        Value::Array(parts) => parts.iter().map(rows).fold(0.0, f64::max),
        Value::Object(_) if is_made(plan) => 0.0,
        Value::Object(parts) => {
            let own = plan["rows"].as_f64().unwrap_or(0.0);
            parts.values().map(rows).fold(own, f64::max)
        }
        _ => 0.0,
    }
}

/// Whether a table is small, or made by the statement itself.
fn is_made(plan: &Value) -> bool {
    let table = plan["table_name"].as_str().unwrap_or_default();
    table.starts_with('<') || SMALL.contains(&table)
}

/// What is wrong with a plan.
fn faults(plan: &Value) -> Vec<String> {
    let mut found: Vec<String> = match plan {
        Value::Array(parts) => parts.iter().flat_map(faults).collect(),
        Value::Object(parts) => parts.values().flat_map(faults).collect(),
        _ => Vec::new(),
    };
    let whole = ["ALL", "index"].iter().any(|it| plan["access_type"] == *it);
    if whole && plan["rows"].is_number() && !is_made(plan) {
        found.push(format!("{} of {} {}", plan["access_type"], plan["table_name"], plan["key"]));
    }
    let sorted = rows(&plan["filesort"]);
    if sorted > SORTED {
        found.push(format!("filesort of {sorted} rows by {}", plan["filesort"]["sort_key"]));
    }
    found
}

/// The text with each argument in its place.
fn filled(statement: &Statement, arguments: &[String]) -> String {
    let (text, order) = statement.mysql;
    let mut parts = text.split('?');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (part, number) in parts.zip(order) {
        filled.push_str(&arguments[usize::from(*number) - 1]);
        filled.push_str(part);
    }
    filled
}

async fn explained(raw: &mut MySqlConnection, text: &str) -> Value {
    let explain = AssertSqlSafe(format!("EXPLAIN FORMAT=JSON {text}"));
    let plan: String = sqlx::query_scalar(explain)
        .fetch_one(raw)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    serde_json::from_str(&plan).expect("JSON")
}

#[tokio::test]
async fn no_statement_scans_a_big_table() {
    let fixture = TestStore::new(Kind::MariaDb);
    fill(&fixture).await;
    fixture
        .sql(
            "ANALYZE TABLE core_customer, core_customer_search, core_customer_word, core_otp, \
             core_otp_archive, core_otp_retired, core_guard, core_contact, core_contact_state, core_delivery, core_session, core_sitting, core_customer_factor, core_backup_code, core_event, core_invoice, \
             core_feedback",
        )
        .await;
    // PostgreSQL tells the types of a statement's arguments.
    let other = TestStore::new(Kind::Postgres);
    let mut types = crate::support::postgres(other.database()).await;
    let mut raw = crate::support::mysql(fixture.database()).await;
    let mut found = Vec::new();
    for statement in planned() {
        let text = filled(&statement, &postgres::prepare(&mut types, &statement).await);
        let plan = explained(&mut raw, &text).await;
        found.extend(faults(&plan).iter().map(|fault| format!("{}: {fault}", statement.name)));
    }
    assert_eq!(found, [] as [&str; 0]);
}
