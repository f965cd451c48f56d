//! Who sits here, as far as the whole interface is concerned: it is covered while nobody does,
//! reads nothing meanwhile, and goes on where it stood.

use crate::service::messages;
use crate::service::staff::calls::{KeepSitting, LockTerminal, SignOut};
use crate::service::staff::sign_in::SignedIn;
use crate::tui::app::dispatch;
use crate::tui::app::model::Model;
use crate::tui::app::turn::Turn;
use crate::tui::app::update::{begin_work, store_changed};
use crate::tui::machine::counter_pad::PadLink;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::open_alarms::OpenAlarms;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::waiting_approvals::WaitingApprovals;
use crate::tui::sign_in::state::{Reason, SignInForm};

const CUSTOMER_IS_SERVED: &str = "Finish with the customer first, or lock the terminal (F9): \
                                  whoever signs in next goes on here.";

/// A key was pressed by somebody who sits here.
pub(in crate::tui) fn active(turn: &mut Turn<'_>, at: Now) {
    if turn.model.sign_in.is_none() && turn.model.shared.idle_lock.active(at) {
        turn.step(|step| {
            step.call(KeepSitting);
        });
    }
}

/// Locks the terminal once nobody has pressed a key for long enough.
pub(in crate::tui) fn tick(turn: &mut Turn<'_>) {
    let now = turn.now;
    turn.model.shared.idle_lock.begin(now);
    if turn.model.shared.idle_lock.due().is_some_and(|due| now >= due) {
        lock(turn);
    }
}

/// When that is.
pub(super) fn due(model: &Model) -> Option<Now> {
    model.shared.idle_lock.due().filter(|_| model.sign_in.is_none())
}

/// Covers everything.
pub(in crate::tui) fn lock(turn: &mut Turn<'_>) {
    let by_sign_in = turn.model.shared.idle_lock.by_sign_in;
    if by_sign_in {
        turn.step(|step| {
            step.call(LockTerminal);
        });
    }
    cover(turn, if by_sign_in { Reason::Locked } else { Reason::Covered });
}

/// Ends the sitting, where there is something to sign out of.
pub(in crate::tui) fn sign_out(turn: &mut Turn<'_>) {
    if turn.model.is_at_stake() {
        return turn.step(|step| step.hint(Tone::Plain, CUSTOMER_IS_SERVED));
    }
    if !turn.model.shared.idle_lock.by_sign_in {
        return dispatch::quit(turn);
    }
    turn.step(|step| {
        step.call(SignOut);
    });
    cover(turn, Reason::SignedOut);
}

/// The desk says that nobody sits here.
pub(in crate::tui) fn sign_in_needed(turn: &mut Turn<'_>) {
    if turn.model.sign_in.is_none() {
        cover(turn, Reason::Locked);
    }
}

fn cover(turn: &mut Turn<'_>, reason: Reason) {
    turn.model.overlay = None;
    turn.model.shared.revealed = None;
    turn.model.sign_in = Some(SignInForm::new(reason));
}

/// Somebody has signed in.
pub(in crate::tui) fn signed_in(turn: &mut Turn<'_>, signed_in: &SignedIn) {
    let place = &mut turn.model.shared.place;
    place.clerk.clone_from(&signed_in.profile.actor.clerk);
    place.counter.clone_from(&signed_in.profile.actor.counter);
    place.role = signed_in.profile.role;
    turn.model.shared.approvals = WaitingApprovals::default();
    turn.model.shared.alarms = OpenAlarms::default();
    // The pairing ended with the sitting of whoever began it.
    turn.model.shared.pad = PadLink::default();
    // It is for whoever opened it.
    turn.close_dashboard();
    uncover(turn);
    let tone = if signed_in.earlier.failures > 0 { Tone::Warning } else { Tone::Plain };
    turn.step(|step| {
        let place = &step.shared.place;
        let text = messages::earlier_sign_ins(&signed_in.earlier, &|at| place.wall_calendar(at));
        step.say(tone, text);
    });
}

/// Goes on where it stood: what is on the screen may not be true any more.
pub(in crate::tui) fn uncover(turn: &mut Turn<'_>) {
    turn.model.sign_in = None;
    turn.model.overlay = None;
    let now = turn.now;
    turn.model.shared.idle_lock.active(now);
    turn.step(|step| {
        step.clear_notice();
    });
    begin_work(turn);
    store_changed(turn);
}
