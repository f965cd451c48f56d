//! The machine itself: what happened and the model as it was go in; the model
//! as it is now and a list of effects come out. It never waits, reads or
//! writes anything, and it takes every message in every state.

mod entry;
mod field;
mod find;
mod follow;
mod gate;
mod keys;
mod log;
mod lost;
mod overlay;
mod providers;
mod replies;
mod send;
mod step;
mod time;
mod tray;
mod verified;

use super::clock::Now;
use super::effect::Effect;
use super::model::{Model, Screen};
use super::msg::Msg;
use step::Step;

pub use find::search_due;
pub use gate::held_back_due;
pub use providers::lines_due;
pub use time::{SLOW, clock_due};
pub use tray::WINDOW as TRAY_WINDOW;
pub use verified::CHECK;

/// What is to be done before anything has happened.
pub fn start(model: &mut Model, now: Now) -> Vec<Effect> {
    let mut step = Step::new(model, now);
    gate::look(&mut step);
    step.read_clock();
    providers::read(&mut step);
    step.done()
}

/// Takes one message in.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    let mut step = Step::new(model, now);
    // Keys that were read before come before what their absence means.
    if !matches!(msg, Msg::Key(..)) {
        gate::settle(&mut step, now, None);
    }
    match msg {
        Msg::Key(key, at) => keys::key(&mut step, key, at),
        Msg::Paste(text) => keys::paste(&mut step, &text),
        Msg::Resize(columns, rows) => step.model.size = (columns, rows),
        Msg::StoreChanged => store_changed(&mut step),
        Msg::Reached(Ok(())) => lost::reached(&mut step),
        Msg::Reached(Err(failure)) => {
            lost::lose(&mut step);
            step.fail(failure);
        }
        Msg::Resumed => {
            // What is on the way was read before the program stood.
            step.read_clock_anew();
            store_changed(&mut step);
        }
        Msg::Broke(id, failure) => lost::broke(&mut step, id, failure),
        Msg::Wake => {}
        Msg::End => overlay::leave(&mut step),
        Msg::Reply(id, reply) => replies::reply(&mut step, id, *reply),
    }
    time::passed(&mut step);
    gate::look(&mut step);
    step.done()
}

/// What is on the screen may not be true any more.
fn store_changed(step: &mut Step<'_>) {
    match step.model.screen {
        Screen::Entry(_) => follow::reread(step),
        Screen::Verified(_) => verified::reread(step),
        Screen::Send(_) => send::reread(step),
        Screen::Find(_) => {}
    }
    log::reread(step);
    tray::reread(step);
    providers::stale(step);
}
