//! What is done to a customer for a reason, the approvals of a second admin, and what a role
//! is offered.

use std::time::Duration;

use countersign::domain::channel::Factor;
use countersign::domain::contact::ContactKind;
use countersign::domain::customer::CustomerId;
use countersign::domain::event::{EventCustomer, EventKind};
use countersign::domain::level::FactorSet;
use countersign::domain::outcome::Outcome;
use countersign::service::api::{Answer, Call, Role};
use countersign::service::customers::disown::{DisownOutcome, Disowned, DisownedVerification};
use countersign::service::verification::request::Refusal;
use countersign::tui::app::model::Overlay;
use countersign::tui::customer_acts::state::CustomerAct;
use countersign::tui::machine::keymap::{self, Context};
use countersign::tui::machine::message::{Failure, Msg};
use countersign::tui::machine::revealed::{REVEAL_TIME, Revealed};

use super::counter::Counter;
use super::desk::waiting_act;

fn is_reveal(call: &Call) -> bool {
    matches!(call, Call::RevealContact(_))
}

fn is_unlock(call: &Call) -> bool {
    matches!(call, Call::UnlockCustomer(_))
}

impl Counter {
    /// A counter at which an admin sits.
    fn of_admin() -> Self {
        let mut counter = Self::new();
        counter.model.shared.place.role = Role::Admin;
        counter
    }

    fn revealed(&self) -> Option<&str> {
        self.model.shared.revealed.as_ref().map(Revealed::contact)
    }

    fn act(&self) -> Option<CustomerAct> {
        match &self.model.overlay {
            Some(Overlay::CustomerAct(form)) => Some(form.act()),
            _ => None,
        }
    }

    /// The reasons that the desk was given.
    fn reasons(&self) -> Vec<&str> {
        self.desk.reasons.iter().map(String::as_str).collect()
    }
}

#[test]
fn security_37_a_contact_is_shown_for_a_reason_and_masked_after_fifteen_seconds() {
    let mut counter = Counter::after("riv<F5>");
    assert_eq!(counter.act(), Some(CustomerAct::Reveal(ContactKind::Email)));
    counter.keys("<Tab>");
    assert_eq!(counter.act(), Some(CustomerAct::Reveal(ContactKind::Phone)));
    counter.keys("<Down><Enter>");
    assert_eq!(counter.act(), None);
    assert_eq!(counter.revealed(), Some("+4915112345678"));
    assert_eq!(counter.reasons(), ["Customer says that no message came"]);
    let debug = format!("{:?}", counter.model.shared.revealed);
    assert!(debug.contains("Phone") && !debug.contains("+49"), "{debug}");
    counter.pass(REVEAL_TIME.saturating_sub(Duration::from_millis(1)));
    assert!(counter.revealed().is_some());
    counter.pass(Duration::from_millis(1));
    assert_eq!(counter.revealed(), None);
    // A reason of one's own.
    counter.keys("<F5>the carrier asks<Enter>");
    assert_eq!(counter.reasons()[1], "the carrier asks");
    assert_eq!(counter.revealed(), Some("someone@example.org"));
}

#[test]
fn security_37_a_contact_is_masked_when_its_screen_is_left_or_the_terminal_is_locked() {
    let shown = |script: &str| {
        let mut counter = Counter::after(script);
        counter.keys("<F5><Enter>");
        assert!(counter.revealed().is_some(), "{script}: {}", counter.notice());
        counter
    };
    // Another customer, another search, another screen.
    for keys in ["<Down>", "x", "<Esc>", "<Enter>"] {
        let mut counter = shown("riv");
        counter.keys(keys);
        assert_eq!(counter.revealed(), None, "{keys}");
    }
    for (at, keys) in [
        ("riv<Enter>", "<Esc>"),
        ("riv<Enter>", "<Enter>"),
        ("riv<Enter><Enter>", "<Esc>"),
        ("riv<Enter><Enter>", "481902"),
        ("riv<Enter><Enter>481902", "<Ctrl-X>"),
        ("riv", "<F9>"),
        ("riv<Enter><Enter>481902", "<F9>"),
    ] {
        let mut counter = shown(at);
        counter.keys(keys);
        assert_eq!(counter.revealed(), None, "{at} {keys}");
    }
    // Nobody presses a key: the session ends elsewhere.
    let mut counter = shown("riv<Enter><Enter>481902");
    counter.desk.session = None;
    counter.tell(Msg::StoreChanged).is_at("find");
    assert_eq!(counter.revealed(), None);
}

