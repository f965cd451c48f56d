//! What the form knows in which a colleague's approval is asked for.

use tui_input::Input;

use crate::tui::machine::effect::EffectId;
use crate::tui::machine::navigation::ChannelsOfCustomer;
use crate::tui::machine::store_clock::Now;

/// The reasons that are given most.
pub const USUAL_REASONS: [&str; 3] =
    ["Lost the phone", "No contact on file works", "Phone and papers were stolen"];

/// An approval that was asked for.
#[derive(Clone, Debug)]
pub struct AskedApproval {
    /// The idempotency key under which it is told again.
    pub key: String,
    /// When it was asked for.
    pub since: Now,
    /// Whether the desk said that it waits.
    pub waits: bool,
}

/// The form.
#[derive(Debug)]
pub struct SecondPersonForm {
    /// Of whom, and what the send screen shows.
    pub of: ChannelsOfCustomer,
    /// The reason that is typed; where nothing is, the one that is selected holds.
    pub typed: Input,
    /// The reason that is selected among the usual ones.
    pub selected: usize,
    /// The approval that was asked for.
    pub asked: Option<AskedApproval>,
    /// The call under way.
    pub calling: Option<EffectId>,
}

impl SecondPersonForm {
    /// The reason as it stands.
    pub fn reason(&self) -> &str {
        let typed = self.typed.value().trim();
        if typed.is_empty() {
            USUAL_REASONS.get(self.selected).copied().unwrap_or_default()
        } else {
            typed
        }
    }

    /// Whether it waits for the colleague.
    pub fn is_waiting(&self) -> bool {
        self.asked.as_ref().is_some_and(|it| it.waits)
    }
}
