//! Requesting and entering codes, by one terminal and by eight concurrently.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use countersign::domain::channel::Channel;
use countersign::domain::code::{Code, Guess};
use countersign::domain::contact::{Contact, EmailAddress};
use countersign::domain::customer::CustomerId;
use countersign::domain::event::Actor;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::policy::{OtpPolicy, RateLimits, SendLimits};
use countersign::domain::purpose::Purpose;
use countersign::domain::request::{Reference, RequestId};
use countersign::domain::seal::NonceSeed;
use countersign::domain::session::{SessionId, SessionToken};
use countersign::service::ports::contact_notices::NoticeProviders;
use countersign::service::ports::{
    Attempt, AttemptOutcome, Dispatch, IssueOutcome, NewCode, NewDelivery, NewRequest, NewSession,
    StoreHealth, VerificationStore,
};
use countersign::store::SqlStore;
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::place::{Bare, Place};
use super::support::{Figure, Report};
use super::{ROUNDS, floor, native, people};

const TASKS: u64 = floor::ROWS;

/// Acts of each of the eight.
const EACH: u64 = 500;

pub(crate) const RIGHT: u64 = 123_456;

/// By whom contacts are told.
static TRAY: LazyLock<NoticeProviders<'static>> = LazyLock::new(|| NoticeProviders {
    email: Some("tray"),
    sms: Some("tray"),
    phones: None,
    keyring: &KEYRING,
});

static KEYRING: LazyLock<Keyring> = LazyLock::new(keyring);

fn keyring() -> Keyring {
    Keyring::new(KeyId::new("bench").expect("a name"), Key::new([7; 32]))
}

/// A terminal that requests and enters codes.
pub(crate) struct Desk {
    pub(crate) store: SqlStore,
    keyring: Keyring,
    policy: OtpPolicy,
    limits: RateLimits,
    actor: Actor,
    customers: u64,
}

impl Desk {
    pub(crate) async fn open(place: &Place, customers: u64, counter: u64) -> Self {
        let most = u32::MAX;
        Self {
            store: place.open(1).await,
            keyring: keyring(),
            policy: OtpPolicy { resend_cooldown: Duration::ZERO, ..OtpPolicy::default() },
            limits: RateLimits {
                wrong_codes_per_clerk: most,
                ..RateLimits::hourly(SendLimits {
                    per_contact: most,
                    per_prefix: most,
                    per_customer: most,
                    per_clerk: most,
                    per_counter: most,
                    in_all: most,
                })
            },
            actor: Actor { clerk: format!("bench {counter}"), counter: counter.to_string() },
            customers,
        }
    }

    fn id(draw: u64) -> RequestId {
        RequestId::from_bits(draw & ((1 << 50) - 1))
    }

    /// Requests a code for the customer of a number. Each request is for another customer, since a
    /// second code replaces the first.
    pub(crate) async fn ask(&self, number: u64) {
        let draw = people::scattered(number);
        let id = Self::id(draw);
        let number = i64::try_from(number % self.customers).expect("fits") + 1;
        let address = EmailAddress::parse(&format!("c{number}@example.org")).expect("an address");
        let issued = self.store.issue(NewRequest {
            id: id.clone(),
            customer: CustomerId(number),
            purpose: "pay bill",
            representative: None,
            idempotency: id.as_str(),
            dispatch: Dispatch {
                code: NewCode {
                    code: Code::from_number(RIGHT, 6),
                    key_id: self.keyring.current().0.clone(),
                    key: self.keyring.current().1.clone(),
                    reference: Reference::from_bits(draw),
                    seed: NonceSeed::from([9; 32]),
                },
                delivery: NewDelivery {
                    channel: Channel::Email,
                    contact: Contact::Email(address),
                    provider: "nowhere",
                    fingerprint: "nowhere".into(),
                    owner: "bench".into(),
                },
                policy: &self.policy,
                limits: &self.limits,
                policy_version: "0123456789ab",
                actor: &self.actor,
                notices: *TRAY,
            },
        });
        let issued = issued.await.expect("an answer");
        assert!(matches!(issued, IssueOutcome::Fresh(_)), "{issued:?}");
    }

    pub(crate) async fn enter(&self, number: u64, code: u64) {
        let draw = people::scattered(number);
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&draw.to_be_bytes());
        let typed = Code::from_number(code, 6);
        let (id, act) = (Self::id(draw), format!("{draw}-{code}"));
        let purposes = [Purpose::from("pay bill")];
        let attempted = self.store.attempt(Attempt {
            request: &id,
            act: &act,
            guess: Guess { code: &typed, keyring: &self.keyring },
            session: NewSession {
                id: SessionId::from_bits(draw & ((1 << 50) - 1)),
                token_digest: SessionToken::new(secret).digest(),
                further: None,
                shared_contact: false,
            },
            purposes: &purposes,
            policy: &self.policy,
            limits: &self.limits,
            policy_version: "0123456789ab",
            notices: *TRAY,
            actor: &self.actor,
            at_pad: None,
        });
        let attempted = attempted.await.expect("an answer");
        let verified = matches!(attempted, AttemptOutcome::Verified { .. });
        assert_eq!(verified, code == RIGHT, "{attempted:?}");
    }
}