#[test]
fn a_contact_that_comes_late_is_not_shown_to_whoever_sits_there_by_then() {
    let mut counter = Counter::after("riv");
    counter.slow().keys("<F5><Enter>");
    assert!(counter.is_pending(is_reveal));
    counter.keys("<F9>").settle_one(is_reveal);
    assert_eq!(counter.revealed(), None);
    let mut counter = Counter::after("riv");
    counter.slow().keys("<F5><Enter><Esc>").settle_one(is_reveal);
    assert_eq!(counter.revealed(), None, "it was left");
}

#[test]
fn a_record_without_the_contact_says_so() {
    let mut counter = Counter::after("okafor");
    counter.keys("<F5>");
    assert_eq!(counter.act(), Some(CustomerAct::Reveal(ContactKind::Email)));
    counter.keys("<Tab>");
    assert_eq!(counter.act(), Some(CustomerAct::Reveal(ContactKind::Email)), "there is no other");
    counter.keys("<Esc>");
    let mut event = super::desk::event(1);
    event.kind = EventKind::Requested;
    event.customer = Some(EventCustomer {
        id: CustomerId(3),
        account_no: "WB-004219".into(),
        name: "Amira Okafor".into(),
    });
    counter.desk.events.push(event);
    counter.keys("<F2><F5><Enter>").says("has no phone number on file");
}

#[test]
fn an_admin_unlocks_a_customer_from_where_the_lock_is_met() {
    let mut counter = Counter::of_admin();
    counter.desk.refusal = Some(Refusal {
        outcome: Outcome::Locked,
        reason: "This customer is locked after too many wrong codes.".into(),
        retry_at: None,
        request: None,
        quarantine: None,
    });
    counter.keys("riv<Enter><Enter>").is_at("send").says("F6 lifts it");
    counter.keys("<F6>");
    assert_eq!(counter.act(), Some(CustomerAct::Unlock));
    counter.keys("<Enter>").says("Choose the reason with Up and Down, or type it");
    assert!(counter.reasons().is_empty(), "what nobody chose is no reason");
    counter.keys("<Down><Enter>").says("Dana Rivera may be sent a new code.");
    assert_eq!(counter.reasons(), ["Showed an identity card"]);
    counter.keys("<Enter>").is_at("entry");
}

#[test]
fn the_boxes_of_a_locked_customer_open_again_once_an_admin_lifted_it() {
    let mut counter = Counter::of_admin();
    counter.keys("riv<Enter><Enter>");
    counter.desk.locks_customer = true;
    counter.keys("000000").says("F6 lifts it");
    assert!(counter.entry().is_customer_locked());
    counter.keys("<F6>mistyped<Enter>");
    assert!(!counter.entry().is_customer_locked());
    counter.desk.locks_customer = false;
    counter.pass(Duration::from_secs(31)).keys("<Ctrl-R>");
    assert!(counter.entry().is_open());
}

#[test]
fn a_changed_contact_is_confirmed_from_the_channel_that_waits() {
    let mut counter = Counter::of_admin();
    counter.desk.waits = true;
    counter.keys("riv<Enter><Down><F6>");
    assert!(matches!(counter.act(), Some(CustomerAct::Confirm(_))), "{:?}", counter.act());
    counter.keys("<Down><Enter>").says("from now on");
}

