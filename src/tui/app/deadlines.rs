//! The next moment the picture changes by itself. Nothing is drawn before it
//! without a cause, so a terminal that nobody uses sends nothing.

use std::time::Duration;

use crate::tui::app::clock_ticks::SLOW_AFTER;
use crate::tui::app::lock;
use crate::tui::app::model::{Model, Overlay, Screen};
use crate::tui::machine::circuit_breakers::breakers_due;
use crate::tui::machine::clock_reading::clock_due;
use crate::tui::machine::health::DependencyState;
use crate::tui::machine::notice::LiveNotice;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::{counter_pad, open_alarms, waiting_approvals};
use crate::tui::{dashboard, enter_code, find, pairing, send, verified};

/// When to wake up the machine; none where nothing moves.
pub fn next_wake(model: &Model, now: Now) -> Option<Now> {
    let shared = &model.shared;
    if model.sign_in.is_some() {
        return shared.keyboard.deferred.map(|it| it.due);
    }
    let by_clock = shared.clock.and_then(|clock| {
        let screen = next_of_screen(model, clock, now);
        let pairing = match &model.overlay {
            Some(Overlay::Pairing(it)) => pairing::update::due(it, clock, now),
            _ => None,
        };
        let minute = Some(next_minute(clock, now));
        let notice = next_of_notice(shared, clock, now);
        [notice, next_probe(shared, clock, now), screen, pairing, minute]
            .into_iter()
            .flatten()
            .min()
    });
    let search = match &model.screen {
        Screen::Find(find) => find::update::due(find, shared),
        _ => None,
    };
    let preview = model.tray.as_ref().and_then(|tray| tray.preview.due());
    let deferred = shared.keyboard.deferred.map(|it| it.due);
    let revealed = shared.revealed.as_ref().map(|it| it.due(now));
    let approvals = waiting_approvals::due(shared);
    let alarms = open_alarms::due(shared);
    let dashboard = model.dashboard.as_ref().filter(|_| model.is_at_dashboard());
    let dashboard = dashboard.and_then(|it| dashboard::reads::due(it, shared));
    let pad = counter_pad::due(shared);
    let reads =
        [clock_due(shared), breakers_due(shared), approvals, alarms, pad, dashboard, search];
    let own = [by_clock, next_slow(shared), preview, deferred, revealed, lock::due(model)];
    own.into_iter().chain(reads).flatten().min()
}

/// What time by the store's clock changes on the screen.
fn next_of_screen(model: &Model, clock: StoreClock, now: Now) -> Option<Now> {
    match &model.screen {
        Screen::Find(_) | Screen::EnterFactor(_) => None,
        Screen::Send(send) => send::update::due(send, clock, now),
        Screen::EnterCode(entry) => enter_code::update::due(entry, clock, now),
        Screen::Verified(verified) => verified::update::due(verified, &model.shared, clock, now),
    }
}

/// A provider whose circuit breaker is open may be tried again.
fn next_probe(shared: &Shared, clock: StoreClock, now: Now) -> Option<Now> {
    let probe = shared.providers.known.next_change(clock.time(now))?;
    Some(now + clock.until(probe, now))
}

/// An effect that is under way begins to be slow.
fn next_slow(shared: &Shared) -> Option<Now> {
    let mut health = shared.health;
    let waiting =
        shared.pending.iter().filter(|it| !it.broke && *health.part(it.by) == DependencyState::Ok);
    waiting.map(|it| it.since + SLOW_AFTER).min()
}

/// The message counts down.
fn next_of_notice(shared: &Shared, clock: StoreClock, now: Now) -> Option<Now> {
    match shared.notice.as_ref()?.live.as_ref()? {
        LiveNotice::Refused(refusal) => {
            refusal.retry_at.and_then(|moment| clock.next_second(moment, now))
        }
        LiveNotice::Cooldown
        | LiveNotice::Lost
        | LiveNotice::NotChosen
        | LiveNotice::Again(_)
        | LiveNotice::Indexing => None,
    }
}

/// The next full minute of the clock on the top line.
fn next_minute(clock: StoreClock, now: Now) -> Now {
    let past = clock.time(now).millis().rem_euclid(60_000);
    now + Duration::from_millis(60_000 - past.unsigned_abs())
}
