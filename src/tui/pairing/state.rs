//! What the box of the pad knows, beside the pairing itself.

use crate::service::pads::PadOffer;
use crate::tui::machine::effect::EffectId;

/// The box of the pad.
#[derive(Debug, Default)]
pub struct PairingPanel {
    /// The number that is shown; none before the desk has drawn one.
    pub offer: Option<PadOffer>,
    /// The question for a number under way.
    pub offering: Option<EffectId>,
    /// The confirmation or the end under way.
    pub acting: Option<(EffectId, Acting)>,
}

/// What the clerk asked for. The pairing may be read as it is then before that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// To pair the pad that asks.
    Confirming,
    /// Not to.
    Refusing,
    /// To end the pairing.
    Ending,
}
