//! What the form of an incident knows.

use tui_input::Input;

use crate::domain::customer::CustomerId;
use crate::domain::flag::IncidentKind;
use crate::tui::machine::effect::EffectId;

/// The form of an incident.
#[derive(Debug, Default)]
pub struct IncidentForm {
    /// The customer who is in view, with the name; none where nobody is.
    pub about: Option<(CustomerId, String)>,
    /// The kind that is selected, among [`IncidentKind::ALL`]; none at first.
    pub selected: Option<usize>,
    /// What was seen, as far as it is typed.
    pub typed: Input,
    /// The act under way.
    pub waiting: Option<EffectId>,
}

impl IncidentForm {
    /// The form about whoever is in view.
    pub fn new(about: Option<(CustomerId, String)>) -> Self {
        Self { about, ..Self::default() }
    }

    /// The kind that is selected.
    pub fn kind(&self) -> Option<IncidentKind> {
        IncidentKind::ALL.get(self.selected?).copied()
    }
}
