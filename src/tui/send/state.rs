//! What the send screen knows.

use crate::domain::customer::Customer;
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
    /// The channel that is selected.
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
    /// Whether something would be lost by leaving.
    pub fn is_at_stake(&self) -> bool {
        let is_open = self.open.as_deref().is_some_and(|it| it.status == Status::Open);
        self.sending.is_some() || is_open
    }
}
