//! A sign-up: the contacts are read back, and verified one after the other.

use countersign::domain::channel::Channel;
use countersign::domain::contact_verification::SIGN_UP;
use countersign::tui::app::model::Overlay;

use super::counter::Counter;
use super::desk::CODE;

/// A counter at the sign-up of a customer.
fn at_sign_up() -> Counter {
    let mut counter = Counter::new();
    counter.keys("dana<Enter>").is_at("send");
    counter.keys("s");
    assert!(matches!(counter.model.overlay, Some(Overlay::SignUp(_))));
    counter
}

#[test]
fn each_contact_is_read_back_and_verified_by_a_code() {
    let mut counter = at_sign_up();
    counter.shows("d***@gmial.com").shows("Did you mean gmail.com?").shows("not verified");
    counter.keys("<Enter>").is_at("entry");
    assert!(counter.model.overlay.is_none());
    assert_eq!(counter.entry().request.purpose, SIGN_UP);
    assert_eq!(counter.entry().request.channel, Channel::Email);
    counter.keys(CODE).is_at("send").says("The email address is verified. No session was opened.");
    // The next contact is selected already.
    counter.shows("verified");
    counter.keys("<Enter>").is_at("entry");
    assert_eq!(counter.entry().request.channel, Channel::Sms);
    counter.keys(CODE).is_at("send").says("The phone number is verified.");
    counter.keys("<Enter>").is_at("send").says("verified already");
    counter.keys("<Esc>");
    assert!(counter.model.overlay.is_none() && counter.desk.session.is_none());
}

#[test]
fn another_code_of_a_sign_up_is_one_of_a_sign_up() {
    let mut counter = at_sign_up();
    counter.keys("<Enter>").is_at("entry");
    counter.pass(std::time::Duration::from_mins(6)).says("Send a new one");
    counter.keys("<Ctrl-R>").is_at("entry");
    let asks = &counter.desk.asks;
    assert!(asks.len() == 2 && asks.iter().all(|it| it.purpose == SIGN_UP), "{asks:?}");
}

#[test]
fn leaving_the_sign_up_sends_nothing() {
    let mut counter = at_sign_up();
    counter.keys("<Down><Esc>").is_at("send");
    assert!(counter.model.overlay.is_none() && counter.desk.asks.is_empty());
}