/// A starting number that no earlier run has used.
pub(crate) async fn begin(store: &SqlStore) -> u64 {
    store.now().await.expect("a clock").millis().unsigned_abs() << 12
}

/// One terminal: the latency of each act.
pub(crate) async fn one(place: &Place, bare: &Bare, customers: u64, report: &mut Report) {
    report.section("asking and verifying, durable commits, one terminal");
    floor::rows(bare).await;
    let desk = Desk::open(place, customers, 1).await;
    let mut floor = Figure::new("bare guarded update");
    let [mut ask, mut wrong, mut right] =
        ["ask", "a wrong code", "the right code"].map(Figure::new);
    let begin = begin(&desk.store).await;
    for round in 0..ROUNDS {
        floor.time(floor::update(bare, 1)).await;
        ask.time(desk.ask(begin + round)).await;
        handed_over(bare).await;
        wrong.time(desk.enter(begin + round, 7)).await;
        right.time(desk.enter(begin + round, RIGHT)).await;
    }
    desk.store.close().await;
    for figure in [&ask, &wrong, &right] {
        report.line(figure, &floor);
    }
}

/// Eight terminals: acts per second.
pub(crate) async fn eight(place: &Place, bare: &Bare, customers: u64, report: &mut Report) {
    report.note("\neight terminals at once, a second");
    floor::rows(bare).await;
    let mut desks = Vec::new();
    for counter in 0..TASKS {
        desks.push(Arc::new(Desk::open(place, customers, counter).await));
    }
    let begin = begin(&desks[0].store).await;
    let number = move |task: u64, round: u64| begin + task * EACH + round;
    if let Some(rate) = native::updates(place) {
        report.note(&format!("{:<44}{rate:>11.0}", "bare guarded update, native client"));
    }
    let one = bare.clone();
    let update = rate(move |task, _| {
        let bare = one.clone();
        async move { floor::update(&bare, task).await }
    });
    let update = update.await;
    report.note(&format!("{:<44}{update:>11.0}", "bare guarded update, same driver"));
    let beside = |name, rate: f64| format!("{name:<44}{rate:>11.0}{:>9.2}×", rate / update);
    let whole = transactions(bare, begin).await;
    report.note(&beside("bare transaction that writes as much", whole));
    if let Bare::Postgres(pool) = bare {
        let one = statements(bare, pool, begin).await;
        report.note(&beside("bare statement that writes as much", one));
    }
    let all = desks.clone();
    let asked = rate(move |task, round| {
        let desk = all[task as usize].clone();
        async move { desk.ask(number(task, round)).await }
    });
    let asked = asked.await;
    handed_over(bare).await;
    let all = desks.clone();
    let verified = rate(move |task, round| {
        let desk = all[task as usize].clone();
        async move { desk.enter(number(task, round), RIGHT).await }
    });
    let verified = verified.await;
    for (name, rate) in [("ask", asked), ("verify", verified)] {
        report.note(&format!("{}{:>9.2}× the transaction", beside(name, rate), rate / whole));
    }
    for desk in desks {
        desk.store.close().await;
    }
}

/// Marks all queued messages as sent, since a code is entered after that.
async fn handed_over(bare: &Bare) {
    bare.run(
        "UPDATE core_delivery SET state = 'sent', progress = 3 \
         WHERE id >= (SELECT MIN(delivery_id) FROM core_outbox)",
    )
    .await;
    bare.run("DELETE FROM core_outbox").await;
}

/// Transactions per second of the floor.
async fn transactions(bare: &Bare, begin: u64) -> f64 {
    let all = bare.clone();
    let rate = rate(move |task, round| {
        let bare = all.clone();
        async move { floor::transaction(&bare, task, &name(begin, task, round)).await }
    });
    forgotten(bare, rate).await
}

/// Statements per second of the floor that write as much.
async fn statements(bare: &Bare, pool: &PgPool, begin: u64) -> f64 {
    let all = pool.clone();
    let rate = rate(move |task, round| {
        let pool = all.clone();
        async move { floor::statement(&pool, task, &name(begin, task, round)).await }
    });
    forgotten(bare, rate).await
}

/// A unique name.
fn name(begin: u64, task: u64, round: u64) -> String {
    people::scattered(begin + task * EACH + round).to_string()
}

/// Measures a rate and deletes its rows.
async fn forgotten(bare: &Bare, rate: impl Future<Output = f64>) -> f64 {
    let events = bare.number("SELECT MAX(id) FROM core_event").await;
    let sessions = bare.number("SELECT MAX(id) FROM core_session").await;
    let rate = rate.await;
    floor::forget(bare, events, sessions).await;
    rate
}

/// Acts per second of eight tasks.
async fn rate<F>(act: impl Fn(u64, u64) -> F + Clone + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    let mut tasks = JoinSet::new();
    let since = Instant::now();
    for task in 0..TASKS {
        let act = act.clone();
        tasks.spawn(async move {
            for round in 0..EACH {
                act(task, round).await;
            }
        });
    }
    tasks.join_all().await;
    (TASKS * EACH) as f64 / since.elapsed().as_secs_f64()
}
