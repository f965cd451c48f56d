//! The desk on a store of a million customers, each act beside its floor: the
//! bare indexed statement, or the bare guarded update, through the same driver
//! on the same file with the same durability.
//!
//! ```sh
//! cargo bench --bench desk
//! COUNTERSIGN_BENCH_CUSTOMERS=100000 cargo bench --bench desk     # a shorter run
//! ```
//! The store is kept in `target/bench` and used again by the next run.

#![expect(
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on ends; its figures are rounded anyway"
)]

mod support;

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign::domain::channel::Channel;
use countersign::domain::customer::PhonePolicy;
use countersign::domain::delivery::Report as Sent;
use countersign::domain::event::{Actor, EventFilter, EventId, Page};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::message::Outgoing;
use countersign::domain::policy::{OtpPolicy, SendLimits};
use countersign::random::OsRandom;
use countersign::service::ports::Sender;
use countersign::service::request::{Ask, Asked};
use countersign::service::verify::Verification;
use countersign::service::{Desk, Office, Senders};
use countersign::store::SqlStore;
use secrecy::SecretString;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row as _, SqlitePool};
use support::{Figure, Report};

const ROUNDS: u64 = 2_000;

struct Nowhere;

#[async_trait]
impl Sender for Nowhere {
    fn provider(&self) -> &'static str {
        "nowhere"
    }

    async fn send(&self, _: &Outgoing) -> Sent {
        Sent::sent(None)
    }

    async fn check(&self) -> Result<String, String> {
        Ok("fine".into())
    }
}

#[tokio::main]
async fn main() {
    let customers = std::env::var("COUNTERSIGN_BENCH_CUSTOMERS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1_000_000_u64);
    let mut report = Report::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench/{customers}"));
    let file = prepare(&folder, customers, &mut report).await;
    let desk = desk(&file).await;
    let floor = floor(&file).await;
    lookup(&desk, &floor, customers, &mut report).await;
    request_and_verify(&desk, &floor, customers, &mut report).await;
    log_pages(&desk, &floor, &mut report).await;
    report.print();
}

/// The file of customers, imported by the program itself as an office would.
async fn prepare(folder: &Path, customers: u64, report: &mut Report) -> PathBuf {
    let file = folder.join("desk.db");
    if file.exists() {
        return file;
    }
    fs::create_dir_all(folder).expect("a folder");
    let csv = folder.join("customers.csv");
    write_customers(&csv, customers);
    let part = folder.join("importing.db");
    let start = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["customers", "import"])
        .arg(&csv)
        .env("COUNTERSIGN__STORE__URL", format!("sqlite:{}", part.display()))
        .env("COUNTERSIGN__SMS__DEFAULT_COUNTRY", "DE")
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_STATE_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .status()
        .expect("the program starts");
    assert!(done.success(), "the import failed");
    let took = start.elapsed();
    report.note(&format!(
        "import of {customers} customers: {:.1} s, {:.0} a second",
        took.as_secs_f64(),
        customers as f64 / took.as_secs_f64()
    ));
    let pool = connect(&part).await;
    events(&pool, customers).await;
    // Closing the last connection folds the write-ahead log into the file.
    pool.close().await;
    fs::rename(&part, &file).expect("renamed");
    file
}

const FIRST: [&str; 16] = [
    "Anna", "Ben", "Carla", "Dana", "Emil", "Frida", "Georg", "Hannah", "Ivan", "Joanna", "Karl",
    "Lena", "Mariana", "Nils", "Olga", "Paul",
];
const LAST: [&str; 16] = [
    "Adler", "Bauer", "Conradi", "Dittmann", "Ebert", "Fischer", "Gruber", "Hoffmann", "Ibrahim",
    "Jansen", "Krause", "Lehmann", "Mannheim", "Neumann", "Ott", "Rivera",
];

/// An odd number spreads the names over the accounts without a pattern that a
/// search could profit from.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

