//! Transactions beside each other on a server.

use std::time::{Duration, Instant};

use countersign::domain::delivery::SendReport;
use countersign::domain::delivery_retry::NextStep;
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::session::SessionEnd;
use countersign::service::ports::{AttemptOutcome, IssueOutcome};
use sqlx::{AssertSqlSafe, Connection};

use crate::support::{
    Kind, Terminal, TestStore, mysql, next, on_each_store, postgres, token, wish,
};

/// Whether somebody waits for the guard.
const WAITING: [(Kind, &str); 2] = [
    (
        Kind::Postgres,
        "SELECT COUNT(*) FROM pg_stat_activity \
         WHERE wait_event_type = 'Lock' AND datname = current_database()",
    ),
    (
        Kind::MariaDb,
        "SELECT COUNT(*) FROM information_schema.processlist \
         WHERE db = DATABASE() AND info LIKE 'UPDATE core_guard%'",
    ),
];

/// What another terminal does, and commits after the rest.
macro_rules! beside {
    ($raw:expr, $work:expr, $meanwhile:expr) => {{
        let mut raw = $raw;
        let text = format!("BEGIN; {}", $work);
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut raw).await.expect("done");
        $meanwhile.await;
        sqlx::raw_sql("COMMIT").execute(&mut raw).await.expect("done");
        raw.close().await.expect("closed");
    }};
}

/// The desk has read the request as open and waits for the customer's guard.
/// Whoever has the guard withdraws the request meanwhile: the desk's next
/// statement sees it, in the same transaction.
#[tokio::test(flavor = "multi_thread")]
async fn security_43_what_another_terminal_committed_is_seen_by_the_next_statement() {
    for (kind, waiting) in WAITING {
        let fixture = TestStore::new(kind);
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let work = "UPDATE core_guard SET updated_at = updated_at + 1; \
             UPDATE core_otp SET status = 'cancelled', otp_code = ''";
        let (terminal, open) = (desk.clone(), request.clone());
        let mut act = None;
        let meanwhile = async {
            act = Some(tokio::spawn(async move { terminal.try_reissue(&open, "654321").await }));
            let begun = Instant::now();
            while fixture.number(waiting).await == 0 {
                assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if kind == Kind::Postgres {
            beside!(postgres(fixture.database()).await, work, meanwhile);
        } else {
            beside!(mysql(fixture.database()).await, work, meanwhile);
        }
        let issued = act.expect("begun").await.expect("ended").expect("an answer");
        assert!(matches!(issued, IssueOutcome::Closed(_)), "{kind:?}: {issued:?}");
    }
}

on_each_store! {
    // MySQL's driver counts a row that was found and stayed as it was.
    async fn security_43_a_change_that_changes_nothing_does_not_count(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "123456")).await;
        desk.enter(&request.id, "000000").await;
        let token = token(next());
        let message = desk.message(&request).await;
        for _ in 0..2 {
            desk.conclude(&message, &NextStep { report: SendReport::sent(None), next: None }).await;
        }
        let unlocked = [
            desk.store.unlock("one", customer, "passport", &desk.actor).await.expect("an answer"),
            desk.store.unlock("one", customer, "passport", &desk.actor).await.expect("an answer"),
            desk.store.unlock("two", customer, "passport", &desk.actor).await.expect("an answer"),
        ];
        assert_eq!(unlocked, [true, true, false]);
        let right = desk.enter_with(&request.id, "123456", &token).await.expect("an answer");
        let AttemptOutcome::Verified { session, .. } = right else { panic!("{right:?}") };
        for _ in 0..2 {
            let end = desk.store.end_session(&session.id, SessionEnd::Logout, &desk.actor).await;
            end.expect("an answer").expect("a session");
        }
        let cancelled = desk.issue(&wish(customer, "222222")).await;
        for _ in 0..2 {
            desk.store.cancel(&cancelled.id, &desk.actor).await.expect("an answer");
        }
        let log = desk.log(&EventFilter::default()).await;
        for kind in [EventKind::Sent, EventKind::Unlocked, EventKind::SessionEnded, EventKind::Cancelled] {
            assert_eq!(log.iter().filter(|it| it.kind == kind).count(), 1, "{kind:?}");
        }
    }
}
