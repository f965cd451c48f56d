//! From a reason to the colleague's approval. The call is told again under its key whenever the
//! store has changed, until it is approved or its time is over.

use crossterm::event::KeyEvent;
use tui_input::Input;

use crate::domain::approval::APPROVAL_TIME;
use crate::service::approvals::calls::{LeaveVouch, VouchFor};
use crate::service::approvals::vouch::Vouched;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::{ChannelsOfCustomer, Navigation, OpenSession};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::step::Step;
use crate::tui::machine::{further_proof, store_lost, text_field};
use crate::tui::second_person::state::{AskedApproval, SecondPersonForm, USUAL_REASONS};

const STILL_WAITS: &str = "It waits for the colleague: an admin approves it at another terminal.";
const LEFT: &str = "The colleague's approval is not waited for any more, and no admin is asked.";
const OVER: &str = "Nobody approved it within its time. Ask again where it is still needed.";
const GONE: &str = "There is no such customer any more.";

/// The form, with nothing asked.
pub(in crate::tui) fn begin(of: ChannelsOfCustomer) -> SecondPersonForm {
    SecondPersonForm { of, typed: Input::default(), selected: 0, asked: None, calling: None }
}

pub(in crate::tui) fn key(form: &mut SecondPersonForm, key: KeyEvent) {
    if form.asked.is_none() {
        text_field::edit(&mut form.typed, key);
    }
}

pub(in crate::tui) fn paste(form: &mut SecondPersonForm, text: &str) {
    if form.asked.is_none() {
        text_field::insert(&mut form.typed, text);
    }
}

pub(in crate::tui) fn command(form: &mut SecondPersonForm, step: &mut Step<'_>, command: Command) {
    if form.calling.is_some() {
        return store_lost::wait(step, store_lost::BEING_DONE);
    }
    if let Some(by) = motion(command).filter(|_| form.asked.is_none()) {
        form.selected = moved(form.selected, USUAL_REASONS.len(), by);
        return;
    }
    match command {
        Command::Accept if form.asked.is_some() => step.hint(Tone::Plain, STILL_WAITS),
        Command::Accept => {
            let (key, since) = (step.idempotency_key(), step.now);
            form.asked = Some(AskedApproval { key, since, waits: false });
            step.clear_notice();
            tell(form, step);
        }
        Command::Back => {
            step.go(Navigation::Close);
            if form.is_waiting() {
                step.say(Tone::Plain, LEFT);
                if let Some(asked) = vouch(form, step) {
                    step.call(LeaveVouch { asked: VouchFor { session: None, ..asked } });
                }
            }
        }
        _ => {}
    }
}

/// Asks for the approval, or tells the same act again.
fn tell(form: &mut SecondPersonForm, step: &mut Step<'_>) {
    let Some(call) = vouch(form, step) else { return };
    form.calling = Some(step.call(call));
}

/// What is asked of the colleague; none where nothing is.
fn vouch(form: &SecondPersonForm, step: &Step<'_>) -> Option<VouchFor> {
    let asked = form.asked.as_ref()?;
    Some(VouchFor {
        customer: form.of.customer.id,
        purpose: step.shared.place.purpose_name(form.of.purpose),
        reason: form.reason().to_owned(),
        key: asked.key.clone(),
        session: form.of.session.as_ref().map(|it| it.token.clone()),
    })
}

/// The store has changed: it may be approved by now.
pub(in crate::tui) fn reread(form: &mut SecondPersonForm, step: &mut Step<'_>) {
    if !form.is_waiting() || form.calling.is_some() {
        return;
    }
    if form.asked.as_ref().is_some_and(|it| it.since + APPROVAL_TIME <= step.now) {
        form.asked = None;
        return step.say(Tone::Warning, OVER);
    }
    tell(form, step);
}

/// What came of asking.
pub(in crate::tui) fn vouched(
    form: &mut SecondPersonForm,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vouched, Failure>,
) {
    if form.calling.take_if(|calling| *calling == id).is_none() {
        return;
    }
    match answer {
        Ok(Vouched::Approved(it)) => {
            step.go(Navigation::Close);
            step.clear_notice();
            let won = OpenSession { session: it.session, token: it.token };
            further_proof::proven(step, form.of.clone(), won);
        }
        Ok(Vouched::NoSuchCustomer) => step.say(Tone::Warning, GONE),
        Ok(Vouched::NoSuchPurpose(refusal)) => step.say(Tone::Warning, refusal.reason),
        Err(failure) if failure.awaits_approval => {
            let was_said = form.is_waiting();
            if let Some(asked) = &mut form.asked {
                asked.waits = true;
            }
            if !was_said {
                step.fail(failure);
            }
        }
        Err(failure) => {
            // Refused by the colleague, or not asked for at all: another try is another act.
            form.asked.take_if(|_| !failure.lost);
            step.fail(failure);
        }
    }
}
