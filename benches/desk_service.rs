//! The cost of the socket: a look-up, a request and a verification through the desk service,
//! compared with the same calls to the embedded desk (the floor), alternating, over one store.
//!
//! ```sh
//! cargo bench --bench desk_service                       # SQLite
//! cargo bench --bench desk_service -- --store postgres   # a durable server of its own
//! ```

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

#[expect(dead_code, reason = "each bench uses its part")]
#[path = "store/place.rs"]
mod place;
#[path = "../tests/support/servers/mod.rs"]
mod servers;
#[expect(dead_code, reason = "each bench uses its part")]
#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countersign::domain::channel::Channel;
use countersign::domain::code::TypedCode;
use countersign::domain::contact::EmailAddress;
use countersign::domain::customer::{CustomerId, NewCustomer, PhonePolicy, Unsaid};
use countersign::domain::delivery::SendReport;
use countersign::domain::event::Actor;
use countersign::domain::explanation::Explanation;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::message::Outgoing;
use countersign::domain::policy::{OtpPolicy, RateLimits, Retention, SendLimits};
use countersign::domain::staff::Role;
use countersign::random::OsRandom;
use countersign::remote::{RemoteDesk, Server as DeskServer, ServerLimits, listen};
use countersign::service::api::{Answer, Authentication, Call, Caller, Door, EmbeddedDesk};
use countersign::service::customers::calls::FindCustomers;
use countersign::service::delivery::calls::DeliverCode;
use countersign::service::ports::senders::SendGuard;
use countersign::service::ports::{CustomerKey, Sender, Store};
use countersign::service::staff::StaffAct;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::{AskForCode, VerifyCode};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::verification::verify::Verification;
use countersign::service::{Desk, Office, Route, Senders};
use place::Place;
use servers::{Kind, Options, Server};
use support::{Figure, Report};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Customers; each desk verifies each of them once.
const CUSTOMERS: usize = 1_000;

/// A sender that keeps the latest code instead of sending it.
#[derive(Default)]
struct LastCode(Mutex<String>);

#[async_trait]
impl Sender for LastCode {
    fn provider(&self) -> &'static str {
        "none"
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        if guard.claim().await {
            message.facts.code.reveal().clone_into(&mut self.0.lock().expect("whole"));
        }
        SendReport::sent(None)
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("ready".into())
    }
}

/// One of the two desks, and the latencies of its calls.
struct Way<'a> {
    door: &'a dyn Door,
    sender: &'a LastCode,
    find: Figure,
    ask: Figure,
    verify: Figure,
}

impl<'a> Way<'a> {
    fn new(name: &str, door: &'a dyn Door, sender: &'a LastCode) -> Self {
        let [find, ask, verify] =
            ["find", "ask", "verify"].map(|call| Figure::new(format!("{call} by {name}")));
        Self { door, sender, find, ask, verify }
    }

    async fn call(door: &dyn Door, call: impl Into<Call>) -> Answer {
        door.handle(call.into(), RetryPolicy::brief()).await
    }

    /// One whole verification.
    async fn verify(&mut self, customer: CustomerId, account: &str, key: &str) {
        let find = FindCustomers { typed: account.to_owned(), limit: 20 };
        let found = self.find.time(Self::call(self.door, find)).await;
        assert!(found.error().is_none(), "{found:?}");
        let ask = AskForCode(CodeRequest {
            customer,
            channel: Channel::Email,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: format!("ask {key}"),
        });
        let asked = self.ask.time(Self::call(self.door, ask)).await;
        let Answer::AskForCode(Ok(CodeRequestOutcome::Ready(request))) = asked else {
            panic!("{asked:?}")
        };
        let deliver = DeliverCode { delivery: request.delivery.id, max_elapsed: Duration::ZERO };
        let sent = Self::call(self.door, deliver).await;
        assert!(sent.error().is_none(), "{sent:?}");
        let code = self.sender.0.lock().expect("whole").clone();
        let verify = VerifyCode {
            request: request.id,
            code: TypedCode(Zeroizing::new(code)),
            key: format!("verify {key}"),
            session: None,
        };
        let verified = self.verify.time(Self::call(self.door, verify)).await;
        assert!(
            matches!(verified, Answer::VerifyCode(Ok(Verification::Verified(_)))),
            "{verified:?}"
        );
    }
}

fn main() {
    let postgres = std::env::args().any(|it| it == "postgres");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure(postgres));
}

