//! From a reason to the act, and what came of it.

use crossterm::event::KeyEvent;

use crate::service::customers::calls::{
    ConfirmContact, DisownVerification, RevealContact, UnlockCustomer,
};
use crate::service::customers::disown::DisownOutcome;
use crate::service::customers::reveal::RevealedContact;
use crate::service::messages;
use crate::tui::customer_acts::state::{ActForm, CustomerAct};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::revealed::Revealed;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::{store_lost, text_field};

const SAY_WHY: &str = "Choose the reason with Up and Down, or type it; then it is done.";

pub(in crate::tui) fn key(form: &mut ActForm, key: KeyEvent) {
    if form.waiting.is_none() {
        text_field::edit(&mut form.typed, key);
    }
}

pub(in crate::tui) fn paste(form: &mut ActForm, text: &str) {
    if form.waiting.is_none() {
        text_field::insert(&mut form.typed, text);
    }
}

pub(in crate::tui) fn command(form: &mut ActForm, step: &mut Step<'_>, command: Command) {
    if form.waiting.is_some() {
        return wait(form, step, command);
    }
    if let Some(by) = motion(command) {
        let reasons = form.act().usual_reasons().len();
        form.selected = Some(form.selected.map_or(0, |at| moved(at, reasons, by)));
        return;
    }
    match command {
        Command::NextAct => {
            form.chosen = (form.chosen + 1) % form.acts.len().max(1);
            form.selected = form.act().first_selected();
        }
        Command::Accept if form.reason().is_empty() => step.hint(Tone::Plain, SAY_WHY),
        Command::Accept => act(form, step),
        Command::Back => step.go(Navigation::Close),
        _ => {}
    }
}

/// A key while the act is under way. Nobody has to wait for a contact to be shown; what
/// changes something comes to its end.
fn wait(form: &mut ActForm, step: &mut Step<'_>, command: Command) {
    match (form.act(), command) {
        (CustomerAct::Reveal(_), Command::Back) => {
            step.forget(form.waiting.take());
            step.go(Navigation::Close);
        }
        _ => store_lost::wait(step, store_lost::BEING_DONE),
    }
}

fn act(form: &mut ActForm, step: &mut Step<'_>) {
    let (customer, reason) = (form.subject.id, form.reason().to_owned());
    let key = step.idempotency_key();
    step.clear_notice();
    form.waiting = Some(match form.act() {
        CustomerAct::Reveal(kind) => step.call(RevealContact { customer, kind, reason }),
        CustomerAct::Unlock => step.call(UnlockCustomer { customer, reason, key }),
        CustomerAct::Confirm(kind) => step.call(ConfirmContact { customer, kind, reason, key }),
        CustomerAct::Disown => {
            let named = form.subject.verification.as_ref().map(|it| it.name.clone());
            let reference = named.unwrap_or_default();
            step.call(DisownVerification { reference, customer: Some(customer), reason, key })
        }
    });
}

pub(in crate::tui) fn revealed(
    form: &mut ActForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<RevealedContact>, Failure>,
) {
    if form.waiting.take_if(|waiting| *waiting == id).is_none() {
        return;
    }
    match (answer, form.act()) {
        (Ok(Some(contact)), _) => {
            let of = format!("{} ({})", form.subject.name, form.subject.account_no);
            step.shared.revealed = Some(Revealed::new(of, contact, step.now));
            step.go(Navigation::Close);
        }
        (Ok(None), CustomerAct::Reveal(kind)) => {
            step.say(Tone::Warning, messages::no_contact(&form.subject.name, kind));
            step.go(Navigation::Close);
        }
        (Ok(None), _) => {}
        (Err(failure), _) => step.fail(failure),
    }
}

/// A lockout was lifted, or a contact confirmed; whether that is done.
pub(in crate::tui) fn lifted(
    form: &mut ActForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<bool, Failure>,
) -> bool {
    if form.waiting.take_if(|waiting| *waiting == id).is_none() {
        return false;
    }
    match answer {
        Ok(changed) => {
            let name = &form.subject.name;
            let text = match form.act() {
                CustomerAct::Confirm(kind) => messages::confirmed(name, kind, changed),
                _ => messages::unlocked(name, changed),
            };
            step.say(if changed { Tone::Good } else { Tone::Plain }, text);
            step.go(Navigation::Close);
            true
        }
        Err(failure) => {
            // It is asked for, and not done.
            if failure.awaits_approval {
                step.go(Navigation::Close);
            }
            step.fail(failure);
            false
        }
    }
}

/// A verification was disowned.
pub(in crate::tui) fn disowned(
    form: &mut ActForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<DisownOutcome, Failure>,
) {
    if form.waiting.take_if(|waiting| *waiting == id).is_none() {
        return;
    }
    match answer {
        Ok(DisownOutcome::Disowned(it)) => {
            let place = &step.shared.place;
            let was = messages::disowned_verification(&it.what, &|at| place.day_and_clock(at));
            step.say(Tone::Good, format!("{} {was}", messages::disowned(&it)));
            step.go(Navigation::Close);
        }
        Ok(DisownOutcome::Several(_) | DisownOutcome::NoSuch) => {
            step.say(Tone::Warning, messages::NOTHING_TO_DISOWN);
            step.go(Navigation::Close);
        }
        Err(failure) => step.fail(failure),
    }
}
