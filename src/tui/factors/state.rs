//! What the panel of a customer's factors knows.

use crate::domain::customer::CustomerId;
use crate::domain::customer_factor::CustomerFactors;
use crate::domain::session::SessionToken;
use crate::domain::sign_in::TypedSecret;
use crate::domain::totp::TotpOffer;
use crate::service::factors::NumberedCode;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::notice::Tone;

/// The panel.
#[derive(Debug)]
pub struct FactorPanel {
    /// Whose.
    pub customer: CustomerId,
    /// The secret of the customer's session.
    pub token: SessionToken,
    /// What there is; none until it is read.
    pub factors: Option<CustomerFactors>,
    /// What is being done.
    pub stage: FactorStage,
    /// The first code of an authenticator, as far as it is typed.
    pub typed: TypedSecret,
    /// What is being waited for; no key acts until it is answered.
    pub waiting: Option<EffectId>,
    /// What came of the last act.
    pub message: Option<(Tone, String)>,
}

/// What is being done.
#[derive(Debug)]
pub enum FactorStage {
    /// What there is, and what can be done.
    Overview,
    /// Whether it is meant.
    Sure(Sure),
    /// An authenticator reads the code, and shows its first one.
    Enrol {
        /// What it reads.
        offer: TotpOffer,
        /// Whether it takes the place of another one.
        replaces: bool,
    },
    /// New backup codes, shown this once.
    Codes(Vec<NumberedCode>),
}

/// What has to be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// The authenticator is replaced by another one.
    ReplaceTotp,
    /// It is removed.
    RemoveTotp,
    /// The backup codes are replaced by others.
    ReplaceCodes,
}
