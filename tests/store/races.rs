//! Many terminals at once, each with connections of its own on one store.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::approval::{
    APPROVAL_TIME, ApprovalId, ApprovalProof, AskedAct, GuardedAct, SignedAct,
};
use countersign::domain::event::{Actor, EventFilter, EventKind};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{RateLimit, RateWindow};
use countersign::domain::request::Request;
use countersign::domain::session::SessionEnd;
use countersign::service::ports::approvals::NewApproval;
use countersign::service::ports::{AttemptOutcome, IssueOutcome, SessionFilter};
use tokio::task::JoinSet;

use crate::support::{HOLDER, Terminal, TestStore, next, on_each_store, token, wish};

const TERMINALS: usize = 5;
const TASKS: usize = 50;

async fn terminals(fixture: &TestStore) -> Vec<Terminal> {
    let mut terminals = Vec::new();
    for _ in 0..TERMINALS {
        terminals.push(Terminal::new(fixture.open().await));
    }
    terminals
}

/// Enters the codes all at once, spread over the terminals.
async fn enter_all(terminals: &[Terminal], tries: Vec<(Request, &'static str)>) -> Vec<Outcome> {
    let mut tasks = JoinSet::new();
    let start = Arc::new(tokio::sync::Barrier::new(tries.len()));
    for (at, (request, code)) in tries.into_iter().enumerate() {
        let (desk, start) = (terminals[at % terminals.len()].clone(), start.clone());
        tasks.spawn(async move {
            start.wait().await;
            desk.enter(&request.id, code).await
        });
    }
    tasks.join_all().await
}

fn count(outcomes: &[Outcome], outcome: Outcome) -> usize {
    outcomes.iter().filter(|it| **it == outcome).count()
}

on_each_store! {
    async fn security_69_of_50_who_approve_one_act_at_once_one_does(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        let asked = AskedAct {
            id: ApprovalId::from_bits(7),
            act: GuardedAct::Vouch,
            call: "{}".into(),
            customer: Some(customer),
            target: "vouch for somebody".into(),
            reason: "lost the phone".into(),
            asked_by: Actor { clerk: "clerk 0".into(), counter: "3".into() },
            expires_at: desk.store.now().await.expect("a time").plus(APPROVAL_TIME),
        };
        let signed = SignedAct::new(asked, &desk.keyring);
        let new = NewApproval { key: "an act", signed: &signed };
        let approval = desk.store.ask_approval(new).await.expect("asked").approval;
        let mut tasks = JoinSet::new();
        let start = Arc::new(tokio::sync::Barrier::new(TASKS));
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % terminals.len()].clone(), start.clone());
            let (approval, signed) = (approval.clone(), signed.clone());
            tasks.spawn(async move {
                // One in ten is whoever asked for it.
                let clerk = format!("clerk {}", if at % 10 == 0 { 0 } else { at });
                let by = Actor { clerk, counter: "4".into() };
                start.wait().await;
                let proof = ApprovalProof::of(&signed, &by.clerk, &desk.keyring);
                let approved = desk.store.approve(&approval, &proof, &by).await;
                (by.clerk.clone(), approved.expect("an answer"))
            });
        }
        let approved: Vec<_> = tasks.join_all().await.into_iter().filter(|it| it.1).collect();
        assert_eq!(approved.len(), 1, "{approved:?}");
        let stored = desk.store.approval(&approval.id).await.expect("read").expect("there");
        assert_eq!(stored.approval.approved_by.as_ref(), Some(&approved[0].0));
        assert_ne!(approved[0].0, "clerk 0", "nobody approves what they asked for");
        let entries = "SELECT COUNT(*) FROM core_event WHERE kind = 'approved'";
        assert_eq!(fixture.number(entries).await, 1);
    }

    async fn security_03_of_50_right_codes_one_is_accepted(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let outcomes = enter_all(&terminals, vec![(request.clone(), "123456"); TASKS]).await;
        assert_eq!(count(&outcomes, Outcome::Verified), 1, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Used), TASKS - 1, "{outcomes:?}");
        assert_eq!(desk.request(&request.id).await.attempts, 1);
        let sessions = desk.store.sessions(SessionFilter::All, 99).await.expect("an answer");
        assert_eq!(sessions.len(), 1);
        let entered = desk.log(&EventFilter::default()).await;
        assert_eq!(entered.iter().filter(|it| it.kind == EventKind::Attempt).count(), TASKS);
    }

    async fn security_04_of_50_wrong_codes_five_are_judged(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let outcomes = enter_all(&terminals, vec![(request.clone(), "000000"); TASKS]).await;
        assert_eq!(count(&outcomes, Outcome::Wrong), 5, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Locked), TASKS - 5, "{outcomes:?}");
        assert_eq!(desk.request(&request.id).await.attempts, 5);
        assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Locked);
    }

    async fn security_05_asking_again_and_again_while_guessing_wins_no_guess(fixture) {
        let terminals = terminals(&fixture).await;
        let customer = terminals[0].customer("WB-1").await;
        terminals[0].issue(&wish(customer, "123456")).await;
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let desk = terminals[at % TERMINALS].clone();
            tasks.spawn(async move {
                // Whatever was issued last may be replaced before the guess arrives.
                let issued = desk.try_issue(&wish(customer, "123456")).await.expect("an answer");
                let IssueOutcome::Fresh(request) = issued else { panic!("{issued:?}") };
                (request.attempts, desk.enter(&request.id, "000000").await)
            });
        }
        let outcomes = tasks.join_all().await;
        // Each run of five wrong codes ends in a lock, and only after a lock does
        // the count begin anew: so the customer's cap of 20 is reached in order.
        let wrong = outcomes.iter().filter(|it| it.1 == Outcome::Wrong).count();
        let failures = fixture.number("SELECT failures FROM core_guard").await;
        assert_eq!(i64::try_from(wrong), Ok(failures));
        let over = fixture.number("SELECT COUNT(*) FROM core_otp WHERE attempts > max_attempts").await;
        assert_eq!(over, 0);
        let runs = fixture.number("SELECT COUNT(*) FROM core_otp WHERE status = 'locked'").await;
        assert_eq!(failures / 5, runs, "{outcomes:?}");
        let open = fixture.number("SELECT COUNT(*) FROM core_otp WHERE status = 'open'").await;
        assert!(open <= 1);
    }

    async fn security_06_the_customers_cap_holds_over_requests_and_terminals(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        let mut tries = Vec::new();
        for purpose in 0..10 {
            let mut wish = wish(customer, "123456");
            wish.purpose = format!("purpose {purpose}");
            let request = desk.issue(&wish).await;
            tries.extend(vec![(request, "000000"); 5]);
        }
        let outcomes = enter_all(&terminals, tries.clone()).await;
        assert_eq!(count(&outcomes, Outcome::Wrong), 20, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Locked), TASKS - 20, "{outcomes:?}");
        assert_eq!(fixture.number("SELECT failures FROM core_guard").await, 20);
        for (request, _) in tries {
            assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Locked);
        }
    }

    async fn security_06_a_clerks_cap_holds_over_customers_and_terminals(fixture) {
        let mut terminals = terminals(&fixture).await;
        for terminal in &mut terminals {
            terminal.limits.wrong_codes_per_clerk = 12;
        }
        let desk = &terminals[0];
        let mut tries = Vec::new();
        for at in 0..10 {
            let request = desk.issue(&wish(desk.customer(&format!("WB-{at}")).await, "123456")).await;
            tries.extend(vec![(request, "000000"); 5]);
        }
        let outcomes = enter_all(&terminals, tries.clone()).await;
        assert_eq!(count(&outcomes, Outcome::Wrong), 12, "{outcomes:?}");
        assert_eq!(count(&outcomes, Outcome::Limited), TASKS - 12, "{outcomes:?}");
        assert_eq!(fixture.number("SELECT failures FROM core_clerk_guard").await, 12);
        let wrong = "SELECT COUNT(*) FROM core_event WHERE outcome = 'wrong'";
        assert_eq!(fixture.number(wrong).await, 12);
    }

    async fn a_double_press_sends_once_and_limits_hold_in_a_crowd(fixture) {
        let mut terminals = terminals(&fixture).await;
        let customer = terminals[0].customer("WB-1").await;
        let act = wish(customer, "123456");
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let (desk, act) = (terminals[at % TERMINALS].clone(), act.clone());
            tasks.spawn(async move { desk.try_issue(&act).await.expect("an answer") });
        }
        let issued = tasks.join_all().await;
        let fresh = issued.iter().filter(|it| matches!(it, IssueOutcome::Fresh(_))).count();
        assert_eq!(fresh, 1);
        assert!(issued.iter().all(|it| matches!(it, IssueOutcome::Fresh(_) | IssueOutcome::Already(_))));

        for desk in &mut terminals {
            desk.limits.per_hour.per_customer = 8;
        }
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let desk = terminals[at % TERMINALS].clone();
            let wish = wish(customer, "123456");
            tasks.spawn(async move { desk.try_issue(&wish).await.expect("an answer") });
        }
        let issued = tasks.join_all().await;
        let fresh = issued.iter().filter(|it| matches!(it, IssueOutcome::Fresh(_))).count();
        assert_eq!(fresh, 7, "one was sent before");
        let limited = |it: &&IssueOutcome| matches!(it, IssueOutcome::Limited { limit: RateLimit::Customer(RateWindow::Hour), .. });
        assert_eq!(issued.iter().filter(limited).count(), TASKS - 7);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_otp WHERE status = 'open'").await, 1);
    }

    async fn security_43_writers_that_read_first_never_fail_for_being_second(fixture) {
        let terminals = terminals(&fixture).await;
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let desk = terminals[at % TERMINALS].clone();
            tasks.spawn(async move {
                let customer = desk.customer(&format!("WB-{at}")).await;
                let request = desk.issue(&wish(customer, "123456")).await;
                assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
                let request = desk.reissue(&desk.request(&request.id).await, "654321").await;
                desk.enter(&request.id, "654321").await
            });
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(count(&outcomes, Outcome::Verified), TASKS, "{outcomes:?}");
    }

    async fn security_30_a_session_revoked_at_one_terminal_is_over_at_another(fixture) {
        let (here, there) = (Terminal::new(fixture.open().await), Terminal::new(fixture.open().await));
        let request = here.issue(&wish(here.customer("WB-1").await, "123456")).await;
        let token = token(next());
        let attempted = here.enter_with(&request.id, "123456", &token).await.expect("an answer");
        let AttemptOutcome::Verified { session, .. } = attempted else { panic!("{attempted:?}") };
        let idle = here.policy.session_idle;
        let touched = there.store.touch(&token.digest(), idle).await.expect("an answer");
        assert_eq!(touched.and_then(|it| it.session.ended), None);
        here.store.end_session(&session.id, SessionEnd::Revoked, &here.actor).await.expect("an answer");
        let touched = there.store.touch(&token.digest(), idle).await.expect("an answer");
        let ended = touched.and_then(|it| it.session.ended).map(|it| it.1);
        assert_eq!(ended, Some(SessionEnd::Revoked));
    }

    async fn security_20_of_50_send_claims_one_is_given(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let start = Arc::new(tokio::sync::Barrier::new(TASKS));
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % TERMINALS].clone(), start.clone());
            let message = desk.message(&request).await;
            tasks.spawn(async move {
                start.wait().await;
                desk.store.claim_send(&[(&message, message.slot)], HOLDER).await.expect("an answer")[0]
            });
        }
        let begun = tasks.join_all().await;
        assert_eq!(begun.iter().filter(|it| **it).count(), 1);
    }

    async fn each_message_is_claimed_by_one_of_50(fixture) {
        const CONCURRENT_MESSAGES: usize = 100;
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        for at in 0..CONCURRENT_MESSAGES {
            let customer = desk.customer(&format!("WB-{at}")).await;
            desk.issue(&wish(customer, "123456")).await;
        }
        fixture.pass(20_000).await;
        let start = Arc::new(tokio::sync::Barrier::new(TASKS));
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % TERMINALS].clone(), start.clone());
            tasks.spawn(async move {
                let holder = format!("terminal {at}");
                start.wait().await;
                let taken = desk.store.claim_due(&holder, &["tray"], 3).await.expect("an answer");
                let asked: Vec<_> = taken.iter().map(|it| (it, it.slot)).collect();
                let begun = desk.store.claim_send(&asked, &holder).await.expect("an answer");
                assert!(begun.iter().all(|it| *it));
                taken.iter().map(|it| it.delivery).collect::<Vec<_>>()
            });
        }
        let mut taken = tasks.join_all().await.concat();
        taken.extend(desk.store.claim_due("the last one", &["tray"], 1_000).await.expect("an answer").iter().map(|it| it.delivery));
        assert_eq!(taken.len(), CONCURRENT_MESSAGES);
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), CONCURRENT_MESSAGES, "none twice");
    }

    async fn another_terminals_writes_are_noticed_within_a_second(fixture) {
        let (here, there) = (Terminal::new(fixture.open().await), Terminal::new(fixture.open().await));
        let mut changes = here.store.changes();
        // The first look only learns where things stand; wait until it was taken.
        let customer = there.customer("WB-0").await;
        there.issue(&wish(customer, "123456")).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), changes.changed()).await;
        changes.mark_unchanged();
        there.issue(&wish(customer, "123456")).await;
        tokio::time::timeout(Duration::from_secs(1), changes.changed())
            .await
            .expect("noticed in time")
            .expect("a living store");
    }
}
