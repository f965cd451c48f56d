//! Why a message was not handed over, by whose fault it is: the recipient's, the
//! message's, the office's, the provider's, nobody's for now, and nobody knows.

use std::time::Duration;

use crate::domain::delivery::{DeliveryState, FailureClass, SendReport};
use crate::service::ports::SendGuard;

/// Why a sender could not be made or a message was not handed over. Each text
/// is one sentence or two for the clerk or the admin: what happened, and what
/// to do. It holds no code, no password and no contact in full.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The office's fault, for every message: the sender cannot work as it is set up, or
    /// the provider takes nothing from this account. Once an admin has put that right, this
    /// message would go through.
    #[error("{0}")]
    Settings(String),
    /// The office's fault, for recipients like this one: its account may not send there.
    #[error("{0}")]
    Barred(String),
    /// The recipient's fault: no message gets there, now or later.
    #[error("{0}")]
    Recipient(String),
    /// The message's fault: it is not taken as it is.
    #[error("{0}")]
    Message(String),
    /// The provider will not take this message, and no code of its says whose fault it is.
    #[error("{0}")]
    Unclassified(String),
    /// It was not handed over; another try may go better.
    #[error("{0}")]
    Failed(String),
    /// The same, and the provider says how long to wait.
    #[error("{0}")]
    Busy(String, Duration),
    /// It was not handed over because this recipient gets nothing for now, however
    /// well the provider is.
    #[error("{0}")]
    Deferred(String),
    /// The provider may have it. Sending it again could send it twice.
    #[error("{0}")]
    Uncertain(String),
    /// Consent was not given: somebody else sends it, or nobody wants it any more.
    #[error("The message is not wanted any more; nothing was sent.")]
    Withdrawn,
}

impl DeliveryError {
    /// How far the message came.
    pub const fn state(&self) -> DeliveryState {
        match self {
            Self::Settings(_)
            | Self::Failed(_)
            | Self::Busy(..)
            | Self::Deferred(_)
            | Self::Withdrawn => DeliveryState::Failed,
            Self::Barred(_) | Self::Recipient(_) | Self::Message(_) | Self::Unclassified(_) => {
                DeliveryState::Undeliverable
            }
            Self::Uncertain(_) => DeliveryState::Unknown,
        }
    }

    /// Whose fault it is.
    pub const fn fault(&self) -> FailureClass {
        match self {
            Self::Settings(_) => FailureClass::Office { every: true },
            Self::Barred(_) => FailureClass::Office { every: false },
            Self::Recipient(_) => FailureClass::Recipient,
            Self::Message(_) | Self::Withdrawn => FailureClass::Message,
            Self::Unclassified(_) => FailureClass::Unclassified,
            Self::Failed(_) => FailureClass::Provider { retry_after: None },
            Self::Busy(_, wait) => FailureClass::Provider { retry_after: Some(*wait) },
            Self::Deferred(_) => FailureClass::Passing,
            Self::Uncertain(_) => FailureClass::Unknown,
        }
    }

    /// What the sender reports.
    pub(super) fn report(&self) -> SendReport {
        let (state, fault) = (self.state(), Some(self.fault()));
        SendReport { state, provider_id: None, detail: Some(self.to_string()), fault }
    }
}

/// The last question before the step that cannot be taken back.
pub(super) async fn wanted(guard: &dyn SendGuard) -> Result<(), DeliveryError> {
    if guard.claim().await { Ok(()) } else { Err(DeliveryError::Withdrawn) }
}

/// The report of a hand-over that gave the provider's name for the message.
pub(super) fn report(result: Result<Option<String>, DeliveryError>) -> SendReport {
    match result {
        Ok(provider_id) => SendReport::sent(provider_id),
        Err(error) => error.report(),
    }
}
