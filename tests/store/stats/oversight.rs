//! What goes on right now: who is locked, who works where with whom, what waits.

use countersign::domain::event::{Actor, EventFilter, EventKind, EventPage, EventPattern};
use countersign::domain::outcome::Outcome;
use countersign::domain::oversight::Oversight;
use countersign::domain::sign_in::sitting::{SignInMethod, SittingEnd, SittingId};
use countersign::domain::stats::figures::Figure;
use countersign::service::ports::{
    AuditStore as _, NewEvent, NewSitting, OversightStore as _, SignInStore as _,
    VerificationStore as _,
};
use countersign::store::SqlStore;

use super::{Entry, write};
use crate::support::{Terminal, actor, next, on_each_store, wish};

async fn read(store: &SqlStore) -> Oversight {
    store.oversight(CAP).await.expect("read")
}

/// So many wrong codes lock a customer.
const CAP: u32 = 3;

async fn sit(store: &SqlStore, id: &SittingId) {
    let sitting = NewSitting {
        id,
        actor: &actor(),
        method: SignInMethod::OsUser,
        service: "a service",
        judged: None,
    };
    assert!(store.begin_sitting(sitting).await.expect("an answer"));
}

on_each_store! {
    async fn lockouts_are_those_that_hold_now(fixture) {
        let store = fixture.open().await;
        let mut terminal = Terminal::new(store.clone());
        terminal.policy.failure_cap = CAP;
        let mut customers = Vec::new();
        for number in 1..=3 {
            let customer = terminal.customer(&format!("WB-{number}")).await;
            let request = terminal.issue(&wish(customer, "481902")).await;
            // The third one is not locked.
            for _ in 0..CAP.min(5 - number) {
                assert_eq!(terminal.enter(&request.id, "000000").await, Outcome::Wrong);
            }
            customers.push((customer, request));
        }
        let found = read(&store).await.lockouts;
        assert_eq!(found.since, None, "all of the log was looked through");
        let told: Vec<_> =
            found.entries.iter().map(|it| it.customer.clone().map(|it| it.id)).collect();
        assert_eq!(told, [Some(customers[1].0), Some(customers[0].0)], "newest first");
        let customer = found.entries[0].customer.clone().expect("a customer");
        assert_eq!((&*customer.account_no, &*customer.name), ("WB-2", "Dana Rivera"));
        // Another try says so once more, and is the entry that is told.
        assert_eq!(terminal.enter(&customers[0].1.id, "481902").await, Outcome::Locked);
        let found = read(&store).await.lockouts.entries;
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].outcome, Some(Outcome::Locked));
        // Who was unlocked is locked no more.
        assert!(store.unlock("an act", customers[0].0, "why", &actor()).await.expect("done"));
        let found = read(&store).await.lockouts.entries;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].customer.as_ref().map(|it| it.id), Some(customers[1].0));
        // With another policy, another customer is.
        assert_eq!(store.oversight(2).await.expect("read").lockouts.entries.len(), 1);
    }

    async fn a_counter_is_with_the_customer_of_its_code_or_its_session(fixture) {
        let store = fixture.open().await;
        let terminal = Terminal::new(store.clone());
        assert_eq!(read(&store).await.counters, []);
        let sitting = SittingId::from_bits(next());
        sit(&store, &sitting).await;
        let found = read(&store).await.counters;
        assert_eq!(found.len(), 1);
        assert!(found[0].since.is_some() && found[0].with.is_none(), "{found:?}");
        let customer = terminal.customer("WB-1").await;
        let request = terminal.issue(&wish(customer, "481902")).await;
        let with = read(&store).await.counters[0].with.clone().expect("a customer");
        assert_eq!((with.customer.id, with.is_verified), (customer, false));
        assert_eq!(with.request.as_ref(), Some(&request.id));
        assert_eq!(terminal.enter(&request.id, "481902").await, Outcome::Verified);
        let with = read(&store).await.counters[0].with.clone().expect("a customer");
        assert_eq!((&*with.customer.account_no, with.is_verified), ("WB-1", true));
        // Nobody signs in at a counter whose desk is in its own process.
        store.end_sitting(&sitting, SittingEnd::SignedOut, None).await.expect("ended");
        let found = read(&store).await.counters;
        assert!(found[0].since.is_none() && found[0].with.is_some(), "{found:?}");
        fixture.pass(3_600_000 * 24).await;
        assert_eq!(read(&store).await.counters, []);
    }

    async fn what_waits_is_told_with_the_oldest_first(fixture) {
        let store = fixture.open().await;
        let terminal = Terminal::new(store.clone());
        let mut requests = Vec::new();
        for number in 1..=3 {
            let customer = terminal.customer(&format!("WB-{number}")).await;
            requests.push(terminal.issue(&wish(customer, "481902")).await.id);
        }
        let found = read(&store).await;
        assert_eq!(found.queue.length, 3);
        let told: Vec<_> = found.waiting.iter().map(|it| it.request.clone()).collect();
        assert_eq!(told, requests);
        assert_eq!(found.waiting[0].customer.account_no, "WB-1");
        assert_eq!(found.waiting[0].tries, 0);
    }

    async fn the_entries_behind_figures_are_found_by_kind_and_outcome(fixture) {
        let store = fixture.open().await;
        let attempt = |clerk, outcome| Entry {
            kind: EventKind::Attempt,
            outcome: Some(outcome),
            clerk,
            provider: Some("twilio"),
            asked_at: None,
        };
        for _ in 0..3 {
            write(&store, attempt("dana", Outcome::Verified)).await;
            write(&store, attempt("dana", Outcome::Wrong)).await;
            write(&store, attempt("bo", Outcome::Wrong)).await;
        }
        let unlocked = Entry { kind: EventKind::Unlocked, outcome: None, ..attempt("bo", Outcome::Wrong) };
        write(&store, unlocked).await;
        let count = async |figures: &[Figure], clerk: Option<&str>| {
            let patterns = Figure::patterns(figures);
            let clerk = clerk.map(str::to_owned);
            let filter = EventFilter { patterns, clerk, ..EventFilter::default() };
            store.events(&filter, EventPage::Newest, 100).await.expect("read").len()
        };
        // By an authenticator: another figure.
        let actor = Actor { clerk: "bo".into(), counter: "1".into() };
        let by_factor = NewEvent {
            outcome: Some(Outcome::Verified),
            ..NewEvent::of_office(EventKind::Attempt, "by authenticator".into(), &actor)
        };
        store.record(&format!("entry {}", next()), by_factor).await.expect("written");
        assert_eq!(count(&[Figure::FactorVerified], None).await, 1);
        assert_eq!(count(&Figure::FAILURES, None).await, 6);
        assert_eq!(count(&Figure::FAILURES, Some("dana")).await, 3);
        assert_eq!(count(&[Figure::Verified], None).await, 3);
        assert_eq!(count(&Figure::OVERRIDES, Some("bo")).await, 1);
        // A kind alone takes every outcome.
        let kind = Some(EventKind::Attempt);
        let filter = EventFilter { kind, ..EventFilter::default() };
        assert_eq!(store.events(&filter, EventPage::Newest, 100).await.expect("read").len(), 10);
        // Both together are what both let through.
        let (kind_of, outcome) = (EventKind::Attempt, Some(Outcome::Wrong));
        let wrong = EventPattern { kind: kind_of, outcome, by_factor: false };
        let patterns = [EventKind::Unlocked].into_iter().flat_map(EventPattern::of_kind);
        let patterns = patterns.chain([wrong]).collect();
        let filter = EventFilter { kind, patterns, ..EventFilter::default() };
        assert_eq!(store.events(&filter, EventPage::Newest, 100).await.expect("read").len(), 6);
    }
}
