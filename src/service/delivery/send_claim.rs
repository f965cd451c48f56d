//! A terminal's turn to hand a message over, which the store gives once.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::domain::circuit_breaker::ProviderSlot;
use crate::service::Desk;
use crate::service::ports::outbox::OutboxMessage;
use crate::service::ports::senders::SendGuard;

/// How long the store has to give its word; the provider waits meanwhile. A word
/// that comes later, to a terminal that was suspended, is not acted upon: by then
/// another one may have found out what became of the message.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(5);

/// After so long without a word a message is held anew: well before its lease
/// ends.
const LEASE_EXTENSION_INTERVAL: Duration = Duration::from_secs(4);

/// One try to hand a message over.
pub(in crate::service) struct SendClaim<'a> {
    desk: &'a Desk,
    message: &'a OutboxMessage,
    line: ProviderSlot,
    /// None until the sender has asked.
    word: OnceLock<ClaimAnswer>,
}

/// What the store said to a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum ClaimAnswer {
    Given,
    Refused,
    /// It gave no answer, so that the word may have been given.
    Unheard,
}

impl<'a> SendClaim<'a> {
    /// Nothing was asked yet.
    pub(in crate::service) const fn new(
        desk: &'a Desk,
        message: &'a OutboxMessage,
        line: ProviderSlot,
    ) -> Self {
        Self { desk, message, line, word: OnceLock::new() }
    }

    /// What the store said; none where the sender did not come to ask.
    pub(in crate::service) fn word(&self) -> Option<ClaimAnswer> {
        self.word.get().copied()
    }

    /// Does the work of the try, and holds the message where connecting takes long.
    pub(in crate::service) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            () = self.hold() => std::future::pending().await,
        }
    }

    async fn hold(&self) {
        loop {
            tokio::time::sleep(LEASE_EXTENSION_INTERVAL).await;
            if self.word.get().is_some() {
                return std::future::pending().await;
            }
            // Who has lost it learns so when it asks for the word.
            if let Err(error) = self.desk.store.extend_lease(self.message, &self.desk.holder).await
            {
                tracing::warn!(%error, "a message could not be held");
            }
        }
    }

    async fn ask(&self) -> Result<bool, String> {
        let asked = Instant::now();
        let word = self.desk.claim_for(self.message, self.line);
        match tokio::time::timeout(CLAIM_TIMEOUT, word).await {
            Ok(word) if asked.elapsed() < CLAIM_TIMEOUT => word,
            _ => Err("it gave no answer in time".into()),
        }
    }
}

#[async_trait]
impl SendGuard for SendClaim<'_> {
    async fn claim(&self) -> bool {
        let word = match self.ask().await {
            Ok(true) => ClaimAnswer::Given,
            Ok(false) => ClaimAnswer::Refused,
            Err(error) => {
                tracing::warn!(%error, "no word from the store; the message is not sent now");
                ClaimAnswer::Unheard
            }
        };
        // A sender asks once; were it to ask again, what it was told first stands.
        *self.word.get_or_init(|| word) == ClaimAnswer::Given
    }
}
