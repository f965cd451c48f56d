//! Why a message was not handed over, in the three ways that matter to the
//! desk: never, not this time, and nobody knows.

use crate::domain::delivery::{DeliveryState, Report};

/// Why a sender could not be made or a message was not handed over. Each text
/// is one sentence or two for the clerk or the admin: what happened, and what
/// to do. It holds no code, no password and no contact in full.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The sender cannot work as it is set up.
    #[error("{0}")]
    Settings(String),
    /// The provider will not take this message, now or later.
    #[error("{0}")]
    Refused(String),
    /// It was not handed over; another try may go better.
    #[error("{0}")]
    Failed(String),
    /// The provider may have it. Sending it again could send it twice.
    #[error("{0}")]
    Uncertain(String),
}

impl DeliveryError {
    /// How far the message came.
    pub const fn state(&self) -> DeliveryState {
        match self {
            Self::Settings(_) | Self::Failed(_) => DeliveryState::Failed,
            Self::Refused(_) => DeliveryState::Undeliverable,
            Self::Uncertain(_) => DeliveryState::Unknown,
        }
    }

    /// What the sender reports.
    pub(super) fn report(&self) -> Report {
        Report { state: self.state(), provider_id: None, detail: Some(self.to_string()) }
    }
}

/// The report of a hand-over that gave the provider's name for the message.
/// The log learns how it went and nothing of what was in it.
pub(super) fn report(
    provider: &'static str,
    message: &str,
    result: Result<Option<String>, DeliveryError>,
) -> Report {
    let report = match result {
        Ok(provider_id) => Report::sent(provider_id),
        Err(error) => error.report(),
    };
    tracing::info!(
        provider,
        message,
        state = report.state.word(),
        provider_id = report.provider_id.as_deref(),
        detail = report.detail.as_deref(),
        "message handed over"
    );
    report
}
