//! How the staff signs in, and who sits where, on many terminals at once.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::event::{Actor, EventKind};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::sign_in::credentials::{Credentials, SignInProof, SignedCredentials};
use countersign::domain::sign_in::password::PasswordHash;
use countersign::domain::sign_in::policy::wait_after;
use countersign::domain::sign_in::sitting::{SignInMethod, SittingEnd, SittingId};
use countersign::domain::staff::{AccountName, Role, StaffMember, StaffRecord};
use countersign::domain::time::Timestamp;
use countersign::service::ports::sign_in::JudgedCredentials;
use countersign::service::ports::{
    CredentialsChange, NewSitting, SignInStore as _, StaffChange, StaffStore as _, StoreHealth as _,
};
use countersign::store::SqlStore;
use tokio::task::JoinSet;

use crate::support::{TestStore, on_each_store};

const TERMINALS: usize = 5;
const TASKS: usize = 50;

fn dana() -> AccountName {
    "dana".parse().expect("an account")
}

fn at_counter() -> Actor {
    Actor { clerk: "dana".into(), counter: "front desk pts/3".into() }
}

fn ring() -> Keyring {
    Keyring::new(KeyId::new("k1").expect("a name"), Key::new([7; 32]))
}

fn record(proof: SignInProof, version: u32) -> SignedCredentials {
    SignedCredentials::signed(Credentials { proof, ..Credentials::none(dana()) }, version, &ring())
}

fn password() -> SignInProof {
    SignInProof::Password(PasswordHash::of_nobody([1; 16]))
}

async fn write(store: &SqlStore, record: &SignedCredentials, uses_setup_code: bool) -> bool {
    let change = CredentialsChange {
        record,
        kind: EventKind::SignInSetUp,
        detail: "dana set a password",
        actor: &at_counter(),
        uses_setup_code,
        step: None,
        is_reset: false,
    };
    store.write_credentials(change).await.expect("an answer")
}

async fn terminals(fixture: &TestStore) -> Vec<Arc<SqlStore>> {
    let mut terminals = Vec::new();
    for _ in 0..TERMINALS {
        terminals.push(fixture.open().await);
    }
    terminals
}

async fn sit(
    store: &SqlStore,
    bits: u64,
    service: &str,
    judged: Option<JudgedCredentials>,
) -> bool {
    let sitting = NewSitting {
        id: &SittingId::from_bits(bits),
        actor: &at_counter(),
        method: SignInMethod::Password,
        service,
        judged,
    };
    store.begin_sitting(sitting).await.expect("an answer")
}

