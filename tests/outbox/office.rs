//! A desk on a store of its own with the senders of a test.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::config::settings::{CustomerSettings, StoreSettings};
use countersign::domain::channel::Channel;
use countersign::domain::contact::{EmailAddress, PhoneNumber};
use countersign::domain::customer::{CustomerId, NewCustomer, PhonePolicy, Unsaid};
use countersign::domain::delivery::DeliveryState;
use countersign::domain::event::{Actor, EventFilter, EventKind, EventPage};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::policy::{OtpPolicy, RateLimits, Retention, SendLimits};
use countersign::domain::request::Request;
use countersign::random::OsRandom;
use countersign::service::ports::{CustomerKey, Sender, Store};
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::{Desk, Office as Rules, Route, Senders};
use countersign::store::SqlStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::breaking::Breaking;
use crate::signed_notices;

/// Longer than anything here takes on a busy machine.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

/// The claim time-out of a terminal whose store is slow, shorter than that store takes.
const CLAIM_TIMEOUT: Duration = Duration::from_millis(500);

/// An office with one customer, whose messages all go by one sender.
pub(crate) struct Office {
    pub(crate) desk: Desk,
    pub(crate) store: Arc<dyn Store>,
    folder: TempDir,
    sender: Arc<dyn Sender>,
    expiry: Duration,
    customer: CustomerId,
    asked: AtomicUsize,
}

impl Office {
    pub(crate) async fn new(sender: Arc<dyn Sender>, expiry: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(&folder).await;
        let desk = desk(Arc::clone(&store), &sender, expiry);
        let dana = NewCustomer {
            account_no: "WB-1".into(),
            name: "Dana Rivera".into(),
            email: Some(EmailAddress::parse("dana@example.org").expect("an address")),
            phone: Some(PhoneNumber::parse("+1 555 010 0142", "US").expect("a number")),
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        };
        desk.import_batch(&[dana], false).await.expect("imported");
        let found = store.identify(CustomerKey::Account("WB-1")).await.expect("a search");
        let customer = found.first().expect("the customer").id;
        Self { desk, store, folder, sender, expiry, customer, asked: AtomicUsize::new(0) }
    }

    /// The customer's address is changed.
    pub(crate) async fn change_address(&self, address: &str) {
        let customer = self.desk.customer(self.customer).await.expect("read").expect("Dana");
        let phone = customer.phone.as_deref();
        let changed = NewCustomer {
            account_no: customer.account_no,
            name: customer.name,
            email: Some(EmailAddress::parse(address).expect("an address")),
            phone: phone.map(|raw| PhoneNumber::parse(raw, "US").expect("a number")),
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        };
        self.desk.import_batch(&[changed], false).await.expect("imported");
    }

    /// Another terminal of the same office.
    pub(crate) async fn terminal(&self) -> Desk {
        desk(store(&self.folder).await, &self.sender, self.expiry)
    }

    /// One whose store is lost as long as there is a file of this name.
    pub(crate) async fn losing_terminal(&self) -> (Desk, PathBuf) {
        let store = Breaking::over(store(&self.folder).await);
        store.lost_by_file(self.folder.path());
        let desk = desk(store, &self.sender, self.expiry)
            .with_claim_timeout(CLAIM_TIMEOUT)
            .with_retry_policy(RetryPolicy::brief().with_max_elapsed(Duration::from_millis(500)));
        (desk, self.folder.path().join("lost"))
    }

    /// Asks for a code, each for a purpose of its own; nothing is sent yet.
    pub(crate) async fn ask(&self, channel: Channel) -> Request {
        let ask = CodeRequest {
            customer: self.customer,
            channel,
            purpose: format!("purpose {}", self.asked.fetch_add(1, Ordering::Relaxed)),
            representative: None,
            idempotency: self.desk.new_idempotency_key().expect("a name"),
        };
        match self.desk.ask(&ask).await.expect("an answer") {
            CodeRequestOutcome::Ready(request) => request,
            other => panic!("no code: {other:?}"),
        }
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn sql(&self, text: &str) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("desk.db"));
        let mut raw = options.disable_statement_logging().connect().await.expect("a connection");
        sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut raw).await.expect("done");
    }

    async fn notices(&self) -> Vec<String> {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("desk.db"));
        let mut raw = options.disable_statement_logging().connect().await.expect("a connection");
        sqlx::query_scalar(signed_notices::ROWS).fetch_all(&mut raw).await.expect("rows")
    }

    /// Lets so many milliseconds pass for what is still to be done.
    pub(crate) async fn pass(&self, millis: u64) {
        self.sql(&format!(
            "UPDATE core_outbox SET due_at = due_at - {millis}, begun_at = begun_at - {millis}; \
             UPDATE core_notice SET due_at = due_at - {millis}, created_at = created_at - {millis}"
        ))
        .await;
        let signed = self.notices().await;
        let signed = signed.iter().map(|row| signed_notices::statement(row, &ring()));
        self.sql(&signed.collect::<String>()).await;
    }

    /// Works the outbox until the message has come to such an end, or nothing is
    /// left to be done.
    pub(crate) async fn work(&self, request: &Request, is_end: impl Fn(DeliveryState) -> bool) {
        let end = CancellationToken::new();
        let (terminal, over) = (self.desk.clone(), end.clone());
        let worker = tokio::spawn(async move { terminal.run_outbox(4, over, |_, _| {}).await });
        let begun = Instant::now();
        while self.desk.next_due().await.expect("an answer").is_some()
            && !is_end(self.now(request).await.delivery.state)
        {
            assert!(begun.elapsed() < TEST_TIMEOUT, "there is always more to do");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        end.cancel();
        worker.await.expect("an end");
    }

    /// The request as it is now.
    pub(crate) async fn now(&self, request: &Request) -> Request {
        self.desk.request(&request.id).await.expect("an answer").expect("the request")
    }

    /// What the log says of messages, in order.
    pub(crate) async fn said(&self) -> Vec<EventKind> {
        let filter = EventFilter::default();
        let events = self.store.events(&filter, EventPage::Newest, 999).await.expect("the log");
        let kinds = events.iter().rev().map(|it| it.kind);
        kinds.filter(|it| !matches!(it, EventKind::Requested | EventKind::Imported)).collect()
    }
}

async fn store(folder: &TempDir) -> Arc<dyn Store> {
    let settings = StoreSettings::Sqlite { file: folder.path().join("desk.db") };
    Arc::new(SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store"))
}

fn ring() -> Keyring {
    Keyring::new(KeyId::new("k1").expect("a name"), Key::new([7; 32]))
}

fn desk(store: Arc<dyn Store>, sender: &Arc<dyn Sender>, expiry: Duration) -> Desk {
    let route = || Route::from(Arc::clone(sender));
    let rules = Rules {
        name: "Riverside Billing".into(),
        purposes: (0..2_000).map(|it| format!("purpose {it}").into()).collect(),
        documents: vec!["passport".into()],
        otp: OtpPolicy { resend_cooldown: Duration::ZERO, expiry, ..OtpPolicy::default() },
        limits: RateLimits::hourly(SendLimits {
            per_contact: 100,
            per_customer: 100,
            ..SendLimits::HOUR
        }),
        phones: PhonePolicy::of("US"),
        retention: Retention::default(),
        external_customers: false,
        four_eyes: Vec::new(),
    };
    Desk::new(
        store,
        Senders { email: Some(route()), sms: Some(route()), whatsapp: Some(route()) },
        Arc::new(OsRandom),
        Arc::new(ring()),
        rules,
        Actor { clerk: "amira".into(), counter: "3".into() },
    )
    .expect("a desk")
}
