//! What is known of a contact before a message goes to it.

use countersign::domain::channel::Channel;
use countersign::domain::contact_state::{ContactFailure, ContactState};
use countersign::domain::delivery::DeliveryState;
use countersign::domain::purpose::{Purpose, SharedContact};
use countersign::domain::time::Timestamp;

use super::counter::{Counter, START_MILLIS};

const DAY: i64 = 86_400_000;

fn bad(failure: ContactFailure) -> ContactState {
    let failed = Some((failure, Timestamp::from_millis(START_MILLIS - 3 * DAY)));
    ContactState { failed, arrived: None, is_bad: true }
}

fn selected(counter: &Counter) -> Channel {
    counter.send().choices[counter.send().selected].channel
}

/// A counter whose office treats shared contacts in this way, at the send screen of a customer
/// whose phone number is on three customers.
fn sharing(shared_contact: SharedContact) -> Counter {
    let mut counter = Counter::new();
    let purposes = vec![Purpose { shared_contact, ..Purpose::from("a new address") }];
    counter.model.shared.place.purposes.clone_from(&purposes);
    counter.desk.purposes = purposes;
    counter.desk.sharing.extend([(Channel::Sms, 3), (Channel::Email, 1)]);
    counter.keys("dana<Enter>").is_at("send");
    counter
}

#[test]
fn the_other_channel_is_first_where_the_last_message_failed_for_good() {
    let mut counter = Counter::new();
    counter.desk.contact_states.insert(Channel::Email, bad(ContactFailure::UnknownMailbox));
    counter.keys("dana<Enter>").is_at("send");
    assert_eq!(selected(&counter), Channel::Sms);
    counter.shows("no such mailbox").shows("last: failed");
    counter.keys("<Enter>").is_at("entry");
    assert_eq!(counter.entry().request.channel, Channel::Sms);
}

#[test]
fn a_contact_that_failed_can_be_tried_all_the_same() {
    let mut counter = Counter::new();
    counter.desk.contact_states.insert(Channel::Email, bad(ContactFailure::Stopped));
    counter.keys("dana<Enter><Down><Enter>").is_at("entry");
    assert_eq!(counter.entry().request.channel, Channel::Email);
}

#[test]
fn what_arrived_last_is_on_the_screen_and_changes_no_order() {
    let mut counter = Counter::new();
    let arrived = Some((DeliveryState::Delivered, Timestamp::from_millis(START_MILLIS - DAY)));
    let known = ContactState { arrived, ..ContactState::default() };
    counter.desk.contact_states.insert(Channel::Sms, known);
    counter.keys("dana<Enter>").is_at("send").shows("last: delivered");
    assert_eq!(selected(&counter), Channel::Email);
}

#[test]
fn a_contact_on_several_customers_is_said_and_treated_by_the_purpose() {
    let mut counter = sharing(SharedContact::Allow);
    counter.shows("this number is on 3 customers");
    counter.keys("<Down><Enter>").is_at("entry");

    let mut counter = sharing(SharedContact::Second);
    counter.shows("this number is on 3 customers; it takes a second proof here");
    counter.keys("<Down><Enter>").is_at("entry");

    let mut counter = sharing(SharedContact::Refuse);
    counter.shows("this number is on 3 customers; it proves nothing here");
    assert_eq!(selected(&counter), Channel::Email);
    counter.keys("<Down><Enter>").is_at("send").says("other customers have this contact too");
    assert!(counter.desk.asks.is_empty(), "nothing was sent");
}
