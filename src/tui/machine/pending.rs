//! Effects that are not answered yet, and what is being done by them.

use crate::domain::delivery::DeliveryId;
use crate::service::api::Call;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::health::Dependency;
use crate::tui::machine::store_clock::Now;

/// An effect that is not answered yet.
#[derive(Clone, Debug)]
pub struct PendingEffect {
    /// Its name.
    pub id: EffectId,
    /// The part below that has to do it.
    pub by: Dependency,
    /// Since when.
    pub since: Now,
    /// The act; none where it only reads.
    pub act: Option<PendingAct>,
    /// The connection to the store broke; the call is retried.
    pub broke: bool,
    /// Why the store lets it wait, where it does; the call is retried.
    pub waits: Option<String>,
}

/// An act that must come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingAct {
    /// Asks for a code, or for another.
    Ask,
    /// Sends this message.
    Deliver(DeliveryId),
    /// Checks a code.
    Verify,
    /// Cancels a request.
    Cancel,
    /// Logs the customer out.
    Logout,
    /// Does what takes an admin: lifts, confirms, approves, refuses. Or files an incident.
    Administer,
    /// Pairs a pad, lets it show something, or ends that.
    Pair,
}

impl PendingAct {
    /// The act that a call is; none where it only reads.
    pub const fn of(call: &Call) -> Option<Self> {
        match call {
            Call::AskForCode(_) | Call::ResendCode(_) => Some(Self::Ask),
            Call::DeliverCode(deliver) => Some(Self::Deliver(deliver.delivery)),
            Call::VerifyCode(_)
            | Call::TakeFromPad(_)
            | Call::TakeFactorFromPad(_)
            | Call::EnterAtPad(_) => Some(Self::Verify),
            Call::CancelRequest(_) => Some(Self::Cancel),
            Call::EndSession(_) => Some(Self::Logout),
            Call::UnlockCustomer(_)
            | Call::ConfirmContact(_)
            | Call::DisownVerification(_)
            | Call::ApproveAct(_)
            | Call::RefuseAct(_)
            | Call::AcknowledgeAlarm(_)
            | Call::RecordStatsExport(_)
            | Call::FileIncident(_) => Some(Self::Administer),
            Call::ConfirmPad(_)
            | Call::EndPairing(_)
            | Call::ShowAtPad(_)
            | Call::AskForPad(_)
            | Call::LeavePad(_) => Some(Self::Pair),
            _ => None,
        }
    }
}
