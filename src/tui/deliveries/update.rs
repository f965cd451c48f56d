//! The panel of delivery stats: read when it is opened, and again when something was written.

use std::time::Duration;

use crate::domain::delivery_stats::DeliveryStats;
use crate::service::delivery::calls::ReadDeliveryStats;
use crate::tui::deliveries::state::DeliveryStatsPanel;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::scroll::{Extent, motion};
use crate::tui::machine::step::Step;

/// The time that the delivery stats are of.
const STATS_PERIOD: Duration = Duration::from_hours(24);

/// The panel as it is opened.
pub(in crate::tui) fn begin(step: &mut Step<'_>) -> DeliveryStatsPanel {
    let mut panel = DeliveryStatsPanel::default();
    read(&mut panel, step);
    panel
}

fn read(panel: &mut DeliveryStatsPanel, step: &mut Step<'_>) {
    panel.stats.reading.begin(step.call(ReadDeliveryStats { within: STATS_PERIOD }));
}

/// Reads again what has changed, as often as the circuit breakers are read.
pub(in crate::tui) fn reread(panel: &mut DeliveryStatsPanel, step: &mut Step<'_>) {
    if panel.stats.reading.is_stale() && !panel.stats.reading.is_loading() {
        read(panel, step);
    }
}

pub(in crate::tui) fn answered(
    panel: &mut DeliveryStatsPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<DeliveryStats, Failure>,
) {
    if let Some(failure) = panel.stats.take(id, answer) {
        step.fail(failure);
    }
}

pub(in crate::tui) fn command(
    panel: &mut DeliveryStatsPanel,
    step: &mut Step<'_>,
    command: Command,
    extent: Extent,
) {
    if let Some(by) = motion(command) {
        panel.scroll.by(by, extent);
    } else if matches!(command, Command::Back | Command::Close) {
        step.go(Navigation::Close);
    }
}