async fn measure(postgres: bool) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let server = postgres
        .then(|| Server::new(Kind::Postgres, Options { durable: true, ..Options::default() }));
    let place = match &server {
        Some(server) => Place::Postgres(server.database("bench").url),
        None => Place::Sqlite(folder.path().join("store.db")),
    };
    let sender = Arc::new(LastCode::default());
    let store: Arc<dyn Store> = Arc::new(place.open(6).await);
    let desk = desk(Arc::clone(&store), &sender);
    let customers = customers(&desk, &*store).await;
    let end = CancellationToken::new();
    let remote = service(&desk, folder.path(), end.clone()).await;
    let actor = Actor { clerk: "amira".into(), counter: "3".into() };
    let caller = Caller { actor, role: Role::Clerk, authentication: Authentication::OwnProcess };
    let embedded = EmbeddedDesk::new(desk, caller);
    let mut here = Way::new("the embedded desk", &embedded, &sender);
    let mut there = Way::new("the desk service", &remote, &sender);
    for (number, customer) in customers.iter().enumerate() {
        // Alternate which of the two is first.
        let mut ways = [(&mut here, "here"), (&mut there, "there")];
        if number % 2 == 1 {
            ways.reverse();
        }
        for (way, name) in ways {
            way.verify(*customer, &account(number), &format!("{name} {number}")).await;
        }
    }
    end.cancel();
    let mut report = Report::default();
    report.section(&format!("{}, {CUSTOMERS} verifications each", place.name()));
    for (there, here) in
        [(&there.find, &here.find), (&there.ask, &here.ask), (&there.verify, &here.verify)]
    {
        report.line(there, here);
    }
    report.print();
}

/// A desk service in this process, at which the current account is a clerk.
async fn service(desk: &Desk, folder: &Path, end: CancellationToken) -> RemoteDesk {
    let account = whoami::username().expect("an account").parse().expect("a plain name");
    desk.change_staff(&account, StaffAct::Add(Role::Clerk)).await.expect("added");
    let socket = folder.join("desk.sock");
    let listener = listen(&socket, None).await.expect("a socket");
    let server = DeskServer::new(desk.clone(), false, ServerLimits::default());
    drop(tokio::spawn(server.run(listener, end)));
    let connected = RemoteDesk::connect(&socket, Arc::new(OsRandom), false).await;
    connected.expect("connected").0
}

fn desk(store: Arc<dyn Store>, sender: &Arc<LastCode>) -> Desk {
    let sender: Arc<dyn Sender> = Arc::<LastCode>::clone(sender);
    let most = u32::MAX;
    let limits = RateLimits::hourly(SendLimits {
        per_contact: most,
        per_prefix: most,
        per_customer: most,
        per_clerk: most,
        per_counter: most,
        in_all: most,
    });
    let office = Office {
        name: "Riverside Billing".into(),
        purposes: vec!["pay a bill".into()],
        documents: vec!["passport".into()],
        otp: OtpPolicy { resend_cooldown: Duration::ZERO, ..OtpPolicy::default() },
        limits: RateLimits { wrong_codes_per_clerk: most, lookups_per_clerk: most, ..limits },
        phones: PhonePolicy::of("US"),
        retention: Retention::default(),
        external_customers: false,
        four_eyes: Vec::new(),
    };
    Desk::new(
        store,
        Senders { email: Some(Route::from(sender)), sms: None, whatsapp: None },
        Arc::new(OsRandom),
        Arc::new(Keyring::new(KeyId::new("k1").expect("a name"), Key::new([7; 32]))),
        office,
        Actor { clerk: "amira".into(), counter: "3".into() },
    )
    .expect("a desk")
}

fn account(number: usize) -> String {
    format!("WB-{number:04}")
}

async fn customers(desk: &Desk, store: &dyn Store) -> Vec<CustomerId> {
    let people: Vec<_> = (0..CUSTOMERS)
        .map(|number| NewCustomer {
            account_no: account(number),
            name: "Dana Rivera".into(),
            email: EmailAddress::parse(&format!("dana{number}@example.org")).ok(),
            phone: None,
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        })
        .collect();
    desk.import_batch(&people, false).await.expect("imported");
    let mut ids = Vec::new();
    for number in 0..CUSTOMERS {
        let account = account(number);
        let found = store.identify(CustomerKey::Account(&account)).await.expect("a search");
        ids.push(found.first().expect("a customer").id);
    }
    ids
}
