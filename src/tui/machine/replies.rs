//! The desk's answers to effects. One that is no longer waited for is dropped, but what
//! it says about the parts below is remembered.

use crate::domain::delivery::DeliveryState;
use crate::domain::request::Reference;
use crate::service::api::Answer;
use crate::service::verification::request::CodeRequestOutcome;
use crate::tui::enter_code::{self, refresh};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{DependencyState, UnderWay};
use crate::tui::machine::step::Step;
use crate::tui::machine::{clock_ticks, providers, store_lost};
use crate::tui::{find, log, send, tray, verified};

pub(in crate::tui) fn reply(step: &mut Step<'_>, id: EffectId, reply: Answer<Failure>) {
    let Some(done) = step.answered(id) else {
        return;
    };
    let is_back = health(step, &done, &reply);
    let failed = reply.error().is_some();
    let sent_elsewhere = sent_elsewhere(&reply);
    store_lost::unsay(step, id);
    match reply {
        Answer::ReadClock(answer) => clock_ticks::clock(step, id, answer),
        Answer::FindCustomers(answer) => find::update::found(step, id, answer),
        Answer::OpenCustomer(answer) if step.send().is_some() => {
            send::update::reopened(step, id, answer);
        }
        Answer::OpenCustomer(answer) => find::update::opened(step, id, answer),
        Answer::AskForCode(answer) => send::update::asked(step, id, answer),
        Answer::ResendCode(answer) => resent(step, id, answer),
        Answer::DeliverCode(answer) => refresh::delivered(step, id, done.doing, answer),
        Answer::VerifyCode(answer) => enter_code::update::verified(step, id, answer),
        Answer::CancelRequest(answer) => enter_code::update::cancelled(step, id, answer),
        Answer::ReadRequest(answer) => refresh::read(step, id, answer),
        Answer::ReadAccount(answer) => verified::update::account(step, id, answer),
        Answer::TouchSession(answer) | Answer::ReadSession(answer) => {
            verified::update::session(step, id, answer);
        }
        Answer::EndSession(answer) => verified::update::logged_out(step, id, answer),
        Answer::ReadLog(answer) => log::update::answered(step, id, answer),
        Answer::ReadTimeline(answer) => log::update::timeline(step, id, answer),
        Answer::ReadBreakers(answer) => providers::answered(step, id, answer),
        Answer::ReadDeliveryStats(answer) => providers::added_up(step, id, answer),
        Answer::ReadTray(answer) => tray::update::answered(step, id, answer),
        // The interface asks for nothing else.
        _ => {}
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
fn sent_elsewhere(reply: &Answer<Failure>) -> Option<Reference> {
    match reply {
        Answer::AskForCode(Ok(CodeRequestOutcome::Already(request)))
        | Answer::ResendCode(Ok(Some(CodeRequestOutcome::Already(request)))) => {
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
fn health(step: &mut Step<'_>, done: &UnderWay, reply: &Answer<Failure>) -> bool {
    if let Answer::DeliverCode(Ok(Some(report))) = reply {
        let provider = match report.state {
            DeliveryState::Failed | DeliveryState::Unknown => DependencyState::Down,
            // What waits is no news of the provider yet: it is down when others find so too.
            DeliveryState::Queued => *step.model.health.part(done.by),
            _ => DependencyState::Ok,
        };
        *step.model.health.part(done.by) = provider;
    }
    match reply.error() {
        Some(failure) if failure.lost => {
            store_lost::lose(step);
            false
        }
        Some(_) => false,
        // The tray is a file of its own.
        None if matches!(reply, Answer::ReadTray(_)) => false,
        // It may let itself be read, but what is told again has still to be done.
        None if store_lost::is_telling(step.model) => false,
        None => {
            let is_back = std::mem::take(&mut step.model.health.store) == DependencyState::Down;
            // The clock could not be read before; now it can.
            let unread = is_back || step.model.clock.is_none();
            if unread && !matches!(reply, Answer::ReadClock(_)) {
                step.read_clock();
            }
            is_back
        }
    }
}
