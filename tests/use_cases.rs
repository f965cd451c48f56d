//! The desk's use cases on a real store, with senders that do as they are told.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "use_cases/approvals.rs"]
mod approvals;
#[path = "use_cases/boundary.rs"]
mod boundary;
#[path = "support/breaking.rs"]
mod breaking;
#[path = "use_cases/broken_connection.rs"]
mod broken_connection;
#[path = "use_cases/changed_contacts.rs"]
mod changed_contacts;
#[path = "use_cases/door.rs"]
mod door;
#[path = "use_cases/factors.rs"]
mod factors;
#[path = "use_cases/flags.rs"]
mod flags;
#[path = "use_cases/late.rs"]
mod late;
#[path = "use_cases/limits.rs"]
mod limits;
#[path = "use_cases/oversight.rs"]
mod oversight;
#[path = "use_cases/pads.rs"]
mod pads;
#[path = "use_cases/policy.rs"]
mod policy;
#[path = "use_cases/privacy.rs"]
mod privacy;
#[path = "use_cases/purposes.rs"]
mod purposes;
#[path = "use_cases/remote.rs"]
mod remote;
#[path = "use_cases/representatives.rs"]
mod representatives;
#[path = "use_cases/sign_in.rs"]
mod sign_in;
#[path = "use_cases/sign_up.rs"]
mod sign_up;
#[path = "support/signed_notices.rs"]
mod signed_notices;
#[path = "use_cases/staff.rs"]
mod staff;
#[path = "use_cases/worker.rs"]
mod worker;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use countersign::config::settings::{CustomerSettings, StoreSettings};
use countersign::domain::channel::{Assurance, Channel};
use countersign::domain::contact::{ContactKind, EmailAddress, PhoneNumber};
use countersign::domain::customer::{Customer, NewCustomer, PhonePolicy, Unsaid};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::event::{Actor, EventFilter, EventKind, EventPage};
use countersign::domain::explanation::Explanation;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::message::{ContactNotice, Outgoing, TestMessage};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{
    OtpPolicy, RateLimit, RateLimits, RateWindow, Retention, SendLimits,
};
use countersign::domain::request::{Request, Status};
use countersign::random::OsRandom;
use countersign::service::customers::contact_history::KnownContacts;
use countersign::service::delivery::provider_status::BreakerSnapshot;
use countersign::service::delivery::test_message::TestMessageError;
use countersign::service::ports::contact_notices::NoticeProviders;
use countersign::service::ports::{Keys, KeysError, SendGuard, Sender, Store};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome, Refusal};
use countersign::service::verification::verify::Verification;
use countersign::service::{Desk, Office, Senders};
use countersign::store::SqlStore;
use tokio_util::sync::CancellationToken;

/// A sender that keeps what it is given and reports what it is told to.
struct Scripted {
    report: SendReport,
    sent: Mutex<Vec<Outgoing>>,
    told: Mutex<Vec<ContactNotice>>,
    calls: AtomicUsize,
    /// What ends at which call.
    end: Mutex<Option<(usize, CancellationToken)>>,
}

impl Scripted {
    fn reporting(report: SendReport) -> Arc<Self> {
        let (sent, told) = (Mutex::default(), Mutex::default());
        let (calls, end) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { report, sent, told, calls, end })
    }

    fn fine() -> Arc<Self> {
        Self::reporting(SendReport::sent(Some("id-1".into())))
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Sender for Scripted {
    fn provider(&self) -> &'static str {
        "scripted"
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        if !guard.claim().await {
            return SendReport::sent(None);
        }
        let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some((at, end)) = &*self.end.lock().expect("unpoisoned")
            && calls == *at
        {
            end.cancel();
        }
        self.sent.lock().expect("unpoisoned").push(message.clone());
        self.report.clone()
    }

    async fn send_test(&self, _test: &TestMessage) -> SendReport {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.report.clone()
    }

    async fn send_notice(&self, notice: &ContactNotice) -> SendReport {
        self.told.lock().expect("unpoisoned").push(notice.clone());
        self.report.clone()
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("fine".into())
    }
}

/// By whom changed contacts are told.
static SCRIPTED: LazyLock<NoticeProviders<'static>> = LazyLock::new(|| NoticeProviders {
    email: Some("scripted"),
    sms: Some("scripted"),
    phones: None,
    keyring: &KEYRING,
});

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| ring("k1", 7));

