//! Tidying up from the shell.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use super::desk::Desk;

const DAY: u64 = 86_400_000;

/// Runs a statement behind the store's back.
fn sql(desk: &Desk, text: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(desk.path("desk.db"));
        let mut raw: SqliteConnection = options.connect().await.expect("the store");
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut raw).await.expect("done");
    });
}

/// Lets 40 days pass for what is stored.
fn age(desk: &Desk) {
    let days = 40 * DAY;
    sql(
        desk,
        &format!(
            "UPDATE core_otp SET created_at = created_at - {days}, \
             expires_at = expires_at - {days}; \
             UPDATE core_guard SET updated_at = updated_at - {days}"
        ),
    );
}

#[test]
fn maintain_says_what_it_did_and_the_log_keeps_it() {
    let desk = Desk::open();
    let nothing = desk.run(&["maintain", "--json"]).ended(0, "maintained");
    assert_eq!((&nothing["requests_archived"], &nothing["dry_run"]), (&0.into(), &false.into()));
    let (old, code) = desk.request("WB-004217", "sms");
    desk.verify(&old, &code).ended(0, "verified");
    age(&desk);
    let (open, code) = desk.request("WB-004218", "email");

    let dry = desk.run(&["maintain", "--dry-run"]);
    assert_eq!(dry.out, "Nothing was done. It would be: 1 request archived.\n");
    assert_eq!(desk.run(&["maintain"]).out, "1 request archived.\n");
    assert_eq!(desk.run(&["maintain"]).out, "There was nothing to do.\n");
    let events = desk.run(&["log", "--json"]).lines();
    let kept: Vec<_> = events.iter().filter(|it| it["kind"] == "maintained").collect();
    assert_eq!(kept.len(), 1, "an event for each run that did something");
    assert_eq!(kept[0]["detail"], "1 request archived");

    let id = old["request"].as_str().expect("a name");
    let json = desk.run(&["status", id, "--json"]).ended(0, "verified");
    assert_eq!((&json["archived"], &json["contact"]), (&true.into(), &old["contact"]));
    assert!(json.get("sent_at").is_none(), "nobody knows it any more: {json}");
    let story = desk.run(&["log", "--request", id, "--json"]).lines();
    assert!(story.len() >= 3, "{story:?}");
    desk.verify(&open, &code).ended(0, "verified");
}

#[test]
fn a_request_that_ran_out_stands_in_the_log_in_words() {
    let desk = Desk::open();
    let (request, _) = desk.request("WB-004217", "sms");
    age(&desk);
    assert_eq!(desk.run(&["maintain"]).out, "1 code erased.\n");
    let id = request["request"].as_str().expect("a name");
    let story = desk.run(&["log", "--request", id, "--json"]).lines();
    let last = story.last().expect("an entry");
    assert_eq!((&last["kind"], &last["outcome"]), (&"expired".into(), &"expired".into()));
    let detail = last["detail"].as_str().expect("a sentence");
    assert!(detail.contains("ran out at 20") && detail.contains("UTC"), "{detail}");
    let lines = desk.run(&["log", "--outcome", "expired"]).out;
    assert!(lines.contains("Request expired"), "{lines}");
}

#[test]
fn maintain_ends_after_the_batch_under_way_and_says_how_far_it_is() {
    let desk = Desk::open();
    desk.request("WB-004217", "sms");
    age(&desk);
    // So many that a run takes seconds, most of it in pauses.
    sql(
        &desk,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) \
         INSERT INTO core_otp (public_id, customer_id, otp_code, otp_type, created_at, expires_at, \
         attempts, max_attempts, purpose, key_id, reference, generation, status, sent_at, \
         resend_at, idempotency, clerk, counter, masked) \
         SELECT printf('%010d', i), i, '', 'sms', 1, 1, 0, 5, 'p', 'k', 'r', 1, 'verified', 1, 1, \
         i, 'c', '1', 'm' FROM n; DELETE FROM core_event",
    );
    let child: Child = desk.start(&["maintain", "--json"]);
    while desk.run(&["maintain", "--dry-run", "--json"]).json()["requests_archived"] == 12_000 {}
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("it still runs");
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(143));
    let json: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    let done = json["requests_archived"].as_u64().expect("a count");
    assert_eq!(json["outcome"], "interrupted");
    assert!((1..12_000).contains(&done), "{done}");
    let left = desk.run(&["maintain", "--dry-run", "--json"]).json();
    assert_eq!(left["requests_archived"].as_u64(), Some(12_000 - done));
    let events = desk.run(&["log", "--json"]).lines();
    assert_eq!(events.last().expect("an event")["kind"], "maintained");
}
