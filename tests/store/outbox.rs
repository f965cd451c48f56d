//! What is still to be done for messages: where a code lies until it is handed
//! over, and whose turn it is.

mod batches;
mod circuit_breaker;

use std::time::Duration;

use countersign::domain::circuit_breaker::{ProviderHealth, ProviderSlot, SendExperience};
use countersign::domain::code_binding::BindingVersion;
use countersign::domain::contact::Contact;
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::delivery_retry::{NextStep, OutboxTask};
use countersign::domain::event::{EventFilter, EventKind};
use countersign::domain::explanation::Explanation;
use countersign::domain::outcome::Outcome;
use countersign::domain::request::Request;
use countersign::service::ports::outbox::{self, OutboxMessage};

use crate::support::{HOLDER, Terminal, TestStore, Wish, on_each_store, phone, wish};

/// Another terminal of the office.
const OTHER: &str = "another terminal";

/// How long a message is its holder's, and how much later it is anybody's.
const LEASE: i64 = 10_000;
const GRACE: i64 = 2_000;

fn busy() -> Explanation {
    Explanation::with_advice("It is busy.", "Ask for more in [email].", None)
}

fn failed(retry: Option<Duration>) -> NextStep {
    let state = if retry.is_some() { DeliveryState::Queued } else { DeliveryState::Failed };
    let fault = Some(FailureClass::Provider { retry_after: None });
    let report = SendReport { state, provider_id: None, detail: Some(busy()), fault };
    NextStep { report, next: retry.map(|wait| (OutboxTask::Send, wait)) }
}

fn unknown(next: Option<(OutboxTask, Duration)>) -> NextStep {
    let fault = Some(FailureClass::Unknown);
    let state = DeliveryState::Unknown;
    NextStep { report: SendReport { state, provider_id: None, detail: None, fault }, next }
}

fn sent(next: Option<(OutboxTask, Duration)>) -> NextStep {
    NextStep { report: SendReport::sent(Some("SM1".into())), next }
}

impl Terminal {
    async fn begins(&self, message: &OutboxMessage, holder: &str) -> bool {
        self.begins_by(message, message.slot, holder).await
    }

    async fn begins_by(&self, message: &OutboxMessage, line: ProviderSlot, holder: &str) -> bool {
        self.store.claim_send(&[(message, line)], holder).await.expect("an answer")[0]
    }

    async fn takes(&self, holder: &str) -> Vec<OutboxMessage> {
        self.store.claim_due(holder, &["tray"], 10).await.expect("an answer")
    }

    /// Tells what came of a message, begun or not, with what it tells of its line.
    async fn tells(&self, message: &OutboxMessage, owner: &str, has_claim: bool, step: &NextStep) {
        let experience = if step.report.state == DeliveryState::Queued
            || step.report.state == DeliveryState::Failed
        {
            SendExperience::Failed
        } else {
            SendExperience::Answered(Duration::from_millis(80))
        };
        let outcome = outbox::MessageOutcome {
            message,
            owner,
            slot: ProviderSlot::main(message.slot.channel),
            provider: "smtp",
            step,
            has_claim,
            experience: Some(experience),
            actor: &self.actor,
        };
        self.store.complete(&[outcome]).await.expect("written");
    }

    /// Codes for a customer, each for a purpose of its own, with their messages.
    async fn queues<const N: usize>(&self, customer: CustomerId) -> [(Request, OutboxMessage); N] {
        let mut asked = Vec::new();
        for number in 0..N {
            let mut wish = wish(customer, "123456");
            wish.purpose = format!("purpose {number}");
            let request = self.issue(&wish).await;
            let message = self.message(&request).await;
            asked.push((request, message));
        }
        asked.try_into().expect("so many")
    }

    async fn kinds(&self) -> Vec<EventKind> {
        self.log(&EventFilter::default()).await.iter().map(|it| it.kind).collect()
    }

    async fn state(&self, request: &Request) -> DeliveryState {
        self.request(&request.id).await.delivery.state
    }
}

fn count(kinds: &[EventKind], kind: EventKind) -> usize {
    kinds.iter().filter(|it| **it == kind).count()
}

