//! What the screen of a verified customer knows.

use crate::domain::account::Account;
use crate::domain::customer::Customer;
use crate::domain::session::{Session, SessionToken};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::loaded::{Loaded, Reading};
use crate::tui::machine::scroll::Scroll;
use crate::tui::machine::store_clock::Now;

/// Step four.
#[derive(Debug)]
pub struct Verified {
    /// Who was verified.
    pub customer: Customer,
    /// The session as last seen.
    pub session: Session,
    /// Its secret.
    pub token: SessionToken,
    /// What the office has on the customer.
    pub account: Loaded<Account>,
    /// How far that is scrolled down.
    pub scroll: Scroll,
    /// The read of the session, by which it may be prolonged.
    pub session_reading: Reading,
    /// When the session was last prolonged.
    pub touched: Now,
    /// When it was last asked about.
    pub checked: Now,
    /// The logout under way.
    pub leaving: Option<EffectId>,
}
