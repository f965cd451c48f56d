//! The plans of PostgreSQL: the one it makes for the arguments, and the one for
//! any arguments, to which it may change after some rounds.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::*;

/// What is wrong with a plan.
fn faults(plan: &Value) -> Vec<String> {
    let text = |key: &str| plan[key].as_str().unwrap_or_default();
    let (node, table) = (text("Node Type"), text("Relation Name"));
    let parts = plan["Plans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut faults: Vec<String> = parts.iter().flat_map(faults).collect();
    let index = ["Index Scan", "Index Only Scan", "Bitmap Index Scan"].contains(&node);
    let whole = node == "Seq Scan" || index && plan["Index Cond"].is_null();
    if whole && !SMALL.contains(&table) {
        faults.push(format!("{node} of {table} {}", text("Index Name")));
    }
    // Of what a LIMIT lets through, a part may be left out.
    let limited = node == "Subquery Scan" && parts.iter().all(|it| it["Node Type"] == "Limit");
    if !limited && plan["Rows Removed by Filter"].as_f64().is_some_and(|rows| rows > SORTED) {
        faults.push(format!("{node} of {table} reads rows for nothing: {}", plan["Filter"]));
    }
    let sorted = parts.iter().filter_map(|part| part["Plan Rows"].as_f64()).fold(0.0, f64::max);
    if node == "Sort" && sorted > SORTED {
        faults.push(format!("Sort of {sorted} rows by {}", plan["Sort Key"]));
    }
    faults
}

async fn explained(raw: &mut PgConnection, explain: &str) -> Vec<String> {
    let row = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_one(raw)
        .await
        .unwrap_or_else(|error| panic!("{explain}: {error}"));
    let plan: Value = serde_json::from_str(row.get_unchecked(0)).expect("JSON");
    faults(&plan[0]["Plan"])
}

async fn run(raw: &mut PgConnection, text: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(text.as_str())).execute(raw).await;
    done.unwrap_or_else(|error| panic!("{text}: {error}"));
}

/// Has a statement prepared; gives its arguments, each as SQL writes it.
pub(super) async fn prepare(raw: &mut PgConnection, statement: &Statement) -> Vec<String> {
    let known = ARGUMENTS.iter().find(|it| it.0 == statement.name).map(|it| it.1);
    let types = known.map(|arguments| {
        let types = arguments.iter().map(|it| if is_number(it) { "BIGINT" } else { "TEXT" });
        format!("({})", types.collect::<Vec<_>>().join(", "))
    });
    let (types, text) = (types.unwrap_or_default(), statement.postgres);
    run(raw, format!("DEALLOCATE ALL; PREPARE it {types} AS {text}")).await;
    if let Some(arguments) = known {
        return arguments.iter().map(ToString::to_string).collect();
    }
    let types: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(unnest(parameter_types) AS TEXT) FROM pg_prepared_statements \
         WHERE name = 'it'",
    )
    .persistent(false)
    .fetch_all(raw)
    .await
    .expect("the types");
    types.iter().map(|it| if it == "text" { "'7'" } else { "7" }.to_owned()).collect()
}

fn is_number(argument: &str) -> bool {
    argument.starts_with(|first: char| first.is_ascii_digit())
}

#[tokio::test]
async fn no_statement_scans_a_big_table() {
    let fixture = TestStore::new(Kind::Postgres);
    fill(&fixture).await;
    fixture.sql("ANALYZE").await;
    let mut raw = crate::support::postgres(fixture.database()).await;
    let mut found = Vec::new();
    for statement in planned() {
        let arguments = prepare(&mut raw, &statement).await.join(", ");
        let call = if arguments.is_empty() { "it".into() } else { format!("it ({arguments})") };
        for mode in ["force_custom_plan", "force_generic_plan"] {
            run(&mut raw, format!("SET plan_cache_mode = {mode}")).await;
            let analyse = if statement.postgres.starts_with("SELECT") { "ANALYZE, " } else { "" };
            let explain = format!("EXPLAIN ({analyse}FORMAT JSON) EXECUTE {call}");
            for fault in explained(&mut raw, &explain).await {
                found.push(format!("{} ({mode}): {fault}", statement.name));
            }
        }
    }
    assert_eq!(found, [] as [&str; 0]);
}