/// How many codes lie in the outbox, and how many messages.
async fn held(fixture: &TestStore) -> (i64, i64) {
    let sealed = "SELECT COUNT(*) FROM core_outbox WHERE sealed IS NOT NULL";
    (fixture.number(sealed).await, fixture.number("SELECT COUNT(*) FROM core_outbox").await)
}

on_each_store! {
    async fn security_09_a_code_waits_sealed_and_opens_for_its_own_message_alone(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (dana, omar) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        let (first, second) =
            (desk.issue(&wish(dana, "739164")).await, desk.issue(&wish(omar, "739164")).await);
        let (one, two) = (desk.message(&first).await, desk.message(&second).await);
        let seals = fixture.texts("SELECT sealed FROM core_outbox").await;
        assert_eq!(seals.len(), 2);
        for seal in &seals {
            assert!(!seal.contains("739164") && !seal.contains("373339313634"), "{seal}");
        }
        let (_, key) = desk.keyring.current();
        let seal = one.sealed.as_ref().expect("a sealed code");
        assert!(seals.iter().any(|it| it == seal.as_str()));
        assert_eq!(seal.open(BindingVersion::Two, &one.binding(), key).expect("its own").reveal(), "739164");
        assert!(seal.open(BindingVersion::Two, &two.binding(), key).is_err(), "another request's");
        assert_eq!((one.task, one.tries, one.begun_at), (OutboxTask::Send, 0, None));
        assert_eq!((one.request.clone(), one.generation), (first.id.clone(), 1));
        assert_eq!((one.purpose.as_str(), one.customer_name.as_str()), ("pay bill", "Dana Rivera"));
        assert_eq!(one.counter, "3");
        let Contact::Email(address) = &one.contact else { panic!("an address") };
        assert_eq!(address.as_str(), "dana.rivera@example.org");
        assert_eq!(one.useful_until, first.expires_at);
        assert!(one.left() > Duration::from_mins(4));
    }

    async fn security_09_the_seal_goes_with_the_send_claim_and_stays_for_a_retry(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let soon = Duration::from_secs(1);
        for (step, left) in [
            (sent(None), (0, 0)),
            (sent(Some((OutboxTask::Follow, soon))), (0, 1)),
            (failed(None), (0, 0)),
            (failed(Some(soon)), (1, 1)),
            (unknown(None), (0, 0)),
            (unknown(Some((OutboxTask::Settle, soon))), (1, 1)),
        ] {
            let request = desk.issue(&wish(customer, "123456")).await;
            let message = desk.message(&request).await;
            assert!(desk.begins(&message, HOLDER).await);
            desk.tells(&message, HOLDER, true, &step).await;
            assert_eq!(held(&fixture).await, left, "{step:?}");
            fixture.sql("DELETE FROM core_outbox").await;
        }
    }

    async fn security_09_the_seal_goes_when_the_code_cannot_be_entered_any_more(fixture) {
        let mut desk = Terminal::new(fixture.open().await);
        for begun in [false, true] {
            for end in 0..7 {
                desk.policy.failure_cap = 100;
                let customer = desk.customer_with_both(&format!("WB-{begun}-{end}")).await;
                let request = desk.issue(&wish(customer, "123456")).await;
                let message = desk.message(&request).await;
                if begun {
                    assert!(desk.begins(&message, HOLDER).await);
                }
                let fresh = ended(&fixture, &mut desk, &request, end).await;
                let rows = fresh + i64::from(begun || end == 6);
                assert_eq!(held(&fixture).await, (fresh, rows), "begun {begun}, end {end}");
                assert!(!desk.begins(&message, HOLDER).await, "begun {begun}, end {end}");
                fixture.sql("DELETE FROM core_outbox").await;
            }
        }
    }

    async fn a_message_is_its_lease_owners_until_it_is_due_and_then_anybodys(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        assert_eq!(desk.store.next_due(OTHER, &["tray"]).await.expect("an answer"), None);
        let request = desk.issue(&wish(customer, "123456")).await;
        let wait = async |holder| {
            let wait = desk.store.next_due(holder, &["tray"]).await.expect("an answer").expect("a message");
            i64::try_from(wait.as_millis()).expect("not long")
        };
        let (mine, others) = (wait(HOLDER).await, wait(OTHER).await);
        assert!((LEASE - 5_000..=LEASE).contains(&mine), "{mine}");
        assert!((LEASE + GRACE - 5_000..=LEASE + GRACE).contains(&others), "{others}");
        assert!(desk.takes(HOLDER).await.is_empty() && desk.takes(OTHER).await.is_empty());
        let none = desk.store.claimed_message(request.delivery.id, OTHER).await.expect("an answer");
        assert!(none.is_none(), "somebody else's");

        fixture.pass(LEASE).await;
        assert!(desk.takes(OTHER).await.is_empty());
        assert_eq!(wait(HOLDER).await, 0);
        assert_eq!(desk.takes(HOLDER).await.len(), 1);
        assert!(desk.takes(HOLDER).await.is_empty(), "it was taken");

        fixture.pass(LEASE + GRACE).await;
        assert_eq!(wait(OTHER).await, 0);
        let taken = desk.takes(OTHER).await;
        let [message] = taken.as_slice() else { panic!("{taken:?}") };
        assert!(message.sealed.is_some());
        assert!(desk.takes(OTHER).await.is_empty() && desk.takes(HOLDER).await.is_empty());
        assert!(!desk.begins(message, HOLDER).await, "it lost its turn");
        assert!(desk.begins(message, OTHER).await);
    }

    async fn security_20_the_send_claim_is_given_once_and_to_the_lease_owner_alone(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let message = desk.message(&desk.issue(&wish(customer, "123456")).await).await;
        assert!(!desk.begins(&message, OTHER).await);
        assert!(desk.begins(&message, HOLDER).await);
        assert!(!desk.begins(&message, HOLDER).await);
        let mine = desk.store.claimed_message(message.delivery, HOLDER).await.expect("an answer");
        assert!(mine.is_none(), "begun, it is under way");
        // Whoever began it has a minute; then it is found out what became of it.
        fixture.pass(LEASE + GRACE).await;
        assert!(desk.takes(OTHER).await.is_empty());
        fixture.pass(60_000).await;
        let taken = desk.takes(OTHER).await;
        assert!(taken[0].begun_at.is_some() && taken[0].task == OutboxTask::Send);
        assert!(!desk.begins(&taken[0], OTHER).await);

        let late = desk.message(&desk.issue(&wish(customer, "123456")).await).await;
        fixture.pass(300_000).await;
        assert!(!desk.begins(&late, HOLDER).await, "its code is over");
    }

    async fn security_20_whoever_asks_about_a_send_knows_by_which_provider_slot_it_went(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let message = desk.message(&desk.issue(&wish(desk.customer("WB-1").await, "123456")).await).await;
        let fallback = ProviderSlot::fallback(message.slot.channel);
        assert!(desk.begins_by(&message, fallback, HOLDER).await);
        // Its terminal dies.
        fixture.pass(62_000).await;
        assert_eq!(desk.takes(OTHER).await[0].slot, fallback);
    }

    async fn security_20_who_did_not_begin_cannot_undo_what_was_begun(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let message = desk.message(&request).await;
        // A terminal tries twice at a time, the second while the first connects.
        fixture.pass(LEASE).await;
        let again = desk.takes(HOLDER).await.remove(0);
        assert!(desk.begins(&message, HOLDER).await);
        for step in [failed(Some(Duration::ZERO)), failed(None)] {
            desk.tells(&again, HOLDER, false, &step).await;
            assert!(desk.takes(HOLDER).await.is_empty(), "it is under way");
            assert!(!desk.begins(&message, HOLDER).await);
            assert_eq!(desk.state(&request).await, DeliveryState::Queued);
        }
        desk.tells(&message, HOLDER, true, &sent(None)).await;
        assert_eq!(desk.state(&request).await, DeliveryState::Sent);
        assert_eq!(held(&fixture).await, (0, 0));
        assert_eq!(desk.kinds().await, [EventKind::Requested, EventKind::Sent]);
    }

    async fn a_cancelled_message_is_not_counted_in_the_stats(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let first = desk.issue(&wish(customer, "111111")).await;
        let hour = Duration::from_hours(1);
        let queued = async || desk.store.delivery_samples(hour, 9).await.expect("samples").len();
        assert_eq!(queued().await, 1);
        let other = Wish { purpose: "complaint".into(), ..wish(customer, "222222") };
        desk.issue(&other).await;
        assert_eq!(queued().await, 2);
        desk.store.cancel(&first.id, &desk.actor).await.expect("withdrawn");
        assert_eq!(queued().await, 1, "nobody waits for it");
    }

    async fn security_20_a_message_that_is_worked_on_is_leased_and_an_overtaken_attempt_does_not_begin(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let message = desk.message(&request).await;
        let holds = async |message: &OutboxMessage, holder| {
            desk.store.extend_lease(message, holder).await.expect("an answer")
        };
        fixture.pass(LEASE - 1_000).await;
        assert!(holds(&message, HOLDER).await && !holds(&message, OTHER).await);
        // Connecting takes longer than the lease.
        fixture.pass(LEASE + GRACE).await;
        assert!(desk.takes(OTHER).await.is_empty() && desk.takes(HOLDER).await.is_empty());
        fixture.pass(30_000 - LEASE).await;
        assert_eq!(desk.takes(OTHER).await.len(), 1);
        assert!(!holds(&message, HOLDER).await && !desk.begins(&message, HOLDER).await);
        // Of the same terminal a later try is under way.
        desk.tells(&message, OTHER, false, &failed(Some(Duration::ZERO))).await;
        assert!(!desk.begins(&message, OTHER).await, "that try is over");
    }

    async fn a_message_is_left_to_terminals_that_have_its_provider(fixture) {
        let desk = Terminal::new(fixture.open().await);
        desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        fixture.pass(LEASE + GRACE).await;
        for (providers, count) in [(&["smtp", "twilio"][..], 0), (&[], 0), (&["smtp", "tray"], 1)] {
            let next = desk.store.next_due(OTHER, providers).await.expect("an answer");
            assert_eq!(next.is_some(), count == 1, "{providers:?}");
            let taken = desk.store.claim_due(OTHER, providers, 9).await.expect("an answer");
            assert_eq!(taken.len(), count, "{providers:?}");
        }
    }

    async fn the_newest_code_that_can_be_entered_is_found_by_its_customer(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let (dana, omar) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        let open = async |customer| {
            let found = desk.store.open_request(customer).await.expect("an answer");
            found.map(|it| it.id)
        };
        assert_eq!(open(dana).await, None);
        let first = desk.issue(&wish(dana, "123456")).await;
        let mut other = wish(dana, "234567");
        other.purpose = "change address".into();
        let second = desk.issue(&other).await;
        assert_eq!((open(dana).await, open(omar).await), (Some(second.id.clone()), None));
        desk.store.cancel(&second.id, &desk.actor).await.expect("an answer");
        assert_eq!(open(dana).await, Some(first.id.clone()));
        fixture.pass(600_000).await;
        assert_eq!(open(dana).await, None, "its time is over");
    }

    async fn what_a_terminal_cannot_do_it_leaves_to_the_others_at_once(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let message = desk.message(&request).await;
        desk.store.release_lease(&message, OTHER).await.expect("an answer");
        fixture.pass(GRACE).await;
        assert!(desk.takes(OTHER).await.is_empty(), "it is not the other's to leave");
        desk.store.release_lease(&message, HOLDER).await.expect("an answer");
        assert!(desk.takes(HOLDER).await.is_empty(), "the others come first");
        fixture.pass(GRACE).await;
        assert_eq!(desk.takes(OTHER).await.len(), 1);
    }

    async fn another_try_is_counted_and_waits_its_time(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        for tries in 1..=3 {
            let message = desk.message(&request).await;
            assert!(desk.begins(&message, HOLDER).await);
            desk.tells(&message, HOLDER, true, &failed(Some(Duration::from_secs(20)))).await;
            let message = desk.message(&request).await;
            assert_eq!((message.tries, message.begun_at), (tries, None));
            let wait = message.wait;
            assert!(wait > Duration::from_secs(15) && wait <= Duration::from_secs(20), "{wait:?}");
            let (_, key) = desk.keyring.current();
            let code = message.sealed.as_ref().expect("kept").open(BindingVersion::Two, &message.binding(), key);
            assert_eq!(code.expect("its own").reveal(), "123456");
            assert!(desk.takes(HOLDER).await.is_empty());
            fixture.pass(20_000).await;
            assert_eq!(desk.takes(HOLDER).await.len(), 1);
        }
        assert_eq!(count(&desk.kinds().await, EventKind::Delayed), 3);
        let delivery = desk.request(&request.id).await.delivery;
        assert_eq!((delivery.state, delivery.detail), (DeliveryState::Queued, Some(busy())));
    }

    async fn the_outcome_of_a_message_is_written_once_however_often_it_is_reported(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let soon = Duration::from_secs(1);
        for (step, kind) in [
            (failed(Some(soon)), EventKind::Delayed),
            (unknown(Some((OutboxTask::Settle, soon))), EventKind::Unsure),
            (sent(Some((OutboxTask::Follow, soon))), EventKind::Sent),
            (sent(None), EventKind::Sent),
            (failed(None), EventKind::NotSent),
        ] {
            let before = desk.kinds().await.len();
            let (_, breakers) = desk.store.circuit_breakers().await.expect("an answer");
            let failures: u32 = breakers.iter().map(|it| it.failures).sum();
            let request = desk.issue(&wish(customer, "123456")).await;
            let message = desk.message(&request).await;
            assert!(desk.begins(&message, HOLDER).await);
            for _ in 0..3 {
                desk.tells(&message, HOLDER, true, &step).await;
            }
            let kinds = desk.kinds().await;
            assert_eq!(count(&kinds[before..], kind), 1, "{step:?}: {:?}", &kinds[before..]);
            let (_, breakers) = desk.store.circuit_breakers().await.expect("an answer");
            let after: u32 = breakers.iter().map(|it| it.failures).sum();
            assert!(after <= failures + 1, "{step:?}: a failure counts once");
        }
    }

    async fn security_20_who_lost_its_lease_can_only_report_success(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        let message = desk.message(&request).await;
        assert!(desk.begins(&message, HOLDER).await);
        fixture.pass(62_000).await;
        let taken = desk.takes(OTHER).await.remove(0);
        for step in [failed(None), failed(Some(Duration::ZERO)), unknown(None)] {
            desk.tells(&message, HOLDER, true, &step).await;
            assert_eq!(desk.state(&request).await, DeliveryState::Queued, "{step:?}");
            assert_eq!(held(&fixture).await, (1, 1), "{step:?}");
        }
        let settle = unknown(Some((OutboxTask::Settle, Duration::ZERO)));
        desk.tells(&taken, OTHER, true, &settle).await;
        assert_eq!(desk.state(&request).await, DeliveryState::Unknown);
        desk.tells(&message, HOLDER, true, &sent(None)).await;
        assert_eq!(desk.state(&request).await, DeliveryState::Sent);
        assert_eq!(held(&fixture).await.0, 0, "what was sent is not sent again");
        let told = [EventKind::Requested, EventKind::Unsure, EventKind::Sent];
        assert_eq!(desk.kinds().await, told);
    }

}