#[test]
fn an_act_that_takes_two_admins_waits_and_says_so() {
    let mut counter = Counter::of_admin();
    counter.keys("riv").slow().keys("<F6><Down><Enter>");
    let waits = Failure {
        text: "Nothing was done yet: unlock Dana Rivera waits for a second admin.".into(),
        lost: false,
        waits: false,
        awaits_approval: true,
    };
    counter.answer(is_unlock, Answer::UnlockCustomer(Err(waits))).says("waits for a second");
    assert_eq!(counter.act(), None, "the form is closed");
}

#[test]
fn an_act_under_way_is_not_begun_twice() {
    let mut counter = Counter::of_admin();
    counter.keys("riv").slow().keys("<F6><Down><Enter><Enter><Esc>");
    assert_eq!(counter.pending.iter().filter(|it| is_unlock(&it.call)).count(), 1);
    assert_eq!(counter.act(), Some(CustomerAct::Unlock), "it comes to its end");
    counter.settle().says("may be sent");
}

#[test]
fn a_second_admin_approves_or_refuses_what_waits() {
    let mut counter = Counter::of_admin();
    counter.desk.waiting = vec![waiting_act(1, "tomasz"), waiting_act(2, "amira")];
    counter.tell(Msg::StoreChanged);
    counter.keys("<F7>");
    assert_eq!(counter.model.context(), Context::Approvals);
    let count = |counter: &Counter| {
        let shared = &counter.model.shared;
        countersign::tui::machine::waiting_approvals::count(shared, shared.time(counter.now))
    };
    assert_eq!(count(&counter), 1, "one's own is for another");
    counter.keys("a").says("as tomasz asked. It is done.");
    assert_eq!(counter.desk.approved.len(), 1);
    // What is left is one's own.
    counter.keys("a").says("another admin approves it");
    assert_eq!(counter.desk.approved.len(), 1, "nothing was asked of the desk");
    counter.keys("r").says("is not done");
    assert!(counter.desk.waiting.is_empty());
    counter.keys("a").says("Nothing waits");
    counter.keys("<Esc>");
    assert!(counter.model.overlay.is_none());
}

#[test]
fn an_act_whose_time_is_over_is_no_longer_counted() {
    let mut counter = Counter::of_admin();
    counter.desk.waiting = vec![waiting_act(1, "tomasz")];
    counter.keys("<F7>");
    let count = |counter: &Counter| {
        let shared = &counter.model.shared;
        countersign::tui::machine::waiting_approvals::count(shared, shared.time(counter.now))
    };
    assert_eq!(count(&counter), 1);
    counter.pass(Duration::from_mins(16));
    assert_eq!(count(&counter), 0);
    counter.keys("a").says("Nothing waits");
}

#[test]
fn what_a_role_may_not_do_is_not_offered_and_says_who_may() {
    let offered = |counter: &Counter, key: &str| {
        keymap::bindings(counter.model.context()).filter(|it| it.key == key).any(|it| {
            countersign::tui::machine::permissions::may(&counter.model.shared, it.command)
        })
    };
    let mut clerk = Counter::after("riv");
    assert!(offered(&clerk, "F5") && !offered(&clerk, "F6") && !offered(&clerk, "F7"));
    for key in ["<F6>", "<F7>"] {
        clerk.keys(key).says("Your role (clerk) may not administer the office");
        clerk.says("admin");
        assert!(clerk.model.overlay.is_none());
    }
    let mut auditor = Counter::new();
    auditor.model.shared.place.role = Role::Auditor;
    auditor.slow().keys("riv<Enter>").says("Your role (auditor) may not verify customers");
    auditor.keys("<F5>").says("may not verify customers");
    let asked = auditor.is_pending(|call| matches!(call, Call::FindCustomers(_)));
    assert!(!asked, "nothing is asked that would be refused");
    auditor.keys("<F2>");
    assert!(auditor.model.log.is_some());
}

