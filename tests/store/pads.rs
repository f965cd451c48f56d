//! Pads, on many terminals at once: how one is paired, what it may enter, and how a pairing ends.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::event::{Actor, EventFilter, EventKind};
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::{
    PadMark, PairingEnd, PairingId, PairingNumber, PairingState, WRONG_NUMBER_WINDOW,
};
use countersign::domain::request::{Request, Status};
use countersign::domain::sign_in::sitting::{SignInMethod, SittingEnd, SittingId};
use countersign::domain::staff::{AccountName, Role, StaffMember, StaffRecord};
use countersign::service::ports::pads::{
    NewOffer, PadClaim, PadClaimed, PairingSide, ShownRequest, StoredPairing,
};
use countersign::service::ports::{
    AttemptOutcome, NewSitting, PadEntry, PadStore as _, SignInStore as _, StaffChange,
    StaffStore as _, StoreHealth as _,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{Terminal, TestStore, actor, next, on_each_store, token, wish};

const TERMINALS: usize = 5;
const TASKS: usize = 20;

async fn terminals(fixture: &TestStore) -> Vec<Terminal> {
    let mut terminals = Vec::new();
    for _ in 0..TERMINALS {
        terminals.push(Terminal::new(fixture.open().await));
    }
    terminals
}

fn pad(number: usize) -> Actor {
    Actor { clerk: format!("pad{number}"), counter: format!("front desk pts/{number}") }
}

/// What the tests of pads ask of a terminal.
impl Terminal {
    async fn offer(&self, bits: u64, number: &PairingNumber) -> PairingId {
        let id = PairingId::from_bits(bits);
        let (key_id, key) = self.keyring.current();
        let offer = NewOffer {
            id: &id,
            actor: &self.actor,
            key_id: key_id.as_str(),
            number_digest: &number.digest(&id, &self.actor, key),
        };
        self.store.offer_pad(offer).await.expect("offered");
        id
    }

    async fn claim(&self, number: u64, pad: &Actor, token: &str) -> PadClaimed {
        let claim = PadClaim {
            number: Some(&PairingNumber::from_number(number)),
            keyring: &self.keyring,
            token_digest: token,
            pad,
        };
        self.store.claim_pad(claim).await.expect("an answer")
    }

    async fn confirm(&self, id: &PairingId) -> bool {
        self.store.confirm_pad(id, &self.keyring, &self.actor).await.expect("an answer")
    }

    async fn pairing(&self, id: &PairingId) -> StoredPairing {
        self.store.pairing(id).await.expect("read").expect("a pairing")
    }

    /// A pad that is paired with this counter, under a token of this name.
    pub(crate) async fn paired(&self, token: &str) -> PairingId {
        let number = next() % 1_000_000;
        let id = self.offer(next(), &PairingNumber::from_number(number)).await;
        assert_eq!(self.claim(number, &pad(1), token).await, PadClaimed::Asking);
        assert!(self.confirm(&id).await);
        id
    }

    async fn show(&self, id: &PairingId, request: &Request) -> bool {
        let shown =
            ShownRequest { request: request.id.clone(), session_digest: None, authenticator: None };
        self.store.show_at_pad(id, Some(&shown), &self.actor).await.expect("an answer")
    }

    async fn enter_at_pad(&self, request: &Request, code: &str, digest: &str) -> AttemptOutcome {
        let (pad, generation) = (pad(1), request.generation);
        let at_pad = Some(PadEntry { token_digest: digest, pad: &pad, generation });
        let act = format!("at the pad {}", next());
        self.tell_at(&request.id, code, &token(next()), &act, at_pad).await.expect("an answer")
    }
}

/// The details of the entries of a kind, oldest first.
async fn details(desk: &Terminal, kind: EventKind) -> Vec<String> {
    let filter = EventFilter { kind: Some(kind), ..EventFilter::default() };
    desk.log(&filter).await.into_iter().map(|it| it.detail.unwrap_or_default()).collect()
}

const fn outcome(attempted: &AttemptOutcome) -> Option<Outcome> {
    match attempted {
        AttemptOutcome::Verified { .. } => Some(Outcome::Verified),
        AttemptOutcome::Refused { outcome, .. } => Some(*outcome),
        AttemptOutcome::ContactVerified { .. }
        | AttemptOutcome::NotFound
        | AttemptOutcome::NotAtPad => None,
    }
}

on_each_store! {
    async fn of_20_pads_that_type_one_number_at_once_one_asks(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let id = desk.offer(1, &PairingNumber::from_number(481_516)).await;
        let mut tasks = JoinSet::new();
        let start = Arc::new(Barrier::new(TASKS));
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % TERMINALS].clone(), start.clone());
            tasks.spawn(async move {
                start.wait().await;
                (at, desk.claim(481_516, &pad(at), &format!("token {at}")).await)
            });
        }
        let claimed = tasks.join_all().await;
        let asking: Vec<_> =
            claimed.iter().filter(|(_, it)| *it == PadClaimed::Asking).collect();
        let [(first, _)] = asking[..] else { panic!("{claimed:?}") };
        let wrong = claimed.iter().filter(|(_, it)| *it == PadClaimed::Wrong).count();
        assert_eq!(wrong, TASKS - 1);
        let pairing = desk.pairing(&id).await;
        assert_eq!((pairing.state, pairing.pad), (PairingState::Asking, Some(pad(*first))));
        // Told again, the one that asks is answered alike; a number is used once.
        let token = format!("token {first}");
        assert_eq!(desk.claim(481_516, &pad(*first), &token).await, PadClaimed::Asking);
        let stored = fixture.number("SELECT COUNT(*) FROM core_pad WHERE number_mac <> ''").await;
        assert_eq!(stored, 0);
    }

    async fn of_20_clerks_who_confirm_a_pad_its_own_does(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let id = desk.offer(1, &PairingNumber::from_number(7)).await;
        assert!(!desk.confirm(&id).await, "nobody asks");
        assert_eq!(desk.claim(7, &pad(1), "token").await, PadClaimed::Asking);
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let mut desk = terminals[at % TERMINALS].clone();
            if at % 2 == 0 {
                desk.actor.counter = format!("counter {at}");
            }
            let id = id.clone();
            tasks.spawn(async move { (at, desk.confirm(&id).await) });
        }
        for (at, is_paired) in tasks.join_all().await {
            assert_eq!(is_paired, at % 2 == 1, "{at}");
        }
        let pairing = desk.pairing(&id).await;
        assert!(pairing.is_paired(&desk.keyring), "{pairing:?}");
        assert_eq!(details(desk, EventKind::PadPaired).await.len(), 1);
        for change in ["token_digest = 'mine'", "counter = '4'", "pad_account = 'mallory'",
            "expires_at = expires_at + 1"]
        {
            let before = fixture.texts("SELECT token_digest FROM core_pad").await;
            fixture.sql(&format!("UPDATE core_pad SET {change}")).await;
            let forged = desk.store.pairing(&id).await.expect("read").expect("a pairing");
            assert!(!forged.is_paired(&desk.keyring), "{change}");
            fixture
                .sql(&format!(
                    "UPDATE core_pad SET token_digest = '{}', counter = '3', \
                     pad_account = 'pad1', expires_at = {}",
                    before[0],
                    pairing.expires_at.millis()
                ))
                .await;
        }
        assert!(desk.pairing(&id).await.is_paired(&desk.keyring));
    }

    async fn of_20_wrong_numbers_at_once_five_are_looked_at(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        desk.offer(1, &PairingNumber::from_number(999_999)).await;
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let desk = terminals[at % TERMINALS].clone();
            let number = u64::try_from(at).expect("small");
            tasks.spawn(async move { desk.claim(number, &pad(1), &format!("token {at}")).await });
        }
        let claimed = tasks.join_all().await;
        let wrong = claimed.iter().filter(|it| **it == PadClaimed::Wrong).count();
        assert_eq!(wrong, 5, "{claimed:?}");
        let limited = |it: &PadClaimed| matches!(it, PadClaimed::Limited { .. });
        assert!(limited(&desk.claim(999_999, &pad(1), "right").await), "it is not looked at");
        // Other pads: 15 more, and then none of the office, with the right number either.
        for at in 2..5 {
            for number in 0..5 {
                let token = format!("token {at} {number}");
                assert_eq!(desk.claim(number, &pad(at), &token).await, PadClaimed::Wrong);
            }
        }
        assert!(limited(&desk.claim(999_999, &pad(9), "right").await));
        assert_eq!(details(desk, EventKind::PadRefused).await.len(), 20);
        let window = WRONG_NUMBER_WINDOW.as_millis();
        fixture.sql(&format!("UPDATE core_pad_guard SET since = since - {window}")).await;
        assert_eq!(desk.claim(999_999, &pad(1), "right").await, PadClaimed::Asking);
    }

    async fn a_number_works_for_two_minutes_and_until_there_is_another(fixture) {
        let desk = Terminal::new(fixture.open().await);
        desk.offer(1, &PairingNumber::from_number(1)).await;
        desk.offer(2, &PairingNumber::from_number(2)).await;
        assert_eq!(desk.claim(1, &pad(1), "one").await, PadClaimed::Wrong);
        fixture.sql("UPDATE core_pad SET expires_at = expires_at - 121000").await;
        assert_eq!(desk.claim(2, &pad(1), "two").await, PadClaimed::Wrong);
        let id = desk.offer(3, &PairingNumber::from_number(3)).await;
        fixture.sql("UPDATE core_pad SET expires_at = expires_at - 110000").await;
        assert_eq!(desk.claim(3, &pad(1), "three").await, PadClaimed::Asking);
        // From then on the clerk has a minute, however late the number was typed.
        fixture.sql("UPDATE core_pad SET expires_at = expires_at - 50000").await;
        assert_eq!(desk.pairing(&id).await.state, PairingState::Asking);
        fixture.sql("UPDATE core_pad SET expires_at = expires_at - 11000").await;
        assert!(!desk.confirm(&id).await);
        let timed_out = PairingState::Ended(PairingEnd::TimedOut);
        assert_eq!(desk.pairing(&id).await.state, timed_out);
    }

    async fn a_pad_and_its_clerk_have_the_same_five_tries(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "111111")).await;
        let id = desk.paired("token").await;
        assert!(desk.show(&id, &request).await);
        let mut tasks = JoinSet::new();
        let start = Arc::new(Barrier::new(TASKS));
        for at in 0..TASKS {
            let (desk, start) = (terminals[at % TERMINALS].clone(), start.clone());
            let request = request.clone();
            tasks.spawn(async move {
                start.wait().await;
                if at % 2 == 0 {
                    outcome(&desk.enter_at_pad(&request, "222222", "token").await)
                } else {
                    Some(desk.enter(&request.id, "222222").await)
                }
            });
        }
        let outcomes = tasks.join_all().await;
        let wrong = outcomes.iter().filter(|it| **it == Some(Outcome::Wrong)).count();
        assert_eq!(wrong, 5, "{outcomes:?}");
        assert_eq!(desk.request(&request.id).await.status, Status::Locked);
        assert_eq!(fixture.number("SELECT failures FROM core_guard").await, 5);
        assert_eq!(fixture.number("SELECT failures FROM core_clerk_guard").await, 5);
        assert_eq!(desk.pairing(&id).await.state, PairingState::Paired);
    }

    async fn a_right_code_at_the_pad_and_at_the_counter_verifies_once(fixture) {
        let terminals = terminals(&fixture).await;
        let desk = &terminals[0];
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "111111")).await;
        let id = desk.paired("token").await;
        assert!(desk.show(&id, &request).await);
        let mut tasks = JoinSet::new();
        for at in 0..TASKS {
            let (desk, request) = (terminals[at % TERMINALS].clone(), request.clone());
            tasks.spawn(async move {
                if at % 2 == 0 {
                    outcome(&desk.enter_at_pad(&request, "111111", "token").await)
                } else {
                    Some(desk.enter(&request.id, "111111").await)
                }
            });
        }
        let outcomes = tasks.join_all().await;
        let verified = outcomes.iter().filter(|it| **it == Some(Outcome::Verified)).count();
        assert_eq!(verified, 1, "{outcomes:?}");
        let used = outcomes.iter().filter(|it| **it == Some(Outcome::Used)).count();
        assert_eq!(used, TASKS - 1);
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_session").await, 1);
    }

    async fn a_pad_says_only_so_often_how_many_digits_are_typed(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "111111")).await;
        let id = desk.paired("token").await;
        assert!(desk.show(&id, &request).await);
        let mark = PadMark { request: request.id.clone(), generation: 1 };
        let say = async |typed| desk.store.type_at_pad("token", &mark, typed).await.expect("said");
        let version = async || fixture.number("SELECT version FROM core_pad").await;
        assert!(!say(1).await);
        let before = version().await;
        // However long this takes: the last time is not over.
        fixture.sql("UPDATE core_pad SET typed_at = typed_at + 60000").await;
        for typed in 2..=6 {
            assert!(say(typed).await, "{typed}");
        }
        assert!(!say(1).await, "that is said already");
        assert_eq!((desk.pairing(&id).await.typed, version().await), (1, before));
        fixture.sql("UPDATE core_pad SET typed_at = typed_at - 60100").await;
        assert!(!say(6).await);
        assert_eq!((desk.pairing(&id).await.typed, version().await), (6, before + 1));
    }

    async fn a_pad_enters_nothing_that_its_counter_does_not_show(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (one, two) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        let first = desk.issue(&wish(one, "111111")).await;
        let second = desk.issue(&wish(two, "222222")).await;
        let id = desk.paired("token").await;
        let entered = desk.enter_at_pad(&first, "111111", "token").await;
        assert!(matches!(entered, AttemptOutcome::NotAtPad), "nothing is shown: {entered:?}");
        assert!(desk.show(&id, &second).await);
        for (request, digest) in [(&first, "token"), (&second, "another token")] {
            let entered = desk.enter_at_pad(request, "999999", digest).await;
            assert!(matches!(entered, AttemptOutcome::NotAtPad), "{entered:?}");
        }
        let mark = PadMark { request: second.id.clone(), generation: 1 };
        desk.store.type_at_pad("token", &mark, 4).await.expect("said");
        let other = PadMark { request: first.id.clone(), generation: 1 };
        fixture.sql("UPDATE core_pad SET typed_at = 0").await;
        desk.store.type_at_pad("token", &other, 6).await.expect("said");
        let pairing = desk.pairing(&id).await;
        assert_eq!((pairing.typed, pairing.outcome), (4, None));
        let wrong = desk.enter_at_pad(&second, "999999", "token").await;
        assert_eq!(outcome(&wrong), Some(Outcome::Wrong));
        let pairing = desk.pairing(&id).await;
        assert_eq!((pairing.typed, pairing.outcome), (0, Some(Outcome::Wrong)));
        let mut elsewhere = desk.clone();
        elsewhere.actor.counter = "4".into();
        assert!(!elsewhere.show(&id, &first).await, "another counter's pad");
        let ended = desk.store.end_pairing(&id, PairingEnd::Unpaired, &desk.actor).await;
        assert!(ended.expect("an answer"));
        assert!(!desk.show(&id, &first).await);
        let entered = desk.enter_at_pad(&second, "222222", "token").await;
        assert!(matches!(entered, AttemptOutcome::NotAtPad), "{entered:?}");
        assert_eq!(desk.request(&second.id).await.attempts, 1);
        assert_eq!(desk.request(&first.id).await.attempts, 0);
        let tries: Vec<_> = details(&desk, EventKind::Attempt).await;
        let by = "typed by the customer at the pad of counter 3, pad1 (front desk pts/1)";
        assert_eq!(tries, [by]);
    }

    // The code was sent anew after the desk looked: what was typed was for the one before.
    async fn what_was_typed_at_a_pad_for_the_code_before_is_not_judged(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let first = desk.issue(&wish(customer, "111111")).await;
        let id = desk.paired("token").await;
        assert!(desk.show(&id, &first).await);
        let second = desk.reissue(&first, "222222").await;
        for code in ["111111", "222222", "333333"] {
            let entered = desk.enter_at_pad(&first, code, "token").await;
            assert!(matches!(entered, AttemptOutcome::NotAtPad), "{entered:?}");
        }
        assert_eq!(desk.request(&first.id).await.attempts, 0);
        assert_eq!(fixture.number("SELECT failures FROM core_guard").await, 0);
        for (generation, typed) in [(first.generation, 0), (second.generation, 4)] {
            let mark = PadMark { request: first.id.clone(), generation };
            desk.store.type_at_pad("token", &mark, 4).await.expect("said");
            assert_eq!(desk.pairing(&id).await.typed, typed, "of code {generation}");
        }
        let entered = desk.enter_at_pad(&second, "222222", "token").await;
        assert_eq!(outcome(&entered), Some(Outcome::Verified));
    }

    async fn a_pairing_ends_with_silence_of_either_side_and_with_the_sitting(fixture) {
        let desk = Terminal::new(fixture.open().await);
        for (column, how) in
            [("pad_until", PairingEnd::PadLost), ("counter_until", PairingEnd::CounterLost)]
        {
            let id = desk.paired(column).await;
            // Half a lease later either side prolongs its own, and only that.
            fixture
                .sql("UPDATE core_pad SET pad_until = pad_until - 45000, \
                      counter_until = counter_until - 45000 WHERE ended_at IS NULL")
                .await;
            let kept = match how {
                PairingEnd::PadLost => PairingSide::Counter,
                _ => PairingSide::Pad,
            };
            desk.store.keep_pairing(&id, kept).await.expect("kept");
            assert_eq!(desk.pairing(&id).await.state, PairingState::Paired);
            fixture
                .sql("UPDATE core_pad SET pad_until = pad_until - 46000, \
                      counter_until = counter_until - 46000 WHERE ended_at IS NULL")
                .await;
            for side in [PairingSide::Pad, PairingSide::Counter] {
                desk.store.keep_pairing(&id, side).await.expect("an answer");
            }
            assert_eq!(desk.pairing(&id).await.state, PairingState::Ended(how));
        }
        let store = fixture.open().await;
        let sitting = SittingId::from_bits(7);
        let actor = actor();
        let method = SignInMethod::OsUser;
        let new =
            NewSitting { id: &sitting, actor: &actor, method, service: "s", judged: None };
        assert!(store.begin_sitting(new).await.expect("begun"));
        let id = desk.paired("of a sitting").await;
        store.end_sitting(&sitting, SittingEnd::Locked, None).await.expect("ended");
        let ended = PairingState::Ended(PairingEnd::SittingEnded);
        assert_eq!(desk.pairing(&id).await.state, ended);
        // Its clerk has a role that verifies nobody, and so has no pad.
        let id = desk.paired("of another role").await;
        let account: AccountName = actor.clerk.parse().expect("an account");
        for (role, version) in [(Role::Clerk, 1), (Role::Auditor, 2)] {
            assert_eq!(desk.pairing(&id).await.state, PairingState::Paired);
            let member = StaffMember { account: account.clone(), role, enabled: true };
            let record = StaffRecord::signed(member, version, &desk.keyring);
            let change = StaffChange { record: &record, detail: "x", actor: &actor };
            store.write_staff(change).await.expect("written");
        }
        let ended = PairingState::Ended(PairingEnd::RoleChanged);
        assert_eq!(desk.pairing(&id).await.state, ended);
        // One that takes the place of another, and one that is refused.
        let (before, after) = (desk.paired("before").await, desk.paired("after").await);
        assert_eq!(desk.pairing(&before).await.state, PairingState::Ended(PairingEnd::Replaced));
        assert_eq!(desk.pairing(&after).await.state, PairingState::Paired);
        let told = details(&desk, EventKind::PadEnded).await;
        let words = ["the pad was not heard of", "the counter was not heard of",
            "the clerk's sitting ended", "the clerk's role was changed", "another one took its place"];
        assert_eq!(told.len(), words.len(), "{told:?}");
        for (told, words) in told.iter().zip(words) {
            assert!(told.contains(words), "{told}");
        }
    }

    async fn digits_that_are_typed_at_a_pad_are_heard_of_at_its_counter(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "111111")).await;
        let id = desk.paired("token").await;
        assert!(desk.show(&id, &request).await);
        let counter = fixture.open().await;
        let mut changes = counter.changes();
        timeout(Duration::from_secs(20), changes.changed()).await.expect("a look").expect("a store");
        // What was written before is heard of by now.
        tokio::time::sleep(Duration::from_secs(2)).await;
        changes.mark_unchanged();
        let mark = PadMark { request: request.id.clone(), generation: 1 };
        desk.store.type_at_pad("token", &mark, 1).await.expect("said");
        timeout(Duration::from_secs(20), changes.changed()).await.expect("heard").expect("a store");
        let seen = counter.pairing(&id).await.expect("read").expect("a pairing");
        assert_eq!(seen.typed, 1);
    }
}
