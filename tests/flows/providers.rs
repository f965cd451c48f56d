//! What the interface says of the providers, and what it learns from others.

use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::circuit_breaker::{
    BreakerRecord, ProviderHealth, ProviderSlot, SendExperience,
};
use countersign::domain::delivery::DeliveryState;
use countersign::domain::delivery_stats::DeliverySample;
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call};
use countersign::tui::app::deadlines;
use countersign::tui::app::model::Overlay;
use countersign::tui::machine::health::DependencyState;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::down;

fn is_breakers(act: &Call) -> bool {
    matches!(act, Call::ReadBreakers(_))
}

/// A line that has failed so often that it is left alone.
fn lost(line: ProviderSlot, now: Timestamp) -> BreakerRecord {
    let why = "It hangs.".into();
    let failed = |health: BreakerRecord, _| health.after(SendExperience::Failed, Some(&why), now);
    (0..3).fold(BreakerRecord::new(line), failed)
}

#[test]
fn a_channel_that_is_down_is_told_before_anything_is_sent_and_offered_last() {
    let mut counter = Counter::new();
    let first = Counter::after("riv<Enter>").send().choices[0].channel;
    counter.desk.breakers.all = vec![lost(ProviderSlot::main(first), counter.time())];
    counter.keys("riv<Enter>").is_at("send");
    let order: Vec<_> = counter.send().choices.iter().map(|it| it.health).collect();
    assert_eq!(order, [ProviderHealth::Ok, ProviderHealth::Down]);
    assert_ne!(counter.send().choices[counter.send().selected].channel, first);
}

#[test]
fn a_fallback_that_works_keeps_a_channel_up() {
    let mut counter = Counter::new();
    let (main, other) = (ProviderSlot::main(Channel::Sms), ProviderSlot::fallback(Channel::Sms));
    counter.desk.breakers.all = vec![lost(main, counter.time()), BreakerRecord::new(other)];
    counter.keys("riv<Enter>");
    let healths: Vec<_> = counter.send().choices.iter().map(|it| (it.channel, it.health)).collect();
    assert!(healths.contains(&(Channel::Sms, ProviderHealth::Fallback)), "{healths:?}");
    assert!(healths.contains(&(Channel::Email, ProviderHealth::Ok)), "{healths:?}");
}

#[test]
fn what_others_meet_is_read_when_something_was_written_but_not_for_each_entry() {
    let mut counter = Counter::after("riv<Enter>");
    counter.pass(Duration::from_secs(5)).slow();
    for _ in 0..3 {
        counter.tell(Msg::StoreChanged);
    }
    assert_eq!(counter.pending.iter().filter(|it| is_breakers(&it.call)).count(), 1);
    counter.settle();
    let lost = lost(ProviderSlot::main(Channel::Email), counter.time());
    counter.desk.breakers.all = vec![lost];
    let before: Vec<_> = counter.send().choices.iter().map(|it| it.channel).collect();
    counter.tell(Msg::StoreChanged);
    assert!(!counter.is_pending(is_breakers), "too soon");
    let due = deadlines::next_wake(&counter.model, counter.now).expect("a moment");
    assert!(due <= counter.now + Duration::from_secs(3));
    counter.pass(Duration::from_secs(3)).settle();
    let choices = &counter.send().choices;
    let after: Vec<_> = choices.iter().map(|it| it.channel).collect();
    assert_eq!(after, before, "nothing moves under the clerk's finger");
    assert!(choices.iter().any(|it| it.health == ProviderHealth::Down));
    counter.pass(Duration::from_mins(5)).settle();
    assert!(!counter.is_pending(is_breakers), "nothing was written");
}

#[test]
fn a_failure_of_this_terminals_own_is_forgotten_when_another_succeeded() {
    let mut counter = Counter::after("riv<Enter>");
    counter.model.shared.health.sms = DependencyState::Down;
    counter.desk.breakers.all = vec![BreakerRecord::new(ProviderSlot::main(Channel::Sms))];
    counter.pass(Duration::from_secs(5)).tell(Msg::StoreChanged).settle();
    assert_eq!(counter.model.shared.health.sms, DependencyState::Ok);
}

#[test]
fn the_delivery_stats_are_read_when_they_are_asked_for_and_close_again() {
    let mut counter = Counter::after("riv<Enter>");
    counter.desk.samples = vec![DeliverySample {
        provider: "smtp".into(),
        fallback: false,
        state: DeliveryState::Sent,
        asked_at: counter.time(),
        accepted_at: None,
        delivered_at: None,
    }];
    counter.keys("<F4>").settle();
    let Some(Overlay::DeliveryStats(panel)) = &counter.model.overlay else {
        panic!("no delivery stats")
    };
    assert_eq!(panel.stats.value().map(|it| it.messages), Some(1));
    counter.keys("<Down><Esc>").is_at("send");
    assert!(counter.model.overlay.is_none());
    counter.slow().keys("<F4>");
    counter.answer(
        |act| matches!(act, Call::ReadDeliveryStats(_)),
        Answer::ReadDeliveryStats(Err(down())),
    );
    counter.says("cannot be reached");
}
