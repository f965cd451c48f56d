//! What goes on right now, as admins and auditors are told it.

use countersign::domain::oversight::Oversight;
use countersign::service::DeskError;
use countersign::service::api::{Answer, Authentication, Caller, Role};
use countersign::service::stats::calls::ReadOversight;
use countersign::service::store_call_retry::RetryPolicy;

use super::*;

async fn read(desk: &Desk, clerk: &str, role: Role) -> Answer {
    let actor = Actor { clerk: clerk.into(), counter: "9".into() };
    let caller = Caller { actor, role, authentication: Authentication::PeerCredentials };
    let answer = desk.handle(&caller, ReadOversight.into(), RetryPolicy::brief()).await;
    // As over a socket.
    let written = serde_json::to_string(&answer).expect("written");
    serde_json::from_str(&written).expect("read")
}

async fn found(desk: &Desk, clerk: &str) -> Oversight {
    match read(desk, clerk, Role::Auditor).await {
        Answer::ReadOversight(Ok(found)) => *found,
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn an_auditor_sees_who_works_where_with_whom_and_that_is_in_the_log_once() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let nothing = found(&bench.desk, "auditor").await;
    assert_eq!((nothing.counters, nothing.lockouts.entries), (Vec::new(), Vec::new()));
    assert_eq!(nothing.queue.length, 0);
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    let seen = found(&bench.desk, "auditor").await;
    let actor = bench.desk.actor();
    assert_eq!(seen.counters.len(), 1);
    let at_work = &seen.counters[0];
    assert_eq!((&at_work.clerk, &at_work.counter), (&actor.clerk, &actor.counter));
    let with = at_work.with.as_ref().expect("a customer");
    assert_eq!((with.customer.id, with.is_verified), (dana.id, false));
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
    let seen = found(&bench.desk, "auditor").await;
    let with = seen.counters[0].with.as_ref().expect("a customer");
    assert_eq!((with.customer.id, with.is_verified), (dana.id, true));
    // No contact is told.
    assert!(!serde_json::to_string(&seen).expect("JSON").contains('@'), "{seen:?}");
    let reads = || bench.number("SELECT COUNT(*) FROM core_event WHERE kind = 'stats_read'");
    assert_eq!(reads().await, 1, "once an hour for each");
    found(&bench.desk, "another").await;
    assert_eq!(reads().await, 2);
}

#[tokio::test]
async fn a_clerk_is_told_nothing_of_the_other_counters() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    for role in [Role::Clerk, Role::Gate, Role::Worker] {
        let answer = read(&bench.desk, "mallory", role).await;
        assert!(matches!(answer.error(), Some(DeskError::Forbidden { .. })), "{answer:?}");
    }
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_event WHERE kind = 'stats_read'").await, 0);
}