/// A place among sixteen.
fn place(number: u64) -> usize {
    usize::try_from(number % 16).unwrap_or(0)
}

fn name(number: u64) -> String {
    let mixed = scattered(number);
    let pick = |list: &[&'static str; 16], shift: u32| list[place(mixed >> shift)];
    format!("{} {}-{}", pick(&FIRST, 0), pick(&LAST, 4), pick(&LAST, 8))
}

fn write_customers(csv: &Path, customers: u64) {
    let mut out = BufWriter::new(fs::File::create(csv).expect("a file"));
    writeln!(out, "account_no,name,email,phone,address,balance,currency").expect("written");
    for number in 0..customers {
        writeln!(
            out,
            "WB-{number:07},{},c{number}@example.org,+4915{:09},{} Mill Lane,{}.{:02},EUR",
            name(number),
            scattered(number) % 1_000_000_000,
            number % 200 + 1,
            number % 300,
            number % 100
        )
        .expect("written");
    }
    out.flush().expect("written");
}

/// As many events as customers, so that the last page lies deep.
async fn events(pool: &SqlitePool, count: u64) {
    sqlx::query(
        "INSERT INTO core_event (at, kind, outcome, request, customer_id, channel, contact, \
         clerk, counter, detail) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) \
         SELECT 1700000000000 + i * 1000, 'attempt', \
         CASE i % 50 WHEN 0 THEN 'expired' WHEN 1 THEN 'wrong' ELSE 'verified' END, \
         'R' || (i / 4), i, CASE i % 2 WHEN 0 THEN 'email' ELSE 'sms' END, '+4*****12', \
         'amira', '3', NULL FROM n",
    )
    .bind(i64::try_from(count).expect("fits"))
    .execute(pool)
    .await
    .expect("events");
}

async fn connect(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).synchronous(SqliteSynchronous::Full);
    SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .expect("a connection")
}

/// A bare connection with the durability of the store's own.
async fn floor(file: &Path) -> SqlitePool {
    let pool = connect(file).await;
    sqlx::query("CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY, attempts BIGINT)")
        .execute(&pool)
        .await
        .expect("a table");
    sqlx::query("INSERT OR REPLACE INTO floor VALUES (1, 0)").execute(&pool).await.expect("a row");
    pool
}

async fn desk(file: &Path) -> Desk {
    let url = SecretString::from(format!("sqlite:{}", file.display()));
    let store = SqlStore::open(&url).await.expect("a store");
    let open = u32::MAX;
    let office = Office {
        name: "Riverside Billing".into(),
        purposes: vec!["pay a bill".into()],
        otp: OtpPolicy { resend_cooldown: Duration::ZERO, ..OtpPolicy::default() },
        limits: SendLimits {
            per_contact: open,
            per_customer: open,
            per_clerk: open,
            per_counter: open,
            in_all: open,
        },
        phones: PhonePolicy { default_country: "DE".into(), allowed_countries: vec![] },
    };
    Desk::new(
        Arc::new(store),
        Senders { email: Arc::new(Nowhere), sms: Arc::new(Nowhere) },
        Arc::new(OsRandom),
        Keyring::new(KeyId::new("bench").expect("a name"), Key::new([7; 32])),
        office,
        Actor { clerk: "bench".into(), counter: "1".into() },
    )
}

/// What is typed to find the customer of a number.
type Typed = fn(u64) -> String;

