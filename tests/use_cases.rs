//! The desk's use cases on a real store, with senders that do as they are told.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "use_cases/approvals.rs"]
mod approvals;
#[path = "support/breaking.rs"]
mod breaking;
#[path = "use_cases/broken_connection.rs"]
mod broken_connection;
#[path = "use_cases/door.rs"]
mod door;
#[path = "use_cases/late.rs"]
mod late;
#[path = "use_cases/policy.rs"]
mod policy;
#[path = "use_cases/privacy.rs"]
mod privacy;
#[path = "use_cases/remote.rs"]
mod remote;
#[path = "use_cases/sign_in.rs"]
mod sign_in;
#[path = "use_cases/staff.rs"]
mod staff;
#[path = "use_cases/worker.rs"]
mod worker;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign::config::settings::{CustomerSettings, StoreSettings};
use countersign::domain::channel::{Assurance, Channel};
use countersign::domain::contact::{ContactKind, EmailAddress, PhoneNumber};
use countersign::domain::customer::{Customer, NewCustomer, PhonePolicy, Unsaid};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::event::{Actor, EventFilter, EventKind, EventPage};
use countersign::domain::explanation::Explanation;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::message::{ChangeNotice, Outgoing, TestMessage};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{
    OtpPolicy, RateLimit, RateLimits, RateWindow, Retention, SendLimits,
};
use countersign::domain::request::{Request, Status};
use countersign::random::OsRandom;
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
    told: Mutex<Vec<ChangeNotice>>,
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

    async fn send_notice(&self, notice: &ChangeNotice) -> SendReport {
        self.told.lock().expect("unpoisoned").push(notice.clone());
        self.report.clone()
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("fine".into())
    }
}

/// By whom changed contacts are told.
const SCRIPTED: NoticeProviders =
    NoticeProviders { email: Some("scripted"), sms: Some("scripted") };

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
        self.desk.new_act().expect("a key")
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
        self.store.import(&[customer], SCRIPTED, self.desk.actor(), false).await.expect("imported");
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
            idempotency: self.desk.new_act().expect("a name"),
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
            Verification::Verified(_) => Outcome::Verified,
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
async fn the_same_act_told_twice_sends_once() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let ask = CodeRequest {
        customer: dana.id,
        channel: Channel::Email,
        purpose: "pay a bill".into(),
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
async fn security_05_a_new_code_does_not_reset_the_count() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    let (request, first) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    for _ in 0..3 {
        assert_eq!(bench.verify(&request, &other(&first)).await, Outcome::Wrong);
    }
    let resent = bench.desk.resend(&request.id, 1).await.expect("asked").expect("there");
    let (request, second) = bench.send(resent).await;
    let superseded = if first == second { Outcome::Verified } else { Outcome::Superseded };
    assert_eq!(bench.verify(&request, &first).await, superseded);
    assert_eq!(bench.verify(&request, "000000").await, Outcome::Wrong);
    assert_eq!(bench.verify(&request, &second).await, Outcome::Locked);
}

#[tokio::test]
async fn security_06_wrong_codes_in_a_row_lock_the_customer_until_staff_unlock() {
    let bench = Bench::new(Scripted::fine(), |office| office.otp.failure_cap = 4).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for (channel, wrong) in [(Channel::Email, 3), (Channel::Sms, 1)] {
        let (request, code) = bench.send(bench.ask(&dana, channel).await).await;
        for _ in 0..wrong {
            assert_eq!(bench.verify(&request, &other(&code)).await, Outcome::Wrong);
        }
        if channel == Channel::Sms {
            // The lock ends the pending code: even the right one is refused.
            assert_eq!(bench.verify(&request, &code).await, Outcome::Locked);
        }
    }
    assert_eq!(refused(bench.ask(&dana, Channel::Email).await).outcome, Outcome::Locked);
    assert!(
        bench.desk.unlock("first", dana.id, "showed an identity card").await.expect("unlocked")
    );
    assert!(!bench.desk.unlock("second", dana.id, "again").await.expect("unlocked"));
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
    let of_dana = EventFilter { customer: Some(dana.id), ..EventFilter::default() };
    let events = bench.desk.log(&of_dana, EventPage::Newest, 50).await.expect("the log");
    let unlocks: Vec<_> = events.iter().filter(|it| it.kind == EventKind::Unlocked).collect();
    assert_eq!(unlocks.len(), 1);
    assert_eq!(unlocks[0].detail.as_deref(), Some("showed an identity card"));
    assert_eq!(unlocks[0].actor.clerk, "amira");
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
        .channels(&dana, &[], &BreakerSnapshot::default())
        .into_iter()
        .find(|it| it.channel == Channel::Email);
    assert!(email.expect("offered").refusal.is_some());
}

