//! What the send screen knows.

use crate::domain::customer::Customer;
use crate::domain::request::Request;
use crate::service::customers::lookup::ChannelChoice;
use crate::tui::machine::effect::EffectId;

/// Step two.
#[derive(Debug)]
pub struct Send {
    /// For whom.
    pub customer: Customer,
    /// The channels, usable ones first.
    pub choices: Vec<ChannelChoice>,
    /// The channel that is selected.
    pub selected: usize,
    /// The purpose that is selected, among [`Place::purposes`](crate::tui::machine::model::CounterInfo::purposes).
    pub purpose: usize,
    /// The act under way; its key is dead until it is answered.
    pub sending: Option<EffectId>,
    /// The customer's code that is still open, when the clerk came back from it.
    pub open: Option<Box<Request>>,
    /// The clerk only looks for another contact: going back leads to that code.
    pub aside: bool,
    /// The customer is being read again.
    pub reading: Option<EffectId>,
    /// They may have changed since that was asked for.
    pub stale: bool,
}
