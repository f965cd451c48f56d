//! What the panel of delivery stats knows.

use crate::domain::delivery_stats::DeliveryStats;
use crate::tui::machine::effect::EffectId;

/// What the messages come to.
#[derive(Debug, Default)]
pub struct DeliveryStatsPanel {
    /// The figures; none until they were read.
    pub figures: Option<DeliveryStats>,
    /// The reading under way.
    pub reading: Option<EffectId>,
    /// Something was written since.
    pub stale: bool,
    /// Lines scrolled down.
    pub scroll: u16,
}