async fn lookup(desk: &Desk, floor: &SqlitePool, customers: u64, report: &mut Report) {
    report.section(&format!("lookup among {customers} customers, 20 hits at most"));
    let mut bare = Figure::new("bare");
    for round in 0..ROUNDS {
        let account = format!("WB-{:07}", scattered(round) % customers);
        let query = sqlx::query("SELECT * FROM core_customer WHERE account_no = ?").bind(&account);
        bare.time(query.fetch_one(floor)).await.expect("a customer");
    }
    let kinds: [(&str, Typed); 8] = [
        ("by account", |number| format!("wb-{number:07}")),
        ("by the account's last digits", |number| format!("{:05}", number % 100_000)),
        ("by email", |number| format!("c{number}@example.org")),
        ("by phone", |number| format!("015{:09}", scattered(number) % 1_000_000_000)),
        ("by the phone's last six digits", |number| {
            format!("{:06}", scattered(number) % 1_000_000)
        }),
        ("by name and surname", |number| name(number).to_lowercase()),
        ("by part of a name (common)", |number| LAST[place(number)][1..4].to_lowercase()),
        ("by parts that never meet", |number| format!("rivera {}zzq", number % 10)),
    ];
    for (label, typed) in kinds {
        let mut figure = Figure::new(label);
        for round in 0..ROUNDS {
            let typed = typed(scattered(round) % customers);
            figure.time(desk.find(&typed, 20)).await.expect("an answer");
        }
        report.line(&figure, &bare);
    }
}

async fn request_and_verify(desk: &Desk, floor: &SqlitePool, customers: u64, report: &mut Report) {
    report.section("request and verify, durable commits");
    let mut bare = Figure::new("bare guarded update");
    for _ in 0..ROUNDS {
        let update = sqlx::query(
            "UPDATE floor SET attempts = attempts + 1 WHERE id = 1 AND attempts < 1000000000",
        );
        bare.time(update.execute(floor)).await.expect("updated");
    }
    let (mut asking, mut wrong, mut right) = (
        Figure::new("request (code, delivery, event)"),
        Figure::new("verify, a wrong code"),
        Figure::new("verify, the right code (session, event)"),
    );
    for round in 0..ROUNDS {
        let account = format!("WB-{:07}", scattered(round) % customers);
        let customer = desk.find(&account, 1).await.expect("an answer").customers.remove(0);
        let ask = Ask {
            customer: customer.id,
            channel: Channel::Email,
            purpose: "pay a bill".into(),
            idempotency: desk.new_act().expect("a name"),
        };
        let asked = asking.time(desk.ask(&ask)).await.expect("an answer");
        let Asked::Ready { request, message } = asked else { panic!("{asked:?}") };
        let code = message.facts.code.reveal();
        let other = if code == "000000" { "000001" } else { "000000" };
        wrong.time(desk.verify(&request.id, other)).await.expect("an answer");
        let verified = right.time(desk.verify(&request.id, code)).await.expect("an answer");
        assert!(matches!(verified, Verification::Verified(_)), "{verified:?}");
    }
    report.line(&asking, &bare);
    report.line(&wrong, &bare);
    report.line(&right, &bare);
}

async fn log_pages(desk: &Desk, floor: &SqlitePool, report: &mut Report) {
    let count: i64 = sqlx::query("SELECT MAX(id) FROM core_event")
        .fetch_one(floor)
        .await
        .expect("a count")
        .get(0);
    report.section(&format!("a log page of 50 among {count} events"));
    let mut bare = Figure::new("bare");
    for _ in 0..ROUNDS {
        let page = sqlx::query("SELECT * FROM core_event ORDER BY id DESC LIMIT 50");
        bare.time(page.fetch_all(floor)).await.expect("a page");
    }
    let everything = EventFilter::default();
    let rare = EventFilter {
        outcome: Some(countersign::domain::outcome::Outcome::Expired),
        channel: Some(Channel::Email),
        ..EventFilter::default()
    };
    let of_one = EventFilter { text: Some("WB-0000123".into()), ..EventFilter::default() };
    for (label, filter, page) in [
        ("the newest page", &everything, Page::Newest),
        ("the deepest page", &everything, Page::Before(EventId(51))),
        ("newest of one outcome and channel", &rare, Page::Newest),
        ("of one customer, by text", &of_one, Page::Newest),
    ] {
        let mut figure = Figure::new(label);
        for _ in 0..ROUNDS {
            figure.time(desk.log(filter, page, 50)).await.expect("a page");
        }
        report.line(&figure, &bare);
    }
}