#[tokio::test]
async fn security_19_a_thousand_numbers_outside_the_list_send_nothing() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let batch: Vec<NewCustomer> = (0..1_000)
        .map(|number| NewCustomer {
            account_no: format!("WB-{number}"),
            name: "Abroad".into(),
            email: None,
            phone: Some(PhoneNumber::parse(&format!("+1876555{number:04}"), "DE").expect("number")),
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        })
        .collect();
    bench.store.import(&batch, SCRIPTED, bench.desk.actor(), false).await.expect("imported");
    for number in 0..1_000 {
        let account = format!("WB-{number}");
        let found = bench.desk.identify(&account).await.expect("read");
        let countersign::service::customers::lookup::ExactMatch::One(customer) = found else {
            panic!("{account}: {found:?}")
        };
        let refusal = refused(bench.ask(&customer, Channel::Sms).await);
        assert_eq!(refusal.outcome, Outcome::NoContact);
    }
    assert_eq!(bench.sender.calls(), 0);
}

#[tokio::test]
async fn security_19_limits_are_taken_before_the_send() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.per_hour.per_contact = 2).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    for _ in 0..2 {
        bench.send(bench.ask(&dana, Channel::Sms).await).await;
    }
    let refusal = refused(bench.ask(&dana, Channel::Sms).await);
    assert_eq!(refusal.outcome, Outcome::Limited);
    assert!(refusal.retry_at.is_some());
    // The limit is the contact's: another channel is still open.
    assert!(matches!(bench.ask(&dana, Channel::Email).await, CodeRequestOutcome::Ready(_)));
    let filter = EventFilter { outcome: Some(Outcome::Limited), ..EventFilter::default() };
    let events = bench.desk.log(&filter, EventPage::Newest, 10).await.expect("the log");
    assert_eq!(events.len(), 1);
    assert_eq!(bench.sender.calls(), 2);
}

#[tokio::test]
async fn another_code_that_is_refused_belongs_to_the_requests_timeline() {
    let bench = Bench::new(Scripted::fine(), |office| {
        office.otp.resend_cooldown = std::time::Duration::from_secs(30);
    })
    .await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, _) = bench.send(bench.ask(&dana, Channel::Sms).await).await;
    let asked = bench.desk.resend(&request.id, 1).await.expect("an answer").expect("there");
    assert_eq!(refused(asked).outcome, Outcome::Limited);
    let timeline = bench.desk.timeline(&request.id).await.expect("the log");
    assert_eq!(timeline.last().map(|it| it.kind), Some(EventKind::Refused), "{timeline:?}");
}

#[tokio::test]
async fn security_17_a_changed_contact_is_refused_in_words_with_an_entry_and_another_channel() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Email).await).await;
    let changed = bench.changed(&dana, "mallory@example.org").await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Superseded);

    let refusal = refused(bench.ask(&changed, Channel::Email).await);
    let waiting = refusal.quarantine.as_ref().expect("the reason");
    assert_eq!(waiting.instead, [Channel::Sms, Channel::Whatsapp]);
    assert_eq!(
        (refusal.outcome, refusal.retry_at),
        (Outcome::Limited, Some(waiting.quarantine.until))
    );
    let filter = EventFilter { outcome: Some(Outcome::Limited), ..EventFilter::default() };
    let events = bench.desk.log(&filter, EventPage::Newest, 10).await.expect("the log");
    assert_eq!((events.len(), events[0].kind), (1, EventKind::Refused));
    assert!(events[0].detail.as_deref().is_some_and(|it| it.contains("was changed")), "{events:?}");
    // It is told before it is tried, and the other channels come first.
    let waiting = bench.desk.waiting_contacts(&[changed.id]).await.expect("an answer");
    let offered = bench.desk.channels(&changed, &waiting, &BreakerSnapshot::default());
    let stands: Vec<_> = offered.iter().map(|it| (it.channel, it.waits_until)).collect();
    let (usable, last) = ([Channel::Sms, Channel::Whatsapp], (Channel::Email, refusal.retry_at));
    assert_eq!(stands, [(usable[0], None), (usable[1], None), last]);
    let (request, code) = bench.send(bench.ask(&changed, Channel::Sms).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);

    let confirm =
        bench.desk.confirm_contact("an act", dana.id, ContactKind::Email, "showed a passport");
    assert!(confirm.await.expect("confirmed"));
    assert!(bench.desk.waiting_contacts(&[changed.id]).await.expect("an answer").is_empty());
    let (request, code) = bench.send(bench.ask(&changed, Channel::Email).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
}

#[tokio::test]
async fn security_17_where_both_contacts_were_changed_no_channel_is_offered() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let mut dana = bench.customer("WB-1", Some("0151 12345678")).await;
    dana.phone = Some("0160 7654321".into());
    let changed = bench.changed(&dana, "mallory@example.org").await;
    for channel in [Channel::Email, Channel::Sms, Channel::Whatsapp] {
        let refusal = refused(bench.ask(&changed, channel).await);
        let waiting = refusal.quarantine.expect("the reason");
        assert!(waiting.instead.is_empty() && waiting.quarantine.other_until.is_some());
        assert!(refusal.reason.contains("both"), "{}", refusal.reason);
    }
}

