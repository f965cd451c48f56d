//! The next moment the picture changes by itself. Nothing is drawn before it
//! without a cause, so a terminal that nobody uses sends nothing.

use std::time::Duration;

use crate::domain::request::Status;
use crate::domain::time::Timestamp;
use crate::tui::machine::model::{DependencyState, LiveNotice, Model, Screen};
use crate::tui::machine::preview::preview_due;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::update::{
    SESSION_CHECK_INTERVAL, SLOW_AFTER, clock_due, held_back_due, lines_due, search_due,
};

/// When to wake up the machine; none where nothing moves.
pub fn next_wake(model: &Model, now: Now) -> Option<Now> {
    let clock = model.clock.and_then(|clock| next_by_clock(model, clock, now));
    let turn = model.clock.and_then(|clock| next_turn(model, clock, now));
    let asked = [clock_due(model), lines_due(model), search_due(model), held_back_due(model)];
    let own = [clock, turn, next_slow(model), preview_due(model)];
    own.into_iter().chain(asked).flatten().min()
}

/// A provider that was left alone is tried again.
fn next_turn(model: &Model, clock: StoreClock, now: Now) -> Option<Now> {
    let turn = model.providers.known.next_change(clock.time(now))?;
    Some(now + clock.until(turn, now))
}

/// An effect that is under way begins to be slow.
fn next_slow(model: &Model) -> Option<Now> {
    let mut health = model.health;
    let waiting =
        model.under_way.iter().filter(|it| !it.broke && *health.part(it.by) == DependencyState::Ok);
    waiting.map(|it| it.since + SLOW_AFTER).min()
}

fn next_by_clock(model: &Model, clock: StoreClock, now: Now) -> Option<Now> {
    let counting = |moment: Timestamp| next_second(clock, moment, now);
    let live = match model.notice.as_ref().and_then(|notice| notice.live.as_ref()) {
        Some(LiveNotice::Refused(refusal)) => refusal.retry_at.and_then(counting),
        Some(
            LiveNotice::Cooldown
            | LiveNotice::Lost
            | LiveNotice::NotChosen
            | LiveNotice::Again(_)
            | LiveNotice::Indexing,
        )
        | None => None,
    };
    let screen = match &model.screen {
        Screen::Entry(entry) => {
            let request = &entry.request;
            let expiry = Some(request.expires_at).filter(|_| request.status == Status::Open);
            let moments = [expiry, entry.waits_until()];
            moments.into_iter().flatten().filter_map(counting).min()
        }
        Screen::Send(send) => send.open.as_ref().and_then(|request| counting(request.expires_at)),
        Screen::Verified(verified) => {
            let ends_at = verified.session.ends_at();
            let is_free = verified.touching.is_none() && verified.leaving.is_none();
            let asks = is_free && model.health.store != DependencyState::Down;
            counting(ends_at).or_else(|| asks.then_some(verified.checked + SESSION_CHECK_INTERVAL))
        }
        Screen::Find(_) => None,
    };
    [live, screen, Some(next_minute(clock, now))].into_iter().flatten().min()
}

/// The next moment at which the whole seconds left until `moment` change; none
/// where it has passed.
fn next_second(clock: StoreClock, moment: Timestamp, now: Now) -> Option<Now> {
    let left = clock.until(moment, now).as_millis();
    if left == 0 {
        return None;
    }
    let part = u64::try_from((left - 1) % 1_000 + 1).unwrap_or(1_000);
    Some(now + Duration::from_millis(part))
}

/// The next full minute of the clock on the top line.
fn next_minute(clock: StoreClock, now: Now) -> Now {
    let past = clock.time(now).millis().rem_euclid(60_000);
    now + Duration::from_millis(60_000 - past.unsigned_abs())
}
