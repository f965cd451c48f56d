//! How the providers do and what the messages come to. Others' experience is
//! read when something was written, but not for each entry: a busy office
//! writes several a second.

use std::time::Duration;

use crate::domain::delivery_stats::DeliveryStats;
use crate::domain::time::Timestamp;
use crate::service::delivery::calls::{ReadBreakers, ReadDeliveryStats};
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::model::{
    DeliveryStatsPanel, Dependency, DependencyState, Model, Overlay, Screen,
};
use crate::tui::machine::step::{Step, motion, scrolled};
use crate::tui::machine::store_clock::Now;
use crate::tui::view;

/// The time that the delivery stats are of.
const DAY: Duration = Duration::from_hours(24);

/// How often they are read at most.
const LEAST: Duration = Duration::from_secs(3);

/// When they are due to be read; none where nothing was written since.
pub fn lines_due(model: &Model) -> Option<Now> {
    let providers = &model.providers;
    if !providers.stale || providers.reading.is_some() {
        return None;
    }
    providers.asked.map(|asked| asked + LEAST)
}

/// Something was written: what it says of the providers is read in time.
pub(in crate::tui) fn stale(step: &mut Step<'_>) {
    step.model.providers.stale = true;
    if let Some(Overlay::Figures(panel)) = &mut step.model.overlay {
        panel.stale = true;
    }
    read_if_due(step);
}

/// Reads what is due.
pub(in crate::tui) fn read_if_due(step: &mut Step<'_>) {
    if lines_due(step.model).is_some_and(|due| due <= step.now) {
        read(step);
        let again = matches!(
            &step.model.overlay,
            Some(Overlay::Figures(it)) if it.stale && it.reading.is_none()
        );
        if again {
            add_up(step);
        }
    }
}

/// Reads how the providers do.
pub(in crate::tui) fn read(step: &mut Step<'_>) {
    let id = step.call(ReadBreakers);
    let providers = &mut step.model.providers;
    providers.reading = Some(id);
    providers.asked = Some(step.now);
    providers.stale = false;
}

pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<BreakerSnapshot, Failure>,
) {
    step.model.providers.reading.take_if(|reading| *reading == id);
    // A store that is lost says so elsewhere; what was known stays.
    let Ok(lines) = answer else { return };
    let now = lines.read_at;
    for health in &lines.all {
        let part = step.model.health.part(Dependency::of(health.slot.channel));
        // What this terminal met itself counts until somebody has met better.
        if health.failures == 0 && *part == DependencyState::Down {
            *part = DependencyState::Ok;
        }
    }
    step.model.providers.known = lines;
    refresh(step, now);
}

/// Says of the channels that are offered how they do now. They stay where they
/// are: nothing moves under the clerk's finger.
pub(in crate::tui) fn refresh(step: &mut Step<'_>, now: Timestamp) {
    let known = &step.model.providers.known;
    let choices = match &mut step.model.screen {
        Screen::Send(send) => &mut send.choices,
        Screen::Entry(entry) => &mut entry.choices,
        Screen::Find(_) | Screen::Verified(_) => return,
    };
    // While it is being read, what the choices brought along holds.
    if known.read_at == Timestamp::default() || step.model.providers.reading.is_some() {
        return;
    }
    for choice in choices {
        choice.health = known.health(choice.channel, now);
    }
}

pub(in crate::tui) fn toggle_figures(step: &mut Step<'_>) {
    if matches!(step.model.overlay, Some(Overlay::Figures(_))) {
        step.model.overlay = None;
        return;
    }
    step.model.overlay = Some(Overlay::Figures(DeliveryStatsPanel::default()));
    add_up(step);
}

fn add_up(step: &mut Step<'_>) {
    let id = step.call(ReadDeliveryStats { within: DAY });
    if let Some(Overlay::Figures(panel)) = &mut step.model.overlay {
        panel.reading = Some(id);
        panel.stale = false;
    }
}

pub(in crate::tui) fn added_up(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<DeliveryStats, Failure>,
) {
    let Some(Overlay::Figures(panel)) = &mut step.model.overlay else { return };
    if panel.reading.take_if(|reading| *reading == id).is_none() {
        return;
    }
    match answer {
        Ok(figures) => panel.figures = Some(figures),
        Err(failure) => step.fail(failure),
    }
}

pub(in crate::tui) fn command(step: &mut Step<'_>, command: Command) {
    let most = view::most_scroll(step.model, step.now);
    let Some(Overlay::Figures(panel)) = &mut step.model.overlay else { return };
    if let Some(by) = motion(command) {
        panel.scroll = scrolled(panel.scroll, most, by);
    } else if matches!(command, Command::Back | Command::Close) {
        step.model.overlay = None;
    }
}
