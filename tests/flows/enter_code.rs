//! Step three.

use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::contact_state::{ContactFailure, ContactState};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use countersign::domain::event::Actor;
use countersign::domain::flag::{CustomerFlag, Flag};
use countersign::domain::outcome::Outcome;
use countersign::domain::request::{Reference, Status};
use countersign::service::api::{Answer, Call};
use countersign::service::ports::SupersededCode;
use countersign::service::verification::verify::{RefusedCode, Verification};
use countersign::tui::machine::message::Failure;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::down;

/// A code was sent to Dana by email.
const SENT: &str = "riv<Enter><Enter>";

fn is_verify(act: &Call) -> bool {
    matches!(act, Call::VerifyCode(_))
}

fn is_read(act: &Call) -> bool {
    matches!(act, Call::ReadRequest(_))
}

fn sent() -> Counter {
    Counter::after(SENT)
}

#[test]
fn the_last_digit_submits() {
    let mut counter = sent();
    counter.keys("48190").is_at("entry");
    counter.keys("2").is_at("verified");
    assert_eq!(counter.verified().customer.name, "Dana Rivera");
}

#[test]
fn only_digits_get_into_the_boxes() {
    for (keys, typed) in [
        ("48 a-b+1", "481"),
        ("481<Bs><Bs>9", "49"),
        ("481<Ctrl-U>5", "5"),
        ("<Bs>", ""),
        ("４８1", "481"),
        ("٤۸१", "481"),
        ("<Up><Down><Tab>4", "4"),
        ("4<Release-8>", "4"),
    ] {
        let mut counter = sent();
        counter.keys(keys);
        assert_eq!(counter.typed(), typed, "{keys}");
        assert_eq!(counter.desk.open_request().attempts, 0, "{keys}");
    }
}

#[test]
fn enter_checks_only_a_whole_code() {
    let mut counter = sent();
    counter.keys("481<Enter>").is_at("entry").says("A code has 6 digits; 3 are typed so far.");
    assert_eq!(counter.typed(), "481");
    assert_eq!(counter.desk.open_request().attempts, 0);
}

#[test]
fn security_39_a_paste_never_submits() {
    for text in
        ["12\r3456", "123456\n", "123 456", "123-456", "\u{2003}123\u{2013}456", "１２３４５６"]
    {
        let mut counter = sent();
        counter.paste(text).is_at("entry").says("Press Enter to check the pasted code");
        assert_eq!(counter.typed(), "123456", "{text:?}");
        assert_eq!(counter.desk.open_request().attempts, 0, "{text:?}");
        counter.keys("<Enter>");
        assert_eq!(counter.desk.open_request().attempts, 1, "{text:?}");
    }
    let mut counter = sent();
    counter.keys("48").paste("1902").is_at("entry");
    assert_eq!(counter.typed(), "481902");
    counter.keys("7").is_at("entry");
    assert_eq!(counter.typed(), "481902", "a digit more changes nothing");
    counter.keys("<Enter>").is_at("verified");
}

#[test]
fn security_39_without_bracketed_paste_digits_are_only_digits() {
    // The same text as keys: the Enter in it finds two digits and says so.
    let mut counter = sent();
    counter.keys("12<Enter>").is_at("entry").says("2 are typed");
    assert_eq!(counter.desk.open_request().attempts, 0);
    for screen in ["", "riv<Enter>", "riv<Enter><Enter>", "riv<Enter><Enter>481902"] {
        for open in ["", "<F1>", "<F2>", "<F3>", "<Ctrl-P>", "<Ctrl-X>"] {
            let mut counter = Counter::after(screen);
            counter.keys(open);
            let before = (counter.screen(), counter.model.overlay.is_some(), counter.model.focus);
            counter.keys("01234");
            let after = (counter.screen(), counter.model.overlay.is_some(), counter.model.focus);
            assert_eq!(before, after, "{screen} {open}");
        }
    }
}

#[test]
fn what_is_no_code_is_not_pasted() {
    for text in ["hello", "", " \r\n", "12a456", "1234567", "１２３４５６７", "\x1b[31m12"] {
        let mut counter = sent();
        counter.keys("4").paste(text).is_at("entry");
        assert_eq!(counter.typed(), "4", "{text:?}");
        counter.says("clipboard holds no code");
    }
    let mut counter = sent();
    counter.keys("4819").paste("12345").says("these are 9");
    assert_eq!(counter.typed(), "4819");
    counter.keys("4").paste("481902");
    assert_eq!(counter.typed(), "481902", "a whole code takes the place of what was typed");
}

