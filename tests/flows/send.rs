//! Step two.

use countersign::domain::channel::Channel;
use countersign::domain::contact::ContactKind;
use countersign::domain::delivery::{DeliveryState, SendReport};
use countersign::domain::outcome::Outcome;
use countersign::service::api::{Answer, Call};
use countersign::service::ports::Quarantine;
use countersign::service::verification::request::{
    CodeRequestOutcome, QuarantinedContact, Refusal,
};
use countersign::tui::machine::health::DependencyState;
use countersign::tui::machine::message::Msg;
use std::time::Duration;

use super::counter::Counter;
use super::desk::down;

const OPENED: &str = "riv<Enter>";

fn is_ask(act: &Call) -> bool {
    matches!(act, Call::AskForCode(_))
}

fn is_deliver(act: &Call) -> bool {
    matches!(act, Call::DeliverCode(_))
}

#[test]
fn enter_sends_over_the_selected_channel_for_the_selected_purpose() {
    for (keys, channel, purpose) in [
        ("<Enter>", Channel::Email, "pay a bill"),
        ("<Down><Enter>", Channel::Sms, "pay a bill"),
        ("<Down><Down><Up><Enter>", Channel::Email, "pay a bill"),
        ("<Tab><Enter>", Channel::Email, "change of address"),
        ("<Tab><Tab><Enter>", Channel::Email, "pay a bill"),
        ("<BackTab><Down><Enter>", Channel::Sms, "change of address"),
    ] {
        let mut counter = Counter::after(OPENED);
        counter.keys(keys);
        let request = &counter.entry().request;
        assert_eq!((request.channel, request.purpose.as_str()), (channel, purpose), "{keys}");
    }
}

#[test]
fn the_boxes_are_there_before_the_message_is_sent() {
    let mut counter = Counter::after(OPENED);
    counter.slow().keys("<Enter>").settle_one(is_ask);
    assert!(counter.is_pending(is_deliver));
    counter.keys("48");
    assert_eq!(counter.typed(), "48");
    counter.settle();
    assert_eq!(counter.typed(), "48");
    assert_eq!(counter.entry().request.delivery.state, DeliveryState::Sent);
}

#[test]
fn a_key_pressed_twice_asks_once_and_every_act_has_its_own_name() {
    let mut counter = Counter::after(OPENED);
    counter.slow().keys("<Enter><Enter><Down><Esc><Enter>");
    assert_eq!(counter.pending.iter().filter(|it| is_ask(&it.call)).count(), 1);
    counter.says("one moment").is_at("send");
    counter.settle().keys("<Esc><Enter>").settle();
    let names: Vec<&str> = counter.desk.asks.iter().map(|it| it.idempotency.as_str()).collect();
    assert_eq!(names.len(), 2);
    assert!(names[0] != names[1] && names.iter().all(|it| it.starts_with("test-")), "{names:?}");
}

#[test]
fn a_channel_that_cannot_be_used_says_why() {
    let mut counter = Counter::after("amira<Enter>");
    assert_eq!(counter.send().choices[counter.send().selected].channel, Channel::Email);
    counter.keys("<Down><Enter>").is_at("send").says("SMS: no phone number on file");
    counter.says("Choose another channel");
}

#[test]
fn what_changes_meanwhile_is_on_the_screen_and_the_selection_stays() {
    let mut counter = Counter::after(OPENED);
    counter.keys("<Down>");
    let selected = |counter: &Counter| counter.send().choices[counter.send().selected].channel;
    assert_eq!(selected(&counter), Channel::Sms);
    let id = counter.send().customer.id;
    let customer = counter.desk.customers.iter_mut().find(|it| it.id == id).expect("on file");
    customer.email = Some("zoe@example.org".into());
    counter.tell(Msg::StoreChanged);
    counter.settle();
    let choices = &counter.send().choices;
    let email = choices.iter().find(|it| it.channel == Channel::Email).expect("offered");
    assert_eq!(email.contact.as_deref(), Some("z***@example.org"));
    assert_eq!(selected(&counter), Channel::Sms);
    // What is under way is not disturbed; what was missed is read after it.
    counter.slow().keys("<Enter>");
    counter.tell(Msg::StoreChanged);
    assert!(counter.send().reading.is_stale() && counter.send().sending.is_some());
    counter.settle().is_at("entry");
}

#[test]
fn a_refusal_is_told_and_a_wait_counts_down() {
    let mut counter = Counter::after(OPENED);
    let retry_at = counter.time().plus(Duration::from_secs(30));
    let limited = Refusal {
        outcome: Outcome::Limited,
        reason: "A code was sent to this contact a moment ago.".into(),
        request: None,
        retry_at: Some(retry_at),
        quarantine: None,
    };
    counter.desk.refusal = Some(limited);
    counter.keys("<Enter>").is_at("send").says("Try again in 30 seconds.");
    counter.pass(Duration::from_secs(7)).says("Try again in 23 seconds.");
    counter.pass(Duration::from_secs(23)).says("Try again now.");
    counter.keys("<Enter>").is_at("entry");
}

