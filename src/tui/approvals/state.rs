//! What the list of acts that wait knows, beside the acts themselves.

use crate::domain::approval::ApprovalId;
use crate::tui::machine::effect::EffectId;

/// The list of acts that wait.
#[derive(Debug, Default)]
pub struct ApprovalsPanel {
    /// The act that is selected; the first one where it is not there any more.
    pub selected: Option<ApprovalId>,
    /// The approval or the refusal under way.
    pub acting: Option<EffectId>,
}
