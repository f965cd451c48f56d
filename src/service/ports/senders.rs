//! The senders of messages, and the tray that keeps them in development.

use async_trait::async_trait;

use crate::domain::channel::Channel;
use crate::domain::delivery::{
    DeliveryState, FailureClass, MessageTrace, ProviderStatus, SendReport,
};
use crate::domain::explanation::Explanation;
use crate::domain::message::{AlarmMail, ContactNotice, Outgoing, TestMessage};
use crate::domain::provider::ProviderFingerprint;
use crate::domain::time::Timestamp;

/// Asked by a sender right before the first step that cannot be undone: the mail itself,
/// the POST. Several terminals may connect and log in for the same message; only the one
/// that gets the send claim goes on.
#[async_trait]
pub trait SendGuard: Send + Sync {
    /// Claims the send. Where it is not granted, the sender stops.
    async fn claim(&self) -> bool;
}

/// For a message that nobody else can be sending.
#[derive(Clone, Copy, Debug)]
pub struct AlwaysGranted;

#[async_trait]
impl SendGuard for AlwaysGranted {
    async fn claim(&self) -> bool {
        true
    }
}

/// Hands messages to a provider. It never fails in silence and never sends twice:
/// whatever happens is in the report.
#[async_trait]
pub trait Sender: Send + Sync {
    /// The provider's name as logs and screens show it.
    fn provider(&self) -> &'static str;
    /// Which provider that is. One without a host and an account is told by its name.
    fn fingerprint(&self) -> ProviderFingerprint {
        ProviderFingerprint::of(self.provider(), "", "")
    }
    /// Sends one message, within the sender's own time limit. `guard` is asked once;
    /// where it does not grant the send, nothing is sent, and the report means nothing.
    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport;
    /// Sends a message that nobody else can be sending.
    async fn send(&self, message: &Outgoing) -> SendReport {
        self.send_guarded(message, &AlwaysGranted).await
    }
    /// Whether the provider can be asked about a message it was given.
    fn can_tell(&self) -> bool {
        false
    }
    /// What the provider knows of a message it was given, or may have been.
    async fn ask(&self, _trace: &MessageTrace) -> ProviderStatus {
        ProviderStatus::Silence("This provider does not say what became of a message.".into())
    }
    /// Sends a message that holds no code, and says so.
    async fn send_test(&self, _test: &TestMessage) -> SendReport {
        SendReport {
            state: DeliveryState::Undeliverable,
            provider_id: None,
            detail: Some("This provider has no message to try it out with.".into()),
            fault: Some(FailureClass::Message),
        }
    }
    /// Sends a notice to a contact of what was done. It may be sent twice.
    async fn send_notice(&self, _notice: &ContactNotice) -> SendReport {
        codes_alone()
    }
    /// Tells one of the staff of alarms. It may be sent twice.
    async fn send_alarms(&self, _mail: &AlarmMail) -> SendReport {
        codes_alone()
    }
    /// Tries what can be tried without sending: reach the provider, log in.
    async fn check(&self) -> Result<String, Explanation>;
}

/// What comes of a message without a code at a provider that has none of them.
fn codes_alone() -> SendReport {
    SendReport {
        state: DeliveryState::Undeliverable,
        provider_id: None,
        detail: Some("This provider takes nothing but codes.".into()),
        fault: Some(FailureClass::Message),
    }
}

/// A message that went into the tray instead of to a provider.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TrayMessage {
    /// Its place in the tray; later messages have higher numbers.
    pub number: u64,
    /// When it was put there.
    pub at: Timestamp,
    /// The channel it would have taken.
    pub channel: Channel,
    /// The address or number it would have gone to.
    pub to: String,
    /// The subject of an email.
    pub subject: Option<String>,
    /// The text as the customer would read it, code included.
    pub text: String,
    /// The reference, which the counter's screen shows too.
    pub reference: String,
}

/// Why the tray cannot be read.
#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("the tray cannot be read: {0}")]
pub struct TrayError(pub String);

/// The tray as a reader sees it. It exists in development only.
#[async_trait]
pub trait Tray: Send + Sync {
    /// Up to `limit` messages numbered over `after`, oldest first; where there
    /// are more, the newest of them.
    async fn messages(&self, after: u64, limit: u32) -> Result<Vec<TrayMessage>, TrayError>;
}
