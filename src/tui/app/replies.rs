//! The desk's answers to effects. One that is no longer waited for is dropped, but what
//! it says about the parts below is remembered.

use crate::domain::delivery::{DeliveryState, SendReport};
use crate::domain::request::Reference;
use crate::service::api::Answer;
use crate::service::customers::calls::OpenedCustomer;
use crate::service::verification::request::CodeRequestOutcome;
use crate::tui::app::model::Screen;
use crate::tui::app::turn::Turn;
use crate::tui::app::update::store_changed;
use crate::tui::dashboard::reads;
use crate::tui::enter_code::refresh;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::health::DependencyState;
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::pending::{PendingAct, PendingEffect};
use crate::tui::machine::step::Step;
use crate::tui::machine::{
    circuit_breakers, clock_reading, code_answer, counter_pad, delivery_answer, open_alarms,
    store_lost, waiting_approvals, why_ended,
};
use crate::tui::sign_up::state::SignUpPanel;
use crate::tui::{
    approvals, customer_acts, dashboard, deliveries, document, enter_code, enter_factor, factors,
    find, incident, log, pairing, second_person, send, sign_in, sign_up, tray, verified,
};

pub(in crate::tui) fn reply(turn: &mut Turn<'_>, id: EffectId, reply: Answer<Failure>) {
    let Some(done) = turn.step(|step| step.answered(id)) else {
        return;
    };
    let is_back = turn.step(|step| note_health(step, &done, &reply));
    let failed = reply.error().is_some();
    let sent_elsewhere = sent_elsewhere(&reply);
    turn.step(|step| store_lost::unsay(step, id));
    hand_over(turn, id, &done, reply);
    if !failed {
        turn.step(|step| store_lost::say_once(step, &done, sent_elsewhere));
    }
    if is_back {
        turn.step(store_lost::say_back);
        turn.find(find::update::resume);
        store_changed(turn);
    }
}

/// Gives an answer to the feature that waits for it.
fn hand_over(turn: &mut Turn<'_>, id: EffectId, done: &PendingEffect, reply: Answer<Failure>) {
    match reply {
        Answer::ReadClock(answer) => turn.step(|step| clock_reading::answered(step, id, answer)),
        Answer::SignIn(answer) => {
            turn.sign_in(|form, step| sign_in::update::answered(form, step, id, answer));
        }
        Answer::ReadBreakers(answer) => {
            turn.step(|step| circuit_breakers::answered(step, id, answer));
        }
        Answer::FindCustomers(answer) => {
            turn.find(|find, step| find::update::found(find, step, id, answer));
        }
        Answer::OpenCustomer(answer) => opened(turn, id, answer),
        Answer::AskForCode(answer) => asked(turn, id, answer),
        Answer::ResendCode(answer) => resent(turn, id, answer),
        Answer::DeliverCode(answer) => delivered(turn, id, done.act, answer),
        Answer::VerifyCode(answer) => {
            turn.enter_code(|entry, step| enter_code::update::verified(entry, step, id, answer));
        }
        Answer::VerifyFactor(answer) => {
            turn.enter_factor(|it, step| enter_factor::update::verified(it, step, id, answer));
        }
        Answer::ReadFactors(answer) => {
            turn.factors(|panel, _| factors::update::read(panel, id, answer));
        }
        Answer::EnrolTotp(answer) => {
            turn.factors(|panel, step| factors::update::enrolled(panel, step, id, answer));
        }
        Answer::RemoveTotp(answer) => {
            turn.factors(|panel, step| factors::update::removed(panel, step, id, answer));
        }
        Answer::MakeBackupCodes(answer) => {
            turn.factors(|panel, step| factors::update::codes_made(panel, step, id, answer));
        }
        Answer::CancelRequest(answer) => {
            turn.enter_code(|entry, step| enter_code::update::cancelled(entry, step, id, answer));
        }
        Answer::ReadRequest(answer) => {
            turn.enter_code(|entry, step| refresh::read(entry, step, id, answer));
        }
        Answer::ServeFor(answer) => {
            turn.send(|send, step| send::update::served(send, step, id, answer));
        }
        Answer::ReadAmountDue(answer) => {
            turn.send(|send, step| send::update::amount_due(send, step, id, answer));
        }
        Answer::ReadAccount(answer) => {
            turn.verified(|verified, step| verified::update::account(verified, step, id, answer));
        }
        Answer::TouchSession(answer) | Answer::ReadSession(answer) => {
            turn.verified(|verified, step| verified::update::session(verified, step, id, answer));
        }
        Answer::EndSession(answer) => {
            turn.verified(|it, step| verified::update::logged_out(it, step, id, answer));
        }
        Answer::ReadLog(answer) => {
            turn.log(|log, step| log::update::answered(log, step, id, answer));
        }
        Answer::ReadTimeline(answer) => {
            turn.log(|log, step| log::update::timeline(log, step, id, answer));
        }
        Answer::ReadDeliveryStats(answer) => {
            turn.delivery_stats(|it, step| deliveries::update::answered(it, step, id, answer));
        }
        Answer::RevealContact(answer) => {
            turn.customer_act(|form, step| customer_acts::update::revealed(form, step, id, answer));
        }
        Answer::FileIncident(answer) => {
            turn.incident(|form, step| incident::update::filed(form, step, id, answer));
        }
        Answer::UnlockCustomer(answer) => unlocked(turn, id, answer),
        Answer::ConfirmContact(answer) => {
            turn.customer_act(|form, step| customer_acts::update::lifted(form, step, id, answer));
        }
        Answer::DisownVerification(answer) => {
            turn.customer_act(|form, step| customer_acts::update::disowned(form, step, id, answer));
        }
        Answer::ListApprovals(answer) => {
            turn.step(|step| waiting_approvals::answered(step, id, answer));
        }
        Answer::ApproveAct(answer) => {
            turn.approvals(|it, step| approvals::update::approved(it, step, id, answer));
        }
        Answer::RefuseAct(answer) => {
            turn.approvals(|it, step| approvals::update::refused(it, step, id, answer));
        }
        Answer::ReadTray(answer) => {
            turn.tray(|tray, step| tray::update::answered(tray, step, id, answer));
        }
        Answer::CountAlarms(answer) => {
            turn.step(|step| open_alarms::answered(step, id, answer));
        }
        answer => of_pad(turn, id, answer),
    }
}

