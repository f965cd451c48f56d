//! What the screen of a verified customer knows.

use crate::domain::account::Account;
use crate::domain::customer::Customer;
use crate::domain::session::{Session, SessionToken};
use crate::tui::machine::effect::EffectId;
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
    /// What the office has on the customer; none until it was read.
    pub account: Option<Account>,
    /// Lines scrolled down.
    pub scroll: u16,
    /// The reading of the account under way.
    pub reading: Option<EffectId>,
    /// The prolonging or the re-reading of the session under way.
    pub touching: Option<EffectId>,
    /// Something changed while the session was being asked about: ask again.
    pub stale: bool,
    /// When the session was last prolonged.
    pub touched: Now,
    /// When it was last asked about.
    pub checked: Now,
    /// The logout under way.
    pub leaving: Option<EffectId>,
}