#[test]
fn a_verification_is_disowned_from_its_entry_in_the_log() {
    let mut counter = Counter::of_admin();
    let mut event = super::desk::event(1);
    event.kind = EventKind::Attempt;
    event.request = "7K3M9QX2TB".parse().ok();
    event.customer = Some(EventCustomer {
        id: CustomerId(1),
        account_no: "WB-004217".into(),
        name: "Dana Rivera".into(),
    });
    counter.desk.events.push(event.clone());
    counter.keys("<F2><F6>");
    assert_eq!(counter.act(), Some(CustomerAct::Unlock));
    counter.keys("<Tab><Tab><Tab>");
    assert_eq!(counter.act(), Some(CustomerAct::Disown));
    counter.keys("says so<Enter>").says("no such verification");
    assert_eq!(counter.reasons(), ["7K3M9QX2TB: says so"]);
    // An entry without a request has nothing to disown, nor has a customer on the screen.
    counter.keys("<Esc>");
    counter.desk.events.clear();
    counter.desk.events.push(countersign::domain::event::Event { request: None, ..event });
    counter.keys("<F2><F6><Tab><Tab><Tab>");
    assert_eq!(counter.act(), Some(CustomerAct::Unlock));
}

#[test]
fn what_opened_a_session_without_a_request_is_disowned_from_its_entry_too() {
    for kind in [EventKind::DocumentSeen, EventKind::Vouched, EventKind::SessionRaised] {
        let mut counter = Counter::of_admin();
        let mut event = super::desk::event(1);
        event.kind = kind;
        (event.request, event.outcome) = (None, Some(Outcome::Verified));
        event.detail = Some("session 7K3M9QX2TC: approved by boss: session 0000000000".into());
        event.customer = Some(EventCustomer {
            id: CustomerId(1),
            account_no: "WB-004217".into(),
            name: "Dana Rivera".into(),
        });
        counter.desk.events.push(event);
        counter.keys("<F2><F6><Tab><Tab><Tab>");
        assert_eq!(counter.act(), Some(CustomerAct::Disown), "{kind:?}");
        counter.shows("disown 7K3M9QX2TC").shows("by amira, counter 3");
        counter.keys("<Down><Enter>").says("no such verification");
        assert_eq!(counter.reasons(), ["7K3M9QX2TC: Says that it was not them"]);
    }
}

#[test]
fn who_verified_is_said_once_it_is_disowned() {
    let mut counter = Counter::of_admin();
    let mut event = super::desk::event(1);
    (event.kind, event.outcome) = (EventKind::Attempt, Some(Outcome::Verified));
    event.request = "7K3M9QX2TB".parse().ok();
    event.customer = Some(EventCustomer {
        id: CustomerId(1),
        account_no: "WB-004217".into(),
        name: "Dana Rivera".into(),
    });
    let (actor, at) = (event.actor.clone(), event.at);
    counter.desk.events.push(event);
    counter.keys("<F2><F6><Tab><Tab><Tab><Down>").slow().keys("<Enter>");
    let what = DisownedVerification {
        purpose: "pay a bill".into(),
        factors: Some(FactorSet::default().with(Factor::Sms)),
        by: Some(actor),
        at: Some(at),
        representative: None,
    };
    let disowned = Disowned {
        customer: CustomerId(1),
        account_no: "WB-004217".into(),
        name: "Dana Rivera".into(),
        named: "7K3M9QX2TB".into(),
        what,
        sessions: Vec::new(),
        codes: 0,
        is_repeated: false,
    };
    let answer = Answer::DisownVerification(Ok(DisownOutcome::Disowned(Box::new(disowned))));
    counter.answer(|call| matches!(call, Call::DisownVerification(_)), answer);
    counter.says("is on hold").says("amira at counter 3 verified for \"pay a bill\" (SMS)");
}
