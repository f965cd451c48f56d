//! What the search screen knows.

use crate::domain::customer::Customer;
use crate::service::ports::{IndexProgress, NoCustomers};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::{Loaded, Reading};
use crate::tui::machine::preview::Preview;
use crate::tui::machine::store_clock::Now;
use tui_input::Input;

/// Step one.
#[derive(Debug, Default)]
pub struct Find {
    /// The search field.
    pub input: Input,
    /// Its text is from before: the first letter typed takes its place.
    pub kept: bool,
    /// What the last search found.
    pub found: Loaded<SearchHits>,
    /// The line that is selected.
    pub selected: usize,
    /// The customer beside the list.
    pub preview: Preview,
    /// Why nobody can be found, as far as is known.
    pub nobody: Option<NoCustomers>,
    /// The read of whether there are customers at all.
    pub counting: Reading,
    /// The customer being opened.
    pub opening: Option<EffectId>,
    /// Enter was pressed before the answer: the first hit is chosen when it comes,
    /// unless the store keeps the clerk waiting.
    pub chooses: bool,
    /// When it is searched again by itself, since not all customers can be found
    /// yet.
    pub again: Option<Now>,
    /// The store was lost, so that the search is made when it is back.
    pub waits: bool,
}

impl Find {
    /// Customers that are shown.
    pub fn customers(&self) -> &[Customer] {
        self.found.value().map_or(&[], |found| &found.customers)
    }
}

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct SearchHits {
    /// What was searched for.
    pub typed: String,
    /// Customers, the likeliest first.
    pub customers: Vec<Customer>,
    /// Whether there are more.
    pub more: bool,
    /// How far customers have been made ready to be found; none where all are.
    pub preparing: Option<IndexProgress>,
}
