//! Codes and sessions of those who act for a customer: bound to them, once each, ended with them.

use std::sync::Arc;

use countersign::domain::customer::CustomerId;
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::flag::Flag;
use countersign::domain::outcome::Outcome;
use countersign::domain::purpose::Purpose;
use countersign::domain::representative::{Representative, RepresentativeId, RepresentativeRecord};
use countersign::domain::request::{Request, Status};
use countersign::domain::time::Timestamp;
use countersign::service::ports::{AttemptOutcome, NewFlag, SessionFilter, StoreError};
use tokio::task::JoinSet;

use crate::support::{Terminal, TestStore, Wish, email, next, on_each_store, wish};

const TERMINALS: usize = 5;
const TASKS: usize = 50;
const CODE: &str = "481902";

async fn terminals(fixture: &TestStore) -> Vec<Terminal> {
    let mut terminals = Vec::new();
    for _ in 0..TERMINALS {
        terminals.push(Terminal::new(fixture.open().await));
    }
    terminals
}

impl Terminal {
    pub(crate) async fn add(&self, customer: CustomerId, name: &str) -> Representative {
        let number = next();
        let anna = Representative {
            id: RepresentativeId::from_bits(number),
            customer,
            name: name.into(),
            email: Some("anna@example.org".into()),
            phone: None,
            scope: vec!["pay bill".into()],
            from: Timestamp::from_millis(0),
            until: None,
            document: "passport".into(),
            added_by: self.actor.clone(),
            approved_by: "boss".into(),
        };
        let record = RepresentativeRecord::new(anna.clone(), &self.keyring);
        let act = format!("added {number}");
        for _ in 0..2 {
            self.store.add_representative(&act, &record, &self.actor).await.expect("written once");
        }
        anna
    }

    /// A code for a representative.
    async fn issue_to(&self, anna: &Representative, purpose: &str) -> Request {
        let wish = Wish {
            contact: email("anna@example.org"),
            purpose: purpose.into(),
            representative: Some(anna.stands_here()),
            ..wish(anna.customer, CODE)
        };
        self.issue(&wish).await
    }

    async fn end(&self, anna: &Representative) -> bool {
        let act = format!("ended {}", next());
        let ended =
            self.store.end_representative(&act, anna.customer, &anna.id, "over", &self.actor);
        ended.await.expect("an answer")
    }

    async fn sessions_alive(&self) -> usize {
        self.store.sessions(SessionFilter::Alive, 99).await.expect("an answer").len()
    }
}

/// The number by which [`Terminal::add`] named the act that added somebody.
fn number_of(anna: &Representative) -> u64 {
    let found = (0..u64::MAX).find(|it| RepresentativeId::from_bits(*it) == anna.id);
    found.expect("a small number")
}

/// The same act at all terminals at once.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    terminals: &[Terminal],
    act: impl Fn(usize, Terminal) -> F,
) -> Vec<T> {
    let mut tasks = JoinSet::new();
    let start = Arc::new(tokio::sync::Barrier::new(TASKS));
    for at in 0..TASKS {
        let (begin, start) = (act(at, terminals[at % TERMINALS].clone()), start.clone());
        tasks.spawn(async move {
            start.wait().await;
            begin.await
        });
    }
    tasks.join_all().await
}

/// Not the code of this request. The one before is recognised, and as little accepted.
fn is_nobodys(entered: Outcome) -> bool {
    matches!(entered, Outcome::Wrong | Outcome::Superseded)
}

fn verified(answer: &Result<AttemptOutcome, StoreError>) -> bool {
    matches!(answer, Ok(AttemptOutcome::Verified { .. }))
}