/// Keys that someone else may change.
struct Drawer(Mutex<Keyring>);

impl Keys for Drawer {
    fn read(&self) -> Result<Keyring, KeysError> {
        Ok(self.0.lock().expect("unpoisoned").clone())
    }
}

fn ring(name: &str, secret: u8) -> Keyring {
    Keyring::new(KeyId::new(name).expect("a name"), Key::new([secret; 32]))
}

struct Bench {
    desk: Desk,
    store: Arc<dyn Store>,
    sender: Arc<Scripted>,
    keys: Arc<Drawer>,
    folder: tempfile::TempDir,
}

fn desk(store: Arc<dyn Store>, sender: &Arc<Scripted>, keys: &Arc<Drawer>, office: Office) -> Desk {
    Desk::new(
        store,
        Senders {
            email: Some(sender.clone().into()),
            sms: Some(sender.clone().into()),
            whatsapp: Some(sender.clone().into()),
        },
        Arc::new(OsRandom),
        keys.clone(),
        office,
        Actor { clerk: "amira".into(), counter: "3".into() },
    )
    .expect("a desk")
}

impl Bench {
    async fn raw(&self) -> sqlx::SqlitePool {
        let file =
            sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder.path().join("desk.db"));
        sqlx::SqlitePool::connect_with(file).await.expect("a connection")
    }

    async fn behind_its_back(&self, statement: &'static str) {
        let raw = self.raw().await;
        sqlx::query(statement).execute(&raw).await.expect("written");
        raw.close().await;
    }

    /// Signs the notices as they are now in the store.
    async fn sign_notices(&self) {
        let raw = self.raw().await;
        let rows: Vec<String> =
            sqlx::query_scalar(signed_notices::ROWS).fetch_all(&raw).await.expect("rows");
        for row in rows {
            let statement = signed_notices::statement(&row, &KEYRING);
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&raw).await.expect("signed");
        }
        raw.close().await;
    }

    async fn number(&self, question: &'static str) -> i64 {
        let raw = self.raw().await;
        let number = sqlx::query_scalar(question).fetch_one(&raw).await.expect("an answer");
        raw.close().await;
        number
    }

    async fn new(sender: Arc<Scripted>, change: impl FnOnce(&mut Office)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = StoreSettings::Sqlite { file: folder.path().join("desk.db") };
        let store = SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store");
        let store: Arc<dyn Store> = Arc::new(store);
        let mut office = Office {
            name: "Riverside Billing".into(),
            purposes: vec!["pay a bill".into()],
            documents: vec!["passport".into()],
            otp: OtpPolicy { resend_cooldown: std::time::Duration::ZERO, ..OtpPolicy::default() },
            limits: RateLimits::hourly(SendLimits {
                per_contact: 100,
                per_customer: 100,
                ..SendLimits::HOUR
            }),
            phones: PhonePolicy::of("DE"),
            retention: Retention::default(),
            external_customers: false,
            four_eyes: Vec::new(),
        };
        change(&mut office);
        let keys = Arc::new(Drawer(Mutex::new(ring("k1", 7))));
        let desk = desk(store.clone(), &sender, &keys, office);
        Self { desk, store, sender, keys, folder }
    }

    /// An idempotency key that no other act has.
    fn key(&self) -> String {
        self.desk.new_idempotency_key().expect("a key")
    }

    /// The same desk over another store.
    fn desk_over(&self, store: Arc<dyn Store>) -> Desk {
        desk(store, &self.sender, &self.keys, self.desk.office().clone())
    }

    async fn customer(&self, account: &str, phone: Option<&str>) -> Customer {
        let phone = phone.map(|raw| PhoneNumber::parse(raw, "DE").expect("a number"));
        let customer = NewCustomer {
            account_no: account.into(),
            name: "Dana Rivera".into(),
            email: Some(EmailAddress::parse(&format!("{account}@example.org")).expect("address")),
            phone,
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        };
        self.store
            .import(&[customer], *SCRIPTED, self.desk.actor(), false)
            .await
            .expect("imported");
        let mut found = self.desk.find(account, 1).await.expect("found").customers;
        found.remove(0)
    }

    /// The customer with another address, as an import writes it.
    async fn changed(&self, customer: &Customer, address: &str) -> Customer {
        let phone = customer.phone.as_deref();
        let new = NewCustomer {
            account_no: customer.account_no.clone(),
            name: customer.name.clone(),
            email: Some(EmailAddress::parse(address).expect("an address")),
            phone: phone.map(|raw| PhoneNumber::parse(raw, "DE").expect("a number")),
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        };
        self.desk.import_batch(&[new], false).await.expect("imported");
        self.desk.customer(customer.id).await.expect("read").expect("the customer")
    }

    async fn ask(&self, customer: &Customer, channel: Channel) -> CodeRequestOutcome {
        let ask = CodeRequest {
            customer: customer.id,
            channel,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: self.desk.new_idempotency_key().expect("a name"),
        };
        self.desk.ask(&ask).await.expect("asked")
    }

    async fn send(&self, asked: CodeRequestOutcome) -> (Request, String) {
        self.send_by(&self.desk, asked).await
    }

    async fn send_by(&self, desk: &Desk, asked: CodeRequestOutcome) -> (Request, String) {
        let CodeRequestOutcome::Ready(request) = asked else { panic!("not sent: {asked:?}") };
        desk.deliver(request.delivery.id).await.expect("reported").expect("its to send");
        let sent = self.sender.sent.lock().expect("unpoisoned");
        let code = sent.last().expect("a message").facts.code.reveal().to_owned();
        (request, code)
    }

    async fn verify(&self, request: &Request, typed: &str) -> Outcome {
        match self.desk.verify(&request.id, typed, &self.key()).await.expect("judged") {
            Verification::Verified(_) | Verification::ContactVerified(_) => Outcome::Verified,
            Verification::Refused(refused) => refused.outcome,
            Verification::Malformed(_) => Outcome::Malformed,
            Verification::NoSuchRequest => panic!("no such request"),
        }
    }
}

