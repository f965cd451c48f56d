//! The delivery state of a message.

use std::time::Duration;

use crate::domain::contact::Contact;
use crate::domain::contact_state::ContactFailure;
use crate::domain::explanation::Explanation;
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// The delivery's id in the store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct DeliveryId(pub i64);

/// The delivery state. `Sent` means that the provider accepted the message; only the provider can
/// report the states beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum DeliveryState {
    /// In the outbox: not sent yet, or waiting for a retry.
    Queued,
    /// Accepted by the provider.
    Sent,
    /// Passed on to the customer's network.
    Forwarded,
    /// Delivered, according to the provider.
    Delivered,
    /// Opened by the customer, according to the provider.
    Read,
    /// Refused permanently by the provider.
    Undeliverable,
    /// Not sent.
    Failed,
    /// The provider may have accepted it; never retried blindly.
    Unknown,
}

words!(DeliveryState, "a state of a delivery");

/// The delivery of one message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    /// The provider that was used: `tray`, `smtp`, `twilio`, ….
    pub provider: String,
    /// Whether that was the fallback.
    pub by_fallback: bool,
    pub state: DeliveryState,
    /// The provider's message id, for polling its status.
    pub provider_id: Option<String>,
    /// The reason of a failure or a delay.
    pub detail: Option<Explanation>,
    /// When the state last changed.
    pub updated_at: Timestamp,
}

/// The provider that only writes messages to a file.
pub const TRAY: &str = "tray";

/// Why a message was not accepted, and whose fault it is. Senders classify the provider's response
/// by its codes, never by its texts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum FailureClass {
    /// The recipient's: an unknown address or number, a full mailbox, an opt-out. The only class
    /// that is reported as the customer's fault.
    Recipient(ContactFailure),
    /// The message's content or size.
    Message,
    /// The office's settings, account, limits or reputation. Another provider may accept the
    /// message, and an admin has to fix this one.
    Office {
        /// Whether every message is refused, not only those to recipients like this one.
        every: bool,
    },
    /// The provider's or the network's fault; the message may be retried.
    Provider {
        /// The delay that the provider asked for.
        retry_after: Option<Duration>,
    },
    /// Temporary, for this recipient. The message may be retried; the provider's health is not
    /// affected.
    Passing,
    /// Refused permanently with an ambiguous code.
    Unclassified,
    /// The provider may have accepted it: its status can be polled, but it must not be resent.
    Unknown,
}

impl FailureClass {
    /// The word in the log.
    pub const fn word(self) -> &'static str {
        self.into_str()
    }

    /// Whether another provider may accept what this one refused permanently.
    pub const fn is_for_another(self) -> bool {
        matches!(self, Self::Office { .. } | Self::Unclassified)
    }
}

/// The result of a send.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SendReport {
    pub state: DeliveryState,
    /// The provider's message id.
    pub provider_id: Option<String>,
    /// The reason of a failure.
    pub detail: Option<Explanation>,
    /// The class of the failure; `None` on success.
    pub fault: Option<FailureClass>,
}

impl SendReport {
    /// The provider accepted the message.
    pub fn sent(provider_id: Option<String>) -> Self {
        Self { state: DeliveryState::Sent, provider_id, detail: None, fault: None }
    }

    /// Nothing was sent and nothing will be: the message is not wanted any more or is too late.
    pub fn not_sent(why: impl Into<Explanation>) -> Self {
        Self {
            state: DeliveryState::Failed,
            provider_id: None,
            detail: Some(why.into()),
            fault: Some(FailureClass::Message),
        }
    }
}

/// What is needed to poll a provider about a message.
#[derive(Clone, Debug)]
pub struct MessageTrace {
    /// The provider's message id; `None` if there was no response to the send.
    pub provider_id: Option<String>,
    pub to: Contact,
    /// The reference in the text, to find a message without an id.
    pub reference: Reference,
    /// When the send began, by the store's clock.
    pub begun_at: Timestamp,
}

/// A provider's answer about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// The delivery state.
    Known(SendReport),
    /// The provider never got the message.
    Nothing,
    /// The provider gave no answer; the reason.
    Silence(Explanation),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for state in DeliveryState::ALL {
            assert_eq!(state.word().parse(), Ok(state));
        }
    }
}
