//! A colleague's approval, asked for at the counter.

use countersign::domain::level::Level;
use countersign::domain::purpose::{Attested, Purpose};
use countersign::service::api::Call;
use countersign::tui::app::model::Overlay;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::Colleague;

/// A counter whose office has one purpose, at the send screen of a customer.
fn at_send(purpose: Purpose) -> Counter {
    let mut counter = Counter::new();
    counter.model.shared.place.purposes = vec![purpose.clone()];
    counter.desk.purposes = vec![purpose];
    counter.keys("dana<Enter>").is_at("send");
    counter
}

fn vouching() -> Purpose {
    Purpose { second_person: Attested::Alone, ..Purpose::from("a closure") }
}

#[test]
fn a_colleague_is_asked_with_a_reason_and_the_counter_goes_on_by_itself() {
    let mut counter = at_send(vouching());
    counter.keys("v").shows("Lost the phone");
    counter.keys("The phone fell into the lake<Enter>").says("waits");
    counter.shows("Waiting for the colleague");
    // Another change of the store is none of the approval.
    counter.tell(Msg::StoreChanged);
    counter.settle().is_at("send");
    counter.desk.colleague = Colleague::Approves;
    counter.tell(Msg::StoreChanged);
    counter.settle().is_at("verified");
    assert!(counter.model.overlay.is_none());
    assert_eq!(counter.verified().session.factors.to_string(), "second-person");
    let asked = &counter.desk.vouches;
    assert_eq!(asked.len(), 3, "asked once, told again at each change");
    assert!(asked.iter().all(|it| it.key == asked[0].key), "it is one act");
    assert_eq!(asked[0].reason, "The phone fell into the lake");
}

#[test]
fn a_document_that_takes_a_second_clerk_is_finished_by_the_colleague() {
    let document = Attested::Second;
    let purpose = Purpose { level: Level::Document, document, ..Purpose::from("a contract") };
    let mut counter = at_send(purpose);
    counter.keys("dnp20310430<Enter>").is_at("send").says("a second clerk");
    counter.shows("A colleague has to approve it as well");
    counter.desk.colleague = Colleague::Approves;
    counter.keys("v<Enter>").is_at("verified");
    assert_eq!(counter.verified().session.factors.to_string(), "document second-person");
    assert!(counter.desk.vouches[0].session.is_some(), "it is added to the session");
}

#[test]
fn no_colleague_is_asked_where_it_proves_nothing() {
    let mut counter = at_send(Purpose::from("a question"));
    counter.keys("v").is_at("send").says("proves nothing for this purpose");
    assert!(counter.model.overlay.is_none() && counter.desk.vouches.is_empty());
}

#[test]
fn leaving_the_form_asks_no_more() {
    let mut counter = at_send(vouching());
    counter.keys("v<Down><Enter>");
    assert_eq!(counter.desk.vouches[0].reason, "No contact on file works");
    counter.keys("<Esc>").is_at("send").says("not waited for any more");
    // Admins are not asked any more either.
    let left = &counter.desk.left_vouches;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].key, counter.desk.vouches[0].key);
    assert!(!matches!(counter.model.overlay, Some(Overlay::SecondPerson(_))));
    counter.desk.colleague = Colleague::Approves;
    counter.tell(Msg::StoreChanged);
    counter.settle().is_at("send");
    assert!(!counter.is_pending(|it| matches!(it, Call::VouchFor(_))));
}
