//! Answers to effects. One that is no longer waited for is dropped, but what
//! it says about the parts below is remembered.

use crate::domain::delivery::DeliveryState;
use crate::domain::request::Reference;
use crate::service::verification::request::CodeRequestOutcome;
use crate::tui::enter_code::{self, refresh};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::{Failure, Reply};
use crate::tui::machine::model::{DependencyState, UnderWay};
use crate::tui::machine::step::Step;
use crate::tui::machine::{clock_ticks, providers, store_lost};
use crate::tui::{find, log, send, tray, verified};

pub(in crate::tui) fn reply(step: &mut Step<'_>, id: EffectId, reply: Reply) {
    let Some(done) = step.answered(id) else {
        return;
    };
    let is_back = health(step, &done, &reply);
    let failed = failure(&reply).is_some();
    let sent_elsewhere = sent_elsewhere(&reply);
    store_lost::unsay(step, id);
    match reply {
        Reply::Clock(answer) => clock_ticks::clock(step, id, answer),
        Reply::Found(answer) => find::update::found(step, id, answer),
        Reply::Opened(answer) if step.send().is_some() => send::update::reopened(step, id, answer),
        Reply::Opened(answer) => find::update::opened(step, id, answer),
        Reply::Asked(answer) => send::update::asked(step, id, answer),
        Reply::Resent(answer) => resent(step, id, answer),
        Reply::Delivered(answer) => refresh::delivered(step, id, done.doing, answer),
        Reply::Verified(answer) => enter_code::update::verified(step, id, answer),
        Reply::Cancelled(answer) => enter_code::update::cancelled(step, id, answer),
        Reply::Request(answer) => refresh::read(step, id, answer),
        Reply::Account(answer) => verified::update::account(step, id, answer),
        Reply::Session(answer) => verified::update::session(step, id, answer),
        Reply::LoggedOut(answer) => verified::update::logged_out(step, id, answer),
        Reply::Log(page, answer) => log::update::answered(step, id, page, answer),
        Reply::Story(answer) => log::update::story(step, id, answer),
        Reply::Lines(answer) => providers::answered(step, id, answer),
        Reply::Figures(answer) => providers::added_up(step, id, answer),
        Reply::Tray(answer) => tray::update::answered(step, id, answer),
    }
    if !failed {
        store_lost::note(step, &done, sent_elsewhere);
    }
    if is_back {
        store_lost::back(step);
    }
}

/// The reference of a code that was stored, but not with this answer: its
/// message is for somebody else to send.
fn sent_elsewhere(reply: &Reply) -> Option<Reference> {
    match reply {
        Reply::Asked(Ok(CodeRequestOutcome::Already(request)))
        | Reply::Resent(Ok(Some(CodeRequestOutcome::Already(request)))) => {
            Some(request.reference.clone())
        }
        _ => None,
    }
}

fn resent(step: &mut Step<'_>, id: EffectId, answer: Result<Option<CodeRequestOutcome>, Failure>) {
    match answer {
        Ok(Some(asked)) => send::update::asked(step, id, Ok(asked)),
        Ok(None) => enter_code::update::gone(step, id),
        Err(failure) => send::update::asked(step, id, Err(failure)),
    }
    refresh::catch_up(step);
}

/// What an answer says about the part that gave it; whether the store was lost
/// and is back.
fn health(step: &mut Step<'_>, done: &UnderWay, reply: &Reply) -> bool {
    if let Reply::Delivered(Ok(Some(report))) = reply {
        let provider = match report.state {
            DeliveryState::Failed | DeliveryState::Unknown => DependencyState::Down,
            // What waits is no news of the provider yet: it is down when others find so too.
            DeliveryState::Queued => *step.model.health.part(done.by),
            _ => DependencyState::Ok,
        };
        *step.model.health.part(done.by) = provider;
    }
    match failure(reply) {
        Some(failure) if failure.lost => {
            store_lost::lose(step);
            false
        }
        Some(_) => false,
        // The tray is a file of its own.
        None if matches!(reply, Reply::Tray(_)) => false,
        // It may let itself be read, but what is told again has still to be done.
        None if store_lost::is_telling(step.model) => false,
        None => {
            let is_back = std::mem::take(&mut step.model.health.store) == DependencyState::Down;
            // The clock could not be read before; now it can.
            let unread = is_back || step.model.clock.is_none();
            if unread && !matches!(reply, Reply::Clock(_)) {
                step.read_clock();
            }
            is_back
        }
    }
}

const fn failure(reply: &Reply) -> Option<&Failure> {
    match reply {
        Reply::Clock(Err(it))
        | Reply::Found(Err(it))
        | Reply::Opened(Err(it))
        | Reply::Asked(Err(it))
        | Reply::Resent(Err(it))
        | Reply::Delivered(Err(it))
        | Reply::Verified(Err(it))
        | Reply::Cancelled(Err(it))
        | Reply::Request(Err(it))
        | Reply::Account(Err(it))
        | Reply::Session(Err(it))
        | Reply::LoggedOut(Err(it))
        | Reply::Log(_, Err(it))
        | Reply::Story(Err(it))
        | Reply::Lines(Err(it))
        | Reply::Figures(Err(it))
        | Reply::Tray(Err(it)) => Some(it),
        _ => None,
    }
}