#[test]
fn security_17_a_changed_contact_is_told_with_what_else_there_is() {
    let mut counter = Counter::after(OPENED);
    let (now, hour) = (counter.time(), Duration::from_hours(1));
    let quarantine = Quarantine {
        kind: ContactKind::Email,
        changed_at: now.minus(2 * hour),
        until: now.plus(22 * hour),
        other_until: None,
    };
    let waiting = QuarantinedContact { quarantine, instead: vec![Channel::Sms] };
    counter.desk.refusal = Some(Refusal {
        outcome: Outcome::Limited,
        reason: "The log says this.".into(),
        request: None,
        retry_at: Some(quarantine.until),
        quarantine: Some(waiting),
    });
    counter.keys("<Enter>").is_at("send").says("This email address was changed 2 hours ago");
    counter.says("in 22 hours: use SMS, or ask an admin");
    counter.pass(Duration::from_hours(1)).says("in 21 hours");
    counter.keys("<Down><Enter>").is_at("entry");
}

#[test]
fn a_failed_ask_can_be_tried_again() {
    let mut counter = Counter::after(OPENED);
    counter.slow().keys("<Enter>").answer(is_ask, Answer::AskForCode(Err(down())));
    counter.is_at("send").says("cannot be reached");
    counter.keys("<Enter>").settle().is_at("entry");
}

#[test]
fn an_act_that_was_done_before_leads_to_its_boxes() {
    let mut counter = Counter::after(OPENED);
    counter.keys("<Enter>");
    let request = counter.entry().request.clone();
    counter.keys("<Esc>").slow().keys("<Enter>");
    counter.answer(is_ask, Answer::AskForCode(Ok(CodeRequestOutcome::Already(request))));
    counter.is_at("entry");
    assert!(!counter.is_pending(is_deliver));
    assert!(counter.is_pending(|act| matches!(act, Call::ReadRequest(_))));
}

#[test]
fn a_message_that_does_not_go_out_says_which_key_helps() {
    for (state, health, words) in [
        (DeliveryState::Failed, DependencyState::Down, "was not sent"),
        (DeliveryState::Unknown, DependencyState::Down, "may have been sent"),
        (DeliveryState::Undeliverable, DependencyState::Ok, "cannot be delivered"),
    ] {
        let mut counter = Counter::after(OPENED);
        counter.desk.report = SendReport { state, ..SendReport::sent(None) };
        counter.keys("<Down><Enter>").is_at("entry").says(words).says("Ctrl-O");
        assert_eq!(counter.model.shared.health.sms, health, "{state:?}");
        assert_eq!(counter.entry().request.delivery.state, state);
        counter.desk.report = SendReport::sent(None);
        counter.keys("<Ctrl-O><Down><Enter>").is_at("entry");
        assert_eq!(counter.model.shared.health.sms, DependencyState::Ok);
    }
}

#[test]
fn back_leads_to_the_same_search() {
    let mut counter = Counter::after("riv<Down><Enter><Esc>");
    counter.is_at("find");
    assert_eq!(counter.find().input.value(), "riv");
    counter.keys("<Enter>").is_at("send");
}

#[test]
fn the_way_back_to_an_open_code_is_there_until_it_ends() {
    let mut counter = Counter::after("riv<Enter><Enter>12<Esc>");
    assert!(counter.send().open.is_some());
    counter.keys("<Ctrl-E>").is_at("entry");
    assert_eq!(counter.typed(), "");
    counter.keys("<Esc>").pass(Duration::from_mins(6));
    assert!(counter.send().open.is_none());
    counter.keys("<Ctrl-E>").is_at("send").says("No code is open");
}

#[test]
fn whatsapp_is_a_channel_where_the_office_has_it() {
    let mut counter = Counter::after(OPENED);
    assert!(counter.send().choices.iter().all(|it| it.channel != Channel::Whatsapp));
    counter.desk.whatsapp = true;
    counter.desk.report = SendReport { state: DeliveryState::Failed, ..SendReport::sent(None) };
    counter.keys("<Esc><Enter><Down><Down><Enter>").is_at("entry").says("WhatsApp to +4");
    assert_eq!(counter.entry().request.channel, Channel::Whatsapp);
    assert_eq!(counter.model.shared.health.whatsapp, DependencyState::Down);
    assert_eq!(counter.model.shared.health.sms, DependencyState::Ok);
}
