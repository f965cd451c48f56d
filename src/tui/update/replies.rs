//! Answers to effects. One that is no longer waited for is dropped, but what
//! it says about the parts below is remembered.

use super::step::Step;
use super::{entry, find, follow, log, send, tray, verified};
use crate::domain::delivery::DeliveryState;
use crate::service::request::Asked;
use crate::tui::clock::StoreClock;
use crate::tui::effect::{Act, EffectId};
use crate::tui::model::{Part, UnderWay};
use crate::tui::msg::{Failure, Reply};

pub(super) fn reply(step: &mut Step<'_>, id: EffectId, reply: Reply) {
    let Some(done) = step.answered(id) else {
        return;
    };
    health(step, &done, &reply);
    match reply {
        Reply::Clock(Ok(read)) => step.model.clock = Some(StoreClock::new(read, step.now)),
        Reply::Clock(Err(failure)) => step.fail(failure),
        Reply::Found(answer) => find::found(step, id, answer),
        Reply::Opened(answer) => find::opened(step, id, answer),
        Reply::Asked(answer) => send::asked(step, id, answer),
        Reply::Resent(answer) => resent(step, id, answer),
        Reply::Delivered(answer) => follow::delivered(step, id, done.message, answer),
        Reply::Verified(answer) => entry::verified(step, id, answer),
        Reply::Cancelled(answer) => entry::cancelled(step, id, answer),
        Reply::Request(answer) => follow::read(step, id, answer),
        Reply::Account(answer) => verified::account(step, id, answer),
        Reply::Session(answer) => verified::session(step, id, answer),
        Reply::LoggedOut(answer) => verified::logged_out(step, id, answer),
        Reply::Log(page, answer) => log::answered(step, id, page, answer),
        Reply::Story(answer) => log::story(step, id, answer),
        Reply::Tray(answer) => tray::answered(step, id, answer),
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

/// What an answer says about the part that gave it.
fn health(step: &mut Step<'_>, done: &UnderWay, reply: &Reply) {
    if let Reply::Delivered(Ok(report)) = reply {
        let provider = match report.state {
            DeliveryState::Failed | DeliveryState::Unknown => Part::Down,
            _ => Part::Ok,
        };
        *step.model.health.part(done.by) = provider;
    }
    match failure(reply) {
        Some(failure) if failure.unreachable => step.model.health.store = Part::Down,
        Some(_) => {}
        None => {
            step.model.health.store = Part::Ok;
            // The clock could not be read before; now it can.
            if step.model.clock.is_none() && !matches!(reply, Reply::Clock(_)) {
                step.act(Act::ReadClock);
            }
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
        | Reply::Tray(Err(it)) => Some(it),
        _ => None,
    }
}