const fn wish_channel() -> countersign::domain::channel::Channel {
    countersign::domain::channel::Channel::Email
}

/// Ends a request in one of the ways there are; gives how many fresh codes wait
/// then.
async fn ended(fixture: &TestStore, desk: &mut Terminal, request: &Request, end: u32) -> i64 {
    match end {
        0 => {
            desk.store.cancel(&request.id, &desk.actor).await.expect("an answer");
            0
        }
        1 => {
            desk.reissue(request, "654321").await;
            1
        }
        2 => {
            desk.issue(&wish(request.customer, "654321")).await;
            1
        }
        3 => {
            assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
            0
        }
        4 => {
            for _ in 0..request.max_attempts {
                assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
            }
            assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Locked);
            0
        }
        5 => {
            // What locks the customer closes what is open for other purposes too.
            let mut other = wish(request.customer, "222222");
            other.purpose = "change address".into();
            other.contact = phone("+1 555 010 0142");
            let other = desk.issue(&other).await;
            desk.policy.failure_cap = 1;
            assert_eq!(desk.enter(&other.id, "000000").await, Outcome::Wrong);
            assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Locked);
            0
        }
        _ => {
            fixture.pass(600_000).await;
            let stranger = desk.customer("WB-stranger").await;
            desk.issue(&wish(stranger, "333333")).await;
            1
        }
    }
}