#[test]
fn a_wrong_code_empties_the_boxes_and_says_what_is_left() {
    let mut counter = sent();
    counter.keys("000000").is_at("entry").says("That code is wrong. 4 tries are left.");
    assert_eq!(counter.typed(), "");
    assert_eq!(counter.entry().last, Some(Outcome::Wrong));
    counter.keys("12").says("That code is wrong");
    counter.keys("<Ctrl-U>481902").is_at("verified");
}

#[test]
fn too_many_wrong_codes_lock_and_ctrl_r_begins_anew() {
    let mut counter = sent();
    for _ in 0..5 {
        counter.keys("000000");
    }
    counter.is_at("entry").says("locked").says("Ctrl-R");
    counter.keys("481902").is_at("entry").says("locked");
    assert_eq!(counter.typed(), "");
    counter.keys("<Ctrl-R>").says("A new code can be sent in 30 seconds");
    assert_eq!(counter.desk.asks.len(), 1, "it would be refused");
    counter.pass(std::time::Duration::from_secs(30)).keys("<Ctrl-R>").is_at("entry");
    assert_eq!(counter.desk.asks.len(), 2);
    assert_eq!(counter.entry().request.status, Status::Open);
    counter.keys("481902").is_at("verified");
}

#[test]
fn a_verdict_stays_until_something_else_is_done() {
    for keys in ["<Enter>", "12<Enter>", "a", "<Ctrl-T>", "<F3><F3>", "<Enter><Enter>x<Enter>"] {
        let mut counter = sent();
        counter.keys("000000").keys(keys).says("That code is wrong. 4 tries are left.");
    }
    let mut counter = sent();
    counter.keys("000000<Enter>").says("4 tries are left. A code has 6 digits; 0 are typed");
    counter.keys("<Ctrl-R>").says("That code is wrong").says("in 30 seconds (Ctrl-R).");
    counter.pass(Duration::from_secs(8)).says("That code is wrong").says("in 22 seconds");
    counter.paste("hello").says("That code is wrong").says("no code");
    counter.paste("000000").says("That code is wrong").says("Press Enter to check");
    counter.keys("<Enter>").says("That code is wrong. 3 tries are left.");
    assert!(!counter.notice().contains("4 tries"));
    counter.keys("<Esc>");
    assert_eq!(counter.notice(), "", "it is of the boxes");
}

#[test]
fn a_key_that_types_nothing_says_why() {
    let mut counter = sent();
    counter.keys("a").says("digits only");
    counter.keys("<Esc>4").is_at("send").says("Ctrl-E leads to the boxes");
    let mut counter = Counter::after("riv<Enter>4");
    counter.says("Enter sends the code");
    counter.keys("<Enter>481902").is_at("verified");
    counter.keys("4").says("Ctrl-X logs the customer out");
    let mut counter = sent();
    counter.keys("<F2>4").says("The log has the keyboard").says("Esc leads back to the code boxes");
    counter.keys("<Esc><F3>4").says("The tray has the keyboard");
    counter.keys("<Esc><Ctrl-X>4").says("y for yes, Enter for no");
    counter.keys("<Esc><F1>4").says("Esc closes it");
    let mut counter = Counter::after("riv<Enter>");
    counter.slow().keys("<Enter>4").says("being asked for");
}

