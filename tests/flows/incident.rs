//! Flags in sight of the clerk, and an incident from any screen.

use countersign::domain::customer::CustomerId;
use countersign::domain::event::Actor;
use countersign::domain::flag::{CustomerFlag, Flag, FlagRefusal, IncidentKind};
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call};
use countersign::service::ports::StoreError;
use countersign::service::{DeskError, messages};
use countersign::tui::app::model::Overlay;
use countersign::tui::machine::message::Failure;

use super::counter::Counter;

fn is_ask(call: &Call) -> bool {
    matches!(call, Call::AskForCode(_))
}

fn is_filed(call: &Call) -> bool {
    matches!(call, Call::FileIncident(_))
}

impl Counter {
    fn has_incident(&self) -> bool {
        matches!(self.model.overlay, Some(Overlay::Incident(_)))
    }

    /// What is being filed.
    fn filed(&mut self) -> (Option<CustomerId>, IncidentKind, String) {
        let effect = self.take(is_filed);
        let Call::FileIncident(it) = effect.call.clone() else { panic!("another call") };
        self.pending.push(effect);
        (it.customer, it.kind, it.seen)
    }
}

#[test]
fn an_incident_is_filed_from_any_screen_about_whoever_is_in_view() {
    for (script, about) in [
        ("", None),
        ("riv", Some(CustomerId(1))),
        ("riv<Enter>", Some(CustomerId(1))),
        ("riv<Enter><Enter>", Some(CustomerId(1))),
        ("riv<Enter><Enter>481902", Some(CustomerId(1))),
    ] {
        let mut counter = Counter::after(script);
        counter.keys("<F12>");
        assert!(counter.has_incident(), "{script}");
        counter.slow().keys("<Down><Down>reads from a list<Enter>");
        let (customer, kind, seen) = counter.filed();
        assert_eq!(customer, about, "{script}");
        assert_eq!((kind, seen.as_str()), (IncidentKind::Coached, "reads from a list"));
        counter.answer(is_filed, Answer::FileIncident(Ok(())));
        assert!(!counter.has_incident());
        counter.says("The incident is in the log");
    }
}

#[test]
fn nothing_is_filed_without_a_word_or_when_it_is_left() {
    let mut counter = Counter::after("riv<F12>");
    counter.keys("<Enter>").says("Type in one line what you saw");
    assert!(counter.has_incident());
    counter.keys("<Esc>");
    assert!(!counter.has_incident());
    counter.keys("<F12><F12>");
    assert!(!counter.has_incident(), "the same key closes it");
    let down = Failure {
        text: "The store is busy.".into(),
        lost: false,
        waits: false,
        awaits_approval: false,
    };
    counter.keys("<F12>x<Enter>").says("Choose with Up and Down what it is");
    counter.keys("<Down>").slow().keys("<Enter>");
    counter.answer(is_filed, Answer::FileIncident(Err(down)));
    assert!(counter.has_incident(), "what was typed is not lost");
}

#[test]
fn a_hold_that_was_set_meanwhile_is_said_with_who_may_lift_it() {
    let mut counter = Counter::after("riv<Enter>");
    let flag = CustomerFlag {
        flag: Flag::Hold,
        reason: "account was taken over".into(),
        set_by: Actor { clerk: "boss".into(), counter: "1".into() },
        set_at: Timestamp::from_millis(0),
        until: None,
    };
    let refusal = FlagRefusal { customer: CustomerId(1), flag, account_no: None };
    let error = DeskError::Store(StoreError::Flagged(Box::new(refusal)));
    let text = messages::desk_error(&error).for_clerk;
    let failure = Failure { text, lost: false, waits: false, awaits_approval: false };
    counter.slow().keys("<Enter>");
    counter.answer(is_ask, Answer::AskForCode(Err(failure))).is_at("send");
    counter.says("on hold").says("An admin may lift it");
}
