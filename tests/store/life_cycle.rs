//! The life of requests against a small model of it: whatever people do, in
//! whatever order, the store says what the model says.

use countersign::domain::outcome::Outcome;
use countersign::domain::request::{Request, Status};
use countersign::service::ports::{AttemptOutcome, IssueOutcome};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Kind, Terminal, TestStore, wish};

const EXPIRY: i64 = 5;
const MAX: u32 = 3;
const CAP: u32 = 8;
const WRONG: &str = "000000";

/// What somebody does; `of` picks one of the requests so far.
#[derive(Clone, Debug)]
enum Act {
    Ask {
        purpose: usize,
    },
    Resend {
        of: usize,
    },
    Right {
        of: usize,
    },
    Wrong {
        of: usize,
    },
    Old {
        of: usize,
        which: usize,
    },
    Cancel {
        of: usize,
    },
    /// Minutes.
    Pass(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..2_usize).prop_map(|purpose| Act::Ask { purpose }),
        2 => any::<usize>().prop_map(|of| Act::Resend { of }),
        2 => any::<usize>().prop_map(|of| Act::Right { of }),
        6 => any::<usize>().prop_map(|of| Act::Wrong { of }),
        3 => (any::<usize>(), any::<usize>()).prop_map(|(of, which)| Act::Old { of, which }),
        1 => any::<usize>().prop_map(|of| Act::Cancel { of }),
        2 => (1..4_i64).prop_map(Act::Pass),
    ]
}

#[derive(Clone, Debug)]
struct Thing {
    purpose: usize,
    status: Status,
    attempts: u32,
    code: String,
    expires: i64,
}

/// The rules in the plainest words.
#[derive(Default)]
struct Model {
    now: i64,
    failures: u32,
    requests: Vec<Thing>,
    /// Purpose, code, expiry.
    retired: Vec<(usize, String, i64)>,
}

impl Model {
    fn status(&self, at: usize) -> Status {
        let thing = &self.requests[at];
        match thing.status {
            Status::Open if thing.expires <= self.now => Status::Expired,
            status => status,
        }
    }

    fn retire(&mut self, at: usize) {
        let Thing { purpose, code, expires, .. } = self.requests[at].clone();
        self.retired.push((purpose, code, expires));
    }

    /// Whether it is issued.
    fn ask(&mut self, purpose: usize, code: &str) -> bool {
        if self.failures >= CAP {
            return false;
        }
        let latest = self.requests.iter().rposition(|it| it.purpose == purpose);
        let mut attempts = 0;
        if let Some(at) = latest {
            let alive = self.requests[at].expires > self.now;
            match self.status(at) {
                Status::Open => {
                    attempts = self.requests[at].attempts;
                    self.retire(at);
                    self.requests[at].status = Status::Superseded;
                }
                Status::Cancelled if alive => attempts = self.requests[at].attempts,
                _ => {}
            }
        }
        let expires = self.now + EXPIRY;
        let (status, code) = (Status::Open, code.to_owned());
        self.requests.push(Thing { purpose, status, attempts, code, expires });
        true
    }

    /// Whether it is issued again.
    fn resend(&mut self, at: usize, code: &str) -> bool {
        if self.status(at) != Status::Open || self.failures >= CAP {
            return false;
        }
        self.retire(at);
        code.clone_into(&mut self.requests[at].code);
        self.requests[at].expires = self.now + EXPIRY;
        true
    }

    fn cancel(&mut self, at: usize) {
        if self.status(at) == Status::Open {
            self.retire(at);
            self.requests[at].status = Status::Cancelled;
        }
    }

    fn enter(&mut self, at: usize, code: &str) -> Outcome {
        match self.status(at) {
            Status::Open => {}
            Status::Verified => return Outcome::Used,
            Status::Superseded | Status::Cancelled => return Outcome::Superseded,
            Status::Expired => return Outcome::Expired,
            Status::Locked => return Outcome::Locked,
        }
        let now = self.now;
        self.requests[at].attempts += 1;
        let thing = self.requests[at].clone();
        if thing.code == code {
            self.requests[at].status = Status::Verified;
            self.failures = 0;
            return Outcome::Verified;
        }
        self.failures += 1;
        if self.failures >= CAP {
            for other in 0..self.requests.len() {
                if self.status(other) == Status::Open {
                    self.requests[other].status = Status::Locked;
                }
            }
        } else if thing.attempts >= MAX {
            self.requests[at].status = Status::Locked;
        }
        let old = |it: &(usize, String, i64)| it.0 == thing.purpose && it.1 == code && it.2 > now;
        if self.retired.iter().any(old) { Outcome::Superseded } else { Outcome::Wrong }
    }
}

