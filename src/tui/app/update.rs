//! The machine itself: what happened and the model as it was go in; the model
//! as it is now and a list of effects come out. It never waits, reads or
//! writes anything, and it takes every message in every state.

use crate::domain::customer_factor::FactorKind;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::app::turn::Turn;
use crate::tui::app::{clock_ticks, dispatch, input_gate, lock, replies};
use crate::tui::machine::counter_pad::PadSubject;
use crate::tui::machine::effect::Effect;
use crate::tui::machine::message::Msg;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{
    circuit_breakers, counter_pad, open_alarms, store_lost, waiting_approvals,
};
use crate::tui::{
    deliveries, enter_code, enter_factor, find, log, second_person, send, tray, verified,
};

/// What is to be done before anything has happened.
pub fn start(model: &mut Model, now: Now) -> Vec<Effect> {
    let mut turn = Turn::new(model, now);
    input_gate::note_shown(&mut turn);
    if turn.model.sign_in.is_none() {
        begin_work(&mut turn);
    }
    turn.done()
}

/// Reads what every screen needs.
pub(in crate::tui) fn begin_work(turn: &mut Turn<'_>) {
    turn.step(|step| {
        step.read_clock_anew();
        circuit_breakers::read(step);
        waiting_approvals::read(step);
        open_alarms::read(step);
    });
    turn.find(find::update::count);
}

/// Takes one message in.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    let mut turn = Turn::new(model, now);
    // Keys that were read before come before what their absence means.
    if !matches!(msg, Msg::Key(..)) {
        input_gate::settle(&mut turn, now, None);
    }
    match msg {
        Msg::Key(key, at) => dispatch::key(&mut turn, key, at),
        Msg::Paste(text) => dispatch::paste(&mut turn, &text),
        Msg::Resize(columns, rows) => turn.model.shared.size = (columns, rows),
        Msg::Ground(ground) => turn.model.shared.terminal.ground = ground,
        Msg::StoreChanged => store_changed(&mut turn),
        Msg::Reached(Ok(())) => turn.step(store_lost::reached),
        Msg::Reached(Err(failure)) => turn.step(|step| {
            store_lost::mark_lost(step);
            step.fail(failure);
        }),
        Msg::SignInNeeded => lock::sign_in_needed(&mut turn),
        Msg::Resumed if turn.model.sign_in.is_some() => {}
        Msg::Resumed => {
            // What is on the way was read before the program stood.
            turn.step(|step| {
                step.read_clock_anew();
            });
            store_changed(&mut turn);
        }
        Msg::Broke(id, failure) => turn.step(|step| store_lost::broke(step, id, failure)),
        Msg::Wake => {}
        Msg::Written(written) => turn.step(|step| match written {
            Ok(place) => step.say(Tone::Good, format!("Written: {place}")),
            Err(why) => step.say(Tone::Bad, format!("Nothing was written: {why}.")),
        }),
        Msg::End => turn.leave(),
        Msg::Answer(id, answer) => replies::reply(&mut turn, id, *answer),
    }
    // While nobody sits here nothing is read, and nothing is shown that time changes.
    if turn.model.sign_in.is_none() {
        clock_ticks::passed(&mut turn);
        lock::tick(&mut turn);
    }
    if turn.model.sign_in.is_none() {
        turn.enter_factor(enter_factor::update::follow_pad);
    }
    show_at_pad(&mut turn);
    input_gate::note_shown(&mut turn);
    turn.done()
}

/// The pad shows the request of the boxes while they are in sight, or asks for the code of the
/// authenticator that the clerk asks for, and nothing else.
fn show_at_pad(turn: &mut Turn<'_>) {
    let wanted = match (&turn.model.sign_in, &turn.model.screen) {
        (None, Screen::EnterCode(entry)) => {
            let session = entry.session.as_ref().map(|it| it.token.clone());
            Some((PadSubject::Request(entry.request.id.clone()), session))
        }
        (None, Screen::EnterFactor(entry)) if entry.kind == FactorKind::Totp => {
            let session = entry.of.session.as_ref().map(|it| it.token.clone());
            let purpose = turn.model.shared.place.purpose_name(entry.of.purpose);
            let customer = entry.of.customer.id;
            Some((PadSubject::Authenticator { customer, purpose }, session))
        }
        _ => None,
    };
    turn.step(|step| counter_pad::show(step, wanted));
}

/// What is on the screen may not be true any more.
pub(in crate::tui) fn store_changed(turn: &mut Turn<'_>) {
    if turn.model.sign_in.is_some() {
        return;
    }
    turn.enter_code(enter_code::refresh::reread);
    turn.verified(verified::update::reread);
    turn.send(send::update::reread);
    turn.find(find::update::reread);
    turn.second_person(second_person::update::reread);
    turn.log(log::update::reread);
    turn.tray(tray::update::reread);
    turn.step(counter_pad::reread);
    turn.model.shared.providers.reading.mark_stale();
    turn.model.shared.approvals.list.reading.mark_stale();
    turn.step(waiting_approvals::read_if_due);
    turn.model.shared.alarms.count.reading.mark_stale();
    turn.step(open_alarms::read_if_due);
    if let Some(Overlay::DeliveryStats(panel)) = &mut turn.model.overlay {
        panel.stats.reading.mark_stale();
    }
    read_providers_if_due(turn);
}

/// Reads how the providers do if that is due, and the delivery stats with it.
pub(in crate::tui) fn read_providers_if_due(turn: &mut Turn<'_>) {
    if turn.step(circuit_breakers::read_if_due) {
        turn.delivery_stats(deliveries::update::reread);
    }
}
