//! Messages per second from the outbox to a mail server, compared with loops that pass the same
//! messages to the same sender without a store, sequentially and eight concurrently as the worker
//! does. The measurements alternate in one run, for servers that answer at once and for slower
//! ones.
//!
//! ```sh
//! cargo bench --bench delivery                       # SQLite
//! cargo bench --bench delivery -- --store postgres   # a durable server of its own
//! ```

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on ends, and prints its report"
)]
#![expect(clippy::cast_precision_loss, reason = "its figures are rounded anyway")]

#[path = "../tests/support/message.rs"]
mod message;
#[expect(dead_code, reason = "each bench uses its part")]
#[path = "store/place.rs"]
mod place;
#[expect(dead_code, reason = "the tests hold it at points of a conversation")]
#[path = "../tests/outbox/post_office.rs"]
mod post_office;
#[path = "../tests/support/servers/mod.rs"]
mod servers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::config::settings::{EmailSettings, TraySettings};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::channel::Channel;
use countersign::domain::contact::EmailAddress;
use countersign::domain::customer::{CustomerId, NewCustomer, PhonePolicy, Unsaid};
use countersign::domain::delivery::DeliveryState;
use countersign::domain::event::Actor;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::policy::{OtpPolicy, RateLimits, Retention, SendLimits};
use countersign::random::OsRandom;
use countersign::service::ports::{CustomerKey, Sender, Store};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::{Desk, Office, Route, Senders};
use place::{Bare, Place};
use post_office::{At, Does, PostOffice};
use servers::{Kind, Options, Server};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Messages per measurement.
const MESSAGES: usize = 500;
/// Measurements of each kind.
const ROUNDS: usize = 5;
/// Concurrent messages, as in `countersign deliver`.
const AT_ONCE: usize = 8;
/// Latencies of the mail server per letter.
const LATENCIES: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(50)];

/// Messages per second in each round.
#[derive(Default)]
struct Rates(Vec<f64>);

impl Rates {
    fn add(&mut self, took: Duration) {
        self.0.push(MESSAGES as f64 / took.as_secs_f64());
    }

    fn median(&self) -> f64 {
        let mut rates = self.0.clone();
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    }
}

struct Run<'a> {
    post: &'a PostOffice,
    desk: Desk,
    bare: Bare,
    sender: Arc<dyn Sender>,
    customers: Vec<CustomerId>,
}

fn main() {
    let postgres = std::env::args().any(|it| it == "postgres");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure(postgres));
}

async fn measure(postgres: bool) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let server = postgres.then(|| {
        let durable = Options { durable: true, ..Options::default() };
        Server::new(Kind::Postgres, durable)
    });
    let place = match &server {
        Some(server) => Place::Postgres(server.database("bench").url),
        None => Place::Sqlite(folder.path().join("store.db")),
    };
    println!(
        "{}, {MESSAGES} messages, median of {ROUNDS}, in messages a second\n\
         {:<22}{:>12}{:>12}{:>9}{:>14}{:>9}",
        place.name(),
        "server's answer after",
        "worker",
        "one by one",
        "ratio",
        "eight at once",
        "ratio"
    );
    for latency in LATENCIES {
        let plan = (!latency.is_zero()).then_some((At::Letter, Does::Wait(latency)));
        let post = PostOffice::start(move |_| plan).await;
        let run = Run::new(&place, &post).await;
        let [mut worker, mut alone, mut eight] = [(); 3].map(|()| Rates::default());
        for _ in 0..ROUNDS {
            alone.add(run.floor(1).await);
            eight.add(run.floor(AT_ONCE).await);
            worker.add(run.worker().await);
        }
        assert_eq!(post.count(), 3 * ROUNDS * MESSAGES, "each came once");
        let (worker, alone, eight) = (worker.median(), alone.median(), eight.median());
        println!(
            "{:<22}{worker:>12.0}{alone:>12.0}{:>8.2}×{eight:>14.0}{:>8.2}×",
            format!("{} ms", latency.as_millis()),
            worker / alone,
            worker / eight
        );
    }
}