/// A code that is not `code`.
fn other(code: &str) -> String {
    let number: u64 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

fn refused(asked: CodeRequestOutcome) -> Refusal {
    match asked {
        CodeRequestOutcome::Refused(refusal) => *refusal,
        asked => panic!("not refused: {asked:?}"),
    }
}

#[tokio::test]
async fn a_customer_is_verified_and_every_step_is_in_the_log() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Sms).await).await;
    assert_eq!(bench.verify(&request, &other(&code)).await, Outcome::Wrong);
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
    assert_eq!(bench.verify(&request, &code).await, Outcome::Used);
    let timeline = bench.desk.timeline(&request.id).await.expect("a timeline");
    let steps: Vec<_> = timeline.iter().map(|event| (event.kind, event.outcome)).collect();
    assert_eq!(
        steps,
        [
            (EventKind::Requested, None),
            (EventKind::Sent, None),
            (EventKind::Attempt, Some(Outcome::Wrong)),
            (EventKind::Attempt, Some(Outcome::Verified)),
            (EventKind::Attempt, Some(Outcome::Used)),
        ]
    );
    assert!(
        timeline.iter().all(|event| event.actor.clerk == "amira" && event.actor.counter == "3")
    );
    let said = format!("for {}, reference {}", request.purpose, request.reference);
    assert_eq!(timeline[0].detail.as_deref(), Some(&*said));
}

#[tokio::test]
async fn the_request_is_committed_before_anything_is_sent() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let CodeRequestOutcome::Ready(request) = bench.ask(&dana, Channel::Email).await else {
        panic!("not ready")
    };
    assert_eq!(bench.sender.calls(), 0);
    let stored = bench.desk.request(&request.id).await.expect("read").expect("there");
    assert_eq!(stored.delivery.state, DeliveryState::Queued);
    bench.desk.deliver(request.delivery.id).await.expect("reported");
    let stored = bench.desk.request(&request.id).await.expect("read").expect("there");
    assert_eq!(stored.delivery.state, DeliveryState::Sent);
    let sent = bench.sender.sent.lock().expect("unpoisoned");
    assert_eq!(sent[0].to.as_str(), "WB-1@example.org");
}