#[tokio::test]
async fn security_17_the_old_contact_is_told_once_and_never_a_code() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.changed(&dana, "mallory@example.org").await;
    for _ in 0..2 {
        bench.desk.work_off_outbox(4).await.expect("worked off");
    }
    let told = bench.sender.told.lock().expect("unpoisoned").clone();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to.as_str(), "WB-1@example.org");
    assert_eq!((&*told[0].office, &*told[0].customer), ("Riverside Billing", "Dana Rivera"));
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 1).await.expect("the log");
    assert_eq!(log[0].kind, EventKind::NoticeSent);
    assert_eq!(log[0].contact.as_deref(), Some("W***@example.org"));
}

#[tokio::test]
async fn security_17_a_notice_that_nobody_could_tell_is_given_up_and_never_told_by_another_provider()
 {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.changed(&dana, "mallory@example.org").await;
    bench
        .behind_its_back(
            "UPDATE core_notice SET provider = 'elsewhere', created_at = created_at - 432000001",
        )
        .await;
    bench.desk.work_off_outbox(4).await.expect("worked off");
    assert!(bench.sender.told.lock().expect("unpoisoned").is_empty());
    let log = bench.desk.log(&EventFilter::default(), EventPage::Newest, 1).await.expect("the log");
    assert_eq!(log[0].kind, EventKind::NoticeNotSent);
    let why = "No terminal with elsewhere was there to tell it.";
    assert_eq!(log[0].detail.as_deref(), Some(why));
    bench.desk.work_off_outbox(4).await.expect("nothing is left");
    let again =
        bench.desk.log(&EventFilter::default(), EventPage::Newest, 1).await.expect("the log");
    assert_eq!(again[0].id, log[0].id);
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
    let shown =
        format!("{events:?} {:?}", bench.desk.channels(&dana, &[], &BreakerSnapshot::default()));
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

#[tokio::test]
async fn a_test_message_is_in_the_log_and_goes_to_allowed_countries_alone() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let refused = bench.desk.send_test("+1 212 555 0142").await;
    assert!(matches!(refused, Err(TestMessageError::Contact(_))), "{refused:?}");
    for (typed, masked) in [("admin@example.org", "a***@example.org"), ("0151 12345678", "+4")] {
        let trials = bench.desk.send_test(typed).await.expect("sent");
        assert_eq!(trials.len(), 1, "there is no fallback");
        assert!(trials[0].contact.starts_with(masked), "{trials:?}");
    }
    let events =
        bench.desk.log(&EventFilter::default(), EventPage::Newest, 9).await.expect("the log");
    let told: Vec<_> = events.iter().map(|it| (it.kind, it.contact.clone())).collect();
    assert_eq!(told.len(), 4, "before and after each: {told:?}");
    assert!(told.iter().all(|(kind, _)| *kind == EventKind::Tested));
    assert_eq!(told[3].1.as_deref(), Some("a***@example.org"));
}

#[tokio::test]
async fn security_19_test_messages_count_with_all_others_before_they_are_sent() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.per_hour.per_contact = 2).await;
    let dana = bench.customer("wb-1", None).await;
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    let sent = bench.sender.calls();
    bench.desk.send_test("wb-1@example.org").await.expect("there is room for one more");
    let limited = bench.desk.send_test("wb-1@example.org").await;
    let Err(TestMessageError::Limited(refusal)) = limited else { panic!("{limited:?}") };
    assert_eq!(refusal.limit, RateLimit::Contact(RateWindow::Hour));
    let wait = refusal.retry_at.since(bench.desk.now().await.expect("a clock"));
    assert!(wait.as_secs() > 3_500 && wait.as_secs() <= 3_600, "{wait:?}");
    assert_eq!(bench.sender.calls() - sent, 1, "nothing was sent after the limit");
    bench.desk.send_test("other@example.org").await.expect("another contact has its own");
}

#[tokio::test]
async fn security_19_codes_and_test_messages_share_one_budget_of_the_office() {
    let bench = Bench::new(Scripted::fine(), |office| office.limits.per_hour.in_all = 3).await;
    let dana = bench.customer("wb-1", None).await;
    let bo = bench.customer("wb-2", None).await;
    bench.desk.send_test("admin@example.org").await.expect("the first");
    bench.send(bench.ask(&dana, Channel::Email).await).await;
    bench.desk.send_test("admin@example.org").await.expect("the third");
    let sent = bench.sender.calls();
    let asked = bench.ask(&bo, Channel::Email).await;
    let CodeRequestOutcome::Refused(refusal) = asked else { panic!("{asked:?}") };
    assert_eq!(
        (refusal.outcome, &*refusal.reason),
        (Outcome::Limited, RateLimit::Office(RateWindow::Hour).sentence())
    );
    let limited = bench.desk.send_test("other@example.org").await;
    assert!(matches!(limited, Err(TestMessageError::Limited(_))), "{limited:?}");
    assert_eq!(bench.sender.calls(), sent, "three in all, whatever they hold");
}
