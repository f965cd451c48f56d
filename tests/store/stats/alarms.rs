//! Alarms: found in what is in a store, raised once, acknowledged with an entry.

use countersign::domain::channel::Channel;
use countersign::domain::event::{Actor, EventFacts, EventFilter, EventKind, EventPage};
use countersign::domain::outcome::Outcome;
use countersign::domain::stats::alarms::{Alarm, AlarmKind};
use countersign::service::DeskError;
use countersign::service::ports::{AuditStore as _, NewEvent, StoreHealth as _};

use super::{Entry, write};
use crate::support::{Terminal, email, next, on_each_store, phone, wish};
use crate::trail::Trail;

fn told(alarms: &[Alarm]) -> Vec<(AlarmKind, &str)> {
    alarms.iter().map(|it| (it.finding.kind, &*it.finding.subject)).collect()
}

/// The open alarms after a look, which has to come to its end.
async fn open(trail: &Trail) -> Vec<Alarm> {
    trail.desk.look_for_alarms().await.expect("looked");
    trail.desk.open_alarms().await.expect("read")
}

async fn attempts(trail: &Trail, clerk: &str, outcome: Outcome, count: usize) {
    for _ in 0..count {
        let (kind, outcome) = (EventKind::Attempt, Some(outcome));
        let entry = Entry { kind, outcome, clerk, provider: None, asked_at: None };
        write(&trail.store, entry).await;
    }
}

