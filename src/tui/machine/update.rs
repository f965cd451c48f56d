//! The machine itself: what happened and the model as it was go in; the model
//! as it is now and a list of effects come out. It never waits, reads or
//! writes anything, and it takes every message in every state.

use crate::tui::enter_code::refresh;
use crate::tui::machine::effect::Effect;
use crate::tui::machine::message::Msg;
use crate::tui::machine::model::{Model, Screen};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{clock_ticks, dispatch, input_gate, providers, replies, store_lost};
use crate::tui::{find, log, overlays, send, tray, verified};

pub use crate::tui::find::update::search_due;
pub use crate::tui::machine::clock_ticks::{SLOW_AFTER, clock_due};
pub use crate::tui::machine::input_gate::held_back_due;
pub use crate::tui::machine::providers::lines_due;
pub use crate::tui::tray::update::WINDOW as TRAY_WINDOW;
pub use crate::tui::verified::update::SESSION_CHECK_INTERVAL;

/// What is to be done before anything has happened.
pub fn start(model: &mut Model, now: Now) -> Vec<Effect> {
    let mut step = Step::new(model, now);
    input_gate::look(&mut step);
    step.read_clock();
    providers::read(&mut step);
    find::update::count(&mut step);
    step.done()
}

/// Takes one message in.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    let mut step = Step::new(model, now);
    // Keys that were read before come before what their absence means.
    if !matches!(msg, Msg::Key(..)) {
        input_gate::settle(&mut step, now, None);
    }
    match msg {
        Msg::Key(key, at) => dispatch::key(&mut step, key, at),
        Msg::Paste(text) => dispatch::paste(&mut step, &text),
        Msg::Resize(columns, rows) => step.model.size = (columns, rows),
        Msg::Ground(ground) => step.model.terminal.ground = ground,
        Msg::StoreChanged => store_changed(&mut step),
        Msg::Reached(Ok(())) => store_lost::reached(&mut step),
        Msg::Reached(Err(failure)) => {
            store_lost::lose(&mut step);
            step.fail(failure);
        }
        Msg::Resumed => {
            // What is on the way was read before the program stood.
            step.read_clock_anew();
            store_changed(&mut step);
        }
        Msg::Broke(id, failure) => store_lost::broke(&mut step, id, failure),
        Msg::Wake => {}
        Msg::End => overlays::update::leave(&mut step),
        Msg::Answer(id, answer) => replies::reply(&mut step, id, *answer),
    }
    clock_ticks::passed(&mut step);
    input_gate::look(&mut step);
    step.done()
}

/// What is on the screen may not be true any more.
pub(in crate::tui) fn store_changed(step: &mut Step<'_>) {
    match step.model.screen {
        Screen::Entry(_) => refresh::reread(step),
        Screen::Verified(_) => verified::update::reread(step),
        Screen::Send(_) => send::update::reread(step),
        Screen::Find(_) => find::update::recount(step),
    }
    log::update::reread(step);
    tray::update::reread(step);
    providers::stale(step);
}