#[tokio::test]
async fn the_same_idempotency_key_sends_once() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let ask = CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "one press".into(),
    };
    let (first, second) = tokio::join!(bench.desk.ask(&ask), bench.desk.ask(&ask));
    let ids = [first, second].map(|asked| match asked {
        Ok(CodeRequestOutcome::Ready(request) | CodeRequestOutcome::Already(request)) => {
            request.delivery.id
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(ids[0], ids[1]);
    let (first, second) = tokio::join!(bench.desk.deliver(ids[0]), bench.desk.deliver(ids[1]));
    let sent = [first, second].into_iter().filter(|it| matches!(it, Ok(Some(_)))).count();
    assert_eq!((sent, bench.sender.calls()), (1, 1));
}

#[tokio::test]
async fn security_10_a_desk_reads_the_keys_again_when_another_terminal_rotated_them() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let other = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    // The other terminal signs with a key that this one has not read.
    let (name, key) = (KeyId::new("k1").expect("a name"), Key::new([7; 32]));
    *other.keys.0.lock().expect("unpoisoned") = ring("k2", 8).with_retired(name, key);
    let rotated = Desk::new(
        bench.store.clone(),
        Senders {
            email: Some(bench.sender.clone().into()),
            sms: Some(bench.sender.clone().into()),
            whatsapp: None,
        },
        Arc::new(OsRandom),
        other.keys.clone(),
        bench.desk.office().clone(),
        bench.desk.actor().clone(),
    )
    .expect("a desk");
    let ask = CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
        representative: None,
        idempotency: "one press".into(),
    };
    let (request, code) = bench.send_by(&rotated, rotated.ask(&ask).await.expect("asked")).await;
    let missing = bench.desk.verify(&request.id, &code, &bench.key()).await;
    assert!(missing.is_err(), "{missing:?}");
    let ring = other.keys.read().expect("keys");
    *bench.keys.0.lock().expect("unpoisoned") = ring;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
    let stored = bench.desk.request(&request.id).await.expect("read").expect("there");
    assert_eq!(stored.attempts, 1);
}

#[tokio::test]
async fn security_15_email_is_refused_where_the_office_asks_for_nist() {
    let bench = Bench::new(Scripted::fine(), |office| office.otp.assurance = Assurance::Nist).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let refusal = refused(bench.ask(&dana, Channel::Email).await);
    assert_eq!(refusal.outcome, Outcome::Forbidden);
    assert!(matches!(bench.ask(&dana, Channel::Sms).await, CodeRequestOutcome::Ready(_)));
    let email = bench
        .desk
        .channels(&dana, &[], &BreakerSnapshot::default(), &KnownContacts::default())
        .into_iter()
        .find(|it| it.channel == Channel::Email);
    assert!(email.expect("offered").refusal.is_some());
}

#[tokio::test]
async fn security_20_an_unknown_send_stays_unknown_and_is_not_repeated() {
    let unknown = SendReport {
        state: DeliveryState::Unknown,
        provider_id: None,
        detail: Some("no answer in time".into()),
        fault: Some(FailureClass::Unknown),
    };
    let bench = Bench::new(Scripted::reporting(unknown), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Sms).await).await;
    let stored = bench.desk.request(&request.id).await.expect("read").expect("there");
    assert_eq!(stored.delivery.state, DeliveryState::Unknown);
    assert_eq!(stored.status, Status::Open);
    assert_eq!(bench.sender.calls(), 1);
    // It may have arrived after all, and then it works.
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
}

#[tokio::test]
async fn security_37_contacts_are_masked_wherever_they_are_shown() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for channel in Channel::ALL {
        let (request, code) = bench.send(bench.ask(&dana, channel).await).await;
        assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
        assert!(request.contact.contains("***"), "{}", request.contact);
    }
    let events =
        bench.desk.log(&EventFilter::default(), EventPage::Newest, 50).await.expect("the log");
    let shown = format!(
        "{events:?} {:?}",
        bench.desk.channels(&dana, &[], &BreakerSnapshot::default(), &KnownContacts::default())
    );
    for whole in ["15112345678", "WB-1@", "wb-1@"] {
        assert!(!shown.contains(whole), "{whole} is shown in full: {shown}");
    }
}

#[tokio::test]
async fn security_45_a_code_goes_to_the_address_stored_not_to_the_one_typed() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("wb-1", None).await;
    let found = bench.desk.identify("WB-1@EXAMPLE.ORG").await.expect("read");
    assert_eq!(found, countersign::service::customers::lookup::ExactMatch::One(dana.clone()));
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    let sent = bench.sender.sent.lock().expect("unpoisoned");
    assert_eq!(sent[0].to.as_str(), "wb-1@example.org");
}
