//! Reading the store's clock: now and then, when it matters, and while the store is lost, since
//! its answer is how the interface learns that it is back.

use std::time::Duration;

use crate::service::upkeep::calls::StoreClockReading;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{self, Now, OwnClock, StoreClock};

/// How often the store's clock is asked, beside when it matters: two clocks
/// that were together drift apart.
const CLOCK_READ_INTERVAL: Duration = Duration::from_mins(1);

/// How soon it is asked again while the store is lost. A store that tells the
/// time and then fails again must not make everything go round at once.
const LOST_STORE_PROBE_INTERVAL: Duration = Duration::from_secs(2);

/// When the store's clock is due to be asked; none before the beginning and
/// while it is being asked.
pub fn clock_due(shared: &Shared) -> Option<Now> {
    let is_lost = shared.health.is_store_lost();
    let after = if is_lost { LOST_STORE_PROBE_INTERVAL } else { CLOCK_READ_INTERVAL };
    let asked = shared.clock_asked.filter(|_| !shared.clock_reading.is_loading());
    asked.map(|asked| asked + after)
}

/// Asks the store's clock if that is due.
pub(in crate::tui) fn read_if_due(step: &mut Step<'_>) {
    if clock_due(step.shared).is_some_and(|due| due <= step.now) {
        step.read_clock();
    }
}

/// The store's clock was read.
pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<StoreClockReading, Failure>,
) {
    step.shared.clock_reading.end(id, answer.is_ok());
    match answer {
        Ok(reading) => {
            step.shared.clock = Some(StoreClock::new(reading.store, step.now));
            step.shared.own_clock = match (store_clock::offset(reading), step.shared.own_clock) {
                (None, _) => OwnClock::Right,
                (Some(_), OwnClock::Reported) => OwnClock::Reported,
                (Some(off), _) => OwnClock::Off(off),
            };
        }
        Err(failure) => step.fail(failure),
    }
}

/// Says once that this terminal's own clock is off, when the message line is free.
pub(in crate::tui) fn say_own_clock(step: &mut Step<'_>) {
    if let (OwnClock::Off(off), None) = (step.shared.own_clock, &step.shared.notice) {
        step.shared.own_clock = OwnClock::Reported;
        let way = if off > 0 { "ahead of" } else { "behind" };
        let by = rounded(Duration::from_millis(off.unsigned_abs()));
        let text =
            format!("This terminal's clock is {by} {way} the store's; the store's time is used.");
        step.say(Tone::Warning, text);
    }
}

/// About how long: `45 s`, `58 min`, `3 h`, `2 days`.
fn rounded(span: Duration) -> String {
    let seconds = span.as_secs();
    let whole = |unit: u64| (seconds + unit / 2) / unit;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", whole(60)),
        7_200..172_800 => format!("{} h", whole(3_600)),
        _ => format!("{} days", whole(86_400)),
    }
}