/// The store, driven by the same acts.
struct Real {
    fixture: TestStore,
    desk: Terminal,
    customer: countersign::domain::customer::CustomerId,
    requests: Vec<Request>,
    codes: u32,
}

impl Real {
    async fn new(kind: Kind) -> Self {
        let fixture = TestStore::new(kind);
        let mut desk = Terminal::new(fixture.open().await);
        desk.policy.max_attempts = MAX;
        desk.policy.failure_cap = CAP;
        let customer = desk.customer("WB-1").await;
        Self { fixture, desk, customer, requests: Vec::new(), codes: 100_000 }
    }

    fn code(&mut self) -> String {
        self.codes += 1;
        self.codes.to_string()
    }

    async fn apply(&mut self, model: &mut Model, act: &Act) {
        let count = self.requests.len();
        match *act {
            Act::Ask { purpose } => self.ask(model, purpose).await,
            Act::Pass(minutes) => {
                model.now += minutes;
                self.fixture.pass(minutes * 60_000).await;
            }
            _ if count == 0 => {}
            Act::Resend { of } => self.resend(model, of % count).await,
            Act::Cancel { of } => {
                model.cancel(of % count);
                let id = &self.requests[of % count].id;
                self.desk.store.cancel(id, &self.desk.actor).await.expect("an answer");
            }
            Act::Wrong { of } => self.enter(model, of % count, WRONG).await,
            Act::Right { of } => {
                let code = model.requests[of % count].code.clone();
                self.enter(model, of % count, &code).await;
            }
            Act::Old { of, which } => {
                let old = model.retired.len();
                let code = if old == 0 { WRONG } else { &model.retired[which % old].1.clone() };
                self.enter(model, of % count, code).await;
            }
        }
        self.compare(model, act).await;
    }

    async fn ask(&mut self, model: &mut Model, purpose: usize) {
        let mut wish = wish(self.customer, &self.code());
        wish.purpose = format!("purpose {purpose}");
        let issued = self.desk.try_issue(&wish).await.expect("an answer");
        let expected = model.ask(purpose, &wish.code);
        assert_eq!(matches!(issued, IssueOutcome::Fresh(_)), expected, "{issued:?}");
        if let IssueOutcome::Fresh(request) = issued {
            self.requests.push(request);
        }
    }

    async fn resend(&mut self, model: &mut Model, at: usize) {
        let code = self.code();
        let request = self.desk.request(&self.requests[at].id).await;
        let issued = self.desk.try_reissue(&request, &code).await.expect("an answer");
        let expected = model.resend(at, &code);
        assert_eq!(matches!(issued, IssueOutcome::Fresh(_)), expected, "{issued:?}");
    }

    async fn enter(&mut self, model: &mut Model, at: usize, code: &str) {
        let attempted = self.desk.try_enter(&self.requests[at].id, code).await.expect("an answer");
        let found = match &attempted {
            AttemptOutcome::Verified { .. } => Outcome::Verified,
            AttemptOutcome::Refused { outcome, .. } => *outcome,
            AttemptOutcome::ContactVerified { .. } => panic!("it is no code of a sign-up"),
            AttemptOutcome::NotFound | AttemptOutcome::NotAtPad => panic!("the request is gone"),
        };
        assert_eq!(found, model.enter(at, code), "{attempted:?}");
        let (AttemptOutcome::Verified { request, .. } | AttemptOutcome::Refused { request, .. }) =
            attempted
        else {
            return;
        };
        assert_eq!(request, self.desk.request(&request.id).await, "the answer is what is stored");
    }

    async fn compare(&self, model: &Model, act: &Act) {
        for (at, request) in self.requests.iter().enumerate() {
            let held = self.desk.request(&request.id).await;
            let found = (held.status, held.attempts);
            assert_eq!(found, (model.status(at), model.requests[at].attempts), "after {act:?}");
        }
        let failures =
            self.fixture.number("SELECT COALESCE(MAX(failures), 0) FROM core_guard").await;
        assert_eq!(failures, i64::from(model.failures), "after {act:?}");
    }
}

/// As many random lives as are asked for.
fn live(kind: Kind, cases: u32) {
    let config = Config { cases, max_shrink_iters: 200, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let lived = TestRunner::new(config).run(&prop::collection::vec(act(), 1..40), |acts| {
        runtime.block_on(async {
            let (mut real, mut model) = (Real::new(kind).await, Model::default());
            for act in &acts {
                real.apply(&mut model, act).await;
            }
        });
        Ok(())
    });
    lived.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn the_store_does_what_the_model_does_on_sqlite() {
    live(Kind::Sqlite, 40);
}

#[test]
fn the_store_does_what_the_model_does_on_postgres() {
    live(Kind::Postgres, 20);
}

#[test]
fn the_store_does_what_the_model_does_on_mariadb() {
    live(Kind::MariaDb, 20);
}
