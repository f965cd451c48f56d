//! What the send screen knows.

use crate::domain::customer::Customer;
use crate::domain::customer_factor::{CustomerFactors, FactorKind};
use crate::domain::request::{Request, Status};
use crate::service::customers::lookup::ChannelChoice;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::Reading;

/// Step two.
#[derive(Debug)]
pub struct Send {
    /// For whom.
    pub customer: Customer,
    /// The channels, usable ones first.
    pub choices: Vec<ChannelChoice>,
    /// What the customer has enrolled: ways that need no message, below the channels.
    pub factors: CustomerFactors,
    /// The channel that is selected, or the way below them.
    pub selected: usize,
    /// The purpose that is selected, among
    /// [`CounterInfo::purposes`](crate::tui::machine::counter_info::CounterInfo::purposes).
    pub purpose: usize,
    /// The act under way; its key is dead until it is answered.
    pub sending: Option<EffectId>,
    /// The customer's code that is still open, when the clerk came back from it.
    pub open: Option<Box<Request>>,
    /// The clerk only looks for another contact: going back leads to that code.
    pub aside: bool,
    /// The read of the customer and the channels, which may have changed.
    pub reading: Reading,
}

impl Send {
    /// How many lines can be selected.
    pub fn lines(&self) -> usize {
        self.choices.len() + self.factors.usable().count()
    }

    /// The way that is selected, where it is none of the channels.
    pub fn selected_factor(&self) -> Option<FactorKind> {
        self.selected.checked_sub(self.choices.len()).and_then(|at| self.factors.usable().nth(at))
    }

    /// Whether something would be lost by leaving.
    pub fn is_at_stake(&self) -> bool {
        let is_open = self.open.as_deref().is_some_and(|it| it.status == Status::Open);
        self.sending.is_some() || is_open
    }
}