on_each_store! {
    async fn a_clerk_far_above_the_others_is_an_alarm_that_is_raised_once(fixture) {
        let trail = Trail::new(fixture).await;
        for clerk in ["dana", "bo"] {
            attempts(&trail, clerk, Outcome::Verified, 20).await;
            attempts(&trail, clerk, Outcome::Wrong, 1).await;
        }
        trail.seal().await;
        assert_eq!(open(&trail).await, []);
        attempts(&trail, "mallory", Outcome::Wrong, 20).await;
        assert_eq!(open(&trail).await, [], "it is not sealed yet");
        trail.seal().await;
        let alarms = open(&trail).await;
        assert_eq!(told(&alarms), [(AlarmKind::Failures, "mallory")]);
        assert_eq!(trail.desk.look_for_alarms().await.expect("looked"), 0, "it is open");
        assert_eq!(trail.desk.count_open_alarms().await.expect("counted"), 1);
        // The entries behind it are its own.
        let page = EventPage::Newest;
        let behind = trail.desk.log(&alarms[0].filter(), page, 100).await.expect("read");
        assert_eq!(behind.len(), 20);
        assert!(behind.iter().all(|it| it.actor.clerk == "mallory"));

        let refused = trail.desk.acknowledge_alarm("a", alarms[0].id, " ").await;
        assert!(matches!(refused, Err(DeskError::NoReason)), "{refused:?}");
        for _ in 0..2 {
            let said = trail.desk.acknowledge_alarm("a", alarms[0].id, "a test of the door").await;
            assert_eq!(said.expect("said").map(|it| it.id), Some(alarms[0].id));
        }
        assert_eq!(open(&trail).await, [], "not again within a day");
        assert_eq!(trail.desk.acknowledge_alarm("b", 99, "none").await.expect("read"), None);
        let of = |kind| EventFilter { kind: Some(kind), ..EventFilter::default() };
        for kind in [EventKind::AlarmRaised, EventKind::AlarmAcknowledged] {
            let entries = trail.desk.log(&of(kind), EventPage::Newest, 9).await.expect("read");
            assert_eq!(entries.len(), 1, "{kind:?}");
            assert!(entries[0].detail.as_ref().is_some_and(|it| it.contains("mallory")));
        }
        trail.seal().await;
        assert_eq!(trail.verify().await.walk().faults(), []);
    }

    async fn quick_codes_are_an_alarm(fixture) {
        let trail = Trail::new(fixture).await;
        attempts(&trail, "dana", Outcome::Verified, 9).await;
        for _ in 0..6 {
            // As quick as the entry is written.
            let asked_at = Some(trail.store.now().await.expect("the time"));
            let (kind, outcome) = (EventKind::Attempt, Some(Outcome::Verified));
            let entry = Entry { kind, outcome, clerk: "mallory", provider: None, asked_at };
            write(&trail.store, entry).await;
        }
        trail.seal().await;
        let alarms = open(&trail).await;
        assert_eq!(told(&alarms), [(AlarmKind::QuickCodes, "mallory")]);
    }

    async fn who_unlocks_a_customer_and_verifies_them_is_an_alarm(fixture) {
        let trail = Trail::new(fixture).await;
        let desk = Terminal::new(trail.store.clone());
        let (anna, bert) = (desk.customer("WB-1").await, desk.customer("WB-2").await);
        let act = async |kind, outcome, customer, clerk: &str| {
            let actor = Actor { clerk: clerk.into(), counter: "1".into() };
            let event = NewEvent {
                kind,
                outcome,
                request: None,
                customer: Some(customer),
                channel: Some(Channel::Sms),
                contact: None,
                detail: None,
                actor: &actor,
                facts: EventFacts::default(),
            };
            trail.store.record(&format!("entry {}", next()), event).await.expect("written");
        };
        let verified = Some(Outcome::Verified);
        act(EventKind::Unlocked, None, anna, "dana").await;
        act(EventKind::Attempt, verified, anna, "bo").await;
        act(EventKind::Attempt, verified, bert, "dana").await;
        trail.seal().await;
        assert_eq!(open(&trail).await, []);
        act(EventKind::Attempt, verified, anna, "dana").await;
        trail.seal().await;
        let alarms = open(&trail).await;
        assert_eq!(told(&alarms), [(AlarmKind::UnlockedAndVerified, "dana")]);
    }

    async fn one_contact_of_many_customers_is_an_alarm_that_names_no_contact(fixture) {
        let trail = Trail::new(fixture).await;
        let desk = Terminal::new(trail.store.clone());
        let mut first = None;
        for number in 0..4 {
            assert_eq!(open(&trail).await, [], "{number}");
            let customer = desk.customer(&format!("WB-{number}")).await;
            let mut wish = wish(customer, "123456");
            wish.contact = email("shared@example.org");
            let request = desk.issue(&wish).await;
            first = first.or(Some(request.id));
        }
        let alarms = open(&trail).await;
        let first = first.expect("a request");
        assert_eq!(told(&alarms), [(AlarmKind::SharedContact, first.as_str())]);
        assert!(alarms[0].finding.detail.starts_with("4 customers"));
        assert_eq!(alarms[0].filter().request, Some(first));
    }

    async fn a_burst_to_a_prefix_is_an_alarm(fixture) {
        let trail = Trail::new(fixture).await;
        let desk = Terminal::new(trail.store.clone());
        for number in 0..22 {
            let customer = desk.customer(&format!("WB-{number}")).await;
            let mut wish = wish(customer, "123456");
            wish.contact = phone(&format!("+1 415 555 01{number:02}"));
            desk.issue(&wish).await;
            // The numbers of another prefix are verified.
            let mut other = wish.clone();
            other.customer = desk.customer(&format!("WC-{number}")).await;
            other.contact = phone(&format!("+1 212 555 01{number:02}"));
            other.purpose = "another purpose".into();
            other.act = format!("act {}", next());
            if number < 2 {
                let other = desk.issue(&other).await;
                desk.enter(&other.id, "123456").await;
            }
        }
        trail.seal().await;
        let alarms = open(&trail).await;
        let mut told = told(&alarms);
        told.sort_unstable();
        assert_eq!(
            told,
            [(AlarmKind::PrefixOfDay, "+14155550"), (AlarmKind::PrefixOfHour, "+14155550")]
        );
        let verified = "SELECT COUNT(*) FROM core_stats_prefix WHERE verified = 2 AND sent = 2";
        assert_eq!(trail.fixture.number(verified).await, 1);
    }
}
