//! The store alone, on a town of a million customers: how fast it takes them
//! in, how fast each kind of search is, the hard ones too, what a verification
//! costs beside the bare guarded update, and how long it takes to open.
//!
//! ```sh
//! cargo bench --bench store
//! COUNTERSIGN_BENCH_CUSTOMERS=100000 cargo bench --bench store     # a shorter run
//! ```
//! The store is kept in `target/bench` and used again by the next run.

#![expect(
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on ends; its figures are rounded anyway"
)]

#[path = "support/people.rs"]
mod people;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign::config::settings::{CustomerSettings, StoreSettings};
use countersign::domain::channel::Channel;
use countersign::domain::code::{Binding, Code, Digest, Guess};
use countersign::domain::contact::{Contact, EmailAddress};
use countersign::domain::customer::CustomerId;
use countersign::domain::event::Actor;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::policy::{OtpPolicy, SendLimits};
use countersign::domain::query::Query;
use countersign::domain::request::{Reference, RequestId};
use countersign::domain::session::{SessionId, SessionToken};
use countersign::service::ports::{
    Attempt, Attempted, Issued, NewCode, NewDelivery, NewRequest, NewSession, Store,
};
use countersign::store::SqlStore;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use support::{Figure, Report};

const ROUNDS: u64 = 500;

#[tokio::main]
async fn main() {
    let customers = std::env::var("COUNTERSIGN_BENCH_CUSTOMERS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1_000_000_u64);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench/{customers}"));
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("store.db");
    let mut report = Report::default();
    import(&file, customers, &mut report).await;
    let floor = floor(&file).await;
    opening(&file, &floor, &mut report).await;
    let store = open(&file).await;
    search(&store, &floor, customers, &mut report).await;
    verify(&store, &floor, customers, &mut report).await;
    report.print();
}

async fn open(file: &Path) -> SqlStore {
    let settings = StoreSettings::Sqlite { file: file.to_owned() };
    SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store")
}

async fn import(file: &Path, customers: u64, report: &mut Report) {
    if file.exists() {
        return;
    }
    let part: PathBuf = file.with_extension("part");
    let _ = fs::remove_file(&part);
    let (mut writing, mut worst) = (Duration::ZERO, Duration::ZERO);
    let store = open(&part).await;
    for start in (0..customers).step_by(2_000) {
        let batch: Vec<_> = (start..customers.min(start + 2_000)).map(people::customer).collect();
        let since = Instant::now();
        store.import(&batch).await.expect("written");
        writing += since.elapsed();
        worst = worst.max(since.elapsed());
    }
    drop(store);
    report.note(&format!(
        "import of {customers} customers: {:.1} s in the store, {:.0} a second, \
         the longest batch {:.0} ms",
        writing.as_secs_f64(),
        customers as f64 / writing.as_secs_f64(),
        worst.as_secs_f64() * 1e3
    ));
    // The last connection folds the write-ahead log into the file.
    floor(&part).await.close().await;
    fs::rename(&part, file).expect("renamed");
}

/// A bare connection with the durability of the store's own.
async fn floor(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .expect("a connection");
    for text in [
        "CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY, attempts BIGINT)",
        "INSERT OR REPLACE INTO floor VALUES (1, 0)",
    ] {
        sqlx::query(text).execute(&pool).await.expect("written");
    }
    pool
}

async fn opening(file: &Path, floor: &SqlitePool, report: &mut Report) {
    report.section("from nothing to the first answer");
    let mut bare = Figure::new("bare");
    let mut figure = Figure::new("open, then find a customer");
    for round in 0..50 {
        let query = sqlx::query("SELECT attempts FROM floor WHERE id = 1");
        bare.time(query.fetch_one(floor)).await.expect("a row");
        let typed = people::account(round);
        let first = async {
            let store = open(file).await;
            let query = Query::parse(&typed).expect("a search");
            store.find_customers(&query, 20).await.expect("an answer");
            store
        };
        drop(figure.time(first).await);
    }
    report.line(&figure, &bare);
}

/// What is typed for a number drawn at random.
type Typed = fn(u64) -> String;