/// How a check ends, and the words that must be said.
type Case = (Box<dyn FnOnce(&mut Counter) -> Answer<Failure>>, [&'static str; 2]);

#[test]
fn every_refusal_says_what_happened_and_what_helps() {
    let refused = |outcome, status, superseded, customer_locked| {
        move |counter: &mut Counter| {
            let mut request = counter.desk.open_request().clone();
            request.status = status;
            counter.desk.request = Some(request.clone());
            let clerk_waits_until = None;
            let refused =
                RefusedCode { outcome, request, superseded, customer_locked, clerk_waits_until };
            Answer::VerifyCode(Ok(Verification::Refused(Box::new(refused))))
        }
    };
    let retired = SupersededCode {
        reference: Reference::from_store("A2B"),
        sent_at: countersign::domain::time::Timestamp::from_millis(super::counter::START_MILLIS),
    };
    let cases: Vec<Case> = vec![
        (
            Box::new(refused(Outcome::Superseded, Status::Open, Some(retired), false)),
            ["older code (reference A2B, sent 10:40)", "reference K7Q"],
        ),
        (Box::new(refused(Outcome::Expired, Status::Expired, None, false)), ["until", "(Ctrl-R)"]),
        (Box::new(refused(Outcome::Used, Status::Verified, None, false)), ["once", "(Ctrl-R)"]),
        (
            Box::new(refused(Outcome::Superseded, Status::Superseded, None, false)),
            ["replaced", "(Ctrl-R)"],
        ),
        (
            Box::new(refused(Outcome::Locked, Status::Locked, None, true)),
            ["customer is locked", "admin"],
        ),
        (
            Box::new(refused(Outcome::Wrong, Status::Locked, None, true)),
            ["That code is wrong. This customer is locked", "admin"],
        ),
        (
            Box::new(|_| Answer::VerifyCode(Ok(Verification::NoSuchRequest))),
            ["replaced", "(Ctrl-R)"],
        ),
        (Box::new(|_| Answer::VerifyCode(Err(down()))), ["cannot be reached", "Try again"]),
    ];
    for (reply, [happened, helps]) in cases {
        let mut counter = sent();
        counter.slow().keys("000000");
        let reply = reply(&mut counter);
        counter.answer(is_verify, reply);
        counter.is_at("entry").says(happened).says(helps);
        assert!(counter.entry().verifying.is_none());
    }
}

#[test]
fn a_locked_customer_is_told_as_one_whoever_locked_them() {
    // Another counter did: the request has tries left.
    let mut counter = sent();
    counter.desk.open_request().status = Status::Locked;
    counter.tell(Msg::StoreChanged);
    assert!(counter.entry().is_customer_locked());
    for keys in ["<Enter>", "1", "<Ctrl-X>"] {
        counter.keys(keys).says("customer is locked").says("admin");
    }
    // No wait is told that would not help; the store has the last word.
    counter.keys("<Ctrl-R>");
    assert_eq!(counter.desk.asks.len(), 2);
}

#[test]
fn a_failed_check_keeps_the_digits_for_enter() {
    let mut counter = sent();
    counter.slow().keys("481902").answer(is_verify, Answer::VerifyCode(Err(down())));
    assert_eq!(counter.typed(), "481902");
    counter.keys("<Enter>").settle().is_at("verified");
}

#[test]
fn while_a_code_is_checked_the_boxes_are_dead() {
    let mut counter = sent();
    counter.slow().keys("481902");
    counter.keys("<Bs>9<Enter><Esc><Ctrl-R><Ctrl-O><Ctrl-X><Ctrl-U>").paste("123456");
    counter.is_at("entry");
    assert_eq!(counter.typed(), "481902");
    assert_eq!(counter.pending.iter().filter(|it| is_verify(&it.call)).count(), 1);
    counter.says("being checked");
    counter.settle().is_at("verified");
}

#[test]
fn resend_waits_for_its_cooldown_and_says_how_long() {
    let mut counter = sent();
    counter.keys("<Ctrl-R>").says("A new code can be sent in 30 seconds (Ctrl-R).");
    counter.pass(Duration::from_secs(8)).says("in 22 seconds (Ctrl-R).");
    counter.pass(Duration::from_secs(22)).says("now (Ctrl-R).");
    counter.keys("12<Ctrl-R>").is_at("entry");
    let request = &counter.entry().request;
    assert_eq!((request.generation, request.reference.as_str()), (2, "M3T"));
    assert_eq!(request.delivery.state, DeliveryState::Sent);
    assert_eq!(counter.typed(), "", "the older code is of no use any more");
    assert_eq!(counter.notice(), "");
}

#[test]
fn another_contact_is_one_key_away_and_the_code_stays_open() {
    let mut counter = sent();
    counter.keys("<Ctrl-O>").is_at("send");
    assert_eq!(counter.send().choices[counter.send().selected].channel, Channel::Sms);
    assert!(counter.send().open.is_some());
    counter.keys("<Ctrl-E>").is_at("entry");
    // Only a look: Esc goes back to the code, and from there to the channels.
    counter.keys("<Ctrl-O><Esc>").is_at("entry");
    counter.keys("<Esc>").is_at("send");
    counter.keys("<Esc>").is_at("find");
    let mut counter = sent();
    counter.keys("<Ctrl-O><Enter>").is_at("entry");
    assert_eq!(counter.entry().request.channel, Channel::Sms);
    // Amira has no phone: the channels say so.
    let counter = Counter::after("amira<Enter><Enter><Ctrl-O>");
    counter.is_at("send").says("no other contact");
}

#[test]
fn cancelling_asks_first() {
    let mut counter = sent();
    counter.keys("<Ctrl-X><Esc>").is_at("entry");
    assert_eq!(counter.desk.open_request().status, Status::Open);
    counter.keys("<Ctrl-X><Enter>").is_at("entry");
    assert_eq!(counter.desk.open_request().status, Status::Open, "Enter is the harmless answer");
    counter.keys("<Ctrl-X>Y").is_at("send").says("cancelled");
    assert_eq!(counter.desk.open_request().status, Status::Cancelled);
    assert!(counter.send().open.is_none());
    counter.keys("<Esc>").is_at("find");
    assert_eq!(counter.find().input.value(), "", "the next customer is searched for afresh");
}

#[test]
fn a_flag_that_cancels_a_code_is_told_by_its_name() {
    let mut counter = sent();
    let deceased = CustomerFlag {
        flag: Flag::Deceased,
        reason: "letter of the heirs".into(),
        set_by: Actor { clerk: "boss".into(), counter: "1".into() },
        set_at: counter.time(),
        until: None,
    };
    counter.desk.customers[0].flags = [deceased].into_iter().collect();
    counter.desk.open_request().status = Status::Cancelled;
    counter.tell(Msg::StoreChanged).is_at("entry");
    counter.says("was marked meanwhile, deceased: letter of the heirs (boss)");
}

#[test]
fn what_the_last_message_did_to_the_order_is_seen_after_the_code() {
    let mut counter = Counter::after("riv<Enter>");
    let first = counter.send().choices[0].channel;
    counter.keys("<Enter>").is_at("entry");
    let bad = ContactState { is_bad: true, ..ContactState::default() };
    counter.desk.contact_states.insert(first, bad);
    counter.keys("<Esc>").is_at("send");
    let send = counter.send();
    assert_ne!(send.choices[0].channel, first, "it stands behind the others");
    assert_eq!(send.choices[send.selected].channel, first, "what was selected stays so");
    // From then on nothing moves under the clerk's finger.
    counter.desk.contact_states.clear();
    counter.tell(Msg::StoreChanged);
    assert_ne!(counter.send().choices[0].channel, first);
}

#[test]
fn digits_for_a_code_that_is_over_say_what_helps() {
    for (status, words) in [
        (Status::Expired, "The code has expired. Ctrl-R sends a new code."),
        (Status::Locked, "The code is locked. Ctrl-R"),
        (Status::Verified, "The code was used; it works once. Ctrl-R"),
        (Status::Superseded, "The code was replaced by a later one. Ctrl-R"),
        (Status::Cancelled, "The code was cancelled. Ctrl-R"),
    ] {
        for paste in [false, true] {
            let mut counter = sent();
            counter.desk.open_request().status = status;
            counter.desk.open_request().attempts = 5;
            counter.tell(Msg::StoreChanged);
            let before = counter.notice().to_owned();
            if paste {
                counter.paste("481902")
            } else {
                counter.keys("4")
            };
            counter.is_at("entry").says(words);
            assert_ne!(counter.notice(), before);
            assert_eq!(counter.typed(), "");
        }
    }
    let mut counter = sent();
    counter.pass(Duration::from_mins(6)).slow().keys("<Ctrl-R>4");
    counter.says("still under way");
}

#[test]
fn a_code_expires_by_the_stores_clock_and_ctrl_r_sends_a_new_one() {
    let mut counter = sent();
    counter.keys("48").pass(Duration::from_secs(299));
    assert_eq!(counter.entry().request.status, Status::Open);
    counter.pass(Duration::from_secs(1));
    assert_eq!(counter.entry().request.status, Status::Expired);
    counter.says("worked until 10:45").says("(Ctrl-R)");
    assert_eq!(counter.typed(), "");
    counter.keys("481902<Enter>").is_at("entry").says("worked until");
    counter.keys("<Ctrl-R>").is_at("entry");
    assert_eq!(counter.desk.asks.len(), 2);
    assert_eq!(counter.desk.asks[0].purpose, counter.desk.asks[1].purpose);
    assert_eq!(counter.entry().request.status, Status::Open);
}

#[test]
fn what_another_terminal_does_to_the_request_is_shown() {
    for (status, words) in [
        (Status::Cancelled, "cancelled"),
        (Status::Locked, "locked"),
        (Status::Verified, "verified before"),
        (Status::Superseded, "replaced"),
    ] {
        let mut counter = sent();
        counter.keys("48");
        counter.desk.open_request().status = status;
        counter.desk.open_request().attempts = 5;
        counter.tell(Msg::StoreChanged).is_at("entry").says(words).says("(Ctrl-R)");
        assert_eq!(counter.typed(), "");
    }
    let mut counter = sent();
    counter.desk.open_request().attempts = 2;
    counter.desk.open_request().delivery.state = DeliveryState::Delivered;
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.entry().request.attempts_left(), 3);
    assert_eq!(counter.entry().request.delivery.state, DeliveryState::Delivered);
    counter.desk.open_request().generation = 2;
    counter.desk.open_request().reference = Reference::from_store("Z9Z");
    counter.tell(Msg::StoreChanged).says("reference Z9Z");
}

#[test]
fn changes_of_the_store_are_read_one_at_a_time() {
    let mut counter = sent();
    counter.slow();
    for _ in 0..20 {
        counter.tell(Msg::StoreChanged);
    }
    assert_eq!(counter.pending.iter().filter(|it| is_read(&it.call)).count(), 1);
    counter.settle_one(is_read);
    assert_eq!(counter.pending.iter().filter(|it| is_read(&it.call)).count(), 1, "and once more");
    counter.settle_one(is_read);
    assert!(!counter.is_pending(is_read));
}

#[test]
fn an_answer_from_before_does_not_undo_what_is_known() {
    let mut counter = sent();
    counter.slow().tell(Msg::StoreChanged);
    let early = Answer::ReadRequest(Ok(counter.desk.request.clone()));
    counter.keys("000000").settle_one(is_verify);
    assert_eq!(counter.entry().request.attempts, 1);
    counter.answer(is_read, early);
    assert_eq!(counter.entry().request.attempts, 1);
}

#[test]
fn the_clerks_own_success_is_not_told_as_somebody_elses() {
    let mut counter = sent();
    counter.slow().keys("481902").tell(Msg::StoreChanged);
    counter.desk.open_request().status = Status::Verified;
    assert!(!counter.is_pending(is_read));
    counter.desk.open_request().status = Status::Open;
    counter.settle().is_at("verified");
}

#[test]
fn a_message_is_sent_wherever_the_clerk_is_by_then() {
    let mut counter = sent();
    counter.pass(Duration::from_secs(30));
    counter.slow().keys("<Ctrl-R><F2>");
    counter.settle_one(|act| matches!(act, Call::ResendCode(_)));
    assert!(counter.is_pending(|act| matches!(act, Call::DeliverCode(_))));
    counter.keys("<Esc><Esc>").is_at("send");
    counter.settle();
    let open = counter.send().open.as_ref().map(|it| it.delivery.state);
    assert_eq!(open, Some(DeliveryState::Sent));
}

#[test]
fn a_late_report_of_an_earlier_message_does_not_pass_for_the_newer_ones() {
    let is_deliver = |act: &Call| matches!(act, Call::DeliverCode(_));
    let mut counter = Counter::after("riv<Enter>");
    counter.slow().keys("<Enter>").settle_one(|act| matches!(act, Call::AskForCode(_)));
    counter.pass(Duration::from_secs(31)).keys("<Ctrl-R>");
    counter.settle_one(|act| matches!(act, Call::ResendCode(_)));
    assert_eq!(counter.pending.iter().filter(|it| is_deliver(&it.call)).count(), 2);
    let report = SendReport {
        state: DeliveryState::Undeliverable,
        provider_id: None,
        detail: Some("The mailbox is full.".into()),
        fault: Some(FailureClass::Recipient(ContactFailure::UnknownNumber)),
    };
    counter.answer(is_deliver, Answer::DeliverCode(Ok(Some(report))));
    assert_eq!(counter.entry().request.delivery.state, DeliveryState::Queued);
    counter.says("asked for before did not go out").says("mailbox is full");
    counter.answer(is_deliver, Answer::DeliverCode(Ok(Some(SendReport::sent(None)))));
    assert_eq!(counter.entry().request.delivery.state, DeliveryState::Sent);
}

#[test]
fn a_code_that_is_open_is_offered_whenever_its_customer_is_opened_again() {
    let mut counter = Counter::after("riv<Enter><Enter>");
    counter.keys("<Esc><Esc>").is_at("find");
    counter.keys("riv<Enter>").is_at("send");
    assert!(counter.send().open.is_some());
    counter.keys("<Ctrl-E>").is_at("entry");
    counter.desk.open_request().status = Status::Verified;
    counter.keys("<Esc><Esc>riv<Enter>").is_at("send");
    assert!(counter.send().open.is_none());
}
