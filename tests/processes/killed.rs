//! Fifty processes at one store, of which one in ten is killed (SIGKILL) at any
//! moment of its life. What a killed one did nobody was told: it was done, or
//! it was not, and all of it or nothing.

use std::time::{Duration, Instant};

use crate::ledger::{balances, count, tell};
use crate::office::{Office, account, other_than};
use crate::races::on_each_store;
use crate::seeded::Chance;
use crate::start_together::{Act, CROWD, Crowd, Done};

const KILLED: usize = CROWD / 10;

/// Longer than anything takes where nobody holds it up, and shorter than a lock
/// is waited for.
const AT_ONCE: Duration = Duration::from_secs(4);

/// The right code and a wrong one in turn.
fn entering(request: &str, code: &str) -> Vec<Act> {
    let codes = [other_than(code), code].into_iter().cycle().take(CROWD);
    codes.map(|code| Act::verify(request, code)).collect()
}

/// What a crowd did, as far as it was told, against what the store holds: a
/// command that ended without a word may have been carried out or not.
fn told_or_unknown(office: &Office, done: &Done, command: &str, told: usize, held: usize) -> usize {
    let unknown = done.unknown(command);
    let kind = office.kind;
    assert!(
        (told..=told + unknown).contains(&held),
        "{kind:?}: {told} of {command} were told, {unknown} are unknown, {held} are in the store"
    );
    held - told
}

/// The next one at this store and this customer is held up by nobody.
fn goes_on_at_once(office: &Office) {
    let begun = Instant::now();
    office.request(0, "after the killing");
    let took = begun.elapsed();
    assert!(took < AT_ONCE, "{:?}: {took:?}", office.kind);
}

fn report(office: &Office, what: &str, done: &Done, unseen: usize) {
    let unknown = done.all.iter().filter(|it| it.outcome.is_none()).count();
    let killed = done.killed();
    let more = format!("killed {killed}, unknown {unknown}, of these done {unseen}");
    tell(office, what, done.took, &more);
}

on_each_store! {
    fn security_03_whoever_is_killed_while_codes_are_entered_leaves_all_or_nothing(kind) {
        let (mut chance, seed) = Chance::new();
        println!("{kind:?}: COUNTERSIGN_TEST_SEED={seed}");
        let office = Office::open(kind, 1, "per_customer = 100000");
        let (request, code) = office.request(0, "pay a bill");
        let done =
            Crowd::gather(&office, entering(&request, &code)).go_and_die(KILLED, &mut chance);
        balances(&office);

        let verified = format!("core_session WHERE request = '{request}'");
        let verified = count(&office, &verified);
        assert!(verified <= 1);
        told_or_unknown(&office, &done, "verify", done.told("verify", "verified"), verified);
        let answered = done.all.iter().filter(|it| it.command == "verify" && it.outcome.is_some());
        let attempts = count(&office, "core_event WHERE kind = 'attempt'");
        let unseen = told_or_unknown(&office, &done, "verify", answered.count(), attempts);
        report(&office, "25 right and 25 wrong codes", &done, unseen);
        goes_on_at_once(&office);
    }

    fn security_05_whoever_is_killed_while_codes_are_asked_for_sends_none_that_is_not_stored(kind) {
        let (mut chance, seed) = Chance::new();
        println!("{kind:?}: COUNTERSIGN_TEST_SEED={seed}");
        let office = Office::open(kind, 1, "per_customer = 100000");
        let ask = vec![Act::request(&account(0)); CROWD];
        let done = Crowd::gather(&office, ask).go_and_die(KILLED, &mut chance);
        balances(&office);

        let told = done.told("request", "sent");
        // What is replaced before its message was begun sends none.
        let asked = told + done.told("request", "superseded");
        let stored = count(&office, "core_otp");
        let unseen = told_or_unknown(&office, &done, "request", asked, stored);
        let sent = office.messages().len();
        told_or_unknown(&office, &done, "request", told, sent);
        assert!(sent <= stored);
        report(&office, "50 ask for one customer", &done, unseen);
        goes_on_at_once(&office);
    }
}
