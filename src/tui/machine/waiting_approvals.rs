//! The acts that wait for a second admin, as far as somebody sits here who may approve them:
//! how many there are stands on the top line.

use std::time::Duration;

use crate::domain::approval::Approval;
use crate::domain::time::Timestamp;
use crate::service::approvals::calls::ListApprovals;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::message::Failure;
use crate::tui::machine::permissions::may;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;

/// How often they are read at most: a busy office writes several entries a second.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(3);

/// The acts that wait.
#[derive(Debug, Default)]
pub struct WaitingApprovals {
    /// As last read, the oldest first.
    pub list: Loaded<Vec<Approval>>,
    asked: Option<Now>,
}

impl WaitingApprovals {
    /// Those that still wait at a moment; all that were read where it is not known.
    pub fn waiting(&self, now: Option<Timestamp>) -> Vec<&Approval> {
        let all = self.list.value().into_iter().flatten();
        all.filter(|it| now.is_none_or(|now| now < it.expires_at)).collect()
    }
}

/// How many acts wait for whoever sits here: nobody approves what they asked for.
pub fn count(shared: &Shared, now: Option<Timestamp>) -> usize {
    let waiting = shared.approvals.waiting(now);
    waiting.iter().filter(|it| it.asked_by.clerk != shared.place.clerk).count()
}

/// When they are due to be read; none where nothing was written since.
pub fn due(shared: &Shared) -> Option<Now> {
    let WaitingApprovals { list, asked } = &shared.approvals;
    list.reading.due(*asked, MIN_READ_INTERVAL)
}

/// Reads them if that is due.
pub(in crate::tui) fn read_if_due(step: &mut Step<'_>) {
    if due(step.shared).is_some_and(|due| due <= step.now) {
        read(step);
    }
}

/// Reads them, where whoever sits here may approve them.
pub(in crate::tui) fn read(step: &mut Step<'_>) {
    if !may(step.shared, Command::ToggleApprovals) {
        return;
    }
    let outdated = step.shared.approvals.list.reading.stop();
    step.forget(outdated);
    let id = step.call(ListApprovals);
    step.shared.approvals.list.reading.begin(id);
    step.shared.approvals.asked = Some(step.now);
}

pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Vec<Approval>, Failure>,
) {
    if let Some(failure) = step.shared.approvals.list.take(id, answer) {
        step.fail(failure);
    }
}
