//! Answers to effects. One that is no longer waited for is dropped, but what
//! it says about the parts below is remembered.

use super::step::Step;
use super::{entry, find, follow, log, lost, providers, send, time, tray, verified};
use crate::domain::delivery::DeliveryState;
use crate::domain::request::Reference;
use crate::service::request::Asked;
use crate::tui::effect::EffectId;
use crate::tui::model::{Part, UnderWay};
use crate::tui::msg::{Failure, Reply};

pub(super) fn reply(step: &mut Step<'_>, id: EffectId, reply: Reply) {
    let Some(done) = step.answered(id) else {
        return;
    };
    let is_back = health(step, &done, &reply);
    let failed = failure(&reply).is_some();
    let sent_elsewhere = sent_elsewhere(&reply);
    lost::unsay(step, id);
    match reply {
        Reply::Clock(answer) => time::clock(step, id, answer),
        Reply::Found(answer) => find::found(step, id, answer),
        Reply::Opened(answer) if step.send().is_some() => send::reopened(step, id, answer),
        Reply::Opened(answer) => find::opened(step, id, answer),
        Reply::Asked(answer) => send::asked(step, id, answer),
        Reply::Resent(answer) => resent(step, id, answer),
        Reply::Delivered(answer) => follow::delivered(step, id, done.doing, answer),
        Reply::Verified(answer) => entry::verified(step, id, answer),
        Reply::Cancelled(answer) => entry::cancelled(step, id, answer),
        Reply::Request(answer) => follow::read(step, id, answer),
        Reply::Account(answer) => verified::account(step, id, answer),
        Reply::Session(answer) => verified::session(step, id, answer),
        Reply::LoggedOut(answer) => verified::logged_out(step, id, answer),
        Reply::Log(page, answer) => log::answered(step, id, page, answer),
        Reply::Story(answer) => log::story(step, id, answer),
        Reply::Lines(answer) => providers::answered(step, id, answer),
        Reply::Figures(answer) => providers::added_up(step, id, answer),
        Reply::Tray(answer) => tray::answered(step, id, answer),
    }
    if !failed {
        lost::note(step, &done, sent_elsewhere);
    }
    if is_back {
        lost::back(step);
    }
}

/// The reference of a code that was stored, but not with this answer: its
/// message is for somebody else to send.
fn sent_elsewhere(reply: &Reply) -> Option<Reference> {
    match reply {
        Reply::Asked(Ok(Asked::Already(request)))
        | Reply::Resent(Ok(Some(Asked::Already(request)))) => Some(request.reference.clone()),
        _ => None,
    }
}

fn resent(step: &mut Step<'_>, id: EffectId, answer: Result<Option<Asked>, Failure>) {
    match answer {
        Ok(Some(asked)) => send::asked(step, id, Ok(asked)),
        Ok(None) => entry::gone(step, id),
        Err(failure) => send::asked(step, id, Err(failure)),
    }
    follow::catch_up(step);
}

/// What an answer says about the part that gave it; whether the store was lost
/// and is back.
fn health(step: &mut Step<'_>, done: &UnderWay, reply: &Reply) -> bool {
    if let Reply::Delivered(Ok(Some(report))) = reply {
        let provider = match report.state {
            DeliveryState::Failed | DeliveryState::Unknown => Part::Down,
            // What waits is no news of the provider yet: it is down when others find so too.
            DeliveryState::Queued => *step.model.health.part(done.by),
            _ => Part::Ok,
        };
        *step.model.health.part(done.by) = provider;
    }
    match failure(reply) {
        Some(failure) if failure.lost => {
            lost::lose(step);
            false
        }
        Some(_) => false,
        // The tray is a file of its own.
        None if matches!(reply, Reply::Tray(_)) => false,
        // It may let itself be read, but what is told again has still to be done.
        None if lost::is_telling(step.model) => false,
        None => {
            let is_back = std::mem::take(&mut step.model.health.store) == Part::Down;
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