impl<'a> Run<'a> {
    async fn new(place: &Place, post: &'a PostOffice) -> Self {
        let store: Arc<dyn Store> = Arc::new(place.open(6).await);
        let email = EmailSettings::Smtp(post.settings());
        let tray = TraySettings { file: "unused".into() };
        let sender =
            delivery::email_sender(&email, &tray, &message::templates(), SendTimeouts::default())
                .expect("a sender")
                .expect("it is on");
        let route = || Route::from(Arc::clone(&sender));
        let most = RateLimits::hourly(SendLimits {
            per_contact: 1_000_000,
            per_prefix: 1_000_000,
            per_customer: 1_000_000,
            per_clerk: 1_000_000,
            per_counter: 1_000_000,
            in_all: 1_000_000,
        });
        let office = Office {
            name: "Riverside Billing".into(),
            purposes: vec!["pay a bill".into()],
            documents: vec!["passport".into()],
            otp: OtpPolicy { resend_cooldown: Duration::ZERO, ..OtpPolicy::default() },
            limits: most,
            phones: PhonePolicy::of("US"),
            retention: Retention::default(),
            external_customers: false,
            four_eyes: Vec::new(),
        };
        let keys = Keyring::new(KeyId::new("k1").expect("a name"), Key::new([7; 32]));
        let desk = Desk::new(
            Arc::clone(&store),
            Senders { email: Some(route()), sms: Some(route()), whatsapp: None },
            Arc::new(OsRandom),
            Arc::new(keys),
            office,
            Actor { clerk: "amira".into(), counter: "3".into() },
        )
        .expect("a desk");
        let customers = customers(&desk, &*store).await;
        Self { post, desk, bare: place.bare(1).await, sender, customers }
    }

    /// The sender without a store, with this many concurrent messages.
    async fn floor(&self, at_once: usize) -> Duration {
        let begun = Instant::now();
        let mut running = JoinSet::new();
        for number in 0..MESSAGES {
            if running.len() == at_once {
                running.join_next().await.expect("one").expect("an end");
            }
            let sender = Arc::clone(&self.sender);
            running.spawn(async move {
                let report = sender.send(&message::to(&email(number))).await;
                assert_eq!(report.state, DeliveryState::Sent, "{report:?}");
            });
        }
        running.join_all().await;
        begun.elapsed()
    }

    /// The worker: from a full outbox to an empty one.
    async fn worker(&self) -> Duration {
        for customer in &self.customers {
            let ask = CodeRequest {
                customer: *customer,
                channel: Channel::Email,
                purpose: "pay a bill".into(),
                representative: None,
                idempotency: self.desk.new_idempotency_key().expect("a name"),
            };
            let asked = self.desk.ask(&ask).await.expect("an answer");
            assert!(matches!(asked, CodeRequestOutcome::Ready(_)), "{asked:?}");
        }
        // Make them due.
        self.bare.run("UPDATE core_outbox SET due_at = due_at - 60000").await;
        let before = self.post.count();
        let end = CancellationToken::new();
        let (desk, over) = (self.desk.clone(), end.clone());
        let begun = Instant::now();
        let worker = tokio::spawn(async move { desk.run_outbox(AT_ONCE, over, |_, _| {}).await });
        while self.post.count() < before + MESSAGES
            || self.desk.next_due().await.expect("an answer").is_some()
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let took = begun.elapsed();
        end.cancel();
        worker.await.expect("an end");
        took
    }
}

fn email(number: usize) -> String {
    format!("dana{number}@example.org")
}

async fn customers(desk: &Desk, store: &dyn Store) -> Vec<CustomerId> {
    let account = |number: usize| format!("WB-{number:04}");
    let people: Vec<_> = (0..MESSAGES)
        .map(|number| NewCustomer {
            account_no: account(number),
            name: "Dana Rivera".into(),
            email: Some(EmailAddress::parse(&email(number)).expect("an address")),
            phone: None,
            address: None,
            locale: None,
            balance: None,
            unsaid: Unsaid::default(),
        })
        .collect();
    desk.import_batch(&people, false).await.expect("imported");
    let mut ids = Vec::new();
    for number in 0..MESSAGES {
        let account = account(number);
        let found = store.identify(CustomerKey::Account(&account)).await.expect("a search");
        ids.push(found.first().expect("a customer").id);
    }
    ids
}
