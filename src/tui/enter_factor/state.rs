//! What the entry of a factor knows.

use crate::domain::customer_factor::FactorKind;
use crate::domain::request::RequestId;
use crate::domain::sign_in::TypedSecret;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::navigation::ChannelsOfCustomer;

/// Step three, where nothing is sent.
#[derive(Debug)]
pub struct EnterFactor {
    /// Of whom, and what the send screen shows when the clerk goes back.
    pub of: ChannelsOfCustomer,
    /// What is asked for.
    pub kind: FactorKind,
    /// What was typed so far.
    pub typed: TypedSecret,
    /// The verification under way; the field is dead until it is answered.
    pub verifying: Option<EffectId>,
    /// The customer is locked: nothing is taken.
    pub customer_locked: bool,
    /// The entry at the pad whose session was asked for.
    pub taken: Option<RequestId>,
}

impl EnterFactor {
    /// Whether something would be lost by leaving.
    pub const fn is_at_stake(&self) -> bool {
        self.verifying.is_some() || self.of.open.is_some()
    }
}
