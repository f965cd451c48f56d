//! Approving and refusing.

use crate::domain::approval::Approval;
use crate::domain::outcome::Outcome;
use crate::service::approvals::calls::{ApproveAct, RefuseAct};
use crate::service::approvals::{ApprovalOutcome, RefusalOutcome};
use crate::service::messages;
use crate::tui::approvals::state::ApprovalsPanel;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::scroll::{motion, moved};
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{store_lost, waiting_approvals};

const GONE: &str = "That act waits no more.";
const NOTHING: &str = "Nothing waits for a second admin.";
const OWN: &str = "You asked for it yourself: another admin approves it. You may refuse it.";

/// The list as it is opened.
pub(in crate::tui) fn begin(step: &mut Step<'_>) -> ApprovalsPanel {
    waiting_approvals::read(step);
    ApprovalsPanel::default()
}

/// The place of the act that is selected, among those that wait.
pub(in crate::tui) fn place(panel: &ApprovalsPanel, waiting: &[&Approval]) -> usize {
    let place = waiting.iter().position(|it| Some(&it.id) == panel.selected.as_ref());
    place.unwrap_or(0)
}

fn selected(panel: &ApprovalsPanel, shared: &Shared, now: Now) -> Option<Approval> {
    let waiting = shared.approvals.waiting(shared.time(now));
    waiting.get(place(panel, &waiting)).map(|it| (*it).clone())
}

pub(in crate::tui) fn command(panel: &mut ApprovalsPanel, step: &mut Step<'_>, command: Command) {
    if let Some(by) = motion(command) {
        let waiting = step.shared.approvals.waiting(step.shared.time(step.now));
        let place = moved(place(panel, &waiting), waiting.len(), by);
        panel.selected = waiting.get(place).map(|it| it.id.clone());
        return;
    }
    match command {
        Command::Back | Command::Close => step.go(Navigation::Close),
        Command::Approve | Command::Refuse if panel.acting.is_some() => {
            store_lost::wait(step, store_lost::BEING_DONE);
        }
        Command::Approve | Command::Refuse => decide(panel, step, command == Command::Approve),
        _ => {}
    }
}

fn decide(panel: &mut ApprovalsPanel, step: &mut Step<'_>, approves: bool) {
    let Some(approval) = selected(panel, step.shared, step.now) else {
        return step.hint(Tone::Plain, NOTHING);
    };
    if approves && approval.asked_by.clerk == step.shared.place.clerk {
        return step.hint(Tone::Warning, OWN);
    }
    step.clear_notice();
    let approval = approval.id;
    panel.acting = Some(if approves {
        step.call(ApproveAct { approval })
    } else {
        step.call(RefuseAct { approval })
    });
}

pub(in crate::tui) fn approved(
    panel: &mut ApprovalsPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<ApprovalOutcome, Failure>,
) {
    let told = |step: &Step<'_>, outcome: &ApprovalOutcome| {
        let place = &step.shared.place;
        messages::approval(outcome, &|moment| place.wall_clock(moment))
    };
    done(panel, step, id, answer, told);
}

pub(in crate::tui) fn refused(
    panel: &mut ApprovalsPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<RefusalOutcome, Failure>,
) {
    done(panel, step, id, answer, |_, outcome| messages::refused_approval(outcome));
}

fn done<T>(
    panel: &mut ApprovalsPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<T, Failure>,
    told: impl Fn(&Step<'_>, &T) -> Option<(Option<Outcome>, String)>,
) {
    if panel.acting.take_if(|acting| *acting == id).is_none() {
        return;
    }
    match answer {
        Ok(outcome) => match told(step, &outcome) {
            None => step.say(Tone::Warning, GONE),
            Some((None, text)) => step.say(Tone::Good, text),
            Some((Some(_), text)) => step.say(Tone::Warning, text),
        },
        Err(failure) => return step.fail(failure),
    }
    waiting_approvals::read(step);
}