/// Gives an answer about the pad to whoever waits for it.
fn of_pad(turn: &mut Turn<'_>, id: EffectId, reply: Answer<Failure>) {
    match reply {
        Answer::OfferPad(answer) => {
            turn.pairing(|it, step| pairing::update::offered(it, step, id, answer));
        }
        Answer::ConfirmPad(answer) | Answer::EndPairing(answer) => {
            turn.pairing(|it, step| pairing::update::acted(it, step, id, answer));
        }
        Answer::ReadCounterPad(answer) => {
            turn.step(|step| counter_pad::answered(step, id, answer));
        }
        Answer::ShowAtPad(answer) => turn.step(|step| counter_pad::told(step, id, answer)),
        Answer::TakeFromPad(answer) => {
            turn.enter_code(|entry, step| enter_code::update::taken(entry, step, id, answer));
        }
        Answer::TakeFactorFromPad(answer) => {
            turn.enter_factor(|it, step| enter_factor::update::taken(it, step, id, answer));
        }
        answer => of_form(turn, id, answer),
    }
}

/// Gives an answer to a form that lies over the channels.
fn of_form(turn: &mut Turn<'_>, id: EffectId, reply: Answer<Failure>) {
    match reply {
        Answer::VouchFor(answer) => {
            turn.second_person(|form, step| second_person::update::vouched(form, step, id, answer));
        }
        Answer::ReadSignUp(answer) => {
            turn.sign_up(|panel, step| sign_up::update::read(panel, step, id, answer));
        }
        Answer::SeeDocument(answer) => {
            turn.document(|form, step| document::update::seen(form, step, id, answer));
        }
        answer => of_dashboard(turn, id, answer),
    }
}

/// Gives an answer to the dashboard.
fn of_dashboard(turn: &mut Turn<'_>, id: EffectId, reply: Answer<Failure>) {
    match reply {
        Answer::ReadStats(answer) => {
            turn.dashboard(|it, step| reads::stats_answered(it, step, id, answer));
        }
        Answer::ReadOversight(answer) => {
            turn.dashboard(|it, step| reads::oversight_answered(it, step, id, answer));
        }
        Answer::ReadAlarms(answer) => {
            turn.dashboard(|it, step| reads::alarms_answered(it, step, id, answer));
        }
        Answer::ReadTrail(answer) => {
            turn.dashboard(|it, step| reads::trail_answered(it, step, id, answer));
        }
        Answer::ReadShipping(answer) => {
            turn.dashboard(|it, step| reads::shipping_answered(it, step, id, answer));
        }
        Answer::AcknowledgeAlarm(answer) => {
            turn.dashboard(|it, step| dashboard::update::acknowledged(it, step, id, answer));
        }
        Answer::RecordStatsExport(answer) => {
            turn.dashboard(|it, step| dashboard::update::may_export(it, step, id, answer));
        }
        // The interface asks for nothing else.
        _ => {}
    }
}

