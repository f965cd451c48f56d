//! A sender at its place in the configuration.
//!
//! What providers say names the section that sets them up, `[email]` or `[sms]`.
//! Where one stands in for another its section is another, and so are the keys;
//! that is put right here for all of them. Here, too, the log learns how a
//! message went.

use std::sync::Arc;

use async_trait::async_trait;

use crate::config::table::{Key, TABLE};
use crate::delivery::error::DeliveryError;
use crate::domain::delivery::{FailureClass, MessageTrace, ProviderStatus, SendReport};
use crate::domain::message::{ChangeNotice, Outgoing, TestMessage};
use crate::service::ports::{SendGuard, Sender};

/// Where a provider is set up.
#[derive(Clone, Copy)]
pub(super) struct SenderSlot {
    /// `email`, `sms` or `whatsapp`.
    section: &'static str,
    /// Whether it is the part of it for the provider that stands in.
    fallback: bool,
}

impl SenderSlot {
    pub(super) const fn main(section: &'static str) -> Self {
        Self { section, fallback: false }
    }

    pub(super) const fn fallback(section: &'static str) -> Self {
        Self { section, fallback: true }
    }

    /// A sentence about `[email]`, about this place.
    fn tell(self, sentence: &str) -> String {
        let Self { section, fallback } = self;
        if !fallback {
            return sentence.to_owned();
        }
        let there = format!("{section}.fallback");
        let told = sentence.replace(&format!("[{section}]"), &format!("[{there}]"));
        let keys = TABLE.iter().map(Key::parts).filter(|(it, _)| *it == Some(section));
        keys.fold(told, |told, (_, key)| {
            told.replace(&format!("{section}.{key}"), &format!("{there}.{key}"))
        })
    }

    /// Why a sender could not be made, about this place.
    pub(super) fn blame(self, error: DeliveryError) -> DeliveryError {
        match error {
            DeliveryError::Settings(why) => DeliveryError::Settings(self.tell(&why)),
            other => other,
        }
    }
}

/// A sender at its place.
pub(super) struct SlottedSender {
    pub(super) sender: Arc<dyn Sender>,
    pub(super) place: SenderSlot,
}

impl SlottedSender {
    /// What became of a message, in the log without what was in it.
    fn note(&self, message: &str, report: SendReport) -> SendReport {
        let detail = report.detail.as_deref().map(|detail| self.place.tell(detail));
        let report = SendReport { detail, ..report };
        tracing::info!(
            provider = self.provider(),
            fallback = self.place.fallback,
            message,
            state = report.state.word(),
            provider_id = report.provider_id.as_deref(),
            detail = report.detail.as_deref(),
            fault = report.fault.map(FailureClass::word),
            "message handed over"
        );
        report
    }
}

#[async_trait]
impl Sender for SlottedSender {
    fn provider(&self) -> &'static str {
        self.sender.provider()
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        self.note(&message.idempotency, self.sender.send_guarded(message, guard).await)
    }

    fn can_tell(&self) -> bool {
        self.sender.can_tell()
    }

    async fn ask(&self, trace: &MessageTrace) -> ProviderStatus {
        let told = match self.sender.ask(trace).await {
            ProviderStatus::Known(report) => {
                let detail = report.detail.as_deref().map(|detail| self.place.tell(detail));
                ProviderStatus::Known(SendReport { detail, ..report })
            }
            ProviderStatus::Nothing => ProviderStatus::Nothing,
            ProviderStatus::Silence(why) => ProviderStatus::Silence(self.place.tell(&why)),
        };
        let fallback = self.place.fallback;
        tracing::debug!(provider = self.provider(), fallback, ?told, "asked about a message");
        told
    }

    async fn send_test(&self, test: &TestMessage) -> SendReport {
        self.note(&test.name, self.sender.send_test(test).await)
    }

    async fn send_notice(&self, notice: &ChangeNotice) -> SendReport {
        self.note(&notice.name, self.sender.send_notice(notice).await)
    }

    async fn check(&self) -> Result<String, String> {
        self.sender.check().await.map_err(|why| self.place.tell(&why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_section_that_sets_a_provider_up() {
        let sentence = "email.host is \"email.example.org\", and email.password_file no file. \
                        Check host and port in [email].";
        assert_eq!(SenderSlot::main("email").tell(sentence), sentence);
        assert_eq!(
            SenderSlot::fallback("email").tell(sentence),
            "email.fallback.host is \"email.example.org\", and email.fallback.password_file no \
             file. Check host and port in [email.fallback]."
        );
        let sentence = "The SMS gateway, sms.url, refuses this email. See [sms].";
        let there = "The SMS gateway, sms.fallback.url, refuses this email. See [sms.fallback].";
        assert_eq!(SenderSlot::fallback("sms").tell(sentence), there);
    }
}
