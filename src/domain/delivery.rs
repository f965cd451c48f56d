//! How far a message has come on its way to the customer.

use std::time::Duration;

use crate::domain::contact::Contact;
use crate::domain::explanation::Explanation;
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;
use crate::domain::word::words;

/// The store's number of one delivery.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct DeliveryId(pub i64);

/// A step on the way. "Sent" is what the provider took; only the provider can
/// say what is beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum DeliveryState {
    /// Written down, not yet handed to the provider, or waiting for another try.
    Queued,
    /// The provider took it.
    Sent,
    /// The provider passed it on to the customer's network.
    Forwarded,
    /// The provider says it arrived.
    Delivered,
    /// The provider says the customer opened it.
    Read,
    /// The provider refused it for good.
    Undeliverable,
    /// It could not be handed over this time.
    Failed,
    /// The provider may or may not have taken it; never sent again blindly.
    Unknown,
}

words!(DeliveryState, "a state of a delivery");

/// One message's way so far.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Delivery {
    /// The store's number.
    pub id: DeliveryId,
    /// The provider that was asked: `tray`, `smtp`, `twilio`, ….
    pub provider: String,
    /// Whether that is the one that stands in for the first.
    pub by_fallback: bool,
    /// The last known step.
    pub state: DeliveryState,
    /// What the provider calls the message, to ask about it later.
    pub provider_id: Option<String>,
    /// Why, where it went wrong or has to wait.
    pub detail: Option<Explanation>,
    /// When the state was last changed.
    pub updated_at: Timestamp,
}

/// The provider that keeps every message in a file and sends none.
pub const TRAY: &str = "tray";

/// Why a message was not taken, by whose fault it is. Every sender sorts what its
/// provider answers into these, by codes and never by the words beside them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum FailureClass {
    /// The recipient's: an address or number that does not exist, a full mailbox, an
    /// opt-out. Only this is told as the customer's.
    Recipient,
    /// The message's: what it says or how large it is.
    Message,
    /// The office's: its set-up, its account, its limits, its reputation. Another provider
    /// may take the message, and an admin has to see to this one.
    Office {
        /// Whether every message is refused, not only those to recipients like this one.
        every: bool,
    },
    /// The provider's, or the network's on the way to it: the same message may be handed
    /// over again.
    Provider {
        /// Not before so long, where the provider says.
        retry_after: Option<Duration>,
    },
    /// Nobody's: the recipient gets nothing for now. The same message may be handed over
    /// again, and nothing is said about how the provider is.
    Passing,
    /// It was refused for good, by a code that fits several of these.
    Unclassified,
    /// The provider may have it: it can be asked about, never sent again.
    Unknown,
}

impl FailureClass {
    /// The fault's name in the log.
    pub const fn word(self) -> &'static str {
        self.into_str()
    }

    /// Whether another provider may take what this one refused for good.
    pub const fn is_for_another(self) -> bool {
        matches!(self, Self::Office { .. } | Self::Unclassified)
    }
}

/// What a sender reports back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SendReport {
    /// The step reached.
    pub state: DeliveryState,
    /// What the provider calls the message.
    pub provider_id: Option<String>,
    /// Why, where it went wrong.
    pub detail: Option<Explanation>,
    /// Why it was not taken, and by whose fault; none where it was.
    pub fault: Option<FailureClass>,
}

impl SendReport {
    /// The provider took the message.
    pub fn sent(provider_id: Option<String>) -> Self {
        Self { state: DeliveryState::Sent, provider_id, detail: None, fault: None }
    }

    /// Nothing was sent, and nothing will be: the message is no longer wanted, or not in
    /// time.
    pub fn not_sent(why: impl Into<Explanation>) -> Self {
        Self {
            state: DeliveryState::Failed,
            provider_id: None,
            detail: Some(why.into()),
            fault: Some(FailureClass::Message),
        }
    }
}

/// What is known of a message that was handed over, to ask its provider about it.
#[derive(Clone, Debug)]
pub struct MessageTrace {
    /// What the provider calls it; none where its answer never came.
    pub provider_id: Option<String>,
    /// Where it went.
    pub to: Contact,
    /// The word in it, by which it is found where it has no name.
    pub reference: Reference,
    /// When the hand-over began, by the store's clock.
    pub begun_at: Timestamp,
}

/// What a provider says of a message it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderStatus {
    /// How far it has come.
    Known(SendReport),
    /// It has never had such a message.
    Nothing,
    /// It did not say; why.
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
