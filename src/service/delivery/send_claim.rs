//! The send claim of one attempt, as a guard that the sender asks.

use std::sync::OnceLock;
use std::time::Instant;

use async_trait::async_trait;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::domain::timing::LEASE_EXTENSION_INTERVAL;
use crate::service::Desk;
use crate::service::ports::outbox::OutboxMessage;
use crate::service::ports::senders::SendGuard;

/// One attempt to send a message.
pub(in crate::service) struct SendClaim<'a> {
    desk: &'a Desk,
    message: &'a OutboxMessage,
    slot: ProviderSlot,
    /// `None` until the sender has asked.
    answer: OnceLock<ClaimAnswer>,
}

/// The store's answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum ClaimAnswer {
    Granted,
    Refused,
    /// There was no answer, so that the claim may have been granted.
    Unanswered,
}

impl<'a> SendClaim<'a> {
    pub(in crate::service) const fn new(
        desk: &'a Desk,
        message: &'a OutboxMessage,
        slot: ProviderSlot,
    ) -> Self {
        Self { desk, message, slot, answer: OnceLock::new() }
    }

    /// The answer; `None` where the sender did not ask.
    pub(in crate::service) fn answer(&self) -> Option<ClaimAnswer> {
        self.answer.get().copied()
    }

    /// Runs the sender, and extends the lease while it connects.
    pub(in crate::service) async fn extending_lease<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            () = self.extend_lease_repeatedly() => std::future::pending().await,
        }
    }

    async fn extend_lease_repeatedly(&self) {
        loop {
            tokio::time::sleep(LEASE_EXTENSION_INTERVAL).await;
            if self.answer.get().is_some() {
                return std::future::pending().await;
            }
            // A lost lease shows when the send is claimed.
            if let Err(error) =
                self.desk.store.extend_lease(self.message, &self.desk.lease_owner).await
            {
                tracing::warn!(%error, "the lease of a message was not extended");
            }
        }
    }

    async fn claim_in_time(&self) -> Result<bool, String> {
        let since = Instant::now();
        let answer = self.desk.claim_for(self.message, self.slot);
        let within = self.desk.claim_timeout;
        match tokio::time::timeout(within, answer).await {
            Ok(answer) if since.elapsed() < within => answer,
            _ => Err("it gave no answer in time".into()),
        }
    }
}

#[async_trait]
impl SendGuard for SendClaim<'_> {
    async fn claim(&self) -> bool {
        let answer = match self.claim_in_time().await {
            Ok(true) => ClaimAnswer::Granted,
            Ok(false) => ClaimAnswer::Refused,
            Err(error) => {
                tracing::warn!(%error, "the store did not grant the send; the message is not sent now");
                ClaimAnswer::Unanswered
            }
        };
        // A sender asks once; if it asked again, the first answer stands.
        *self.answer.get_or_init(|| answer) == ClaimAnswer::Granted
    }
}
