//! Follows the request at the boxes: what becomes of its message, and what
//! other terminals do to it.

use crate::domain::delivery::{DeliveryState, SendReport};
use crate::domain::flag::Standing;
use crate::domain::request::{Request, Status};
use crate::service::verification::calls::ReadRequest;
use crate::tui::enter_code::state::EnterCode;
use crate::tui::enter_code::update;
use crate::tui::machine::delivery_answer;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Command, Context, with_key};
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::pending::PendingAct;
use crate::tui::machine::step::Step;
use crate::tui::machine::why_ended::{self, WhyEnded};

/// What became of a message that was sent.
pub(in crate::tui) fn delivered(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    id: EffectId,
    act: Option<PendingAct>,
    answer: Result<Option<SendReport>, Failure>,
) {
    entry.delivering.take_if(|delivering| *delivering == id);
    let report = match answer {
        Ok(Some(report)) => report,
        Ok(None) => return reread(entry, step),
        Err(failure) => return step.fail(failure),
    };
    if let Some(failed) = delivery_answer::take(step, Some(&mut entry.request), act, &report) {
        let text = if failed.is_shown {
            with_key(&failed.text, Context::EnterCode, Command::ChangeContact)
        } else {
            failed.text
        };
        step.say(Tone::Bad, text);
    }
}

/// Reads the request again, once what is under way is done.
pub(in crate::tui) fn reread(entry: &mut EnterCode, step: &mut Step<'_>) {
    if entry.reading.renew(entry.is_busy()) {
        let request = entry.request.id.clone();
        entry.reading.begin(step.call(ReadRequest { request }));
    }
}

/// Reads again what changed while it could not be read.
pub(in crate::tui) fn catch_up(entry: &mut EnterCode, step: &mut Step<'_>) {
    if entry.reading.is_stale() {
        reread(entry, step);
    }
}

pub(in crate::tui) fn read(
    entry: &mut EnterCode,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<Request>, Failure>,
) {
    if !entry.reading.awaits(id) {
        return;
    }
    if let Ok(None) = answer {
        update::gone(entry, step, id);
        return catch_up(entry, step);
    }
    entry.reading.end(id, answer.is_ok());
    match answer {
        // The answer may be from before what is under way: read it then.
        Ok(_) if entry.is_busy() => entry.reading.mark_stale(),
        Ok(Some(request)) => take(entry, step, request),
        Ok(None) => {}
        Err(failure) => step.fail(failure),
    }
    catch_up(entry, step);
}

/// Takes over the request as the store has it, unless this terminal knows better.
pub(in crate::tui) fn take(entry: &mut EnterCode, step: &mut Step<'_>, mut read: Request) {
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
    if closed && !update::take_from_pad(entry, step) {
        update::say_how_it_stands(entry, step);
        if entry.request.status == Status::Cancelled {
            let who = Standing::of(entry.request.representative.as_ref());
            let ended = WhyEnded::code(who, entry.request.created_at);
            why_ended::ask(step, &entry.customer, ended);
        }
    } else if !closed && sent_elsewhere {
        let text =
            format!("A new code was sent meanwhile: ask for the one with reference {reference}.");
        step.say(Tone::Warning, text);
    }
}