on_each_store! {
    async fn security_32_of_50_attempts_to_sign_in_at_once_five_are_judged(fixture) {
        let terminals = terminals(&fixture).await;
        assert!(write(&terminals[0], &record(password(), 1), false).await);
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let store = terminals[at % TERMINALS].clone();
            tasks.spawn(async move { store.count_sign_in(&dana()).await.expect("an answer") });
        }
        let mut judged: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        judged.sort_unstable();
        assert_eq!(judged, [1, 2, 3, 4, 5]);
        let nobody = "nobody".parse().expect("an account");
        assert_eq!(terminals[0].count_sign_in(&nobody).await.expect("an answer"), None);
    }

    async fn security_32_each_further_attempt_waits_longer_up_to_15_minutes(fixture) {
        let store = fixture.open().await;
        write(&store, &record(password(), 1), false).await;
        for failures in 1..=12 {
            let before = store.now().await.expect("a time").millis();
            assert_eq!(store.count_sign_in(&dana()).await.expect("an answer"), Some(failures));
            let blocked = fixture.number("SELECT blocked_until FROM core_sign_in").await;
            let wait = i64::try_from(wait_after(failures).as_millis()).expect("short");
            if wait == 0 {
                assert_eq!(blocked, 0, "{failures}");
                continue;
            }
            let after = store.now().await.expect("a time").millis();
            assert!((before + wait..=after + wait).contains(&blocked), "{failures}: {blocked}");
            assert_eq!(store.count_sign_in(&dana()).await.expect("an answer"), None, "blocked");
            fixture.pass(wait).await;
        }
        assert_eq!(wait_after(12), Duration::from_mins(15));
        store.count_sign_in(&dana()).await.expect("an answer");
        assert!(store.lift_sign_in_block(&dana(), &at_counter()).await.expect("an answer"));
        assert_eq!(store.count_sign_in(&dana()).await.expect("an answer"), Some(1));
    }

    async fn a_count_is_taken_back_by_who_counted_last_alone(fixture) {
        let store = fixture.open().await;
        write(&store, &record(password(), 1), false).await;
        let one = store.count_sign_in(&dana()).await.expect("an answer").expect("counted");
        let two = store.count_sign_in(&dana()).await.expect("an answer").expect("counted");
        store.uncount_sign_in(&dana(), one).await.expect("done");
        assert_eq!(fixture.number("SELECT failures FROM core_sign_in").await, 2, "not the last");
        store.uncount_sign_in(&dana(), two).await.expect("done");
        assert_eq!(fixture.number("SELECT failures FROM core_sign_in").await, 1);
    }

    async fn security_13_of_50_sign_ins_with_one_code_of_an_authenticator_one_is_taken(fixture) {
        let terminals = terminals(&fixture).await;
        write(&terminals[0], &record(password(), 1), false).await;
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let store = terminals[at % TERMINALS].clone();
            let judged = JudgedCredentials { version: 1, step: Some(1_000) };
            tasks.spawn(async move { sit(&store, at as u64, "a", Some(judged)).await });
        }
        let taken = tasks.join_all().await.into_iter().filter(|it| *it).count();
        assert_eq!(taken, 1);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_sitting").await, 1);
        let judged = |version, step| Some(JudgedCredentials { version, step });
        let store = &terminals[0];
        assert!(!sit(store, 101, "a", judged(1, Some(999))).await, "the step before");
        assert!(sit(store, 102, "a", judged(1, Some(1_001))).await, "the step after");
        assert!(sit(store, 103, "a", judged(1, None)).await, "without an authenticator");
        assert!(!sit(store, 104, "a", judged(2, Some(1_002))).await, "judged by another row");
        assert_eq!(fixture.number("SELECT last_step FROM core_sign_in").await, 1_001);
    }

    async fn security_32_a_set_up_code_works_once_and_until_its_time_is_over(fixture) {
        let terminals = terminals(&fixture).await;
        let store = &terminals[0];
        let now = store.now().await.expect("a time");
        let set_up = |until: Timestamp| SignInProof::SetUp { digest: "ab".repeat(32), expires_at: until };
        let soon = set_up(now.plus(Duration::from_mins(1)));
        assert!(write(store, &record(soon, 1), false).await);
        let mut tasks = JoinSet::new();
        // Hashed before: that takes its time.
        let with_password = record(password(), 2);
        for at in 0..TASKS {
            let (store, record) = (terminals[at % TERMINALS].clone(), with_password.clone());
            tasks.spawn(async move { write(&store, &record, true).await });
        }
        let used = tasks.join_all().await.into_iter().filter(|it| *it).count();
        assert_eq!(used, 1);
        assert!(!write(store, &record(password(), 3), true).await, "there is no code any more");
        let over = set_up(now.minus(Duration::from_mins(1)));
        assert!(write(store, &record(over, 3), false).await);
        let stored = store.credentials(&dana()).await.expect("read").expect("a row");
        assert!(stored.has_expired && stored.record.is_genuine(&ring()));
        assert!(!write(store, &record(password(), 4), true).await, "it has run out");
        assert!(!write(store, &record(password(), 3), false).await, "outdated");
        let events = "SELECT COUNT(*) FROM core_event WHERE kind = 'sign_in_set_up'";
        assert_eq!(fixture.number(events).await, 3, "no more than was done");
    }

    async fn security_42_sittings_end_with_their_terminal_their_account_or_their_service(fixture) {
        let store = fixture.open().await;
        for (bits, service) in [(1, "a"), (2, "a"), (3, "b"), (4, "c")] {
            assert!(sit(&store, bits, service, None).await);
        }
        let of = SittingId::from_bits;
        let open = || async {
            let open = store.sittings().await.expect("listed");
            open.into_iter().map(|it| it.id).collect::<Vec<_>>()
        };
        assert_eq!(open().await, [of(1), of(2), of(3), of(4)]);
        let ended = store.end_sitting(&of(1), SittingEnd::Disconnected, None).await;
        assert_eq!(ended.expect("ended").map(|it| it.clerk).as_deref(), Some("dana"));
        let again = store.end_sitting(&of(1), SittingEnd::Ended, Some(&at_counter())).await;
        assert!(again.expect("an answer").is_none(), "it ended before");
        // The service of 3 was killed, that of 4 is updated.
        fixture.pass(60_000).await;
        assert!(store.resume_sitting(&of(4), "d").await.expect("an answer"));
        store.renew_sittings("a", &[(of(2), Duration::from_secs(7))]).await.expect("done");
        fixture.pass(60_000).await;
        assert_eq!(open().await, [of(2), of(4)]);
        assert!(!store.resume_sitting(&of(3), "d").await.expect("an answer"), "too late");
        store.renew_sittings("a", &[]).await.expect("done");
        let lost = "SELECT COUNT(*) FROM core_sitting WHERE ended_how = 'lost'";
        assert_eq!(fixture.number(lost).await, 1);
        let sitting = store.sitting(&of(2)).await.expect("read").expect("it goes on");
        let active = sitting.active_at.since(sitting.since).as_secs();
        assert!((53..=58).contains(&active), "{sitting:?}");
        let member = |enabled| StaffMember { account: dana(), role: Role::Admin, enabled };
        let boss: AccountName = "boss".parse().expect("an account");
        let admin = StaffMember { account: boss, role: Role::Admin, enabled: true };
        for (member, version) in [(admin, 1), (member(true), 1), (member(false), 2)] {
            let record = StaffRecord::signed(member, version, &ring());
            let change = StaffChange { record: &record, detail: "x", actor: &at_counter() };
            store.write_staff(change).await.expect("written");
        }
        assert_eq!(open().await, [], "whoever is disabled sits nowhere");
    }
}
