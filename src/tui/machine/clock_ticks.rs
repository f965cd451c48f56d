//! What time alone changes: a code expires, a session ends, a part below is
//! slow, a message counts down.

use std::time::Duration;

use crate::service::messages;
use crate::service::upkeep::calls::StoreClockReading;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{Dependency, DependencyState, LiveNotice, Model, OwnClock, Tone};
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{self, Now, StoreClock};
use crate::tui::machine::{preview, providers};
use crate::tui::{enter_code, find, send, verified};

/// An effect that takes longer than this is called slow.
pub const SLOW_AFTER: Duration = Duration::from_millis(1_500);

/// How often the store's clock is asked, beside when it matters: two clocks
/// that were together drift apart.
const REREAD: Duration = Duration::from_mins(1);

/// How soon it is asked again while the store is lost. A store that tells the
/// time and then fails again must not make everything go round at once.
const RETRY: Duration = Duration::from_secs(2);

/// When the store's clock is due to be asked; none before the beginning and
/// while it is being asked.
pub fn clock_due(model: &Model) -> Option<Now> {
    let after = if model.health.store == DependencyState::Down { RETRY } else { REREAD };
    let asked = model.clock_asked.filter(|_| model.reading_clock.is_none());
    asked.map(|asked| asked + after)
}

/// Asks the store's clock if that is due.
pub(in crate::tui) fn ask_clock(step: &mut Step<'_>) {
    if clock_due(step.model).is_some_and(|due| due <= step.now) {
        step.read_clock();
    }
}

/// The store's clock was read.
pub(in crate::tui) fn clock(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<StoreClockReading, Failure>,
) {
    step.model.reading_clock.take_if(|reading| *reading == id);
    match answer {
        Ok(reading) => {
            step.model.clock = Some(StoreClock::new(reading.store, step.now));
            step.model.own_clock = match (store_clock::offset(reading), step.model.own_clock) {
                (None, _) => OwnClock::Right,
                (Some(_), OwnClock::Told) => OwnClock::Told,
                (Some(off), _) => OwnClock::Off(off),
            };
        }
        Err(failure) => step.fail(failure),
    }
}

pub(in crate::tui) fn passed(step: &mut Step<'_>) {
    ask_clock(step);
    providers::read_if_due(step);
    if step.model.clock.is_some() {
        let now = step.store_time();
        providers::refresh(step, now);
    }
    tell_own_clock(step);
    expire(step);
    end_session(step);
    slowness(step);
    find::update::withdraw(step);
    find::update::search_again(step);
    preview::settle(step);
    count_down(step);
}

fn expire(step: &mut Step<'_>) {
    let (Some(clock), now) = (step.model.clock, step.now) else { return };
    let over = step.entry().is_some_and(|entry| {
        entry.verifying.is_none()
            && entry.acting.is_none()
            && send::update::is_open(&entry.request)
            && clock.seconds_until(entry.request.expires_at, now) == 0
    });
    if over {
        enter_code::update::expire(step);
    }
    if let Some(send) = step.send() {
        let over = |expires_at| clock.seconds_until(expires_at, now) == 0;
        send.open.take_if(|request| over(request.expires_at));
    }
}

/// The session should be over by now; the store has the last word. While it
/// is lost it has none, and nobody can prolong the session.
fn end_session(step: &mut Step<'_>) {
    let (Some(clock), now) = (step.model.clock, step.now) else { return };
    let is_lost = step.model.health.store == DependencyState::Down;
    if is_lost {
        let over = step
            .verified()
            .is_some_and(|verified| clock.seconds_until(verified.session.ends_at(), now) == 0);
        if over {
            verified::update::over_while_lost(step);
        }
        return;
    }
    let due = step.verified().is_some_and(|verified| {
        verified.touching.is_none()
            && verified.leaving.is_none()
            && clock.seconds_until(verified.session.ends_at(), now) == 0
            && now.saturating_duration_since(verified.checked)
                >= verified::update::SESSION_CHECK_INTERVAL
    });
    if due {
        verified::update::reread(step);
    }
}

/// Says once that this terminal's own clock is off, when the line is free.
fn tell_own_clock(step: &mut Step<'_>) {
    if let (OwnClock::Off(off), None) = (step.model.own_clock, &step.model.notice) {
        step.model.own_clock = OwnClock::Told;
        let way = if off > 0 { "ahead of" } else { "behind" };
        let by = span(Duration::from_millis(off.unsigned_abs()));
        let text =
            format!("This terminal's clock is {by} {way} the store's; the store's time is used.");
        step.say(Tone::Warning, text);
    }
}

/// About how long: `45 s`, `58 min`, `3 h`, `2 days`.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let whole = |unit: u64| (seconds + unit / 2) / unit;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", whole(60)),
        7_200..172_800 => format!("{} h", whole(3_600)),
        _ => format!("{} days", whole(86_400)),
    }
}

fn slowness(step: &mut Step<'_>) {
    let model = &mut *step.model;
    for by in [Dependency::Store, Dependency::Email, Dependency::Sms, Dependency::Whatsapp] {
        let slow = model.under_way.iter().any(|it| {
            it.by == by && !it.broke && step.now.saturating_duration_since(it.since) >= SLOW_AFTER
        });
        let part = model.health.part(by);
        match (slow, *part) {
            (true, DependencyState::Ok) => *part = DependencyState::Slow,
            (false, DependencyState::Slow) => *part = DependencyState::Ok,
            _ => {}
        }
    }
}

fn count_down(step: &mut Step<'_>) {
    let Some(live) = step.model.notice.as_ref().and_then(|notice| notice.live.clone()) else {
        return;
    };
    let now = step.store_time();
    let text = match &live {
        LiveNotice::Refused(refusal) => {
            Some(step.told(|clock| messages::refusal(refusal, now, clock)))
        }
        LiveNotice::Cooldown => enter_code::update::cooldown(step),
        LiveNotice::Lost | LiveNotice::NotChosen | LiveNotice::Again(_) | LiveNotice::Indexing => {
            None
        }
    };
    if let (Some(notice), Some(text)) = (&mut step.model.notice, text) {
        notice.text = match &notice.verdict {
            Some(verdict) => format!("{verdict} {text}"),
            None => text,
        };
    }
}