const SEARCHES: [(&str, Typed); 25] = [
    ("account", people::account),
    ("account, its last digits", |n| format!("{:05}", n % 100_000)),
    ("account, three digits", |n| format!("{:03}", n % 1_000)),
    ("email", people::email),
    ("phone", people::phone),
    ("phone, its last four", |n| format!("{:04}", n % 10_000)),
    ("phone, its last six", |n| format!("{:06}", n % 1_000_000)),
    ("first and last name", |n| format!("{} {}", people::first(n), people::last(n))),
    ("last and first name", |n| format!("{} {}", people::last(n), people::first(n))),
    ("last name", |n| people::last(n).to_owned()),
    ("name, three letters", |n| people::first(n).chars().take(3).collect()),
    ("one letter", |n| people::first(n).chars().take(1).collect()),
    ("name and two letters", |n| {
        format!("{} {}", people::last(n), people::first(n).chars().take(2).collect::<String>())
    }),
    ("ann", |_| "ann".into()),
    ("wb-", |_| "wb-".into()),
    ("gmail", |_| "gmail".into()),
    ("no hit", |n| format!("zzq{}", n % 100)),
    ("no hit among common parts", |n| format!("{} zzq", people::last(n))),
    ("two last names that never meet", |n| format!("{} {}", people::last(n), people::last(n + 1))),
    ("mann ann son", |_| "mann ann son".into()),
    ("smith james outlook", |_| "smith james outlook".into()),
    ("gmail yahoo", |_| "gmail yahoo".into()),
    ("yahoo outlook wb-0", |_| "yahoo outlook wb-0".into()),
    ("0000000", |_| "0000000".into()),
    ("com gmail.con", |_| "com gmail.con".into()),
];

async fn search(store: &SqlStore, floor: &SqlitePool, customers: u64, report: &mut Report) {
    report.section(&format!("searches among {customers} customers, 21 hits at most"));
    let mut bare = Figure::new("bare");
    for round in 0..ROUNDS {
        let account = people::account(people::scattered(round) % customers);
        let query = sqlx::query("SELECT * FROM core_customer WHERE account_no = ?").bind(&account);
        bare.time(query.fetch_one(floor)).await.expect("a customer");
    }
    for (label, typed) in SEARCHES {
        let mut figure = Figure::new(label);
        for round in 0..ROUNDS {
            let typed = typed(people::scattered(round) % customers);
            let query = Query::parse(&typed).expect("a search");
            figure.time(store.find_customers(&query, 21)).await.expect("an answer");
        }
        report.line(&figure, &bare);
    }
}

async fn verify(store: &SqlStore, floor: &SqlitePool, customers: u64, report: &mut Report) {
    report.section("asking and verifying, durable commits");
    let mut bare = Figure::new("bare guarded update");
    let [mut ask, mut wrong, mut right] =
        ["ask", "a wrong code", "the right code"].map(Figure::new);
    let keyring = Keyring::new(KeyId::new("bench").expect("a name"), Key::new([7; 32]));
    let policy = OtpPolicy { resend_cooldown: Duration::ZERO, ..OtpPolicy::default() };
    let most = u32::MAX;
    let limits = SendLimits {
        per_contact: most,
        per_customer: most,
        per_clerk: most,
        per_counter: most,
        in_all: most,
    };
    let actor = Actor { clerk: "bench".into(), counter: "1".into() };
    let begin = store.now().await.expect("a clock").millis().unsigned_abs() << 10;
    for round in 0..ROUNDS {
        let update = sqlx::query(
            "UPDATE floor SET attempts = attempts + 1 WHERE id = 1 AND attempts < 1000000000",
        );
        bare.time(update.execute(floor)).await.expect("updated");
        let draw = people::scattered(begin + round);
        let id = RequestId::from_bits(draw & ((1 << 50) - 1));
        let code = Code::from_number(123_456, 6);
        let binding = Binding { purpose: "pay bill", request: &id, generation: 1 };
        let number = i64::try_from(draw % customers).expect("fits") + 1;
        let issued = ask.time(store.issue(NewRequest {
            id: id.clone(),
            customer: CustomerId(number),
            purpose: "pay bill",
            idempotency: id.as_str(),
            code: NewCode {
                digest: Digest::of(&code, binding, keyring.current().1),
                key_id: keyring.current().0.clone(),
                reference: Reference::from_bits(draw),
            },
            delivery: NewDelivery {
                channel: Channel::Email,
                contact: Contact::Email(
                    EmailAddress::parse(&format!("c{draw}@example.org")).expect("an address"),
                ),
                provider: "nowhere",
            },
            policy: &policy,
            limits: &limits,
            actor: &actor,
        }));
        assert!(matches!(issued.await, Ok(Issued::Fresh(_))));
        for (number, figure) in [(7, &mut wrong), (123_456, &mut right)] {
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&draw.to_be_bytes());
            let typed = Code::from_number(number, 6);
            let act = format!("{draw}-{number}");
            let attempt = store.attempt(Attempt {
                request: &id,
                act: &act,
                guess: Guess { code: &typed, keyring: &keyring },
                session: NewSession {
                    id: SessionId::from_bits(draw & ((1 << 50) - 1)),
                    token_digest: SessionToken::new(secret).digest(),
                },
                policy: &policy,
                actor: &actor,
            });
            let attempted = figure.time(attempt).await.expect("an answer");
            assert!(!matches!(attempted, Attempted::NotFound));
        }
    }
    for figure in [&ask, &wrong, &right] {
        report.line(figure, &bare);
    }
}