/// A customer was opened, or read again.
fn opened(turn: &mut Turn<'_>, id: EffectId, answer: Result<Option<OpenedCustomer>, Failure>) {
    if turn.step(|step| why_ended::awaits(step, id)) {
        if turn.step(|step| why_ended::answered(step, answer)) {
            turn.find(find::update::search_again);
        }
    } else if matches!(turn.model.screen, Screen::Send(_)) {
        turn.send(|send, step| send::update::reopened(send, step, id, answer));
    } else {
        turn.find(|find, step| find::update::opened(find, step, id, answer));
    }
}

/// A lockout was lifted: the boxes say no longer that their customer is locked.
fn unlocked(turn: &mut Turn<'_>, id: EffectId, answer: Result<bool, Failure>) {
    let lifted = turn.customer_act(|form, step| {
        let customer = form.subject.id;
        customer_acts::update::lifted(form, step, id, answer).then_some(customer)
    });
    if let Some(customer) = lifted.flatten() {
        turn.enter_code(|entry, _| enter_code::update::unlocked(entry, customer));
    }
}

/// A code was asked for, at the channels, at the boxes or at a sign-up.
fn asked(turn: &mut Turn<'_>, id: EffectId, answer: Result<CodeRequestOutcome, Failure>) {
    let answer = turn.step(|step| code_answer::take(step, answer));
    let is_of_sign_up = |it: &mut SignUpPanel, _: &mut Step<'_>| it.sending == Some(id);
    if turn.sign_up(is_of_sign_up) == Some(true) {
        turn.sign_up(|panel, step| sign_up::update::asked(panel, step, answer));
        return;
    }
    match turn.model.screen {
        Screen::Send(_) => {
            turn.send(|send, step| send::update::asked(send, step, id, answer));
        }
        Screen::EnterCode(_) => {
            turn.enter_code(|entry, step| enter_code::update::asked(entry, step, id, answer));
        }
        Screen::Find(_) | Screen::EnterFactor(_) | Screen::Verified(_) => {}
    }
}

fn resent(turn: &mut Turn<'_>, id: EffectId, answer: Result<Option<CodeRequestOutcome>, Failure>) {
    match answer.transpose() {
        Some(answer) => asked(turn, id, answer),
        None => {
            turn.enter_code(|entry, step| enter_code::update::gone(entry, step, id));
        }
    }
    turn.enter_code(refresh::catch_up);
}

/// A message was sent, or was not: of the request that is shown, or of one before.
fn delivered(
    turn: &mut Turn<'_>,
    id: EffectId,
    act: Option<PendingAct>,
    answer: Result<Option<SendReport>, Failure>,
) {
    if matches!(turn.model.screen, Screen::EnterCode(_)) {
        turn.enter_code(|entry, step| refresh::delivered(entry, step, id, act, answer));
        return;
    }
    let report = match answer {
        Ok(Some(report)) => report,
        Ok(None) => return,
        Err(failure) => return turn.step(|step| step.fail(failure)),
    };
    let of_open =
        turn.send(|send, step| delivery_answer::take(step, send.open.as_deref_mut(), act, &report));
    let failed = of_open
        .unwrap_or_else(|| turn.step(|step| delivery_answer::take(step, None, act, &report)));
    if let Some(failed) = failed {
        turn.step(|step| step.say(Tone::Bad, failed.text));
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

/// What an answer says about the part that gave it; whether the store was lost
/// and is back.
fn note_health(step: &mut Step<'_>, done: &PendingEffect, reply: &Answer<Failure>) -> bool {
    if let Answer::DeliverCode(Ok(Some(report))) = reply {
        let part = step.shared.health.part(done.by);
        *part = match report.state {
            DeliveryState::Failed | DeliveryState::Unknown => DependencyState::Down,
            // What waits is no news of the provider yet: it is down when others find so too.
            DeliveryState::Queued => *part,
            _ => DependencyState::Ok,
        };
    }
    match reply.error() {
        Some(failure) if failure.lost => {
            store_lost::mark_lost(step);
            false
        }
        Some(_) => false,
        // The tray is a file of its own.
        None if matches!(reply, Answer::ReadTray(_)) => false,
        // It may let itself be read, but the call that broke has still to be made again.
        None if store_lost::is_retrying(step.shared) => false,
        None => {
            let was_lost = step.shared.health.is_store_lost();
            step.shared.health.store = DependencyState::Ok;
            // The clock could not be read before; now it can.
            let unread = was_lost || step.shared.clock.is_none();
            if unread && !matches!(reply, Answer::ReadClock(_)) {
                step.read_clock();
            }
            was_lost
        }
    }
}
