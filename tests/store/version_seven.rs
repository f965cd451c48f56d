//! Stores as the release with tables of version 7 left them, on each database: with an open
//! request, a message that waits and a session. `fixtures/make.py` made them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign::domain::customer::PhonePolicy;
use countersign::domain::delivery::{DeliveryState, SendReport};
use countersign::domain::explanation::Explanation;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::message::Outgoing;
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{OtpPolicy, RateLimits, Retention};
use countersign::domain::request::{RequestId, Status};
use countersign::domain::session::SessionToken;
use countersign::random::OsRandom;
use countersign::service::ports::{SendGuard, Sender};
use countersign::service::verification::verify::Verification;
use countersign::service::{Desk, Office, Route, Senders};
use countersign::store::SqlStore;
use serde_json::Value;

use crate::support::{Kind, TIMES_OF_VERSION_SEVEN, TestStore, actor};

const FACTS: &str = include_str!("fixtures/version_seven.json");
const SQLITE: &[u8] = include_bytes!("fixtures/version_seven.db");
const POSTGRES: &str = include_str!("fixtures/version_seven.postgres.sql");
const MARIADB: &str = include_str!("fixtures/version_seven.mariadb.sql");

/// What only the terminal knew that made a store.
struct Facts(Value);

impl Facts {
    fn of(kind: Kind) -> Self {
        let name = match kind {
            Kind::Sqlite => "sqlite",
            Kind::Postgres => "postgres",
            Kind::MariaDb => "mariadb",
        };
        let all: Value = serde_json::from_str(FACTS).expect("JSON");
        Self(all[name].clone())
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().expect("a text")
    }

    fn request(&self, name: &str) -> RequestId {
        self.text(name).parse().expect("a request")
    }
}

fn keyring() -> Keyring {
    let all: Value = serde_json::from_str(FACTS).expect("JSON");
    let hex = all["key"]["hex"].as_str().expect("a key");
    let bytes = hex::decode(hex).expect("a key").try_into().expect("32 bytes");
    let name = all["key"]["name"].as_str().expect("a name");
    Keyring::new(KeyId::new(name).expect("a name"), Key::new(bytes))
}

/// The store as it was left, a moment ago by the clock of its database.
async fn restore(kind: Kind) -> TestStore {
    let fixture = TestStore::empty(kind);
    match kind {
        Kind::Sqlite => std::fs::write(fixture.file(), SQLITE).expect("a file"),
        Kind::Postgres => fixture.sql(POSTGRES).await,
        Kind::MariaDb => fixture.sql(MARIADB).await,
    }
    let age = format!("SELECT {} - MAX(at) FROM core_event", fixture.now());
    let age = fixture.number(&age).await;
    pass(&fixture, -age).await;
    fixture
}

/// Lets so many milliseconds pass, for the circuit breakers too.
async fn pass(fixture: &TestStore, millis: i64) {
    fixture.pass_in(&TIMES_OF_VERSION_SEVEN, millis).await;
    fixture.sql(&format!("UPDATE core_line SET down_until = down_until - {millis}")).await;
}

/// A provider that keeps what it is sent.
#[derive(Default)]
struct Kept(Mutex<Vec<Outgoing>>);

#[async_trait]
impl Sender for Kept {
    fn provider(&self) -> &'static str {
        "tray"
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        if guard.claim().await {
            self.0.lock().expect("unpoisoned").push(message.clone());
        }
        SendReport { state: DeliveryState::Sent, provider_id: None, detail: None, fault: None }
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("a provider of a test".into())
    }
}

fn desk(store: Arc<SqlStore>, sender: &Arc<Kept>) -> Desk {
    let office = Office {
        name: "Riverside Billing".into(),
        purposes: vec!["pay a bill".into()],
        documents: vec!["passport".into()],
        otp: OtpPolicy::default(),
        limits: RateLimits::default(),
        phones: PhonePolicy::of("US"),
        retention: Retention::default(),
        external_customers: false,
        four_eyes: Vec::new(),
    };
    let email = Some(Route::from(Arc::clone(sender)));
    let senders = Senders { email, sms: None, whatsapp: None };
    Desk::new(store, senders, Arc::new(OsRandom), Arc::new(keyring()), office, actor())
        .expect("a desk")
}

async fn work_goes_on(kind: Kind) {
    let (fixture, facts) = (restore(kind).await, Facts::of(kind));
    let store = fixture.open().await;
    // On a server a counter does not migrate by itself.
    store.migrate().await.expect("migrated");
    store.is_fit().await.expect("a store that can be used");
    let sender = Arc::new(Kept::default());
    let desk = desk(store, &sender);

    // The session lives.
    let token = SessionToken::parse(facts.text("token")).expect("a token");
    let session = desk.touch(&token).await.expect("an answer").expect("the session");
    assert_eq!((session.account_no.as_str(), session.ended), ("WB-1", None));

    // The open request has one wrong attempt, and takes its code.
    let open = facts.request("open");
    let request = desk.request(&open).await.expect("an answer").expect("the request");
    assert_eq!((request.status, request.attempts), (Status::Open, 1));
    let wrong = if facts.text("code") == "000000" { "111111" } else { "000000" };
    let Verification::Refused(refused) = desk.verify(&open, wrong, "1").await.expect("an answer")
    else {
        panic!("a wrong code was accepted")
    };
    assert_eq!((refused.outcome, refused.request.attempts), (Outcome::Wrong, 2));
    let verified = desk.verify(&open, facts.text("code"), "2").await.expect("an answer");
    assert!(matches!(verified, Verification::Verified(_)), "{verified:?}");

    // The message that waits goes out once its time has come, with a code that works.
    let waiting = facts.request("waiting");
    pass(&fixture, 60_000).await;
    assert_eq!(desk.work_off_outbox(4).await.expect("an answer"), 1);
    let sent = std::mem::take(&mut *sender.0.lock().expect("unpoisoned"));
    let [message] = sent.as_slice() else { panic!("{} messages", sent.len()) };
    assert_eq!(message.to.as_str(), "amira@example.org");
    let request = desk.request(&waiting).await.expect("an answer").expect("the request");
    assert_eq!(request.delivery.state, DeliveryState::Sent);
    let code = message.facts.code.reveal().to_owned();
    let verified = desk.verify(&waiting, &code, "3").await.expect("an answer");
    assert!(matches!(verified, Verification::Verified(_)), "{verified:?}");
    assert_eq!(fixture.number("SELECT COUNT(*) FROM core_outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_goes_on_in_a_file() {
    work_goes_on(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_goes_on_in_a_dump_of_postgres() {
    work_goes_on(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_goes_on_in_a_dump_of_mariadb() {
    work_goes_on(Kind::MariaDb).await;
}
