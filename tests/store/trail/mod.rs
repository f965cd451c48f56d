//! The audit trail: that every event is sealed once and in order, whoever is killed, and
//! that whatever is changed afterwards is named.

mod erasure;
pub(crate) mod removal;
mod sealing;
pub(crate) mod shipping;
mod tampering;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::domain::audit::checkpoint::Checkpoint;
use countersign::domain::audit::removal::RemovalKey;
use countersign::domain::audit::walk::Fault;
use countersign::domain::channel::Channel;
use countersign::domain::customer::{CustomerId, PhonePolicy};
use countersign::domain::event::{EventFacts, EventKind};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{OtpPolicy, RateLimits, Retention};
use countersign::domain::request::RequestId;
use countersign::random::OsRandom;
use countersign::service::audit::verify::VerifyRun;
use countersign::service::ports::{AuditStore, KeysError, NewEvent, TrailKeys};
use countersign::service::{Desk, Office, Senders};
use countersign::store::SqlStore;

use crate::support::{TestStore, actor, next};

/// The key of the trail, which no counter and no database has.
#[derive(Debug, Default)]
pub(crate) struct Drawer(Mutex<Option<Keyring>>);

/// A key ring with one key.
pub(crate) fn ring(secret: u8) -> Keyring {
    Keyring::new(KeyId::new("k1").expect("a name"), Key::new([secret; 32]))
}

impl Drawer {
    fn with(secret: u8) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(ring(secret)))))
    }
}

impl TrailKeys for Drawer {
    fn read(&self) -> Result<Option<Keyring>, KeysError> {
        Ok(self.0.lock().expect("unpoisoned").clone())
    }

    fn create(&self) -> Result<Keyring, KeysError> {
        let mut drawer = self.0.lock().expect("unpoisoned");
        Ok(drawer.get_or_insert_with(|| ring(7)).clone())
    }
}

/// What the desks of these tests prove removals with.
pub(crate) fn removal_key() -> RemovalKey {
    RemovalKey::of(ring(7).current().1)
}

/// An office of its own.
pub(crate) fn office() -> Office {
    Office {
        name: "Riverside Billing".into(),
        purposes: vec!["pay a bill".into()],
        documents: vec!["passport".into()],
        otp: OtpPolicy::default(),
        limits: RateLimits::default(),
        phones: PhonePolicy::of("US"),
        retention: Retention::default(),
        external_customers: false,
        four_eyes: Vec::new(),
    }
}

/// A desk that seals.
pub(crate) fn desk(store: Arc<SqlStore>, keys: Arc<Drawer>) -> Desk {
    let senders = Senders { email: None, sms: None, whatsapp: None };
    Desk::new(store, senders, Arc::new(OsRandom), Arc::new(ring(1)), office(), actor())
        .expect("a desk")
        .with_trail_keys(keys)
}

/// A store with a desk that seals it.
pub(crate) struct Trail {
    pub(crate) fixture: TestStore,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) desk: Desk,
}

impl Trail {
    pub(crate) async fn new(fixture: TestStore) -> Self {
        let store = fixture.open().await;
        let desk = desk(store.clone(), Arc::default());
        Self { fixture, store, desk }
    }

    /// A log of so many sealed entries.
    async fn sealed(fixture: TestStore, count: usize) -> Self {
        let trail = Self::new(fixture).await;
        for _ in 0..count {
            write(&trail.store).await;
        }
        trail.seal().await;
        trail
    }

    /// Seals all there is.
    pub(crate) async fn seal(&self) {
        loop {
            let progress = self.desk.seal_trail().await.expect("sealed");
            if progress.soon {
                tokio::time::sleep(Duration::from_millis(100)).await;
            } else if !progress.more {
                return;
            }
        }
    }

    async fn checkpoint(&self) -> String {
        self.desk.trail_status().await.expect("read").note.expect("a checkpoint")
    }

    pub(crate) async fn verify(&self) -> VerifyRun {
        self.verify_against(&[]).await
    }

    async fn verify_against(&self, kept: &[String]) -> VerifyRun {
        let mut run = self.desk.begin_verification(kept, Vec::new()).await.expect("begun");
        while !run.is_done() {
            self.desk.verify_step(&mut run).await.expect("verified");
        }
        run
    }

    async fn faults(&self) -> Vec<Fault> {
        self.verify().await.walk().faults().to_vec()
    }

    pub(crate) async fn intact(&self, entries: u64) {
        let run = self.verify().await;
        assert_eq!(run.walk().faults(), [], "{:?}", self.fixture.kind());
        assert_eq!((run.size(), run.walk().size()), (entries, entries));
    }

    pub(crate) async fn sql(&self, text: &str) {
        self.fixture.sql(text).await;
    }

    /// The numbers of the events, in order.
    async fn events(&self) -> Vec<i64> {
        let texts = self
            .fixture
            .texts("SELECT CAST(id AS CHAR(20)) FROM core_event ORDER BY core_event.id");
        texts.await.iter().map(|it| it.trim().parse().expect("a number")).collect()
    }

    /// The number of the event of each leaf, in the order of the leaves.
    async fn leaves(&self) -> Vec<i64> {
        let text = "SELECT CAST(event_id AS CHAR(20)) FROM core_audit_leaf ORDER BY leaf_index";
        let texts = self.fixture.texts(text).await;
        texts.iter().map(|it| it.trim().parse().expect("a number")).collect()
    }
}

/// Writes one entry, with something in each column.
async fn write(store: &SqlStore) {
    let (actor, number) = (actor(), next());
    let request = RequestId::from_bits(number);
    let event = NewEvent {
        kind: EventKind::Attempt,
        outcome: Some(Outcome::Wrong),
        request: Some(&request),
        customer: Some(CustomerId(17)),
        channel: Some(Channel::Sms),
        contact: Some("+4*******12".into()),
        detail: Some(format!("Dana Rivera, the {number}. time: \"quoted\"")),
        actor: &actor,
        facts: EventFacts::default(),
    };
    store.record(&format!("entry {number}"), event).await.expect("written");
}

/// Seals what is in a store: for the test of rights.
pub(crate) async fn seals(store: Arc<SqlStore>) {
    write(&store).await;
    let progress = desk(store, Arc::default()).seal_trail().await.expect("the right to");
    assert!(progress.sealed > 0);
}

/// The size that a checkpoint says.
fn size(note: &str) -> u64 {
    Checkpoint::unverified(note).expect("a checkpoint").size
}

/// How often each number comes.
fn counted(numbers: &[i64]) -> BTreeMap<i64, usize> {
    let mut counted = BTreeMap::new();
    for number in numbers {
        *counted.entry(*number).or_insert(0) += 1;
    }
    counted
}
