//! Follows the request at the boxes: what becomes of its message, and what
//! other terminals do to it.

use crate::domain::delivery::{DeliveryState, SendReport};
use crate::domain::request::{Request, Status};
use crate::service::messages;
use crate::service::verification::calls::ReadRequest;
use crate::tui::enter_code;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Command, Context};
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{PendingAct, Screen, Tone};
use crate::tui::machine::step::{Step, with_key};

/// What became of a message that was handed over.
pub(in crate::tui) fn delivered(
    step: &mut Step<'_>,
    id: EffectId,
    of: Option<PendingAct>,
    answer: Result<Option<SendReport>, Failure>,
) {
    let at = step.store_time();
    if let Some(entry) = step.entry().filter(|entry| entry.delivering == Some(id)) {
        entry.delivering = None;
    }
    let report = match answer {
        Ok(Some(report)) => report,
        Ok(None) => return reread(step),
        Err(failure) => return step.fail(failure),
    };
    let request = match &mut step.model.screen {
        Screen::Entry(entry) => Some(&mut entry.request),
        Screen::Send(send) => send.open.as_deref_mut(),
        _ => None,
    };
    let request = request.filter(|it| Some(PendingAct::Deliver(it.delivery.id)) == of);
    let failed = messages::delivery_outcome(report.state).is_some();
    let told = request.map(|request| {
        let delivery = &mut request.delivery;
        if delivery.state == DeliveryState::Queued {
            delivery.state = report.state;
            delivery.provider_id.clone_from(&report.provider_id);
            delivery.detail.clone_from(&report.detail);
            delivery.updated_at = at;
        }
        (request.channel, request.contact.clone())
    });
    if failed {
        let is_told = told.is_some();
        let detail = report.detail.as_ref().map(|it| &*it.for_clerk);
        let text = match told {
            Some((channel, contact)) => messages::delivery(report.state, channel, &contact, detail),
            None => format!(
                "A code that was asked for before did not go out. {}",
                detail.unwrap_or_default()
            ),
        };
        let text = if is_told && step.entry().is_some() {
            with_key(&text, Context::Entry, Command::ChangeContact)
        } else {
            text
        };
        step.say(Tone::Bad, text);
    }
}

/// Reads the request again, once what is under way is done.
pub(in crate::tui) fn reread(step: &mut Step<'_>) {
    let Some(entry) = step.entry() else { return };
    if entry.reading.is_some() || entry.verifying.is_some() || entry.acting.is_some() {
        entry.stale = true;
        return;
    }
    entry.stale = false;
    let request = entry.request.id.clone();
    let id = step.call(ReadRequest { request });
    if let Some(entry) = step.entry() {
        entry.reading = Some(id);
    }
}

/// Reads again what changed while it could not be read.
pub(in crate::tui) fn catch_up(step: &mut Step<'_>) {
    if step.entry().is_some_and(|entry| entry.stale) {
        reread(step);
    }
}

pub(in crate::tui) fn read(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Request>, Failure>,
) {
    let Some(entry) = step.entry().filter(|entry| entry.reading == Some(id)) else { return };
    let busy = entry.verifying.is_some() || entry.acting.is_some();
    match answer {
        // The answer may be from before what is under way: read it then.
        Ok(_) if busy => {
            entry.reading = None;
            entry.stale = true;
        }
        Ok(Some(request)) => {
            entry.reading = None;
            take(step, request);
        }
        Ok(None) => enter_code::update::gone(step, id),
        Err(failure) => {
            entry.reading = None;
            step.fail(failure);
        }
    }
    catch_up(step);
}

/// Takes over the request as the store has it, unless this terminal knows better.
pub(in crate::tui) fn take(step: &mut Step<'_>, mut read: Request) {
    let Some(entry) = step.entry() else { return };
    let known = &entry.request;
    let older = read.id != known.id
        || read.generation < known.generation
        || read.attempts < known.attempts
        || (read.status == Status::Open && known.status != Status::Open);
    if older {
        return;
    }
    let says_nothing =
        read.delivery.state == DeliveryState::Queued && read.delivery.detail.is_none();
    if read.delivery.id == known.delivery.id && says_nothing {
        read.delivery = known.delivery.clone();
    }
    let closed = known.status == Status::Open && read.status != Status::Open;
    let sent_elsewhere = read.generation > known.generation;
    let reference = read.reference.clone();
    entry.request = read;
    if closed {
        enter_code::update::say_how_it_stands(step);
    } else if sent_elsewhere {
        let text =
            format!("A new code was sent meanwhile: ask for the one with reference {reference}.");
        step.say(Tone::Warning, text);
    }
}
