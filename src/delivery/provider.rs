//! The `Provider` trait that each adapter implements, and the [`Sender`] built on it.
//!
//! An adapter only knows how to post a message. That codes, test messages, notices and alarms are
//! posted alike, and what is reported and logged, is decided here.

use std::sync::Arc;

use async_trait::async_trait;

use crate::delivery::error::DeliveryError;
use crate::delivery::message::MessageKind;
use crate::domain::delivery::{FailureClass, MessageTrace, ProviderStatus, SendReport};
use crate::domain::explanation::Explanation;
use crate::domain::message::{AlarmMail, ContactNotice, Outgoing, TestMessage};
use crate::domain::provider::ProviderFingerprint;
use crate::service::ports::{AlwaysGranted, SendGuard, Sender};

/// An adapter of one provider.
#[async_trait]
pub(super) trait Provider: Send + Sync {
    /// The name for logs and screens.
    fn name(&self) -> &'static str;
    /// Identifies the provider by its name, host and account.
    fn fingerprint(&self) -> ProviderFingerprint;
    /// Sends one message and returns the provider's message id, if it gives one. `guard` must be
    /// claimed just before the step that cannot be undone.
    async fn post(
        &self,
        message: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError>;
    /// Whether the provider can be polled for the status of a message.
    fn can_tell(&self) -> bool {
        false
    }
    /// Polls the status of a message that the provider has or may have.
    async fn ask(&self, _trace: &MessageTrace) -> ProviderStatus {
        ProviderStatus::Silence("This provider does not say what became of a message.".into())
    }
    /// Checks the configuration and the credentials without sending a message.
    async fn check(&self) -> Result<String, DeliveryError>;
}

/// Wraps a provider as a sender; `fallback` if it is the channel's second one.
pub(super) fn sender(provider: impl Provider + 'static, fallback: bool) -> Arc<dyn Sender> {
    Arc::new(ProviderSender { provider, fallback })
}

struct ProviderSender<P> {
    provider: P,
    fallback: bool,
}

impl<P: Provider> ProviderSender<P> {
    /// Posts a message and logs the result without the content.
    async fn send_any(&self, message: MessageKind<'_>, guard: &dyn SendGuard) -> SendReport {
        let report = match self.provider.post(message, guard).await {
            Ok(provider_id) => SendReport::sent(provider_id),
            Err(error) => error.report(),
        };
        let detail = report.detail.as_ref();
        tracing::info!(
            provider = self.provider.name(),
            fallback = self.fallback,
            message = message.name(),
            state = report.state.word(),
            provider_id = report.provider_id.as_deref(),
            detail = detail.map(|it| &*it.for_admin),
            key = detail.and_then(|it| it.key.as_deref()),
            fault = report.fault.map(FailureClass::word),
            "message handed over"
        );
        report
    }
}

#[async_trait]
impl<P: Provider> Sender for ProviderSender<P> {
    fn provider(&self) -> &'static str {
        self.provider.name()
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        self.provider.fingerprint()
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        self.send_any(MessageKind::Code(message), guard).await
    }

    async fn send_test(&self, test: &TestMessage) -> SendReport {
        self.send_any(MessageKind::Test(test), &AlwaysGranted).await
    }

    async fn send_notice(&self, notice: &ContactNotice) -> SendReport {
        self.send_any(MessageKind::Notice(notice), &AlwaysGranted).await
    }

    async fn send_alarms(&self, mail: &AlarmMail) -> SendReport {
        self.send_any(MessageKind::Alarms(mail), &AlwaysGranted).await
    }

    fn can_tell(&self) -> bool {
        self.provider.can_tell()
    }

    async fn ask(&self, trace: &MessageTrace) -> ProviderStatus {
        let status = self.provider.ask(trace).await;
        let (provider, fallback) = (self.provider.name(), self.fallback);
        tracing::debug!(provider, fallback, ?status, "asked about a message");
        status
    }

    async fn check(&self) -> Result<String, Explanation> {
        self.provider.check().await.map_err(|error| error.explanation())
    }
}