on_each_store! {
    async fn an_act_that_added_a_representative_adds_nobody_who_was_ended_since(fixture) {
        let desk = terminals(&fixture).await.remove(0);
        let customer = desk.customer("WB-1").await;
        let anna = desk.add(customer, "Anna Rivera").await;
        let record = RepresentativeRecord::new(anna.clone(), &desk.keyring);
        let act = format!("added {}", number_of(&anna));
        let again = || desk.store.add_representative(&act, &record, &desk.actor);
        again().await.expect("the same act is done");
        assert!(desk.end(&anna).await);
        let refused = again().await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        let left = desk.store.representatives(customer).await.expect("an answer");
        assert!(left.is_empty(), "{left:?}");
    }

    async fn security_03_of_fifty_times_a_representatives_code_one_opens(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = terminals[0].clone();
        let customer = desk.customer("WB-1").await;
        let anna = desk.add(customer, "Anna Rivera").await;
        let request = desk.issue_to(&anna, "pay bill").await;
        assert_eq!(request.representative, Some(anna.stands_here()));
        let id = request.id.clone();
        let answers = at_once(&terminals, move |_, desk| {
            let id = id.clone();
            async move { desk.try_enter(&id, CODE).await }
        });
        let answers = answers.await;
        let mut won = answers.iter().filter(|it| verified(it));
        let Some(Ok(AttemptOutcome::Verified { session, .. })) = won.next() else {
            panic!("nobody: {answers:?}")
        };
        assert!(won.next().is_none(), "{answers:?}");
        assert_eq!(session.representative, Some(anna.stands_here()));
        let stored = desk.store.alive_of(customer).await.expect("an answer");
        assert!(stored.len() == 1 && stored[0].is_genuine(&desk.keyring));
        // The log names both at each step.
        let log = desk.log(&EventFilter::default()).await;
        for kind in [EventKind::Requested, EventKind::Attempt] {
            let entry = log.iter().find(|it| it.kind == kind).expect("an entry");
            let detail = entry.detail.as_deref().unwrap_or_default();
            assert!(detail.contains("Anna Rivera, a representative"), "{kind:?}: {detail}");
            assert!(entry.customer.as_ref().is_some_and(|it| it.name == "Dana Rivera"));
        }
    }

    async fn of_fifty_proofs_beside_the_end_of_a_representative_none_leaves_a_session(fixture) {
        let mut terminals = terminals(&fixture).await;
        let names: Vec<String> = (0..10).map(|it| format!("purpose {it}")).collect();
        for it in &mut terminals {
            it.purposes = names.iter().map(|it| Purpose::from(it.as_str())).collect();
            it.policy.max_attempts = 10;
            it.policy.failure_cap = 100;
        }
        let desk = terminals[0].clone();
        let customer = desk.customer("WB-1").await;
        let anna = desk.add(customer, "Anna Rivera").await;
        let bo = desk.add(customer, "Bo Rivera").await;
        let mut requests = Vec::new();
        for name in &names {
            requests.push(desk.issue_to(&anna, name).await.id);
        }
        // One was faster in any case.
        assert_eq!(desk.enter(&requests[0], CODE).await, Outcome::Verified);
        assert_eq!(desk.sessions_alive().await, 1);
        let tasks = {
            let (requests, anna) = (requests.clone(), anna.clone());
            at_once(&terminals, move |at, desk| {
                let (request, anna) = (requests[at % requests.len()].clone(), anna.clone());
                async move {
                    if at % 10 == 5 {
                        return (Some(desk.end(&anna).await), false);
                    }
                    (None, verified(&desk.try_enter(&request, CODE).await))
                }
            })
        };
        let answers = tasks.await;
        let ended = answers.iter().filter(|it| it.0 == Some(true)).count();
        assert_eq!(ended, 1, "it is ended once");
        assert_eq!(desk.sessions_alive().await, 0, "{answers:?}");
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_verified_now").await, 0);
        for request in &requests {
            assert_ne!(desk.request(request).await.status, Status::Open);
        }
        // Nor is there another code that opens anything; others may go on.
        let late = desk.issue_to(&anna, &names[0]).await;
        let refused = desk.try_enter(&late.id, CODE).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        let of_bo = desk.issue_to(&bo, &names[1]).await;
        assert_eq!(desk.enter(&of_bo.id, CODE).await, Outcome::Verified);
        let left = desk.store.representatives(customer).await.expect("an answer");
        assert_eq!(left.len(), 1);
        assert!(left[0].is_genuine(&desk.keyring) && left[0].representative == bo);
        // Whoever takes the end back in the table has none.
        fixture.sql("UPDATE core_representative SET ended_at = NULL").await;
        let all = desk.store.representatives(customer).await.expect("an answer");
        let genuine = all.iter().filter(|it| it.is_genuine(&desk.keyring)).count();
        assert_eq!((all.len(), genuine), (2, 1));
    }

    async fn security_52_a_code_of_a_representative_is_of_nobody_else(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let anna = desk.add(customer, "Anna Rivera").await;
        let bo = desk.add(customer, "Bo Rivera").await;
        for other in ["NULL".to_owned(), format!("'{}'", bo.id)] {
            let request = desk.issue_to(&anna, "pay bill").await;
            let moved = format!(
                "UPDATE core_otp SET representative = {other} WHERE public_id = '{}'",
                request.id
            );
            fixture.sql(&moved).await;
            let entered = desk.enter(&request.id, CODE).await;
            assert!(is_nobodys(entered), "{other}: {entered}");
        }
        // Nor does the holder's become a representative's.
        let request = desk.issue(&wish(customer, CODE)).await;
        let moved = format!("UPDATE core_otp SET representative = '{}'", anna.id);
        fixture.sql(&moved).await;
        let entered = desk.enter(&request.id, CODE).await;
        assert!(is_nobodys(entered), "{entered}");
    }

    async fn security_54_a_session_of_a_representative_stays_theirs(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let anna = desk.add(customer, "Anna Rivera").await;
        let request = desk.issue_to(&anna, "pay bill").await;
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified);
        let genuine = async || {
            let all = desk.store.alive_of(customer).await.expect("an answer");
            all.iter().filter(|it| it.is_genuine(&desk.keyring)).count()
        };
        assert_eq!(genuine().await, 1);
        fixture.sql("UPDATE core_session SET representative = NULL").await;
        assert_eq!(genuine().await, 0, "it does not become the holder's");
        fixture.sql(&format!("UPDATE core_session SET representative = '{}'", anna.id)).await;
        assert_eq!(genuine().await, 1);

        // What is not to be disclosed ends it, and no code of theirs is judged.
        let request = desk.issue_to(&anna, "pay bill").await;
        let (flag, actor) = (Flag::DoNotDisclose, &desk.actor);
        let new = NewFlag { customer, flag, reason: "asked for it", until: None, actor };
        desk.store.set_flag("flagged", new).await.expect("an answer");
        assert_eq!(genuine().await, 0);
        let refused = desk.try_enter(&request.id, CODE).await;
        assert!(matches!(refused, Err(StoreError::Flagged(_))), "{refused:?}");
        let request = desk.issue(&wish(customer, CODE)).await;
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified, "the holder may");
    }
}
