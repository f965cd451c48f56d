//! From what was seen to the entry of the log.

use crossterm::event::KeyEvent;

use crate::domain::flag::IncidentKind;
use crate::service::customers::calls::FileIncident;
use crate::service::messages;
use crate::tui::incident::state::IncidentForm;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::{store_lost, text_field};

const SAY_WHICH: &str = "Choose with Up and Down what it is; then it is filed.";
const SAY_WHAT: &str = "Type in one line what you saw; then it is filed.";

pub(in crate::tui) fn key(form: &mut IncidentForm, key: KeyEvent) {
    if form.waiting.is_none() {
        text_field::edit(&mut form.typed, key);
    }
}

pub(in crate::tui) fn paste(form: &mut IncidentForm, text: &str) {
    if form.waiting.is_none() {
        text_field::insert(&mut form.typed, text);
    }
}

pub(in crate::tui) fn command(form: &mut IncidentForm, step: &mut Step<'_>, command: Command) {
    if form.waiting.is_some() {
        return store_lost::wait(step, store_lost::BEING_DONE);
    }
    if let Some(by) = motion(command) {
        let kinds = IncidentKind::ALL.len();
        form.selected = Some(form.selected.map_or(0, |at| moved(at, kinds, by)));
        return;
    }
    match command {
        Command::Accept => file(form, step),
        Command::Back => step.go(Navigation::Close),
        _ => {}
    }
}

fn file(form: &mut IncidentForm, step: &mut Step<'_>) {
    let seen = form.typed.value().trim().to_owned();
    if seen.is_empty() {
        return step.hint(Tone::Plain, SAY_WHAT);
    }
    let Some(kind) = form.kind() else { return step.hint(Tone::Plain, SAY_WHICH) };
    let customer = form.about.as_ref().map(|(id, _)| *id);
    let key = step.idempotency_key();
    step.clear_notice();
    form.waiting = Some(step.call(FileIncident { customer, kind, seen, key }));
}

/// It was filed, or was not.
pub(in crate::tui) fn filed(
    form: &mut IncidentForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<(), Failure>,
) {
    if form.waiting.take_if(|waiting| *waiting == id).is_none() {
        return;
    }
    match answer {
        Ok(()) => {
            step.go(Navigation::Close);
            step.say(Tone::Good, messages::INCIDENT_FILED);
        }
        Err(failure) => step.fail(failure),
    }
}
