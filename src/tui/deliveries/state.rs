//! What the panel of delivery stats knows.

use crate::domain::delivery_stats::DeliveryStats;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::scroll::Scroll;

/// What the messages come to.
#[derive(Debug, Default)]
pub struct DeliveryStatsPanel {
    /// The delivery stats.
    pub stats: Loaded<DeliveryStats>,
    /// How far they are scrolled down.
    pub scroll: Scroll,
}
