//! How many alarms are open, as far as somebody sits here who may see them: it stands on the
//! top line.

use std::time::Duration;

use crate::service::stats::calls::CountAlarms;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::message::Failure;
use crate::tui::machine::permissions::may;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;

/// How often they are counted at most: alarms are looked for every few minutes.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(10);

/// The number of open alarms.
#[derive(Debug, Default)]
pub struct OpenAlarms {
    /// As last counted.
    pub count: Loaded<u32>,
    asked: Option<Now>,
}

/// How many are open, as far as is known.
pub fn count(shared: &Shared) -> u32 {
    shared.alarms.count.value().copied().unwrap_or(0)
}

/// When they are due to be counted; none where nothing was written since.
pub fn due(shared: &Shared) -> Option<Now> {
    let OpenAlarms { count, asked } = &shared.alarms;
    count.reading.due(*asked, MIN_READ_INTERVAL)
}

/// Counts them if that is due.
pub(in crate::tui) fn read_if_due(step: &mut Step<'_>) {
    if due(step.shared).is_some_and(|due| due <= step.now) {
        read(step);
    }
}

/// Counts them, where whoever sits here may see them.
pub(in crate::tui) fn read(step: &mut Step<'_>) {
    if !may(step.shared, Command::ToggleDashboard) {
        return;
    }
    let outdated = step.shared.alarms.count.reading.stop();
    step.forget(outdated);
    let id = step.call(CountAlarms);
    step.shared.alarms.count.reading.begin(id);
    step.shared.alarms.asked = Some(step.now);
}

pub(in crate::tui) fn answered(step: &mut Step<'_>, id: EffectId, answer: Result<u32, Failure>) {
    if let Some(failure) = step.shared.alarms.count.take(id, answer) {
        step.fail(failure);
    }
}
