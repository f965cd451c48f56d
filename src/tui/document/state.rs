//! What the form of a document knows. It has no place for a number.

use crate::tui::machine::effect::EffectId;
use crate::tui::machine::navigation::ChannelsOfCustomer;

/// The characters of a date: `2031-04-30`.
pub const DATE_LENGTH: usize = 10;

/// The form of a document.
#[derive(Debug)]
pub struct DocumentForm {
    /// Of whom, and what the send screen shows.
    pub of: ChannelsOfCustomer,
    /// The kinds that the office takes.
    pub kinds: Vec<String>,
    /// The kind that is selected.
    pub selected: usize,
    /// Whether the name is the customer's.
    pub name_matches: bool,
    /// Whether the picture is of whoever stands here.
    pub photo_matches: bool,
    /// The last day, as far as it is typed.
    pub expires: String,
    /// The act under way.
    pub waiting: Option<EffectId>,
}
