//! What the panel of a sign-up knows.

use crate::service::customers::sign_up::{SignUp, SignUpContact};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::Loaded;
use crate::tui::machine::navigation::ChannelsOfCustomer;

/// A customer's contacts at a sign-up.
#[derive(Debug)]
pub struct SignUpPanel {
    /// Of whom, and what the send screen shows.
    pub of: ChannelsOfCustomer,
    /// The contacts; none where the customer is gone.
    pub read: Loaded<Option<SignUp>>,
    /// The contact that is selected.
    pub selected: usize,
    /// The code that is being asked for.
    pub sending: Option<EffectId>,
}

impl SignUpPanel {
    /// The contacts, as far as they were read.
    pub fn contacts(&self) -> &[SignUpContact] {
        let read = self.read.value().and_then(Option::as_ref);
        read.map(|it| it.contacts.as_slice()).unwrap_or_default()
    }
}
