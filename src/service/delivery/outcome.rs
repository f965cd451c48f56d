//! The outcome of a delivery, as scripts and the log see it.

use crate::domain::delivery::DeliveryState;
use crate::domain::outcome::Outcome;

/// The outcome of sending; `None` where the provider has the message.
pub const fn delivery_outcome(state: DeliveryState) -> Option<Outcome> {
    match state {
        DeliveryState::Queued
        | DeliveryState::Sent
        | DeliveryState::Forwarded
        | DeliveryState::Delivered
        | DeliveryState::Read => None,
        DeliveryState::Undeliverable => Some(Outcome::Undeliverable),
        DeliveryState::Failed | DeliveryState::Unknown => Some(Outcome::Unavailable),
    }
}
